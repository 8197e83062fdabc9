//! `imker builds`, as an administrator calls it.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start the program and write small files of their own"
)]

use std::fs;

use assert_cmd::Command;
use insta::assert_snapshot;
use serde_json::Value;

/// Exit status, standard output and standard error of `imker builds`, in English where nothing else is asked for.
fn builds(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("imker")
        .unwrap()
        .env("LC_ALL", "C")
        .arg("builds")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// What lookup says on the first of December 2026.
fn lookup(build: &str, arguments: &[&str]) -> (i32, String) {
    let fixed = ["lookup", build, "--as-of", "2026-12-01"];
    let (status, out, error) = builds(&[&fixed, arguments].concat());
    assert_eq!(error, "");
    (status, out)
}

fn json(build: &str) -> Value {
    let (_, out) = lookup(build, &["--format", "json"]);
    serde_json::from_str(&out).unwrap()
}

fn cve<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let cves = answer["cves"].as_array().unwrap();
    cves.iter().find(|cve| cve["id"] == id).unwrap()
}

#[test]
fn an_open_build_in_english() {
    let (status, out) = lookup("15.1.2176.9", &[]);
    assert_eq!(status, 1);
    assert_snapshot!(out);
}

#[test]
fn an_open_build_in_german() {
    let (status, out) = lookup("15.1.2176.9", &["--lang", "de"]);
    assert_eq!(status, 1);
    assert_snapshot!(out);
}

#[test]
fn a_build_without_open_chains() {
    let (status, out) = lookup("15.2.2562.49", &[]);
    assert_eq!(status, 0);
    assert_snapshot!(out);
}

#[test]
fn three_parts_of_a_cumulative_update_that_got_no_fix() {
    let (status, out) = lookup("15.1.2106", &["--lang", "de"]);
    assert_eq!(status, 1);
    assert_snapshot!(out);
}

#[test]
fn a_build_of_no_exchange_server() {
    let (status, out) = lookup("15.3.1.1", &[]);
    assert_eq!(status, 2);
    assert_snapshot!(out);
    let (_, out) = lookup("15.3.1.1", &["--lang", "de"]);
    assert_snapshot!(out);
}

#[test]
fn padded_builds_are_the_same() {
    assert_eq!(lookup("15.01.2176.009", &[]), lookup("15.1.2176.9", &[]));
    assert_eq!(lookup("15.01.2106", &[]), lookup("15.1.2106", &[]));
}

#[test]
fn json_has_the_documented_keys() {
    let answer = json("15.1.2176.9");
    for (key, expected) in [
        ("build", "15.1.2176.9"),
        ("product", "Exchange 2016"),
        ("cu", "CU19"),
        ("update", "Mar21SU"),
        ("date", "2021-03-02"),
    ] {
        assert_eq!(answer[key], expected, "{key}");
    }
    assert_eq!(answer["age_days"], 2100);
    for cve in answer["cves"].as_array().unwrap() {
        let keys: Vec<&String> = cve.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["alias", "fixed_in", "id", "kb", "reason", "status"]);
        assert!(["fixed", "open", "unknown"].contains(&cve["status"].as_str().unwrap()));
        assert_ne!(cve["reason"], "");
    }
    let path_confusion = cve(&answer, "CVE-2021-34473");
    assert_eq!(path_confusion["alias"], "ProxyShell");
    assert_eq!(path_confusion["status"], "open");
    assert_eq!(path_confusion["fixed_in"], "15.1.2176.12");
    assert_eq!(path_confusion["kb"], "KB5001779");
    assert_eq!(answer["install"]["minimum"]["kb"], "KB5003435");
    assert_eq!(answer["install"]["minimum_is_for_this_cu"], true);
    assert_eq!(answer["install"]["closes_all"]["build"], "15.1.2375.37");
    assert_eq!(answer["install"]["closes_all"]["chains"][1], "ProxyShell");
    assert_eq!(answer["install"]["newest"]["build"], "15.1.2507.61");
    assert_eq!(answer["install"]["paid"]["build"], "15.1.2507.75");
    assert_eq!(answer["install"]["move_to"]["build"], "15.2.2562.53");
    let before_the_switch = cve(&answer, "CVE-2024-21410");
    assert_eq!(before_the_switch["status"], "open");
    assert_eq!(before_the_switch["fixed_in"], "15.1.2507.12");
    let needs = json("15.2.1544.9");
    assert_eq!(cve(&needs, "CVE-2024-21410")["status"], "unknown");
    assert_eq!(cve(&answer, "CVE-2023-36434")["fixed_in"], Value::Null);
}

#[test]
fn three_parts_leave_open_what_only_some_builds_have() {
    let answer = json("15.1.2176");
    assert_eq!(answer["build"], "15.1.2176");
    assert_eq!(answer["cu"], "CU19");
    assert_eq!(answer["update"], Value::Null);
    assert_eq!(cve(&answer, "CVE-2021-34473")["status"], "unknown");
    assert_eq!(cve(&answer, "CVE-2022-41040")["status"], "open");
    assert_eq!(answer["install"]["minimum"]["build"], "15.1.2176.14");
    let (_, text) = lookup("15.1.2176", &[]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("KB5003435). It may be there already."), "{text}");
    assert_eq!(cve(&json("15.1.2308"), "CVE-2021-34473")["status"], "fixed");
}

