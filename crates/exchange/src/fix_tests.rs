#![allow(clippy::unwrap_used)]

use super::*;

fn answer(build: &str, cve: &str) -> Fix {
    fix(build.parse().unwrap(), cve)
}

#[track_caller]
fn unknown(build: &str, cve: &str, because: &str) {
    match answer(build, cve) {
        Fix::Unknown(why) => assert!(why.to_string().contains(because), "{why}"),
        other => panic!("{build} {cve}: {other:?}"),
    }
}

#[test]
fn proxyshell_by_build() {
    let path_confusion = "CVE-2021-34473";
    for fixed in [
        "15.0.1497.15",
        "15.1.2176.12",
        "15.1.2176.14",
        "15.1.2242.8",
        "15.1.2308.8",
        "15.1.2507.6",
        "15.2.858.10",
        "15.2.922.7",
    ] {
        assert_eq!(answer(fixed, path_confusion), Fix::Fixed, "{fixed}");
    }
    for open in [
        "15.0.1497.12",
        "15.0.1473.6",
        "15.1.2176.9",
        "15.1.2242.4",
        "15.1.2106.13",
        "15.1.225.42",
        "15.2.858.5",
        "15.2.792.10",
    ] {
        assert_eq!(answer(open, path_confusion), Fix::Open, "{open}");
    }
    assert_eq!(answer("15.1.2176.12", "cve-2021-31207"), Fix::Open);
    assert_eq!(answer("15.1.2176.14", "cve-2021-31207"), Fix::Fixed);
}

#[test]
fn unlisted_builds() {
    assert_eq!(answer("15.1.2176.11", "CVE-2021-34473"), Fix::Open);
    assert_eq!(answer("15.1.2176.13", "CVE-2021-34473"), Fix::Fixed);
    assert_eq!(answer("15.1.2507.999", "CVE-2021-34473"), Fix::Fixed);
    for newer in ["15.1.9999.0", "15.2.2561.9", "15.2.65535.1"] {
        unknown(newer, "CVE-2021-34473", "newer than every build of Exchange");
        assert_eq!(open_chains(newer.parse().unwrap()), Vec::<&str>::new());
    }
    unknown(
        "15.1.2400.1",
        "CVE-2021-34473",
        "no cumulative update of Exchange 2016",
    );
    unknown(
        "15.1.2000.0",
        "CVE-2021-34473",
        "no cumulative update of Exchange 2016",
    );
    unknown("15.3.1.1", "CVE-2021-34473", "no known Exchange Server");
    unknown("15.1.2176.9", "CVE-1999-0001", "no list");
}

#[test]
fn products_without_a_row() {
    assert_eq!(
        answer("15.2.2562.17", "CVE-2021-34473"),
        Fix::Fixed,
        "SE came after it"
    );
    assert_eq!(
        answer("15.2.221.12", "CVE-2018-8302"),
        Fix::Fixed,
        "2019 came after it"
    );
    assert_eq!(
        answer("15.0.1497.12", "CVE-2021-42321"),
        Fix::Fixed,
        "2013 was supported and not affected"
    );
    assert_eq!(
        answer("14.3.123.4", "CVE-2021-26855"),
        Fix::Fixed,
        "2010 is not affected"
    );
    assert_eq!(answer("14.3.509.0", "CVE-2021-26857"), Fix::Open);
    assert_eq!(answer("14.3.513.0", "CVE-2021-26857"), Fix::Fixed);
    unknown("14.3.513.0", "CVE-2021-34473", "Exchange 2010");
    unknown("15.0.1497.48", "CVE-2023-36745", "Exchange 2013");
    assert_eq!(answer("15.2.2562.17", "CVE-2025-25005"), Fix::Open);
    assert_eq!(answer("15.2.2562.20", "CVE-2025-25005"), Fix::Fixed);
}

#[test]
fn march_2021_update_for_old_cumulative_updates() {
    assert_eq!(answer("15.1.1847.12", "CVE-2021-26855"), Fix::Fixed);
    assert_eq!(answer("15.1.1847.10", "CVE-2021-26855"), Fix::Open);
    assert_eq!(answer("15.1.1847.7", "CVE-2020-0688"), Fix::Fixed);
    unknown("15.1.1847.12", "CVE-2020-0688", "KB4536987");
    assert_eq!(
        answer("15.1.1847.12", "CVE-2020-16875"),
        Fix::Open,
        "CU14 never got it"
    );
    assert_eq!(
        answer("15.1.1713.10", "CVE-2019-0686"),
        Fix::Fixed,
        "came with CU12 itself"
    );
    assert_eq!(
        answer("15.1.2106.13", "CVE-2021-24085"),
        Fix::Fixed,
        "CU18 was supported: all fixes"
    );
}

