//! What the logs cover.
//!
//! Files are added in any order and by the million; the result is the same for every order. What grows with the
//! input is bounded: stretches of time ([`busy`]) and days merge, file spans and clock jumps beyond a limit are
//! left out from the late end and counted.

mod builds;
mod busy;
mod days;
mod first;
mod overlaps;

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{BuildSeen, ClockBack, Coverage, FileCoverage, LogKind, ServerId};
use builds::Builds;
use busy::Busy;
use days::Days;
use first::First;
use overlaps::FileSpan;

/// Entries that each list of a [`Coverage`] holds at most.
const LISTED: usize = 100;
/// File spans kept, over all logs, to find overlaps.
const FILE_SPANS: usize = 100_000;

type Key = (ServerId, LogKind, Arc<str>);

#[derive(Debug, Default)]
struct Log {
    files: u64,
    files_in_window: u64,
    bytes: u64,
    lines: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    busy: Busy,
    days: Days,
    clock_back: First<(Timestamp, Arc<str>, u64), ClockBack>,
    /// Files whose span was left out.
    spans_left_out: u64,
}

impl Log {
    fn merge(&mut self, other: Self, gap: SignedDuration) {
        self.files += other.files;
        self.files_in_window += other.files_in_window;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.busy.merge(other.busy, gap);
        self.days.merge(other.days);
        self.clock_back.merge(other.clock_back, LISTED);
        self.spans_left_out += other.spans_left_out;
    }
}

/// Adds up what files cover, in bounded memory whatever their number and order.
#[derive(Debug)]
pub struct CoverageBook {
    gap: SignedDuration,
    logs: BTreeMap<Key, Log>,
    builds: BTreeMap<ServerId, Builds>,
    /// The latest on top.
    spans: BinaryHeap<(FileSpan, Key)>,
}

impl CoverageBook {
    /// An empty book; stretches without events longer than `gap` are listed.
    pub fn new(gap: SignedDuration) -> Self {
        Self {
            gap,
            logs: BTreeMap::new(),
            builds: BTreeMap::new(),
            spans: BinaryHeap::new(),
        }
    }

    /// Adds a file.
    pub fn add(&mut self, file: FileCoverage) {
        if !file.builds.is_empty() {
            let builds = self.builds.entry(file.server).or_default();
            file.builds.iter().for_each(|seen| builds.add(seen));
        }
        let key = (file.server, file.kind, file.source.clone());
        let log = self.logs.entry(key.clone()).or_default();
        log.files += 1;
        log.files_in_window += u64::from(file.in_window);
        log.bytes += file.bytes;
        log.lines += file.lines;
        for jump in file.clock_back {
            let place = &jump.place;
            log.clock_back
                .add((jump.from, place.file.clone(), place.line), jump, LISTED);
        }
        log.days.extend(&file.days);
        let Some(span) = file.span else { return };
        log.first = Some(log.first.map_or(span.from, |first| first.min(span.from)));
        log.last = log.last.max(Some(span.to));
        log.days.extend(&[span.from, span.to].map(days::of));
        log.busy.add(span, &file.gaps, self.gap);
        let file = FileSpan {
            span,
            file: file.file,
        };
        self.spans.push((file, key));
        if self.spans.len() > FILE_SPANS
            && let Some((_, key)) = self.spans.pop()
            && let Some(log) = self.logs.get_mut(&key)
        {
            log.spans_left_out += 1;
        }
    }

    /// Renames servers once names are settled; servers that become one are merged.
    pub fn rename_servers(&mut self, rename: impl Fn(ServerId) -> ServerId) {
        for ((server, kind, source), log) in std::mem::take(&mut self.logs) {
            self.logs
                .entry((rename(server), kind, source))
                .or_default()
                .merge(log, self.gap);
        }
        for (server, builds) in std::mem::take(&mut self.builds) {
            self.builds.entry(rename(server)).or_default().merge(builds);
        }
        let mut spans = std::mem::take(&mut self.spans).into_vec();
        for (_, key) in &mut spans {
            key.0 = rename(key.0);
        }
        self.spans = spans.into();
    }

    /// What one server's logs cover, by kind and source, and the builds that they tell of.
    pub fn of(&self, server: ServerId) -> (Vec<Coverage>, Vec<BuildSeen>) {
        let mut files: BTreeMap<&Key, Vec<&FileSpan>> = BTreeMap::new();
        for (span, key) in self.spans.iter().filter(|(_, key)| key.0 == server) {
            files.entry(key).or_default().push(span);
        }
        files.values_mut().for_each(|spans| spans.sort_unstable());
        let logs = self.logs.iter().filter(|((of, ..), _)| *of == server);
        let coverage = logs.map(|(key, log)| coverage(key, log, &files.remove(key).unwrap_or_default()));
        (
            coverage.collect(),
            self.builds.get(&server).map(Builds::timeline).unwrap_or_default(),
        )
    }
}

fn coverage(key: &Key, log: &Log, files: &[&FileSpan]) -> Coverage {
    let (overlaps, overlaps_left_out) = overlaps::find(files, key.1, LISTED);
    let (days_without_events, days_left_out) = log.days.missing(LISTED);
    let (gaps, gaps_left_out) = log.busy.gaps(LISTED);
    let left_out = overlaps_left_out + days_left_out + gaps_left_out + log.clock_back.left_out();
    Coverage {
        kind: key.1,
        source: key.2.to_string(),
        files: log.files,
        files_in_window: log.files_in_window,
        bytes: log.bytes,
        lines: log.lines,
        first: log.first,
        last: log.last,
        days_without_events,
        gaps,
        overlaps,
        clock_back: log.clock_back.values().cloned().collect(),
        not_listed: left_out + log.spans_left_out,
    }
}

#[cfg(test)]
mod tests;
