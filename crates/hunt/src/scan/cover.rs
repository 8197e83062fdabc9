//! Sampling what a block covers.

use std::ops::Range;

use super::{Block, Fit, InForce, Scanner, TEXT_MIN, Turns, at, for_each_line};
use imker_detect::LogKind;

use crate::coverage::{Event, must_refine};
use crate::formats::{Cells, is_proxy_header};

impl Scanner<'_, '_> {
    /// Tells the coverage what a block holds.
    pub(super) fn cover(&mut self, block: Block<'_>, before: &InForce, turns: &Turns) {
        let mut events = std::mem::take(&mut self.tools.events);
        let (jumps, begun) = (self.out.covered.jumps.len(), self.out.covered.has_begun());
        let mut start = 0;
        while start < block.bytes.len() {
            let end = self.chunk_end(block, start);
            events.clear();
            self.fit(block, start..end, before, turns);
            self.sample(block, start..end, before, turns, &mut events);
            self.out.in_window |= events.iter().any(|event| self.task.includes(event.time));
            self.out.covered.stretch(&events, self.task.gap);
            start = end;
        }
        // Line numbers are counted for the few events that need one.
        self.out.covered.locate(jumps, begun, |event| {
            let at = (event.offset - block.offset) as usize;
            event.line = block.lines + memchr::memchr_iter(b'\n', &block.bytes[..at]).count() as u64;
            event.offset = block.place(at);
        });
        self.tools.events = events;
    }

    /// Where the lines end that start in the same chunk of the file as the one at `start`.
    fn chunk_end(&self, block: Block<'_>, start: usize) -> usize {
        let chunk = self.task.sizes.chunk;
        let border = ((block.offset + start as u64) / chunk + 1) * chunk - block.offset;
        let rest = block.bytes.get(border as usize - 1..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(block.bytes.len(), |feed| border as usize + feed)
    }

    /// Looks at a chunk's first rows, until the columns fit one.
    fn fit(&mut self, block: Block<'_>, chunk: Range<usize>, before: &InForce, turns: &Turns) {
        const ROWS_MAX: u64 = 16;
        let cells = &mut self.tools.cells;
        let mut fit = Fit::default();
        for_each_line_until(block.bytes, chunk, |range| {
            let line = &block.bytes[range.clone()];
            let in_force = at(before, turns, range.start);
            let is_row = !line.is_empty() && line[0] != b'#' && !is_proxy_header(line);
            let is_text = block.is_text || line.iter().all(|byte| *byte >= TEXT_MIN);
            if let Some(layout) = &in_force.layout
                && is_row
                && is_text
                && !block.is_unfinished(range.end)
            {
                let shape = &layout.shape;
                let whole = cells.split(shape.kind, shape.width(), line);
                // Values of IIS hold no blanks: a surplus one shifts all others.
                let surplus = shape.kind == LogKind::Iis && cells.len() > shape.width();
                let fits = whole && !surplus && in_force.fits(shape, cells.len());
                fit.rows += 1;
                if !fits || shape.time(line, cells, in_force.day).is_none() {
                    fit.misfits += 1;
                    fit.first.get_or_insert_with(|| block.place(range.start));
                }
            }
            fit.misfits < fit.rows || fit.rows >= ROWS_MAX
        });
        self.out.fit.append(fit);
    }

    /// Takes a chunk's first and last event, or all where these two do not tell enough.
    fn sample(
        &mut self,
        block: Block<'_>,
        chunk: Range<usize>,
        before: &InForce,
        turns: &Turns,
        events: &mut Vec<Event>,
    ) {
        let cells = &mut self.tools.cells;
        let mut first = None;
        for_each_line_until(block.bytes, chunk.clone(), |line| {
            first = event(block, line.clone(), at(before, turns, line.start), cells);
            if first.is_some() {
                let in_force = at(before, turns, line.start);
                if let Some(layout) = &in_force.layout {
                    self.out.layouts.insert(layout.id);
                    let text = &block.bytes[line.clone()];
                    if self.out.traits.wants_more(&layout.shape) || self.out.traits.port.is_none() {
                        cells.split(layout.shape.kind, layout.shape.width(), text);
                        self.out.traits.learn(&layout.shape, text, cells);
                    }
                }
            }
            first.is_some()
        });
        let Some(first) = first else { return };
        let mut last = first;
        let mut end = chunk.end;
        while end > chunk.start {
            let text = &block.bytes[chunk.start..end - 1];
            let start = chunk.start + memchr::memrchr(b'\n', text).map_or(0, |feed| feed + 1);
            let mut line = start..end;
            for_each_line(block.bytes, start..end, |range| line = range);
            if let Some(event) = event(block, line.clone(), at(before, turns, line.start), cells) {
                last = event;
                break;
            }
            end = start;
        }
        let must_refine = must_refine(&first, &last, self.task.gap);
        if must_refine || self.task.may_lie_between(first.time, last.time) {
            for_each_line(block.bytes, chunk, |line| {
                events.extend(event(block, line.clone(), at(before, turns, line.start), cells));
            });
        } else {
            events.push(first);
            events.push(last);
        }
    }
}

/// What a row tells; its line number is left open, and its offset is one in the text.
fn event(block: Block<'_>, range: Range<usize>, in_force: &InForce, cells: &mut Cells) -> Option<Event> {
    let line = &block.bytes[range.clone()];
    if line.is_empty() || line[0] == b'#' || is_proxy_header(line) {
        return None;
    }
    let shape = &in_force.layout.as_ref()?.shape;
    let time = shape.time_of_line(line, cells, in_force.day)?;
    let mut build = None;
    if shape.at.build[0].is_some() {
        cells.split(shape.kind, shape.width(), line);
        build = shape.build(line, cells);
    }
    Some(Event {
        time,
        line: 0,
        offset: block.offset + range.start as u64,
        build,
    })
}

/// Calls `see` with each line until it returns true.
fn for_each_line_until(bytes: &[u8], part: Range<usize>, mut see: impl FnMut(Range<usize>) -> bool) {
    let mut start = part.start;
    while start < part.end {
        let end = memchr::memchr(b'\n', &bytes[start..part.end]).map_or(part.end, |feed| start + feed + 1);
        let mut line = start..end;
        for_each_line(bytes, start..end, |range| line = range);
        if see(line) {
            return;
        }
        start = end;
    }
}
