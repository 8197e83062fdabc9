//! Request targets (RFC 9112, section 3.2).

use super::super::Limits;
use super::super::httpsys::Refusal;

/// The parts of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'b> {
    /// The authority of an absolute target.
    pub(super) authority: Option<&'b [u8]>,
    pub(super) path: &'b [u8],
    pub(super) query: Option<&'b [u8]>,
}

/// Refuses what cannot become a target: HTTP.sys knows `/...`, `*`, `http://...` and `https://...`.
pub(super) fn check_start(target: &[u8]) -> Result<(), Refusal> {
    let known = target.starts_with(b"/") || target == b"*" || scheme(target).is_some();
    if known { Ok(()) } else { Err(Refusal::Url) }
}

/// What follows the scheme.
fn scheme(target: &[u8]) -> Option<&[u8]> {
    let after = |scheme: &[u8]| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    after(b"http://").or_else(|| after(b"https://"))
}

pub(super) fn split<'b>(target: &'b [u8], limits: &Limits) -> Result<Target<'b>, Refusal> {
    let (authority, rest) = match scheme(target) {
        None => (None, target),
        Some(rest) => {
            let end = rest
                .iter()
                .position(|byte| matches!(byte, b'/' | b'?'))
                .unwrap_or(rest.len());
            let (authority, rest) = rest.split_at(end);
            (
                Some(authority),
                if rest.is_empty() { b"/".as_slice() } else { rest },
            )
        }
    };
    let (path, query) = match memchr::memchr(b'?', rest) {
        None => (rest, None),
        Some(mark) => (&rest[..mark], Some(&rest[mark + 1..])),
    };
    let path = if path.is_empty() { b"/".as_slice() } else { path };
    check_path(path, limits)?;
    Ok(Target {
        authority,
        path,
        query,
    })
}

/// HTTP.sys decodes paths, and refuses broken escapes and escaped control characters (`AllowRestrictedChars`), long
/// segments and too many of them. It leaves queries alone.
fn check_path(path: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let mut segments = 0;
    for segment in path.split(|byte| *byte == b'/') {
        segments += 1;
        // The path's first slash makes a segment of nothing.
        if segment.len() > limits.url_segment || segments > limits.url_segments + 1 {
            return Err(Refusal::Url);
        }
    }
    let mut rest = path;
    while let Some(at) = memchr::memchr(b'%', rest) {
        rest = &rest[at + 1..];
        // `%uXXXX` is read (`PercentUAllowed`).
        let (start, digits) = match rest.first() {
            Some(b'u' | b'U') => (1, 4),
            _ => (0, 2),
        };
        let digits = rest.get(start..start + digits).and_then(hex);
        if digits.is_none_or(|value| value < 0x20 || value == 0x7f) {
            return Err(Refusal::Url);
        }
    }
    Ok(())
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digit = |value: u32, digit: &u8| Some(value << 4 | char::from(*digit).to_digit(16)?);
    digits.iter().try_fold(0, digit)
}
