//! Scanning blocks of lines: matches, coverage, and what is wrong with them.

mod bad;
mod cover;
mod exposure;
mod outcome;
mod rows;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use imker_detect::LogKind;
use imker_sigma::{Pointed, RuleIndex, RuleSet, ScanScratch, Scratch};

use crate::coverage::JITTER;
use crate::formats::{Cells, directive, field_list, fields_of, is_proxy_header};
use crate::input::{Input, Piece, trim_nuls};
use crate::layout::Layouts;
use crate::model::{Limits, UnreadReason};
use crate::servers::Folder;
use crate::sightings::{Record, Rules, vantage};
use crate::time::{self, Millis};
pub(crate) use exposure::Reached;
pub(crate) use outcome::{Fit, InForce, Ordinary, Outcome, Traffic, Traits, add_traffic};

/// Bytes below this stand in no log.
const TEXT_MIN: u8 = 9;

/// How much of matched lines is gathered before it is delivered.
const BATCH: usize = 1 << 20;

/// Where logs are cut; each divides the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Stretches whose first and last lines tell the coverage.
    pub(crate) chunk: u64,
    /// What is read and scanned at once.
    pub(crate) block: u64,
    /// What one thread takes of a large file.
    pub(crate) unit: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            chunk: 64 << 10,
            block: 128 << 10,
            unit: 8 << 20,
        }
    }
}

/// What is looked for, and how; shared by all threads.
pub(crate) struct Task<'r> {
    pub(crate) rules: &'r RuleSet,
    pub(crate) layouts: Layouts<'r>,
    /// By rule, whether its matches alone are ordinary traffic, to be counted and no more.
    pub(crate) ordinary: Vec<bool>,
    pub(crate) purpose: Purpose,
    pub(crate) since: Option<Millis>,
    pub(crate) until: Option<Millis>,
    pub(crate) gap: Millis,
    pub(crate) limits: Limits,
    pub(crate) sizes: Sizes,
    /// Columns for logs that do not name them.
    pub(crate) fields: Option<Vec<String>>,
    /// Parse every line.
    pub(crate) every_line: AtomicBool,
}

/// What becomes of matched lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They are kept.
    Find,
    /// They are counted by hour, from the time given for each rule on.
    Follow(Vec<Millis>),
}

/// Reusable memory; one a thread.
#[derive(Default)]
pub(crate) struct Tools {
    cells: Cells,
    values: Vec<&'static [u8]>,
    matched: Vec<RuleIndex>,
    scan: ScanScratch,
    evaluate: Scratch,
    bad: Vec<(u64, u64, UnreadReason)>,
    /// The folder read last.
    pub(crate) folder: Option<Folder>,
    /// Of the block.
    ordinary: Ordinary,
    events: Vec<crate::coverage::Event>,
    /// Buffers for reading.
    pub(crate) buffers: Vec<Vec<u8>>,
}

/// How offsets in the text relate to offsets in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// They are the same.
    Bytes,
    /// The text was transcoded from UTF-16, which began at this offset.
    Utf16(u64),
}

/// Whether matched lines can be handed on at once.
pub(crate) enum Delivery<'d> {
    /// Yes: to this.
    Now(&'d mut dyn FnMut(&[u8])),
    /// Not before all that comes before is known; so many bytes may wait.
    Held(usize),
}

/// How a log is to be read.
pub(crate) struct Log {
    pub(crate) kind: LogKind,
    pub(crate) in_force: InForce,
    pub(crate) encoding: Encoding,
}

/// Scans lines of `input` that start before `stop`.
pub(crate) fn scan(
    task: &Task<'_>,
    tools: &mut Tools,
    log: Log,
    input: &mut Input<'_>,
    stop: u64,
    mut delivery: Delivery<'_>,
) -> Outcome {
    let Log {
        kind,
        in_force,
        encoding,
    } = log;
    let out = Outcome {
        in_force,
        ..Outcome::default()
    };
    let mut scanner = Scanner {
        task,
        tools,
        kind,
        encoding,
        out,
    };
    let start = input.offset();
    while let Some(piece) = input.next_piece(task.sizes.block, task.limits.line, stop) {
        match piece {
            Piece::Lines { bytes, offset, open } => scanner.lines(bytes, offset, open),
            Piece::TooLong { offset } => {
                let offset = scanner.place(&[], offset);
                scanner
                    .out
                    .bad
                    .push(scanner.out.lines, offset, UnreadReason::LineTooLong);
                scanner.out.lines += 1;
            }
            Piece::Nuls { offset } => {
                let offset = scanner.place(&[], offset);
                scanner
                    .out
                    .bad
                    .push(scanner.out.lines, offset, UnreadReason::Binary);
            }
        }
        match &mut delivery {
            Delivery::Now(deliver) if scanner.out.matched.len() >= BATCH => {
                deliver(&scanner.out.matched);
                scanner.out.matched.clear();
            }
            Delivery::Held(most) if scanner.out.matched.len() > *most => {
                scanner.out.overflowed = true;
                break;
            }
            _ => {}
        }
    }
    let mut out = scanner.out;
    if let Delivery::Now(deliver) = delivery
        && !out.matched.is_empty()
    {
        deliver(&out.matched);
        out.matched.clear();
    }
    out.bytes = input.offset() - start;
    out
}

