use std::path::Path;

use crate::Error;

/// What a reader meets, in ascending order of sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A payload.
    Payload {
        /// Its sequence number.
        sequence: u64,
        /// The bytes appended.
        bytes: Vec<u8>,
    },
    /// Sequence numbers that are gone: evicted or damaged. The spool tells of them in a payload of its own.
    Missing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
}

/// Reads a spool that this or another process may be writing, without waiting. Shows whole batches only.
#[derive(Debug)]
pub struct Reader {}

impl Reader {
    /// The next entry; none where there is no further one yet. Later calls go on from there.
    pub fn try_next(&mut self) -> Result<Option<Entry>, Error> {
        Ok(None)
    }
}

/// Reads what this process appends, as soon as it is on disk and never sooner.
#[derive(Debug)]
pub struct Follower {}

impl Follower {
    /// The next entry; waits for it. Cancel safe. None once the spool is closed and all is read.
    pub async fn next(&mut self) -> Result<Option<Entry>, Error> {
        Ok(None)
    }

    /// The next entry; none where there is no further one on disk yet.
    pub fn try_next(&mut self) -> Result<Option<Entry>, Error> {
        Ok(None)
    }
}

/// Reads a spool from the first sequence number that is at least `from`, without locking it.
///
/// Where a sensor writes meanwhile, a batch may show an instant before it is synced.
///
/// # Errors
/// The folder cannot be read.
pub fn read_only(dir: &Path, from: u64) -> Result<Reader, Error> {
    let _ = (dir, from);
    Ok(Reader {})
}
