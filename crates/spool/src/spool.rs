use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::SystemTime;

use tokio::sync::oneshot;

use crate::commit::Committer;
use crate::cursor::Cursor;
use crate::error::Io;
use crate::frame::MAX_BATCH;
use crate::platform::{Platform, System};
use crate::reader::Follower;
use crate::recover::recover;
use crate::shared::{Batch, Shared, lock};
use crate::{AppendError, Error, Loss, Options, Recovery};

/// A spool opened for writing; clones are the same spool. The last clone dropped writes what waits and closes it.
#[derive(Clone)]
pub struct Spool {
    open: Arc<Open>,
}

struct Open {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Spool {
    /// Opens or creates the spool in a folder, cuts what was never acknowledged and locks it for this process.
    ///
    /// `explain` turns a loss into a payload, on the spool's own thread; see [`Loss`].
    ///
    /// # Errors
    /// Another process has it open, a limit makes no sense, or the operating system refuses.
    pub fn open(
        dir: &Path,
        options: Options,
        explain: impl FnMut(&Loss) -> Vec<u8> + Send + 'static,
    ) -> Result<(Self, Recovery), Error> {
        Self::open_on(Box::new(System), dir, options, explain)
    }

    /// As [`Spool::open`], on another platform.
    ///
    /// # Errors
    /// As there.
    #[doc(hidden)]
    pub fn open_on(
        platform: Box<dyn Platform>,
        dir: &Path,
        options: Options,
        explain: impl FnMut(&Loss) -> Vec<u8> + Send + 'static,
    ) -> Result<(Self, Recovery), Error> {
        let options = options.checked()?;
        let found = recover(platform, dir, options)?;
        let known: BTreeSet<_> = found.losses.iter().filter_map(damage).collect();
        let shared = Arc::new(found.shared);
        let mut committer = Committer::new(
            Arc::clone(&shared),
            found.state,
            found.losses,
            known,
            Box::new(explain),
        );
        let mut recovery = Recovery {
            last: found.last,
            truncated: found.truncated,
            losses: Vec::new(),
        };
        recovery.losses = committer.untold();
        committer.keep_number();
        let keeper = Arc::clone(&shared);
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(run)
                .on("start a thread for", dir)
        };
        let mut open = Open {
            shared,
            threads: Vec::new(),
        };
        open.threads
            .push(start("spool commit", Box::new(move || committer.run()))?);
        open.threads
            .push(start("spool keep", Box::new(move || keeper.keep()))?);
        Ok((Self { open: Arc::new(open) }, recovery))
    }

    /// Appends payloads with consecutive sequence numbers, all or none. Batches get their numbers in the order of
    /// calls; what becomes of the returned future has no influence on that.
    pub fn append(&self, batch: Vec<Vec<u8>>) -> Append {
        let (answer, receiver) = oneshot::channel();
        let bytes = batch.iter().map(Vec::len).sum();
        if bytes > MAX_BATCH {
            let _ = answer.send(Err(AppendError::TooLarge { bytes }));
        } else if batch.is_empty() {
            let _ = answer.send(Ok(self.last() + 1));
        } else {
            self.open.shared.enqueue(Batch {
                payloads: batch,
                bytes,
                answer,
            });
        }
        Append { receiver }
    }

    /// Counts so many things that could not be kept, as they were of `source`. The count survives a crash and is told
    /// as [`Loss::Full`] once something can be written.
    pub fn refuse(&self, source: IpAddr, count: u64, at: SystemTime) {
        lock(&self.open.shared.reserve).refuse(source, count, at);
    }

    /// Follows from the first sequence number that is at least `from`.
    pub fn follow(&self, from: u64) -> Follower {
        Follower::new(&self.open.shared, from)
    }

    /// The cursor of this name; a new one has passed nothing. Registered cursors hold back segments until they have
    /// passed them, also while nobody reads behind them.
    ///
    /// # Errors
    /// The name is no name for a cursor, or it cannot be written.
    pub fn cursor(&self, name: &str) -> Result<Cursor, Error> {
        self.open.shared.cursors.register(name)
    }

    /// Drops a cursor that nobody will use any more.
    ///
    /// # Errors
    /// Its file cannot be removed.
    pub fn forget(&self, name: &str) -> Result<(), Error> {
        self.open.shared.cursors.forget(name)
    }

    /// The last sequence number on disk; 0 where there is none yet.
    pub fn last(&self) -> u64 {
        self.open.shared.durable.borrow().next - 1
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("dir", &self.open.shared.dir)
            .field("last", &self.last())
            .finish()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

fn damage(loss: &Loss) -> Option<(u64, u64)> {
    match *loss {
        Loss::Damaged { first, last } => Some((first, last)),
        _ => None,
    }
}

/// Ends with the batch's first sequence number once it is on disk.
#[derive(Debug)]
#[must_use = "only the end of this future says that the batch is on disk"]
pub struct Append {
    receiver: oneshot::Receiver<Result<u64, AppendError>>,
}

impl Append {
    /// Blocks until the batch is on disk; not to be called where futures run.
    ///
    /// # Errors
    /// As the future.
    pub fn wait(self) -> Result<u64, AppendError> {
        self.receiver.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }
}

impl Future for Append {
    type Output = Result<u64, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(AppendError::Closed)))
    }
}
