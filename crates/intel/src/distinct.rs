//! Counting different things in little memory.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::Distinct;

/// How many different values were seen: exact up to a limit, beyond it estimated from the smallest hashes
/// (k minimum values; Bar-Yossef et al., 2002). The order of values does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sketch<const KEPT: usize> {
    smallest: BTreeSet<u64>,
    full: bool,
}

impl<const KEPT: usize> Sketch<KEPT> {
    pub(crate) fn add(&mut self, value: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        if self.full && self.smallest.last().is_some_and(|largest| hash >= *largest) {
            return;
        }
        self.smallest.insert(hash);
        if self.smallest.len() > KEPT {
            self.smallest.pop_last();
            self.full = true;
        }
    }

    pub(crate) fn count(&self) -> Distinct {
        let kept = self.smallest.len() as u64;
        match self.smallest.last() {
            Some(largest) if self.full => {
                let share = (*largest as f64 / u64::MAX as f64).max(f64::MIN_POSITIVE);
                Distinct {
                    count: (((kept - 1) as f64 / share).round() as u64).max(kept),
                    estimated: true,
                }
            }
            _ => Distinct {
                count: kept,
                estimated: false,
            },
        }
    }
}

/// The smallest few of many values; whether there were more is told.
#[derive(Debug, Clone)]
pub(crate) struct Few<T, const KEPT: usize> {
    kept: BTreeSet<T>,
    pub(crate) more: bool,
}

impl<T, const KEPT: usize> Default for Few<T, KEPT> {
    fn default() -> Self {
        Self {
            kept: BTreeSet::new(),
            more: false,
        }
    }
}

impl<T: Ord, const KEPT: usize> Few<T, KEPT> {
    pub(crate) fn add(&mut self, value: T) {
        self.kept.insert(value);
        if self.kept.len() > KEPT {
            self.kept.pop_last();
            self.more = true;
        }
    }

    pub(crate) fn into_vec(self) -> Vec<T> {
        self.kept.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_up_to_the_limit_then_close() {
        let mut sketch = Sketch::<256>::default();
        (0..256u32).chain(0..256).for_each(|value| sketch.add(&value));
        assert_eq!((sketch.count().count, sketch.count().estimated), (256, false));
        (0..100_000u32).for_each(|value| sketch.add(&value));
        let counted = sketch.count();
        assert!(counted.estimated);
        assert!((80_000..120_000).contains(&counted.count), "{}", counted.count);
    }
}
