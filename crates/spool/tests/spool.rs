//! What is appended can be read, before and after the spool was closed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::path::Path;
use std::time::Duration;

use imker_spool::{AppendError, Entry, Error, Loss, Options, Recovery, Spool, read_only};
use tempfile::TempDir;

fn options() -> Options {
    Options {
        min_free: 0,
        ..Options::default()
    }
}

/// Keeps 64 KiB.
fn small() -> Options {
    Options {
        max_size: 64 << 10,
        ..options()
    }
}

fn explain(loss: &Loss) -> Vec<u8> {
    format!("{loss:?}").into_bytes()
}

fn open(dir: &TempDir, options: Options) -> (Spool, Recovery) {
    Spool::open(&folder(dir), options, explain).unwrap()
}

fn folder(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("spool")
}

fn batch(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn payload(sequence: u64, text: &str) -> Entry {
    Entry::Payload {
        sequence,
        bytes: text.as_bytes().to_vec(),
    }
}

fn all(dir: &Path) -> Vec<Entry> {
    let mut reader = read_only(dir, 1).unwrap();
    std::iter::from_fn(|| reader.try_next().unwrap()).collect()
}

#[tokio::test]
async fn what_is_appended_can_be_followed_and_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, recovery) = open(&dir, options());
    assert_eq!(recovery, Recovery::default());
    let mut follower = spool.follow(1);
    assert_eq!(spool.append(batch(&["a", "b"])).await.unwrap(), 1);
    assert_eq!(spool.append(batch(&["", "d"])).await.unwrap(), 3);
    let expected = vec![payload(1, "a"), payload(2, "b"), payload(3, ""), payload(4, "d")];
    for entry in &expected {
        assert_eq!(follower.next().await.unwrap().as_ref(), Some(entry));
    }
    assert_eq!(all(&folder(&dir)), expected);
    drop(spool);
    assert_eq!(follower.next().await.unwrap(), None);

    let (spool, recovery) = open(&dir, options());
    assert_eq!((recovery.last, recovery.truncated), (4, 0));
    let mut late = spool.follow(4);
    assert_eq!(spool.append(batch(&["e"])).await.unwrap(), 5);
    assert_eq!(late.next().await.unwrap(), Some(payload(4, "d")));
    assert_eq!(late.next().await.unwrap(), Some(payload(5, "e")));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_many_tasks_stay_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(
        &dir,
        Options {
            segment_size: 16 << 10,
            ..options()
        },
    );
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let spool = spool.clone();
            tokio::spawn(async move {
                for round in 0..50 {
                    let texts: Vec<_> = (0..3)
                        .map(|part| format!("{task} {round} {part}").into_bytes())
                        .collect();
                    spool.append(texts).await.unwrap();
                }
            })
        })
        .collect();
    let mut follower = spool.follow(1);
    let mut followed = Vec::new();
    while followed.len() < 16 * 50 * 3 {
        followed.push(follower.next().await.unwrap().unwrap());
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut rounds = [0; 16];
    for (index, batch) in followed.chunks(3).enumerate() {
        let Entry::Payload { bytes, .. } = &batch[0] else {
            panic!("{batch:?}")
        };
        let text = std::str::from_utf8(bytes).unwrap();
        let task: usize = text.split(' ').next().unwrap().parse().unwrap();
        for (part, entry) in batch.iter().enumerate() {
            let text = format!("{task} {} {part}", rounds[task]);
            assert_eq!(entry, &payload((index * 3 + part + 1) as u64, &text));
        }
        rounds[task] += 1;
    }
    assert_eq!(all(&folder(&dir)), followed);
}

#[test]
fn a_second_writer_is_turned_away() {
    let dir = tempfile::tempdir().unwrap();
    let (_spool, _) = open(&dir, options());
    let second = Spool::open(&folder(&dir), options(), explain);
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
}

#[test]
fn limits_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = Spool::open(
        &folder(&dir),
        Options {
            max_size: 1000,
            ..options()
        },
        explain,
    );
    assert!(
        matches!(
            tiny,
            Err(Error::Limit {
                option: "max_size",
                ..
            })
        ),
        "{tiny:?}"
    );
    let (spool, _) = open(&dir, options());
    let large = spool.append(vec![vec![0; 9 << 20], vec![0; 9 << 20]]).wait();
    assert!(matches!(large, Err(AppendError::TooLarge { .. })), "{large:?}");
}

/// Appends 200 payloads of about 1 KiB.
fn fill(spool: &Spool) {
    for number in 0..200 {
        spool
            .append(vec![format!("{number:01000}").into_bytes()])
            .wait()
            .unwrap();
    }
}

fn size(dir: &Path) -> u64 {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "seg")
        })
        .map(|entry| entry.metadata().unwrap().len())
        .sum()
}

