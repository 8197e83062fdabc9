//! Frames on their way in. Header blocks are taken out and read here; the `h2` crate gets one in their place that it cannot
//! object to. So no request is refused or answered before it is on record, and its fields stay in order and as they were
//! sent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::hpack::{self, Decoder, NoHpack};
use crate::http::message::Header;

/// What a client begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame's header, in bytes.
const FRAME_HEADER: usize = 9;
/// The longest payload: the initial value of `SETTINGS_MAX_FRAME_SIZE`, which is not changed here.
const PAYLOAD: usize = 16 * 1024;
/// Frames of one header block (CVE-2024-27316 and its kin: CONTINUATION without end).
const BLOCK_FRAMES: usize = 16;
/// What requests that are not accepted yet may hold, in bytes.
const WAITING: usize = 512 * 1024;
/// `:method: POST`, `:scheme: https`, `:path: /`: a request that the crate accepts whatever its body.
const STAND_IN: &[u8] = &[0x83, 0x87, 0x84];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 0x01;
const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// The fields of one header block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// In order, pseudo-headers included.
    pub list: Vec<Header>,
    /// Whether there were more than the limit allows; they are not in the list.
    pub cut: bool,
}

/// Why a connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The client did not begin as RFC 9113, section 3.4, demands.
    #[error("no preface")]
    Preface,
    /// A header block is interrupted, or its padding is longer than it.
    #[error("malformed header block")]
    Block,
    /// A header block in too many or too long frames.
    #[error("header block too long")]
    BlockLength,
    /// More requests at once than a client may open.
    #[error("too many requests at once")]
    TooMany,
    /// A header block that cannot be decoded.
    #[error(transparent)]
    Hpack(#[from] NoHpack),
}

/// Reads what a client sends, in pieces of any size.
#[derive(Debug)]
pub struct Frames {
    state: State,
    decoder: Decoder,
    /// Bytes of a request's fields that are kept, names and values.
    limit: usize,
    block: Option<Block>,
    /// What is not understood yet, as received: of the preface, of a frame's header, of the frames of a header block.
    held: Vec<u8>,
    /// How much of it came before the last bytes taken.
    earlier: usize,
    /// The highest stream that was opened.
    last_stream: u32,
    waiting: BTreeMap<u32, Fields>,
    waiting_bytes: usize,
    /// Streams that opened and are not closed here, without those whose last frame came.
    open: BTreeSet<u32>,
}

#[derive(Debug)]
enum State {
    Preface,
    /// In a frame's header; where the frame begins in what is held.
    Header(usize),
    /// In a payload that is passed on; of a stream that ends with it.
    Pass(usize, Option<u32>),
    /// In a frame of a header block; likewise.
    Take(FrameHeader, usize),
}

/// A header block that is not complete.
#[derive(Debug)]
struct Block {
    stream: u32,
    end_stream: bool,
    /// Where its parts are in what is held, a part a frame.
    parts: Vec<Range<usize>>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct FrameHeader {
    length: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

impl FrameHeader {
    fn parse(bytes: [u8; FRAME_HEADER]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        Self {
            length: usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c),
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        }
    }
}

impl Frames {
    /// Before the preface. Of each request's fields, so many bytes are kept; their block may have twice as many on the wire.
    pub fn new(limit: usize) -> Self {
        Self {
            state: State::Preface,
            decoder: Decoder::default(),
            limit,
            block: None,
            held: Vec::new(),
            earlier: 0,
            last_stream: 0,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            open: BTreeSet::new(),
        }
    }

