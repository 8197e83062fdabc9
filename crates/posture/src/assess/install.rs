//! What to install, as a sentence.

use imker_exchange::{Release, install};
use jiff::civil::Date;

use super::builds::Known;
use crate::{Reason, SeenBuild};

/// What to install for a build on a day; `None` where the newest update of a supported product is there, or where the
/// product is not known. An update that may be there already, where the build is not known to its end, is not asked for.
pub(super) fn to_install(known: &Known, on: Date) -> Option<Reason> {
    let install = install(known.lowest(), on)?;
    let is_whole = matches!(known.build, SeenBuild::Whole(_)) && !known.at_least;
    let may_be_there = |newest: &Release| !is_whole && newest.build.0[..3] == known.build.three_parts();
    let newest = install.newest.filter(|newest| !may_be_there(newest));
    let minimum = install.minimum.map(told);
    let product = || ("product", install.product.name.clone());
    match (install.move_to, newest, minimum) {
        (Some(target), _, Some(minimum)) => {
            let args = [product(), ("minimum", minimum), ("release", told(target))];
            Some(Reason::new("install-minimum-and-move", args))
        }
        (Some(target), Some(newest), None) => {
            let args = [product(), ("newest", told(newest)), ("release", told(target))];
            Some(Reason::new("install-newest-and-move", args))
        }
        (Some(target), None, None) => Some(Reason::new(
            "install-move",
            [product(), ("release", told(target))],
        )),
        (None, Some(newest), Some(minimum)) => {
            let args = [("minimum", minimum), ("release", told(newest))];
            Some(Reason::new("install-minimum", args))
        }
        (None, Some(newest), None) => Some(Reason::new("install-newest", [("release", told(newest))])),
        (None, None, _) => None,
    }
}

/// `Exchange 2016 CU19 Mar21SU (KB5000871)`.
fn told(release: &Release) -> String {
    if release.kb.is_empty() {
        return release.to_string();
    }
    format!("{release} ({})", release.kb)
}
