//! Between the `http` crate's types and ours.

use http::header::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::super::Limits;
use super::super::answer::{Answer, answered_with};
use super::super::httpsys::Refusal;
use super::super::message::{Header, Request, Response, Version};
use super::super::{parse, writer};
use super::frames::Fields;

/// Headers that are a connection's own and have no place in HTTP/2 (RFC 9113, section 8.2.2).
const OF_CONNECTIONS: [&str; 5] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Why there is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// HTTP.sys would answer by itself.
    Refused(Refusal),
    /// Its fields are not what HTTP/2 allows: the stream is reset (RFC 9113, section 8.1.1).
    Malformed,
}

impl Unread {
    /// As it is recorded.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::Malformed => "HTTP/2: malformed",
        }
    }
}

/// The request in our form, without its body, and why it is none, if it is.
pub(super) fn request(fields: Fields, limits: &Limits) -> (Request, Result<(), Unread>) {
    let Fields { list, cut } = fields;
    let well_formed = is_well_formed(&list);
    // Repeated and unknown ones, which none may have, stay among the headers, to be recorded.
    let (mut pseudo, mut headers) = (Vec::<Header>::new(), Vec::new());
    for header in list {
        let known = match &*header.name {
            b":method" | b":authority" | b":path" => true,
            b":scheme" => is_scheme(&header.value),
            _ => false,
        };
        if known && pseudo.iter().all(|other| other.name != header.name) {
            pseudo.push(header);
        } else {
            headers.push(header);
        }
    }
    let named = |name: &[u8]| pseudo.iter().find(|header| header.name == name);
    let value = |name: &[u8]| named(name).map_or(&b""[..], |header| &*header.value);
    let (method, target) = (value(b":method").to_vec(), value(b":path").to_vec());
    let authority = named(b":authority").map(|header| Header {
        name: b"host".to_vec(),
        value: header.value.clone(),
    });
    // `host` beside `:authority` says the same, or is smuggled: it is recorded and not acted on.
    let headers: Vec<Header> = authority.into_iter().chain(headers).collect();
    let mut request = Request {
        version: Version::Http2,
        head: head(&method, &target, &headers),
        method,
        target,
        headers,
        ..Request::default()
    };
    let read = match (cut, well_formed) {
        (true, _) => Err(Unread::Refused(Refusal::RequestLength)),
        (_, false) => Err(Unread::Malformed),
        _ => check(&request, limits).map_err(Unread::Refused),
    };
    let read = read.map(|(path, query)| (path.to_vec(), query.map(<[u8]>::to_vec)));
    match read {
        Ok((path, query)) => {
            (request.path, request.query) = (path, query);
            (request, Ok(()))
        }
        Err(unread) => (request, Err(unread)),
    }
}

/// Path and query.
fn check<'r>(request: &'r Request, limits: &Limits) -> Result<(&'r [u8], Option<&'r [u8]>), Refusal> {
    let too_long = |header: &Header| header.name.len() + header.value.len() > limits.field;
    if request.headers.iter().any(too_long) {
        return Err(Refusal::FieldLength);
    }
    let mut lengths = request.headers("content-length");
    if let Some(length) = lengths.next()
        && (parse::number(length).is_err() || lengths.next().is_some())
    {
        return Err(Refusal::Number);
    }
    parse::check_http2(&request.method, &request.target, request.header("host"), limits)
}

fn is_scheme(scheme: &[u8]) -> bool {
    matches!(scheme, b"https" | b"http")
}

/// RFC 9113, sections 8.2 and 8.3.
fn is_well_formed(fields: &[Header]) -> bool {
    let is_pseudo = |header: &Header| header.name.starts_with(b":");
    let count = |name: &[u8]| fields.iter().filter(|header| header.name == name).count();
    let starts = fields.iter().take_while(|header| is_pseudo(header)).count();
    let (method, scheme) = (count(b":method"), count(b":scheme"));
    let (authority, path) = (count(b":authority"), count(b":path"));
    let known = method + scheme + authority + path;
    let connect = fields
        .iter()
        .any(|header| header.name == b":method" && header.value == b"CONNECT");
    let complete = method == 1 && authority <= 1 && (connect || (scheme == 1 && path == 1));
    let field = |Header { name, value }: &Header| {
        let lower = name
            .iter()
            .all(|byte| parse::is_token(*byte) && !byte.is_ascii_uppercase());
        let of_connection = OF_CONNECTIONS.iter().any(|own| own.as_bytes() == name);
        let te = name != b"te" || value == b"trailers";
        !name.is_empty() && lower && !of_connection && te
    };
    let plain = |header: &Header| {
        let Header { name, value } = header;
        let of_value = !value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
        of_value && (name != b":scheme" || is_scheme(value))
    };
    complete && known == starts && fields[starts..].iter().all(field) && fields.iter().all(plain)
}

/// Request line and headers in the form of HTTP/1. Line breaks in them, which none may have, are written `\r` and `\n`.
fn head(method: &[u8], target: &[u8], headers: &[Header]) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    let mut line = |parts: [&[u8]; 4]| {
        for byte in parts.concat() {
            match byte {
                b'\r' => head.extend_from_slice(b"\\r"),
                b'\n' => head.extend_from_slice(b"\\n"),
                byte => head.push(byte),
            }
        }
        head.extend_from_slice(b"\r\n");
    };
    line([method, b" ", target, b" HTTP/2"]);
    for Header { name, value } in headers {
        line([name, b": ", value, b""]);
    }
    line([b""; 4]);
    head
}

/// The head of an answer as `h2` sends it, and as it is recorded; the body's hash and length are those of the
/// response's.
pub(super) fn response(response: &Response, head_only: bool, now: Timestamp) -> (http::Response<()>, Answer) {
    let mut sent = http::Response::new(());
    *sent.status_mut() = http::StatusCode::from_u16(response.status).unwrap_or_default();
    let mut add = |name: &str, value: &str| {
        let value: Vec<u8> = value.bytes().filter(|byte| !byte.is_ascii_control()).collect();
        let parsed = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(&value),
        );
        // What is no header can only be the site's mistake.
        let (Ok(name), Ok(value)) = parsed else {
            return;
        };
        sent.headers_mut().append(name, value);
    };
    for (name, value) in &response.headers {
        if !OF_CONNECTIONS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            add(name, value);
        }
    }
    let given = |name: &str| {
        response
            .headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
    };
    if !given("date") {
        let mut date = Vec::new();
        writer::date(&mut date, now);
        add("date", &String::from_utf8_lossy(&date));
    }
    let bodiless = matches!(response.status, 204 | 304);
    if !bodiless && !given("content-length") && !given("transfer-encoding") {
        add("content-length", &response.body.len().to_string());
    }
    let mut head = Vec::with_capacity(512);
    writer::status_line(&mut head, "HTTP/2", response);
    for (name, value) in sent.headers() {
        writer::header_bytes(&mut head, name.as_str(), value.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    let body = if head_only || bodiless {
        &[][..]
    } else {
        &*response.body
    };
    let (content, body_start) = answered_with(body);
    let answer = Answer {
        status: response.status,
        logged: (response.substatus, response.win32_status),
        bytes: (head.len() + body.len()) as u64,
        head,
        body: content,
        body_start,
    };
    (sent, answer)
}
