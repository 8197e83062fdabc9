//! A stream read in blocks of whole lines.

use std::io::{self, BufRead, Read};

use memchr::{memchr, memrchr};

/// What is read beyond a block's border so that the line across it comes whole.
const SLACK: usize = 4096;

/// What a stream is cut into.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// Whole lines.
    Lines {
        /// The lines with their line ends.
        bytes: &'b [u8],
        /// Offset of the first byte.
        offset: u64,
        /// The last line has no line end: the log ends here, or a run of NULs begins.
        open: bool,
    },
    /// A line longer than the limit was skipped.
    TooLong {
        /// Where it began.
        offset: u64,
    },
    /// A long run of NULs with something behind it was skipped.
    Nuls {
        /// Where it began.
        offset: u64,
    },
}

/// A stream with a buffer: looked at from the start, read on as a stream, or cut into lines.
pub(crate) struct Input<'a> {
    source: &'a mut dyn Read,
    /// Its whole length is usable; `start..end` is filled.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `buffer[start]` in the stream.
    offset: u64,
    /// Bytes that the stream holds, where known.
    expected: Option<u64>,
    ended: bool,
    failure: Option<io::Error>,
}

impl<'a> Input<'a> {
    /// Reads `source`, which stands at `offset`, through `buffer`.
    pub(crate) fn new(source: &'a mut dyn Read, buffer: Vec<u8>, offset: u64) -> Self {
        Self {
            source,
            buffer,
            start: 0,
            end: 0,
            offset,
            expected: None,
            ended: false,
            failure: None,
        }
    }

    /// The stream is known to end at this offset, so that no read is needed to find that out.
    pub(crate) fn expect_end_at(mut self, end: u64) -> Self {
        self.expected = Some(end);
        self
    }

    /// The buffer, for the next input.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// Where reading stands.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the stream ended early.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What ended the stream early.
    pub(crate) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The next bytes without consuming them: `length`, or fewer where the stream ends before.
    pub(crate) fn peek(&mut self, length: usize) -> &[u8] {
        self.fill(length);
        &self.buffer[self.start..self.end.min(self.start + length)]
    }

    /// Passes over the next bytes.
    pub(crate) fn skip(&mut self, length: usize) {
        let length = length.min(self.end - self.start);
        self.start += length;
        self.offset += length as u64;
    }

