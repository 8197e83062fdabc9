//! `imker hunt` as its users run it: the binary, real files, exit statuses.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start the program and read small files of their own"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const FIELDS: &str = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip \
                      cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
                      sc-status sc-substatus sc-win32-status time-taken\n";
const ORDINARY: &str = "2021-08-12 08:00:00 192.0.2.10 GET /owa/ - 443 - 198.51.100.7 Mozilla/5.0+(Windows+NT+10.0) - 302 0 0 12\n";
const REFUSED: &str = "2021-08-12 08:00:01 192.0.2.10 GET /autodiscover/autodiscover.json @example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@example.org 443 - 203.0.113.9 inert-agent - 401 0 0 3\n";

fn imker() -> Command {
    let mut command = Command::cargo_bin("imker").unwrap();
    command.env("LC_ALL", "C").env("NO_COLOR", "1");
    command
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let output = imker()
        .arg("hunt")
        .args(arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), value)
}

fn server<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["servers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|server| server["name"] == name)
        .unwrap()
}

#[test]
fn the_example_incident_is_told_in_full() {
    let incident = root().join("examples/incident");
    let (status, report) = json(&[incident.to_str().unwrap()]);
    assert_eq!(status, 1);
    assert_eq!(report["verdict"], "compromised");
    assert_eq!(report["complete"], true);
    assert_eq!(server(&report, "EX01")["verdict"], "compromised");
    assert_eq!(server(&report, "EX02")["verdict"], "attempted");
    let chain = report["attacks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|attack| attack["chain"] == "ProxyShell" && attack["outcome"] == "succeeded")
        .expect("the chain that succeeded");
    let stages: Vec<&str> = chain["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        [
            "probe",
            "mailbox_list",
            "legacy_dn",
            "sid",
            "powershell",
            "webshell"
        ]
    );
    assert!(
        chain["clients"].as_array().unwrap().len() >= 2,
        "the webshell was used from another address"
    );
    for cve in ["CVE-2021-34473", "CVE-2021-34523"] {
        assert!(
            chain["cves"].as_array().unwrap().iter().any(|known| known == cve),
            "{cve}"
        );
    }
}

#[test]
fn json_keeps_to_its_schema() {
    let schema: Value = serde_json::from_str(
        &fs::read_to_string(root().join("docs/schema/imker-hunt-1.schema.json")).unwrap(),
    )
    .unwrap();
    let incident = root().join("examples/incident");
    let (_, report) = json(&[incident.to_str().unwrap(), "--hash"]);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn ordinary_traffic_leaves_no_trace_and_exits_with_0() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("u_ex210812.log"),
        format!("{FIELDS}{ORDINARY}"),
    )
    .unwrap();
    let (status, report) = json(&[folder.path().to_str().unwrap()]);
    assert_eq!((status, &report["verdict"]), (0, &Value::from("no_trace")));
}

#[test]
fn a_refused_attack_exits_with_1_unless_asked_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("u_ex210812.log"),
        format!("{FIELDS}{ORDINARY}{REFUSED}"),
    )
    .unwrap();
    let path = folder.path().to_str().unwrap();
    let (status, report) = json(&[path]);
    assert_eq!((status, &report["verdict"]), (1, &Value::from("attempted")));
    assert_eq!(report["attacks"][0]["client"], "203.0.113.9");
    assert_eq!(json(&[path, "--fail-on", "exploited"]).0, 0);
}

