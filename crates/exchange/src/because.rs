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
