use std::time::{Duration, Instant, SystemTime};

/// For how long the clock must have gone evenly before anything goes for its age.
const SETTLED: Duration = Duration::from_hours(1);
/// What a clock that is being adjusted may gain or lose between two looks.
pub(crate) const SLACK: Duration = Duration::from_mins(1);

/// Tells whether the clock that may jump can be believed: nothing goes for its age while it cannot.
#[derive(Debug)]
pub struct SteadyClock {
    last: (SystemTime, Instant),
    since: Instant,
}

impl SteadyClock {
    /// Begins to look at both clocks.
    pub fn new(now: (SystemTime, Instant)) -> Self {
        Self {
            last: now,
            since: now.1,
        }
    }

    /// Takes note of both clocks; true where they have agreed for an hour. It should be asked every minute or so.
    pub fn observe(&mut self, now: (SystemTime, Instant)) -> bool {
        let passed = now.1.saturating_duration_since(self.last.1);
        let expected = self.last.0 + passed;
        let off = now
            .0
            .duration_since(expected)
            .unwrap_or_else(|behind| behind.duration());
        if off > SLACK {
            self.since = now.1;
        }
        self.last = now;
        now.1.saturating_duration_since(self.since) >= SETTLED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumped_is_not_believed_for_an_hour() {
        let start = (SystemTime::UNIX_EPOCH, Instant::now());
        let at = |minutes: u64, ahead: u64| {
            let passed = Duration::from_mins(minutes);
            (start.0 + passed + Duration::from_hours(ahead), start.1 + passed)
        };
        let mut clock = SteadyClock::new(start);
        assert!(!clock.observe(at(59, 0)));
        assert!(clock.observe(at(60, 0)));
        assert!(!clock.observe(at(61, 10_000)), "jumped ahead");
        assert!(!clock.observe(at(90, 10_000)));
        assert!(!clock.observe(at(91, 0)), "jumped back");
        assert!(!clock.observe(at(150, 0)));
        assert!(clock.observe(at(151, 0)));
    }
}
