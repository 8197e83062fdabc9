//! Entries spread over buckets, so that few positions pass a bucket's tables by chance.

use super::Seen;
use super::entry::{Entry, WINDOW, window};
use super::lookup::Lookup;
use super::plan::Plan;

/// Buckets in a group: one bit each in a byte.
pub(super) const GROUP: usize = 8;
/// The most groups; a position costs one round of table look-ups for each.
pub(super) const MAX_GROUPS: usize = 4;
/// Entries that a group takes before another is opened.
const ENTRIES_A_GROUP: usize = 48;

#[derive(Debug)]
pub(super) struct Buckets {
    plans: Vec<Plan>,
    /// `tables[i][b]`: the buckets that byte `b` at window position `i` leaves standing.
    tables: Box<[[u32; 256]; WINDOW]>,
    lookup: Lookup,
}

impl Buckets {
    /// Entries of one family share a bucket of their own; `others` are spread over the remaining ones.
    pub fn new(families: &[Vec<Entry>], others: &[Entry], frequency: &[f32; 256]) -> Self {
        let groups = (families.len().div_ceil(GROUP) + others.len() / ENTRIES_A_GROUP).clamp(1, MAX_GROUPS);
        assert!(
            families.len() < groups * GROUP,
            "there is a bucket for each family and one more"
        );
        let plans = Plan::spread(families, others, groups * GROUP, frequency);
        let mut tables = Box::new([[0; 256]; WINDOW]);
        for (bucket, plan) in plans.iter().enumerate() {
            for (at, table) in tables.iter_mut().enumerate() {
                for byte in 0..=u8::MAX {
                    table[usize::from(byte)] |= u32::from(plan.admits(at, byte)) << bucket;
                }
            }
        }
        let lookup = Lookup::new(families.iter().flatten().chain(others).copied());
        Self {
            plans,
            tables,
            lookup,
        }
    }

    /// The half-byte tables, by group: for window position `i`, `[low, high]`.
    pub fn half_tables(&self) -> impl Iterator<Item = [[[u8; 16]; 2]; WINDOW]> + '_ {
        self.plans.chunks(GROUP).map(|plans| {
            let mut tables = [[[0; 16]; 2]; WINDOW];
            for (bucket, plan) in plans.iter().enumerate() {
                for (at, halves) in tables.iter_mut().enumerate() {
                    for half in 0..16 {
                        halves[0][half] |= u8::from(plan.low(at) >> half & 1 == 1) << bucket;
                        halves[1][half] |= u8::from(plan.high(at) >> half & 1 == 1) << bucket;
                    }
                }
            }
            tables
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
