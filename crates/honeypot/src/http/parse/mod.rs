//! Request heads, read as HTTP.sys reads them: strictly, and refused as soon as a byte is wrong.

use httparse::{EMPTY_HEADER, Status};
use imker_event::Content;

use super::Limits;
use super::httpsys::Refusal;
use super::message::{Header, Request, Version};

mod fields;
pub(super) use fields::number;
mod target;

/// Headers that most requests stay below; more are parsed on the heap.
const FEW_HEADERS: usize = 48;
/// HTTP.sys's limit on verbs.
const VERB: usize = 255;

/// A complete head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The request, without head and body.
    pub request: Request,
    /// How many bytes the head took, the empty line and line breaks before the request line included.
    pub length: usize,
    /// How the body is delimited.
    pub framing: Framing,
    /// Whether the client waits for `100 Continue`.
    pub expects_continue: bool,
    /// Whether the client wants the connection to stay open.
    pub keep_alive: bool,
}

/// How a request's body is delimited (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By its length, which may be 0.
    Length(u64),
    /// By chunks.
    Chunked,
}

/// Reads a head from the start of `bytes`; `None` if more are needed.
///
/// # Errors
/// What HTTP.sys would refuse, as soon as the bytes show it.
pub fn head(bytes: &[u8], limits: &Limits) -> Result<Option<Head>, Refusal> {
    let too_long = bytes.len() > limits.head;
    let seen = &bytes[..bytes.len().min(limits.head)];
    match parse(seen, limits) {
        Ok(None) if too_long || seen.len() == limits.head => Err(overlong(seen, limits)),
        other => other,
    }
}

/// Whether nothing new can be read in `bytes`, of which the first `seen` were a part of a head: what follows them is in a
/// header's name or value. So a client that sends byte by byte does not make all be read for each of them.
pub(super) fn goes_on(bytes: &[u8], seen: usize, limits: &Limits) -> bool {
    let (old, new) = bytes.split_at(seen);
    let line = old.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let fields = line.and_then(|line| memchr::memrchr(b'\n', &old[line..]).map(|end| &old[line + end + 1..]));
    let Some(field) = fields.filter(|field| bytes.len() < limits.head && !field.ends_with(b"\r")) else {
        return false;
    };
    let of_value = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    match memchr::memchr(b':', field) {
        Some(_) => new.iter().all(of_value),
        None => new.iter().all(|byte| is_token(*byte)),
    }
}

/// Checks what HTTP/2 says in pseudo-headers as [`head`] would: the method, and path and query of the target.
///
/// # Errors
/// As for [`head`].
pub(super) fn check_http2<'b>(
    method: &[u8],
    target: &'b [u8],
    host: Option<&[u8]>,
    limits: &Limits,
) -> Result<(&'b [u8], Option<&'b [u8]>), Refusal> {
    if method.is_empty() || method.len() > VERB || !method.iter().all(|byte| is_token(*byte)) {
        return Err(Refusal::Verb);
    }
    if target.len() > limits.field {
        return Err(Refusal::UrlLength);
    }
    target::check_start(target)?;
    if target.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err(Refusal::Url);
    }
    if !host.is_some_and(fields::is_host) {
        return Err(Refusal::Hostname);
    }
    let target = target::split(target, limits)?;
    Ok((target.path, target.query))
}

/// Which limit a head that is not complete within its limit exceeds.
fn overlong(seen: &[u8], limits: &Limits) -> Refusal {
    let start = seen
        .iter()
        .position(|byte| !matches!(byte, b'\r' | b'\n'))
        .unwrap_or(seen.len());
    if memchr::memchr(b'\n', &seen[start..]).is_none() {
        return Refusal::UrlLength;
    }
    let longest = seen[start..].split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    if longest.unwrap_or(0) > limits.field {
        Refusal::FieldLength
    } else {
        Refusal::RequestLength
    }
}

