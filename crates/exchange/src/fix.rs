use crate::because::Because;
use crate::build::Build;
use crate::flaws::{self, Flaw, Line, Update, flaws};
use crate::product::{Product, product, same_cumulative_update};
use crate::release::published;

/// Whether a build has the fix for a CVE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// It has, or the product was never affected.
    Fixed,
    /// It has not.
    Open,
    /// The build does not tell; why.
    Unknown(Because),
}

/// Whether `build` has the fix for `cve` (`CVE-2021-34473`; letter case aside).
///
/// Build numbers compare within a cumulative update only: 2016 CU19 May21SU (15.1.2176.14) has the ProxyShell
/// fixes, the higher 15.1.2242.4 (CU20) has not. So a build has a fix if it is at or above the update of the
/// newest cumulative update that got one, or at or above the update of its own cumulative update; a cumulative
/// update that got none is open (the rule of `CompareExchangeBuildLevel.ps1` in microsoft/CSS-Exchange).
/// Anybody can claim a build: one of a cumulative update that no table knows is believed to have nothing.
pub fn fix(build: Build, cve: &str) -> Fix {
    let Some(flaw) = flaws().get(cve) else {
        return Fix::Unknown(Because::NoList);
    };
    let Some(product) = product(build) else {
        return Fix::Unknown(Because::NoProduct { build });
    };
    if published().nearest(build).is_none() {
        return Fix::Unknown(without_release(build, product));
    }
    let by_build = match flaw.line(product) {
        Some(line) => by_line(build, line),
        None => without_line(product, flaw),
    };
    match by_build {
        Fix::Fixed if !flaw.also_needs.is_empty() => Fix::Unknown(Because::AlsoNeeds {
            what: flaw.also_needs.clone(),
        }),
        other => other,
    }
}

/// The same for the first three parts of a build (`15.1.2176`), which is all that a logon page's paths give
/// away: [`Fix::Unknown`] unless every build that begins so agrees.
pub fn fix_of_three_parts(parts: [u16; 3], cve: &str) -> Fix {
    let [major, minor, build] = parts;
    let mut answers: Vec<Fix> = published()
        .with_three_parts(parts)
        .map(|release| fix(release.build, cve))
        .collect();
    if answers.is_empty() {
        answers.extend([0, u16::MAX].map(|revision| fix(Build([major, minor, build, revision]), cve)));
    }
    let first = answers.swap_remove(0);
    let tells_of_build = matches!(
        first,
        Fix::Unknown(
            Because::NoProduct { .. } | Because::NoCumulativeUpdate { .. } | Because::NewerThanTables { .. }
        )
    );
    if tells_of_build || answers.iter().all(|answer| *answer == first) {
        return first;
    }
    Fix::Unknown(Because::SomeBuilds { parts })
}

/// The chain of attacks that a CVE is part of: `ProxyLogon`, `ProxyShell`, `ProxyOracle`, `ProxyToken`,
/// `ProxyNotShell`, `OWASSRF`.
pub fn chain_of(cve: &str) -> Option<&'static str> {
    flaws::chain(cve).filter(|chain| !chain.is_empty())
}

/// The chains of attacks that a build is open to: those of whose flaws it has none fixed, oldest first.
pub fn open_chains(build: Build) -> Vec<&'static str> {
    let mut chains: Vec<(&str, bool)> = Vec::new();
    for (cve, chain) in flaws().chained() {
        let open = fix(build, cve) == Fix::Open;
        match chains.iter_mut().find(|(name, _)| *name == chain) {
            Some((_, all)) => *all &= open,
            None => chains.push((chain, open)),
        }
    }
    chains
        .into_iter()
        .filter_map(|(chain, open)| open.then_some(chain))
        .collect()
}

/// A build of a cumulative update that is in no table.
fn without_release(build: Build, product: &'static Product) -> Because {
    let mut of_product = published()
        .iter()
        .rev()
        .filter(|release| release.product == product.name);
    let product = &product.name;
    if of_product.next().is_some_and(|newest| newest.build < build) {
        Because::NewerThanTables { product, build }
    } else {
        Because::NoCumulativeUpdate { product, build }
    }
}

fn by_line(build: Build, line: &Line) -> Fix {
    let updates = match line {
        Line::NotAffected => return Fix::Fixed,
        // Fixed with the condition that every such CVE names in `also_needs`.
        Line::NoBuild => return Fix::Fixed,
        Line::Updates(updates) => updates,
    };
    let newest = updates
        .iter()
        .max_by_key(|update| update.last)
        .filter(|update| build >= update.last);
    let own = updates
        .iter()
        .find(|update| same_cumulative_update(update.last, build));
    match newest.or(own) {
        Some(update) => by_update(build, update),
        None => Fix::Open,
    }
}

fn by_update(build: Build, update: &Update) -> Fix {
    if build < update.first {
        return Fix::Open;
    }
    if build < update.last {
        return Fix::Unknown(Because::SourcesDisagree {
            first: update.first,
            last: update.last,
        });
    }
    if !update.verified {
        return Fix::Unknown(Because::Unverified { build: update.last });
    }
    let skipped = published().own_month_only(build).filter(|own_month| {
        let comes_with_cumulative_update = published()
            .get(update.last)
            .is_some_and(|release| release.update.is_empty());
        same_cumulative_update(update.last, build)
            && update.last < *own_month
            && !comes_with_cumulative_update
    });
    if skipped.is_none() {
        return Fix::Fixed;
    }
    Fix::Unknown(Because::OwnMonthOnly {
        kb: update.kb.clone(),
    })
}

/// A product line without a row: not affected, if it was assessed at all.
fn without_line(product: &'static Product, flaw: &Flaw) -> Fix {
    if product.is_unaffected_without_row(&flaw.fixed_on) {
        return Fix::Fixed;
    }
    Fix::Unknown(Because::NotAssessed {
        product: &product.name,
    })
}

#[cfg(test)]
#[path = "fix_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "fix_table_tests.rs"]
mod table_tests;
