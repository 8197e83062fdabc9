//! Finding many short fragments at once, letter case aside.
//!
//! The search is Teddy's (Intel's Hyperscan): fragments are spread over buckets, and for each of four
//! neighbouring bytes tables of their half bytes say which buckets still agree. Where a bucket survives all
//! four, the entries at this position are looked up. On x86-64 the tables are consulted for 64 positions at once with
//! AVX-512, or for 32 with AVX2; elsewhere one position at a time. All find the same.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod buckets;
mod entry;
mod lookup;
mod plan;
mod planner;
#[cfg(test)]
mod tests;
mod traffic;

use super::Seen;
use buckets::{Buckets, GROUP, MAX_GROUPS};
pub(super) use entry::WINDOW;
use planner::Planner;
pub(super) use traffic::Traffic;

/// Windows that a bucket takes before more groups are opened.
const WINDOWS_A_BUCKET: usize = 8;

/// Ways to find one thing, of which one is taken.
pub(super) type Demand = Vec<Choice>;

/// Windows that together find a thing.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// One to four bytes each, none of them zero; a letter stands for both its cases.
    pub windows: Vec<Vec<u8>>,
    /// How often they stand in ordinary traffic, as a share of positions.
    pub rate: f32,
}

/// How a demand was met.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// The place of the choice taken.
    pub option: usize,
    /// By window, what is reported.
    pub ids: Vec<u32>,
}

/// A compiled set of windows.
#[derive(Debug)]
pub(super) struct Searcher {
    buckets: Buckets,
    #[cfg(target_arch = "x86_64")]
    narrow: Option<avx2::Tables>,
    #[cfg(target_arch = "x86_64")]
    wide: Option<avx512::Tables>,
}

impl Searcher {
    /// Families are sets of windows that share much of their bytes; a family's
    /// id is its place, and the ids of the demands' windows follow.
    pub fn new(families: &[Vec<Vec<u8>>], demands: &[Demand], traffic: &Traffic) -> (Self, Vec<Found>) {
        let wanted = families.len() + demands.len() / WINDOWS_A_BUCKET + 1;
        let groups = wanted.div_ceil(GROUP).clamp(1, MAX_GROUPS);
        let mut planner = Planner::new(families, groups * GROUP, traffic);
        let found = planner.meet(demands);
        let (plans, entries) = planner.finish();
        let buckets = Buckets::new(plans, &entries);
        let searcher = Self {
            #[cfg(target_arch = "x86_64")]
            narrow: avx2::Tables::new(&buckets),
            #[cfg(target_arch = "x86_64")]
            wide: avx512::Tables::new(&buckets),
            buckets,
        };
        (searcher, found)
    }

    /// Calls `hit` with position and id for each window that stands in `text`, in ascending order of position.
    #[inline]
    pub fn search(&self, text: &[u8], hit: &mut impl FnMut(usize, u32)) -> Seen {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(tables) = &self.wide {
                return tables.search(&self.buckets, text, hit);
            }
            if let Some(tables) = &self.narrow {
                return tables.search(&self.buckets, text, hit);
            }
        }
        self.buckets.search(text, 0, hit)
    }

    /// As [`Searcher::search`], without the widest vectors.
    #[cfg(test)]
    pub fn search_narrowly(&self, text: &[u8], hit: &mut impl FnMut(usize, u32)) -> Seen {
        #[cfg(target_arch = "x86_64")]
        if let Some(tables) = &self.narrow {
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

/// Looks up the positions of a step that passed.
#[cfg(target_arch = "x86_64")]
fn verify(mut positions: u64, buckets: &Buckets, text: &[u8], at: usize, hit: &mut impl FnMut(usize, u32)) {
    while positions != 0 {
        buckets.verify(text, at + positions.trailing_zeros() as usize, hit);
        positions &= positions - 1;
    }
}
