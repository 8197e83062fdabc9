use imker_posture::{Header, OWN_HEADERS};

use super::super::http::Head;
use super::text;

/// Headers of an answer that are kept.
const KEPT: usize = 40;
/// Bytes of a value that are kept.
const VALUE: usize = 512;
/// Bytes of a name that are kept.
const NAME: usize = 64;
/// Bytes of all values together that are kept of an answer.
const VALUES: usize = 6 * 1024;

/// Headers beside [`OWN_HEADERS`] that tell what stands there, or before it.
const OTHERS: [&str; 24] = [
    "Server",
    "Location",
    "WWW-Authenticate",
    "Set-Cookie",
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Transfer-Encoding",
    "Connection",
    "Date",
    "Via",
    "Age",
    "Alt-Svc",
    "X-Powered-By",
    "X-AspNet-Version",
    "request-id",
    "X-MS-Diagnostics",
    "jsonerror",
    "X-UA-Compatible",
    "X-Frame-Options",
    "Strict-Transport-Security",
    "X-Cache",
    "X-BackEndHttpStatus",
    "X-Proxy-Error",
];

/// Headers that tell something, in their order; of cookies the names only.
pub(super) fn telling(head: &Head) -> Vec<Header> {
    let mut room = VALUES;
    let telling = head
        .headers
        .iter()
        .filter(|(name, _)| is_one_of(name, &OWN_HEADERS) || is_one_of(name, &OTHERS));
    telling
        .take(KEPT)
        .map(|(name, value)| {
            let value = match name.eq_ignore_ascii_case("set-cookie") {
                true => value
                    .split(|byte| matches!(byte, b'=' | b';'))
                    .next()
                    .unwrap_or_default(),
                false => value,
            };
            let value = text(value, VALUE.min(room));
            room -= value.len().min(room);
            Header {
                name: text(name.as_bytes(), NAME),
                value,
            }
        })
        .collect()
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
