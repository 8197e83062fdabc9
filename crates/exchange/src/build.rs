use std::fmt;
use std::str::FromStr;

/// A four-part build of Exchange Server, as in `15.1.2176.9`.
///
/// The order is that of the numbers; whether one build has a fix that another has does not follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Build(pub [u16; 4]);

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, build, revision] = self.0;
        write!(f, "{major}.{minor}.{build}.{revision}")
    }
}

/// A text that is no four-part build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a build such as 15.1.2176.9")]
pub struct NotABuild(pub String);

impl FromStr for Build {
    type Err = NotABuild;

    /// Reads `15.1.2176.9` and the zero-padded form `15.01.2176.009`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotABuild(text.chars().take(40).collect());
        let mut parts = text.split('.');
        let mut build = [0; 4];
        for part in &mut build {
            let digits = parts.next().ok_or_else(wrong)?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            *part = digits.parse().map_err(|_| wrong())?;
        }
        parts.next().is_none().then_some(Self(build)).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_no_build() {
        for text in [
            "",
            "15",
            "15.1.2176",
            "15.1.2176.9.1",
            "15.1..9",
            "15.1.2176.+9",
            "15.1.2176.9 ",
            "15.1.65536.0",
            "v15.1.2176.9",
        ] {
            assert_eq!(text.parse::<Build>(), Err(NotABuild(text.to_owned())));
        }
        assert_eq!("ä".repeat(100).parse::<Build>(), Err(NotABuild("ä".repeat(40))));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(parts in any::<[u16; 4]>()) {
            let [major, minor, build, revision] = parts;
            prop_assert_eq!(Build(parts).to_string().parse(), Ok(Build(parts)));
            prop_assert_eq!(format!("{major:02}.{minor:02}.{build:04}.{revision:03}").parse(), Ok(Build(parts)));
        }
    }
}
