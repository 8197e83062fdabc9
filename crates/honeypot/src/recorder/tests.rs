#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use imker_event::{Connection, Service};
use imker_spool::{Entry, Output, Platform, System, read_only};

use super::*;

/// A disk that takes writes but whose syncs fail while told so.
struct Failing(Arc<AtomicBool>);

struct FailingOutput(Box<dyn Output>, Arc<AtomicBool>);

impl Platform for Failing {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(FailingOutput(System.create(path)?, Arc::clone(&self.0))))
    }

    fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(FailingOutput(
            System.open(path, length)?,
            Arc::clone(&self.0),
        )))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        System.sync_dir(dir)
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn now(&self) -> (SystemTime, Instant) {
        System.now()
    }
}

impl Output for FailingOutput {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.1.load(Ordering::SeqCst) {
            Err(io::Error::other("made to fail"))
        } else {
            self.0.sync()
        }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.cut(length)
    }
}

fn opened(source: &str) -> SensorEvent {
    let connection = Connection {
        id: "0190a5b8-0000-7000-8000-000000000001".into(),
        session: "0190a5b8-0000-7000-8000-000000000002".into(),
        host: "ex01".into(),
        persona: "exchange-2016".into(),
        service: Service::Https,
        source: source.parse().unwrap(),
        destination: "192.0.2.1:443".parse().unwrap(),
        proxy: None,
    };
    SensorEvent {
        time: Timestamp::UNIX_EPOCH,
        sensor: "sensor".into(),
        connection: Some(Arc::new(connection)),
        request: None,
        saw: Saw::ConnectionOpened {},
    }
}

fn stored(dir: &Path) -> Vec<(u64, SensorEvent)> {
    let mut reader = read_only(dir, 1).unwrap();
    let entries = std::iter::from_fn(|| reader.try_next().unwrap());
    let event = |entry| match entry {
        Entry::Payload { sequence, bytes } => (sequence, serde_json::from_slice(&bytes).unwrap()),
        Entry::Missing { .. } => panic!("{entry:?}"),
    };
    entries.map(event).collect()
}

#[tokio::test]
async fn without_a_sync_nothing_is_recorded_and_later_a_gap_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("spool");
    let failing = Arc::new(AtomicBool::new(false));
    let platform = Box::new(Failing(Arc::clone(&failing)));
    let explain = |loss: &Loss| gap_event(&"sensor".into(), loss);
    let (spool, _) = Spool::open_on(platform, &dir, Options::default(), explain).unwrap();
    let recorder = Recorder::new(spool);

    recorder.record(vec![opened("198.51.100.1:1000")]).await.unwrap();
    failing.store(true, Ordering::SeqCst);
    for source in [
        "198.51.100.2:1",
        "198.51.100.3:1",
        "198.51.100.2:2",
        "[2001:db8::1]:1",
    ] {
        let recorded = recorder.record(vec![opened(source), opened(source)]).await;
        assert_eq!(recorded, Err(NotRecorded));
    }
    assert_eq!(stored(&dir).len(), 1);
    failing.store(false, Ordering::SeqCst);
    for source in ["198.51.100.4:1", "198.51.100.4:2"] {
        recorder.record(vec![opened(source)]).await.unwrap();
    }

    let stored = stored(&dir);
    assert!(
        stored
            .iter()
            .map(|(sequence, _)| *sequence)
            .eq(1..=stored.len() as u64)
    );
    let mut told = BTreeMap::new();
    let mut events = Vec::new();
    for (_, event) in stored {
        let Saw::Gap(gap) = &event.saw else {
            events.push(event);
            continue;
        };
        assert_eq!(
            (gap.reason, gap.of_others, gap.sequences),
            (GapReason::StoreFull, 0, None)
        );
        assert_eq!(gap.lost, gap.sources.iter().map(|(_, count)| count).sum::<u64>());
        assert!(gap.from.unwrap() <= gap.until.unwrap());
        for &(source, count) in &gap.sources {
            *told.entry(source).or_insert(0) += count;
        }
    }
    // What a failed attempt was about to tell is told by itself, the rest after it.
    let count = |source: &str, count| (source.parse::<IpAddr>().unwrap(), count);
    let lost = [
        count("198.51.100.2", 4),
        count("198.51.100.3", 2),
        count("2001:db8::1", 2),
    ];
    assert_eq!(told, BTreeMap::from(lost));
    let recorded = ["198.51.100.1:1000", "198.51.100.4:1", "198.51.100.4:2"];
    assert_eq!(events, recorded.map(opened));
}

#[tokio::test]
async fn events_of_one_task_keep_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("spool");
    let options = Options {
        min_free: 0,
        ..Options::default()
    };
    let (recorder, _) = Recorder::open(&folder, options, "sensor".into()).unwrap();
    let sources: Vec<_> = (1..=50).map(|port| format!("198.51.100.1:{port}")).collect();
    let pending: Vec<_> = sources
        .iter()
        .map(|source| recorder.record(vec![opened(source)]))
        .collect();
    for recording in pending.into_iter().rev() {
        recording.await.unwrap();
    }
    let expected: Vec<_> = (1..).zip(sources.iter().map(|source| opened(source))).collect();
    assert_eq!(stored(&folder), expected);
}
