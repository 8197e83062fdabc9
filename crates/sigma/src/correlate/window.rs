//! What a correlation remembers of one group's recent requests.

use std::collections::VecDeque;

use super::model::{Correlation, Measure};

/// Requests remembered as part of a window that has not fired; of more, the oldest are forgotten.
const MAX_PENDING: usize = 1024;

/// The state of one group of a correlation. Its size is bounded by the rule's thresholds.
#[derive(Debug)]
pub(crate) struct Window {
    state: State,
    /// Times of requests that no firing has counted yet.
    pending: VecDeque<i64>,
    /// Time of the last request.
    pub(crate) last: i64,
}

/// All times are milliseconds, ascending.
#[derive(Debug)]
enum State {
    /// The last requests, as many as the threshold tells apart.
    Times(VecDeque<i64>),
    /// The last different values, by hash, each with its last time; as many as the threshold tells apart.
    Values(VecDeque<(i64, u64)>),
    /// Each rule's last time.
    Rules(Vec<Option<i64>>),
    /// For each rule its last time, and the latest start of a chain of all rules up to it.
    Chain(Vec<(Option<i64>, Option<i64>)>),
}

/// Requests that a firing newly counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Firing {
    pub(crate) count: u64,
    pub(crate) first: i64,
}

impl Window {
    pub(crate) fn new(correlation: &Correlation) -> Self {
        let rules = correlation.rules.len();
        let state = match &correlation.measure {
            Measure::Count(_) => State::Times(VecDeque::new()),
            Measure::Values(..) => State::Values(VecDeque::new()),
            Measure::Rules(_) | Measure::Condition(_) => State::Rules(vec![None; rules]),
            Measure::Ordered(_) => State::Chain(vec![(None, None); rules]),
        };
        Self {
            state,
            pending: VecDeque::new(),
            last: i64::MIN,
        }
    }

    /// Entries held, for the bound on all windows together.
    pub(crate) fn size(&self) -> usize {
        let state = match &self.state {
            State::Times(times) => times.len(),
            State::Values(values) => 2 * values.len(),
            State::Rules(rules) => rules.len(),
            State::Chain(rules) => 2 * rules.len(),
        };
        // What a window weighs besides, in entries.
        16 + state + self.pending.len()
    }

    /// Takes a request at `time` that matched the rules at `places`, with the hash of its counted values;
    /// tells whether the rule fires.
    pub(crate) fn observe(
        &mut self,
        correlation: &Correlation,
        time: i64,
        places: &[usize],
        value: Option<u64>,
    ) -> Option<Firing> {
        let start = time.saturating_sub(correlation.span);
        self.last = time;
        self.remember(correlation, time, start, places, value);
        self.pending.push_back(time);
        while self.pending.front().is_some_and(|time| *time < start) || self.pending.len() > MAX_PENDING {
            self.pending.pop_front();
        }
        if !self.holds(correlation, start) {
            return None;
        }
        let firing = Firing {
            count: self.pending.len() as u64,
            first: *self.pending.front()?,
        };
        self.pending.clear();
        Some(firing)
    }

    fn remember(
        &mut self,
        correlation: &Correlation,
        time: i64,
        start: i64,
        places: &[usize],
        value: Option<u64>,
    ) {
        match (&mut self.state, &correlation.measure) {
            (State::Times(times), Measure::Count(threshold)) => {
                times.push_back(time);
                while times.front().is_some_and(|time| *time < start) || times.len() > threshold.ceiling() {
                    times.pop_front();
                }
            }
            (State::Values(values), Measure::Values(_, threshold)) => {
                if let Some(value) = value {
                    values.retain(|(_, known)| *known != value);
                    values.push_back((time, value));
                }
                while values.front().is_some_and(|(time, _)| *time < start)
                    || values.len() > threshold.ceiling()
                {
                    values.pop_front();
                }
            }
            (State::Rules(rules), _) => places.iter().for_each(|place| rules[*place] = Some(time)),
            (State::Chain(rules), _) => places.iter().for_each(|place| extend_chain(rules, *place, time)),
            _ => {}
        }
    }

    fn holds(&self, correlation: &Correlation, start: i64) -> bool {
        match (&self.state, &correlation.measure) {
            (State::Times(times), Measure::Count(threshold)) => threshold.holds(times.len()),
            (State::Values(values), Measure::Values(_, threshold)) => threshold.holds(values.len()),
            (State::Rules(rules), Measure::Rules(threshold)) => {
                threshold.holds(rules.iter().flatten().filter(|time| **time >= start).count())
            }
            (State::Rules(rules), Measure::Condition(condition)) => {
                condition.holds(&|place| rules[place].is_some_and(|time| time >= start))
            }
            (State::Chain(rules), Measure::Ordered(condition)) => {
                let complete = rules
                    .last()
                    .and_then(|(_, chain)| *chain)
                    .is_some_and(|begun| begun >= start);
                let fired = |place: usize| rules[place].0.is_some_and(|time| time >= start);
                complete && condition.as_ref().is_none_or(|condition| condition.holds(&fired))
            }
            _ => false,
        }
    }
}

/// Notes that the rule at `place` matched. A chain is as late as it can be: of two chains up to a rule, the
/// one that began later serves every window that the other serves.
fn extend_chain(rules: &mut [(Option<i64>, Option<i64>)], place: usize, time: i64) {
    rules[place].0 = Some(time);
    // Requests of one instant count as ordered either way, so later rules of this instant may follow anew.
    for at in place..rules.len() {
        if rules[at].0 != Some(time) {
            break;
        }
        let begun = if at == 0 { Some(time) } else { rules[at - 1].1 };
        rules[at].1 = rules[at].1.max(begun);
    }
}
