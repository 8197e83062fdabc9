use std::borrow::Cow;

use bytes::Bytes;
use imker_event::Content;

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    /// As in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// A header as received: order, letter case and repetition are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Name, letter case as received.
    pub name: Vec<u8>,
    /// Value, without the blanks around it.
    pub value: Vec<u8>,
}

/// A request, read in full up to the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Version.
    pub version: Version,
    /// Method, letter case as received.
    pub method: Vec<u8>,
    /// Request target as received; `path` and `query` are parts of it.
    pub target: Vec<u8>,
    /// Path as received (of an absolute target, what follows the authority); never decoded.
    pub path: Vec<u8>,
    /// What follows the first `?`.
    pub query: Option<Vec<u8>>,
    /// Headers in order. HTTP/2's `:authority` comes as `host`.
    pub headers: Vec<Header>,
    /// Request line and headers as received, the empty line included, and line breaks before the request line; for
    /// HTTP/2 in the form of HTTP/1.1. Of a chunked body, chunks' extensions and trailers follow, and what came last and is no
    /// chunk.
    pub head: Vec<u8>,
    /// The body's first bytes, up to the limit on what is kept in memory.
    pub body: Vec<u8>,
    /// The whole body, by hash.
    pub content: Content,
    /// Whether the body came in full.
    pub complete: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            version: Version::Http11,
            method: Vec::new(),
            target: Vec::new(),
            path: Vec::new(),
            query: None,
            headers: Vec::new(),
            head: Vec::new(),
            body: Vec::new(),
            content: Content::default(),
            complete: true,
        }
    }
}

impl Request {
    /// The first header of this name, letter case aside.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let header = self
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name.as_bytes()));
        header.map(|header| &*header.value)
    }

    /// All headers of this name, letter case aside.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        let named = |header: &&Header| header.name.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().filter(named).map(|header| &*header.value)
    }
}

/// An answer. Headers are written in order and letter case as given; the writer adds none but `Date`,
/// `Content-Length` or `Transfer-Encoding`, and `Connection: close` where the connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Reason phrase.
    pub reason: &'static str,
    /// Headers in order.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// IIS's substatus, as in 401.2; logged, not sent. See Microsoft, "HTTP status codes in IIS"
    /// (`troubleshoot/developer/webapps/iis/www-administration-management/http-status-code`).
    pub substatus: u16,
    /// `sc-win32-status` of IIS's log: a code of [MS-ERREF], 0 for none.
    pub win32_status: u32,
    /// Body; not sent to HEAD. What many answers share is held once.
    pub body: Bytes,
    /// What becomes of the connection.
    pub after: After,
}

/// What becomes of a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It stays open, unless the client wants it closed.
    Keep,
    /// It is closed in order.
    Close,
    /// Nothing is sent and the connection is reset, as URL Rewrite's AbortRequest does.
    Reset,
}
