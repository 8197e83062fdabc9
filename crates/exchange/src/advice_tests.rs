#![allow(clippy::unwrap_used)]

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const TODAY: Date = date(2026, 12, 1);

fn build(text: &str) -> Build {
    text.parse().unwrap()
}

#[test]
fn newest_of_each_product() {
    let newest = |product: &str| {
        let latest = latest(product, TODAY).unwrap();
        (latest.cumulative_update.to_string(), latest.update.to_string())
    };
    for (product, cumulative_update, update) in [
        ("Exchange 2010", "SP3", "SP3 RU32"),
        ("Exchange 2013", "CU23", "CU23 Mar23SU"),
        ("Exchange 2016", "CU23", "CU23 Sep26SUv2"),
        ("Exchange 2019", "CU15", "CU15 Sep26SUv2"),
        ("Exchange SE", "RTM", "RTM Sep26SUv2"),
    ] {
        let expected = (
            format!("{product} {cumulative_update}"),
            format!("{product} {update}"),
        );
        assert_eq!(newest(product), expected);
    }
    assert_eq!(latest("Exchange 2000", TODAY), None);
    let unverified = latest("Exchange SE", TODAY).unwrap().unverified.unwrap();
    assert_eq!(unverified.build, build("15.2.2562.56"), "one source only");
}

#[test]
fn old_cumulative_updates_get_no_more_updates() {
    let last = |of: &str| {
        (
            last_update(build(of), TODAY).unwrap().to_string(),
            is_superseded(build(of), TODAY),
        )
    };
    for (of, expected, superseded) in [
        ("15.1.2176.9", "Exchange 2016 CU19 May21SU", true),
        ("15.1.2507.6", "Exchange 2016 CU23 Sep26SUv2", false),
        ("15.2.1544.4", "Exchange 2019 CU14 Sep26SUv2", false),
        ("15.2.1258.12", "Exchange 2019 CU13 Nov24SUv2", true),
        ("15.2.2562.17", "Exchange SE RTM Sep26SUv2", false),
    ] {
        assert_eq!(last(of), (expected.to_owned(), superseded), "{of}");
    }
    assert_eq!(
        (
            last_update(build("15.3.1.1"), TODAY),
            is_superseded(build("15.3.1.1"), TODAY)
        ),
        (None, false)
    );
}

#[test]
fn first_fix_of_the_own_or_of_the_newest_cumulative_update() {
    let first = |of: &str, cve: &str| {
        first_fix(build(of), cve)
            .map(|first| (first.build.to_string(), first.kb.unwrap_or("none"), first.own))
    };
    let expected = |build: &str, kb, own| Some((build.to_owned(), kb, own));
    let path_confusion = "CVE-2021-34473";
    assert_eq!(
        first("15.1.2176.9", path_confusion),
        expected("15.1.2176.12", "KB5001779", true)
    );
    assert_eq!(
        first("15.1.2106.2", path_confusion),
        expected("15.1.2242.8", "KB5001779", false)
    );
    assert_eq!(
        first("15.1.1415.2", "CVE-2021-26855"),
        expected("15.1.1415.10", "KB5000871", true)
    );
    assert_eq!(
        first("15.2.2562.17", "CVE-2026-70571"),
        expected("15.2.2562.56", "none", true)
    );
    assert_eq!(first("15.2.2562.17", path_confusion), None, "SE came after it");
    assert_eq!(
        first("15.1.2507.6", "CVE-2024-21410"),
        expected("15.1.2507.12", "KB5015322", true)
    );
    assert_eq!(first("15.1.2507.6", "CVE-2023-36434"), None, "no build brings it");
    assert_eq!(first("14.3.513.0", "CVE-2021-26855"), None, "not affected");
    assert_eq!(first("15.3.1.1", path_confusion), None);
}

