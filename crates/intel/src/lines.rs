//! Events and evaluations from files that others may have written.

use std::io::{self, BufRead, Read};

use imker_event::Recorded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Evaluation;

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BadLine {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads JSON lines: Elastic Common Schema documents that hold the event whole under `imker`, as a sensor writes them.
///
/// A line that is too long or no event becomes an error that names its place, and reading goes on behind it; where the
/// file itself cannot be read any further, that is the last error. Empty lines are passed over.
#[derive(Debug)]
pub struct JsonLines<R> {
    input: R,
    file: String,
    line: u64,
    buffer: Vec<u8>,
    ended: bool,
}

#[derive(Deserialize)]
struct Document {
    imker: Recorded,
}

impl<R: BufRead> JsonLines<R> {
    /// The longest line read, in bytes.
    pub const MAX_LINE: usize = 4 << 20;

    /// Reads `input`; `file` is only named in errors.
    pub fn new(input: R, file: impl Into<String>) -> Self {
        Self {
            input,
            file: file.into(),
            line: 0,
            buffer: Vec::new(),
            ended: false,
        }
    }

    fn bad(&self, reason: String) -> BadLine {
        BadLine {
            file: self.file.clone(),
            line: self.line,
            reason,
        }
    }

    /// Reads a line without its end; `false` at the end of the file.
    fn read(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        #[expect(
            clippy::disallowed_methods,
            reason = "`take` ends a line at MAX_LINE and one byte"
        )]
        let read = self
            .input
            .by_ref()
            .take(Self::MAX_LINE as u64 + 1)
            .read_until(b'\n', &mut self.buffer)?;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        }
        Ok(read > 0)
    }

    /// Passes over what is left of a line that is too long.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            let (used, found) = match available.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (available.len(), available.is_empty()),
            };
            self.input.consume(used);
            if found {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<Recorded, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line += 1;
            match self.read() {
                Ok(true) => {}
                Ok(false) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(self.bad(format!("cannot be read any further: {error}"))));
                }
            }
            if self.buffer.len() > Self::MAX_LINE {
                let skipped = self.skip();
                self.buffer = Vec::new();
                self.ended = skipped.is_err();
                return Some(Err(self.bad(format!("longer than {} MiB", Self::MAX_LINE >> 20))));
            }
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            let document = serde_json::from_slice::<Document>(&self.buffer);
            return Some(match document {
                Ok(document) => Ok(document.imker),
                Err(error) => Err(self.bad(crate::table::cut(&error.to_string()))),
            });
        }
        None
    }
}

/// An earlier evaluation that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvaluation {
    /// The file cannot be read.
    #[error("the earlier evaluation cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is longer than any evaluation.
    #[error("the earlier evaluation is longer than {} MiB: name a file written with `--json`", MAX_EVALUATION >> 20)]
    TooLong,
    /// It is no evaluation.
    #[error("the earlier evaluation is none: {0}; name a file written with `--json`")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error(
        "the earlier evaluation has the format {found:?}, and {} is needed: write it anew",
        Evaluation::SCHEMA
    )]
    Schema {
        /// Its format.
        found: String,
    },
}

/// The longest earlier evaluation that is read, in bytes.
const MAX_EVALUATION: u64 = 256 << 20;

/// Reads an earlier evaluation (its JSON) to compare with.
pub fn previous(input: impl Read) -> Result<Evaluation, UnreadableEvaluation> {
    let mut bytes = Vec::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "`take` ends it at MAX_EVALUATION and one byte"
    )]
    input.take(MAX_EVALUATION + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_EVALUATION {
        return Err(UnreadableEvaluation::TooLong);
    }
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = serde_json::from_slice(&bytes)?;
    if head.schema != Evaluation::SCHEMA {
        let found = crate::table::cut(&head.schema);
        return Err(UnreadableEvaluation::Schema { found });
    }
    Ok(serde_json::from_slice(&bytes)?)
}
