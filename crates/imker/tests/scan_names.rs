//! `imker scan` with names: found by DNS, confirmed, left out; and what it keeps of a permission and an interruption.

#![cfg(all(unix, feature = "honeypot", feature = "scan"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

mod fleet;

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fleet::{Fleet, NameServer, Running, rows, scan, shown, told};
use serde_json::Value;

fn document(arguments: &[&str], status: i32) -> Value {
    let output = scan(&[arguments, &["--format", "json", "--checks", "quick"]].concat());
    assert_eq!(output.status.code(), Some(status), "{}", told(&output));
    serde_json::from_str(&shown(&output)).unwrap()
}

/// Targets with their verdicts, in order.
fn verdicts(document: &Value) -> Vec<(String, String)> {
    let text = |host: &Value, key: &str| host[key].as_str().unwrap().to_owned();
    let hosts = document["hosts"].as_array().unwrap().iter();
    let mut verdicts: Vec<_> = hosts
        .map(|host| (text(host, "target"), text(host, "verdict")))
        .collect();
    verdicts.sort_unstable();
    verdicts
}

/// Targets that were not asked, with the reason.
fn not_asked(document: &Value) -> Vec<(&str, &str)> {
    let listed = document["end"]["not_asked"].as_array().into_iter().flatten();
    listed
        .map(|one| (one["target"].as_str().unwrap(), one["why"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_mail_domain_s_servers_are_found_and_others_only_when_confirmed() {
    let fleet = Fleet::start();
    let service = |name: &str| {
        format!(
            "--srv-host=_autodiscover._tcp.example.org,{name},{},0,0",
            fleet.https
        )
    };
    let Some(server) = NameServer::start(&[
        "--host-record=host.example.org,127.0.0.2",
        "--host-record=mx.hoster.net,127.0.0.1",
        "--host-record=autodiscover.outlook.com,203.0.113.7",
        "--cname=autodiscover.example.org,autodiscover.outlook.com",
        &service("host.example.org"),
        &service("mx.hoster.net"),
    ]) else {
        return;
    };
    let (own, foreign) = (
        format!("host.example.org:{}", fleet.https),
        format!("mx.hoster.net:{}", fleet.https),
    );
    let verdict = |target: &str, verdict: &str| (target.to_owned(), verdict.to_owned());
    let online = verdict("autodiscover.example.org", "not_affected");
    let discover = ["--discover", "example.org", "--resolver", &server.at];

    let found = document(&discover, 0);
    assert_eq!(verdicts(&found), [online.clone(), verdict(&own, "fixed")]);
    assert_eq!(not_asked(&found), [(foreign.as_str(), "foreign_host")]);
    assert!(!fleet.checks_seen().contains_key("127.0.0.1"));

    let confirmed = document(&[&discover[..], &["--confirm", "mx.hoster.net"]].concat(), 1);
    let expected = [online, verdict(&own, "fixed"), verdict(&foreign, "vulnerable")];
    assert_eq!(verdicts(&confirmed), expected);
    assert!(not_asked(&confirmed).is_empty());

    let unknown = scan(&[&discover[..], &["--confirm", "mail.example.net"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(told(&unknown).contains("--confirm mail.example.net: not found by --discover"));
}

/// Whoever must not be asked under one of his addresses is not asked, and costs no status, however that is found out.
#[test]
fn names_that_lead_to_whom_nobody_may_ask_are_listed_as_not_asked() {
    let fleet = Fleet::start();
    let Some(server) = NameServer::start(&[
        "--host-record=fixed.example.org,127.0.0.2",
        "--host-record=both.example.org,127.0.0.3",
        "--host-record=both.example.org,127.0.0.4",
        "--host-record=link.example.org,169.254.7.7",
    ]) else {
        return;
    };
    let exclude = fleet.path("exclude");
    fs::write(&exclude, "127.0.0.4\n").unwrap();
    let target = |name: &str| format!("{name}.example.org:{}", fleet.https);
    let (fixed, both, link) = (target("fixed"), target("both"), target("link"));
    let arguments = [fixed.as_str(), &both, &link, "--resolver", &server.at];
    let result = document(&[&arguments[..], &["--exclude", &exclude]].concat(), 0);
    assert_eq!(verdicts(&result), [(fixed.clone(), "fixed".to_owned())]);
    let mut listed = not_asked(&result);
    listed.sort_unstable();
    assert_eq!(listed, [(both.as_str(), "excluded"), (&link, "special_range")]);
    assert_eq!(result["end"]["not_asked_more"], 0);
    assert_eq!(fleet.checks_seen().keys().collect::<Vec<_>>(), ["127.0.0.2"]);

    // Where nobody is left, nothing is known.
    let skipped = document(
        &[&arguments[..], &["127.0.0.5", "--skip", "loopback"]].concat(),
        2,
    );
    assert!(verdicts(&skipped).is_empty());
    assert_eq!(not_asked(&skipped).len(), 4);
    assert!(not_asked(&skipped).iter().all(|(_, why)| *why == "special_range"));
    assert_eq!(fleet.checks_seen().len(), 1);
}

#[test]
fn a_permission_is_kept_in_the_result() {
    let fleet = Fleet::start();
    let (xml, target) = (fleet.path("nmap.xml"), fleet.target(1));
    let arguments = [
        target.as_str(),
        "--authorised",
        "CERT <Example>",
        "--nmap-xml",
        &xml,
    ];
    let result = document(&arguments, 0);
    assert_eq!(result["scan"]["authorised"], "CERT <Example>");
    let xml = fs::read_to_string(&xml).unwrap();
    assert!(
        xml.contains("--authorised &#39;CERT &lt;Example&gt;&#39;"),
        "{xml}"
    );
    let log = shown(&scan(&[&arguments[..3], &["--format", "sarif"]].concat()));
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["runs"][0]["properties"]["authorised"], "CERT <Example>");
}

/// A build without open chains becomes one that lacks the fix of tomorrow's.
#[test]
fn newer_tables_decide() {
    let fleet = Fleet::start();
    let (builds, fixes) = (fleet.path("builds.csv"), fleet.path("fixes.csv"));
    let build = "build,product,cumulative_update,update,date,kb,own_month_only,verified\n\
                 15.2.2562.60,Exchange SE,RTM,Nov26SU,2026-11-10,KB5999999,no,yes\n";
    let fix = "cve,chain,product,cumulative_update,first_fixed_build,kb,also_needs,verified\n\
               CVE-2026-99999,ProxyNext,Exchange SE,RTM,15.2.2562.60,KB5999999,,yes\n";
    fs::write(&builds, build).unwrap();
    fs::write(&fixes, fix).unwrap();
    let target = fleet.target(4);
    let before = document(&[&target], 0);
    assert_eq!(before["hosts"][0]["verdict"], "fixed");
    let after = document(&[&target, "--update-table", &builds, "--update-table", &fixes], 1);
    let front_end = &after["hosts"][0]["front_ends"][0];
    let cves = front_end["cves"].as_array().unwrap();
    let next = cves.iter().find(|cve| cve["id"] == "CVE-2026-99999").unwrap();
    assert_eq!(
        (&next["alias"], &next["status"]),
        (&"ProxyNext".into(), &"open".into())
    );
    assert_eq!(next["fixed_in"], "15.2.2562.60");
}

/// A server that takes connections and says nothing, and a scan of it that is killed meanwhile.
#[test]
fn who_was_being_asked_when_a_scan_was_killed_can_be_left() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state").display().to_string();
    let arguments = [
        target.as_str(),
        "--resume",
        &state,
        "--format",
        "jsonl",
        "--retries",
        "0",
    ];
    let child = Command::new(env!("CARGO_BIN_EXE_imker"))
        .arg("scan")
        .args(arguments)
        .args(["--timeout", "5m"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let child = Running(child);
    let _connection = silent.accept().unwrap();
    let begun = || {
        fs::read_to_string(&state)
            .unwrap_or_default()
            .contains("{\"began\"")
    };
    let patience = Instant::now() + Duration::from_secs(60);
    while !begun() {
        assert!(Instant::now() < patience);
        thread::sleep(Duration::from_millis(10));
    }
    drop(child);
    silent.set_nonblocking(true).unwrap();
    while silent.accept().is_ok() {}
    let output = scan(&[&arguments[..], &["--interrupted", "leave"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let rows = rows(&shown(&output));
    let row = &rows[&target];
    assert_eq!(
        (&row["verdict"], &row["fault"]["kind"]),
        (&"unknown".into(), &"interrupted".into())
    );
    assert!(silent.accept().is_err(), "it was asked again");
}
