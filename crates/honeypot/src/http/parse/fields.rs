//! The headers that HTTP.sys itself acts on.

use super::super::Limits;
use super::super::httpsys::Refusal;
use super::super::message::{Header, Version};
use super::Framing;

pub(super) struct Fields {
    pub(super) framing: Framing,
    pub(super) expects_continue: bool,
    pub(super) keep_alive: bool,
}

pub(super) fn read(
    version: Version,
    verb: &[u8],
    authority: Option<&[u8]>,
    headers: &[Header],
    limits: &Limits,
) -> Result<Fields, Refusal> {
    let (mut host, mut length, mut chunked) = (None, None, false);
    let (mut close, mut keep, mut expects_continue) = (false, false, false);
    for Header { name, value } in headers {
        if name.len() + value.len() > limits.field {
            return Err(Refusal::FieldLength);
        }
        if name.eq_ignore_ascii_case(b"host") {
            if host.replace(&**value).is_some() {
                return Err(Refusal::Hostname);
            }
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if length.replace(number(value)?).is_some() {
                return Err(Refusal::Number);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::NotImplemented);
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case(b"connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                close |= option.eq_ignore_ascii_case(b"close");
                keep |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if name.eq_ignore_ascii_case(b"expect") {
            expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
        }
    }
    match authority.or(host) {
        Some(host) if is_host(host) => {}
        None if version == Version::Http10 => {}
        _ => return Err(Refusal::Hostname),
    }
    let framing = match (length, chunked) {
        // Which of the two counts is what request smuggling lives on (RFC 9112, section 6.1).
        (Some(_), true) => return Err(Refusal::BadRequest),
        (None, true) if version == Version::Http10 => return Err(Refusal::BadRequest),
        (None, true) => Framing::Chunked,
        (Some(length), false) => Framing::Length(length),
        (None, false) if matches!(verb, b"POST" | b"PUT") => return Err(Refusal::LengthRequired),
        (None, false) => Framing::Length(0),
    };
    Ok(Fields {
        framing,
        expects_continue: expects_continue && version == Version::Http11 && framing != Framing::Length(0),
        keep_alive: !close && (keep || version == Version::Http11),
    })
}

/// A length.
pub(in crate::http) fn number(digits: &[u8]) -> Result<u64, Refusal> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Number);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Refusal::Number)?;
    digits.parse().map_err(|_| Refusal::Number)
}

/// Whether a host, with or without port, is one: a name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host.strip_prefix(b"[") {
        Some(rest) => match memchr::memchr(b']', rest) {
            Some(end) => {
                let inner = &rest[..end];
                let address = inner
                    .iter()
                    .all(|byte| byte.is_ascii_hexdigit() || b":.%".contains(byte));
                (if address { inner } else { b"".as_slice() }, &rest[end + 1..])
            }
            None => return false,
        },
        None => {
            let end = memchr::memchr(b':', host).unwrap_or(host.len());
            let (name, port) = host.split_at(end);
            let bad = |byte: &u8| *byte <= b' ' || *byte == 0x7f || b"\"#/<>?@[\\]^`{|}".contains(byte);
            (
                if name.iter().any(bad) {
                    b"".as_slice()
                } else {
                    name
                },
                port,
            )
        }
    };
    let port_is_one = match port {
        [] | [b':'] => true,
        [b':', digits @ ..] => digits.len() <= 5 && number(digits).is_ok_and(|port| port <= 65_535),
        _ => false,
    };
    !name.is_empty() && port_is_one
}