/// KB5001779 and KB5003435, or what holds them, for each cumulative update.
#[test]
fn least_that_closes_proxyshell() {
    let least =
        |of: &str| closes(build(of), "ProxyShell", TODAY).map(|release| format!("{release} {}", release.kb));
    for (of, release) in [
        ("15.1.2176.9", "Exchange 2016 CU19 May21SU KB5003435"),
        ("15.1.2176.12", "Exchange 2016 CU19 May21SU KB5003435"),
        ("15.1.2242.4", "Exchange 2016 CU20 May21SU KB5003435"),
        ("15.1.2106.13", "Exchange 2016 CU19 May21SU KB5003435"),
        ("15.1.225.42", "Exchange 2016 CU19 May21SU KB5003435"),
        ("15.0.1497.2", "Exchange 2013 CU23 May21SU KB5003435"),
        ("15.0.847.64", "Exchange 2013 CU23 May21SU KB5003435"),
        ("15.2.792.13", "Exchange 2019 CU8 May21SU KB5003435"),
        ("15.2.858.5", "Exchange 2019 CU9 May21SU KB5003435"),
        ("15.2.221.12", "Exchange 2019 CU8 May21SU KB5003435"),
    ] {
        assert_eq!(least(of).as_deref(), Some(release), "{of}");
    }
    for closed in [
        "15.1.2176.14",
        "15.1.2308.8",
        "15.2.922.7",
        "15.2.2562.17",
        "14.3.513.0",
        "16.0.1.1",
    ] {
        assert_eq!(least(closed), None, "{closed}");
    }
}

#[test]
fn what_to_install() {
    let old = install(build("15.1.2176.9"), TODAY).unwrap();
    assert_eq!(old.support, Support::Ended);
    assert_eq!(old.newest.unwrap().to_string(), "Exchange 2016 CU23 Oct25SU");
    assert_eq!(old.paid.unwrap().to_string(), "Exchange 2016 CU23 Sep26SUv2");
    assert_eq!(old.move_to.unwrap().to_string(), "Exchange SE RTM Sep26SUv2");
    assert_eq!(old.minimum.unwrap().build, build("15.1.2176.14"));
    let then = install(build("15.1.2176.9"), date(2021, 8, 1)).unwrap();
    assert_eq!((then.support, then.move_to), (Support::Supported, None));
    assert_eq!(then.newest.unwrap().to_string(), "Exchange 2016 CU21 Jul21SU");
    let last_public = install(build("15.2.1748.39"), TODAY).unwrap();
    assert_eq!(last_public.newest, None);
    assert_eq!(
        last_public.paid.unwrap().to_string(),
        "Exchange 2019 CU15 Sep26SUv2"
    );
    let last_of_all = install(build("15.2.1748.53"), TODAY).unwrap();
    assert_eq!((last_of_all.newest, last_of_all.paid), (None, None));
    let current = install(build("15.2.2562.53"), TODAY).unwrap();
    assert_eq!(
        (current.newest, current.move_to, current.minimum),
        (None, None, None)
    );
    assert_eq!(current.unverified.unwrap().build, build("15.2.2562.56"));
    assert_eq!(install(build("15.3.1.1"), TODAY), None);
}

/// Exchange 2019 CU14 with the paid update of 2026-10-02 is newer than CU15 with the last one for everybody, 2025-10-14.
#[test]
fn what_is_older_than_what_is_installed_is_not_advised() {
    for of in ["15.2.1544.48", "15.2.1544.49"] {
        let paid = install(build(of), TODAY).unwrap();
        assert_eq!(paid.newest, None, "{of}");
        assert_eq!(
            paid.paid.unwrap().to_string(),
            "Exchange 2019 CU15 Sep26SUv2",
            "{of}"
        );
    }
    let same_day = install(build("15.2.1544.36"), TODAY).unwrap();
    assert_eq!(same_day.newest.unwrap().to_string(), "Exchange 2019 CU15 Oct25SU");
    for release in releases() {
        let install = install(release.build, TODAY).unwrap();
        for advised in [install.newest, install.paid, install.unverified]
            .into_iter()
            .flatten()
        {
            let reopened = cves().find(|cve| {
                fix(release.build, cve.id) == Fix::Fixed && fix(advised.build, cve.id) == Fix::Open
            });
            assert_eq!(reopened, None, "{release} to {advised}");
        }
    }
    assert!(is_before("2021-03-02", "2021-03-09") && is_before("2021-02", "2021-03-02"));
    assert!(!is_before("2021-03", "2021-03-02") && !is_before("2021-03-02", "2021-03"));
}

