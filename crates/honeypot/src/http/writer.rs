//! Answers as HTTP.sys puts them on the wire: headers in the site's order and letter case, then its own.

use std::cell::RefCell;
use std::io::Write;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::message::{After, Request, Response, Version};

/// An answer on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Status line and headers, the empty line included.
    pub head: Vec<u8>,
    /// What follows them.
    pub body: Bytes,
    /// Whether the connection is closed after it.
    pub close: bool,
}

/// What an answer must know of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The request's version; the answer is HTTP/1.1 in any case.
    pub version: Version,
    /// Whether it is HEAD.
    pub head: bool,
    /// Whether the connection may stay open.
    pub keep_alive: bool,
}

impl Asked {
    /// Of a request.
    pub fn of(request: &Request, keep_alive: bool) -> Self {
        Self {
            version: request.version,
            head: request.method == b"HEAD",
            keep_alive,
        }
    }

    /// Where there is no request that could be understood.
    pub const NOTHING: Self = Self {
        version: Version::Http11,
        head: false,
        keep_alive: false,
    };

    /// The same, but for its verb. That HTTP.sys keeps the body back where the verb is HEAD (RFC 9110, section 9.3.2), whatever
    /// it objects to, is an assumption.
    pub fn of_refused(received: &[u8]) -> Self {
        let line = received.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
        Self {
            head: line.is_some_and(|start| received[start..].starts_with(b"HEAD ")),
            ..Self::NOTHING
        }
    }
}

/// Encodes an answer for HTTP/1.
///
/// `Date`, `Connection` and `Content-Length` follow the site's headers in this order, unless the site gave them.
/// `Transfer-Encoding: chunked`, where the site gave it, makes one chunk of the body.
pub fn encode(response: &Response, asked: Asked, now: Timestamp) -> Encoded {
    let given = |name: &str| {
        response
            .headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
    };
    let chunked = given("Transfer-Encoding");
    let bodiless = response.status < 200 || matches!(response.status, 204 | 304);
    let dechunked = chunked && asked.version == Version::Http10;
    let close = !asked.keep_alive || response.after != After::Keep || dechunked;

    let mut head = Vec::with_capacity(640);
    status_line(&mut head, "HTTP/1.1", response);
    for (name, value) in &response.headers {
        if dechunked && name.eq_ignore_ascii_case("Transfer-Encoding") {
            continue;
        }
        header(&mut head, name, value);
    }
    if !given("Date") {
        head.extend_from_slice(b"Date: ");
        date(&mut head, now);
        head.extend_from_slice(b"\r\n");
    }
    if !given("Connection") {
        if close {
            head.extend_from_slice(b"Connection: close\r\n");
        } else if asked.version == Version::Http10 {
            // Assumed: captures of kept HTTP/1.0 connections are rare.
            head.extend_from_slice(b"Connection: Keep-Alive\r\n");
        }
    }
    if !bodiless && !chunked && !given("Content-Length") {
        // Writing to memory does not fail.
        let _ = write!(head, "Content-Length: {}\r\n", response.body.len());
    }
    head.extend_from_slice(b"\r\n");
    let body = match (asked.head || bodiless, chunked && !dechunked) {
        (true, _) => Bytes::new(),
        (false, true) => in_one_chunk(&response.body),
        (false, false) => response.body.clone(),
    };
    Encoded { head, body, close }
}

fn in_one_chunk(body: &[u8]) -> Bytes {
    let mut chunked = Vec::with_capacity(body.len() + 32);
    if !body.is_empty() {
        // Writing to memory does not fail.
        let _ = write!(chunked, "{:x}\r\n", body.len());
        chunked.extend_from_slice(body);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    chunked.into()
}

/// Writes a status line.
pub(super) fn status_line(out: &mut Vec<u8>, version: &str, response: &Response) {
    let _ = write!(out, "{version} {} {}\r\n", response.status, response.reason);
}

/// Writes a header. Control characters are left out, so that no text of a client's can end a header.
pub(super) fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    let clean = |text: &str, out: &mut Vec<u8>| {
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            out.extend(text.bytes().filter(|byte| !byte.is_ascii_control()));
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    };
    clean(name, out);
    out.extend_from_slice(b": ");
    clean(value, out);
    out.extend_from_slice(b"\r\n");
}

/// Writes a header whose value holds no control characters.
pub(super) fn header_bytes(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// Writes an IMF-fixdate (RFC 9110, section 5.6.7).
pub(super) fn date(out: &mut Vec<u8>, now: Timestamp) {
    thread_local! {
        static LAST: RefCell<(i64, Vec<u8>)> = const { RefCell::new((i64::MIN, Vec::new())) };
    }
    LAST.with_borrow_mut(|(second, text)| {
        if *second != now.as_second() {
            let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
            // Years beyond 9999 cannot be printed; a clock that shows them gets an empty date.
            *text = printed.unwrap_or_default().into_bytes();
            *second = now.as_second();
        }
        out.extend_from_slice(text);
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::http::httpsys::Refusal;

    const KEEP: Asked = Asked {
        version: Version::Http11,
        head: false,
        keep_alive: true,
    };

    fn response(headers: &[(&'static str, &'static str)]) -> Response {
        Response {
            status: 200,
            reason: "OK",
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            substatus: 0,
            win32_status: 0,
            body: Bytes::from_static(b"body"),
            after: After::Keep,
        }
    }

    fn text(response: &Response, asked: Asked) -> String {
        let now = Timestamp::from_second(784_111_777).unwrap();
        let encoded = encode(response, asked, now);
        String::from_utf8([&encoded.head[..], &encoded.body].concat()).unwrap()
    }

    /// Golden files show line breaks, which would not be compared otherwise.
    fn golden(response: &Response, asked: Asked) -> String {
        text(response, asked).replace("\r\n", "\\r\\n\n")
    }

    #[test]
    fn own_headers_follow_the_sites() {
        insta::assert_snapshot!(golden(
            &response(&[("X-FEServer", "EX01"), ("request-id", "1")]),
            KEEP
        ));
    }

    #[test]
    fn every_refusal_is_as_http_sys_has_it() {
        for refusal in Refusal::ALL {
            let name = format!("httpsys_{}", refusal.reason().replace('/', "_"));
            insta::assert_snapshot!(name, golden(&refusal.response(), Asked::NOTHING));
        }
    }

    #[test]
    fn one_chunk_for_http_1_1_and_none_for_1_0() {
        let chunked = response(&[("Transfer-Encoding", "chunked"), ("Server", "Microsoft-IIS/10.0")]);
        assert!(text(&chunked, KEEP).ends_with("\r\n\r\n4\r\nbody\r\n0\r\n\r\n"));
        let old = Asked {
            version: Version::Http10,
            ..KEEP
        };
        let plain = text(&chunked, old);
        assert!(
            plain.ends_with("Connection: close\r\n\r\nbody") && !plain.contains("chunked"),
            "{plain}"
        );
    }

    #[test]
    fn bodies_that_are_not_sent() {
        let head = text(&response(&[]), Asked { head: true, ..KEEP });
        assert!(head.ends_with("Content-Length: 4\r\n\r\n"), "{head}");
        let unmodified = text(
            &Response {
                status: 304,
                ..response(&[])
            },
            KEEP,
        );
        assert!(unmodified.ends_with("GMT\r\n\r\n"), "{unmodified}");
    }

    #[test]
    fn no_value_ends_its_header() {
        let split = text(&response(&[("Location", "/a\r\nX-B: 1\n\n<")]), KEEP);
        assert!(split.contains("Location: /aX-B: 1<\r\n"), "{split}");
    }
}
