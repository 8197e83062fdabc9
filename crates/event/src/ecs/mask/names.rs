//! Which names speak of secrets.

/// A byte that may be percent-encoded, and how many bytes it takes.
pub(super) fn byte_at(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let hex = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let byte = *text.get(at)?;
    let escaped = match (byte, text.get(at + 1), text.get(at + 2)) {
        (b'%', Some(high), Some(low)) => hex(*high).zip(hex(*low)),
        _ => None,
    };
    Some(escaped.map_or((byte, 1), |(high, low)| (high << 4 | low, 3)))
}

/// Whether a name, percent-encoding undone, speaks of a secret; letter case, `-` and `_` do not matter.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let mut decoded = String::new();
    let mut at = 0;
    while let Some((byte, length)) = byte_at(name, at) {
        at += length;
        if !matches!(byte, b'-' | b'_') {
            decoded.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    decoded == "auth"
        || decoded.starts_with("cadata")
        || ["pass", "pwd", "secret", "token", "credential", "apikey"]
            .iter()
            .any(|word| decoded.contains(word))
}

/// As [`is_secret`], with the escapes of JSON (`\u0070`) undone before.
pub(super) fn is_secret_in_json(name: &[u8]) -> bool {
    if !name.contains(&b'\\') {
        return is_secret(name);
    }
    let mut decoded = Vec::new();
    let mut rest = name;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let digits = match (*byte, tail) {
            (b'\\', [b'u', digits @ ..]) => digits.get(..4),
            _ => None,
        };
        let unit = digits
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                decoded.push(unit);
                rest = &tail[5..];
            }
            None if *byte == b'\\' => {}
            None => decoded.push(*byte),
        }
    }
    is_secret(&decoded)
}
