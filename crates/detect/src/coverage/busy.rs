//! Stretches of time with events, no two nearer than the gap asked for.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::Span;

/// Stretches kept of one log. A log would need 65,536 gaps to get there; then the shortest gap is taken for busy.
const STRETCHES: usize = 65_536;

/// Start of each stretch to its end.
#[derive(Debug, Default)]
pub(super) struct Busy {
    stretches: BTreeMap<Timestamp, Timestamp>,
    /// Gaps taken for busy.
    closed: u64,
}

impl Busy {
    /// Adds a file's span, less its own gaps that are longer than `gap`.
    pub fn add(&mut self, span: Span, gaps: &[Span], gap: SignedDuration) {
        let mut gaps: Vec<&Span> = gaps
            .iter()
            .filter(|hole| longer(hole.from, hole.to, gap))
            .collect();
        gaps.sort();
        let mut from = span.from;
        for hole in gaps {
            // Where the clock went back, gaps of one file may overlap.
            if hole.from >= from && hole.to <= span.to {
                self.insert(from, hole.from, gap);
                from = hole.to;
            }
        }
        self.insert(from, span.to.max(from), gap);
    }

    pub fn merge(&mut self, other: Self, gap: SignedDuration) {
        self.closed += other.closed;
        for (from, to) in other.stretches {
            self.insert(from, to, gap);
        }
    }

    fn insert(&mut self, mut from: Timestamp, mut to: Timestamp, gap: SignedDuration) {
        if let Some((start, end)) = self.stretches.range(..=from).next_back()
            && !longer(*end, from, gap)
        {
            from = *start;
            to = to.max(*end);
        }
        while let Some((start, end)) = self.stretches.range(from..).next()
            && !longer(to, *start, gap)
        {
            to = to.max(*end);
            let start = *start;
            self.stretches.remove(&start);
        }
        self.stretches.insert(from, to);
        if self.stretches.len() > STRETCHES {
            self.close_shortest();
        }
    }

    fn close_shortest(&mut self) {
        let shortest = self
            .pairs()
            .min_by_key(|hole| (hole.to.duration_since(hole.from), hole.from));
        if let Some(hole) = shortest
            && let Some(end) = self.stretches.remove(&hole.to)
            && let Some(before) = self.stretches.range_mut(..hole.to).next_back()
        {
            *before.1 = end;
            self.closed += 1;
        }
    }

    fn pairs(&self) -> impl Iterator<Item = Span> + '_ {
        let ends = self.stretches.values();
        ends.zip(self.stretches.keys().skip(1))
            .map(|(from, to)| Span { from: *from, to: *to })
    }

    /// The stretches between: the first `limit`, and how many more.
    pub fn gaps(&self, limit: usize) -> (Vec<Span>, u64) {
        let listed: Vec<Span> = self.pairs().take(limit).collect();
        let left_out = self.stretches.len().saturating_sub(1 + listed.len()) as u64 + self.closed;
        (listed, left_out)
    }
}

fn longer(from: Timestamp, to: Timestamp, gap: SignedDuration) -> bool {
    to.duration_since(from) > gap
}
