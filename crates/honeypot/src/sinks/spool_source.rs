use std::time::{Duration, Instant};

use imker_event::Recorded;
use imker_spool::{Cursor, Entry, Follower, Spool};

use super::source::{Batch, Source, SourceError};

/// A sensor's spool behind a cursor of its own.
#[derive(Debug)]
pub struct SpoolSource {
    spool: Spool,
    cursor: Cursor,
    follower: Option<(u64, Follower)>,
}

/// How often a waiting sink looks for events: sinks may be a little late, so that no event has to wake them.
const LOOK: Duration = Duration::from_millis(50);

impl SpoolSource {
    /// The spool behind the cursor of this name.
    ///
    /// # Errors
    /// As [`Spool::cursor`].
    pub fn new(spool: Spool, name: &str) -> Result<Self, imker_spool::Error> {
        let cursor = spool.cursor(name)?;
        Ok(Self {
            spool,
            cursor,
            follower: None,
        })
    }
}

impl Source for SpoolSource {
    fn passed(&self) -> u64 {
        self.cursor.passed()
    }

    fn next_batch(&mut self, after: u64, max: usize) -> Result<Batch, SourceError> {
        // A batch that was not delivered is read again.
        let follower = match &mut self.follower {
            Some((at, follower)) if *at == after => follower,
            other => &mut other.insert((after, self.spool.follow(after + 1))).1,
        };
        let mut batch = Batch {
            through: after,
            ..Batch::default()
        };
        while batch.events.len() < max {
            let entry = follower.try_next().map_err(|error| SourceError(error.to_string()))?;
            match entry {
                Some(Entry::Payload { sequence, bytes }) => {
                    batch.through = sequence;
                    match serde_json::from_slice(&bytes) {
                        Ok(event) => batch.events.push(Recorded { sequence, event }),
                        Err(error) => {
                            tracing::error!(sequence, %error, "a record is no event");
                            batch.unreadable += 1;
                        }
                    }
                }
                Some(Entry::Missing { first, last }) => {
                    batch.through = last;
                    batch.unreadable += last - first + 1;
                }
                None => break,
            }
        }
        if let Some((at, _)) = &mut self.follower {
            *at = batch.through;
        }
        Ok(batch)
    }

    fn wait(&mut self, timeout: Duration) {
        let end = Instant::now() + timeout;
        let read = self.follower.as_ref().map_or(0, |(at, _)| *at);
        while self.spool.last() <= read && Instant::now() < end {
            std::thread::sleep(LOOK.min(timeout));
        }
    }

    fn pass(&mut self, sequence: u64) {
        self.cursor.pass(sequence);
    }

    fn last(&self) -> u64 {
        self.spool.last()
    }
}