#[test]
fn the_exit_status_tells_open_from_unknown() {
    for (build, expected) in [
        ("15.1.2176.9", 1),
        ("15.1.2176.11", 1),
        ("15.1.2507.16", 0),
        ("15.1.2507.17", 0),
        ("15.2.2562.17", 0),
        ("15.2.2562", 0),
        ("15.1.2000.0", 2),
        ("15.1.9999.0", 2),
        ("14.3.513.0", 2),
        ("16.0.1.1", 2),
    ] {
        assert_eq!(lookup(build, &[]).0, expected, "{build}");
    }
    let newer = lookup("15.2.65535.1", &[]);
    assert!(
        newer.0 == 2 && newer.1.contains("--update-table") && !newer.1.contains("is installed"),
        "{}",
        newer.1
    );
    for wrong in ["15.1", "Exchange", "15.1.2176.9.1", "15.1.99999.1", ""] {
        let (status, out, error) = builds(&["lookup", wrong]);
        assert_eq!((status, out.as_str()), (2, ""), "{wrong}");
        assert!(
            error.contains("is not a build") && error.contains("help:"),
            "{error}"
        );
    }
    let (status, _, error) = builds(&["lookup", "15.1.2176.9", "--as-of", "yesterday"]);
    assert_eq!(
        (status, error.as_str()),
        (
            2,
            "error: --as-of yesterday: not a date\n  help: as in 2021-08-10\n"
        )
    );
}

#[test]
fn age_and_support_are_those_of_the_day() {
    let (_, out, _) = builds(&["lookup", "15.1.2176.9", "--as-of", "2021-03-20"]);
    assert!(
        out.contains("Released 2021-03-02, 18 days before 2021-03-20"),
        "{out}"
    );
    assert!(out.contains("supports this product until 2025-10-14"), "{out}");
    assert!(!out.contains("move on"), "{out}");
    assert!(!out.contains("May21SU"), "came later: {out}");
    let (_, out, _) = builds(&["lookup", "15.2.1748.10", "--as-of", "2026-06-01", "--lang", "de"]);
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        out.contains("Wer bezahlt, erhält Updates für CU14, CU15 bis 2026-10-31."),
        "{out}"
    );
    assert!(out.contains("umsteigen auf Exchange SE"), "{out}");
}

#[test]
fn lists_are_searched() {
    let (status, out, _) = builds(&["--search", "KB5001779"]);
    assert_eq!(status, 0);
    assert_snapshot!(out);
    let (_, out, _) = builds(&["--search", "2016 CU23 2026", "--lang", "de"]);
    assert_snapshot!(out);
    let (_, out, _) = builds(&["--product", "se", "--search", "2026-0", "--format", "csv"]);
    assert_snapshot!(out);
    let (_, out, _) = builds(&["--search", "15.1.2176.12", "--format", "json"]);
    assert_snapshot!(out);
    let (_, all, _) = builds(&[]);
    assert!(all.lines().count() > 400);
    for wrong in [&["--search", "nothing"][..], &["--product", "2000"]] {
        let (status, out, error) = builds(wrong);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(error.contains("help: "), "{error}");
    }
    let (_, _, error) = builds(&["--product", "SE", "--search", "CU19"]);
    assert!(error.contains("no build of --product SE fits `CU19`"), "{error}");
    let (status, _, error) = builds(&["--product", "SE", "lookup", "15.1.2176.9"]);
    assert!(status == 2 && error.contains("lookup lists nothing"), "{error}");
}

#[test]
fn newer_tables_are_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let builds_csv = file(
        "builds.csv",
        "\u{feff}build,product,cumulative_update,update,date,kb,own_month_only,verified\r\n\
         15.2.2562.60,Exchange SE,RTM,Nov26SU,2026-11-10,KB5999999,no,yes\r\n",
    );
    let fixes_csv = file(
        "fixes.csv",
        "cve,chain,product,cumulative_update,first_fixed_build,kb,also_needs,verified\n\
         CVE-2026-99999,ProxyNext,Exchange SE,RTM,15.2.2562.60,KB5999999,,yes\n",
    );
    let newer = ["--update-table", &builds_csv, "--update-table", &fixes_csv];
    let (status, out, error) =
        builds(&[&["lookup", "15.2.2562.53", "--as-of", "2026-12-01"], &newer[..]].concat());
    assert_eq!((status, error.as_str()), (1, ""), "{out}");
    assert!(
        out.contains("1 CVE of the known chains is open: ProxyNext."),
        "{out}"
    );
    assert!(
        out.contains("The newest: Exchange SE RTM Nov26SU (15.2.2562.60, KB5999999)."),
        "{out}"
    );
    let (status, _, _) = builds(&[&["lookup", "15.2.2562.60"], &newer[..]].concat());
    assert_eq!(status, 0);
    let (_, out, _) = builds(&[&newer[..2], &["--search", "Nov26SU"]].concat());
    assert!(out.contains("15.2.2562.60"), "{out}");

    let alone = ["--update-table", &fixes_csv, "lookup", "15.2.2562.53"];
    let (status, out, error) = builds(&alone);
    assert_eq!((status, out.as_str()), (2, ""));
    let expected = format!(
        "{fixes_csv}, row 2: 15.2.2562.60 is no published build: it must stand in the table of builds"
    );
    assert!(error.contains(&expected) && error.contains("help: "), "{error}");
    let no_table = file("table.csv", "a,b\n1,2\n");
    for (path, expected) in [
        (no_table.as_str(), "row 1: no header of a table"),
        ("/no/such.csv", "because: "),
    ] {
        let (status, _, error) = builds(&["--update-table", path]);
        assert!(
            status == 2 && error.contains(path) && error.contains(expected),
            "{error}"
        );
    }
}
