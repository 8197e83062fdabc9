//! The first entries of a list of any length.

use std::collections::BTreeMap;

/// Keeps the entries with the smallest keys and counts the rest; the order of adding does not matter.
#[derive(Debug)]
pub(super) struct First<K, V> {
    kept: BTreeMap<K, V>,
    left_out: u64,
}

impl<K, V> Default for First<K, V> {
    fn default() -> Self {
        Self {
            kept: BTreeMap::new(),
            left_out: 0,
        }
    }
}

impl<K: Ord, V> First<K, V> {
    pub fn add(&mut self, key: K, value: V, limit: usize) {
        self.kept.insert(key, value);
        if self.kept.len() > limit {
            self.kept.pop_last();
            self.left_out += 1;
        }
    }

    pub fn merge(&mut self, other: Self, limit: usize) {
        self.left_out += other.left_out;
        for (key, value) in other.kept {
            self.add(key, value, limit);
        }
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.kept.values()
    }

    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}
