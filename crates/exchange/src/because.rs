use std::fmt;

use crate::build::Build;

/// Why a build does not tell whether it has a fix. As text, it is an English sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// The tables have no row for the CVE.
    NoList,
    /// The build is of no known Exchange Server.
    NoProduct {
        /// The build.
        build: Build,
    },
    /// The update alone does not help.
    AlsoNeeds {
        /// What must be done besides.
        what: String,
    },
    /// Only the first three parts of the build are known.
    SomeBuilds {
        /// The three parts.
        parts: [u16; 3],
    },
    /// The build lies between cumulative updates.
    NoCumulativeUpdate {
        /// `Exchange 2016`.
        product: &'static str,
        /// The build.
        build: Build,
    },
    /// The build is newer than every one of its product that the tables know.
    NewerThanTables {
        /// `Exchange 2016`.
        product: &'static str,
        /// The build.
        build: Build,
    },
    /// Sources name different builds.
    SourcesDisagree {
        /// The lowest that one names.
        first: Build,
        /// The highest.
        last: Build,
    },
    /// The row rests on one source.
    Unverified {
        /// The first fixed build after it.
        build: Build,
    },
    /// The March 2021 update for old cumulative updates hides which updates were there before it.
    OwnMonthOnly {
        /// The update that fixes the CVE; empty where it has no number.
        kb: String,
    },
    /// The product was not assessed.
    NotAssessed {
        /// `Exchange 2010`.
        product: &'static str,
    },
}

impl Because {
    /// Every id that [`id`](Self::id) gives, with the names of its arguments.
    pub const ALL: [(&'static str, &'static [&'static str]); 11] = [
        ("because-no-list", &[]),
        ("because-no-product", &["build"]),
        ("because-also-needs", &["what"]),
        ("because-some-builds", &["parts"]),
        ("because-no-cumulative-update", &["product", "build"]),
        ("because-newer-than-tables", &["product", "build"]),
        ("because-sources-disagree", &["first", "last"]),
        ("because-unverified", &["build"]),
        ("because-own-month-only", &[]),
        ("because-own-month-only-kb", &["kb"]),
        ("because-not-assessed", &["product"]),
    ];

    /// Which sentence it is, for translation.
    pub fn id(&self) -> &'static str {
        match self {
            Self::NoList => "because-no-list",
            Self::NoProduct { .. } => "because-no-product",
            Self::AlsoNeeds { .. } => "because-also-needs",
            Self::SomeBuilds { .. } => "because-some-builds",
            Self::NoCumulativeUpdate { .. } => "because-no-cumulative-update",
            Self::NewerThanTables { .. } => "because-newer-than-tables",
            Self::SourcesDisagree { .. } => "because-sources-disagree",
            Self::Unverified { .. } => "because-unverified",
            Self::OwnMonthOnly { kb } if kb.is_empty() => "because-own-month-only",
            Self::OwnMonthOnly { .. } => "because-own-month-only-kb",
            Self::NotAssessed { .. } => "because-not-assessed",
        }
    }

    /// What stands in the sentence, by name.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoList => Vec::new(),
            Self::NoProduct { build } | Self::Unverified { build } => vec![("build", build.to_string())],
            Self::AlsoNeeds { what } => vec![("what", what.clone())],
            Self::SomeBuilds {
                parts: [major, minor, build],
            } => vec![("parts", format!("{major}.{minor}.{build}"))],
            Self::NoCumulativeUpdate { product, build } | Self::NewerThanTables { product, build } => {
                vec![("product", (*product).to_owned()), ("build", build.to_string())]
            }
            Self::SourcesDisagree { first, last } => {
                vec![("first", first.to_string()), ("last", last.to_string())]
            }
            Self::OwnMonthOnly { kb } if kb.is_empty() => Vec::new(),
            Self::OwnMonthOnly { kb } => vec![("kb", kb.clone())],
            Self::NotAssessed { product } => vec![("product", (*product).to_owned())],
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoList => f.write_str("no list of fixed builds for this CVE"),
            Self::NoProduct { build } => write!(f, "{build} is a build of no known Exchange Server"),
            Self::AlsoNeeds { what } => write!(f, "the build alone does not tell: {what}"),
            Self::SomeBuilds {
                parts: [major, minor, build],
            } => write!(
                f,
                "some builds that begin with {major}.{minor}.{build} have the fix and some have not"
            ),
            Self::NoCumulativeUpdate { product, build } => {
                write!(f, "no cumulative update of {product} has builds such as {build}")
            }
            Self::NewerThanTables { product, build } => {
                write!(
                    f,
                    "{build} is newer than every build of {product} that the tables know; --update-table takes newer ones"
                )
            }
            Self::SourcesDisagree { first, last } => {
                write!(
                    f,
                    "sources name {first} and {last} as the first build with the fix"
                )
            }
            Self::Unverified { build } => {
                write!(
                    f,
                    "that {build} has the fix rests on one source that could not be checked"
                )
            }
            Self::OwnMonthOnly { kb } => {
                f.write_str(
                    "the March 2021 update for old cumulative updates brings the fixes of its own month only",
                )?;
                if kb.is_empty() {
                    return Ok(());
                }
                write!(
                    f,
                    "; whether {kb} was installed before it does not show in the build"
                )
            }
            Self::NotAssessed { product } => write!(f, "no source tells whether {product} is affected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Build;

    #[test]
    fn all_are_listed_with_their_arguments() {
        let build = Build([15, 1, 2176, 9]);
        let product = "Exchange 2016";
        let each = [
            Because::NoList,
            Because::NoProduct { build },
            Because::AlsoNeeds {
                what: "this".to_owned(),
            },
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
        for (because, (id, names)) in each.iter().zip(Because::ALL) {
            let args = because.args();
            assert_eq!(because.id(), id);
            assert_eq!(args.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
            for (_, value) in args {
                assert!(because.to_string().contains(&value), "{because}");
            }
        }
    }
}
