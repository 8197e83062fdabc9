use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;

use serde::Deserialize;

use super::JournalError;

/// Bytes of one line that are written, and read.
pub(super) const LONGEST: u64 = 8 << 20;

/// A journal's lines.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    number: u64,
    /// Bytes up to the end of the last whole line.
    pub whole: u64,
}

impl Lines {
    /// Lines from where `file` stands.
    pub fn new(path: PathBuf, file: File) -> Self {
        Self {
            path,
            reader: BufReader::with_capacity(256 << 10, file),
            buffer: Vec::new(),
            number: 0,
            whole: 0,
        }
    }

    /// Whether nothing was read by the last call.
    pub fn is_at_end(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole line; `None` at the end, and where the last line was cut short.
    pub fn next_line<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, JournalError> {
        self.buffer.clear();
        self.number += 1;
        #[expect(clippy::disallowed_methods, reason = "no more than `LONGEST` bytes")]
        let read = self
            .reader
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|error| JournalError::Io {
                path: self.path.clone(),
                error,
            })?;
        if self.buffer.last() != Some(&b'\n') {
            if read as u64 == LONGEST {
                return Err(self.foreign("a line without end".to_owned()));
            }
            return Ok(None);
        }
        self.whole += read as u64;
        serde_json::from_slice(&self.buffer)
            .map(Some)
            .map_err(|error| self.foreign(error.to_string()))
    }

    /// An error about the last line.
    pub fn foreign(&self, what: String) -> JournalError {
        JournalError::Foreign {
            path: self.path.clone(),
            line: self.number,
            what,
        }
    }
}
