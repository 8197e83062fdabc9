//! What a hunt is asked and what reading yields.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use imker_detect::{CoverageBook, LogKind, OrdinaryCount};
use imker_sigma::RuleIndex;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::sightings::Sightings;

/// What to read and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files and folders; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Names that the user gave to the logs below a path (`--server NAME=PATH`).
    pub servers: Vec<(String, PathBuf)>,
    /// Requests before this are left out.
    pub since: Option<Timestamp>,
    /// Requests from this on are left out.
    pub until: Option<Timestamp>,
    /// Columns for logs without a `#Fields` directive (`--fields`).
    pub fields: Option<Vec<String>>,
    /// Stretches without events longer than this are listed.
    pub gap: SignedDuration,
    /// Parse every line, for exposure; `None`: where the input is below [`Options::STATS_LIMIT`].
    pub stats: Option<bool>,
    /// Take SHA-256 of each input.
    pub hash: bool,
    /// Threads; by default one a core.
    pub threads: Option<NonZeroUsize>,
    /// Bounds on what is read from compressed input.
    pub limits: Limits,
}

impl Options {
    /// Input size, in bytes as stored, from which on statistics are taken only where asked for.
    pub const STATS_LIMIT: u64 = 1 << 30;

    /// Everything below `paths`, with default bounds.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            servers: Vec::new(),
            since: None,
            until: None,
            fields: None,
            gap: SignedDuration::from_hours(24),
            stats: None,
            hash: false,
            threads: None,
            limits: Limits::default(),
        }
    }
}

/// Bounds on decompression and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, in bytes.
    pub line: usize,
    /// The most unpacked bytes for each packed byte, beyond the first 64 MiB.
    pub ratio: u64,
    /// The most unpacked bytes of one archive or compressed file.
    pub unpacked: u64,
    /// The most members of one archive.
    pub members: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 1 << 20,
            ratio: 200,
            unpacked: 64 << 30,
            members: 1_000_000,
        }
    }
}

/// What reading yields.
#[derive(Debug)]
pub struct Reading {
    /// Server names, in the order of [`ServerId`](imker_detect::ServerId).
    pub servers: Vec<Arc<str>>,
    /// What the logs cover.
    pub coverage: CoverageBook,
    /// Matched requests, without those that only rules for ordinary traffic matched.
    pub sightings: Sightings,
    /// How many of those there are, by rule, server and vantage; one request may stand in logs of several vantages.
    pub ordinary: Vec<OrdinaryCount>,
    /// What could not be read, the first [`Reading::UNREAD_LISTED`] of it.
    pub unread: Vec<Unread>,
    /// Further entries of that kind.
    pub unread_not_listed: u64,
    /// Files of other kinds, by kind.
    pub set_aside: BTreeMap<String, u64>,
    /// Which virtual directories were reached, where statistics were taken.
    pub exposure: Option<Vec<Exposure>>,
    /// Rules that some logs could not answer.
    pub unanswerable: Vec<Unanswerable>,
    /// Input files with size, times and hash, by path; empty unless asked for. Bounded: the first
    /// [`Reading::INPUTS_LISTED`] by path.
    pub inputs: Vec<InputFile>,
    /// Further ones, hashed in vain.
    pub inputs_not_listed: u64,
    /// Log files read, members of archives included.
    pub files: u64,
    /// Unpacked bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// [`Options::since`] and [`Options::until`]. The coverage is that of the whole logs, matches are from within.
    pub window: (Option<Timestamp>, Option<Timestamp>),
    /// Log files of which no event lies within the window.
    pub outside: u64,
    /// Whether any log has an event within the window; where not, nothing was looked at.
    pub events_seen: bool,
}

impl Reading {
    /// Entries that [`Reading::unread`] holds at most.
    pub const UNREAD_LISTED: usize = 1000;

    /// Entries that [`Reading::inputs`] holds at most.
    pub const INPUTS_LISTED: usize = 100_000;

    /// Whether any line of a log with a time within the window was covered.
    pub fn has_events(&self) -> bool {
        self.events_seen
    }

    /// Whether everything that looked like a web log was read whole.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && self.unread_not_listed == 0
    }
}

/// A stretch of a log that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unread {
    /// The file; in an archive `archive!member`.
    pub file: Arc<str>,
    /// Where it begins, in unpacked bytes.
    pub offset: u64,
    /// Why.
    pub reason: UnreadReason,
    /// The reader's or the system's own words, where there are any: hostile text.
    pub detail: Option<String>,
}

/// Why a stretch could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnreadReason {
    /// No permission to open it.
    Permission,
    /// Reading failed.
    Io,
    /// The archive or compressed stream is damaged.
    Damaged,
    /// The compressed stream ends before its end.
    Truncated,
    /// Bytes that no log has (binary stretch, NULs in the middle).
    Binary,
    /// A line with too few or unreadable values.
    Torn,
    /// A line longer than the limit.
    LineTooLong,
    /// A web log without `#Fields` directive; `--fields` tells the columns.
    NoFields,
    /// More unpacked bytes for each packed byte than the limit allows.
    RatioLimit,
    /// More unpacked bytes than the limit allows.
    SizeLimit,
    /// More members than the limit allows.
    MemberLimit,
    /// An archive nested deeper than one level.
    TooDeep,
    /// An archive member that is encrypted or packed in an unknown way.
    Unsupported,
}

/// Requests to one virtual directory of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Exposure {
    /// Server, by name.
    pub server: Arc<str>,
    /// Virtual directory, as Exchange writes it.
    pub virtual_directory: String,
    /// Requests from public addresses that were answered with success or a redirect (status below 400).
    pub public_successful: u64,
    /// Requests from public addresses that were refused or failed.
    pub public_refused: u64,
    /// Requests from other addresses.
    pub internal: u64,
}

/// A rule that logs of some kind could not answer, because they lack columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswerable {
    /// The rule.
    pub rule: RuleIndex,
    /// The kind of log.
    pub kind: LogKind,
    /// Files of that kind that lack the columns.
    pub files: u64,
}

/// An input file as found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct InputFile {
    /// Path.
    pub file: Arc<str>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Last modification.
    #[schemars(with = "Option<String>")]
    pub modified: Option<Timestamp>,
    /// Creation, where the file system tells.
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
}