#[test]
fn standard_input_is_read() {
    let output = imker()
        .args(["hunt", "-", "--format", "json"])
        .write_stdin(format!("{FIELDS}{ORDINARY}{REFUSED}"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_truncated_archive_is_named_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("u_ex210812.log");
    fs::write(&plain, format!("{FIELDS}{}", ORDINARY.repeat(5_000))).unwrap();
    std::process::Command::new("gzip").arg(&plain).status().unwrap();
    let packed = folder.path().join("u_ex210812.log.gz");
    let bytes = fs::read(&packed).unwrap();
    fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
    let (status, report) = json(&[folder.path().to_str().unwrap()]);
    assert_eq!(status, 2);
    assert_eq!(report["complete"], false);
    assert_eq!(report["unread"][0]["reason"], "truncated");
    assert!(report["unread"][0]["offset"].as_u64().unwrap() > 0);
    assert!(
        report["lines"].as_u64().unwrap() > 100,
        "what came before the end is read"
    );
}

#[test]
fn hostile_text_reaches_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = REFUSED.replace("inert-agent", "\u{1b}]0;owned\u{7}<script>alert(1)</script>");
    fs::write(folder.path().join("u_ex210812.log"), format!("{FIELDS}{hostile}")).unwrap();
    let page = folder.path().join("report.html");
    for format in ["text", "json", "jsonl", "csv", "sarif"] {
        let output = imker()
            .arg("hunt")
            .arg(folder.path().join("u_ex210812.log"))
            .args(["--format", format, "--html"])
            .arg(&page)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert!(
            output
                .stdout
                .iter()
                .all(|byte| *byte >= 0x20 || b"\n\r\t".contains(byte)),
            "{format}"
        );
    }
    let html = fs::read_to_string(page).unwrap();
    assert!(!html.contains("<script>") && !html.contains('\u{1b}'));
}

#[test]
fn output_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{REFUSED}")).unwrap();
    let result = folder.path().join("result.json");
    imker()
        .arg("hunt")
        .arg(&log)
        .args(["--format", "json", "-o"])
        .arg(&result)
        .assert()
        .code(1);
    assert!(serde_json::from_slice::<Value>(&fs::read(&result).unwrap()).is_ok());
    let output = imker()
        .arg("hunt")
        .arg(&log)
        .args(["-o", "/no/such/folder/result.json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/folder/result.json"));
}

#[test]
fn an_output_replaces_neither_an_input_nor_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{REFUSED}")).unwrap();
    let hunt = |options: &[&str]| imker().arg("hunt").arg(&log).args(options).output().unwrap();
    let path = log.to_str().unwrap();
    assert_eq!(hunt(&["-o", path]).status.code(), Some(2));
    assert_eq!(hunt(&["--html", path]).status.code(), Some(2));
    assert_eq!(hunt(&["-o", "a.txt", "--html", "a.txt"]).status.code(), Some(2));
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("{FIELDS}{REFUSED}"));
    let device = if cfg!(windows) { "NUL" } else { "/dev/null" };
    assert_eq!(hunt(&["-o", device]).status.code(), Some(1));
    assert!(!Path::new(device).metadata().unwrap().is_file());
}

#[test]
fn an_unfinished_output_is_no_input() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("u_ex210812.log"),
        format!("{FIELDS}{ORDINARY}"),
    )
    .unwrap();
    let output = folder.path().join("result.json");
    imker()
        .arg("hunt")
        .arg(folder.path())
        .args(["--format", "json", "-o"])
        .arg(&output)
        .assert()
        .code(0);
    let report: Value = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
    assert_eq!(report["set_aside"], serde_json::json!({}));
}

#[test]
fn a_missing_path_is_named() {
    let output = imker().args(["hunt", "no-such-folder"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("no-such-folder"));
    assert_eq!(stderr.matches("os error").count(), 1, "told twice: {stderr}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |options: &[&str]| {
        let output = imker().args(["hunt", "."]).args(options).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for text in [
        "192.0.2.0/33",
        "192.0.2",
        "2001:db8::/129",
        "10.0.0.0/8/8",
        "",
        " ",
    ] {
        assert!(
            refused(&["--own-scanner", text]).contains("--own-scanner"),
            "{text}"
        );
    }
    assert!(refused(&["--html", "-"]).contains("--html"));
    assert!(refused(&["--threads", "0"]).contains("at least 1"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for format in ["text", "json", "jsonl", "csv", "sarif"] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("imker"))
            .args(["hunt"])
            .arg(root().join("examples/incident"))
            .args(["--format", format])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), stderr.as_str()), (Some(1), ""), "{format}");
    }
}

#[test]
fn indicators_are_found_apart_from_rules() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{ORDINARY}")).unwrap();
    let mut list = tempfile::NamedTempFile::new().unwrap();
    writeln!(list, "198.51.100.7").unwrap();
    let (status, report) = json(&[
        log.to_str().unwrap(),
        "--indicators",
        list.path().to_str().unwrap(),
    ]);
    assert_eq!((status, &report["verdict"]), (0, &Value::from("no_trace")));
    assert_eq!(report["indicators"][0]["indicator"], "198.51.100.7");
    assert_eq!(report["indicators"][0]["count"], 1);
}

