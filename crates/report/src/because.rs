//! Why a build does not tell whether it has a fix.

use imker_exchange::Because;

use crate::language::Texts;

/// A sentence without capital and full stop. What must be done besides is in the table's English where a newer table
/// names something that is not translated.
pub(crate) fn because(texts: &Texts, because: &Because) -> String {
    let args = because.args().into_iter().map(|(name, value)| match name {
        "what" => (name, texts.name("needs", &value)),
        _ => (name, value),
    });
    texts.say_of(because.id(), args)
}

#[cfg(test)]
mod tests {
    use imker_exchange::{Because, Build, cves};

    use super::*;
    use crate::Language;

    #[test]
    fn english_is_that_of_the_table() {
        let texts = Texts::new(Language::En);
        let build = Build([15, 1, 2176, 9]);
        let product = "Exchange 2016";
        let mut each = vec![
            Because::NoList,
            Because::NoProduct { build },
            Because::SomeBuilds { parts: [15, 1, 2176] },
            Because::NoCumulativeUpdate { product, build },
            Because::NewerThanTables { product, build },
            Because::SourcesDisagree {
                first: build,
                last: build,
            },
            Because::Unverified { build },
            Because::OwnMonthOnly { kb: String::new() },
            Because::OwnMonthOnly {
                kb: "KB4536987".to_owned(),
            },
            Because::NotAssessed { product },
        ];
        each.extend(cves().filter_map(|cve| {
            let what = cve.also_needs?.to_owned();
            Some(Because::AlsoNeeds { what })
        }));
        for why in each {
            assert_eq!(because(&texts, &why), why.to_string());
        }
    }

    #[test]
    fn what_else_is_needed_is_translated() {
        let texts = Texts::new(Language::De);
        for what in cves().filter_map(|cve| cve.also_needs) {
            let what = what.to_owned();
            let german = because(&texts, &Because::AlsoNeeds { what: what.clone() });
            assert!(!german.contains(&what), "{what}");
        }
    }
}
