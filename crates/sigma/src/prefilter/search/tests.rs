#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Choice, Searcher, Seen, Traffic, Unit};

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

/// Checks all three searches with buckets filled for each; the first `together` needles are one family.
fn check(needles: &[Vec<u8>], together: usize, text: &[u8]) {
    static TRAFFIC: LazyLock<[Traffic; 2]> = LazyLock::new(|| {
        let ordinary = include_bytes!("../../../../../data/traffic-sample.log");
        [Unit::HalfByte, Unit::Byte].map(|unit| Traffic::new(ordinary, unit))
    });
    for traffic in &*TRAFFIC {
        check_with(traffic, needles, together, text);
    }
}

fn check_with(traffic: &Traffic, needles: &[Vec<u8>], together: usize, text: &[u8]) {
    let (family, others) = needles.split_at(together.min(needles.len()));
    let demands: Vec<_> = others
        .iter()
        .map(|needle| {
            vec![Choice {
                windows: vec![needle.clone()],
                rate: 0.0,
            }]
        })
        .collect();
    let (searcher, found) = Searcher::new(&[family.to_vec()], &demands, traffic);
    // By needle, the id that is reported for it.
    let ids: Vec<u32> = family
        .iter()
        .map(|_| 0)
        .chain(found.iter().map(|found| found.ids[0]))
        .collect();
    let (mut expected, seen) = naive(needles, text);
    expected.iter_mut().for_each(|(_, id)| *id = ids[*id as usize]);
    expected.sort_unstable();
    expected.dedup();
    let result = |mut hits: Hits, seen: Seen| {
        assert!(hits.is_sorted_by_key(|(at, _)| *at), "hits ascend");
        hits.sort_unstable();
        hits.dedup();
        (hits, seen)
    };
    let mut hits = Hits::new();
    let fast = searcher.search(text, &mut |at, id| hits.push((at, id)));
    assert_eq!(result(hits, fast), (expected.clone(), seen));
    let mut hits = Hits::new();
    let narrow = searcher.search_narrowly(text, &mut |at, id| hits.push((at, id)));
    assert_eq!(result(hits, narrow), (expected.clone(), seen));
    let mut hits = Hits::new();
    let portable = searcher.search_portably(text, &mut |at, id| hits.push((at, id)));
    assert_eq!(result(hits, portable), (expected, seen));
}

/// Few different bytes, so that hits are frequent; some with bit 5 or bit 7 the only difference.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![8 => prop::sample::select(b"abAB@`[{%\n\r#\xe1\xc1".to_vec()), 1 => any::<u8>()]
}

fn needle() -> impl Strategy<Value = Vec<u8>> {
    vec(byte().prop_map(|byte| byte.max(1)), 1..=4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

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
fn vectors_of_this_machine() {
    let (searcher, _) = Searcher::new(&[], &[], &Traffic::new(b"\n", Unit::HalfByte));
    for (kind, is_there) in searcher.vectors() {
        if !is_there {
            eprintln!("not tested: this machine has no {kind}");
        }
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