    /// Passes over the rest of a line that began before.
    pub(crate) fn skip_line(&mut self) {
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[self.start..self.end]) {
                return self.skip(at + 1);
            }
            self.skip(self.end - self.start);
            if self.ended {
                return;
            }
            self.fill(SLACK);
        }
    }

    /// Lines that start before the next multiple of `block` and before `stop`, or what is wrong with the next one.
    ///
    /// Where blocks begin and end depends on the bytes and `block` alone, never on where reading began.
    pub(crate) fn next_piece(&mut self, block: u64, longest: usize, stop: u64) -> Option<Piece<'_>> {
        loop {
            if self.offset >= stop {
                return None;
            }
            let border = stop.min((self.offset / block + 1) * block);
            let need = (border - self.offset) as usize;
            self.fill(need + SLACK);
            let filled = self.end - self.start;
            if filled == 0 {
                return None;
            }
            if filled < need {
                return Some(self.take(filled));
            }
            let bytes = &self.buffer[self.start..self.end];
            if let Some(at) = memchr(b'\n', &bytes[need - 1..]) {
                return Some(self.take(need + at));
            }
            if self.ended {
                return Some(self.take(filled));
            }
            if let Some(at) = memrchr(b'\n', bytes) {
                return Some(self.take(at + 1));
            }
            if filled > longest {
                if let Some(piece) = self.long_line() {
                    // The borrow checker does not follow a conditional return of a borrow in a loop.
                    return Some(match piece {
                        Skipped::Text(length) => self.take_open(length),
                        Skipped::TooLong(offset) => Piece::TooLong { offset },
                        Skipped::Nuls(offset) => Piece::Nuls { offset },
                    });
                }
            } else {
                self.fill((filled * 2).min(longest + 2));
                if self.ended || memchr(b'\n', &self.buffer[self.start..self.end]).is_some() {
                    let bytes = &self.buffer[self.start..self.end];
                    let length = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
                    return Some(self.take(length));
                }
            }
        }
    }

    /// Deals with a line of more bytes than allowed, none of them a line feed.
    fn long_line(&mut self) -> Option<Skipped> {
        let offset = self.offset;
        let text = trim_nuls(&self.buffer[self.start..self.end]).len();
        if text == self.end - self.start {
            self.skip_line();
            return Some(Skipped::TooLong(offset));
        }
        if text > 0 {
            return Some(Skipped::Text(text));
        }
        loop {
            if let Some(at) = self.buffer[self.start..self.end]
                .iter()
                .position(|byte| *byte != 0)
            {
                self.skip(at);
                return Some(Skipped::Nuls(offset));
            }
            self.skip(self.end - self.start);
            if self.ended {
                return None;
            }
            self.fill(SLACK);
        }
    }

    fn take(&mut self, length: usize) -> Piece<'_> {
        let open = self.buffer[self.start + length - 1] != b'\n';
        self.lines(length, open)
    }

    fn take_open(&mut self, length: usize) -> Piece<'_> {
        self.lines(length, true)
    }

    fn lines(&mut self, length: usize, open: bool) -> Piece<'_> {
        let (start, offset) = (self.start, self.offset);
        self.skip(length);
        Piece::Lines {
            bytes: &self.buffer[start..start + length],
            offset,
            open,
        }
    }

    /// Reads until `want` bytes are there or the stream ends.
    fn fill(&mut self, want: usize) {
        if self.end - self.start >= want || self.ended {
            return;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < want {
            self.buffer.resize(want, 0);
        }
        while self.end < want && !self.ended {
            if self.expected == Some(self.offset + self.end as u64) {
                self.ended = true;
                return;
            }
            match self.source.read(&mut self.buffer[self.end..want]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
    }
}

enum Skipped {
    Text(usize),
    TooLong(u64),
    Nuls(u64),
}

/// Without the NULs at its end.
pub(crate) fn trim_nuls(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    &bytes[..length]
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(out.len());
        out[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.fill(64 * 1024);
            // A failure is told behind what was read before it.
            if self.start == self.end
                && let Some(error) = self.failure.take()
            {
                return Err(error);
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.skip(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(mut bytes: &[u8], block: u64, longest: usize) -> Vec<String> {
        let mut input = Input::new(&mut bytes, Vec::new(), 0);
        let mut found = Vec::new();
        while let Some(piece) = input.next_piece(block, longest, u64::MAX) {
            found.push(match piece {
                Piece::Lines { bytes, offset, open } => {
                    format!(
                        "{offset} {} {open}",
                        String::from_utf8_lossy(bytes).escape_debug()
                    )
                }
                Piece::TooLong { offset } => format!("{offset} too long"),
                Piece::Nuls { offset } => format!("{offset} NULs"),
            });
        }
        found
    }

    #[test]
    fn lines_belong_to_the_block_that_they_start_in() {
        assert_eq!(
            pieces(b"aaa\nbbbb\ncc\nd", 6, 100),
            ["0 aaa\\nbbbb\\n false", "9 cc\\n false", "12 d true"]
        );
        assert_eq!(pieces(b"", 6, 100), Vec::<String>::new());
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_and_the_rest_read() {
        let mut text = b"first\n".to_vec();
        text.extend(vec![b'x'; 20_000]);
        text.extend(b"\nlast\n");
        assert_eq!(
            pieces(&text, 64, 10_000),
            ["0 first\\n false", "6 too long", "20007 last\\n false"]
        );
    }

    #[test]
    fn a_long_run_of_nuls_is_an_end_or_a_hole() {
        let mut text = b"first\nopen".to_vec();
        text.extend(vec![0; 20_000]);
        assert_eq!(pieces(&text, 64, 10_000), ["0 first\\n false", "6 open true"]);
        text.extend(b"more\n");
        assert_eq!(
            pieces(&text, 64, 10_000),
            [
                "0 first\\n false",
                "6 open true",
                "10 NULs",
                "20010 more\\n false"
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_blocks(lines in prop::collection::vec("[a-z]{0,40}", 0..60), block in 1_u64..200) {
            let text = lines.join("\n");
            let mut source = text.as_bytes();
            let mut input = Input::new(&mut source, Vec::new(), 0);
            let mut all = Vec::new();
            while let Some(piece) = input.next_piece(block, 1000, u64::MAX) {
                let Piece::Lines { bytes, offset, .. } = piece else { panic!("no other piece") };
                prop_assert_eq!(offset, all.len() as u64);
                all.extend_from_slice(bytes);
            }
            prop_assert_eq!(all, text.into_bytes());
        }
    }
}
