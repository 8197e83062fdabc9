use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::Build;
use crate::product::{self, Product, products, same_cumulative_update};
use crate::table::{self, Placed, TableError};

/// No file has this name, so that errors tell which one is meant.
pub(crate) const NAME: &str = "exchange_builds.csv of the program";
pub(crate) const TEXT: &str = include_str!("../../../data/exchange_builds.csv");

pub(crate) static TABLE: OnceLock<Releases> = OnceLock::new();

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

impl Release {
    /// Days from the release to `day`; a date without a day is taken for the first of its month.
    pub fn age(&self, day: Date) -> Option<i32> {
        let text = if self.date.len() == 7 {
            format!("{}-01", self.date)
        } else {
            self.date.clone()
        };
        let date: Date = text.parse().ok()?;
        Some(date.until(day).ok()?.get_days())
    }
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
pub(crate) struct Row {
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

/// The embedded table, or what took its place.
pub(crate) fn published() -> &'static Releases {
    TABLE.get_or_init(|| {
        let rows = Rows::read(NAME, TEXT);
        table::embedded(rows.and_then(|rows| Releases::of(rows, products())))
    })
}

/// The rows of a table of builds.
pub(crate) struct Rows(BTreeMap<Build, Placed<Row>>);

impl Rows {
    /// Builds in ascending order.
    pub fn read(table: &str, text: &str) -> Result<Self, TableError> {
        let mut all = BTreeMap::new();
        for placed in table::placed::<Row>(table, text)? {
            let build: Build = placed
                .row
                .build
                .parse()
                .map_err(|error| placed.wrong(format!("{error}")))?;
            if all.last_key_value().is_some_and(|(last, _)| *last >= build) {
                return Err(placed.wrong(format!(
                    "{build} is out of order or there twice: builds stand in ascending order, each once"
                )));
            }
            all.insert(build, placed);
        }
        Ok(Self(all))
    }

    /// Takes the place of what has the same build, and adds the rest.
    pub fn replace(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }
}

impl Releases {
    /// Builds, each with the product that its number says.
    pub fn of(rows: Rows, products: &[Product]) -> Result<Self, TableError> {
        let mut all = Self {
            by_build: BTreeMap::new(),
            own_month_only: Vec::new(),
        };
        for (build, placed) in rows.0 {
            let wrong = |what: String| placed.wrong(what);
            let row = &placed.row;
            match product::of(products, build) {
                Some(product) if product.name == row.product => {}
                Some(product) => {
                    return Err(wrong(format!(
                        "{build} is a build of {}, not of `{}`",
                        product.name, row.product
                    )));
                }
                None => return Err(wrong(format!("{build} is a build of no known product"))),
            }
            if row.cumulative_update.is_empty() {
                return Err(wrong(format!(
                    "{build} lacks a cumulative update, such as CU19 or RTM"
                )));
            }
            if !is_date(&row.date) {
                return Err(wrong(format!(
                    "`{}` is no date such as 2021-03-02 or 2021-03",
                    row.date
                )));
            }
            if row.own_month_only == YesNo::Yes {
                all.own_month_only.push(build);
            }
            let row = placed.row;
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
pub(crate) fn is_date(text: &str) -> bool {
    matches!(text.len(), 7 | 10)
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}

/// All published releases of Exchange 2010 to SE, in ascending order of their builds.
pub fn releases() -> impl DoubleEndedIterator<Item = &'static Release> {
    published().iter()
}

/// The published release with this build.
pub fn release(build: Build) -> Option<&'static Release> {
    published().get(build)
}

/// The cumulative update that a build belongs to, itself where it is one; `None` where no release begins with its first
/// three parts.
///
/// Security updates leave what setup installed in place where they do not replace it: most static files are as old as
/// this release.
pub fn cumulative_update(build: Build) -> Option<&'static Release> {
    let [major, minor, number, _] = build.0;
    let mut same = published().with_three_parts([major, minor, number]).peekable();
    let first = same.peek().copied();
    same.find(|release| release.update.is_empty()).or(first)
}

/// A release of the cumulative update (2010: of the service pack) that a build belongs to, whether the build itself is
/// listed or not: the newest one up to it, else the next.
pub fn nearest(build: Build) -> Option<&'static Release> {
    published().nearest(build)
}

/// What a build is called: `Exchange 2016 CU19 Mar21SU`; `Exchange 2016 CU19, unlisted build` where only its
/// cumulative update is known, `Exchange 2016, unlisted build` where only the product is; `None` for a build
/// that is none of Exchange 2010 to SE.
pub fn build_name(build: Build) -> Option<String> {
    if let Some(release) = release(build) {
        return Some(release.to_string());
    }
    let name = match published().nearest(build) {
        Some(near) => format!("{} {}", near.product, near.cumulative_update),
        None => product::product(build)?.name.clone(),
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
    fn releases_have_an_age() {
        let age = |text| release(build(text)).unwrap().age(jiff::civil::date(2026, 12, 1));
        assert_eq!(age("15.1.2176.9"), Some(2100));
        assert_eq!(age("15.2.2562.53"), Some(60));
        assert!(releases().all(|release| release.age(jiff::civil::date(2026, 12, 1)).is_some()));
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
        assert!(releases().count() > 400);
        for release in releases() {
            assert_eq!(build_name(release.build), Some(release.to_string()));
        }
    }

    #[test]
    fn refuses_a_table_with_faults() {
        let parse = |rows: &str| Releases::of(Rows::read("t.csv", &format!("{HEADER}{rows}"))?, products());
        let good = "15.1.2176.9,Exchange 2016,CU19,Mar21SU,2021-03-02,KB5000871,no,yes,,example.org\n";
        assert!(parse(good).is_ok());
        let told = |rows: &str| parse(rows).map(|_| ()).unwrap_err().to_string();
        for (rows, expected) in [
            (
                good.repeat(2),
                "t.csv, row 3: 15.1.2176.9 is out of order or there twice",
            ),
            (
                good.replace("15.1.", "15.0."),
                "t.csv, row 2: 15.0.2176.9 is a build of Exchange 2013, not of `Exchange 2016`",
            ),
            (
                good.replace("15.1.", "15.3."),
                "15.3.2176.9 is a build of no known product",
            ),
            (
                good.replace("15.1.2176.9", "15.1.2176"),
                "`15.1.2176` is not a build",
            ),
            (good.replace("CU19", ""), "lacks a cumulative update"),
            (good.replace("2021-03-02", "March"), "`March` is no date"),
            (good.replace(",yes,", ",maybe,"), "unknown variant `maybe`"),
        ] {
            assert!(told(&rows).contains(expected), "{}", told(&rows));
        }
    }
}
