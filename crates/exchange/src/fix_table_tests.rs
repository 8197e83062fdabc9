//! What holds for every row of the table, every release and every build.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::flaws::TEXT;
use crate::release::Release;
use crate::table;

#[derive(Deserialize)]
struct Row {
    cve: String,
    product: String,
    first_fixed_build: String,
    also_needs: String,
}

fn rows() -> Vec<Row> {
    let rows = table::rows("fixes", TEXT).unwrap();
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Builds with which one source, not the other, says that the fix came.
const DISAGREED: [&str; 6] = [
    "15.1.1415.8",
    "15.1.1466.13",
    "15.1.2507.21",
    "15.2.1118.25",
    "15.2.986.41",
    "15.0.1497.47",
];

/// CVEs for which the build alone is not enough: Extended Protection, Download Domains, Serialized Data Signing, the schema
/// or domains of Active Directory, the dedicated hybrid app.
const MORE_THAN_A_BUILD: [&str; 14] = [
    "CVE-2021-1730",
    "CVE-2021-34470",
    "CVE-2022-21978",
    "CVE-2022-21979",
    "CVE-2022-21980",
    "CVE-2022-24477",
    "CVE-2022-24516",
    "CVE-2022-30134",
    "CVE-2023-36035",
    "CVE-2023-36039",
    "CVE-2023-36050",
    "CVE-2023-36439",
    "CVE-2024-21410",
    "CVE-2025-53786",
];

/// CVEs that one source names, which could not be checked.
const UNVERIFIED: [&str; 1] = ["CVE-2026-70571"];

/// Every row: the first fixed build has the fix, the release below it in the same cumulative update has not. What is
/// excepted is listed above, each for its reason, and no more.
#[test]
fn every_row() {
    let (mut disagreed, mut more, mut unverified) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for Row {
        cve,
        product,
        first_fixed_build,
        also_needs,
    } in rows()
    {
        let Ok(build) = first_fixed_build.parse::<Build>() else {
            for release in published().iter().filter(|release| release.product == product) {
                match fix(release.build, &cve) {
                    Fix::Fixed => assert_eq!(first_fixed_build, "not affected", "{cve} {release}"),
                    Fix::Unknown(Because::AlsoNeeds { what }) => assert_eq!(what, also_needs),
                    other => panic!("{cve} {release}: {other:?}"),
                }
            }
            continue;
        };
        match fix(build, &cve) {
            Fix::Fixed => assert_eq!(also_needs, "", "{cve} {build}"),
            Fix::Unknown(Because::AlsoNeeds { what }) => {
                assert_eq!(what, also_needs);
                more.insert(cve.clone());
            }
            Fix::Unknown(Because::SourcesDisagree { first, .. }) => {
                assert_eq!(first, build);
                disagreed.insert(first_fixed_build);
            }
            Fix::Unknown(Because::Unverified { .. }) => {
                unverified.insert(cve.clone());
            }
            other => panic!("{cve} {build}: {other:?}"),
        }
        let below = published().iter().rev().find(|release| release.build < build);
        let below = below.filter(|below| same_cumulative_update(below.build, build));
        if let Some(below) = below {
            let twice = disagreed.contains(&below.build.to_string());
            let told = fix(below.build, &cve);
            assert!(
                told == Fix::Open || twice && matches!(told, Fix::Unknown(Because::SourcesDisagree { .. })),
                "{cve} {below}: {told:?}"
            );
        }
    }
    assert_eq!(disagreed, DISAGREED.map(str::to_owned).into());
    assert_eq!(unverified, UNVERIFIED.map(str::to_owned).into());
    assert_eq!(more, MORE_THAN_A_BUILD.map(str::to_owned).into());
}

/// An old cumulative update that got the March 2021 update got no more by it: what its own updates had fixed before does
/// not show any longer, and what they had not fixed stays open.
#[test]
fn march_2021_fixes_its_own_month_only() {
    let mut old = 0;
    for release in published().iter() {
        if published().own_month_only(release.build) != Some(release.build) {
            continue;
        }
        old += 1;
        for (cve, flaw) in flaws().iter() {
            let Some(Line::Updates(updates)) = flaw.line(product(release.build).unwrap()) else {
                continue;
            };
            let newest = updates.iter().map(|update| update.last).max().unwrap();
            let own = updates
                .iter()
                .find(|update| same_cumulative_update(update.last, release.build));
            let answer = fix(release.build, cve);
            match own {
                None if release.build < newest => assert_eq!(answer, Fix::Open, "{cve} {release}"),
                Some(own) if own.last < release.build && !is_cumulative_update(own.last) => {
                    assert!(
                        matches!(
                            answer,
                            Fix::Unknown(Because::OwnMonthOnly { .. } | Because::AlsoNeeds { .. })
                        ),
                        "{cve} {release}: {answer:?}"
                    );
                }
                _ => assert_ne!(answer, Fix::Open, "{cve} {release}"),
            }
        }
    }
    assert!(old >= 18, "{old}");
}

fn is_cumulative_update(build: Build) -> bool {
    published()
        .get(build)
        .is_some_and(|release| release.update.is_empty())
}

/// Three parts say no more than all releases that begin with them, and no less.
#[test]
fn three_parts_say_what_all_four_agree_on() {
    for release in published().iter() {
        let Build([major, minor, build, _]) = release.build;
        let parts = [major, minor, build];
        let same: Vec<&Release> = published().with_three_parts(parts).collect();
        for (cve, _) in flaws().iter() {
            let answers: Vec<Fix> = same.iter().map(|release| fix(release.build, cve)).collect();
            let three = fix_of_three_parts(parts, cve);
            let differ = answers.iter().any(|answer| *answer != answers[0]);
            assert_eq!(
                three == Fix::Unknown(Because::SomeBuilds { parts }),
                differ,
                "{cve} {release}: {three:?}"
            );
            assert!(differ || three == answers[0], "{cve} {release}: {three:?}");
        }
    }
}

/// What was fixed before Exchange SE came out is fixed in it, and what came later is open in its first build.
#[test]
fn exchange_se_before_and_after() {
    let first: Build = "15.2.2562.17".parse().unwrap();
    let se = product(first).unwrap();
    let (mut before, mut after) = (0, 0);
    for (cve, flaw) in flaws().iter() {
        let answer = fix(first, cve);
        match flaw.line(se) {
            None => {
                before += 1;
                let needs = matches!(answer, Fix::Unknown(Because::AlsoNeeds { .. }));
                assert!(
                    if flaw.also_needs.is_empty() {
                        answer == Fix::Fixed
                    } else {
                        needs
                    },
                    "{cve}: {answer:?}"
                );
            }
            Some(Line::Updates(updates)) if updates[0].first > first => {
                after += 1;
                assert_eq!(answer, Fix::Open, "{cve}");
            }
            Some(_) => {}
        }
    }
    assert!(before > 100 && after > 20, "{before} {after}");
}

/// How far an answer is on the way from open to fixed.
fn rank(answer: &Fix) -> u8 {
    match answer {
        Fix::Open => 0,
        Fix::Unknown(_) => 1,
        Fix::Fixed => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn never_panics(parts in any::<[u16; 4]>(), minor in 0_u16..4, cve in "(CVE-2021-34473|CVE-2024-21410|\\PC{0,20})") {
        for build in [Build(parts), Build([15, minor, parts[2], parts[3]]), Build([14, minor, parts[2], parts[3]])] {
            let Build([major, minor, number, _]) = build;
            let _ = (fix(build, &cve), fix_of_three_parts([major, minor, number], &cve), crate::build_name(build));
        }
    }

    /// Within a cumulative update a higher build never loses a fix; where an update brings one month only, it may no
    /// longer show that it has one.
    #[test]
    fn monotonic_within_a_cumulative_update(
        release in any::<prop::sample::Index>(),
        cve in any::<prop::sample::Index>(),
        revisions in (0_u16..100, 0_u16..100),
    ) {
        let all: Vec<Build> = published().iter().map(|release| release.build).collect();
        let cves: Vec<&str> = flaws().iter().map(|(cve, _)| cve).collect();
        let Build([major, minor, build, _]) = all[release.index(all.len())];
        let with = |revision| Build([major, minor, build, revision]);
        let (low, high) = (with(revisions.0.min(revisions.1)), with(revisions.0.max(revisions.1)));
        let cve = cves[cve.index(cves.len())];
        let (below, above) = (rank(&fix(low, cve)), rank(&fix(high, cve)));
        if published().own_month_only(high).is_none() {
            prop_assert!(below <= above, "{cve} {low} {high}");
        }
        prop_assert!(below.min(1) <= above, "{cve} {low} {high}");
    }

    /// An answer for three parts, where it is sure, is that for any build of the cumulative update that was published.
    #[test]
    fn three_parts_of_any_build(parts in any::<[u16; 3]>(), minor in 0_u16..4, cve in any::<prop::sample::Index>()) {
        let cves: Vec<&str> = flaws().iter().map(|(cve, _)| cve).collect();
        let cve = cves[cve.index(cves.len())];
        let parts = [15, minor, parts[2]];
        let three = fix_of_three_parts(parts, cve);
        if published().with_three_parts(parts).next().is_none() && rank(&three) != 1 {
            for revision in [0, 1, 100, u16::MAX] {
                prop_assert_eq!(&fix(Build([15, minor, parts[2], revision]), cve), &three);
            }
        }
    }
}
