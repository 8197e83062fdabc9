#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Entry, Searcher, Seen};

type Hits = Vec<(usize, u32)>;

fn naive(needles: &[Vec<u8>], text: &[u8]) -> (Hits, Seen) {
    let mut hits = Hits::new();
    for at in 0..text.len() {
        for (id, needle) in needles.iter().enumerate() {
            if text[at..]
                .get(..needle.len())
                .is_some_and(|bytes| bytes.eq_ignore_ascii_case(needle))
            {
                hits.push((at, id as u32));
            }
        }
    }
    let newlines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
    (
        hits,
        Seen {
            newlines,
            lowest: text.iter().copied().min().unwrap_or(255),
        },
    )
}

/// Checks both searches; the first `together` needles are one family.
fn check(needles: &[Vec<u8>], together: usize, text: &[u8]) {
    let entries: Vec<Entry> = needles
        .iter()
        .zip(0..)
        .map(|(needle, id)| Entry::new(needle, id))
        .collect();
    let (family, others) = entries.split_at(together.min(entries.len()));
    let searcher = Searcher::new(&[family.to_vec()], others, &[1.0 / 256.0; 256]);
    let (expected, seen) = naive(needles, text);
    let run = |search: &dyn Fn(&mut dyn FnMut(usize, u32)) -> Seen| {
        let mut hits = Hits::new();
        let seen = search(&mut |at, id| hits.push((at, id)));
        assert!(hits.is_sorted_by_key(|(at, _)| *at), "hits ascend");
        hits.sort_unstable();
        (hits, seen)
    };
    assert_eq!(
        run(&|mut hit| searcher.search(text, &mut hit)),
        (expected.clone(), seen)
    );
    assert_eq!(
        run(&|mut hit| searcher.search_portably(text, &mut hit)),
        (expected, seen)
    );
}

/// Few different bytes, so that hits are frequent; some with bit 5 or bit 7 the only difference.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![8 => prop::sample::select(b"abAB@`[{%\n\r#\xe1\xc1".to_vec()), 1 => any::<u8>()]
}

fn needle() -> impl Strategy<Value = Vec<u8>> {
    vec(byte().prop_map(|byte| byte.max(1)), 1..=4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn finds_what_a_naive_search_finds(
        needles in vec(needle(), 0..300),
        together in 0_usize..20,
        text in vec(byte(), 0..400),
    ) {
        check(&needles, together, &text);
    }

    #[test]
    fn finds_at_each_end(needle in needle(), length in 0_usize..140, filler in byte()) {
        let mut text = vec![filler; length];
        text.extend_from_slice(&needle);
        check(std::slice::from_ref(&needle), 0, &text);
        text.rotate_right(needle.len());
        check(&[needle], 0, &text);
    }
}

#[test]
fn counts_more_lines_than_a_byte_holds() {
    let text = [b'\n'; 100_003];
    check(&[b"a\n".to_vec()], 0, &text);
}

#[test]
fn an_empty_text_has_no_lowest_byte() {
    check(&[b"a".to_vec()], 0, b"");
}
