use std::io::BufRead;

use serde_json::Value;

use super::Place;
use crate::{Kind, Recorded};

/// The longest line read, in bytes, without its line feed.
pub const MAX_LINE: usize = 4 * 1024 * 1024;

/// A line, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The event; without its secrets where they were masked.
    pub recorded: Recorded,
    /// Where its source is, where the writer knew.
    pub place: Option<Place>,
}

/// Why a line is no event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It exceeds [`MAX_LINE`].
    #[error("the line is longer than {MAX_LINE} bytes")]
    TooLong,
    /// It is no JSON.
    #[error("no JSON: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON, but none of our documents.
    #[error("no event of a sensor: it has no member `imker`")]
    NotAnEvent,
    /// Its kind is not in this version's catalogue.
    #[error("unknown kind of event `{0}`: a newer version wrote it")]
    UnknownKind(Box<str>),
    /// Its kind is known, but not in this form.
    #[error("not in the form of its kind: {0}")]
    Malformed(serde_json::Error),
    /// The file could not be read on.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// A line that is no event.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// The line, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: Unreadable,
}

/// Reads one line that [`super::to_json`] wrote.
pub fn from_json(line: &[u8]) -> Result<Document, Unreadable> {
    if line.len() > MAX_LINE {
        return Err(Unreadable::TooLong);
    }
    let mut document: Value = serde_json::from_slice(line).map_err(Unreadable::NotJson)?;
    let place = Place::of_document(&document);
    let native = document
        .get_mut("imker")
        .map(Value::take)
        .ok_or(Unreadable::NotAnEvent)?;
    let unknown = native
        .pointer("/saw/kind")
        .and_then(Value::as_str)
        .filter(|kind| !Kind::ALL.iter().any(|known| known.action() == *kind))
        .map(Box::from);
    if let Some(kind) = unknown {
        return Err(Unreadable::UnknownKind(kind));
    }
    let recorded = serde_json::from_value(native).map_err(Unreadable::Malformed)?;
    Ok(Document { recorded, place })
}

/// Reads documents line by line, in bounded memory. A line that is no event is an error in its place, and reading goes
/// on after it, except where the input itself fails. Empty lines are skipped.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: u64,
    buffer: Vec<u8>,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from the start of `input`.
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: 0,
            buffer: Vec::new(),
            ended: false,
        }
    }

    /// Puts the next line into the buffer; `None` at the end, `Some(false)` where it is too long.
    fn fill(&mut self) -> std::io::Result<Option<bool>> {
        self.buffer.clear();
        let (mut any, mut fits) = (false, true);
        loop {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                return Ok(any.then_some(fits));
            }
            any = true;
            let end = memchr::memchr(b'\n', available);
            let part = &available[..end.unwrap_or(available.len())];
            fits &= self.buffer.len() + part.len() <= MAX_LINE;
            if fits {
                self.buffer.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some(fits));
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Document, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let filled = self.fill();
            self.line += 1;
            let read = match filled {
                Ok(None) => {
                    self.ended = true;
                    return None;
                }
                Ok(Some(true)) if self.buffer.trim_ascii().is_empty() => continue,
                Ok(Some(true)) => from_json(&self.buffer),
                Ok(Some(false)) => Err(Unreadable::TooLong),
                Err(error) => {
                    self.ended = true;
                    Err(error.into())
                }
            };
            let line = self.line;
            return Some(read.map_err(|reason| LineError { line, reason }));
        }
        None
    }
}
