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
pub(super) use traffic::{Traffic, Unit};

/// What the search of this machine looks up at once.
pub(super) fn unit() -> Unit {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_available() {
        return Unit::Byte;
    }
    Unit::HalfByte
}

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

    /// Whether each kind of vector is searched with on this machine.
    #[cfg(test)]
    pub fn vectors(&self) -> [(&'static str, bool); 2] {
        #[cfg(target_arch = "x86_64")]
        return [("AVX-512", self.wide.is_some()), ("AVX2", self.narrow.is_some())];
        #[cfg(not(target_arch = "x86_64"))]
        [("AVX-512", false), ("AVX2", false)]
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

/// Steps that are searched before what passed is looked up.
#[cfg(target_arch = "x86_64")]
const STRETCH: usize = 64;

/// Positions that passed, 64 a step.
///
/// Whether one passed in a step is hard to foretell; noted without a branch it does not hold up the search.
#[cfg(target_arch = "x86_64")]
struct Passed {
    positions: [u64; STRETCH],
    steps: [u8; STRETCH],
    count: usize,
}

#[cfg(target_arch = "x86_64")]
impl Passed {
    const NONE: Self = Self {
        positions: [0; STRETCH],
        steps: [0; STRETCH],
        count: 0,
    };

    /// Takes note of a step's positions; there are at most [`STRETCH`] steps.
    #[inline]
    fn note(&mut self, step: usize, positions: u64) {
        self.positions[self.count] = positions;
        self.steps[self.count] = step as u8;
        self.count += usize::from(positions != 0);
    }

    /// Looks up what was noted since `at`.
    fn verify(&mut self, buckets: &Buckets, text: &[u8], at: usize, hit: &mut impl FnMut(usize, u32)) {
        for (step, positions) in self.steps.iter().zip(self.positions).take(self.count) {
            let mut positions = positions;
            while positions != 0 {
                let place = positions.trailing_zeros() as usize;
                buckets.verify(text, at + usize::from(*step) * 64 + place, hit);
                positions &= positions - 1;
            }
        }
        self.count = 0;
    }
}
