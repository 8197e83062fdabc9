//! Which events of a sensor were seen already.

use std::collections::BTreeMap;

/// Intervals of one sensor's sequence numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sequences {
    /// First number of an interval and its last, both included.
    intervals: BTreeMap<u64, u64>,
}

/// Whether an event is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    Duplicate,
    /// It has a number that another event had.
    Conflict,
    /// There are too many holes to remember; the event is taken for new.
    NotRemembered,
}

impl Sequences {
    /// Intervals remembered for a sensor; a record without losses is one interval.
    const MAX: usize = 65_536;

    pub(crate) fn add(&mut self, sequence: u64) -> Novelty {
        let before = self
            .intervals
            .range(..=sequence)
            .next_back()
            .map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| sequence <= last) {
            return Novelty::Duplicate;
        }
        let joins_before = before.filter(|(_, last)| last.checked_add(1) == Some(sequence));
        let after = sequence
            .checked_add(1)
            .and_then(|next| self.intervals.remove(&next));
        match (joins_before, after) {
            (Some((first, _)), after) => {
                self.intervals.insert(first, after.unwrap_or(sequence));
            }
            (None, Some(last)) => {
                self.intervals.insert(sequence, last);
            }
            (None, None) if self.intervals.len() >= Self::MAX => return Novelty::NotRemembered,
            (None, None) => {
                self.intervals.insert(sequence, sequence);
            }
        }
        Novelty::New
    }

    /// Takes numbers for seen, first and last included.
    pub(crate) fn fill(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let (mut from, mut to) = (first, last);
        // Intervals that overlap or touch become one.
        while let Some((begin, end)) = self
            .intervals
            .range(..=to.saturating_add(1))
            .next_back()
            .map(|(begin, end)| (*begin, *end))
            .filter(|(_, end)| end.saturating_add(1) >= from)
        {
            self.intervals.remove(&begin);
            (from, to) = (from.min(begin), to.max(end));
        }
        self.intervals.insert(from, to);
    }

    /// Numbers between the first and the last one that were not seen.
    pub(crate) fn missing(&self) -> u64 {
        let mut missing = 0u64;
        let mut previous: Option<u64> = None;
        for (first, last) in &self.intervals {
            if let Some(previous) = previous {
                missing = missing.saturating_add(first - previous - 1);
            }
            previous = Some(*last);
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_gives_one_interval_and_repeats_are_told() {
        let mut seen = Sequences::default();
        for sequence in [5, 1, 3, 2, 4, u64::MAX, 0] {
            assert_eq!(seen.add(sequence), Novelty::New);
        }
        for sequence in [0, 3, 5, u64::MAX] {
            assert_eq!(seen.add(sequence), Novelty::Duplicate);
        }
        assert_eq!(seen.intervals.len(), 2);
        assert_eq!(seen.missing(), u64::MAX - 6);
    }

    #[test]
    fn what_is_filled_is_not_missing() {
        let mut seen = Sequences::default();
        for sequence in [1, 2, 10, 20, 30] {
            seen.add(sequence);
        }
        assert_eq!(seen.missing(), 25);
        seen.fill(3, 9);
        assert_eq!(seen.missing(), 18);
        seen.fill(8, 25);
        assert_eq!((seen.missing(), seen.intervals.len()), (4, 2));
        seen.fill(0, u64::MAX);
        assert_eq!((seen.missing(), seen.intervals.len()), (0, 1));
        seen.fill(5, 4);
        assert_eq!(seen.intervals.len(), 1);
    }

    #[test]
    fn holes_beyond_the_limit_are_told() {
        let mut seen = Sequences::default();
        for sequence in 0..Sequences::MAX as u64 {
            assert_eq!(seen.add(sequence * 2), Novelty::New);
        }
        assert_eq!(seen.add(u64::MAX), Novelty::NotRemembered);
        assert_eq!(seen.add(1), Novelty::New);
    }
}
