//! Buckets: what passes their tables is looked up.

use super::Seen;
use super::entry::{Entry, WINDOW, window};
use super::lookup::Lookup;
use super::plan::Plan;

/// Buckets in a group: one bit each in a byte.
pub(super) const GROUP: usize = 8;
/// The most groups; a position costs one round of table look-ups for each.
pub(super) const MAX_GROUPS: usize = 4;

/// Entries spread over buckets.
#[derive(Debug)]
pub(super) struct Buckets {
    plans: Vec<Plan>,
    /// `tables[i][b]`: the buckets that byte `b` at window position `i` leaves standing.
    tables: Box<[[u32; 256]; WINDOW]>,
    lookup: Lookup,
}

/// For each window position and byte, its upper bit aside, the buckets of a group that are left standing.
pub(super) type ByteTables = [[u8; 128]; WINDOW];

impl Buckets {
    /// Each entry is admitted by one of the plans, of which there are whole groups.
    pub fn new(plans: Vec<Plan>, entries: &[Entry]) -> Self {
        assert!(plans.len().is_multiple_of(GROUP) && plans.len() <= GROUP * MAX_GROUPS);
        let mut tables = Box::new([[0; 256]; WINDOW]);
        for (bucket, plan) in plans.iter().enumerate() {
            for (at, table) in tables.iter_mut().enumerate() {
                for byte in 0..=u8::MAX {
                    table[usize::from(byte)] |= u32::from(plan.admits(at, byte)) << bucket;
                }
            }
        }
        Self {
            plans,
            tables,
            lookup: Lookup::new(entries),
        }
    }

    /// The half-byte tables, by group: for window position `i`, `[low, high]`.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    pub fn half_tables(&self) -> impl Iterator<Item = [[[u8; 16]; 2]; WINDOW]> + '_ {
        self.plans.chunks(GROUP).map(|plans| {
            std::array::from_fn(|at| {
                let table = |admitted: &dyn Fn(&Plan) -> u16| {
                    std::array::from_fn(|half| {
                        let bit = |plan| u8::from(admitted(plan) >> half & 1 == 1);
                        plans
                            .iter()
                            .enumerate()
                            .fold(0, |byte, (bucket, plan)| byte | bit(plan) << bucket)
                    })
                };
                [table(&|plan| plan.low(at)), table(&|plan| plan.high(at))]
            })
        })
    }

    /// The byte tables, by group.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    pub fn byte_tables(&self) -> impl Iterator<Item = ByteTables> + '_ {
        self.plans.chunks(GROUP).map(|plans| {
            std::array::from_fn(|at| {
                std::array::from_fn(|byte| {
                    let bit = |plan: &Plan| (plan.bytes(at) >> byte & 1) as u8;
                    plans
                        .iter()
                        .enumerate()
                        .fold(0, |buckets, (bucket, plan)| buckets | bit(plan) << bucket)
                })
            })
        })
    }

    /// Reports the entries that stand at a position.
    #[inline]
    pub fn verify(&self, text: &[u8], at: usize, hit: &mut impl FnMut(usize, u32)) {
        self.lookup.find(window(text, at), &mut |id| hit(at, id));
    }

    /// Searches one position after the other from `from` to the text's end.
    pub fn search(&self, text: &[u8], from: usize, hit: &mut impl FnMut(usize, u32)) -> Seen {
        let mut seen = Seen::default();
        for at in from..text.len() {
            let byte = text[at];
            seen.newlines += u64::from(byte == b'\n');
            seen.lowest = seen.lowest.min(byte);
            let survivors = window(text, at)
                .to_le_bytes()
                .iter()
                .zip(self.tables.iter())
                .fold(u32::MAX, |survivors, (&byte, table)| {
                    survivors & table[usize::from(byte)]
                });
            if survivors != 0 {
                self.verify(text, at, hit);
            }
        }
        seen
    }
}
