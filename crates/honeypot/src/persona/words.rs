//! The word lists that names are put together from: `personas/words/*.toml`.

use std::sync::OnceLock;

use serde::Deserialize;

/// The words of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub given: Vec<String>,
    pub surnames: Vec<String>,
    pub stems: Vec<String>,
    pub endings: Vec<String>,
    pub trades: Vec<String>,
    /// Legal forms; an empty one for names without.
    pub forms: Vec<String>,
    /// First labels of an Active Directory domain below the public one.
    pub inner_labels: Vec<String>,
    /// First labels of the name that clients outside use.
    pub outer_labels: Vec<String>,
    /// Mailboxes that are no person's: account and display name.
    pub shared: Vec<(String, String)>,
    pub region: Vec<Region>,
}

/// What depends on the country.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    pub language: String,
    pub time_zones: Vec<String>,
    pub top_level: Vec<String>,
}

const FILES: [&str; 3] = [
    include_str!("../../../../personas/words/en.toml"),
    include_str!("../../../../personas/words/de.toml"),
    include_str!("../../../../personas/words/fr.toml"),
];

fn all() -> &'static [Words] {
    static WORDS: OnceLock<Vec<Words>> = OnceLock::new();
    #[expect(
        clippy::expect_used,
        reason = "the lists are part of the program and loaded by its tests"
    )]
    let parse = |text: &&str| toml::from_str(text).expect("an embedded list is whole");
    WORDS.get_or_init(|| FILES.iter().map(parse).collect())
}

/// Languages that there are words for, as in `de-DE`.
pub fn languages() -> impl Iterator<Item = &'static str> {
    all()
        .iter()
        .flat_map(|words| words.region.iter().map(|region| region.language.as_str()))
}

/// The words of a language.
pub(super) fn words(language: &str) -> Option<(&'static Words, &'static Region)> {
    all().iter().find_map(|words| {
        let region = words.region.iter().find(|region| region.language == language)?;
        Some((words, region))
    })
}

/// A text in the letters a to z: umlauts and ligatures as their languages write them without, accents left out,
/// anything else dropped. Lower case.
pub(super) fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        plain.push_str(match letter {
            'a'..='z' | '0'..='9' => {
                plain.push(letter);
                continue;
            }
            'ä' => "ae",
            'ö' => "oe",
            'ü' => "ue",
            'ß' => "ss",
            'œ' => "oe",
            'æ' => "ae",
            'à' | 'â' | 'á' => "a",
            'ç' => "c",
            'è' | 'é' | 'ê' | 'ë' => "e",
            'î' | 'ï' | 'í' => "i",
            'ô' | 'ó' => "o",
            'ù' | 'û' | 'ú' => "u",
            'ÿ' => "y",
            _ => "",
        });
    }
    plain
}

/// The same with letter case and hyphens kept: `GmbH`, `Saatzucht-Mueller`.
pub(super) fn ascii_word(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for letter in word.chars() {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            plain.push(letter);
            continue;
        }
        let mut letters = ascii(letter.encode_utf8(&mut [0; 4]));
        if letter.is_uppercase()
            && let Some(first) = letters.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        plain.push_str(&letters);
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;
    use crate::persona::checked::{DnsName, LanguageTag, TimeZoneName};

    #[test]
    fn lists_are_long_and_hold_nothing_twice() {
        for words in all() {
            for (list, least) in [
                (&words.given, 80),
                (&words.surnames, 80),
                (&words.stems, 40),
                (&words.endings, 20),
                (&words.trades, 40),
                (&words.forms, 5),
                (&words.inner_labels, 4),
                (&words.outer_labels, 5),
            ] {
                assert!(list.len() >= least, "{list:?}");
                assert_eq!(list.iter().collect::<HashSet<_>>().len(), list.len(), "{list:?}");
            }
            for word in [
                &words.given,
                &words.surnames,
                &words.stems,
                &words.endings,
                &words.trades,
            ]
            .into_iter()
            .flatten()
            {
                assert!(
                    ascii(word).len() >= word.chars().count(),
                    "{word}: a letter is lost"
                );
            }
            for region in &words.region {
                LanguageTag::try_from(region.language.clone()).unwrap();
                assert!(!region.time_zones.is_empty() && !region.top_level.is_empty());
                for zone in &region.time_zones {
                    TimeZoneName::try_from(zone.clone()).unwrap();
                    assert!(
                        std::path::Path::new("/usr/share/zoneinfo").join(zone).exists(),
                        "{zone}"
                    );
                }
                for domain in &region.top_level {
                    DnsName::try_from(format!("example.{domain}")).unwrap();
                }
            }
        }
    }
}
