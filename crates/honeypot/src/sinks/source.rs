use std::time::Duration;

use imker_event::Recorded;

/// Events from the spool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// In ascending order of their sequence numbers.
    pub events: Vec<Recorded>,
    /// Up to where the spool was read: that of the last event, or beyond it where records after it are gone or cannot
    /// be read.
    pub through: u64,
    /// Records that could not be read as events, or are gone.
    pub unreadable: u64,
}

/// The spool behind one sink's cursor.
pub trait Source: Send {
    /// How far the cursor says that the sink came; 0 for not at all.
    fn passed(&self) -> u64;

    /// The next events after sequence number `after`, at most `max`; none where none are on disk yet. Does not wait.
    ///
    /// # Errors
    /// The spool cannot be read; the caller tries again later.
    fn next_batch(&mut self, after: u64, max: usize) -> Result<Batch, SourceError>;

    /// Waits until there may be more, at most so long.
    fn wait(&mut self, timeout: Duration);

    /// Moves the cursor: everything up to `sequence` is delivered.
    fn pass(&mut self, sequence: u64);
}

/// The spool cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the spool cannot be read: {0}")]
pub struct SourceError(pub String);
