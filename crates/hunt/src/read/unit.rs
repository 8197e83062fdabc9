//! Large files, cut into units that several threads scan.
//!
//! A unit is scanned under the layout that the file begins with. Outcomes are put together in the file's order; where a
//! `#Fields` before a unit turns out to have changed the layout, the unit is scanned again under the right one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use imker_detect::LogKind;

use super::report::Reporter;
use super::{Hunt, Progressing};
use crate::input::Input;
use crate::scan::{Delivery, Encoding, InForce, Log, Outcome, Tools, scan};
use crate::walk::Entry;

/// A plain log that is large.
pub(super) struct LargeFile {
    pub(super) entry: Entry,
    size: u64,
    kind: LogKind,
    /// Where its text begins, behind a byte-order mark.
    start: u64,
    /// Bytes of a unit, and the number of units.
    unit: u64,
    units: u64,
    /// How many units may be ahead of those put together.
    window: u64,
    /// How many bytes of matched lines each may hold.
    held: usize,
    claimed: AtomicU64,
    joined: AtomicU64,
    /// What is in force at its beginning, and what later units are likely to find in force.
    first: InForce,
    likely: Mutex<InForce>,
    assembly: Mutex<Assembly>,
}

/// Outcomes put together so far, and those that wait for one before them.
struct Assembly {
    pending: BTreeMap<u64, (InForce, io::Result<Outcome>)>,
    so_far: Outcome,
    report: Reporter,
}

impl LargeFile {
    pub(super) fn new(
        hunt: &Hunt<'_>,
        entry: Entry,
        size: u64,
        kind: LogKind,
        start: u64,
        first: InForce,
        likely: InForce,
    ) -> Self {
        let unit = hunt.task.sizes.unit;
        let window = hunt.threads as u64 + 2;
        Self {
            size,
            kind,
            start,
            unit,
            units: size.div_ceil(unit),
            window,
            held: (16 << 20) / window as usize,
            claimed: AtomicU64::new(0),
            joined: AtomicU64::new(0),
            first,
            likely: Mutex::new(likely),
            assembly: Mutex::new(Assembly {
                pending: BTreeMap::new(),
                so_far: Outcome::default(),
                report: Reporter::new(&entry, None),
            }),
            entry,
        }
    }

    /// A unit to scan, unless too many wait already. Calls must not overlap.
    pub(super) fn claim(&self) -> Option<u64> {
        let next = self.claimed.load(Ordering::Acquire);
        let free = next < self.units && next < self.joined.load(Ordering::Acquire) + self.window;
        free.then(|| self.claimed.fetch_add(1, Ordering::AcqRel))
    }

    /// Whether all units were claimed.
    pub(super) fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::Acquire) >= self.units
    }

    /// Scans a unit and puts together what can be.
    pub(super) fn run(&self, unit: u64, hunt: &Hunt<'_>, tools: &mut Tools) {
        let assumed = if unit == 0 {
            self.first.clone()
        } else {
            self.likely.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        let outcome = self.scan(unit, assumed.clone(), hunt, tools, Delivery::Held(self.held));
        let mut assembly = self.assembly.lock().unwrap_or_else(PoisonError::into_inner);
        assembly.pending.insert(unit, (assumed, outcome));
        let mut next = self.joined.load(Ordering::Acquire);
        while let Some((assumed, outcome)) = assembly.pending.remove(&next) {
            self.join(next, &assumed, outcome, &mut assembly, hunt, tools);
            next += 1;
            self.joined.store(next, Ordering::Release);
        }
        if next == self.units {
            let Assembly { so_far, report, .. } = &mut *assembly;
            let so_far = std::mem::take(so_far);
            if self.start + so_far.bytes < self.size {
                let offset = self.start + so_far.bytes;
                report.unread(
                    hunt,
                    offset,
                    crate::UnreadReason::Io,
                    Some("the file became shorter".to_owned()),
                );
            }
            let finished = report.finish(hunt, &self.entry, self.kind, so_far);
            hunt.tally().add(finished);
        }
    }

    fn join(
        &self,
        unit: u64,
        assumed: &InForce,
        outcome: io::Result<Outcome>,
        assembly: &mut Assembly,
        hunt: &Hunt<'_>,
        tools: &mut Tools,
    ) {
        let Assembly { so_far, report, .. } = assembly;
        let is_right = unit == 0 || assumed.reads_like(&so_far.in_force);
        let lines = so_far.lines;
        let outcome = match outcome {
            Ok(outcome) if is_right && !outcome.overflowed => {
                report.deliver(hunt, &outcome.matched, lines);
                Ok(outcome)
            }
            Ok(_) => {
                let in_force = if unit == 0 {
                    self.first.clone()
                } else {
                    so_far.in_force.clone()
                };
                if !is_right {
                    *self.likely.lock().unwrap_or_else(PoisonError::into_inner) = in_force.clone();
                }
                let mut deliver = |batch: &[u8]| report.deliver(hunt, batch, lines);
                self.scan(unit, in_force, hunt, tools, Delivery::Now(&mut deliver))
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(outcome) => so_far.append(outcome, hunt.task.gap),
            Err(error) => report.failed(hunt, unit * self.unit, &error),
        }
    }

    fn scan(
        &self,
        unit: u64,
        in_force: InForce,
        hunt: &Hunt<'_>,
        tools: &mut Tools,
        delivery: Delivery<'_>,
    ) -> io::Result<Outcome> {
        let mut file = File::open(&self.entry.path)?;
        let from = unit * self.unit;
        // One byte earlier, to tell whether a line starts at the border.
        let at = if unit == 0 { self.start } else { from - 1 };
        file.seek(SeekFrom::Start(at))?;
        let mut source = Progressing {
            inner: &file,
            progress: hunt.progress,
        };
        let mut input = Input::new(&mut source, tools.buffers.pop().unwrap_or_default(), at);
        if unit > 0 {
            input.skip_line();
        }
        let stop = if unit + 1 == self.units {
            u64::MAX
        } else {
            from + self.unit
        };
        let log = Log {
            kind: self.kind,
            in_force,
            encoding: Encoding::Bytes,
        };
        let outcome = scan(&hunt.task, tools, log, &mut input, stop, delivery);
        let failure = input.failure();
        tools.buffers.push(input.into_buffer());
        match failure {
            Some(error) => Err(error),
            None => Ok(outcome),
        }
    }
}
