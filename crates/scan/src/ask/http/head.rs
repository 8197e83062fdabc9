use httparse::{EMPTY_HEADER, ParserConfig};
use imker_posture::{Fault, FaultKind};

use super::fault;

/// Headers of one answer that are read; real servers send fewer than 40.
const HEADERS: usize = 128;

/// Status line and headers of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Status.
    pub status: u16,
    /// Minor version: 0 or 1.
    pub minor: u8,
    /// Headers, in their order and letter case; values as received.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// How the body ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Head {
    /// Values of a header, letter case aside.
    pub fn values<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Elements of a comma-separated header.
    pub(super) fn elements<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.values(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
    }

    /// Reads a head that is all there, as leniently as browsers do.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = ParserConfig::default()
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .ignore_invalid_headers_in_responses(true)
            .parse_response(&mut response, bytes);
        match parsed {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => {
                return Err(fault(FaultKind::BadHead, "the head ends within a line"));
            }
            Err(httparse::Error::TooManyHeaders) => {
                return Err(fault(FaultKind::HeadTooLarge, "more headers than are read"));
            }
            Err(error) => return Err(fault(FaultKind::BadHead, &error.to_string())),
        }
        let (Some(status), Some(minor)) = (response.code, response.version) else {
            return Err(fault(FaultKind::BadHead, "no status"));
        };
        let headers = response
            .headers
            .iter()
            .map(|header| (header.name.to_owned(), header.value.to_vec()))
            .collect();
        Ok(Self {
            status,
            minor,
            headers,
        })
    }

    pub(super) fn framing(&self) -> Result<Framing, Fault> {
        if matches!(self.status, 204 | 304) {
            return Ok(Framing::Length(0));
        }
        let mut codings = self.elements("transfer-encoding").peekable();
        if codings.peek().is_some() {
            return Ok(match codings.last() {
                Some(last) if last.eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
                _ => Framing::UntilClose,
            });
        }
        let mut length = None;
        for element in self.elements("content-length") {
            let digits = element.iter().all(u8::is_ascii_digit).then_some(element);
            let value = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
            let Some(value) = value else {
                return Err(fault(FaultKind::BadBody, "Content-Length is no number"));
            };
            if length.is_some_and(|other| other != value) {
                return Err(fault(FaultKind::BadBody, "two values of Content-Length"));
            }
            length = Some(value);
        }
        Ok(length.map_or(Framing::UntilClose, Framing::Length))
    }

    /// Whether the server takes another request over the same connection (RFC 9112, section 9.3).
    pub(super) fn keeps_alive(&self) -> bool {
        let has = |option: &[u8]| {
            let mut options = self
                .elements("connection")
                .chain(self.elements("proxy-connection"));
            options.any(|element| element.eq_ignore_ascii_case(option))
        };
        // What two of its readers understand differently is not read on (RFC 9112, section 6.1).
        let ambiguous = self.values("transfer-encoding").next().is_some()
            && (self.minor == 0 || self.values("content-length").next().is_some());
        !ambiguous && !has(b"close") && (self.minor == 1 || has(b"keep-alive"))
    }
}
