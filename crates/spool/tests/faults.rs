//! A disk that fails: nothing is acknowledged before it is synced, nothing acknowledged is lost, nothing comes twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod common;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use common::Disk;
use imker_spool::{Entry, Loss, Options, Output, Platform, Spool, System, read_only};
use proptest::prelude::*;

fn options() -> Options {
    Options {
        min_free: 0,
        segment_size: 16 << 10,
        ..Options::default()
    }
}

fn explain(loss: &Loss) -> Vec<u8> {
    match loss {
        Loss::Full { lost, .. } => format!("lost {lost}").into_bytes(),
        loss => format!("{loss:?}").into_bytes(),
    }
}

/// The real disk, but each sync waits until the test lets it go.
struct Gate {
    asked: SyncSender<()>,
    let_go: Arc<Mutex<Receiver<()>>>,
}

struct GatedOutput(Box<dyn Output>, SyncSender<()>, Arc<Mutex<Receiver<()>>>);

impl Platform for Gate {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(GatedOutput(
            System.create(path)?,
            self.asked.clone(),
            Arc::clone(&self.let_go),
        )))
    }
    fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>> {
        System.open(path, length)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        System.sync_dir(dir)
    }
    fn free(&self, dir: &Path) -> io::Result<u64> {
        System.free(dir)
    }
    fn now(&self) -> (SystemTime, Instant) {
        System.now()
    }
}

impl Output for GatedOutput {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.1.send(()).unwrap();
        self.2.lock().unwrap().recv().unwrap();
        self.0.sync()
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.cut(length)
    }
}

#[tokio::test]
async fn no_append_ends_and_no_follower_sees_it_before_the_sync_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, was_asked) = sync_channel(0);
    let (let_go, wait) = sync_channel(0);
    let gate = Gate {
        asked,
        let_go: Arc::new(Mutex::new(wait)),
    };
    let (spool, _) = Spool::open_on(Box::new(gate), &dir.path().join("spool"), options(), explain).unwrap();
    let mut follower = spool.follow(1);
    let mut append = spool.append(vec![b"event".to_vec()]);
    was_asked.recv().unwrap();
    let_go.send(()).unwrap(); // the new segment's header
    was_asked.recv().unwrap(); // the event is written, its sync has begun
    let early = tokio::time::timeout(Duration::from_millis(200), &mut append).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(follower.try_next().unwrap(), None);
    let_go.send(()).unwrap();
    assert_eq!(append.await.unwrap(), 1);
    assert!(follower.try_next().unwrap().is_some());
}

#[test]
fn a_segment_is_durable_before_anything_is_written_into_it() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::default();
    let (spool, _) = Spool::open_on(
        Box::new(disk.clone()),
        &dir.path().join("spool"),
        options(),
        explain,
    )
    .unwrap();
    spool.append(vec![vec![1; 9000]]).wait().unwrap();
    spool.append(vec![vec![2; 9000]]).wait().unwrap();
    let segment = ["create", "append", "sync", "sync folder", "append", "sync"];
    assert_eq!(disk.calls(), [segment, segment].concat());
}

#[test]
fn one_sync_serves_all_that_waited() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::default();
    let (spool, _) = Spool::open_on(
        Box::new(disk.clone()),
        &dir.path().join("spool"),
        options(),
        explain,
    )
    .unwrap();
    let appends: Vec<_> = (0..1000)
        .map(|number: u32| spool.append(vec![number.to_le_bytes().to_vec()]))
        .collect();
    for (append, sequence) in appends.into_iter().zip(1..) {
        assert_eq!(append.wait().unwrap(), sequence);
    }
    let syncs = disk.calls().into_iter().filter(|&call| call == "sync").count();
    assert!(syncs < 500, "{syncs} syncs");
}

