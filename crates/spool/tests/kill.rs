//! A process that appends under load is killed at any instant: whatever it said to be appended is there, once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use imker_spool::{Entry, Loss, Options, Spool, read_only};

/// Where the process to be killed appends; set only for it.
const DIR: &str = "IMKER_SPOOL_TO_KILL";
/// How many times; by default 15.
const ROUNDS: &str = "IMKER_SPOOL_KILLS";
const THREADS: usize = 8;

fn open(dir: &Path) -> Spool {
    let options = Options {
        min_free: 0,
        segment_size: 256 << 10,
        ..Options::default()
    };
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    let (spool, recovery) = Spool::open(dir, options, explain).unwrap();
    assert_eq!(recovery.losses, [], "killing loses nothing");
    spool
}

/// Not a test of its own: the process that [`killed_at_any_instant`] kills.
#[test]
#[ignore = "the process that another test kills"]
fn append_until_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let spool = open(&PathBuf::from(dir));
    let run = RandomState::new().hash_one(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let spool = spool.clone();
            scope.spawn(move || {
                for number in 0.. {
                    let text = format!("{run:016x}-{thread}-{number}");
                    let batch = vec![text.clone().into_bytes(), vec![b'x'; number % 3000]];
                    let sequence = spool.append(batch).wait().unwrap();
                    writeln!(std::io::stdout().lock(), "ack {sequence} {text}").unwrap();
                }
            });
        }
    });
}

#[test]
fn killed_at_any_instant() {
    let rounds = std::env::var(ROUNDS).map_or(15, |rounds| rounds.parse().expect("a number"));
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool");
    let mut acknowledged = BTreeMap::new();
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "append_until_killed", "--ignored", "--nocapture"])
            .env(DIR, &dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let reading = std::thread::spawn(move || {
            let mut acknowledged = Vec::new();
            let mut line = String::new();
            #[expect(clippy::disallowed_methods, reason = "the child writes short lines")]
            while lines.read_line(&mut line).unwrap() > 0 {
                // The last line may be cut.
                if let Some(said) = line.strip_prefix("ack ").and_then(|line| line.strip_suffix('\n')) {
                    let (sequence, text) = said.split_once(' ').unwrap();
                    acknowledged.push((sequence.parse::<u64>().unwrap(), text.to_owned()));
                }
                line.clear();
            }
            acknowledged
        });
        let milliseconds = 10 + RandomState::new().hash_one(round) % 150;
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        for (sequence, text) in reading.join().unwrap() {
            assert_eq!(
                acknowledged.insert(sequence, text),
                None,
                "{sequence} was given twice"
            );
        }
    }
    drop(open(&dir));
    let mut stored = BTreeMap::new();
    let mut reader = read_only(&dir, 1).unwrap();
    let mut next = 1;
    while let Some(entry) = reader.try_next().unwrap() {
        let Entry::Payload { sequence, bytes } = entry else {
            panic!("{entry:?}")
        };
        assert_eq!(sequence, next);
        next += 1;
        if !bytes.iter().all(|&byte| byte == b'x') {
            assert_eq!(
                stored.insert(String::from_utf8(bytes).unwrap(), sequence),
                None,
                "stored twice"
            );
        }
    }
    assert!(!acknowledged.is_empty(), "killed too early");
    for (sequence, text) in &acknowledged {
        assert_eq!(
            stored.get(text),
            Some(sequence),
            "{text} of {} acknowledged",
            acknowledged.len()
        );
    }
    assert_eq!(next as usize - 1, stored.len() * 2, "a batch is not whole");
}
