use std::sync::OnceLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::Build;
use crate::release::is_date;
use crate::table::{self, TableError};

pub(crate) const NAME: &str = "exchange_products.csv";
pub(crate) const TEXT: &str = include_str!("../../../data/exchange_products.csv");

pub(crate) static TABLE: OnceLock<Vec<Product>> = OnceLock::new();

/// A product line of Exchange Server: builds of one line share the list of updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `Exchange 2016`.
    pub name: String,
    /// The day of general availability.
    pub released: String,
    /// The day on which Microsoft's support ended or will end; `None` where none is announced.
    pub support_end: Option<String>,
    /// The last day of security updates for those who pay for them (Extended Security Updates).
    pub paid_until: Option<String>,
    /// The cumulative updates that paid updates are made for.
    pub paid_for: Vec<String>,
    /// Until then a CVE without a row leaves the line unaffected; a later CVE was never assessed for it.
    ///
    /// Exchange 2010 has rows for few CVEs only, so that a missing row tells nothing. For the other lines it is the end
    /// of updates, paid ones included.
    pub(crate) assessed_until: String,
    /// The line's first build; the next line begins with its own.
    first: Build,
}

/// What Microsoft still does for a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Updates for all.
    Supported,
    /// Updates for those who pay.
    PaidOnly,
    /// None.
    Ended,
}

#[derive(Deserialize)]
struct Row {
    product: String,
    first_build: String,
    released: String,
    support_end: Option<String>,
    paid_until: Option<String>,
    paid_for: String,
    assessed_until: String,
}

/// All product lines, oldest first.
pub fn products() -> &'static [Product] {
    TABLE.get_or_init(|| table::embedded(parse(NAME, TEXT)))
}

/// The product line of a build; `None` where it belongs to none.
pub fn product(build: Build) -> Option<&'static Product> {
    of(products(), build)
}

pub(crate) fn of(products: &[Product], build: Build) -> Option<&Product> {
    let product = products.iter().rev().find(|product| product.first <= build)?;
    let newest = products.last().is_some_and(|last| last == product);
    (!newest || product.first.0[..2] == build.0[..2]).then_some(product)
}

impl Product {
    /// What Microsoft does for it on a day.
    pub fn support(&self, on: Date) -> Support {
        let on = on.to_string();
        let lasts = |end: &Option<String>| end.as_ref().is_some_and(|end| on <= *end);
        match &self.support_end {
            None => Support::Supported,
            end if lasts(end) => Support::Supported,
            _ if lasts(&self.paid_until) => Support::PaidOnly,
            _ => Support::Ended,
        }
    }

    /// The last day, up to `on`, whose updates are for everybody: later ones are for those who pay, where that is offered.
    pub fn public_until(&self, on: Date) -> Date {
        let end = self.support_end.as_ref().filter(|_| self.paid_until.is_some());
        let end = end.and_then(|end| end.parse::<Date>().ok());
        end.map_or(on, |end| end.min(on))
    }

    /// Whether a build of this line can have been assessed when something was fixed on `day`.
    pub(crate) fn is_unaffected_without_row(&self, day: &str) -> bool {
        day < self.released.as_str() || day <= self.assessed_until.as_str()
    }
}

