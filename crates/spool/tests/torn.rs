//! What bytes of a torn or rotten segment do to what was acknowledged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use imker_spool::{Entry, Loss, Options, Spool, read_only};
use proptest::prelude::*;

fn open(dir: &Path) -> Spool {
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    Spool::open(
        dir,
        Options {
            min_free: 0,
            ..Options::default()
        },
        explain,
    )
    .unwrap()
    .0
}

fn segment(dir: &Path) -> PathBuf {
    dir.join("00000000000000000001.seg")
}

fn entries(dir: &Path) -> Vec<Entry> {
    let mut reader = read_only(dir, 1).unwrap();
    std::iter::from_fn(|| reader.try_next().unwrap()).collect()
}

/// What happens to the bytes behind those that were acknowledged.
#[derive(Debug, Clone)]
enum Harm {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Zero(prop::sample::Index),
    Garbage(Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Harm::Cut),
        (any::<prop::sample::Index>(), 0..8_u8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        any::<prop::sample::Index>().prop_map(Harm::Zero),
        proptest::collection::vec(any::<u8>(), 0..100).prop_map(Harm::Garbage),
    ]
}

fn apply(harm: &Harm, tail: &mut Vec<u8>) {
    if tail.is_empty() {
        return;
    }
    match harm {
        Harm::Cut(at) => tail.truncate(at.index(tail.len())),
        Harm::Flip(at, bit) => {
            let at = at.index(tail.len());
            tail[at] ^= 1 << bit;
        }
        Harm::Zero(at) => {
            let at = at.index(tail.len());
            tail[at..].fill(0);
        }
        Harm::Garbage(bytes) => tail.extend(bytes),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn harm_to_the_tail_leaves_what_lies_before_it(
        batches in proptest::collection::vec(proptest::collection::vec(0..300_usize, 1..4), 1..8),
        acknowledged in any::<prop::sample::Index>(),
        harms in proptest::collection::vec(harm(), 1..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("spool");
        let spool = open(&dir);
        let acknowledged = acknowledged.index(batches.len());
        let mut payloads = Vec::new();
        let mut safe = 40;
        for (index, sizes) in batches.iter().enumerate() {
            let batch: Vec<_> = sizes.iter().enumerate().map(|(part, &size)| vec![(index * 16 + part) as u8; size]).collect();
            payloads.extend(batch.iter().cloned());
            spool.append(batch).wait().unwrap();
            if index + 1 == acknowledged {
                safe = std::fs::metadata(segment(&dir)).unwrap().len();
            }
        }
        let last_safe: usize = batches[..acknowledged].iter().map(Vec::len).sum();
        drop(spool);
        let mut bytes = std::fs::read(segment(&dir)).unwrap();
        let mut tail = bytes.split_off(safe as usize);
        harms.iter().for_each(|harm| apply(harm, &mut tail));
        bytes.extend(tail);
        std::fs::write(segment(&dir), bytes).unwrap();

        let mut last = 0;
        for _ in 0..2 {
            let spool = open(&dir);
            let sequence = spool.append(vec![b"afterwards".to_vec()]).wait().unwrap();
            prop_assert!(sequence > last);
            last = sequence;
            drop(spool);
            let entries = entries(&dir);
            let mut next = 1;
            for (index, entry) in entries.iter().enumerate() {
                let first = match entry {
                    Entry::Payload { sequence, bytes } => {
                        let same = payloads.get(*sequence as usize - 1) == Some(bytes);
                        let ours = bytes == b"afterwards" || bytes.starts_with(b"Damaged");
                        prop_assert!(same || ours, "{} {:?}", sequence, bytes);
                        if index < last_safe {
                            prop_assert!(same);
                        }
                        *sequence
                    }
                    Entry::Missing { first, .. } => {
                        prop_assert!(*first > last_safe as u64, "{:?}", entry);
                        *first
                    }
                };
                prop_assert_eq!(first, next, "{:?}", &entries);
                next = entry.sequence() + 1;
            }
            prop_assert_eq!(next, last + 1);
        }
    }
}

#[test]
fn the_only_header_may_be_lost_where_another_segment_has_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool");
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    let options = Options {
        min_free: 0,
        segment_size: 16 << 10,
        ..Options::default()
    };
    let (spool, _) = Spool::open(&dir, options, explain).unwrap();
    for number in 0..20_u8 {
        spool.append(vec![vec![number; 2000]]).wait().unwrap();
    }
    drop(spool);
    let mut bytes = std::fs::read(segment(&dir)).unwrap();
    bytes[..40].fill(0xff);
    std::fs::write(segment(&dir), bytes).unwrap();
    let sequences: Vec<_> = entries(&dir).iter().map(Entry::sequence).collect();
    assert_eq!(sequences, (1..=20).collect::<Vec<_>>());
}

#[test]
fn the_only_header_of_all_may_be_lost() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool");
    let spool = open(&dir);
    for text in ["one", "two"] {
        spool.append(vec![text.into()]).wait().unwrap();
    }
    drop(spool);
    let mut bytes = std::fs::read(segment(&dir)).unwrap();
    bytes[12..20].fill(0xff);
    std::fs::write(segment(&dir), &bytes).unwrap();
    let payload = |sequence, text: &str| Entry::Payload {
        sequence,
        bytes: text.into(),
    };
    let kept = [payload(1, "one"), payload(2, "two")];
    assert_eq!(entries(&dir), kept);
    let spool = open(&dir);
    assert_eq!(spool.append(vec![b"three".to_vec()]).wait().unwrap(), 3);
    drop(spool);
    assert_eq!(entries(&dir), [&kept[..], &[payload(3, "three")]].concat());
}

