//! Activity over time, in steps that fit the span.

use std::collections::BTreeMap;

use imker_event::Saw;
use jiff::Timestamp;

use crate::model::{Activity, Step};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Steps kept; a longer span is kept in longer steps.
const MAX: usize = 8192;

/// Steps shown as they are; more become longer ones.
const SHOWN: i64 = 200;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    events: u64,
    requests: u64,
    stages: u64,
}

/// Counts by time. The order of events does not matter: steps begin at multiples of their length.
#[derive(Debug)]
pub(crate) struct Clock {
    seconds: i64,
    steps: BTreeMap<i64, Counts>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            seconds: HOUR,
            steps: BTreeMap::new(),
        }
    }
}

impl Clock {
    pub(crate) fn add(&mut self, time: Timestamp, saw: &Saw) {
        let counts = self
            .steps
            .entry(time.as_second().div_euclid(self.seconds))
            .or_default();
        counts.events += 1;
        match saw {
            Saw::WebRequest(_) | Saw::WebRequestRefused { .. } => counts.requests += 1,
            Saw::StageReached(_) => counts.stages += 1,
            _ => {}
        }
        while self.steps.len() > MAX {
            self.lengthen();
        }
    }

    fn lengthen(&mut self) {
        let times = match self.seconds {
            HOUR => DAY / HOUR,
            DAY => 7,
            _ => 4,
        };
        self.seconds *= times;
        for (step, counts) in std::mem::take(&mut self.steps) {
            let sum = self.steps.entry(step.div_euclid(times)).or_default();
            sum.events += counts.events;
            sum.requests += counts.requests;
            sum.stages += counts.stages;
        }
    }

    pub(crate) fn finish(mut self) -> Activity {
        while let (Some((first, _)), Some((last, _))) =
            (self.steps.first_key_value(), self.steps.last_key_value())
            && last - first >= SHOWN
        {
            self.lengthen();
        }
        let seconds = self.seconds;
        let steps = self.steps.into_iter().map(|(step, counts)| Step {
            from: Timestamp::from_second(step.saturating_mul(seconds)).unwrap_or(Timestamp::MIN),
            events: counts.events,
            requests: counts.requests,
            stages: counts.stages,
        });
        Activity {
            step_seconds: seconds.unsigned_abs(),
            steps: steps.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn steps_fit_the_span() {
        for (seconds, step) in [(7 * DAY, HOUR), (90 * DAY, DAY), (365 * DAY, 7 * DAY)] {
            let mut clock = Clock::default();
            for time in [0, seconds] {
                clock.add(Timestamp::from_second(time).unwrap(), &Saw::SensorStopped {});
            }
            let activity = clock.finish();
            assert_eq!(activity.step_seconds, step.unsigned_abs());
            assert_eq!(activity.steps.iter().map(|step| step.events).sum::<u64>(), 2);
        }
    }

    #[test]
    fn the_whole_range_of_time_fits() {
        let mut clock = Clock::default();
        let (from, to) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        for part in 0..20_000 {
            let time = Timestamp::from_second(from + (to - from) / 20_000 * part).unwrap();
            clock.add(time, &Saw::SensorStopped {});
        }
        let activity = clock.finish();
        assert!(activity.steps.len() as i64 <= SHOWN);
        assert_eq!(activity.steps.iter().map(|step| step.events).sum::<u64>(), 20_000);
    }
}
