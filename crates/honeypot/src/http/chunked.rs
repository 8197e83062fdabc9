//! Chunked bodies (RFC 9112, section 7.1), decoded as they arrive.

use super::httpsys::Refusal;

/// One line of a chunk's size with its extensions, in bytes.
const LINE: usize = 4096;
/// Extensions and trailers together, in bytes.
const BESIDE: usize = 16 * 1024;

/// The state of a chunked body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunked {
    state: State,
    /// Lines with extensions, and trailers, as received: what a client sent beside the body.
    pub beside: Vec<u8>,
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

/// What a decoder made of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'b> {
    /// More bytes are needed; those consumed so far are gone.
    More,
    /// Bytes of the body.
    Data(&'b [u8]),
    /// The body is complete.
    End,
}

impl Chunked {
    /// Decodes the start of `bytes`: how many it consumed, and what they were.
    ///
    /// # Errors
    /// The framing is malformed, or its parts beside the body are longer than allowed.
    pub fn decode<'b>(&mut self, bytes: &'b [u8]) -> Result<(usize, Step<'b>), Refusal> {
        let mut at = 0;
        loop {
            match self.state {
                State::Size => {
                    let Some(line) = line(&bytes[at..], LINE)? else {
                        return Ok((at, Step::More));
                    };
                    at += line.len();
                    let size = size(line)?;
                    if memchr::memchr(b';', line).is_some() {
                        self.keep(line)?;
                    }
                    self.state = if size == 0 {
                        State::Trailers
                    } else {
                        State::Data(size)
                    };
                }
                State::Data(left) => {
                    let rest = &bytes[at..];
                    if rest.is_empty() {
                        return Ok((at, Step::More));
                    }
                    let length = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    let left = left - length as u64;
                    self.state = if left == 0 {
                        State::DataEnd
                    } else {
                        State::Data(left)
                    };
                    return Ok((at + length, Step::Data(&rest[..length])));
                }
                State::DataEnd => match &bytes[at..] {
                    [b'\r', b'\n', ..] => {
                        at += 2;
                        self.state = State::Size;
                    }
                    [] | [b'\r'] => return Ok((at, Step::More)),
                    _ => return Err(Refusal::BadRequest),
                },
                State::Trailers => {
                    let Some(line) = line(&bytes[at..], BESIDE)? else {
                        return Ok((at, Step::More));
                    };
                    at += line.len();
                    if line == b"\r\n" || line == b"\n" {
                        self.state = State::Done;
                    } else {
                        self.keep(line)?;
                    }
                }
                State::Done => return Ok((at, Step::End)),
            }
        }
    }

    fn keep(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if self.beside.len() + line.len() > BESIDE {
            return Err(Refusal::RequestLength);
        }
        self.beside.extend_from_slice(line);
        Ok(())
    }
}

/// The first line, with its end.
fn line(bytes: &[u8], limit: usize) -> Result<Option<&[u8]>, Refusal> {
    match memchr::memchr(b'\n', &bytes[..bytes.len().min(limit)]) {
        Some(end) => Ok(Some(&bytes[..=end])),
        None if bytes.len() >= limit => Err(Refusal::RequestLength),
        None => Ok(None),
    }
}

fn size(line: &[u8]) -> Result<u64, Refusal> {
    let digits = line
        .iter()
        .position(|byte| !byte.is_ascii_hexdigit())
        .unwrap_or(line.len());
    let (digits, rest) = line.split_at(digits);
    // A line that ends otherwise is read in two ways by two servers.
    let rest = rest.strip_suffix(b"\r\n").ok_or(Refusal::BadRequest)?;
    if rest.contains(&b'\r') {
        return Err(Refusal::BadRequest);
    }
    let rest = rest.trim_ascii();
    if digits.is_empty() || digits.len() > 16 || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(Refusal::BadRequest);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Refusal::BadRequest)?;
    u64::from_str_radix(digits, 16).map_err(|_| Refusal::BadRequest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, Vec<u8>), Refusal> {
        let mut chunked = Chunked::default();
        let (mut body, mut buffer) = (Vec::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            loop {
                let (used, step) = chunked.decode(&buffer)?;
                match step {
                    Step::Data(data) => body.extend_from_slice(data),
                    Step::More => {
                        buffer.drain(..used);
                        break;
                    }
                    Step::End => return Ok((body, true, chunked.beside)),
                }
                buffer.drain(..used);
            }
        }
        Ok((body, false, chunked.beside))
    }

    #[test]
    fn extensions_and_trailers_are_kept_beside_the_body() {
        let (body, complete, beside) = decode(&[b"3;a=b\r\nabc\r\n2 \r\nde\r\n0\r\nX-T: 1\r\n\r\n"]).unwrap();
        assert_eq!((body.as_slice(), complete), (b"abcde".as_slice(), true));
        assert_eq!(beside, b"3;a=b\r\nX-T: 1\r\n");
    }

    #[test]
    fn broken_chunks_are_refused() {
        for broken in [
            b"\r\n".as_slice(),
            b"-1\r\n",
            b"0x1\r\n",
            b"1\r\nab\r\n",
            b"10000000000000000\r\n",
            b"1 2\r\n",
            b"g\r\n",
            b"1\n",
            b"1;a\n",
            b"1;a\rb\r\n",
        ] {
            assert_eq!(
                decode(&[broken]),
                Err(Refusal::BadRequest),
                "{}",
                broken.escape_ascii()
            );
        }
        let long = [b"1;".to_vec(), vec![b'a'; LINE]].concat();
        assert_eq!(decode(&[&long]), Err(Refusal::RequestLength));
    }

    proptest! {
        #[test]
        fn where_bytes_are_split_does_not_matter(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6), cut in any::<prop::sample::Index>()) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            let (first, second) = wire.split_at(cut.index(wire.len()));
            prop_assert_eq!(decode(&[first, second]), Ok((chunks.concat(), true, Vec::new())));
            let bytes: Vec<&[u8]> = wire.chunks(1).collect();
            prop_assert_eq!(decode(&bytes), Ok((chunks.concat(), true, Vec::new())));
        }
    }
}
