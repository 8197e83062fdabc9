//! What to install.

use jiff::civil::Date;

use crate::Build;
use crate::fix::{Fix, fix};
use crate::flaws::{Flaw, Line, flaws};
use crate::product::{Product, Support, product, products, same_cumulative_update};
use crate::release::{Release, published, releases};

/// The newest release of a product, its cumulative update included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// The newest cumulative update, as it was before any update; the first release known of it.
    pub cumulative_update: &'static Release,
    /// The newest update for it, or itself.
    pub update: &'static Release,
    /// A newer one that rests on a source that could not be checked.
    pub unverified: Option<&'static Release>,
}

/// The newest cumulative update of a product (`Exchange 2016`) and the newest update for it, as of a day.
pub fn latest(product: &str, on: Date) -> Option<Latest> {
    let on = on.to_string();
    let of_product = || {
        let until_then = releases().rev().filter(|release| release.date <= on);
        until_then.filter(|release| release.product == product)
    };
    let newest = of_product().next()?;
    let same = |release: &&Release| same_cumulative_update(release.build, newest.build);
    let update = of_product()
        .take_while(same)
        .find(|release| release.verified)
        .unwrap_or(newest);
    Some(Latest {
        cumulative_update: of_product().take_while(same).last()?,
        update,
        unverified: (update.build < newest.build).then_some(newest),
    })
}

/// The newest update, as of a day, for the cumulative update that a build belongs to, or that itself.
pub fn last_update(build: Build, on: Date) -> Option<&'static Release> {
    let on = on.to_string();
    let mut newest = releases()
        .rev()
        .filter(|release| same_cumulative_update(release.build, build) && release.date <= on);
    newest.find(|release| release.verified)
}

/// Whether a product has, on a day, newer updates than its cumulative update that a build belongs to: Microsoft makes
/// them for the newest cumulative updates only.
pub fn is_superseded(build: Build, on: Date) -> bool {
    let newest = product(build).and_then(|product| latest(&product.name, on));
    match (last_update(build, on), newest) {
        (Some(last), Some(newest)) => last.date < newest.update.date,
        _ => false,
    }
}

/// The first build with the fix for a CVE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstFix {
    /// The build; the highest where sources name several.
    pub build: Build,
    /// The update that brings it: `KB5001779`; `None` where it has no number.
    pub kb: Option<&'static str>,
    /// Whether it is an update for the cumulative update that was asked about.
    pub own: bool,
}

/// The first build with the fix for `cve` in the cumulative update of `build` or, where that got none, in the newest one
/// of the product that got one. `None` where no build brings the fix, or where the product is not affected or unknown.
pub fn first_fix(build: Build, cve: &str) -> Option<FirstFix> {
    let Line::Updates(updates) = flaws().get(cve)?.line(product(build)?)? else {
        return None;
    };
    let own = |last: Build| same_cumulative_update(last, build);
    let update = updates
        .iter()
        .find(|update| own(update.last))
        .or_else(|| updates.iter().max_by_key(|update| update.last))?;
    Some(FirstFix {
        build: update.last,
        kb: Some(update.kb.as_str()).filter(|kb| !kb.is_empty()),
        own: own(update.last),
    })
}

/// A CVE, or an advisory that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cve {
    /// `CVE-2021-34473`.
    pub id: &'static str,
    /// The chain of attacks that it is part of: `ProxyShell`.
    pub chain: Option<&'static str>,
    /// What must be done besides installing the update.
    pub also_needs: Option<&'static str>,
}

/// All CVEs, and advisories, that the tables know, in the order of their ids.
pub fn cves() -> impl Iterator<Item = Cve> {
    let told = |text: &'static String| Some(text.as_str()).filter(|text| !text.is_empty());
    flaws().iter().map(move |(id, flaw)| Cve {
        id,
        chain: told(&flaw.chain),
        also_needs: told(&flaw.also_needs),
    })
}

/// CVEs whose first fixed build this is, in the order of their ids.
pub fn first_fixed_in(build: Build) -> impl Iterator<Item = Cve> {
    cves().filter(move |cve| is_first_fix(build, cve.id))
}