#[test]
fn what_all_cursors_passed_goes_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(&dir, small());
    let cursor = spool.cursor("view").unwrap();
    for round in 0..4 {
        for number in 0..30 {
            let last = spool
                .append(vec![format!("{round}{number:01000}").into_bytes()])
                .wait()
                .unwrap();
            cursor.pass(last);
        }
        // A cursor is on disk within a second.
        std::thread::sleep(Duration::from_millis(1100));
    }
    assert!(size(&folder(&dir)) <= 64 << 10);
    let entries = all(&folder(&dir));
    assert!(
        matches!(entries[0], Entry::Missing { first: 1, .. }),
        "{:?}",
        entries[0]
    );
    assert_eq!(entries.last().unwrap().sequence(), 120);
    assert!(entries.len() > 40, "{}", entries.len());
    assert!(
        entries[1..]
            .iter()
            .all(|entry| matches!(entry, Entry::Payload { bytes, .. } if bytes.len() > 1000))
    );
}

#[test]
fn a_loss_that_cannot_be_avoided_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(&dir, small());
    let cursor = spool.cursor("hub").unwrap();
    cursor.pass(3);
    std::thread::sleep(Duration::from_millis(1100));
    fill(&spool);
    assert!(size(&folder(&dir)) <= 64 << 10);
    let entries = all(&folder(&dir));
    let Entry::Missing { first: 1, last: gone } = entries[0] else {
        panic!("{:?}", entries[0])
    };
    // Each eviction was told in the group that it made room for: the last telling is still there.
    let told = entries.iter().rev().find_map(|entry| match entry {
        Entry::Payload { bytes, .. } if bytes.starts_with(b"Evicted") => {
            Some(String::from_utf8(bytes.clone()).unwrap())
        }
        _ => None,
    });
    let told = told.expect("an eviction is told");
    assert!(
        told.contains(&format!("last: {gone}, ")) && told.contains("cursors: [\"hub\"]"),
        "{told}"
    );
    let sequences: Vec<_> = entries[1..].iter().map(Entry::sequence).collect();
    assert_eq!(sequences, (gone + 1..=spool.last()).collect::<Vec<_>>());
}

#[test]
fn what_goes_while_a_follower_stands_before_it_is_evicted_and_not_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(&dir, small());
    let mut follower = spool.follow(1);
    spool.append(batch(&["a"])).wait().unwrap();
    assert_eq!(follower.try_next().unwrap(), Some(payload(1, "a")));
    fill(&spool);
    let entries: Vec<_> = std::iter::from_fn(|| follower.try_next().unwrap()).collect();
    let missing = |entry: &&Entry| matches!(entry, Entry::Missing { .. });
    assert_eq!(entries.iter().filter(missing).count(), 1);
    // What is damaged is told with the next beat.
    std::thread::sleep(Duration::from_millis(1100));
    spool.append(batch(&["z"])).wait().unwrap();
    let told = |entry: &Entry| matches!(entry, Entry::Payload { bytes, .. } if bytes.starts_with(b"Damaged"));
    assert!(!all(&folder(&dir)).iter().any(told));
}

#[test]
fn what_is_refused_is_counted_and_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(
        &dir,
        Options {
            min_free: u64::MAX,
            ..options()
        },
    );
    let source = "192.0.2.7".parse().unwrap();
    for _ in 0..3 {
        let full = spool.append(batch(&["lost"])).wait();
        let Err(AppendError::Full(error)) = full else {
            panic!("{full:?}")
        };
        assert!(error.to_string().ends_with("make room on this disk"), "{error}");
        spool.refuse(source, 1, std::time::SystemTime::now());
    }
    drop(spool);
    let (spool, recovery) = open(&dir, options());
    assert!(
        matches!(recovery.losses[..], [Loss::Full { lost: 3, .. }]),
        "{:?}",
        recovery.losses
    );
    assert_eq!(spool.append(batch(&["kept"])).wait().unwrap(), 2);
    drop(spool);
    let (spool, recovery) = open(&dir, options());
    assert!(recovery.losses.is_empty(), "{:?}", recovery.losses);
    spool.append(batch(&["more"])).wait().unwrap();
    let entries = all(&folder(&dir));
    let Entry::Payload { bytes, .. } = &entries[0] else {
        panic!("{entries:?}")
    };
    let told = String::from_utf8(bytes.clone()).unwrap();
    assert!(
        told.starts_with("Full {") && told.contains("sources: [(192.0.2.7, 3)]"),
        "{told}"
    );
    assert_eq!(entries[1..], [payload(2, "kept"), payload(3, "more")]);
}

#[test]
fn damage_is_skipped_and_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(&dir, options());
    for text in ["first", "second", "third", "fourth"] {
        spool.append(batch(&[text])).wait().unwrap();
    }
    drop(spool);
    let path = folder(&dir).join("00000000000000000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(6).position(|window| window == b"second").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    for round in 0..2 {
        let (spool, recovery) = open(&dir, options());
        let losses = if round == 0 {
            vec![Loss::Damaged { first: 2, last: 2 }]
        } else {
            vec![]
        };
        assert_eq!((recovery.losses, recovery.truncated), (losses, 0));
        spool.append(batch(&["more"])).wait().unwrap();
    }
    let expected = [
        payload(1, "first"),
        Entry::Missing { first: 2, last: 2 },
        payload(3, "third"),
        payload(4, "fourth"),
        payload(5, "Damaged { first: 2, last: 2 }"),
        payload(6, "more"),
        payload(7, "more"),
    ];
    assert_eq!(all(&folder(&dir)), expected);
}
