//! Paths as HTTP.sys and IIS read them.

/// A request's path, as IIS's handlers see it: decoded once, `\` as `/`, without empty, `.` and `..` segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// Decoded, letter case as received: begins with `/`, ends with `/` where the request's path did.
    pub text: String,
    /// The same in lower case; what is compared.
    pub lower: String,
}

impl Path {
    /// Reads the raw path of a request.
    pub fn new(raw: &[u8]) -> Self {
        let decoded = decoded(raw);
        let mut segments: Vec<&str> = Vec::new();
        for segment in decoded.split(['/', '\\']) {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                name => segments.push(name),
            }
        }
        let ends_as_directory =
            decoded.ends_with(['/', '\\']) || decoded.ends_with("/.") || decoded.ends_with("/..");
        let mut text = String::with_capacity(decoded.len() + 1);
        for segment in &segments {
            text.push('/');
            text.push_str(segment);
        }
        if ends_as_directory || segments.is_empty() {
            text.push('/');
        }
        let lower = text.to_lowercase();
        Self { text, lower }
    }

    /// The first segment in lower case, and what follows it, which is empty or begins with `/`.
    pub fn split_first(&self) -> (&str, &str) {
        let rest = &self.lower[1..];
        match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        }
    }

    /// Segments in lower case.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.lower.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether ASP.NET refuses it as dangerous (`requestPathInvalidCharacters`, .NET Framework 4: `<,>,*,%,&,:,\,?`),
    /// or IIS because a second decoding would give another path (`allowDoubleEscaping`).
    pub fn is_dangerous(&self) -> bool {
        self.text
            .chars()
            .any(|c| matches!(c, '<' | '>' | '*' | '%' | '&' | ':' | '?' | '\u{fffd}') || c.is_control())
    }
}

/// Decodes `%XX` and `%uXXXX` (`PercentUAllowed`) once. Bytes between the latter that are no UTF-8 then are in the
/// code page (`EnableNonUTF8`; both are HTTP.sys's defaults), here Windows-1252.
fn decoded(raw: &[u8]) -> String {
    /// From 0x80 on; what is not assigned stays a control character.
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', //
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let character = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        byte => char::from(*byte),
    };
    let text = |bytes: &[u8]| match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(character).collect(),
    };
    let (mut decoded, mut bytes) = (String::with_capacity(raw.len()), Vec::new());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'%', rest) {
        bytes.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let units: Vec<u16> = rest.chunks_exact(6).map_while(unit).collect();
        if !units.is_empty() {
            decoded += &text(&bytes);
            bytes.clear();
            decoded += &String::from_utf16_lossy(&units);
            rest = &rest[6 * units.len()..];
        } else if let Some(byte) = rest
            .get(1..3)
            .and_then(hex)
            .and_then(|byte| u8::try_from(byte).ok())
        {
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            bytes.push(b'%');
            rest = &rest[1..];
        }
    }
    bytes.extend_from_slice(rest);
    decoded + &text(&bytes)
}

/// The UTF-16 unit that `%uXXXX` stands for.
fn unit(escape: &[u8]) -> Option<u16> {
    match escape {
        [b'%', b'u' | b'U', digits @ ..] => hex(digits),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u16> {
    let digit = |byte: &u8| u16::try_from(char::from(*byte).to_digit(16)?).ok();
    digits
        .iter()
        .try_fold(0, |value, byte| Some(value << 4 | digit(byte)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Path;

    #[test]
    fn reads_as_iis_does() {
        for (raw, text) in [
            ("/", "/"),
            ("", "/"),
            ("/owa", "/owa"),
            ("//owa///auth/", "/owa/auth/"),
            ("/owa/../ecp/./x.js", "/ecp/x.js"),
            ("/..%5c..%5cowa/", "/owa/"),
            ("/%6f%77a%2Fauth", "/owa/auth"),
            ("/owa/..", "/"),
            ("/%25", "/%"),
            ("/%zz", "/%zz"),
            ("/owa/%u0061uth/%U006Cogon", "/owa/auth/logon"),
            ("/%u002e%u002e%u2215/%u002E%u002e/a", "/a"),
            ("/%ud83d%ude00%e2%82%ac%u20ac", "/😀€€"),
            ("/%ud83d/%u12", "/\u{fffd}/%u12"),
            ("/%e4%80/%c3%a4", "/ä€/Ã¤"),
            ("/%u00e4%e4/%u20ac%c3%a4", "/ää/€ä"),
        ] {
            assert_eq!(Path::new(raw.as_bytes()).text, text, "{raw}");
        }
        assert_eq!(Path::new(b"/OWA/Auth/").split_first(), ("owa", "/auth/"));
        assert_eq!(Path::new(b"/").split_first(), ("", ""));
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_absolute(raw in proptest::collection::vec(any::<u8>(), 0..64)) {
            let path = Path::new(&raw);
            prop_assert!(path.text.starts_with('/') && path.lower.starts_with('/'));
            prop_assert!(path.segments().all(|segment| segment != ".." && segment != "."));
            let _ = (path.split_first(), path.is_dangerous());
        }
    }
}
