use crate::advice::{Cve, cves, is_first_fix};
use crate::product::products;
use crate::release::{Release, releases};

/// Releases that fit every word of `text`, in ascending order of their builds; letter case does not count.
///
/// A word is a product (`2016`, `SE`), a cumulative update (`CU19`), an update or its beginning (`Mar21`), an article of the
/// knowledge base (`KB5001779`, `5001779`), the first parts of a build (`15.1.2176`, `15.01.2176`), a date or its beginning
/// (`2021-04`, `2021`), a CVE (`CVE-2021-34473`, `34473`) or a chain of attacks (`ProxyShell`); the latter two fit the releases
/// that were first to have the fix.
pub fn search(text: &str) -> Vec<&'static Release> {
    let words: Vec<Word> = text.split_whitespace().map(Word::new).collect();
    releases()
        .filter(|release| words.iter().all(|word| word.fits(release)))
        .collect()
}

struct Word {
    lower: String,
    /// CVEs that are called so.
    cves: Vec<&'static str>,
}

impl Word {
    fn new(word: &str) -> Self {
        let called = cves().filter(|cve| is_called(*cve, word));
        Self {
            lower: word.to_lowercase(),
            cves: called.map(|cve| cve.id).collect(),
        }
    }

    fn fits(&self, release: &Release) -> bool {
        fits(release, &self.lower) || self.cves.iter().any(|cve| is_first_fix(release.build, cve))
    }
}

fn fits(release: &Release, word: &str) -> bool {
    let product = release.product.to_lowercase();
    product.split(' ').any(|part| part == word)
        || release.cumulative_update.to_lowercase() == word
        || (word.len() > 2 && release.update.to_lowercase().starts_with(word))
        || (!release.kb.is_empty() && digits(&release.kb.to_lowercase()) == digits(word))
        || begins_build(release, word)
        || begins_date(release, word)
}

/// `5001779` of `kb5001779`.
fn digits(kb: &str) -> &str {
    kb.strip_prefix("kb").unwrap_or(kb)
}

fn begins_build(release: &Release, word: &str) -> bool {
    let parts: Option<Vec<u16>> = word.split('.').map(|part| part.parse().ok()).collect();
    parts.is_some_and(|parts| parts.len() > 1 && release.build.0.starts_with(&parts))
}

/// A year is taken for a product's where there is one.
fn begins_date(release: &Release, word: &str) -> bool {
    let is_product = products()
        .iter()
        .any(|product| product.name.split(' ').any(|part| part == word));
    let is_date = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_date && !is_product && release.date.starts_with(word)
}

fn is_called(cve: Cve, word: &str) -> bool {
    let number = cve.id.rsplit('-').next().unwrap_or_default();
    cve.id.eq_ignore_ascii_case(word)
        || cve.chain.is_some_and(|chain| chain.eq_ignore_ascii_case(word))
        || (word.len() >= 4 && number == word)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        search(text)
            .into_iter()
            .map(|release| release.build.to_string())
            .collect()
    }

    #[test]
    fn finds_by_what_an_administrator_has_at_hand() {
        let april = [
            "15.0.1497.15",
            "15.1.2176.12",
            "15.1.2242.8",
            "15.2.792.13",
            "15.2.858.10",
        ];
        for text in [
            "KB5001779",
            "5001779",
            "kb5001779",
            "Apr21SU",
            "apr21",
            "CVE-2021-34473",
            "34473",
        ] {
            assert_eq!(found(text), april, "{text}");
        }
        assert_eq!(found("2016 CU19"), found("15.1.2176"));
        assert_eq!(found("15.01.2176.009"), ["15.1.2176.9"]);
        assert_eq!(found("15.1.217"), Vec::<String>::new());
        assert_eq!(found("SE 2025-10-14"), ["15.2.2562.29"]);
        assert_eq!(found("exchange se"), found("15.2.2562"));
        assert!(found("2021-03").contains(&"15.1.2176.9".to_owned()));
        assert!(found("2021").len() > found("2021-03").len());
        assert!(
            search("2016")
                .iter()
                .all(|release| release.product == "Exchange 2016")
        );
        assert!(
            search("cu1")
                .iter()
                .all(|release| release.cumulative_update == "CU1")
        );
        assert!(found("proxyshell").len() > april.len(), "May 2021 too");
        assert_eq!(search("").len(), releases().count());
        assert_eq!(found("CVE-1999-0001"), Vec::<String>::new());
        assert_eq!(found("2016 nothing"), Vec::<String>::new());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = search(&text);
        }
    }
}
