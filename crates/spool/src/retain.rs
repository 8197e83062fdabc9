//! Which segments go, and when.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use crate::Error;
use crate::commit::{Active, Committer};
use crate::error::Io;
use crate::reserve::Evicted;
use crate::segment;
use crate::shared::lock;

/// For how long the clock must have gone evenly before anything goes for its age.
const SETTLED: Duration = Duration::from_hours(1);
/// What a clock that is being adjusted may gain or lose between two looks.
const SLACK: Duration = Duration::from_mins(1);

impl Committer {
    /// Sees that so many bytes can be written within the limits; the oldest segments go for it.
    ///
    /// # Errors
    /// All went and it does not suffice.
    pub(crate) fn make_room(&mut self, bytes: u64) -> Result<(), Error> {
        loop {
            let options = &self.shared.options;
            let closed: u64 = self.state.closed.iter().map(|segment| segment.size).sum();
            let active = self.state.active.as_ref().map_or(0, |active| active.length);
            let too_large = closed + active + bytes > options.max_size;
            let min_free = options.min_free;
            let dir = &self.shared.dir;
            let free = self
                .shared
                .platform
                .free(dir)
                .on("ask for the free space of", dir)?;
            let no_room = free < min_free.saturating_add(bytes);
            if !too_large && !no_room {
                return Ok(());
            }
            let dir = dir.clone();
            if self.evict_oldest() {
                continue;
            }
            if no_room {
                return Err(Error::NoRoom { dir, free, min_free });
            }
            if self.state.active.as_ref().is_none_or(Active::is_empty) {
                // A single group that is larger than the spool may be.
                let source = io::Error::from(io::ErrorKind::QuotaExceeded);
                let remedy = "raise the spool's max_size";
                return Err(Error::Io {
                    action: "write",
                    path: dir,
                    source,
                    remedy,
                });
            }
            self.close_active();
        }
    }

    /// Removes the oldest segment that is not being written; false where there is none.
    ///
    /// Where a cursor lags, the reserve learns of the loss first: no crash lets it go untold.
    pub(crate) fn evict_oldest(&mut self) -> bool {
        let Some(&oldest) = self.state.closed.front() else {
            return false;
        };
        let next = self.state.closed.get(1).map(|next| (next.first, next.created));
        let active = self
            .state
            .active
            .as_ref()
            .map(|active| (active.first, active.created));
        let now = self.shared.platform.now().0;
        let (follower, until) = next.or(active).unwrap_or((self.state.next, now));
        let last = follower - 1;
        if let Some((passed, _)) = self.shared.cursors.behind(last) {
            let evicted = Evicted {
                first: oldest.first.max(passed + 1),
                last,
                from: segment::nanoseconds(oldest.created),
                until: segment::nanoseconds(until),
            };
            lock(&self.shared.reserve).evict(evicted);
            self.shared.sync_reserve();
        }
        let removed = self
            .shared
            .platform
            .remove(&segment::path(&self.shared.dir, oldest.first));
        if removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
            return false;
        }
        self.state.closed.pop_front();
        true
    }

    /// Removes segments that are too old, and ends the one being written before it spans too long a time.
    ///
    /// A segment's events are as old as the next segment at least. Should a jump of the clock make all look old,
    /// none goes: the clock must have gone evenly for an hour, by comparison with the one that does not jump. A
    /// segment that was begun by a clock far ahead goes late.
    pub(crate) fn expire(&mut self) {
        let now = self.shared.platform.now();
        let settled = self.steady.observe(now);
        let Some(max_age) = self.shared.options.max_age else {
            return;
        };
        let older =
            |created: SystemTime, age: Duration| now.0.duration_since(created).is_ok_and(|is| is > age);
        if self
            .state
            .active
            .as_ref()
            .is_some_and(|active| !active.is_empty() && older(active.created, max_age / 8))
        {
            self.close_active();
            // The next append begins one where this fails.
            let _ = self.begin(self.state.next);
        }
        if !settled {
            return;
        }
        loop {
            let next = self.state.closed.get(1).map(|next| next.created);
            let finished = next.or_else(|| self.state.active.as_ref().map(|active| active.created));
            let too_old = finished.is_some_and(|finished| older(finished, max_age));
            if !too_old || !self.evict_oldest() {
                return;
            }
        }
    }
}

/// Whether the clock has gone evenly of late.
#[derive(Debug)]
pub(crate) struct Steady {
    last: (SystemTime, Instant),
    since: Instant,
}

impl Steady {
    pub(crate) fn new(now: (SystemTime, Instant)) -> Self {
        Self {
            last: now,
            since: now.1,
        }
    }

    /// Takes note of both clocks; true where they have agreed for an hour.
    pub(crate) fn observe(&mut self, now: (SystemTime, Instant)) -> bool {
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
        let mut steady = Steady::new(start);
        assert!(!steady.observe(at(59, 0)));
        assert!(steady.observe(at(60, 0)));
        assert!(!steady.observe(at(61, 10_000)), "jumped ahead");
        assert!(!steady.observe(at(90, 10_000)));
        assert!(!steady.observe(at(91, 0)), "jumped back");
        assert!(!steady.observe(at(150, 0)));
        assert!(steady.observe(at(151, 0)));
    }
}
