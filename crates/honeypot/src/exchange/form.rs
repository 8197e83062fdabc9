//! `application/x-www-form-urlencoded`, cookies, and the escapes that pages and headers need.

use std::borrow::Cow;

/// Pairs of names and values read of one query, form or cookie header; the rest is passed over.
pub(super) const MAX_PAIRS: usize = 256;

/// Undoes percent-encoding once; with `plus`, `+` becomes a blank. What is no escape stays.
pub(super) fn percent_decoded(bytes: &[u8], plus: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (*first, tail) {
            (b'%', [high, low, after @ ..]) => match hex(*high).zip(hex(*low)) {
                Some((high, low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                None => decoded.push(b'%'),
            },
            (b'+', _) if plus => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Names and values of a query or a form, decoded, in order.
pub(super) fn pairs(bytes: &[u8]) -> impl Iterator<Item = (String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(&percent_decoded(bytes, true)).into_owned();
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .take(MAX_PAIRS)
        .map(move |pair| match memchr::memchr(b'=', pair) {
            Some(at) => (text(&pair[..at]), text(&pair[at + 1..])),
            None => (text(pair), String::new()),
        })
}

/// The first value of this name, letter case aside.
pub(super) fn value(bytes: &[u8], name: &str) -> Option<String> {
    pairs(bytes)
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The value of the first cookie of this name, letter case aside, as received.
pub(super) fn cookie<'a>(headers: impl Iterator<Item = &'a [u8]>, name: &str) -> Option<&'a [u8]> {
    headers
        .flat_map(|header| header.split(|byte| *byte == b';'))
        .take(MAX_PAIRS)
        .find_map(|pair| {
            let pair = pair.trim_ascii();
            let at = memchr::memchr(b'=', pair)?;
            pair[..at]
                .trim_ascii()
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| pair[at + 1..].trim_ascii())
        })
}

/// Text as .NET's `HttpUtility.UrlEncode` writes it: unreserved characters and `!()*` as they are, a blank as `+`, all
/// else as lower-case escapes.
pub(super) fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'(' | b')' | b'*' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => {
                encoded.push('%');
                for nibble in [other >> 4, other & 15] {
                    encoded.extend(char::from_digit(u32::from(nibble), 16));
                }
            }
        }
    }
    encoded
}

/// Text as .NET's `HttpUtility.HtmlAttributeEncode` and `HtmlEncode` together write it: safe in text and in quoted
/// attributes.
pub(super) fn html_escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_forms() {
        let form = b"username=EXAMPLE%5Cj.doe&password=a%2Bb+c%&flags=4&&empty=&alone";
        let read: Vec<_> = pairs(form).collect();
        let expected = [
            ("username", "EXAMPLE\\j.doe"),
            ("password", "a+b c%"),
            ("flags", "4"),
            ("empty", ""),
            ("alone", ""),
        ];
        assert_eq!(read.len(), expected.len());
        for ((name, value), (wanted_name, wanted)) in read.iter().zip(expected) {
            assert_eq!((&**name, &**value), (wanted_name, wanted));
        }
        assert_eq!(value(form, "USERNAME").as_deref(), Some("EXAMPLE\\j.doe"));
    }

    #[test]
    fn reads_cookies() {
        let headers = [&b"a=1; X-BEResource=localhost~1"[..], b"email=x=y ;z"];
        let find = |name| cookie(headers.iter().copied(), name);
        assert_eq!(find("x-beresource"), Some(&b"localhost~1"[..]));
        assert_eq!(find("Email"), Some(&b"x=y"[..]));
        assert_eq!(find("z"), None);
    }

    #[test]
    fn escapes() {
        assert_eq!(
            url_encoded("https://mail.example.org/owa/ ä"),
            "https%3a%2f%2fmail.example.org%2fowa%2f+%c3%a4"
        );
        assert_eq!(
            html_escaped("<a href='\"&\n"),
            "&lt;a href=&#39;&quot;&amp;\u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn encoding_is_undone(text in "\\PC{0,40}") {
            prop_assert_eq!(percent_decoded(url_encoded(&text).as_bytes(), true), text.as_bytes());
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = pairs(&bytes).count();
            let _ = cookie(std::iter::once(&bytes[..]), "a");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let escaped = html_escaped(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
