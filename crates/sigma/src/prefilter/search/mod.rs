//! Finding many short fragments at once, letter case aside.
//!
//! The search is Teddy's (Intel's Hyperscan): fragments are spread over buckets, and for each of four
//! neighbouring bytes tables of their half bytes say which buckets still agree. Where a bucket survives all
//! four, the entries at this position are looked up. On x86-64 with AVX2 the tables are consulted for 32 positions at
//! once; elsewhere one position at a time. Both find the same.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod buckets;
mod entry;
mod lookup;
mod plan;
#[cfg(test)]
mod tests;

use super::Seen;
use buckets::Buckets;
pub(super) use entry::{Entry, WINDOW};

/// A compiled set of entries.
#[derive(Debug)]
pub(super) struct Searcher {
    buckets: Buckets,
    #[cfg(target_arch = "x86_64")]
    vector: Option<avx2::Tables>,
}

impl Searcher {
    /// Compiles entries; those of one family share much of their bytes. `frequency` tells how often each byte
    /// occurs in ordinary text.
    pub fn new(families: &[Vec<Entry>], others: &[Entry], frequency: &[f32; 256]) -> Self {
        let buckets = Buckets::new(families, others, frequency);
        Self {
            #[cfg(target_arch = "x86_64")]
            vector: avx2::Tables::new(&buckets),
            buckets,
        }
    }

    /// Calls `hit` with position and id for each entry that stands in `text`, in ascending order of position.
    #[inline]
    pub fn search(&self, text: &[u8], hit: &mut impl FnMut(usize, u32)) -> Seen {
        #[cfg(target_arch = "x86_64")]
        if let Some(tables) = &self.vector {
            return tables.search(&self.buckets, text, hit);
        }
        self.buckets.search(text, 0, hit)
    }

    /// As [`Searcher::search`], without vector instructions.
    #[cfg(test)]
    pub fn search_portably(&self, text: &[u8], hit: &mut impl FnMut(usize, u32)) -> Seen {
        self.buckets.search(text, 0, hit)
    }
}