#[derive(Debug, Clone)]
enum Act {
    /// Batches of so many payloads, all at once.
    Append(Vec<usize>),
    Refuse(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let append = proptest::collection::vec(1..4_usize, 1..4).prop_map(Act::Append);
    proptest::collection::vec(
        prop_oneof![4 => append, 1 => any::<u8>().prop_map(Act::Refuse)],
        1..20,
    )
}

/// Sequence numbers and texts.
type Texts = BTreeMap<u64, String>;

fn read(dir: &Path) -> Texts {
    let mut reader = read_only(dir, 1).unwrap();
    let mut texts = Texts::new();
    while let Some(entry) = reader.try_next().unwrap() {
        let Entry::Payload { sequence, bytes } = entry else {
            panic!("{entry:?}")
        };
        assert!(
            texts
                .last_key_value()
                .is_none_or(|(&last, _)| last + 1 == sequence),
            "{sequence} after {texts:?}"
        );
        texts.insert(sequence, String::from_utf8(bytes).unwrap());
    }
    texts
}

/// The text of a batch's payload: unique, about 900 bytes long, and telling where the batch begins and ends.
fn text(batch: usize, part: usize, parts: usize) -> String {
    format!("{batch} {part} {parts} {:0900}", 0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_survives_faults_and_a_power_cut(
        acts in acts(),
        faults in proptest::collection::vec(proptest::bool::weighted(0.2), 0..120),
        part: u8,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("spool");
        let disk = Disk::with_faults(faults);
        let (spool, _) = Spool::open_on(Box::new(disk.clone()), &dir, options(), explain).unwrap();
        let mut acknowledged = Texts::new();
        let mut follower = spool.follow(1);
        let mut followed = Texts::new();
        let mut batches = 0;
        let mut refused = 0;
        for act in acts {
            match act {
                Act::Append(sizes) => {
                    let appends: Vec<_> = sizes.into_iter().map(|parts| {
                        let texts: Vec<_> = (0..parts).map(|part| text(batches, part, parts)).collect();
                        batches += 1;
                        (spool.append(texts.iter().map(|text| text.clone().into_bytes()).collect()), texts)
                    }).collect();
                    for (append, texts) in appends {
                        if let Ok(first) = append.wait() {
                            acknowledged.extend((first..).zip(texts));
                        }
                    }
                }
                Act::Refuse(source) => {
                    spool.refuse(std::net::Ipv4Addr::new(192, 0, 2, source).into(), 1, SystemTime::now());
                    refused += 1;
                }
            }
            while let Some(entry) = follower.try_next().unwrap() {
                let Entry::Payload { sequence, bytes } = entry else { panic!("{entry:?}") };
                prop_assert!(followed.insert(sequence, String::from_utf8(bytes).unwrap()).is_none());
            }
            for (sequence, text) in &acknowledged {
                prop_assert_eq!(followed.get(sequence), Some(text), "{}", sequence);
            }
        }
        disk.fail_from_now_on();
        drop(spool);
        disk.cut_power(part);

        let (spool, recovery) = Spool::open(&dir, options(), explain).unwrap();
        let last = spool.append(vec![text(batches, 0, 1).into_bytes()]).wait().unwrap();
        acknowledged.insert(last, text(batches, 0, 1));
        drop(spool);
        let stored = read(&dir);
        for (sequence, text) in &acknowledged {
            prop_assert_eq!(stored.get(sequence), Some(text), "{:?}", &recovery);
        }
        for (sequence, text) in &followed {
            prop_assert_eq!(stored.get(sequence), Some(text), "what was followed is durable");
        }
        let mut told = 0;
        let mut seen = std::collections::BTreeSet::new();
        let mut expected = 0;
        for stored in stored.values() {
            if let Some(lost) = stored.strip_prefix("lost ") {
                prop_assert_eq!(expected, 0);
                told += lost.parse::<u64>().unwrap();
                continue;
            }
            prop_assert!(seen.insert(stored), "twice: {}", stored);
            let mut words = stored.split(' ').skip(1).map(|word| word.parse::<usize>().unwrap());
            let (part, parts) = (words.next().unwrap(), words.next().unwrap());
            prop_assert_eq!(part, expected, "a batch is not whole");
            expected = (part + 1) % parts;
        }
        prop_assert_eq!(expected, 0, "the last batch is not whole");
        prop_assert_eq!(told, refused);
    }
}
