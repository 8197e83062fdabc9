use std::time::Duration;

use imker_event::{Recorded, SensorEvent};
use imker_spool::{Cursor, Entry, Error, Follower, Spool};
use tokio::runtime::{Builder, Runtime};

use super::{Batch, Source, SourceError};

/// A batch ends once its events have so many bytes in the spool.
const BATCH_BYTES: usize = 2 << 20;

/// The spool behind a cursor of its own.
#[derive(Debug)]
pub struct SpoolSource {
    spool: Spool,
    cursor: Cursor,
    follower: Follower,
    /// The follower's next entry comes after this sequence number.
    at: u64,
    held: Option<Result<Entry, Error>>,
    /// Of its own, once it has waited: the sensor's may be gone before its sinks are.
    runtime: Option<Runtime>,
}

impl SpoolSource {
    /// Follows `spool` behind the cursor `name`, which is made where it is missing. What follows blocks: it is not for
    /// threads of a runtime.
    ///
    /// # Errors
    /// The name is none for a cursor, or its file cannot be written.
    pub fn open(spool: &Spool, name: &str) -> Result<Self, Error> {
        let cursor = spool.cursor(name)?;
        let at = cursor.passed();
        let follower = spool.follow(at + 1);
        let spool = spool.clone();
        Ok(Self {
            spool,
            cursor,
            follower,
            at,
            held: None,
            runtime: None,
        })
    }

    fn next(&mut self) -> Result<Option<Entry>, Error> {
        match self.held.take() {
            Some(held) => held.map(Some),
            None => self.follower.try_next(),
        }
    }
}

impl Source for SpoolSource {
    fn passed(&self) -> u64 {
        self.cursor.passed()
    }

    fn next_batch(&mut self, after: u64, max: usize) -> Result<Batch, SourceError> {
        if after != self.at {
            (self.follower, self.held, self.at) = (self.spool.follow(after + 1), None, after);
        }
        let mut batch = Batch {
            through: after,
            ..Batch::default()
        };
        let mut bytes = 0;
        while batch.events.len() < max && bytes < BATCH_BYTES {
            let entry = match self.next() {
                Ok(Some(entry)) => entry,
                Ok(None) => break,
                // What was read is delivered first; the error comes again.
                Err(_) if batch.through > after => break,
                Err(error) => return Err(SourceError(error.to_string())),
            };
            batch.through = entry.sequence();
            self.at = batch.through;
            match entry {
                Entry::Missing { first, last } => {
                    batch.unreadable = batch
                        .unreadable
                        .saturating_add(last.saturating_sub(first).saturating_add(1));
                }
                Entry::Payload {
                    sequence,
                    bytes: payload,
                } => {
                    bytes += payload.len();
                    match serde_json::from_slice::<SensorEvent>(&payload) {
                        Ok(event) => batch.events.push(Recorded { sequence, event }),
                        Err(error) => {
                            tracing::error!(sequence, %error, "a recorded event cannot be read and goes to no sink");
                            batch.unreadable = batch.unreadable.saturating_add(1);
                        }
                    }
                }
            }
        }
        Ok(batch)
    }

    fn wait(&mut self, timeout: Duration) {
        if self.held.is_some() {
            return;
        }
        let runtime = match self.runtime.take() {
            Some(runtime) => Ok(runtime),
            None => Builder::new_current_thread().enable_time().build(),
        };
        let Ok(runtime) = runtime else {
            return std::thread::sleep(timeout);
        };
        let next = async { tokio::time::timeout(timeout, self.follower.next()).await };
        let next = self.runtime.insert(runtime).block_on(next);
        match next {
            Ok(next) => {
                self.held = next.transpose();
                if self.held.is_none() {
                    // The spool is closed: nothing wakes us any more.
                    std::thread::sleep(timeout);
                }
            }
            Err(_elapsed) => {}
        }
    }

    fn pass(&mut self, sequence: u64) {
        self.cursor.pass(sequence);
    }
}
