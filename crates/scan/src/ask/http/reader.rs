use imker_posture::{Fault, FaultKind};

use super::chunked::Chunked;
use super::decode::decode;
use super::head::Framing;
use super::{Body, Head, fault};

/// Interim answers (1xx) that are read before the real one.
const INTERIM: u8 = 8;
/// With which every answer begins, and one that can be read: what does not is not read on.
const ANY_VERSION: &[u8] = b"HTTP/";
const BEGINNING: &[u8] = b"HTTP/1.";

/// Whether an answer is all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// It is, or no more of it is read.
    Done,
}

/// Reads one answer to a GET.
#[derive(Debug)]
pub struct ResponseReader {
    head_limit: usize,
    body_limit: usize,
    /// Received and not yet understood.
    buffer: Vec<u8>,
    /// Bytes at its start in which no end of a head is.
    searched: usize,
    interim: u8,
    head: Option<Head>,
    state: State,
    body: Vec<u8>,
    received: u64,
    reusable: bool,
}

#[derive(Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Done,
    /// The body is cut.
    Cut,
}

impl ResponseReader {
    /// Reads a head of up to `head` bytes, interim ones included, and `body` bytes of its body.
    pub fn new(head: usize, body: usize) -> Self {
        Self {
            head_limit: head,
            body_limit: body,
            buffer: Vec::new(),
            searched: 0,
            interim: 0,
            head: None,
            state: State::Head,
            body: Vec::new(),
            received: 0,
            reusable: false,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What was received is no answer, or exceeds the limits. A head that was read before remains.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, Fault> {
        self.buffer.extend_from_slice(bytes);
        while matches!(self.state, State::Head) {
            if !self.take_head()? {
                return Ok(Progress::More);
            }
        }
        self.take_body()?;
        Ok(match self.state {
            State::Done | State::Cut => Progress::Done,
            _ => Progress::More,
        })
    }

    /// The server sends no more.
    ///
    /// # Errors
    /// The answer is not whole.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.state {
            State::Done | State::Cut => Ok(()),
            State::UntilClose => {
                self.state = State::Done;
                Ok(())
            }
            State::Head if self.buffer.is_empty() && self.interim == 0 => Err(Fault {
                kind: FaultKind::Closed,
                detail: None,
            }),
            State::Head => Err(fault(FaultKind::Closed, "within the head")),
            State::Length(_) | State::Chunked(_) => Err(fault(FaultKind::Closed, "within the body")),
        }
    }

    /// Reads no more of the body.
    pub fn cut(&mut self) {
        self.state = State::Cut;
        self.reusable = false;
    }

    /// The head, once it is there.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// What is there of the body, before its content coding is undone.
    pub fn received(&self) -> &[u8] {
        &self.body
    }

    /// Whether another request can follow over the same connection.
    pub fn is_reusable(&self) -> bool {
        self.reusable && matches!(self.state, State::Done) && self.buffer.is_empty()
    }

    /// Head and body, where there is a head, and what is wrong with the body's coding.
    pub fn finish(self) -> Option<(Head, Body, Option<Fault>)> {
        let head = self.head?;
        let cut = !matches!(self.state, State::Done);
        let (content, fault) = match decode(&head, self.body, self.body_limit, cut) {
            Ok(content) => (content, None),
            Err((content, fault)) => (content, Some(fault)),
        };
        let received = self.received;
        Some((head, Body { content, received }, fault))
    }

    /// Takes a head, where one is all there.
    fn take_head(&mut self) -> Result<bool, Fault> {
        let begins = self
            .buffer
            .iter()
            .zip(BEGINNING)
            .all(|(byte, expected)| byte == expected);
        if !begins {
            return Err(other_beginning(&self.buffer));
        }
        let Some(end) = self.head_end() else {
            return match self.buffer.len() > self.head_limit {
                true => Err(fault(FaultKind::HeadTooLarge, "no end within what is read")),
                false => Ok(false),
            };
        };
        if end > self.head_limit {
            return Err(fault(FaultKind::HeadTooLarge, "no end within what is read"));
        }
        let head = Head::parse(&self.buffer[..end])?;
        self.buffer.drain(..end);
        self.searched = 0;
        if (100..200).contains(&head.status) {
            self.interim += 1;
            if self.interim > INTERIM || head.status == 101 {
                return Err(fault(FaultKind::BadHead, "interim answers without end"));
            }
            self.head_limit -= end;
            return Ok(true);
        }
        let framing = head.framing();
        self.reusable = head.keeps_alive();
        self.head = Some(head);
        self.state = match framing? {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunked::default()),
            Framing::UntilClose => State::UntilClose,
        };
        Ok(true)
    }

    /// Where the head ends: after an empty line. What was searched once is not searched again.
    fn head_end(&mut self) -> Option<usize> {
        let from = self.searched;
        for at in memchr::memchr_iter(b'\n', &self.buffer[from..]).map(|at| from + at) {
            match &self.buffer[at + 1..] {
                [b'\n', ..] => return Some(at + 2),
                [b'\r', b'\n', ..] => return Some(at + 3),
                _ => {}
            }
        }
        self.searched = self.buffer.len().saturating_sub(2);
        None
    }

    fn take_body(&mut self) -> Result<(), Fault> {
        let room = self.body_limit - self.body.len();
        let before = self.body.len();
        match &mut self.state {
            State::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX);
                let length = length.min(self.buffer.len()).min(room);
                self.body.extend(self.buffer.drain(..length));
                *left -= length as u64;
                if *left == 0 {
                    self.state = State::Done;
                }
            }
            State::UntilClose => {
                let length = self.buffer.len().min(room);
                self.body.extend(self.buffer.drain(..length));
            }
            State::Chunked(chunked) => {
                let taken = chunked.decode(&self.buffer, &mut self.body, room);
                self.received += (self.body.len() - before) as u64;
                self.buffer.drain(..taken?);
                if chunked.is_done() {
                    self.state = State::Done;
                } else if self.body.len() == self.body_limit {
                    self.cut();
                }
                return Ok(());
            }
            State::Head | State::Done | State::Cut => return Ok(()),
        }
        self.received += (self.body.len() - before) as u64;
        if self.body.len() == self.body_limit && !matches!(self.state, State::Done) {
            self.cut();
        }
        Ok(())
    }
}

/// Another version of HTTP, or none.
fn other_beginning(bytes: &[u8]) -> Fault {
    let kind = match bytes.starts_with(ANY_VERSION) {
        true => FaultKind::BadHead,
        false => FaultKind::NotHttp,
    };
    let start = &bytes[..bytes.len().min(32)];
    fault(kind, &format!("it began with `{}`", start.escape_ascii()))
}
