//! Names of the honeypot, taken out of what attackers sent.

use crate::model::{Evaluation, Sample, UploadRow};

/// What stands in an export where a name of the honeypot was.
pub const NO_NAME: &str = "honeypot.invalid";

/// What stands behind a text that was cut.
const CUT: &[u8] = "…".as_bytes();

/// Names that no export may hold; lower case.
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    /// These names, and those of the evaluation's hosts and their domains.
    pub(crate) fn of(evaluation: &Evaluation, names: &[String]) -> Self {
        let hosts = evaluation.hosts.entries.iter().map(|row| row.host.as_str());
        let domains = hosts.clone().filter_map(|host| Some(host.split_once('.')?.1));
        let names = names.iter().map(String::as_str).chain(hosts).chain(domains);
        // A name without a dot may be an ordinary word.
        let mut names: Vec<String> = names
            .filter(|name| name.contains(['.', ':']))
            .map(str::to_ascii_lowercase)
            .collect();
        names.sort();
        names.dedup();
        Self(names)
    }

    pub(crate) fn sample(&self, sample: &Sample) -> Sample {
        Sample {
            method: self.text(&sample.method),
            target: self.text(&sample.target),
            user_agent: sample.user_agent.as_deref().map(|agent| self.text(agent)),
            ..sample.clone()
        }
    }

    pub(crate) fn upload(&self, upload: &UploadRow) -> UploadRow {
        UploadRow {
            names: upload.names.iter().map(|name| self.text(name)).collect(),
            ..upload.clone()
        }
    }

    /// The text with [`NO_NAME`] where a name is, percent-encoded however often, or where one begins that was cut.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut found = Vec::new();
        let mut layer = Some(Layer::of(text));
        while let Some(read) = layer {
            for name in &self.0 {
                read.find(name.as_bytes(), &mut found);
            }
            layer = read.decoded();
        }
        if found.is_empty() {
            return text.to_owned();
        }
        found.sort_unstable();
        let (mut clean, mut copied) = (Vec::new(), 0);
        for (from, to) in found {
            if from >= copied {
                clean.extend_from_slice(&text.as_bytes()[copied..from]);
                clean.extend_from_slice(NO_NAME.as_bytes());
            }
            copied = copied.max(to);
        }
        clean.extend_from_slice(&text.as_bytes()[copied..]);
        String::from_utf8_lossy(&clean).into_owned()
    }
}

/// A text in lower case, percent-decoded so many times.
struct Layer {
    bytes: Vec<u8>,
    /// Where each byte begins in the text, and where the text ends.
    at: Vec<usize>,
}

impl Layer {
    fn of(text: &str) -> Self {
        Self {
            bytes: text.to_ascii_lowercase().into_bytes(),
            at: (0..=text.len()).collect(),
        }
    }

    /// Decoded once more; none where there is nothing to decode.
    fn decoded(&self) -> Option<Self> {
        let digit = |at: usize| {
            let byte = self.bytes.get(at)?;
            char::from(*byte).to_digit(16)
        };
        let mut decoded = Self {
            bytes: Vec::new(),
            at: Vec::new(),
        };
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            decoded.at.push(self.at[at]);
            let escaped = match (byte, digit(at + 1), digit(at + 2)) {
                (b'%', Some(high), Some(low)) => u8::try_from(high << 4 | low).ok(),
                _ => None,
            };
            decoded
                .bytes
                .push(escaped.map_or(*byte, |byte| byte.to_ascii_lowercase()));
            at += if escaped.is_some() { 3 } else { 1 };
        }
        decoded.at.push(self.at[self.bytes.len()]);
        (decoded.bytes.len() < self.bytes.len()).then_some(decoded)
    }

    /// Adds where in the text a name stands, or the beginning of one where the text was cut.
    fn find(&self, name: &[u8], found: &mut Vec<(usize, usize)>) {
        let is_part =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let begins = |at: usize| !at.checked_sub(1).is_some_and(|at| is_part(self.bytes.get(at)));
        for (at, bytes) in self.bytes.windows(name.len()).enumerate() {
            let end = at + name.len();
            if bytes.first() == name.first() && bytes == name && begins(at) && !is_part(self.bytes.get(end)) {
                found.push((self.at[at], self.at[end]));
            }
        }
        let Some(left) = self.bytes.strip_suffix(CUT) else {
            return;
        };
        // The cut may go through an escape.
        let end = left.len();
        let left = match left {
            [left @ .., b'%'] | [left @ .., b'%', b'0'..=b'9' | b'a'..=b'f'] => left,
            left => left,
        };
        for length in (1..name.len()).rev() {
            if left.ends_with(&name[..length]) && begins(left.len() - length) {
                found.push((self.at[left.len() - length], self.at[end]));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn hidden() -> Hidden {
        Hidden::of(
            &crate::evaluate([], &crate::Options::new(Timestamp::UNIX_EPOCH), &mut |_| None),
            &["mail.example.org", "example.org", "192.0.2.1", "EX01"].map(str::to_owned),
        )
    }

    #[test]
    fn names_of_the_honeypot_are_hidden() {
        for (text, expected) in [
            ("/a?u=x@Example.ORG&b", "/a?u=x@honeypot.invalid&b"),
            ("https://mail.example.org:443/", "https://honeypot.invalid:443/"),
            ("%40example.org%2f", "%40honeypot.invalid%2f"),
            ("%2540example.org", "%2540honeypot.invalid"),
            ("a%40mail%252eExample%2eorg/b", "a%40honeypot.invalid/b"),
            ("x%252540%65xample.org", "x%252540honeypot.invalid"),
            ("mail.example.org.aspx", "honeypot.invalid.aspx"),
            ("myexample.org example.organic", "myexample.org example.organic"),
            ("my%65xample.org", "my%65xample.org"),
            ("192.0.2.1 192.0.2.10", "honeypot.invalid 192.0.2.10"),
            ("ex01 ä", "ex01 ä"),
        ] {
            assert_eq!(hidden().text(text), expected);
        }
    }

    #[test]
    fn names_that_were_cut_are_hidden() {
        for (text, expected) in [
            ("/a?u=x@mail.exam…", "/a?u=x@honeypot.invalid…"),
            ("/a?u=x@mail%2eexample%2…", "/a?u=x@honeypot.invalid…"),
            ("/a?u=x@mail%252eexample%25…", "/a?u=x@honeypot.invalid…"),
            ("/a?u=x@example.org…", "/a?u=x@honeypot.invalid…"),
            ("/a?u=x@www.example…", "/a?u=x@www.honeypot.invalid…"),
            ("/a?u=x@my-mail…", "/a?u=x@my-mail…"),
            ("/a?u=x@mail.exam", "/a?u=x@mail.exam"),
        ] {
            assert_eq!(hidden().text(text), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_hidden_is_not_found_again(pieces in proptest::collection::vec(
            prop_oneof![Just("mail.example.org"), Just("example"), Just("."), Just("%2e"), Just("%"), Just("25"), Just("org"), Just("…"), Just("ä%c3"), Just("/")],
            0..20,
        )) {
            let text = hidden().text(&pieces.concat());
            prop_assert_eq!(hidden().text(&text), text);
        }
    }
}
