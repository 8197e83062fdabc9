//! The build that decides, out of what was disclosed.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

use imker_exchange::{Build, Fix, build_name, cumulative_update, cves, fix, fix_of_three_parts, release};

use super::cves::chained;
use crate::{Disclosure, Place, SeenBuild};

/// Builds whose fixes a thread remembers: many hosts share few, and a server can claim any.
const REMEMBERED: usize = 1024;

/// What a build says of all CVEs.
pub(super) struct Fixes {
    /// Of each of [`chained`].
    pub chained: Vec<Fix>,
    /// Other CVEs whose fix it lacks.
    pub further_open: Vec<String>,
    /// Other CVEs of which it does not tell.
    pub further_unknown: Vec<String>,
}

thread_local! {
    static FIXES: RefCell<HashMap<Known, Rc<Fixes>>> = RefCell::new(HashMap::new());
}

/// A build that a front end may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub build: SeenBuild,
    /// Whether later updates of the same cumulative update may be there: whether every one of them raises the version
    /// in the export tool's manifest is not known.
    pub at_least: bool,
}

/// The builds that disclosures leave: one where they agree. Three parts say nothing beside four that begin so.
pub(super) fn candidates(disclosures: &[Disclosure]) -> Vec<Known> {
    let is_lower_bound = |disclosure: &Disclosure| {
        disclosure.place == Place::ExportTool && matches!(disclosure.build, SeenBuild::Whole(_))
    };
    let covered = |disclosure: &Disclosure| {
        disclosures.iter().any(|other| {
            let same = other.build.three_parts() == disclosure.build.three_parts();
            same && match (disclosure.build, other.build) {
                (SeenBuild::ThreeParts(_), SeenBuild::Whole(_)) => true,
                (SeenBuild::Whole(own), SeenBuild::Whole(other_build)) => {
                    is_lower_bound(disclosure) && !is_lower_bound(other) && own <= other_build
                }
                _ => false,
            }
        })
    };
    let mut kept: Vec<Known> = disclosures
        .iter()
        .filter(|disclosure| !covered(disclosure))
        .map(|disclosure| Known {
            build: disclosure.build,
            at_least: is_lower_bound(disclosure),
        })
        .collect();
    kept.sort_by_key(|known| (known.build, known.at_least));
    kept.dedup();
    kept
}

/// The build that decides. Where disclosures disagree it is the one that lacks most: the higher one may be newer and
/// yet lack fixes that the lower one has, for builds do not compare across cumulative updates.
pub(super) fn deciding(candidates: &[Known]) -> Option<Known> {
    let lacking = |known: &Known| {
        known
            .fixes()
            .chained
            .iter()
            .fold((0, 0), |(open, unknown), fix| match fix {
                Fix::Open => (open + 1, unknown),
                Fix::Unknown(_) => (open, unknown + 1),
                Fix::Fixed => (open, unknown),
            })
    };
    match candidates {
        [] | [_] => candidates.first().copied(),
        _ => candidates
            .iter()
            .max_by_key(|known| (lacking(known), Reverse(known.build)))
            .copied(),
    }
}

impl Known {
    /// What the build says of all CVEs.
    pub fn fixes(&self) -> Rc<Fixes> {
        FIXES.with_borrow_mut(|remembered| {
            if let Some(fixes) = remembered.get(self) {
                return Rc::clone(fixes);
            }
            let fixes = Rc::new(self.look_up());
            if remembered.len() < REMEMBERED {
                remembered.insert(*self, Rc::clone(&fixes));
            }
            fixes
        })
    }

    fn look_up(&self) -> Fixes {
        let mut fixes = Fixes {
            chained: chained().iter().map(|chained| self.fix(chained.cve)).collect(),
            further_open: Vec::new(),
            further_unknown: Vec::new(),
        };
        for cve in cves().filter(|cve| cve.chain.is_none()) {
            match self.fix(cve.id) {
                Fix::Fixed => {}
                Fix::Open => fixes.further_open.push(cve.id.to_owned()),
                Fix::Unknown(_) => fixes.further_unknown.push(cve.id.to_owned()),
            }
        }
        fixes
    }

    /// The build, or one without an update that begins so: what to install follows from the cumulative update alone.
    pub fn lowest(&self) -> Build {
        match self.build {
            SeenBuild::Whole(build) => build,
            SeenBuild::ThreeParts([major, minor, number]) => Build([major, minor, number, 0]),
        }
    }

    /// Whether the build has the fix for a CVE.
    fn fix(&self, cve: &str) -> Fix {
        match self.build {
            SeenBuild::ThreeParts(parts) => fix_of_three_parts(parts, cve),
            SeenBuild::Whole(build) => match fix(build, cve) {
                Fix::Fixed => Fix::Fixed,
                _ if self.at_least => fix_of_three_parts(self.build.three_parts(), cve),
                other => other,
            },
        }
    }

    /// Product, cumulative update and update, as far as they are known.
    pub fn release(&self) -> Option<String> {
        match self.build {
            SeenBuild::Whole(build) => build_name(build),
            SeenBuild::ThreeParts([major, minor, number]) => {
                let build = Build([major, minor, number, 0]);
                match cumulative_update(build) {
                    Some(base) => Some(format!("{} {}", base.product, base.cumulative_update)),
                    None => build_name(build),
                }
            }
        }
    }

    /// `Exchange 2016`.
    pub fn product(&self) -> Option<String> {
        let name = self.release()?;
        let words: Vec<&str> = name.split(' ').take(2).collect();
        Some(words.join(" ").trim_end_matches(',').to_owned())
    }

    /// Day or month of the release; `None` where the build is not listed or not known to its end.
    pub fn released(&self) -> Option<String> {
        match self.build {
            SeenBuild::Whole(build) => Some(release(build)?.date.clone()),
            SeenBuild::ThreeParts(_) => None,
        }
    }
}
