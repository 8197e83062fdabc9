//! What a log covers, from the first and last line of each stretch of 64 KiB.
//!
//! A stretch whose ends are close in time, in order, and of the same build holds nothing of interest in between; any
//! other is read line by line. The outcome depends on where stretches lie in the file alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::time::{DAY, Millis};

/// How far the clock may go back without being named: requests are logged when they end, nearly in order.
pub(crate) const JITTER: Millis = 60_000;

/// The most gaps, and the most jumps of the clock, that are kept of one file.
const LISTED_MAX: usize = 1000;

/// The most days and builds that are kept of one file.
const DAYS_MAX: usize = 100_000;

/// When a line was logged and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) time: Millis,
    /// Line feeds before it, counted from where the reader of this stretch began.
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) build: Option<[u16; 4]>,
}

/// The clock going back between two neighbouring events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    pub(crate) from: Millis,
    pub(crate) to: Event,
}

/// What a piece of a log covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Covered {
    /// The first event in the file's order.
    first: Option<Event>,
    /// The time of the last event in the file's order.
    last: Millis,
    /// The latest time since the last jump.
    high: Millis,
    /// Earliest and latest time.
    pub(crate) span: Option<(Millis, Millis)>,
    pub(crate) gaps: Vec<(Millis, Millis)>,
    pub(crate) jumps: Vec<Jump>,
    pub(crate) days: BTreeSet<i32>,
    pub(crate) builds: BTreeMap<[u16; 4], (Millis, Millis)>,
}

impl Covered {
    /// Begins a stretch: what comes is compared with its own events, not with those before, beyond the border.
    pub(crate) fn stretch(&mut self, events: &[Event], gap: Millis) {
        let Some((first, rest)) = events.split_first() else {
            return;
        };
        self.join(*first, gap);
        self.high = first.time;
        for event in rest {
            self.join(*event, gap);
        }
    }

    /// Whether any event came.
    pub(crate) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Lets `settle` correct the jumps from the given one on, and the first event unless it is known already.
    pub(crate) fn locate(&mut self, jumps: usize, begun: bool, mut settle: impl FnMut(&mut Event)) {
        self.jumps[jumps..]
            .iter_mut()
            .for_each(|jump| settle(&mut jump.to));
        if let (false, Some(first)) = (begun, &mut self.first) {
            settle(first);
        }
    }

    fn join(&mut self, event: Event, gap: Millis) {
        if self.first.is_some() {
            self.compare(event, gap);
        } else {
            self.first = Some(event);
            self.high = event.time;
        }
        self.note(event.time, event.build);
        self.last = event.time;
        self.high = self.high.max(event.time);
    }

    fn compare(&mut self, event: Event, gap: Millis) {
        if event.time - self.last >= gap && self.gaps.len() < LISTED_MAX {
            self.gaps.push((self.last, event.time));
        }
        if event.time < self.high - JITTER {
            if self.jumps.len() < LISTED_MAX {
                self.jumps.push(Jump {
                    from: self.high,
                    to: event,
                });
            }
            self.high = event.time;
        }
    }

    fn note(&mut self, time: Millis, build: Option<[u16; 4]>) {
        widen(self.span.get_or_insert((time, time)), (time, time));
        let day = time.div_euclid(DAY) as i32;
        if self.days.len() < DAYS_MAX {
            self.days.insert(day);
        }
        if let Some(build) = build
            && (self.builds.len() < LISTED_MAX || self.builds.contains_key(&build))
        {
            widen(self.builds.entry(build).or_insert((time, time)), (time, time));
        }
    }

    /// Adds what follows in the same file, its lines counted from `lines` on.
    pub(crate) fn append(&mut self, mut next: Self, lines: u64, gap: Millis) {
        let Some(mut first) = next.first else { return };
        first.line += lines;
        for jump in &mut next.jumps {
            jump.to.line += lines;
        }
        if self.first.is_none() {
            *self = Self {
                first: Some(first),
                ..next
            };
            return;
        }
        self.compare(first, gap);
        (self.last, self.high) = (next.last, next.high);
        if let (Some(span), Some(more)) = (&mut self.span, next.span) {
            widen(span, more);
        }
        self.gaps.extend(next.gaps);
        self.gaps.truncate(LISTED_MAX);
        self.jumps.extend(next.jumps);
        self.jumps.truncate(LISTED_MAX);
        self.days.extend(next.days);
        for (build, span) in next.builds {
            widen(self.builds.entry(build).or_insert(span), span);
        }
    }
}

fn widen(span: &mut (Millis, Millis), more: (Millis, Millis)) {
    *span = (span.0.min(more.0), span.1.max(more.1));
}

/// Whether a stretch with these ends must be read line by line.
pub(crate) fn must_refine(first: &Event, last: &Event, gap: Millis) -> bool {
    let step = gap.min(crate::time::HOUR);
    last.time - first.time >= step || last.time < first.time - JITTER || last.build != first.build
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::time::HOUR;
    use proptest::prelude::*;

    fn events(times: &[Millis]) -> Vec<Event> {
        times
            .iter()
            .enumerate()
            .map(|(at, time)| Event {
                time: *time,
                line: at as u64,
                offset: at as u64 * 10,
                build: None,
            })
            .collect()
    }

    fn covered(stretches: &[Vec<Event>]) -> Covered {
        let mut covered = Covered::default();
        for stretch in stretches {
            covered.stretch(stretch, 24 * HOUR);
        }
        covered
    }

    #[test]
    fn gaps_and_jumps_are_found_between_neighbours() {
        let covered = covered(&[events(&[0, HOUR, 30 * HOUR, 30 * HOUR - 1000, 2 * HOUR])]);
        assert_eq!(covered.gaps, [(HOUR, 30 * HOUR)]);
        assert_eq!(covered.jumps.len(), 1);
        assert_eq!((covered.jumps[0].from, covered.jumps[0].to.line), (30 * HOUR, 4));
        assert_eq!(covered.days, BTreeSet::from([0, 1]));
        assert_eq!(covered.span, Some((0, 30 * HOUR)));
    }

    proptest! {
        #[test]
        fn cutting_between_stretches_changes_nothing(
            stretches in prop::collection::vec(prop::collection::vec(0..200 * HOUR, 1..5), 1..8),
            cut in 0_usize..8,
        ) {
            let mut line = 0;
            let stretches: Vec<Vec<Event>> = stretches.iter().map(|times| times.iter().map(|time| {
                line += 1;
                Event { time: *time, line, offset: line * 10, build: Some([15, 1, (*time % 3) as u16, 0]) }
            }).collect()).collect();
            let whole = covered(&stretches);
            let cut = cut.min(stretches.len());
            let mut joined = covered(&stretches[..cut]);
            let base = stretches[..cut].iter().map(Vec::len).sum::<usize>() as u64;
            let mut rest = stretches[cut..].to_vec();
            rest.iter_mut().flatten().for_each(|event| event.line -= base);
            joined.append(covered(&rest), base, 24 * HOUR);
            prop_assert_eq!(whole, joined);
        }
    }
}