#[test]
fn least_that_closes_every_open_chain() {
    let least = |of: &str| {
        let closing = closes_all(build(of), TODAY)?;
        Some(format!("{}: {}", closing.release, closing.chains.join(" ")))
    };
    for (of, expected) in [
        (
            "15.1.2176.9",
            "Exchange 2016 CU22 Nov22SU: ProxyOracle ProxyShell ProxyToken ProxyNotShell OWASSRF",
        ),
        ("15.1.2507.6", "Exchange 2016 CU23 Nov22SU: ProxyNotShell OWASSRF"),
        ("15.2.1118.7", "Exchange 2019 CU12 Nov22SU: ProxyNotShell OWASSRF"),
    ] {
        assert_eq!(least(of).as_deref(), Some(expected), "{of}");
    }
    assert_eq!(least("15.1.2507.16"), None);
    assert_eq!(least("15.2.2562.17"), None);
}

#[test]
fn a_day_knows_nothing_of_what_came_later() {
    let on = date(2021, 4, 20);
    let april = latest("Exchange 2016", on).unwrap();
    assert_eq!(april.update.to_string(), "Exchange 2016 CU20 Apr21SU");
    assert_eq!(april.unverified, None);
    let old = build("15.1.2176.9");
    assert_eq!(
        last_update(old, on).unwrap().to_string(),
        "Exchange 2016 CU19 Apr21SU"
    );
    assert!(!is_superseded(old, on) && is_superseded(old, date(2021, 7, 14)));
    assert_eq!(closes(old, "ProxyShell", on), None, "half of it came in May");
    let moved = install(build("15.0.1497.48"), date(2023, 5, 10))
        .unwrap()
        .move_to
        .unwrap();
    assert_eq!(moved.product, "Exchange 2019", "SE was not out");
}

#[test]
fn cves_by_release() {
    let first_in = |of: &str| {
        first_fixed_in(build(of))
            .filter_map(|cve| cve.chain.map(|chain| format!("{chain} {}", cve.id)))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        first_in("15.1.2176.12"),
        [
            "ProxyToken CVE-2021-33766",
            "ProxyShell CVE-2021-34473",
            "ProxyShell CVE-2021-34523"
        ]
    );
    assert_eq!(first_in("15.1.2176.2"), Vec::<String>::new());
    assert_eq!(cves().filter(|cve| cve.chain == Some("ProxyLogon")).count(), 4);
    assert!(cves().any(|cve| cve.id == "CVE-2024-21410" && cve.also_needs.is_some()));
}

/// What is named as the first fixed build is never open, and what closes a chain leaves nothing of it open.
#[test]
fn advice_holds_for_every_release() {
    for release in releases() {
        for cve in cves() {
            if let Some(first) = first_fix(release.build, cve.id) {
                assert_ne!(fix(first.build, cve.id), Fix::Open, "{release} {}", cve.id);
                assert!(first.own || !same_cumulative_update(first.build, release.build));
            }
        }
        if let Some(least) = closes(release.build, "ProxyShell", TODAY) {
            assert!(least.build > release.build && least.product == release.product);
            assert_eq!(closes(least.build, "ProxyShell", TODAY), None);
        }
        if let Some(least) = closes_all(release.build, TODAY) {
            assert!(least.release.build > release.build && !least.chains.is_empty());
            assert_eq!(closes_all(least.release.build, TODAY), None, "{release}");
        }
    }
}

proptest! {
    #[test]
    fn never_panics(parts in any::<[u16; 4]>(), minor in 0_u16..4, cve in "(CVE-2021-34473|\\PC{0,20})") {
        for build in [Build(parts), Build([15, minor, parts[2], parts[3]])] {
            let _ = (first_fix(build, &cve), closes(build, &cve, TODAY), install(build, TODAY));
        }
    }
}