#[test]
fn more_than_a_build() {
    unknown("15.1.2507.12", "CVE-2022-24516", "Extended Protection");
    assert_eq!(answer("15.1.2507.9", "CVE-2022-24516"), Fix::Open);
    unknown("15.1.2507.35", "CVE-2024-21410", "Extended Protection");
    for before_the_switch in ["15.1.2176.9", "15.1.2507.9", "15.2.986.26", "15.0.1497.36"] {
        assert_eq!(
            answer(before_the_switch, "CVE-2024-21410"),
            Fix::Open,
            "{before_the_switch}"
        );
    }
    unknown("15.1.2507.12", "CVE-2024-21410", "Extended Protection");
    unknown("15.2.1258.12", "CVE-2024-21410", "Extended Protection");
    unknown("15.2.1544.9", "CVE-2024-21410", "Extended Protection");
    unknown("15.2.2562.17", "CVE-2024-21410", "Extended Protection");
    unknown("15.2.2562.17", "CVE-2025-53786", "hybrid app");
    unknown("15.1.2507.77", "CVE-2026-70571", "one source");
    assert_eq!(answer("15.1.2507.75", "CVE-2026-70571"), Fix::Open);
}

#[test]
fn sources_that_disagree() {
    assert_eq!(answer("15.1.1415.7", "CVE-2021-26855"), Fix::Open);
    unknown(
        "15.1.1415.8",
        "CVE-2021-26855",
        "sources name 15.1.1415.8 and 15.1.1415.10",
    );
    assert_eq!(answer("15.1.1415.10", "CVE-2021-26855"), Fix::Fixed);
    unknown("15.1.2507.21", "CVE-2023-21707", "sources name");
    assert_eq!(answer("15.1.2507.23", "CVE-2023-21707"), Fix::Fixed);
}

#[test]
fn three_parts() {
    let three = |parts| fix_of_three_parts(parts, "CVE-2021-34473");
    assert_eq!(three([15, 1, 2308]), Fix::Fixed);
    assert_eq!(three([15, 2, 922]), Fix::Fixed);
    assert_eq!(three([15, 0, 1473]), Fix::Open);
    assert_eq!(three([15, 1, 2106]), Fix::Open);
    assert_eq!(three([15, 2, 721]), Fix::Open);
    assert!(matches!(
        three([15, 1, 60000]),
        Fix::Unknown(Because::NewerThanTables { .. })
    ));
    assert!(matches!(
        three([15, 3, 1]),
        Fix::Unknown(Because::NoProduct { .. })
    ));
    assert!(matches!(
        three([15, 1, 2000]),
        Fix::Unknown(Because::NoCumulativeUpdate { .. })
    ));
    for both in [
        [15, 0, 1497],
        [15, 1, 2176],
        [15, 1, 2242],
        [15, 2, 792],
        [15, 2, 858],
    ] {
        assert!(
            matches!(three(both), Fix::Unknown(Because::SomeBuilds { .. })),
            "{both:?}"
        );
    }
}

#[test]
fn chains() {
    let expected = [
        (
            "ProxyLogon",
            &[
                "CVE-2021-26855",
                "CVE-2021-26857",
                "CVE-2021-26858",
                "CVE-2021-27065",
            ][..],
        ),
        (
            "ProxyShell",
            &["CVE-2021-34473", "CVE-2021-34523", "CVE-2021-31207"],
        ),
        ("ProxyOracle", &["CVE-2021-31195", "CVE-2021-31196"]),
        ("ProxyToken", &["CVE-2021-33766"]),
        ("ProxyNotShell", &["CVE-2022-41040", "CVE-2022-41082"]),
        ("OWASSRF", &["CVE-2022-41080"]),
    ];
    for (chain, cves) in expected {
        for cve in cves {
            assert_eq!(chain_of(cve), Some(chain));
        }
    }
    let named = flaws().iter().filter(|(cve, _)| chain_of(cve).is_some()).count();
    assert_eq!(named, expected.iter().map(|(_, cves)| cves.len()).sum::<usize>());
    assert_eq!(chain_of("CVE-2020-0688"), None);
}

#[test]
fn open_to_chains() {
    let open = |build: &str| open_chains(build.parse().unwrap()).join(" ");
    assert_eq!(
        open("15.1.2106.2"),
        "ProxyLogon ProxyOracle ProxyShell ProxyToken ProxyNotShell OWASSRF",
        "2016 CU18"
    );
    assert_eq!(
        open("15.1.2176.9"),
        "ProxyOracle ProxyShell ProxyToken ProxyNotShell OWASSRF",
        "2016 CU19 Mar21SU"
    );
    assert_eq!(open("15.1.2507.6"), "ProxyNotShell OWASSRF", "2016 CU23");
    assert_eq!(open("15.2.2562.17"), "", "SE RTM");
    assert_eq!(open("16.0.1.1"), "", "unknown");
}