/// What is in force after the first bytes of a log, where `start` is at its beginning.
pub(crate) fn in_force_after(task: &Task<'_>, kind: LogKind, head: &[u8], start: &InForce) -> InForce {
    let mut in_force = start.clone();
    let mut start = 0;
    // A line that is cut off at the end of `head` is left out.
    for end in memchr::memchr_iter(b'\n', head) {
        set(task, kind, &mut in_force, head[start..end].trim_ascii_end());
        start = end + 1;
    }
    in_force
}

/// What is in force where a log begins: columns from a header line without `#`, or those that the user gave.
pub(crate) fn in_force_at_start(task: &Task<'_>, kind: LogKind, head: &[u8]) -> InForce {
    let mut in_force = InForce::default();
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    if kind == LogKind::HttpProxy && is_proxy_header(head) {
        set(task, kind, &mut in_force, head[..end].trim_ascii_end());
    } else if let Some(fields) = &task.fields
        && fields.iter().any(|name| name.eq_ignore_ascii_case("UrlStem")) == (kind == LogKind::HttpProxy)
    {
        let names: Vec<_> = fields.iter().map(String::as_str).collect();
        in_force.layout = task.layouts.intern(kind, &names);
        in_force.by_option = true;
    }
    in_force
}

/// Obeys a directive; false where it sets nothing.
fn set(task: &Task<'_>, kind: LogKind, in_force: &mut InForce, line: &[u8]) -> bool {
    if let Some(day) = directive(line, b"#Date:") {
        in_force.day = day.get(..10).and_then(time::date).or(in_force.day);
        return true;
    }
    if let Some(layout) = task.layouts.recent(kind, line) {
        in_force.layout = Some(layout);
    } else if let Some(names) = fields_of(kind, line) {
        in_force.layout = task.layouts.intern(kind, &names);
        if let Some(layout) = &in_force.layout {
            task.layouts.remember(line, layout);
        }
    } else if directive(line, b"#Fields:").is_some() {
        // Names that are no text.
        in_force.layout = None;
    } else {
        return false;
    }
    in_force.by_option = false;
    true
}

struct Scanner<'s, 'r> {
    task: &'s Task<'r>,
    tools: &'s mut Tools,
    kind: LogKind,
    encoding: Encoding,
    out: Outcome,
}

/// A block of lines, and where it stands.
#[derive(Clone, Copy)]
struct Block<'b> {
    bytes: &'b [u8],
    /// In the text.
    offset: u64,
    /// In the file; differs where the text was transcoded.
    file_offset: u64,
    /// Line feeds before it.
    lines: u64,
    open: bool,
    encoding: Encoding,
    /// Known to hold no byte below [`TEXT_MIN`].
    is_text: bool,
}

impl Block<'_> {
    /// Where `bytes[at]` stands in the file.
    fn place(&self, at: usize) -> u64 {
        self.file_offset
            + match self.encoding {
                Encoding::Bytes => at as u64,
                Encoding::Utf16(_) => utf16_length(&self.bytes[..at]),
            }
    }

    /// Whether a range ends where the log does, in the middle of a line.
    fn is_unfinished(&self, end: usize) -> bool {
        self.open && end == self.bytes.len()
    }
}

/// The length in UTF-16 of text that was transcoded from it.
fn utf16_length(text: &[u8]) -> u64 {
    text.iter()
        .map(|byte| match byte {
            0x80..=0xbf => 0,
            0xf0.. => 4,
            _ => 2,
        })
        .sum()
}

/// Directives within a block: where the lines after one start, and what it set.
type Turns = Vec<(usize, InForce)>;

impl Scanner<'_, '_> {
    /// Where a place in the text stands in the file; `before` is what lies between the last such place and it.
    fn place(&mut self, before: &[u8], offset: u64) -> u64 {
        match &mut self.encoding {
            Encoding::Bytes => offset,
            Encoding::Utf16(at) => {
                let place = *at;
                *at += utf16_length(before);
                place
            }
        }
    }

