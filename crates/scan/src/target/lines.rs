//! Lists: one entry a line, or in the first column.

use std::io::{self, BufRead};

use super::WhyBad;

/// Longest line that is read.
const LONGEST: usize = 4096;

type Line<'a> = (u64, Result<&'a str, WhyBad>);

/// Lines of a list, each bounded.
pub(super) struct Lines<R> {
    read: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(read: R) -> Self {
        Self {
            read,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line's number, from 1, and entry: without comment, further columns and blanks around it; empty lines are passed over.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let Some(fits) = self.read_line()? else {
                return Ok(None);
            };
            self.number += 1;
            if !fits {
                return Ok(Some((self.number, Err(WhyBad::TooLong))));
            }
            // Checked twice, for the borrow checker does not let a borrow end on one way through a loop alone.
            match str::from_utf8(&self.buffer).map(entry) {
                Ok(None) => {}
                Ok(Some(_)) => break,
                Err(_) => return Ok(Some((self.number, Err(WhyBad::Encoding)))),
            }
        }
        let line = str::from_utf8(&self.buffer).unwrap_or_default();
        Ok(Some((self.number, Ok(entry(line).unwrap_or_default()))))
    }

    /// Puts a line into the buffer, and says whether all of it is there; none at the end.
    fn read_line(&mut self) -> io::Result<Option<bool>> {
        self.buffer.clear();
        let mut length = 0;
        loop {
            let available = match self.read.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            if available.is_empty() && length == 0 {
                return Ok(None);
            }
            length += part.len();
            if length <= LONGEST {
                self.buffer.extend_from_slice(part);
            }
            let done = end.is_some() || available.is_empty();
            let consumed = part.len() + usize::from(end.is_some());
            self.read.consume(consumed);
            if done {
                return Ok(Some(length <= LONGEST));
            }
        }
    }
}

/// What a line names: what stands before a comment (`#` at its start or after a blank) and in the first column.
fn entry(line: &str) -> Option<&str> {
    let comment = line
        .match_indices('#')
        .find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let line = comment.map_or(line, |(at, _)| &line[..at]).trim();
    let column = line.split([',', ';', '\t']).next().unwrap_or_default().trim();
    let unquoted = column.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let entry = unquoted.unwrap_or(column).trim();
    (!line.is_empty()).then_some(entry)
}

/// Whether the first line of a table names its columns.
pub(super) fn is_heading(entry: &str) -> bool {
    const NAMES: [&str; 12] = [
        "address",
        "domain",
        "fqdn",
        "host",
        "hostname",
        "ip",
        "ip address",
        "ip_address",
        "name",
        "server",
        "target",
        "url",
    ];
    NAMES.iter().any(|name| entry.eq_ignore_ascii_case(name))
}

/// What a source's beginning says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Lines,
    Xml,
    Utf16,
}

/// Looks at the beginning, and consumes a byte order mark.
pub(super) fn kind(read: &mut impl BufRead) -> io::Result<Kind> {
    let start = read.fill_buf()?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Ok(Kind::Utf16);
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        read.consume(3);
    }
    let first = read.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(if first == Some(&b'<') {
        Kind::Xml
    } else {
        Kind::Lines
    })
}