/// Whether this is the first build with the fix for a CVE; several are where sources name several.
pub(crate) fn is_first_fix(build: Build, cve: &str) -> bool {
    let lines = flaws().get(cve).map(Flaw::lines).unwrap_or_default();
    lines.iter().any(|(_, line)| {
        let Line::Updates(updates) = line else {
            return false;
        };
        updates
            .iter()
            .any(|update| (update.first..=update.last).contains(&build))
    })
}

/// The least that closes chains of attacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The release.
    pub release: &'static Release,
    /// The chains, oldest first.
    pub chains: Vec<&'static str>,
}

/// The least that closes a chain of attacks for a build: the first release of its cumulative update, from it on, that has
/// every fix; where its cumulative update never got them, the product's first release that has.
///
/// `None` where nothing of the chain is open, or where no release of the product until a day is known to close it.
pub fn closes(build: Build, chain: &str, on: Date) -> Option<&'static Release> {
    let chain = touched_chains(build).into_iter().find(|name| *name == chain)?;
    closing(build, &[chain], on)
}

/// The same for every chain of attacks of which something is open.
pub fn closes_all(build: Build, on: Date) -> Option<Closing> {
    let chains = touched_chains(build);
    Some(Closing {
        release: closing(build, &chains, on)?,
        chains,
    })
}

/// Chains of which a build lacks a fix.
fn touched_chains(build: Build) -> Vec<&'static str> {
    let mut chains = Vec::new();
    for (cve, chain) in flaws().chained() {
        if !chains.contains(&chain) && fix(build, cve) == Fix::Open {
            chains.push(chain);
        }
    }
    chains
}

fn closing(build: Build, chains: &[&str], on: Date) -> Option<&'static Release> {
    if chains.is_empty() {
        return None;
    }
    let on = on.to_string();
    let product = product(build)?;
    let mut later = releases()
        .filter(|release| release.build > build && release.product == product.name && release.date <= on);
    later.find(|release| {
        let mut cves = flaws().chained().filter(|(_, chain)| chains.contains(chain));
        cves.all(|(cve, _)| fix(release.build, cve) == Fix::Fixed)
    })
}

/// What to install for a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// What Microsoft still does for the product.
    pub support: Support,
    /// The product.
    pub product: &'static Product,
    /// The newest release of the product that everybody gets; `None` where the build is as new, or newer.
    pub newest: Option<&'static Release>,
    /// A newer one, for those who pay for Extended Security Updates.
    pub paid: Option<&'static Release>,
    /// A newer release still, whose only source could not be checked.
    pub unverified: Option<&'static Release>,
    /// The newest release of the product that is supported, where this one is not.
    pub move_to: Option<&'static Release>,
    /// The least that closes ProxyShell, where it is open.
    pub minimum: Option<&'static Release>,
    /// The least that closes every chain that is open.
    pub closes_all: Option<Closing>,
}

/// What to install for a build, on a day; `None` where it is a build of no known product.
pub fn install(build: Build, on: Date) -> Option<Install> {
    let product = product(build)?;
    let latest = latest(&product.name, on)?;
    let public = self::latest(&product.name, product.public_until(on))?;
    let support = product.support(on);
    let mut supported = products()
        .iter()
        .rev()
        .filter(|other| support != Support::Supported && other.support(on) == Support::Supported);
    // Builds of another cumulative update may be higher and yet older than an update that is installed.
    let installed = published().nearest(build).filter(|near| near.build <= build);
    let above = |release: &&Release| {
        release.build > build && installed.is_none_or(|near| !is_before(&release.date, &near.date))
    };
    Some(Install {
        support,
        product,
        newest: Some(public.update).filter(above),
        paid: Some(latest.update)
            .filter(above)
            .filter(|newest| newest.build > public.update.build),
        unverified: latest.unverified.filter(above),
        move_to: supported.find_map(|other| Some(self::latest(&other.name, on)?.update)),
        minimum: closes(build, "ProxyShell", on),
        closes_all: closes_all(build, on),
    })
}

/// Whether a day or month certainly lies before another.
fn is_before(one: &str, other: &str) -> bool {
    one.bytes()
        .zip(other.bytes())
        .find(|(a, b)| a != b)
        .is_some_and(|(a, b)| a < b)
}

#[cfg(test)]
#[path = "advice_tests.rs"]
mod tests;