    fn lines(&mut self, all: &[u8], offset: u64, open: bool) {
        let bytes = if open { trim_nuls(all) } else { all };
        let file_offset = self.place(all, offset);
        let lines = self.out.lines;
        let mut block = Block {
            bytes,
            offset,
            file_offset,
            lines,
            open,
            encoding: self.encoding,
            is_text: false,
        };
        let Some(last) = bytes.last() else { return };
        self.out.open = *last != b'\n';
        let before = self.out.in_force.clone();
        if before.layout.is_none() && self.out.headless.is_none() {
            self.out.headless = headless(self.kind, block);
        }
        let mark = self.out.matched.len();
        let mut turns = Turns::new();
        let seen = self.search(block, 0..bytes.len(), lines, &mut turns);
        block.is_text = seen.lowest >= TEXT_MIN;
        if !block.is_text {
            self.out.matched.truncate(mark);
            self.tools.bad.clear();
            self.tools.ordinary.clear();
            self.out.in_force = before.clone();
            turns.clear();
            self.search_between_binary(block, &mut turns);
        }
        self.out.lines += seen.newlines;
        if self.task.every_line.load(Ordering::Relaxed) {
            self.every_line(block, &before, &turns);
        }
        self.cover(block, &before, &turns);
        self.tools.bad.sort_unstable();
        self.tools.bad.dedup_by_key(|bad| bad.0);
        for (line, offset, reason) in self.tools.bad.drain(..) {
            self.out.bad.push(line, offset, reason);
        }
        while let Some((key, count)) = self.tools.ordinary.pop_first() {
            *self.out.ordinary.entry(key).or_default() += count;
        }
        if let Purpose::Follow(since) = &self.task.purpose {
            self.count_traffic(mark, since);
        }
    }

    /// Looks for matches in a part of a block.
    fn search(
        &mut self,
        block: Block<'_>,
        part: Range<usize>,
        lines: u64,
        turns: &mut Turns,
    ) -> imker_sigma::Seen {
        let mut scratch = std::mem::take(&mut self.tools.scan);
        let mut counted = LineNumber {
            at: part.start,
            lines,
        };
        let task = self.task;
        let seen =
            task.rules
                .prefilter()
                .scan(&block.bytes[part.clone()], &mut scratch, &mut |range, pointed| {
                    let range = part.start + range.start..part.start + range.end;
                    match pointed {
                        Pointed::Directive => self.directive(block, range, turns),
                        Pointed::Candidate(candidates) => {
                            if block.bytes[range.clone()].starts_with(b"#")
                                || is_proxy_header(&block.bytes[range.clone()])
                            {
                                self.directive(block, range, turns);
                            } else {
                                self.candidate(block, range, &mut counted, candidates);
                            }
                        }
                    }
                });
        self.tools.scan = scratch;
        seen
    }

    /// Looks for matches between bytes that no log has: what stands there may be whole lines.
    fn search_between_binary(&mut self, block: Block<'_>, turns: &mut Turns) {
        let mut start = 0;
        for (lines, line) in (block.lines..).zip(block.bytes.split_inclusive(|byte| *byte == b'\n')) {
            if line.iter().any(|byte| *byte < TEXT_MIN) {
                self.tools
                    .bad
                    .push((lines, block.place(start), UnreadReason::Binary));
            }
            let mut from = start;
            for part in line.split(|byte| *byte < TEXT_MIN) {
                if !part.trim_ascii().is_empty() {
                    self.search(block, from..from + part.len(), lines, turns);
                }
                from += part.len() + 1;
            }
            start += line.len();
        }
    }

    fn directive(&mut self, block: Block<'_>, range: Range<usize>, turns: &mut Turns) {
        let line = &block.bytes[range.clone()];
        if set(self.task, self.kind, &mut self.out.in_force, line) {
            // `#Date` may stand before the first `#Fields`.
            if self.out.in_force.layout.is_none() && directive(line, b"#Date:").is_none() {
                self.out.headless.get_or_insert(block.place(range.start));
            }
            turns.push((range.end, self.out.in_force.clone()));
        }
    }

