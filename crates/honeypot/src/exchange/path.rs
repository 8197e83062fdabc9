//! Paths as HTTP.sys and IIS read them.

/// A request's path, as IIS's handlers see it: percent-decoded once, `\` as `/`, without empty, `.` and `..` segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// Decoded, letter case as received: begins with `/`, ends with `/` where the request's path did.
    pub text: String,
    /// The same in lower case; what is compared.
    pub lower: String,
}

impl Path {
    /// Reads the raw path of a request. What is no UTF-8 after decoding becomes U+FFFD, as no file has such a name.
    pub fn new(raw: &[u8]) -> Self {
        let decoded = super::form::percent_decoded(raw, false);
        let decoded = String::from_utf8_lossy(&decoded);
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
