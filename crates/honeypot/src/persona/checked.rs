//! Names that a person typed, checked as they are read.

use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;

macro_rules! checked {
    ($($(#[doc = $doc:literal])+ $name:ident: $is:expr, $must:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(Arc<str>);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let is: fn(&str) -> bool = $is;
                if is(&text) {
                    return Ok(Self(text.into()));
                }
                let shown: String = text.chars().take(80).collect();
                Err(format!(concat!("`{}` is not ", $must), shown.escape_debug()))
            }
        }

        impl Deref for $name {
            type Target = Arc<str>;

            fn deref(&self) -> &Arc<str> {
                &self.0
            }
        }
    )+};
}

checked! {
    /// A computer's or domain's NetBIOS name that is also a DNS label.
    NetbiosName: |name| {
        is_label(name) && name.len() <= 15 && !name.bytes().any(|byte| byte.is_ascii_lowercase())
            && !name.bytes().all(|byte| byte.is_ascii_digit())
    }, "a NetBIOS name: 1 to 15 of A-Z, 0-9 and -, such as EX01";
    /// A DNS name of at least two labels, lower case.
    DnsName: |name| {
        let labels = name.split('.').count();
        labels >= 2 && name.len() <= 200 && name.split('.').all(is_label)
            && !name.bytes().any(|byte| byte.is_ascii_uppercase())
            && !name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
    }, "a DNS name such as corp.example.org, in lower case";
    /// A sensor's name.
    SensorName: |name| {
        is_label(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase())
    }, "a sensor's name: 1 to 63 of a-z, 0-9 and -, such as dmz-1";
    /// A language and a region, as in `de-DE`.
    LanguageTag: |tag| {
        let bytes = tag.as_bytes();
        bytes.len() == 5 && bytes[..2].iter().all(u8::is_ascii_lowercase) && bytes[2] == b'-'
            && bytes[3..].iter().all(u8::is_ascii_uppercase)
    }, "a language with a region, such as de-DE";
    /// An IANA time zone's name. Whether there is such a zone is not checked.
    TimeZoneName: |name| {
        name == "UTC" || name.len() <= 64 && name.contains('/')
            && name.split('/').all(|part| {
                part.starts_with(|c: char| c.is_ascii_alphabetic())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
            })
    }, "a time zone of the IANA database, such as Europe/Berlin";
    /// An organisation's name in Exchange, which is also an RDN in Active Directory: what setup takes for one (Microsoft,
    /// "Install the Exchange Mailbox role using the Setup wizard").
    OrganisationName: |name| {
        (1..=64).contains(&name.len()) && name.trim() == name
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'))
    }, "a name that Exchange takes for an organisation: 1 to 64 of A-Z, a-z, 0-9, blanks and -";
}

/// Whether a text is a DNS label of letters, digits and hyphens (RFC 1123, section 2.1).
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn good<T: TryFrom<String>>(text: &str) -> bool {
        T::try_from(text.to_owned()).is_ok()
    }

    #[test]
    fn names_are_held_to_their_alphabets() {
        assert!(good::<NetbiosName>("EX01") && good::<NetbiosName>("A-B"));
        for text in [
            "",
            "ex01",
            "EX_01",
            "-EX",
            "EX-",
            "0123",
            "ABCDEFGHIJKLMNOP",
            "EX 1",
            "../EX",
        ] {
            assert!(!good::<NetbiosName>(text), "{text}");
        }
        assert!(good::<DnsName>("corp.example.org") && good::<DnsName>("example.local"));
        for text in [
            "",
            "example",
            "a..b",
            ".a.b",
            "a.b.",
            "A.b",
            "192.0.2.1",
            "a.b/c",
            "a_b.c",
        ] {
            assert!(!good::<DnsName>(text), "{text}");
        }
        assert!(good::<LanguageTag>("de-AT") && !good::<LanguageTag>("de") && !good::<LanguageTag>("DE-de"));
        assert!(good::<TimeZoneName>("America/Port-au-Prince") && good::<TimeZoneName>("UTC"));
        assert!(!good::<TimeZoneName>("CEST") && !good::<TimeZoneName>("../etc/passwd"));
        assert!(
            good::<OrganisationName>("Muehle und Soehne") && good::<OrganisationName>("First Organization")
        );
        for text in ["Mühle", "a & b", " a", "", "a\r\nb"] {
            assert!(!good::<OrganisationName>(text), "{text}");
        }
    }

    #[test]
    fn an_error_shows_no_control_characters() {
        let error = NetbiosName::try_from("EX\u{1b}[2J".to_owned()).unwrap_err();
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}
