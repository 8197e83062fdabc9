//! From hits to lines.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::{FAMILIES, Pointed, Prefilter, RuleBits, ScanScratch, Seen};
use crate::decode::percent_decode;

/// The lines of a block, taken up as hits reach them.
struct Lines<'a, P> {
    filter: &'a Prefilter,
    block: &'a [u8],
    scratch: &'a mut ScanScratch,
    point: &'a mut P,
    /// The line that hits are gathered for, without its line feed.
    line: Option<Range<usize>>,
    /// Whether that line may hide something in escapes.
    decode: bool,
    /// Start of the line after it.
    next: usize,
}

pub(super) fn scan(
    filter: &Prefilter,
    block: &[u8],
    scratch: &mut ScanScratch,
    point: &mut impl FnMut(Range<usize>, Pointed<'_>),
) -> Seen {
    scratch.bits.clone_from(&filter.base);
    scratch.folded = false;
    let mut lines = Lines {
        filter,
        block,
        scratch,
        point,
        line: None,
        decode: false,
        next: 0,
    };
    if block.starts_with(b"#") {
        lines.reach(0);
    }
    let seen = filter.searcher.search(block, &mut |at, id| lines.hit(at, id));
    if !filter.unfiltered.is_empty() && !block.is_empty() {
        let last = block.len() - 1;
        lines.reach(last);
    }
    lines.close();
    seen
}

impl<P: FnMut(Range<usize>, Pointed<'_>)> Lines<'_, P> {
    fn hit(&mut self, at: usize, id: u32) {
        if id < FAMILIES {
            self.reach(at);
            self.decode = true;
        } else if id == self.filter.directive {
            self.reach(at + 1);
        } else {
            for anchor in self.filter.anchors(id) {
                if self.filter.verify(anchor, self.block, at) {
                    self.reach(at);
                    let ScanScratch { bits, folded, .. } = &mut *self.scratch;
                    self.filter.note(anchor, bits, folded);
                }
            }
        }
    }

    /// Makes the line that holds position `at` the current one.
    fn reach(&mut self, at: usize) {
        if at < self.next {
            return;
        }
        self.close();
        if !self.filter.unfiltered.is_empty() {
            while let Some(length) = memchr(b'\n', &self.block[self.next..at]) {
                self.open(self.next, self.next + length);
                self.close();
            }
        }
        let start =
            memrchr(b'\n', &self.block[self.next..at]).map_or(self.next, |before| self.next + before + 1);
        let end = memchr(b'\n', &self.block[at..]).map_or(self.block.len(), |length| at + length);
        self.open(start, end);
    }

    fn open(&mut self, start: usize, end: usize) {
        self.line = Some(start..end);
        self.next = end + 1;
    }

    /// Points out the current line, if there is reason to.
    fn close(&mut self) {
        let Some(line) = self.line.take() else { return };
        let terminated = line.end < self.block.len();
        let text = &self.block[line.clone()];
        let text = if terminated {
            text.strip_suffix(b"\r").unwrap_or(text)
        } else {
            text
        };
        let range = line.start..line.start + text.len();
        if text.starts_with(b"#") {
            (self.point)(range, Pointed::Directive);
        } else {
            let readings = if self.decode {
                self.filter.mark_decoded(text, self.scratch)
            } else {
                0
            };
            let ScanScratch {
                bits,
                folded,
                decoded,
                held,
            } = &mut *self.scratch;
            // Characters that fold to ASCII letters may stand in for these anywhere.
            if !*folded && !bits.is_empty() {
                let confirmation = &self.filter.confirmation;
                confirmation.withdraw(text, &decoded[..readings], held, bits);
            }
            if !bits.is_empty() {
                (self.point)(range, Pointed::Candidate(bits));
            }
        }
        self.scratch.bits.clone_from(&self.filter.base);
        self.scratch.folded = false;
        self.decode = false;
    }
}

impl Prefilter {
    /// Adds the rules that the line points to when it is decoded once and twice; tells how often that changed it.
    fn mark_decoded(&self, line: &[u8], scratch: &mut ScanScratch) -> usize {
        let ScanScratch {
            bits,
            folded,
            decoded: [once, twice],
            ..
        } = scratch;
        if !percent_decode(line, once) {
            return 0;
        }
        self.mark(once, bits, folded);
        if !percent_decode(once, twice) {
            return 1;
        }
        self.mark(twice, bits, folded);
        2
    }

    fn mark(&self, text: &[u8], bits: &mut RuleBits, folded: &mut bool) {
        self.searcher.search(text, &mut |at, id| {
            if id >= FAMILIES && id != self.directive {
                for anchor in self.anchors(id) {
                    if self.verify(anchor, text, at) {
                        self.note(anchor, bits, folded);
                    }
                }
            }
        });
    }
}
