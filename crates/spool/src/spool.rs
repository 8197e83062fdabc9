use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use crate::{AppendError, Error, Follower, Loss, Options, Recovery};

/// A spool opened for writing; clones are the same spool. The last clone dropped closes it.
#[derive(Debug, Clone)]
pub struct Spool {}

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
        let _ = (dir, options, explain);
        Ok((Self {}, Recovery::default()))
    }

    /// Appends payloads with consecutive sequence numbers, all or none. Batches get their numbers in the order of
    /// calls; what becomes of the returned future has no influence on that.
    pub fn append(&self, batch: Vec<Vec<u8>>) -> Append {
        let _ = batch;
        Append {}
    }

    /// Counts something that could not be kept, as it was of `source`. The count survives a crash and is told as
    /// [`Loss::Full`] once something can be written.
    pub fn refuse(&self, source: IpAddr, at: SystemTime) {
        let _ = (source, at);
    }

    /// Follows from the first sequence number that is at least `from`.
    pub fn follow(&self, from: u64) -> Follower {
        let _ = from;
        Follower {}
    }

    /// The cursor of this name; a new one has passed nothing. Registered cursors hold back segments until they have
    /// passed them, also while nobody reads behind them.
    ///
    /// # Errors
    /// The name is no name for a cursor, or it cannot be written.
    pub fn cursor(&self, name: &str) -> Result<Cursor, Error> {
        let _ = name;
        Ok(Cursor {})
    }

    /// Drops a cursor that nobody will use any more.
    ///
    /// # Errors
    /// Its file cannot be removed.
    pub fn forget(&self, name: &str) -> Result<(), Error> {
        let _ = name;
        Ok(())
    }

    /// The last sequence number on disk; 0 where there is none yet.
    pub fn last(&self) -> u64 {
        0
    }
}

/// Ends with the batch's first sequence number once it is on disk.
#[derive(Debug)]
#[must_use = "only the end of this future says that the batch is on disk"]
pub struct Append {}

impl Append {
    /// Blocks until the batch is on disk; not to be called where futures run.
    ///
    /// # Errors
    /// As the future.
    pub fn wait(self) -> Result<u64, AppendError> {
        Err(AppendError::Closed)
    }
}

impl Future for Append {
    type Output = Result<u64, AppendError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Err(AppendError::Closed))
    }
}

/// How far one sink has come; kept on disk within a second after [`Cursor::pass`].
#[derive(Debug)]
pub struct Cursor {}

impl Cursor {
    /// The last sequence number passed; 0 for none.
    pub fn passed(&self) -> u64 {
        0
    }

    /// Everything up to `sequence` is delivered. A lower number than before changes nothing.
    pub fn pass(&self, sequence: u64) {
        let _ = sequence;
    }
}
