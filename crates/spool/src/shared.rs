use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::cursor::Cursors;
use crate::platform::Platform;
use crate::reserve::Reserve;
use crate::{AppendError, Options};

/// How often cursors and the reserve are synced, and a full spool tries again.
const BEAT: Duration = Duration::from_secs(1);
/// How many beats lie between two looks at the segments' age.
const AGE_BEATS: u32 = 60;

/// What the threads of a spool share.
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) id: u64,
    pub(crate) options: Options,
    pub(crate) platform: Box<dyn Platform>,
    pub(crate) durable: watch::Sender<Durable>,
    pub(crate) cursors: Arc<Cursors>,
    pub(crate) reserve: Mutex<Reserve>,
    pub(crate) queue: Mutex<Queue>,
    /// Something was put into the queue.
    pub(crate) queued: Condvar,
    pub(crate) closing: Condvar,
    /// Held as long as this process has the spool.
    pub(crate) _lock: File,
}

/// How far the spool is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Durable {
    /// The first sequence number that is not.
    pub(crate) next: u64,
    /// The segment being written, and how much of it is durable; earlier segments are in full.
    pub(crate) segment: u64,
    pub(crate) length: u64,
    /// Whether nothing will be added any more.
    pub(crate) closed: bool,
}

#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) batches: Vec<Batch>,
    /// Of all batches that wait or are being written.
    pub(crate) bytes: usize,
    /// Damage that a follower met.
    pub(crate) damaged: Vec<(u64, u64)>,
    /// Whether the committer shall look for losses to tell and for what the disk has free.
    pub(crate) beat: bool,
    /// Whether it shall look at the segments' age.
    pub(crate) age: bool,
    pub(crate) closed: bool,
}

pub(crate) struct Batch {
    pub(crate) payloads: Vec<Vec<u8>>,
    pub(crate) bytes: usize,
    pub(crate) answer: oneshot::Sender<Result<u64, AppendError>>,
}

/// Nothing here is left half done by a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn enqueue(&self, batch: Batch) {
        let mut queue = lock(&self.queue);
        let refused = if queue.closed {
            AppendError::Closed
        } else if queue.bytes > 0 && queue.bytes + batch.bytes > self.options.max_waiting {
            AppendError::Busy
        } else {
            queue.bytes += batch.bytes;
            queue.batches.push(batch);
            self.queued.notify_one();
            return;
        };
        drop(queue);
        let _ = batch.answer.send(Err(refused));
    }

    pub(crate) fn report_damage(&self, range: (u64, u64)) {
        lock(&self.queue).damaged.push(range);
        self.queued.notify_one();
    }

    pub(crate) fn close(&self) {
        lock(&self.queue).closed = true;
        self.queued.notify_one();
        self.closing.notify_one();
    }

    /// What is to be done once in a while, on a thread of its own: a sync of a cursor holds up no event.
    pub(crate) fn keep(&self) {
        for beats in 0_u32.. {
            // What cannot be written now is tried again with the next beat.
            let _ = self.cursors.flush();
            self.sync_reserve();
            let mut queue = lock(&self.queue);
            if queue.closed {
                return;
            }
            queue.beat = true;
            queue.age |= beats.is_multiple_of(AGE_BEATS);
            self.queued.notify_one();
            let until_closed = self
                .closing
                .wait_timeout_while(queue, BEAT, |queue| !queue.closed);
            drop(until_closed);
        }
    }

    /// Makes the counts durable; refusals go on meanwhile.
    pub(crate) fn sync_reserve(&self) {
        let file = lock(&self.reserve).unsynced();
        if let Some(file) = file {
            // Nothing more can be done where even the reserve cannot be written: the counts live on in memory.
            let _ = file.sync_data();
        }
    }
}
