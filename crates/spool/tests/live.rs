//! Readers of a spool that is being written see every event once, and take none for lost that is only being written.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use imker_spool::{Entry, Options, Spool, read_only};

/// Where reading meets writing is chance: long enough to meet often.
const TRIED: Duration = Duration::from_secs(2);

#[test]
fn what_is_being_written_is_not_taken_for_lost() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        min_free: 0,
        segment_size: 8 << 20,
        ..Options::default()
    };
    let (spool, _) = Spool::open(folder.path(), options, |_| Vec::new()).unwrap();
    let written = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut reader = read_only(folder.path(), 1).unwrap();
                    let mut next = 1;
                    loop {
                        let ended = written.load(Ordering::SeqCst);
                        match reader.try_next().unwrap() {
                            Some(Entry::Payload { sequence, .. }) => {
                                assert_eq!(sequence, next);
                                next += 1;
                            }
                            Some(missing @ Entry::Missing { .. }) => panic!("{missing:?}"),
                            None if ended => return next - 1,
                            None => {}
                        }
                    }
                })
            })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut last = 0;
        let until = Instant::now() + TRIED;
        for size in (0..).map(|number: usize| number * 7919 % 60_000) {
            if Instant::now() > until {
                break;
            }
            let batch = (0..4).map(|_| vec![b'x'; size]).collect();
            last = runtime.block_on(spool.append(batch)).unwrap() + 3;
        }
        written.store(true, Ordering::SeqCst);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), last);
        }
    });
}
