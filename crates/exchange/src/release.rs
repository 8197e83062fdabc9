use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::Build;
use crate::product::{Product, same_cumulative_update};
use crate::table::{self, TableError};

const NAME: &str = "exchange_builds.csv";

/// A published build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The build.
    pub build: Build,
    /// `Exchange 2016`.
    pub product: String,
    /// `CU19`, `SP3`, `RTM`, `Preview`.
    pub cumulative_update: String,
    /// `Mar21SU`; `KB3184736` where the update has no name; empty where it is the cumulative update itself.
    pub update: String,
    /// `2021-03-02`, or `2021-03` where only the month is known.
    pub date: String,
    /// `KB5000871`; empty where there is none.
    pub kb: String,
    /// Whether the build stands in a Microsoft source or in two others.
    pub verified: bool,
}

/// `Exchange 2016 CU19 Mar21SU`.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product, self.cumulative_update)?;
        if self.update.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.update)
        }
    }
}

#[derive(Deserialize)]
struct Row {
    build: String,
    product: String,
    cumulative_update: String,
    update: String,
    date: String,
    kb: String,
    own_month_only: YesNo,
    verified: YesNo,
}

/// `yes` or `no` in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum YesNo {
    Yes,
    No,
}

/// All published builds.
pub(crate) struct Releases {
    by_build: BTreeMap<Build, Release>,
    /// Updates for old cumulative updates that bring the fixes of their own month only.
    own_month_only: Vec<Build>,
}

/// The embedded table.
pub(crate) fn releases() -> &'static Releases {
    static TABLE: OnceLock<Releases> = OnceLock::new();
    TABLE.get_or_init(|| table::embedded(Releases::parse(include_str!("../../../data/exchange_builds.csv"))))
}

impl Releases {
    /// Builds in ascending order, each with the product that its number says.
    fn parse(text: &str) -> Result<Self, TableError> {
        let mut all = Self {
            by_build: BTreeMap::new(),
            own_month_only: Vec::new(),
        };
        for (index, row) in table::rows::<Row>(text)?.into_iter().enumerate() {
            let wrong = |what: String| TableError::Row {
                table: NAME,
                row: index + 2,
                what,
            };
            let build: Build = row.build.parse().map_err(|error| wrong(format!("{error}")))?;
            if all
                .by_build
                .last_key_value()
                .is_some_and(|(last, _)| *last >= build)
            {
                return Err(wrong(format!("{build} is out of order or there twice")));
            }
            if Product::of(build).is_none_or(|product| product.name != row.product) {
                return Err(wrong(format!("{build} is no build of `{}`", row.product)));
            }
            if row.cumulative_update.is_empty() || !is_date(&row.date) {
                return Err(wrong(format!("{build} lacks a cumulative update or a date")));
            }
            if row.own_month_only == YesNo::Yes {
                all.own_month_only.push(build);
            }
            let release = Release {
                build,
                product: row.product,
                cumulative_update: row.cumulative_update,
                update: row.update,
                date: row.date,
                kb: row.kb,
                verified: row.verified == YesNo::Yes,
            };
            all.by_build.insert(build, release);
        }
        Ok(all)
    }

    /// The release with this build.
    pub fn get(&self, build: Build) -> Option<&Release> {
        self.by_build.get(&build)
    }

    /// All releases, by build.
    #[cfg(test)]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.by_build.values()
    }

    /// The releases that share the first three parts of their build.
    pub fn with_three_parts(&self, [major, minor, build]: [u16; 3]) -> impl Iterator<Item = &Release> {
        let range = Build([major, minor, build, 0])..=Build([major, minor, build, u16::MAX]);
        self.by_build.range(range).map(|(_, release)| release)
    }

    /// A release of the cumulative update that a build belongs to: the newest one up to it, else the next.
    pub fn nearest(&self, build: Build) -> Option<&Release> {
        let before = self.by_build.range(..=build).next_back();
        let after = self.by_build.range(build..).next();
        [before, after]
            .into_iter()
            .flatten()
            .map(|(_, near)| near)
            .find(|near| same_cumulative_update(near.build, build))
    }

    /// The update in or below this build that brings the fixes of its own month only, within its cumulative update.
    pub fn own_month_only(&self, build: Build) -> Option<Build> {
        let applies = |update: &Build| same_cumulative_update(*update, build) && *update <= build;
        self.own_month_only.iter().copied().rev().find(applies)
    }
}

