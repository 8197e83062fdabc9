//! Heads of requests and answers.

use std::borrow::Cow;

use super::names::is_secret;
use super::{MASKED, body, pairs, then};

/// Masks a head, and what follows it: a body, or trailers and what is no chunk.
pub(super) fn masked_with_rest(bytes: &[u8]) -> Cow<'_, [u8]> {
    let end = memchr::memmem::find(bytes, b"\n\r\n")
        .map(|at| at + 3)
        .or_else(|| memchr::memmem::find(bytes, b"\n\n").map(|at| at + 2));
    let (head, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    let bytes = match body::masked(rest) {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(rest) => Cow::Owned([head, &rest].concat()),
    };
    then(bytes, masked)
}

/// Masks a head: parameters in its first line, in cookies and in headers that name an address, and headers that are
/// secrets themselves, folded lines (RFC 9112, section 5.2) included.
pub(super) fn masked(head: &[u8]) -> Cow<'_, [u8]> {
    let mut masked = Vec::with_capacity(head.len());
    let mut changed = false;
    let mut folded_secret = false;
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let folded = number > 0 && line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        folded_secret &= folded;
        if folded_secret {
            changed = true;
            continue;
        }
        match secret_at(line) {
            Some(from) if number > 0 => {
                masked.extend_from_slice(&line[..from]);
                masked.extend_from_slice(MASKED.as_bytes());
                masked.extend_from_slice(&line[line.trim_ascii_end().len()..]);
                (changed, folded_secret) = (true, true);
            }
            _ => {
                let line = match number {
                    0 => first_line(line),
                    _ if is_cookie(line) => pairs::in_cookie(line),
                    _ => pairs::in_header(line),
                };
                changed |= matches!(line, Cow::Owned(_));
                masked.extend_from_slice(&line);
            }
        }
    }
    if changed {
        Cow::Owned(masked)
    } else {
        Cow::Borrowed(head)
    }
}

/// Masks a request line: its target may hold blanks that nobody encoded.
fn first_line(line: &[u8]) -> Cow<'_, [u8]> {
    let version = memchr::memrchr(b' ', line.trim_ascii_end())
        .filter(|at| line[at + 1..].starts_with(b"HTTP/"))
        .unwrap_or(line.len());
    let (target, version) = line.split_at(version);
    match pairs::in_form(target) {
        Cow::Borrowed(_) => Cow::Borrowed(line),
        Cow::Owned(mut masked) => {
            masked.extend_from_slice(version);
            Cow::Owned(masked)
        }
    }
}

fn is_cookie(line: &[u8]) -> bool {
    ["cookie:", "set-cookie:"].iter().any(|name| {
        line.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// Where the secret begins in a header line that is one: in `Authorization` after the scheme, where there is one.
fn secret_at(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii();
    let value = line[colon + 1..].trim_ascii();
    let value_at = line.len() - line[colon + 1..].trim_ascii_start().len();
    if !name.eq_ignore_ascii_case(b"authorization") && !name.eq_ignore_ascii_case(b"proxy-authorization") {
        let is_name = name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        return (is_name && !value.is_empty() && is_secret(name)).then_some(value_at);
    }
    let scheme = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let has_scheme = value.get(scheme).is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    Some(if has_scheme {
        value_at + scheme + 1
    } else {
        value_at
    })
}