    /// Takes the next bytes; what the `h2` crate is to read goes to `out`.
    ///
    /// # Errors
    /// The connection has to be closed.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.earlier = self.held.len();
        while !bytes.is_empty() {
            match &mut self.state {
                State::Preface => {
                    let expected = &PREFACE[self.held.len()..];
                    let taken = take(&mut bytes, expected.len());
                    if !expected.starts_with(taken) {
                        return Err(Broken::Preface);
                    }
                    out.extend_from_slice(taken);
                    self.held.extend_from_slice(taken);
                    if self.held.len() == PREFACE.len() {
                        self.release(0);
                    }
                }
                State::Header(start) => {
                    let start = *start;
                    let missing = start + FRAME_HEADER - self.held.len();
                    self.held.extend_from_slice(take(&mut bytes, missing));
                    if let Some(&whole) = self.held[start..].first_chunk() {
                        self.begin(FrameHeader::parse(whole), start, out)?;
                    }
                }
                State::Pass(left, ends) => {
                    let taken = take(&mut bytes, *left);
                    out.extend_from_slice(taken);
                    *left -= taken.len();
                    if *left == 0 {
                        if let Some(stream) = ends {
                            self.open.remove(stream);
                        }
                        self.state = State::Header(self.held.len());
                    }
                }
                State::Take(header, start) => {
                    let (header, start) = (*header, *start);
                    let missing = start + FRAME_HEADER + header.length - self.held.len();
                    self.held.extend_from_slice(take(&mut bytes, missing));
                    if self.held.len() == start + FRAME_HEADER + header.length {
                        self.block(header, start, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What came and is not understood yet, as received: before the last bytes, and of these.
    pub fn unfinished(&self) -> (&[u8], &[u8]) {
        self.held.split_at(self.earlier)
    }

    /// Forgets it, and lets all that follows pass.
    pub fn forget_unfinished(&mut self) {
        (self.held, self.earlier) = (Vec::new(), 0);
        (self.block, self.state) = (None, State::Pass(usize::MAX, None));
    }

    /// What is held from there on is understood.
    fn release(&mut self, start: usize) {
        self.held.truncate(start);
        self.held.shrink_to(FRAME_HEADER);
        self.earlier = self.earlier.min(start);
        self.state = State::Header(start);
    }

    /// The fields that opened a stream, once.
    pub fn fields(&mut self, stream: u32) -> Option<Fields> {
        let fields = self.waiting.remove(&stream)?;
        self.waiting_bytes -= bytes_of(&fields);
        Some(fields)
    }

    /// Fields of streams that opened before this one and were never asked for; all where there is no such stream.
    pub fn passed_over(&mut self, before: Option<u32>) -> Vec<Fields> {
        let later = before.map_or_else(BTreeMap::new, |stream| self.waiting.split_off(&stream));
        let passed = std::mem::replace(&mut self.waiting, later);
        self.open.retain(|stream| !passed.contains_key(stream));
        let passed: Vec<Fields> = passed.into_values().collect();
        self.waiting_bytes -= passed.iter().map(bytes_of).sum::<usize>();
        passed
    }

    /// How many streams opened whose fields were not asked for.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a stream's last frame came, or it is closed.
    pub fn is_ended(&self, stream: u32) -> bool {
        !self.open.contains(&stream)
    }

    /// Forgets a stream.
    pub fn close(&mut self, stream: u32) {
        self.open.remove(&stream);
    }

    fn begin(&mut self, header: FrameHeader, start: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
        let goes_on = header.kind == CONTINUATION && self.block.is_some();
        if self
            .block
            .as_ref()
            .is_some_and(|block| !goes_on || block.stream != header.stream)
        {
            return Err(Broken::Block);
        }
        // The crate objects to frames that are too long, and to what has no place here.
        let taken = goes_on || header.kind == HEADERS;
        if !taken || header.length > PAYLOAD {
            out.extend_from_slice(&self.held[start..]);
            self.release(start);
            let ends = (header.kind == DATA && header.flags & END_STREAM != 0).then_some(header.stream);
            match (header.length, ends) {
                (0, Some(stream)) => drop(self.open.remove(&stream)),
                (0, None) => {}
                (length, ends) => self.state = State::Pass(length, ends),
            }
            return Ok(());
        }
        let bytes = self.block.as_ref().map_or(0, |block| block.bytes);
        if bytes + header.length > 2 * self.limit {
            return Err(Broken::BlockLength);
        }
        self.state = State::Take(header, start);
        if header.length == 0 {
            self.block(header, start, out)?;
        }
        Ok(())
    }

    /// Takes a frame of a header block.
    fn block(&mut self, header: FrameHeader, start: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
        let payload = start + FRAME_HEADER..self.held.len();
        let (mut block, part) = match self.block.take() {
            Some(block) => (block, payload),
            None => {
                let block = Block {
                    stream: header.stream,
                    end_stream: header.flags & END_STREAM != 0,
                    parts: Vec::new(),
                    bytes: 0,
                };
                let part = without_padding(header.flags, &self.held[payload.clone()]).ok_or(Broken::Block)?;
                (block, payload.start + part.start..payload.start + part.end)
            }
        };
        block.bytes += part.len();
        block.parts.push(part);
        if block.parts.len() > BLOCK_FRAMES {
            return Err(Broken::BlockLength);
        }
        if header.flags & END_HEADERS == 0 {
            self.block = Some(block);
            self.state = State::Header(self.held.len());
            return Ok(());
        }
        let fields = match &*block.parts {
            [part] => decode(&mut self.decoder, &self.held[part.clone()], self.limit),
            parts => {
                let parts: Vec<_> = parts.iter().map(|part| &self.held[part.clone()]).collect();
                decode(&mut self.decoder, &parts.concat(), self.limit)
            }
        }?;
        self.release(0);
        // A second block on a stream are trailers; they are not kept, nor are blocks on streams that were closed.
        let opens = block.stream > self.last_stream;
        let stand_in = if opens { STAND_IN } else { &[] };
        if opens {
            self.last_stream = block.stream;
            self.waiting_bytes += bytes_of(&fields);
            self.waiting.insert(block.stream, fields);
            self.open.insert(block.stream);
            if self.waiting_bytes > WAITING {
                return Err(Broken::TooMany);
            }
        }
        if block.end_stream {
            self.open.remove(&block.stream);
        }
        let end_stream = if block.end_stream { END_STREAM } else { 0 };
        out.extend_from_slice(&[0, 0, stand_in.len() as u8, HEADERS, END_HEADERS | end_stream]);
        out.extend_from_slice(&block.stream.to_be_bytes());
        out.extend_from_slice(stand_in);
        Ok(())
    }
}

/// The fields of a block, up to so many bytes.
fn decode(decoder: &mut Decoder, block: &[u8], limit: usize) -> Result<Fields, NoHpack> {
    let (mut fields, mut bytes) = (Fields::default(), 0_usize);
    decoder.decode(block, |name, value| {
        bytes = bytes.saturating_add(hpack::size(name, value));
        fields.cut |= bytes > limit;
        if !fields.cut {
            fields.list.push(Header {
                name: name.to_vec(),
                value: value.to_vec(),
            });
        }
    })?;
    Ok(fields)
}

/// What the fields of a request that waits hold, roughly.
fn bytes_of(fields: &Fields) -> usize {
    let each = |header: &Header| hpack::size(&header.name, &header.value);
    256 + fields.list.iter().map(each).sum::<usize>()
}

/// At most the next `most` bytes.
fn take<'b>(bytes: &mut &'b [u8], most: usize) -> &'b [u8] {
    let (taken, rest) = bytes.split_at(most.min(bytes.len()));
    *bytes = rest;
    taken
}

/// Where the block's part is in the payload of a HEADERS frame (RFC 9113, section 6.2).
fn without_padding(flags: u8, payload: &[u8]) -> Option<Range<usize>> {
    let (mut start, mut padding) = (0, 0);
    if flags & PADDED != 0 {
        (start, padding) = (1, usize::from(*payload.first()?));
    }
    if flags & PRIORITY != 0 {
        start += 5;
    }
    let end = payload.len().checked_sub(padding)?;
    (start <= end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    /// In pieces of any size: what goes on, and what was taken out.
    fn push(parts: &[Vec<u8>], step: usize) -> Result<(Vec<u8>, Frames), Broken> {
        let (mut frames, mut out) = (Frames::new(16 * 1024), Vec::new());
        for piece in [PREFACE.to_vec(), parts.concat()].concat().chunks(step) {
            frames.push(piece, &mut out)?;
        }
        Ok((out.split_off(PREFACE.len()), frames))
    }

    #[test]
    fn header_blocks_are_taken_out_and_all_else_passes() {
        let settings = frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]);
        let data = frame(0, END_STREAM, 1, b"body");
        let priority = [&[2][..], &[0, 0, 0, 0, 16], &[0x82, 0x87], &[0, 0]].concat();
        let sent = [
            settings.clone(),
            frame(HEADERS, PADDED | PRIORITY, 1, &priority),
            frame(CONTINUATION, 0, 1, b""),
            frame(CONTINUATION, END_HEADERS, 1, b"\x04\x05/<a>%\x00\x03X-A\x01b"),
            data.clone(),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x00\x01t\x011"),
        ];
        let expected = [
            settings,
            frame(HEADERS, END_HEADERS, 1, STAND_IN),
            data,
            frame(HEADERS, END_HEADERS | END_STREAM, 1, b""),
        ];
        for step in [1, 2, 7, 1000] {
            let (out, mut frames) = push(&sent, step).unwrap();
            assert_eq!(out, expected.concat(), "{step}");
            let fields = frames.fields(1).unwrap();
            let text: Vec<_> = fields
                .list
                .iter()
                .map(|Header { name, value }| format!("{}: {}", name.escape_ascii(), value.escape_ascii()))
                .collect();
            assert_eq!(text, [":method: GET", ":scheme: https", ":path: /<a>%", "X-A: b"]);
            assert_eq!((frames.fields(1), frames.waiting_bytes), (None, 0));
        }
    }

    #[test]
    fn what_breaks_a_connection() {
        let open = frame(HEADERS, 0, 1, &[0x82]);
        let mut endless = vec![open.clone()];
        endless.extend(vec![frame(CONTINUATION, 0, 1, b""); 20]);
        let long = vec![0x82; PAYLOAD];
        let mut many = Vec::new();
        // A field of 4 KiB goes into the table, and three bytes make 16 KiB of it.
        let field = [b"\x40\x01a\x7f\x80\x1e".as_slice(), &[b'v'; 127 + 3840]].concat();
        many.push(frame(HEADERS, END_HEADERS, 1, &field));
        many.extend((1..100).map(|stream| frame(HEADERS, END_HEADERS, 2 * stream + 1, &[0xbe; 3])));
        for (broken, sent) in [
            (Broken::Block, vec![open.clone(), frame(0, 0, 1, b"")]),
            (
                Broken::Block,
                vec![open.clone(), frame(CONTINUATION, END_HEADERS, 3, b"")],
            ),
            (Broken::Block, vec![frame(HEADERS, PADDED, 1, &[9, 0x82])]),
            (Broken::Block, vec![frame(HEADERS, PRIORITY, 1, &[0, 0])]),
            (Broken::BlockLength, endless),
            (
                Broken::BlockLength,
                [
                    vec![frame(HEADERS, 0, 1, &long)],
                    vec![frame(CONTINUATION, 0, 1, &long); 5],
                ]
                .concat(),
            ),
            (
                Broken::Hpack(NoHpack),
                vec![frame(HEADERS, END_HEADERS, 1, &[0x80])],
            ),
            (Broken::TooMany, many),
        ] {
            assert_eq!(push(&sent, 1000).map(drop), Err(broken));
        }
        let mut frames = Frames::new(100);
        assert_eq!(
            frames.push(b"GET / HTTP/1.1\r\n", &mut Vec::new()),
            Err(Broken::Preface)
        );
    }

    #[test]
    fn what_is_not_understood_is_told_as_received() {
        let whole = frame(HEADERS, END_HEADERS, 1, &[0x82]);
        let begun = [
            frame(HEADERS, PADDED, 3, &[1, 0x82, 0]),
            frame(CONTINUATION, 0, 3, &[0x87])[..10].to_vec(),
        ]
        .concat();
        for (sent, held) in [
            (PREFACE[..7].to_vec(), &PREFACE[..7]),
            (PREFACE.to_vec(), &[]),
            (
                [&PREFACE[..], &whole, &frame(0, 0, 1, b"data")[..10]].concat(),
                &[],
            ),
            ([&PREFACE[..], &whole, &begun].concat(), &begun),
        ] {
            for step in [1, 5, 1000] {
                let mut frames = Frames::new(1024);
                let mut last = 0;
                for piece in sent.chunks(step) {
                    frames.push(piece, &mut Vec::new()).unwrap();
                    last = piece.len();
                }
                let (before, of_last) = frames.unfinished();
                assert_eq!([before, of_last].concat(), held);
                assert_eq!(of_last.len(), held.len().min(last));
            }
        }
        let mut frames = Frames::new(1024);
        frames
            .push(&[&PREFACE[..], &begun].concat(), &mut Vec::new())
            .unwrap();
        let rest = [&[0x84][..], &frame(0, 0, 3, b"")].concat();
        assert_eq!(frames.push(&rest, &mut Vec::new()), Err(Broken::Block));
        assert_eq!(frames.unfinished().0, begun);
    }

    #[test]
    fn fields_beyond_the_limit_are_cut_and_refused_streams_are_told() {
        let field = [
            b"\x40\x01a\x7f\x80\x1e".as_slice(),
            &[b'v'; 127 + 3840],
            &[0xbe; 200],
        ]
        .concat();
        let sent = [1, 3, 5].map(|stream| frame(HEADERS, END_HEADERS, stream, &field));
        let (_, mut frames) = push(&sent, 1000).unwrap();
        let fields = frames.fields(3).unwrap();
        assert!(fields.cut && fields.list.len() == 4, "{}", fields.list.len());
        assert_eq!(
            (frames.passed_over(Some(3)).len(), frames.passed_over(None).len()),
            (1, 1)
        );
        assert_eq!(frames.waiting_bytes, 0);
    }

    proptest! {
        #[test]
        fn where_bytes_are_split_does_not_matter(parts in prop::collection::vec((0..12_u8, any::<u8>(), 0..8_u32, prop::collection::vec(any::<u8>(), 0..40)), 0..6), step in 1..50_usize) {
            let sent: Vec<_> = parts.iter().map(|(kind, flags, stream, payload)| frame(*kind, *flags, *stream, payload)).collect();
            let (one, other) = (push(&sent, 100_000), push(&sent, step));
            match (one, other) {
                (Ok((one, mut first)), Ok((other, mut second))) => {
                    prop_assert_eq!(one, other);
                    prop_assert_eq!(first.passed_over(None), second.passed_over(None));
                }
                (one, other) => prop_assert_eq!(one.map(drop), other.map(drop)),
            }
        }
    }
}
