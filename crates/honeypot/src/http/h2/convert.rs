//! Between the `http` crate's types and ours.

use http::header::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::super::Limits;
use super::super::answer::answered_with;
use super::super::httpsys::Refusal;
use super::super::message::{Header, Request, Response, Version};
use super::super::{parse, writer};
use super::Answer;

/// Headers that are a connection's own and have no place in HTTP/2 (RFC 9113, section 8.2.2).
const OF_CONNECTIONS: [&str; 5] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// The request in our form, without its body, and why HTTP.sys would refuse it, if it would.
pub(super) fn request(parts: &http::request::Parts, limits: &Limits) -> (Request, Option<Refusal>) {
    let mut headers = Vec::with_capacity(parts.headers.len() + 1);
    let header = |name: &str, value: &[u8]| Header {
        name: name.as_bytes().to_vec(),
        value: value.to_vec(),
    };
    if let Some(authority) = parts.uri.authority() {
        headers.push(header("host", authority.as_str().as_bytes()));
    }
    for (name, value) in &parts.headers {
        // `host` beside `:authority` says the same, or is smuggled: it is recorded and not acted on.
        headers.push(header(name.as_str(), value.as_bytes()));
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str())
        .as_bytes();
    let method = parts.method.as_str().as_bytes();
    let mut head = [method, b" ", target, b" HTTP/2\r\n"].concat();
    for Header { name, value } in &headers {
        for part in [name, b": ".as_slice(), value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    let mut request = Request {
        version: Version::Http2,
        method: method.to_vec(),
        target: target.to_vec(),
        headers,
        head,
        ..Request::default()
    };
    match parse::check_http2(target, request.header("host"), limits) {
        Ok((path, query)) => {
            (request.path, request.query) = (path.to_vec(), query.map(<[u8]>::to_vec));
            (request, None)
        }
        Err(refusal) => (request, Some(refusal)),
    }
}

/// The head of an answer as `h2` sends it, and as it is recorded; the body's hash and length are those of the
/// response's.
pub(super) fn response(response: &Response, head_only: bool, now: Timestamp) -> (http::Response<()>, Answer) {
    let mut sent = http::Response::new(());
    *sent.status_mut() = http::StatusCode::from_u16(response.status).unwrap_or_default();
    let mut head = Vec::with_capacity(512);
    writer::status_line(&mut head, "HTTP/2", response);
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
        writer::header_bytes(&mut head, name.as_str(), value.as_bytes());
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
