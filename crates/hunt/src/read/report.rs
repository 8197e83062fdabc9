//! Handing over what a file held.

use std::io;
use std::path::Path;
use std::sync::Arc;

use imker_detect::{BuildSeen, ClockBack, FileCoverage, LogKind, Place, Span};
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

    /// Hands over what a log of `entry` held.
    pub(super) fn finish(&self, hunt: &Hunt<'_>, entry: &Entry, kind: LogKind, outcome: Outcome) {
        let traits = &outcome.traits;
        let given = hunt.given_name(entry);
        let clue = Clue::new(given, &self.place, traits);
        let (source, vantage) = servers::source(kind, &self.place, traits);
        let lines = outcome.lines + u64::from(outcome.open);
        let has_events = outcome.covered.has_begun();
        let coverage = self.coverage(kind, source, outcome.covered, outcome.bytes, lines);
        let mut tally = hunt.tally();
        let stretches = &outcome.bad.listed;
        if let Some(offset) = outcome.fit.wrong_from()
            && !stretches.iter().any(|stretch| stretch.offset == offset)
        {
            tally.unread.add(Unread {
                file: Arc::clone(&self.name),
                offset,
                reason: UnreadReason::Torn,
                detail: Some("the columns do not fit most rows".to_owned()),
            });
        }
        for stretch in outcome.bad.listed {
            let file = Arc::clone(&self.name);
            tally.unread.add(Unread {
                file,
                offset: stretch.offset,
                reason: stretch.reason,
                detail: None,
            });
        }
        tally.unread.count(outcome.bad.not_listed);
        if let Some(offset) = outcome.headless {
            let file = Arc::clone(&self.name);
            tally.unread.add(Unread {
                file,
                offset,
                reason: UnreadReason::NoFields,
                detail: None,
            });
        }
        tally.files += 1;
        tally.events_seen |= outcome.in_window;
        tally.outside += u64::from(has_events && !outcome.in_window);
        tally.bytes += outcome.bytes;
        tally.lines += lines;
        let clue = tally.clues.id(clue);
        tally.coverage.add(FileCoverage {
            server: clue,
            ..coverage
        });
        if let Some(source) = self.source {
            tally.set_source(source, clue, vantage);
        }
        tally.add_reached(clue, vantage, outcome.reached);
        tally.add_ordinary(clue, vantage, outcome.ordinary);
        tally.add_traffic(vantage, outcome.traffic);
        tally.add_layouts(outcome.layouts);
    }

    fn coverage(
        &self,
        kind: LogKind,
        source: Arc<str>,
        covered: Covered,
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
