//! Handing over what a file held.

use std::io;
use std::path::Path;
use std::sync::Arc;

use imker_detect::{BuildSeen, ClockBack, FileCoverage, LogKind, Place, Span, Vantage};
use imker_exchange::Build;

use super::Hunt;
use crate::coverage::Covered;
use crate::model::{Unread, UnreadReason};
use crate::scan::Outcome;
use crate::servers::{self, Clue, Folder, LogPlace};
use crate::time::{day, timestamp};
use crate::walk::{Entry, Root};

/// Tells what one log, or one file that cannot be read, held.
pub(super) struct Reporter {
    name: Arc<str>,
    place: LogPlace,
    /// Number of the source that matched lines name, once there are any.
    source: Option<u32>,
}

impl Reporter {
    pub(super) fn new(entry: &Entry, member: Option<&str>) -> Self {
        Self {
            name: name(&entry.path, member),
            place: LogPlace::of(&entry.path, member, folder_of(&entry.root)),
            source: None,
        }
    }

    /// As [`Reporter::new`]; `last` is the folder of the file before.
    pub(super) fn in_folder(entry: &Entry, member: Option<&str>, last: &mut Option<Folder>) -> Self {
        if member.is_some() {
            return Self::new(entry, member);
        }
        Self {
            name: name(&entry.path, None),
            place: Folder::place(last, &entry.path, folder_of(&entry.root)),
            source: None,
        }
    }

    /// Takes matched lines, counted from `lines` on.
    pub(super) fn deliver(&mut self, hunt: &Hunt<'_>, batch: &[u8], lines: u64) {
        if batch.is_empty() {
            return;
        }
        let source = *self.source.get_or_insert_with(|| hunt.tally().new_source());
        let result = hunt.collector().absorb(batch, lines, &self.name, source);
        if let Err(error) = result {
            hunt.fail(error);
        }
    }

    /// Reports a stretch that cannot be read.
    pub(super) fn unread(&self, hunt: &Hunt<'_>, offset: u64, reason: UnreadReason, detail: Option<String>) {
        hunt.tally().unread.add(Unread {
            file: Arc::clone(&self.name),
            offset,
            reason,
            detail,
        });
    }

    /// Reports an error of the system.
    pub(super) fn failed(&self, hunt: &Hunt<'_>, offset: u64, error: &io::Error) {
        let reason = crate::open::reason(error);
        self.unread(hunt, offset, reason, Some(error.to_string()));
    }

    /// What a log of `entry` held, to be added to the tally.
    pub(super) fn finish(
        &self,
        hunt: &Hunt<'_>,
        entry: &Entry,
        kind: LogKind,
        mut outcome: Outcome,
    ) -> Finished {
        let traits = &outcome.traits;
        let clue = Clue::new(hunt.given_name(entry), &self.place, traits);
        let (source, vantage) = servers::source(kind, &self.place, traits);
        let lines = outcome.lines + u64::from(outcome.open);
        let covered = std::mem::take(&mut outcome.covered);
        let has_events = covered.has_begun();
        let coverage = self.coverage(kind, source, covered, outcome.in_window, outcome.bytes, lines);
        Finished {
            clue,
            vantage,
            source: self.source,
            coverage,
            has_events,
            outcome,
        }
    }

    fn coverage(
        &self,
        kind: LogKind,
        source: Arc<str>,
        covered: Covered,
        in_window: bool,
        bytes: u64,
        lines: u64,
    ) -> FileCoverage {
        let span = |(from, to)| Span {
            from: timestamp(from),
            to: timestamp(to),
        };
        let name = |build: Build| {
            let release = imker_exchange::release(build)?;
            let parts = [&release.product, &release.cumulative_update, &release.update];
            let parts: Vec<_> = parts
                .into_iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            Some(parts.join(" "))
        };
        FileCoverage {
            server: imker_detect::ServerId(0),
            kind,
            source,
            file: Arc::clone(&self.name),
            bytes,
            lines,
            span: covered.span.map(span),
            in_window,
            gaps: covered.gaps.into_iter().map(span).collect(),
            clock_back: (covered.jumps.into_iter())
                .map(|jump| ClockBack {
                    place: Place {
                        file: Arc::clone(&self.name),
                        line: jump.to.line + 1,
                        offset: jump.to.offset,
                    },
                    from: timestamp(jump.from),
                    to: timestamp(jump.to.time),
                })
                .collect(),
            days: covered.days.into_iter().map(day).collect(),
            builds: (covered.builds.into_iter())
                .map(|(build, seen)| BuildSeen {
                    build: Build(build).to_string(),
                    name: name(Build(build)),
                    span: span(seen),
                })
                .collect(),
        }
    }
}

/// What a log held, less what its [`Finished::coverage`] tells.
pub(super) struct Finished {
    pub(super) clue: Clue,
    pub(super) vantage: Vantage,
    /// Number of the source that its matched lines name.
    pub(super) source: Option<u32>,
    pub(super) coverage: FileCoverage,
    pub(super) has_events: bool,
    pub(super) outcome: Outcome,
}

/// Small logs that were read, added to the tally together: threads would wait for one another at every file.
#[derive(Default)]
pub(super) struct Batch {
    finished: Vec<Finished>,
    bytes: u64,
}

impl Batch {
    pub(super) fn add(&mut self, hunt: &Hunt<'_>, finished: Finished) {
        const LOGS: usize = 64;
        const BYTES: u64 = 1 << 20;
        self.bytes += finished.outcome.bytes;
        self.finished.push(finished);
        if self.finished.len() >= LOGS || self.bytes >= BYTES {
            self.flush(hunt);
        }
    }

    pub(super) fn flush(&mut self, hunt: &Hunt<'_>) {
        self.bytes = 0;
        let mut tally = hunt.tally();
        self.finished.drain(..).for_each(|finished| tally.add(finished));
    }
}

/// A file's name as the user would write it.
pub(super) fn name(path: &Path, member: Option<&str>) -> Arc<str> {
    let path = path.to_string_lossy();
    match member {
        Some(member) => format!("{path}!{member}").into(),
        None => path.into(),
    }
}

/// The folder that servers' folders lie in: a given folder, or that of a given file.
fn folder_of(root: &Root) -> &Path {
    if root.is_folder() {
        &root.path
    } else {
        root.path.parent().unwrap_or(&root.path)
    }
}