/// Lines in the order of their first builds, each once.
pub(crate) fn parse(table: &str, text: &str) -> Result<Vec<Product>, TableError> {
    let mut all: Vec<Product> = Vec::new();
    for (line, row) in table::rows::<Row>(table, text)? {
        let wrong = |what: String| TableError::new(table, line, what);
        let first: Build = row
            .first_build
            .parse()
            .map_err(|error| wrong(format!("{error}")))?;
        let name = row.product;
        if name.is_empty() || all.iter().any(|other| other.name == name) {
            return Err(wrong(format!("`{name}` is no name, or there twice")));
        }
        if all.last().is_some_and(|last| last.first >= first) {
            return Err(wrong(format!(
                "{name} is out of order: lines stand in the order of first_build"
            )));
        }
        let days = [
            Some(&row.released),
            row.support_end.as_ref(),
            row.paid_until.as_ref(),
        ];
        let empty = Some(&row.assessed_until).filter(|day| !day.is_empty());
        for day in days.into_iter().chain([empty]).flatten() {
            if day.len() != 10 || !is_date(day) {
                return Err(wrong(format!("`{day}` is not a day such as 2025-10-14")));
            }
        }
        if row.paid_until.is_some() && row.support_end.is_none() {
            return Err(wrong(format!(
                "{name} has paid_until, but no support_end before it"
            )));
        }
        all.push(Product {
            name,
            released: row.released,
            support_end: row.support_end,
            paid_until: row.paid_until,
            paid_for: row.paid_for.split_whitespace().map(str::to_owned).collect(),
            assessed_until: row.assessed_until,
            first,
        });
    }
    Ok(all)
}

/// Takes the place of lines with the same name, and adds the rest.
pub(crate) fn replace(products: &mut Vec<Product>, newer: Vec<Product>) {
    products.retain(|old| newer.iter().all(|new| new.name != old.name));
    products.extend(newer);
    products.sort_by_key(|product| product.first);
}

/// Whether two builds belong to one cumulative update (2010: to one service pack), so that the order of
/// their numbers tells which one is newer.
pub(crate) fn same_cumulative_update(a: Build, b: Build) -> bool {
    let parts = if a.0[0] == 14 { 2 } else { 3 };
    a.0[..parts] == b.0[..parts]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::civil::date;

    use super::*;

    fn named(build: &str) -> Option<&'static str> {
        product(build.parse().unwrap()).map(|product| product.name.as_str())
    }

    #[test]
    fn builds_belong_to_lines() {
        assert_eq!(named("15.2.2562.0"), Some("Exchange SE"));
        assert_eq!(named("15.2.2561.65535"), Some("Exchange 2019"));
        assert_eq!(named("15.1.65535.1"), Some("Exchange 2016"));
        assert_eq!(named("15.0.1497.12"), Some("Exchange 2013"));
        assert_eq!(named("14.3.513.0"), Some("Exchange 2010"));
        assert_eq!(
            (named("15.3.0.0"), named("8.3.83.6"), named("16.0.1.1")),
            (None, None, None)
        );
    }

    #[test]
    fn support_ends_and_is_sold_for_a_while() {
        let on = |build: &str, day| product(build.parse().unwrap()).unwrap().support(day);
        assert_eq!(on("15.1.2507.6", date(2025, 10, 14)), Support::Supported);
        assert_eq!(on("15.1.2507.6", date(2025, 10, 15)), Support::PaidOnly);
        assert_eq!(on("15.2.1748.10", date(2026, 11, 1)), Support::Ended);
        assert_eq!(on("15.0.1497.2", date(2023, 4, 12)), Support::Ended);
        assert_eq!(on("14.3.513.0", date(2020, 10, 13)), Support::Supported);
        assert_eq!(on("15.2.2562.17", date(2030, 1, 1)), Support::Supported);
    }

    #[test]
    fn refuses_a_table_with_faults() {
        let told = |row: &str| {
            let header = TEXT.lines().next().unwrap();
            parse(
                "t",
                &format!("{header}\nA,15.1.0.0,2020-01-01,,,,,yes,,\n{row}\n"),
            )
            .map(|_| ())
            .unwrap_err()
            .to_string()
        };
        assert!(told("A,15.2.0.0,2020-01-01,,,,,yes,,").contains("row 3: `A` is no name, or there twice"));
        assert!(told("B,15.1.0.0,2020-01-01,,,,,yes,,").contains("out of order"));
        assert!(told("B,15.2.0.0,2020-01,,,,,yes,,").contains("not a day"));
        assert!(told("B,15.2.0.0,2020-01-01,,2021-01-01,,,yes,,").contains("no support_end"));
        assert!(told("B,15.2.0,2020-01-01,,,,,yes,,").contains("not a build"));
    }
}