/// `2021-03-02` or `2021-03`.
fn is_date(text: &str) -> bool {
    matches!(text.len(), 7 | 10)
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}

/// The published release with this build.
pub fn release(build: Build) -> Option<&'static Release> {
    releases().get(build)
}

/// The cumulative update that a build belongs to, itself where it is one; `None` where no release begins with its first
/// three parts.
///
/// Security updates leave what setup installed in place where they do not replace it: most static files are as old as
/// this release.
pub fn cumulative_update(build: Build) -> Option<&'static Release> {
    let [major, minor, number, _] = build.0;
    let mut same = releases().with_three_parts([major, minor, number]).peekable();
    let first = same.peek().copied();
    same.find(|release| release.update.is_empty()).or(first)
}

/// What a build is called: `Exchange 2016 CU19 Mar21SU`; `Exchange 2016 CU19, unlisted build` where only its
/// cumulative update is known, `Exchange 2016, unlisted build` where only the product is; `None` for a build
/// that is none of Exchange 2010 to SE.
pub fn build_name(build: Build) -> Option<String> {
    if let Some(release) = release(build) {
        return Some(release.to_string());
    }
    let name = match releases().nearest(build) {
        Some(near) => format!("{} {}", near.product, near.cumulative_update),
        None => Product::of(build)?.name.to_owned(),
    };
    Some(format!("{name}, unlisted build"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const HEADER: &str =
        "build,product,cumulative_update,update,date,kb,own_month_only,verified,note,source\n";

    fn build(text: &str) -> Build {
        text.parse().unwrap()
    }

    #[test]
    fn names_listed_and_unlisted_builds() {
        let name = |text| build_name(build(text));
        assert_eq!(name("15.1.2176.9").as_deref(), Some("Exchange 2016 CU19 Mar21SU"));
        assert_eq!(name("15.1.2176.2").as_deref(), Some("Exchange 2016 CU19"));
        assert_eq!(
            name("15.01.2176.011").as_deref(),
            Some("Exchange 2016 CU19, unlisted build")
        );
        assert_eq!(name("15.2.2562.17").as_deref(), Some("Exchange SE RTM"));
        assert_eq!(name("14.3.513.0").as_deref(), Some("Exchange 2010 SP3 RU32"));
        assert_eq!(
            name("14.3.400.1").as_deref(),
            Some("Exchange 2010 SP3, unlisted build")
        );
        assert_eq!(
            name("15.1.1000.1").as_deref(),
            Some("Exchange 2016, unlisted build")
        );
        assert_eq!(name("15.3.1.1"), None);
        assert_eq!(name("8.3.1.1"), None);
    }

    #[test]
    fn finds_the_cumulative_update() {
        let base = |text| cumulative_update(build(text)).map(|release| release.build.to_string());
        assert_eq!(base("15.1.2176.9").as_deref(), Some("15.1.2176.2"));
        assert_eq!(base("15.1.2176.2").as_deref(), Some("15.1.2176.2"));
        assert_eq!(base("15.2.2562.53").as_deref(), Some("15.2.2562.17"));
        assert_eq!(base("15.1.1000.1"), None);
    }

    #[test]
    fn every_release_names_itself() {
        assert!(releases().iter().count() > 400);
        for release in releases().iter() {
            assert_eq!(build_name(release.build), Some(release.to_string()));
        }
    }

    #[test]
    fn refuses_a_table_with_faults() {
        let parse = |rows: &str| Releases::parse(&format!("{HEADER}{rows}"));
        let good = "15.1.2176.9,Exchange 2016,CU19,Mar21SU,2021-03-02,KB5000871,no,yes,,example.org\n";
        assert!(parse(good).is_ok());
        assert!(parse(&good.repeat(2)).is_err(), "twice");
        assert!(
            parse(&good.replace("15.1.", "15.0.")).is_err(),
            "another product's build"
        );
        assert!(parse(&good.replace("2021-03-02", "March")).is_err(), "no date");
        assert!(
            parse(&good.replace(",yes,", ",maybe,")).is_err(),
            "neither yes nor no"
        );
    }
}
