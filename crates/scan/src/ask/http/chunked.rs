use imker_posture::{Fault, FaultKind};

use super::fault;

/// One line with a chunk's size and extensions, in bytes.
const LINE: usize = 1024;
/// All such lines and trailers of a body together, in bytes.
const BESIDE: usize = 32 * 1024;

/// The state of a chunked body (RFC 9112, section 7.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chunked {
    state: State,
    beside: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    Done,
}

impl Chunked {
    /// Decodes as much of `bytes` as it can into `data`, until that has `room` bytes more: how many it took.
    pub(super) fn decode(&mut self, bytes: &[u8], data: &mut Vec<u8>, room: usize) -> Result<usize, Fault> {
        let full = data.len().saturating_add(room);
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            match self.state {
                State::Data(left) => {
                    let length = usize::try_from(left).unwrap_or(usize::MAX);
                    let length = length.min(rest.len()).min(full - data.len());
                    if length == 0 {
                        return Ok(at);
                    }
                    data.extend_from_slice(&rest[..length]);
                    at += length;
                    self.state = match left - length as u64 {
                        0 => State::DataEnd,
                        left => State::Data(left),
                    };
                }
                State::Done => return Ok(at),
                State::Size | State::DataEnd | State::Trailers => {
                    let Some(line) = line(rest)? else {
                        return Ok(at);
                    };
                    at += line.len();
                    self.beside += line.len();
                    if self.beside > BESIDE {
                        return Err(fault(FaultKind::BadBody, "more beside the chunks than is read"));
                    }
                    self.state = self.after(line)?;
                }
            }
        }
    }

    fn after(&self, line: &[u8]) -> Result<State, Fault> {
        let empty = line.trim_ascii_end().is_empty();
        match self.state {
            State::Size => Ok(match size(line)? {
                0 => State::Trailers,
                size => State::Data(size),
            }),
            State::DataEnd if empty => Ok(State::Size),
            State::DataEnd => Err(fault(FaultKind::BadBody, "a chunk is longer than its size")),
            _ if empty => Ok(State::Done),
            _ => Ok(State::Trailers),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }
}

/// The first line, with its end.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Fault> {
    match memchr::memchr(b'\n', &bytes[..bytes.len().min(LINE)]) {
        Some(end) => Ok(Some(&bytes[..=end])),
        None if bytes.len() >= LINE => Err(fault(FaultKind::BadBody, "a line beside the chunks has no end")),
        None => Ok(None),
    }
}

fn size(line: &[u8]) -> Result<u64, Fault> {
    let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
    let digits = line[..end].trim_ascii();
    let hex = (1..=16).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    hex.then(|| std::str::from_utf8(digits).ok())
        .flatten()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| fault(FaultKind::BadBody, "a chunk's size is no number"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), Fault> {
        let (mut chunked, mut data, mut buffer) = (Chunked::default(), Vec::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            let taken = chunked.decode(&buffer, &mut data, 1 << 20)?;
            buffer.drain(..taken);
        }
        Ok((data, chunked.is_done()))
    }

    #[test]
    fn broken_chunks_are_refused() {
        for bytes in [
            &b"zz\r\n"[..],
            b"\r\n",
            b"-1\r\nx",
            b"1ffffffffffffffff\r\n",
            b"3\r\nabcd\r\n",
            &[b"1;".to_vec(), vec![b'x'; LINE]].concat(),
            &b"1;x\r\na\r\n".repeat(BESIDE / 4),
            &[b"0\r\n".to_vec(), b"x: y\r\n".repeat(BESIDE / 4)].concat(),
        ] {
            assert_eq!(
                decode(&[bytes]).unwrap_err().kind,
                FaultKind::BadBody,
                "{}",
                bytes.escape_ascii()
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_way_it_is_cut_the_body_is_the_same(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            extension in "(;[a-z]{0,8})?",
        ) {
            let mut bytes = Vec::new();
            for chunk in &chunks {
                bytes.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\nTrailer: x\r\n\r\n");
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            cuts.sort_unstable();
            let (mut pieces, mut from) = (Vec::new(), 0);
            for cut in cuts.into_iter().chain([bytes.len()]) {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            prop_assert_eq!(decode(&pieces), Ok((chunks.concat(), true)));
        }

        #[test]
        fn any_bytes_end_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&[&bytes]);
        }
    }
}