fn parse(bytes: &[u8], limits: &Limits) -> Result<Option<Head>, Refusal> {
    // Line breaks before the request line are skipped (RFC 9112, section 2.2).
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let Some(line) = start.and_then(|start| bytes.get(start..)) else {
        return Ok(None);
    };
    let Some((line, rest)) = request_line(line, limits)? else {
        return Ok(None);
    };
    let mut few = [EMPTY_HEADER; FEW_HEADERS];
    let parsed = match httparse::parse_headers(rest, &mut few) {
        Err(httparse::Error::TooManyHeaders) => {
            // The shortest header, `a:` and a line feed, takes 3 bytes.
            let mut many = vec![EMPTY_HEADER; rest.len() / 3 + 1];
            httparse::parse_headers(rest, &mut many).map(|status| owned(&status))
        }
        other => other.map(|status| owned(&status)),
    };
    let (length, headers) = match parsed {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        Err(httparse::Error::NewLine) => return Err(Refusal::LineBreak),
        Err(_) => return Err(Refusal::Header),
    };
    let target = target::split(line.target, limits)?;
    let fields = fields::read(line.version, line.verb, target.authority, &headers, limits)?;
    let request = Request {
        version: line.version,
        method: line.verb.to_vec(),
        target: line.target.to_vec(),
        path: target.path.to_vec(),
        query: target.query.map(<[u8]>::to_vec),
        headers,
        head: Vec::new(),
        body: Vec::new(),
        content: Content::default(),
        complete: true,
    };
    Ok(Some(Head {
        request,
        length: bytes.len() - rest.len() + length,
        framing: fields.framing,
        expects_continue: fields.expects_continue,
        keep_alive: fields.keep_alive,
    }))
}

/// The head's length and its headers; `None` if there is more to come.
fn owned(status: &Status<(usize, &[httparse::Header<'_>])>) -> Option<(usize, Vec<Header>)> {
    let Status::Complete((length, headers)) = status else {
        return None;
    };
    let header = |header: &httparse::Header<'_>| Header {
        name: header.name.as_bytes().to_vec(),
        value: header.value.trim_ascii().to_vec(),
    };
    Some((*length, headers.iter().map(header).collect()))
}

#[derive(Debug, Clone, Copy)]
struct RequestLine<'b> {
    verb: &'b [u8],
    target: &'b [u8],
    version: Version,
}

/// The request line and what follows it.
fn request_line<'b>(
    bytes: &'b [u8],
    limits: &Limits,
) -> Result<Option<(RequestLine<'b>, &'b [u8])>, Refusal> {
    let token = bytes
        .iter()
        .position(|byte| !is_token(*byte))
        .unwrap_or(bytes.len());
    if token > VERB {
        return Err(Refusal::Verb);
    }
    match bytes.get(token) {
        None => return Ok(None),
        Some(b' ') if token > 0 => {}
        Some(_) => return Err(Refusal::Verb),
    }
    let (verb, rest) = bytes.split_at(token);
    let rest = skip_blanks(rest);
    let end = rest
        .iter()
        .position(|byte| *byte <= b' ' || *byte == 0x7f)
        .unwrap_or(rest.len());
    if end > limits.field {
        return Err(Refusal::UrlLength);
    }
    let (target, rest) = rest.split_at(end);
    match rest.first() {
        None => return Ok(None),
        Some(b' ') => target::check_start(target)?,
        // HTTP/0.9 has no version, and HTTP.sys no HTTP/0.9.
        Some(b'\r' | b'\n') => {
            target::check_start(target)?;
            return Err(Refusal::BadRequest);
        }
        Some(_) => return Err(Refusal::Url),
    }
    let rest = skip_blanks(rest);
    let Some(end) = memchr::memchr(b'\n', rest) else {
        // No version is longer than this.
        return if rest.len() > 32 {
            Err(Refusal::BadRequest)
        } else {
            Ok(None)
        };
    };
    let (version, rest) = (&rest[..end], &rest[end + 1..]);
    let version = version.strip_suffix(b"\r").unwrap_or(version);
    Ok(Some((
        RequestLine {
            verb,
            target,
            version: self::version(version)?,
        },
        rest,
    )))
}

/// HTTP/1.x is read as HTTP/1.1 where x is not 0 (RFC 9110, section 2.5).
fn version(text: &[u8]) -> Result<Version, Refusal> {
    let numbers = text.strip_prefix(b"HTTP/").ok_or(Refusal::BadRequest)?;
    let point = memchr::memchr(b'.', numbers).ok_or(Refusal::BadRequest)?;
    let (major, minor) = (&numbers[..point], &numbers[point + 1..]);
    let number = |digits: &[u8]| (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    if !number(major) || !number(minor) {
        return Err(Refusal::BadRequest);
    }
    match (major, minor) {
        (b"1", b"0") => Ok(Version::Http10),
        (b"1", _) => Ok(Version::Http11),
        (b"0", _) => Err(Refusal::BadRequest),
        _ => Err(Refusal::Version),
    }
}

fn skip_blanks(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != b' ').unwrap_or(bytes.len());
    &bytes[start..]
}

/// `tchar` of RFC 9110, section 5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
