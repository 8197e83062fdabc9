//! What to install, as a sentence.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use imker_exchange::{Build, Install, Release, install};
use jiff::civil::Date;

use super::builds::Known;
use crate::{Reason, SeenBuild};

/// What to install for a build on a day; `None` where the newest update of a supported product is there, or where the
/// product is not known. An update that may be there already, where the build is not known to its end, is not asked for.
pub(super) fn to_install(known: &Known, on: Date) -> Option<Reason> {
    let install = remembered(known.lowest(), on)?;
    let is_whole = matches!(known.build, SeenBuild::Whole(_)) && !known.at_least;
    let lacks = |release: &&Release| is_whole || release.build.0[..3] != known.build.three_parts();
    let newest = install.newest.filter(lacks).map(told);
    let paid = install.paid.filter(lacks).map(told);
    let least = install.closes_all.filter(|least| lacks(&least.release));
    let least = least.map(|least| {
        [
            ("minimum", told(least.release)),
            ("chains", least.chains.join(", ")),
        ]
    });
    let Some(target) = install.move_to else {
        let release = ("release", newest?);
        return Some(match least {
            Some([minimum, chains]) => Reason::new("install-minimum", [minimum, chains, release]),
            None => Reason::new("install-newest", [release]),
        });
    };
    let product = ("product", install.product.name.clone());
    let release = ("release", told(target));
    if let Some([minimum, chains]) = least {
        let args = [product, minimum, chains, release];
        return Some(Reason::new("install-minimum-and-move", args));
    }
    let newest = newest.map(|newest| ("newest", newest));
    let paid = paid.map(|paid| ("paid", paid));
    Some(match (newest, paid) {
        (Some(newest), Some(paid)) => {
            Reason::new("install-newest-and-move-paid", [product, newest, paid, release])
        }
        (Some(newest), None) => Reason::new("install-newest-and-move", [product, newest, release]),
        (None, Some(paid)) => Reason::new("install-move-paid", [product, paid, release]),
        (None, None) => Reason::new("install-move", [product, release]),
    })
}

/// Builds whose advice is remembered; there are fewer, but servers may tell any number.
const REMEMBERED: usize = 1024;

/// The same as [`install`], which looks through all tables: thousands of servers have the same few builds.
fn remembered(build: Build, on: Date) -> Option<Install> {
    type Advice = HashMap<(Build, Date), Option<Install>>;
    static KNOWN: LazyLock<Mutex<Advice>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known
        .entry((build, on))
        .or_insert_with(|| install(build, on))
        .clone()
}

/// `Exchange 2016 CU19 Mar21SU (KB5000871)`.
fn told(release: &Release) -> String {
    if release.kb.is_empty() {
        return release.to_string();
    }
    format!("{release} ({})", release.kb)
}
