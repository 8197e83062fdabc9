use std::path::PathBuf;
use std::time::Duration;

use crate::Error;

/// Limits of a spool. Sizes are in bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// A segment that has grown to this is followed by a new one; at most a quarter of `max_size`.
    pub segment_size: u64,
    /// All segments together.
    pub max_size: u64,
    /// Events older than this go, give or take an eighth of it; none: age does not matter.
    pub max_age: Option<Duration>,
    /// What is left free on the disk, whoever fills it.
    pub min_free: u64,
    /// What others need free who write to the same disk, above `min_free`; 0 for none. Where segments suffice to keep it
    /// free, the oldest go for it, and those that all cursors have passed until two segments more than it are free.
    pub spare: u64,
    /// Appends that may wait for the disk, together; what exceeds it fails with
    /// [`AppendError::Busy`](crate::AppendError::Busy).
    pub max_waiting: usize,
    /// Source addresses that the reserve counts apart; the rest is counted as others.
    pub sources: usize,
    /// Sequence numbers up to this one were given before, whatever the segments say: somebody has passed them. What
    /// is missing of them counts as damaged. 0 for none.
    pub given: u64,
    /// Where cursors are kept; by default the folder `cursors` beside the spool.
    pub cursors: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_size: 64 << 20,
            max_size: 10 << 30,
            max_age: Some(Duration::from_hours(90 * 24)),
            min_free: 512 << 20,
            spare: 0,
            max_waiting: 64 << 20,
            sources: 1024,
            given: 0,
            cursors: None,
        }
    }
}

impl Options {
    /// Adapts what depends on each other and refuses what cannot work.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        const LEAST: u64 = 16 << 10;
        self.segment_size = self.segment_size.min(self.max_size / 4);
        if self.segment_size < LEAST {
            let (option, value, least) = if self.max_size < 4 * LEAST {
                ("max_size", self.max_size, 4 * LEAST)
            } else {
                ("segment_size", self.segment_size, LEAST)
            };
            return Err(Error::Limit { option, value, least });
        }
        Ok(self)
    }
}