#[test]
fn german_speaks_german() {
    let incident = root().join("examples/incident");
    let output = imker()
        .arg("hunt")
        .arg(incident)
        .args(["--lang", "de"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .to_lowercase()
            .contains("kompromittiert")
    );
}

#[test]
fn no_log_is_no_good_news() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let check = || {
        let (status, report) = json(&[path]);
        assert_eq!(status, 2);
        assert_eq!(report["verdict"], "no_trace");
        assert_eq!(
            (&report["complete"], &report["nothing_read"]),
            (&false.into(), &true.into())
        );
    };
    check();
    fs::write(folder.path().join("notes.txt"), "nothing of a log\n").unwrap();
    check();
    fs::write(folder.path().join("u_ex210812.log"), FIELDS).unwrap();
    check();
    for (language, headline) in [("en", "? NOTHING READ"), ("de", "? NICHTS GELESEN")] {
        let output = imker()
            .args(["hunt", "-", "--lang", language])
            .write_stdin("")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(headline) && !text.contains("\n✔"), "{text}");
    }
}

#[test]
fn the_stretch_asked_for_stands_in_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{ORDINARY}")).unwrap();
    let path = log.to_str().unwrap();
    let (_, report) = json(&[path, "--since", "2021-08-12"]);
    assert_eq!(report["since"], "2021-08-12T00:00:00Z");
    assert_eq!(report["until"], Value::Null);
    let output = imker()
        .args(["hunt", path, "--since", "2021-08-12", "--until", "2021-08-13"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("Only requests from 2021-08-12 00:00:00 to 2021-08-13 00:00:00."),
        "{text}"
    );
}

#[test]
fn rules_that_cannot_be_used_are_no_clean_result() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{ORDINARY}")).unwrap();
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).unwrap();
    let hunt = || {
        let mut command = imker();
        command.arg("hunt").arg(&log).arg("--rules").arg(&rules);
        command.output().unwrap()
    };
    let empty = hunt();
    assert_eq!(empty.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&empty.stderr).contains("no rule in it"));
    let broken = "title: broken\nlogsource:\n  category: webserver\ndetection:\n  a:\n    cs-uri-stem: /x\n  condition: a and\n";
    fs::write(rules.join("broken.yml"), broken).unwrap();
    let refused = hunt();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("rule refused"));
}

#[test]
fn indicators_of_other_kinds_are_counted_and_hits_stand_on_the_first_screen() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{ORDINARY}")).unwrap();
    let list = folder.path().join("list.txt");
    fs::write(&list, "198.51.100.7\na.example.org\nb.example.org\n").unwrap();
    let output = imker()
        .arg("hunt")
        .arg(&log)
        .arg("--indicators")
        .arg(&list)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("2 entries are of kinds that web logs do not show"),
        "{stderr}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let seen = "Your indicators were seen: 198.51.100.7 (1 request)";
    assert!(text.lines().take(22).any(|line| line.contains(seen)), "{text}");
}

#[test]
fn the_readme_shows_what_the_program_writes() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, block) = readme.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let output = imker()
        .current_dir(root())
        .args(["hunt", "examples/incident"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (first_screen, _) = text.split_once("\nServers ─").unwrap();
    assert_eq!(block, first_screen);
}

#[test]
fn a_stretch_of_time_without_events_is_no_all_clear() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{ORDINARY}{REFUSED}")).unwrap();
    let (status, report) = json(&[log.to_str().unwrap(), "--since", "2030-01-01"]);
    assert_eq!(status, 2);
    assert_eq!(
        (&report["nothing_read"], &report["complete"]),
        (&Value::from(true), &Value::from(false))
    );
    assert_eq!(report["outside"], 1);
    assert_eq!(report["servers"][0]["reasons"][0]["id"], "reason-no-request");
    assert!(!report.to_string().contains("advice-mend-unread"));
    for (language, headline, help) in [
        ("en", "? NO ANSWER", "none of their requests"),
        ("de", "? KEINE ANTWORT", "keine ihrer Anfragen"),
    ] {
        let args = ["--since", "2030-01-01", "--lang", language];
        let output = imker().arg("hunt").arg(&log).args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(headline) && text.contains(help), "{text}");
        assert!(!text.contains("\n✔"), "{text}");
    }
    assert_eq!(report["since"], "2030-01-01T00:00:00Z");
}