#[test]
fn a_segment_without_header_and_frames_is_no_unfinished_batch() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool");
    open(&dir).append(vec![b"one".to_vec()]).wait().unwrap();
    let length = std::fs::metadata(segment(&dir)).unwrap().len();
    std::fs::write(segment(&dir), vec![0; length as usize]).unwrap();
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    let (spool, recovery) = Spool::open(&dir, Options::default(), explain).unwrap();
    assert_eq!(recovery.truncated, 0);
    assert_eq!(recovery.losses, [Loss::Damaged { first: 1, last: 1 }]);
    drop(spool);
}

#[test]
fn what_somebody_passed_is_never_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool");
    open(&dir).append(vec![b"one".to_vec()]).wait().unwrap();
    let options = Options {
        min_free: 0,
        given: 7,
        ..Options::default()
    };
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    let (spool, _) = Spool::open(&dir, options, explain).unwrap();
    assert_eq!(spool.append(vec![b"nine".to_vec()]).wait().unwrap(), 9);
    drop(spool);
    let told = Entry::Payload {
        sequence: 8,
        bytes: b"Damaged { first: 2, last: 7 }".to_vec(),
    };
    assert_eq!(entries(&dir)[1..3], [Entry::Missing { first: 2, last: 7 }, told]);
}

#[test]
fn a_cursors_place_is_never_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let spool_dir = dir.path().join("spool");
    let spool = open(&spool_dir);
    let cursor = spool.cursor("view").unwrap();
    for text in ["one", "two", "three"] {
        cursor.pass(spool.append(vec![text.into()]).wait().unwrap());
    }
    drop(spool);
    let bytes = std::fs::read(segment(&spool_dir)).unwrap();
    std::fs::write(segment(&spool_dir), &bytes[..bytes.len() - 30]).unwrap();
    let spool = open(&spool_dir);
    assert_eq!(spool.append(vec![b"four".to_vec()]).wait().unwrap(), 5);
    let lost = entries(&spool_dir).into_iter().map(|entry| match entry {
        Entry::Payload { sequence, bytes } => format!("{sequence} {}", String::from_utf8(bytes).unwrap()),
        Entry::Missing { first, last } => format!("{first}-{last} missing"),
    });
    let lost: Vec<_> = lost.collect();
    assert_eq!(
        lost,
        [
            "1 one",
            "2-3 missing",
            "4 Damaged { first: 2, last: 3 }",
            "5 four"
        ]
    );
}

#[test]
fn a_segment_that_was_only_just_begun_ends_at_once() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    std::fs::write(segment(dir.path()), b"imk").unwrap();
    assert_eq!(entries(dir.path()), []);
    assert_eq!(open(dir.path()).append(vec![b"one".to_vec()]).wait().unwrap(), 1);
}