    /// Evaluates a line that may match.
    fn candidate(
        &mut self,
        block: Block<'_>,
        range: Range<usize>,
        counted: &mut LineNumber,
        candidates: &imker_sigma::RuleBits,
    ) {
        let Self {
            task,
            tools,
            kind,
            out,
            ..
        } = self;
        let Some(layout) = &out.in_force.layout else {
            return;
        };
        let shape = &layout.shape;
        let line = &block.bytes[range.clone()];
        let whole =
            tools.cells.split(*kind, shape.width(), line) && out.in_force.fits(shape, tools.cells.len());
        let values = tools
            .cells
            .values(line, recycled(std::mem::take(&mut tools.values)));
        let row = imker_sigma::Row {
            line,
            values: &values,
        };
        layout.bound.evaluate(
            task.rules,
            row,
            candidates,
            &mut tools.evaluate,
            &mut tools.matched,
        );
        tools.values = recycled(values);
        let mut torn = !whole && !block.is_unfinished(range.end);
        if !tools.matched.is_empty() {
            match shape.time(line, &tools.cells, out.in_force.day) {
                Some(time) if !task.includes(time) => {}
                Some(_) if task.is_ordinary(&tools.matched) => {
                    let by = vantage(shape, line, &tools.cells);
                    for rule in &tools.matched {
                        *tools.ordinary.entry((*rule, by)).or_default() += 1;
                    }
                }
                Some(time) => Record {
                    time,
                    line: counted.of(block.bytes, range.start),
                    offset: block.place(range.start),
                    layout: layout.id,
                    source: 0,
                    rules: Rules::List(&tools.matched),
                    file: b"",
                    text: line,
                }
                .write(&mut out.matched),
                None => torn = true,
            }
        }
        if torn {
            tools.bad.push((
                counted.of(block.bytes, range.start),
                block.place(range.start),
                UnreadReason::Torn,
            ));
        }
    }
}

/// Line feeds before a place in a block, counted only where a line needs its number: few of those looked at do.
struct LineNumber {
    at: usize,
    lines: u64,
}

impl LineNumber {
    /// The number of the line at `place`; places ascend.
    fn of(&mut self, block: &[u8], place: usize) -> u64 {
        self.lines += memchr::memchr_iter(b'\n', &block[self.at..place]).count() as u64;
        self.at = place;
        self.lines
    }
}

impl Task<'_> {
    /// Whether lines that match these rules are ordinary.
    fn is_ordinary(&self, rules: &[RuleIndex]) -> bool {
        rules.iter().all(|rule| self.ordinary[rule.0 as usize])
    }

    /// Whether the window may lie between two events close to each other.
    fn may_lie_between(&self, first: Millis, last: Millis) -> bool {
        let (from, to) = (first.min(last) - JITTER, first.max(last) + JITTER);
        let outside = !self.includes(first) && !self.includes(last);
        outside && self.since.is_none_or(|since| to >= since) && self.until.is_none_or(|until| from < until)
    }

    /// Whether the user asked for requests of this time.
    fn includes(&self, time: Millis) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }
}

/// What is in force at a place within a block.
fn at<'t>(before: &'t InForce, turns: &'t Turns, place: usize) -> &'t InForce {
    turns
        .iter()
        .rev()
        .find(|(from, _)| *from <= place)
        .map_or(before, |(_, in_force)| in_force)
}

/// Where the first row before any `#Fields` stands.
fn headless(kind: LogKind, block: Block<'_>) -> Option<u64> {
    let mut start = 0;
    for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
        if field_list(kind, line).is_some() {
            return None;
        }
        if !line.starts_with(b"#") && !line.trim_ascii().is_empty() {
            return Some(block.place(start));
        }
        start += line.len();
    }
    None
}

/// Calls `see` with the range of each line in a part of a block, line ends left out.
fn for_each_line(bytes: &[u8], part: Range<usize>, mut see: impl FnMut(Range<usize>)) {
    let mut start = part.start;
    for end in memchr::memchr_iter(b'\n', &bytes[part.clone()]) {
        let end = part.start + end;
        see(start..without_return(bytes, start, end));
        start = end + 1;
    }
    if start < part.end {
        see(start..without_return(bytes, start, part.end));
    }
}

fn without_return(bytes: &[u8], start: usize, end: usize) -> usize {
    if end > start && bytes[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}

/// The memory of a list, for values that live elsewhere.
fn recycled<'a>(mut values: Vec<&[u8]>) -> Vec<&'a [u8]> {
    values.clear();
    values.into_iter().map(|_| &[][..]).collect()
}

/// Where all layouts are needed.
pub(crate) fn shapes(task: &Task<'_>) -> Vec<Arc<crate::formats::Shape>> {
    task.layouts
        .list()
        .iter()
        .map(|layout| Arc::clone(&layout.shape))
        .collect()
}
