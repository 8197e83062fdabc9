//! Bodies of requests. None is parsed: what attackers send is cut off, malformed, or named wrongly in its
//! `Content-Type`, and must be masked all the same.

use std::borrow::Cow;

use super::names::{is_secret, is_secret_in_json};
use super::{Copy, pairs, then, wbxml};

/// The longest name of a member of JSON that is looked for.
const NAME_MAX: usize = 128;

/// The longest head of a part of a form that is looked at.
const PART_HEAD_MAX: usize = 1024;

/// Masks a body, whatever it is.
pub(super) fn masked(body: &[u8]) -> Cow<'_, [u8]> {
    let utf16 = match body {
        [0xff, 0xfe, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xfe, 0xff, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    if let Some((rest, unit)) = utf16 {
        let units: Vec<u16> = rest
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        return match text(String::from_utf16_lossy(&units).as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(body),
            Cow::Owned(masked) => Cow::Owned(masked),
        };
    }
    match wbxml::masked(body) {
        Cow::Borrowed(body) => text(body),
        masked => masked,
    }
}

fn text(body: &[u8]) -> Cow<'_, [u8]> {
    let start = body.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let quotes = matches!(start, [b'<' | b'{' | b'[', ..]) || start.starts_with(b"--");
    let pairs = if quotes { pairs::in_markup } else { pairs::in_form };
    then(then(then(multipart(body), xml), json), pairs)
}

/// Masks parts of `multipart/form-data` (RFC 7578) that are named like secrets.
fn multipart(body: &[u8]) -> Cow<'_, [u8]> {
    let mut copy = Copy::of(body);
    let lower = body.to_ascii_lowercase();
    let mut masked = 0;
    for at in memchr::memmem::find_iter(&lower, b"content-disposition:") {
        if at < masked {
            continue;
        }
        let head = &lower[at..lower.len().min(at + PART_HEAD_MAX)];
        let blank = [&b"\r\n\r\n"[..], b"\n\n"]
            .into_iter()
            .filter_map(|blank| Some((memchr::memmem::find(head, blank)?, blank.len())))
            .min();
        let Some((length, blank)) = blank else { continue };
        let names =
            memchr::memmem::find_iter(&head[..length], b"name=").filter(|at| !head[..*at].ends_with(b"file"));
        let mut names = names.map(|at| {
            let name = &head[at + b"name=".len()..length];
            let name = name.strip_prefix(b"\"").unwrap_or(name);
            let end = name
                .iter()
                .position(|byte| matches!(byte, b'"' | b';' | b'\r' | b'\n'));
            &name[..end.unwrap_or(name.len())]
        });
        if names.any(is_secret) {
            let from = at + length + blank;
            let end = memchr::memmem::find(&body[from..], b"\n--").map_or(body.len(), |length| from + length);
            let end = if end > from && body[end - 1] == b'\r' {
                end - 1
            } else {
                end
            };
            copy.mask(from, end);
            masked = end;
        }
    }
    copy.finish()
}

/// Masks what stands in elements that are named like secrets; namespaces do not matter. Attributes are pairs.
fn xml(text: &[u8]) -> Cow<'_, [u8]> {
    let mut copy = Copy::of(text);
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', &text[at..]).map(|length| at + length) {
        at = open + 1;
        let name = &text[at..];
        let length = name
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.')))
            .unwrap_or(name.len());
        let name = &name[..length];
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
        // What WS-Security calls a token here is a name, and a password that is an element of its own.
        if !is_secret(local) || local.eq_ignore_ascii_case(b"UsernameToken") {
            continue;
        }
        let Some(content) = content_at(text, at + length) else {
            continue;
        };
        let close = [b"</", name].concat();
        let end =
            memchr::memmem::find(&text[content..], &close).map_or(text.len(), |length| content + length);
        copy.mask(content, end);
        at = end;
    }
    copy.finish()
}

/// What follows a tag that is open at `at`; none where it has no content, or is no tag.
fn content_at(text: &[u8], mut at: usize) -> Option<usize> {
    let mut quote = None;
    loop {
        let byte = *text.get(at)?;
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'<' => return None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte == b'>' => return (text[at - 1] != b'/').then_some(at + 1),
            None => {}
        }
        at += 1;
    }
}

/// Masks values behind a name and a colon: members of JSON, also where JSON is a string within JSON, and lines of text.
fn json(text: &[u8]) -> Cow<'_, [u8]> {
    let mut copy = Copy::of(text);
    let mut at = 0;
    while let Some(colon) = memchr::memchr(b':', &text[at..]).map(|length| at + length) {
        at = colon + 1;
        if !is_secret_in_json(name_before(text, colon)) {
            continue;
        }
        let value = at
            + text[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
        let (from, to) = value_at(text, value);
        copy.mask(from, to);
        at = to;
    }
    copy.finish()
}

/// The name that ends before a colon, quoted or not.
fn name_before(text: &[u8], colon: usize) -> &[u8] {
    let before = text[..colon].trim_ascii_end();
    let before = &before[before.len().saturating_sub(NAME_MAX)..];
    match before {
        [name @ .., quote @ (b'"' | b'\'')] => {
            // Within JSON in a string, quotes have backslashes before them.
            let name = &name[..name
                .iter()
                .rposition(|byte| *byte != b'\\')
                .map_or(0, |at| at + 1)];
            let start = name.iter().rposition(|byte| byte == quote);
            &name[start.map_or(0, |at| at + 1)..]
        }
        name => {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
            let start = name.iter().rposition(|byte| !is_name(byte));
            &name[start.map_or(0, |at| at + 1)..]
        }
    }
}

/// From where to where a value of JSON reaches, without its quotes. One that does not end reaches to the end.
fn value_at(text: &[u8], at: usize) -> (usize, usize) {
    let escapes = text[at..].iter().take_while(|byte| **byte == b'\\').count();
    match text.get(at + escapes) {
        Some(quote @ (b'"' | b'\'')) => {
            let from = at + escapes + 1;
            let mut backslashes = 0;
            for (length, byte) in text[from..].iter().enumerate() {
                let ends = if escapes == 0 {
                    backslashes % 2 == 0
                } else {
                    backslashes <= escapes
                };
                if byte == quote && ends {
                    return (from, from + length - backslashes.min(escapes));
                }
                backslashes = if *byte == b'\\' { backslashes + 1 } else { 0 };
            }
            (from, text.len())
        }
        Some(b'{' | b'[') => {
            let (mut depth, mut at_value) = (0_usize, at);
            let (mut quoted, mut escaped) = (false, false);
            while let Some(byte) = text.get(at_value) {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => depth -= 1,
                    _ => {}
                }
                at_value += 1;
                if depth == 0 {
                    break;
                }
            }
            (at, at_value)
        }
        _ => {
            let end = text[at..]
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b'\r' | b'\n'));
            (at, end.map_or(text.len(), |length| at + length))
        }
    }
}
