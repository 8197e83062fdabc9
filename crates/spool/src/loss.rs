use std::net::IpAddr;
use std::time::SystemTime;

/// Something that the spool could not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// Nothing could be written: what [`Spool::refuse`](crate::Spool::refuse) counted meanwhile.
    Full {
        /// The first refusal.
        from: SystemTime,
        /// The last refusal.
        until: SystemTime,
        /// All refusals.
        lost: u64,
        /// Refusals by source address, sorted by address.
        sources: Vec<(IpAddr, u64)>,
        /// Refusals of sources that are not listed.
        of_others: u64,
    },
    /// Segments went to make room, or for their age, before every cursor had passed them.
    Evicted {
        /// The first sequence number that some cursor had not passed.
        first: u64,
        /// The last one that is gone.
        last: u64,
        /// When the first segment was begun.
        from: SystemTime,
        /// When the last segment was finished.
        until: SystemTime,
        /// Names of the cursors that lagged.
        cursors: Vec<String>,
    },
    /// Stored bytes were damaged.
    Damaged {
        /// The first sequence number lost.
        first: u64,
        /// The last.
        last: u64,
    },
}

/// What opening a spool found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// The last sequence number kept; 0 in an empty spool.
    pub last: u64,
    /// Bytes of unfinished batches that were cut off the end; none of them was acknowledged.
    pub truncated: u64,
    /// Losses that were not yet told; the spool tells them before the next batch.
    pub losses: Vec<Loss>,
}