#[test]
fn no_output_takes_the_place_of_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("EX01");
    fs::create_dir(&logs).unwrap();
    let log = logs.join("u_ex210812.log");
    fs::write(&log, format!("{FIELDS}{ORDINARY}{REFUSED}")).unwrap();
    let list = folder.path().join("list.txt");
    fs::write(&list, "203.0.113.7\n").unwrap();
    let before = fs::read(&log).unwrap();
    for option in ["--output", "--html"] {
        for (paths, output) in [
            ([&logs, &list], &log),
            ([&log, &list], &log),
            ([&logs, &list], &list),
        ] {
            let mut command = imker();
            command
                .arg("hunt")
                .arg(paths[0])
                .arg("--indicators")
                .arg(paths[1]);
            let refused = command.arg(option).arg(output).output().unwrap();
            assert_eq!(refused.status.code(), Some(2));
            assert!(String::from_utf8_lossy(&refused.stderr).contains("would be overwritten"));
        }
    }
    assert_eq!(fs::read(&log).unwrap(), before);
    assert_eq!(fs::read(&list).unwrap(), b"203.0.113.7\n");
    let report = logs.join("report.txt");
    imker()
        .arg("hunt")
        .arg(&logs)
        .arg("-o")
        .arg(&report)
        .assert()
        .code(1);
    assert!(report.is_file());
}

#[cfg(unix)]
#[test]
fn the_reader_of_a_named_pipe_gets_the_whole_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [log, events, pipe] = ["u_ex210812.log", "events.jsonl", "page"].map(path);
    fs::write(&log, format!("{FIELDS}{ORDINARY}")).unwrap();
    let event = "{\"imker\":{\"sequence\":1,\"time\":\"2026-03-02T08:00:00Z\",\"sensor\":\"north\",\
                 \"saw\":{\"kind\":\"sensor-stopped\"}}}\n";
    fs::write(&events, event).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for arguments in [["hunt", &log, "--quiet"], ["honeypot", "report", &events]] {
        let read = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        let mut command = imker();
        command.args(arguments).arg("--html").arg(&pipe);
        command
            .timeout(std::time::Duration::from_secs(60))
            .assert()
            .code(0);
        let page = read.join().unwrap();
        assert!(page.trim_end().ends_with("</html>"), "{page}");
    }
}

#[test]
fn a_server_without_requests_in_the_time_asked_for_gets_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    for (server, row) in [("EX01", ORDINARY), ("EX02", &ORDINARY.replace("2021-", "2020-"))] {
        let logs = folder.path().join(server).join("W3SVC1");
        fs::create_dir_all(&logs).unwrap();
        fs::write(logs.join("u_ex.log"), format!("{FIELDS}{row}")).unwrap();
    }
    let check = || {
        let (_, report) = json(&[folder.path().to_str().unwrap(), "--since", "2021-01-01"]);
        let reason = |server: usize| report["servers"][server]["reasons"][0]["id"].clone();
        assert_eq!(
            (reason(0), reason(1)),
            ("reason-no-attack".into(), "reason-no-request".into())
        );
        assert_eq!(report["servers"][1]["confidence"], "low");
        assert_eq!(report["servers"][1]["coverage"][0]["files_in_window"], 0);
    };
    check();
    fs::write(
        folder.path().join("EX02/W3SVC1/broken.log.gz"),
        b"\x1f\x8b\x08\0\0",
    )
    .unwrap();
    check();
    fs::remove_dir_all(folder.path().join("EX01")).unwrap();
    let arguments = ["--since", "2021-01-01"];
    let output = imker()
        .arg("hunt")
        .arg(folder.path())
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("? NO ANSWER") && !text.contains("NO TRACE"),
        "{text}"
    );
}
