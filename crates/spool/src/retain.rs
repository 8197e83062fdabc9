//! Which segments go, and when.

use std::io;
use std::time::{Duration, SystemTime};

use crate::Error;
use crate::commit::{Active, Closed, Committer};
use crate::error::Io;
use crate::reserve::Evicted;
use crate::segment;
use crate::shared::{Shared, lock};
use crate::steady::SLACK;

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
                let suffices = free.saturating_add(active) >= min_free.saturating_add(bytes);
                if suffices && self.give_up_passed() {
                    continue;
                }
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

    /// Lets segments go for others who write to this disk, see [`Options::spare`](crate::Options::spare).
    pub(crate) fn spare(&mut self) {
        let Shared {
            dir,
            options,
            platform,
            ..
        } = &*self.shared;
        let (spare, Ok(free)) = (options.spare, platform.free(dir)) else {
            return;
        };
        let closed: u64 = self.state.closed.iter().map(|segment| segment.size).sum();
        if spare == 0 || free.saturating_add(closed) < spare {
            return;
        }
        let ahead = spare.saturating_add(2 * options.segment_size);
        let mut free = free;
        // A follower that lags may have open what goes: its room is still missing at the next beat then, and one more goes.
        while let Some(Closed { size, .. }) = self.state.closed.front().copied()
            && let is_passed = self.shared.cursors.behind(self.after_oldest().0 - 1).is_none()
            && free < if is_passed { ahead } else { spare }
            && self.evict_oldest()
        {
            free = free.saturating_add(size);
        }
    }

    /// Removes the oldest segment that is not being written; false where there is none.
    ///
    /// Where a cursor lags, the reserve learns of the loss first: no crash lets it go untold.
    pub(crate) fn evict_oldest(&mut self) -> bool {
        let Some(&oldest) = self.state.closed.front() else {
            return false;
        };
        let (follower, until) = self.after_oldest();
        let last = follower - 1;
        let noted = self.shared.cursors.behind(last).map(|(passed, _)| {
            let evicted = Evicted {
                first: oldest.first.max(passed + 1),
                last,
                from: segment::nanoseconds(oldest.created),
                until: segment::nanoseconds(until),
            };
            let before = lock(&self.shared.reserve).evict(evicted);
            self.shared.sync_reserve();
            before
        });
        let removed = self
            .shared
            .platform
            .remove(&segment::path(&self.shared.dir, oldest.first));
        if removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
            if let Some(before) = noted {
                lock(&self.shared.reserve).take_back(before);
            }
            return false;
        }
        self.state.closed.pop_front();
        true
    }

    /// Gives up what is in the segment being written, if there are cursors and all have passed it; whether it did.
    ///
    /// The next segment is begun first, for one must keep the sequence number whatever happens. There may be no room even
    /// for that: then nothing goes. The old one is emptied, not only removed: whoever follows still has it open.
    pub(crate) fn give_up_passed(&mut self) -> bool {
        let next = self.shared.durable.borrow().next;
        let cursors = &self.shared.cursors;
        let is_passed = cursors.highest() >= next - 1 && cursors.behind(next - 1).is_none();
        let active = &mut self.state.active;
        let Some(mut old) = active.take_if(|active| is_passed && !active.is_empty()) else {
            return false;
        };
        if self.begin(next).is_err() {
            self.state.active = Some(old);
            return false;
        }
        let size = if old.output.cut(0).is_ok() { 0 } else { old.length };
        self.state.closed.push_back(Closed {
            first: old.first,
            created: old.created,
            size,
        });
        self.evict_oldest();
        true
    }

    /// The first sequence number after the oldest segment that is not being written, and when it was given at the
    /// earliest.
    fn after_oldest(&self) -> (u64, SystemTime) {
        let next = self.state.closed.get(1).map(|next| (next.first, next.created));
        let active = self.state.active.as_ref();
        let active = active.map(|active| (active.first, active.created));
        next.or(active).unwrap_or_else(|| {
            // What is being written has numbers already, but is not on disk.
            let next = self.shared.durable.borrow().next;
            (next, self.shared.platform.now().0)
        })
    }

    /// Removes segments that are too old, and ends the one being written before it spans too long a time.
    ///
    /// Should a jump of the clock make all look old, none goes: the clock must have gone evenly for an hour, by
    /// comparison with the one that does not jump.
    pub(crate) fn expire(&mut self) {
        let now = self.shared.platform.now();
        let settled = self.clock.observe(now);
        let Some(max_age) = self.shared.options.max_age else {
            return;
        };
        let older = |time: SystemTime, age: Duration| now.0.duration_since(time).is_ok_and(|is| is > age);
        // Begun by a clock that was ahead, it would never grow old.
        let is_due = |begun: SystemTime| older(begun, max_age / 8) || (settled && begun > now.0 + SLACK);
        if self
            .state
            .active
            .as_ref()
            .is_some_and(|active| !active.is_empty() && is_due(active.created))
        {
            self.close_active();
            // The next append begins one where this fails.
            let _ = self.begin(self.state.next);
        }
        if !settled {
            return;
        }
        while let Some(finished) = self.oldest_finished(now.0) {
            if !older(finished, max_age) || !self.evict_oldest() {
                return;
            }
        }
    }

    /// When the oldest segment was finished, at the latest: a later one was begun then, by a clock that was neither
    /// behind the oldest's nor ahead of `now`. None where no such segment tells.
    fn oldest_finished(&self, now: SystemTime) -> Option<SystemTime> {
        let oldest = self.state.closed.front()?.created;
        let least = if oldest <= now {
            oldest
        } else {
            SystemTime::UNIX_EPOCH
        };
        let later = self.state.closed.iter().skip(1).map(|segment| segment.created);
        let active = self.state.active.as_ref().map(|active| active.created);
        later.chain(active).find(|begun| (least..=now).contains(begun))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use super::*;
    use crate::platform::{Output, Platform, System};
    use crate::recover::recover;
    use crate::{Options, segment};

    const DAY: Duration = Duration::from_hours(24);

    /// The real disk, and clocks that a test sets.
    #[derive(Clone)]
    struct Clocks(Arc<Mutex<(SystemTime, Instant)>>);

    impl Platform for Clocks {
        fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
            System.create(path)
        }
        fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>> {
            System.open(path, length)
        }
        fn remove(&self, path: &Path) -> io::Result<()> {
            System.remove(path)
        }
        fn sync_dir(&self, dir: &Path) -> io::Result<()> {
            System.sync_dir(dir)
        }
        fn free(&self, _: &Path) -> io::Result<u64> {
            Ok(u64::MAX)
        }
        fn now(&self) -> (SystemTime, Instant) {
            *self.0.lock().unwrap()
        }
    }

    struct Sensor {
        clocks: Clocks,
        committer: Committer,
        dir: tempfile::TempDir,
    }

    impl Sensor {
        fn at(time: SystemTime) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let clocks = Clocks(Arc::new(Mutex::new((time, Instant::now()))));
            let options = Options {
                max_age: Some(30 * DAY),
                ..Options::default()
            };
            let found = recover(Box::new(clocks.clone()), &dir.path().join("spool"), options).unwrap();
            let explain = Box::new(|_: &_| Vec::new());
            let committer = Committer::new(
                Arc::new(found.shared),
                found.state,
                Vec::new(),
                BTreeSet::new(),
                explain,
            );
            Self {
                clocks,
                committer,
                dir,
            }
        }

        fn jump(&self, to: SystemTime) {
            self.clocks.0.lock().unwrap().0 = to;
        }

        /// Both clocks go on for so long; each minute the committer looks at the segments' age.
        fn pass(&mut self, time: Duration) {
            for _ in 0..time.as_secs() / 60 {
                let mut now = self.clocks.0.lock().unwrap();
                now.0 += Duration::from_mins(1);
                now.1 += Duration::from_mins(1);
                drop(now);
                self.committer.expire();
            }
        }

        /// Begins a segment with one event.
        fn segment(&mut self) {
            self.committer.close_active();
            self.committer.begin(self.committer.state.next).unwrap();
            self.committer.state.active.as_mut().unwrap().length += 1;
            self.committer.state.next += 1;
        }

        fn segments(&self) -> Vec<u64> {
            segment::list(&self.dir.path().join("spool")).unwrap()
        }
    }

    #[test]
    fn a_segment_begun_by_a_clock_that_was_ahead_goes_when_its_time_is_over() {
        let start = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let mut sensor = Sensor::at(start + 3650 * DAY);
        sensor.segment();
        sensor.jump(start);
        sensor.pass(2 * Duration::from_hours(1));
        assert_eq!(sensor.segments(), [1, 2], "it is ended");
        sensor.pass(29 * DAY);
        assert_eq!(sensor.segments(), [1, 2]);
        sensor.pass(2 * DAY);
        assert_eq!(sensor.segments(), [2]);
    }

    #[test]
    fn a_segment_begun_by_a_clock_that_was_behind_takes_none_with_it() {
        let start = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let mut sensor = Sensor::at(start);
        sensor.segment();
        sensor.jump(SystemTime::UNIX_EPOCH);
        sensor.segment();
        sensor.jump(start);
        sensor.pass(DAY);
        assert_eq!(sensor.segments()[..2], [1, 2]);
        sensor.pass(31 * DAY);
        assert!(!sensor.segments().contains(&2), "{:?}", sensor.segments());
    }

    #[test]
    fn nothing_goes_because_of_a_jump() {
        let start = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let mut sensor = Sensor::at(start);
        sensor.segment();
        sensor.segment();
        sensor.pass(Duration::from_hours(2));
        sensor.jump(start + 3650 * DAY);
        sensor.pass(Duration::from_mins(50));
        sensor.jump(start);
        sensor.pass(Duration::from_hours(2));
        assert_eq!(sensor.segments()[..2], [1, 2]);
    }
}
