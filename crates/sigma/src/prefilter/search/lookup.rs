//! From the bytes at a position to the entries that stand there.

use super::entry::{Entry, WINDOW, key};

/// Entries, hashed by length and bytes, letter case aside.
#[derive(Debug)]
pub(super) struct Lookup {
    /// By length; lengths without entries are left out.
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    length: usize,
    shift: u32,
    /// `slots[hash]..slots[hash + 1]`: the range of `entries` with this hash.
    slots: Vec<u32>,
    entries: Vec<Entry>,
}

impl Lookup {
    pub fn new(entries: &[Entry]) -> Self {
        let tables = (1..=WINDOW)
            .map(|length| {
                Table::new(
                    length,
                    entries
                        .iter()
                        .copied()
                        .filter(|entry| entry.length() == length)
                        .collect(),
                )
            })
            .filter(|table| !table.entries.is_empty())
            .collect();
        Self { tables }
    }

    /// Calls `hit` with the id of each entry that stands at the start of `window`.
    #[inline]
    pub fn find(&self, window: u32, hit: &mut impl FnMut(u32)) {
        for table in &self.tables {
            let slot = table.slot(key(window, table.length));
            let (start, end) = (table.slots[slot] as usize, table.slots[slot + 1] as usize);
            for entry in &table.entries[start..end] {
                if entry.matches(window) {
                    hit(entry.id());
                }
            }
        }
    }
}

impl Table {
    fn new(length: usize, mut entries: Vec<Entry>) -> Self {
        let bits = (entries.len() * 16).next_power_of_two().trailing_zeros();
        let mut table = Self {
            length,
            shift: 32 - bits,
            slots: vec![0; (1 << bits) + 1],
            entries: Vec::new(),
        };
        entries.sort_by_cached_key(|entry| (table.slot(entry.key()), *entry));
        for entry in &entries {
            let slot = table.slot(entry.key());
            table.slots[slot + 1] += 1;
        }
        for slot in 1..table.slots.len() {
            table.slots[slot] += table.slots[slot - 1];
        }
        table.entries = entries;
        table
    }

    /// Fibonacci hashing; `shift` is below 32, as there are at least four slots.
    #[inline]
    fn slot(&self, key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }
}
