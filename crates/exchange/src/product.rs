use crate::Build;

/// A product line of Exchange Server: builds of one line share the list of updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Product {
    /// `Exchange 2016`.
    pub name: &'static str,
    /// The line's first build; the next line begins with its own.
    first: Build,
    /// The day of general availability.
    pub released: &'static str,
    /// Until then a CVE without a row leaves the line unaffected; a later CVE was never assessed for it.
    ///
    /// Exchange 2010 has rows for few CVEs only, so that a missing row tells nothing. For the other lines it
    /// is the end of updates; for 2016 and 2019 that of the second period of paid updates (lifecycle pages on
    /// learn.microsoft.com).
    pub assessed_until: &'static str,
}

const PRODUCTS: [Product; 6] = [
    line("Exchange 2010", [14, 0, 0, 0], "2009-11-09", ""),
    line("Exchange 2013", [15, 0, 0, 0], "2012-12-03", "2023-04-11"),
    line("Exchange 2016", [15, 1, 0, 0], "2015-10-01", "2026-10-31"),
    line("Exchange 2019", [15, 2, 0, 0], "2018-10-22", "2026-10-31"),
    line("Exchange SE", [15, 2, 2562, 0], "2025-07-01", "9999"),
    line("", [15, 3, 0, 0], "", ""),
];

const fn line(
    name: &'static str,
    first: [u16; 4],
    released: &'static str,
    assessed_until: &'static str,
) -> Product {
    Product {
        name,
        first: Build(first),
        released,
        assessed_until,
    }
}

impl Product {
    /// The product line of a build; `None` outside 14.0 to 15.2.
    pub fn of(build: Build) -> Option<Self> {
        PRODUCTS
            .into_iter()
            .rev()
            .find(|product| product.first <= build)
            .filter(|product| !product.name.is_empty())
    }

    /// The product line with this name.
    pub fn named(name: &str) -> Option<Self> {
        PRODUCTS
            .into_iter()
            .find(|product| product.name == name && !name.is_empty())
    }
}

/// Whether two builds belong to one cumulative update (2010: to one service pack), so that the order of
/// their numbers tells which one is newer.
pub(crate) fn same_cumulative_update(a: Build, b: Build) -> bool {
    let parts = if a.0[0] == 14 { 2 } else { 3 };
    a.0[..parts] == b.0[..parts]
}
