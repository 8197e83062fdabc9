//! Names and values with `=` between them.

use std::borrow::Cow;

use super::Copy;
use super::names::{byte_at, is_secret};

/// A path and query. A value ends at `&` alone: whatever else a password holds, nothing of it is left.
pub(super) fn in_query(query: &[u8]) -> Cow<'_, [u8]> {
    masked(query, |byte| byte == b'&', false)
}

/// A form (`application/x-www-form-urlencoded`), or text that is none of the kinds known.
pub(super) fn in_form(form: &[u8]) -> Cow<'_, [u8]> {
    masked(form, |byte| matches!(byte, b'&' | b'\r' | b'\n'), false)
}

/// The value of a header other than `Cookie`.
pub(super) fn in_header(line: &[u8]) -> Cow<'_, [u8]> {
    masked(line, |byte| byte == b'&' || byte.is_ascii_whitespace(), false)
}

/// The value of `Cookie`.
pub(super) fn in_cookie(line: &[u8]) -> Cow<'_, [u8]> {
    masked(line, |byte| byte == b';' || byte.is_ascii_whitespace(), false)
}

/// JSON, XML, HTML and what else quotes its values.
pub(super) fn in_markup(text: &[u8]) -> Cow<'_, [u8]> {
    let ends = |byte: u8| matches!(byte, b'&' | b'"' | b'\'' | b'<' | b'>') || byte.is_ascii_whitespace();
    masked(text, ends, true)
}

/// `=` and what ends a name may be percent-encoded, as in a URL within a query.
fn masked(text: &[u8], ends_value: fn(u8) -> bool, quotes: bool) -> Cow<'_, [u8]> {
    let mut copy = Copy::of(text);
    let (mut at, mut name) = (0, 0);
    while let Some((byte, length)) = byte_at(text, at) {
        let after = at + length;
        if byte == b'=' && is_secret(&text[name..at]) {
            let (from, to) = match text.get(after) {
                Some(quote @ (b'"' | b'\'')) if quotes => {
                    (after + 1, end(text, after + 1, |byte| byte == *quote, false))
                }
                _ => (after, end(text, after, ends_value, length == 3)),
            };
            copy.mask(from, to);
            (at, name) = (to, to);
            continue;
        }
        let ends_name = matches!(
            byte,
            b'=' | b'&' | b'?' | b';' | b'#' | b',' | b'"' | b'\'' | b'<' | b'>' | b'{' | b'}' | b'(' | b')'
        );
        if ends_name || byte.is_ascii_whitespace() {
            name = after;
        }
        at = after;
    }
    copy.finish()
}

/// Where a value ends; an encoded `&` ends it where its `=` was encoded.
fn end(text: &[u8], mut at: usize, ends: impl Fn(u8) -> bool, encoded: bool) -> usize {
    while let Some((byte, length)) = byte_at(text, at) {
        if ends(text[at]) || encoded && length == 3 && byte == b'&' {
            return at;
        }
        at += length;
    }
    text.len()
}
