//! Percent-decoding, the same for the prefilter and for exact evaluation.

/// Decodes `%hh` and the `%uhhhh` that IIS accepts, once; `out` is cleared, then takes the result.
/// Tells whether anything changed.
///
/// `%uhhhh` becomes UTF-8, two halves of a surrogate pair one character, a lone half U+FFFD. What is no
/// complete escape stays as it is.
pub(crate) fn percent_decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let mut rest = input;
    let mut changed = false;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if let Some(byte) = rest.get(1..3).and_then(hex) {
            out.push(byte as u8);
            rest = &rest[3..];
            changed = true;
        } else if let Some((character, length)) = wide(rest) {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[length..];
            changed = true;
        } else {
            out.push(b'%');
            rest = &rest[1..];
        }
    }
    out.extend_from_slice(rest);
    changed
}

/// The character of a `%uhhhh`, or of two that make a pair, and its length as written.
fn wide(text: &[u8]) -> Option<(char, usize)> {
    let first = wide_unit(text)?;
    if let Some(whole) = char::from_u32(first) {
        return Some((whole, 6));
    }
    let pair = wide_unit(&text[6..])
        .filter(|second| first < 0xdc00 && (0xdc00..0xe000).contains(second))
        .and_then(|second| char::from_u32(0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff)));
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 6), |whole| (whole, 12)))
}

fn wide_unit(text: &[u8]) -> Option<u32> {
    match text {
        [b'%', b'u' | b'U', digits @ ..] => digits.get(..4).and_then(hex),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(input: &str) -> (String, bool) {
        let mut out = b"left over".to_vec();
        let changed = percent_decode(input.as_bytes(), &mut out);
        (String::from_utf8_lossy(&out).into_owned(), changed)
    }

    #[test]
    fn decodes_each_kind_of_escape() {
        assert_eq!(decoded("a%2Fb%2fc"), ("a/b/c".into(), true));
        assert_eq!(decoded("%252e"), ("%2e".into(), true));
        assert_eq!(decoded("%u002F%U00fc"), ("/ü".into(), true));
        assert_eq!(decoded("%c3%bc"), ("ü".into(), true));
        assert_eq!(decoded("%uD83D%uDE00!"), ("😀!".into(), true));
        assert_eq!(decoded("%uD83D%u0041"), ("\u{fffd}A".into(), true));
        assert_eq!(decoded("%uDE00%uD83D"), ("\u{fffd}\u{fffd}".into(), true));
    }

    #[test]
    fn leaves_torn_escapes_alone() {
        for torn in ["", "%", "%2", "%zz", "%u12", "100%+x", "%u", "%%", "%+2"] {
            assert_eq!(decoded(torn), (torn.into(), false));
        }
        assert_eq!(decoded("%%41"), ("%A".into(), true));
        assert_eq!(decoded("%u12%41"), ("%u12A".into(), true));
    }
}
