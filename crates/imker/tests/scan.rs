//! `imker scan`, started as its users start it, against servers that `imker honeypot` plays, and against nginx.

#![cfg(all(unix, feature = "honeypot", feature = "scan"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

mod fleet;

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fleet::{Fleet, HOSTS, Running, free_port, rows, scan, shown, told, wait_for};
use serde_json::Value;

#[test]
fn each_persona_has_its_verdict() {
    let fleet = Fleet::start();
    let targets = fleet.all();
    let mut arguments: Vec<&str> = targets.iter().map(String::as_str).collect();
    arguments.extend(["--format", "jsonl"]);
    for checks in ["quick", "full"] {
        let output = scan(&[&arguments[..], &["--checks", checks]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let rows = rows(&shown(&output));
        assert_eq!(rows.len(), HOSTS.len());
        for (host, (address, persona, verdict)) in HOSTS.iter().enumerate() {
            let row = &rows[&fleet.target(host)];
            assert_eq!(row["verdict"], *verdict, "{checks} {address} {persona}: {row:#}");
        }
    }
    let patched = scan(&[&fleet.target(1), "--checks", "full"]);
    assert_eq!(patched.status.code(), Some(0), "{}", shown(&patched));
}

#[test]
fn one_screen_for_one_server() {
    let fleet = Fleet::start();
    let english = scan(&[&fleet.target(0), "--color", "never"]);
    assert_eq!(english.status.code(), Some(1), "{}", told(&english));
    let text = shown(&english);
    for expected in ["VULNERABLE", "CVE-2021-34473", "15.1.2176.9", "EX01", "KB5019758"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let german = shown(&scan(&[&fleet.target(0), "--color", "never", "--lang", "de"]));
    assert!(german.contains("✖ VERWUNDBAR"), "{german}");
    for screen in [&text, &german] {
        assert!(screen.lines().count() <= 50, "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    }
    let detailed = shown(&scan(&[&fleet.target(0), "--color", "never", "--details"]));
    for more in ["CVE-2021-34523", "CVE-2023-21529", "/mapi/emsmdb/"] {
        assert!(
            detailed.contains(more) && !text.contains(more),
            "{more}: {detailed}"
        );
    }
    let repeated = |shown: &str| shown.lines().filter(|line| line.contains(" times)")).count();
    assert_eq!(repeated(&text), 2, "{text}");
    assert!(repeated(&detailed) >= 2, "{detailed}");
}

/// All outputs of one scan of all personas.
#[test]
fn each_output_is_what_it_says() {
    let fleet = Fleet::start();
    let targets = fleet.all();
    let (page, xml) = (fleet.path("page.html"), fleet.path("nmap.xml"));
    let format = |format: &str, more: &[&str]| {
        let mut arguments: Vec<&str> = targets.iter().map(String::as_str).collect();
        arguments.extend(["--checks", "quick", "--lang", "en", "--format", format]);
        let output = scan(&[&arguments[..], more].concat());
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        shown(&output)
    };

    let document: Value =
        serde_json::from_str(&format("json", &["--html", &page, "--nmap-xml", &xml])).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/imker-scan-1.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(document["hosts"].as_array().unwrap().len(), HOSTS.len());
    assert_eq!(document["end"]["complete"], true);

    let rows = rows(&format("jsonl", &[]));
    for (host, (_, persona, verdict)) in HOSTS.iter().enumerate() {
        assert_eq!(rows[&fleet.target(host)]["verdict"], *verdict, "{persona}");
    }

    let table = format("csv", &[]);
    let head = table.lines().next().unwrap();
    assert!(head.starts_with("target,verdict,"), "{head}");
    assert_eq!(table.lines().count(), 1 + HOSTS.len(), "{table}");

    let log: Value = serde_json::from_str(&format("sarif", &[])).unwrap();
    assert_eq!(log["version"], "2.1.0");
    keeps_to_the_schema_of_oasis(&log);

    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("127.0.0.1") && page.contains("15.1.2176.9"));
    for banned in [
        "<script",
        "http://",
        "https://",
        " src=",
        "@import",
        "javascript:",
    ] {
        assert!(!page.contains(banned), "{banned}");
    }
    is_read_as_xml(&xml);
}

/// The schema of OASIS is not kept here, see crates/report/tests/schema.rs.
fn keeps_to_the_schema_of_oasis(log: &Value) {
    let Some(path) = std::env::var_os("IMKER_SARIF_SCHEMA") else {
        return imker_testing::left_out("IMKER_SARIF_SCHEMA names no schema");
    };
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(log)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// As Python's own parser reads nmap's results.
fn is_read_as_xml(path: &str) {
    let script = "import sys, xml.etree.ElementTree as e
r = e.parse(sys.argv[1]).getroot()
print(r.tag, len(r.findall('host')), r.find('host/ports/port/script').get('id'))";
    match Command::new("python3").args(["-c", script, path]).output() {
        Err(_) => imker_testing::not_installed("python3"),
        Ok(output) => assert_eq!(
            shown(&output).trim(),
            "nmaprun 5 imker-exchange",
            "{}",
            told(&output)
        ),
    }
}

#[test]
fn two_results_tell_what_has_changed() {
    let fleet = Fleet::start();
    let (bad, good) = (fleet.path("bad.jsonl"), fleet.path("good.jsonl"));
    let both = [fleet.target(0), fleet.target(1)];
    let arguments = ["--checks", "quick", "--format", "jsonl", "-o", &bad];
    assert_eq!(
        scan(&[&[both[0].as_str(), &both[1]], &arguments[..]].concat())
            .status
            .code(),
        Some(1)
    );
    // What an update makes of it: the row of the patched server under the name of the other.
    let rows = rows(&fs::read_to_string(&bad).unwrap());
    let mut updated = rows[&both[1]].clone();
    updated["target"] = both[0].as_str().into();
    fs::write(&good, format!("{}\n{updated}\n", rows[&both[1]])).unwrap();

    for (old, new, status, change) in [
        (&good, &bad, 1, "worse"),
        (&bad, &good, 0, "better"),
        (&bad, &bad, 0, ""),
    ] {
        let output = scan(&["--diff", old, new, "--format", "json"]);
        assert_eq!(output.status.code(), Some(status), "{}", told(&output));
        let diff: Value = serde_json::from_str(&shown(&output)).unwrap();
        let hosts = diff["hosts"].as_array().unwrap();
        assert_eq!(diff["unchanged"], 2 - hosts.len(), "{diff:#}");
        let text = scan(&["--diff", old, new, "--lang", "en", "--color", "never"]);
        assert_eq!(text.status.code(), Some(status), "{}", told(&text));
        let Some(host) = hosts.first() else {
            assert!(change.is_empty(), "{diff:#}");
            continue;
        };
        assert_eq!(host["target"], both[0].as_str());
        assert_eq!(host["changes"][0], change);
        let text = shown(&text);
        for expected in [
            both[0].as_str(),
            "vulnerable (15.1.2176.9)",
            "fixed (15.2.1544.36)",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}

#[test]
fn what_is_no_result_is_named_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (list, empty) = (write("list.txt", "mail.example.org\n"), write("empty.jsonl", ""));
    let output = scan(&["--diff", &empty, &list]);
    assert_eq!(output.status.code(), Some(2));
    for expected in [list.as_str(), "the new result cannot be read"] {
        assert!(told(&output).contains(expected), "{expected}: {}", told(&output));
    }
    // What `imker scan` writes where nobody was asked.
    let output = scan(&["--diff", &empty, &empty]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

#[test]
fn who_is_not_there_cannot_be_told() {
    let port = free_port();
    let output = scan(&[
        &format!("127.0.0.1:{port}"),
        "--retries",
        "0",
        "--format",
        "jsonl",
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let rows = rows(&shown(&output));
    let row = &rows[&format!("127.0.0.1:{port}")];
    assert_eq!(
        (&row["verdict"], &row["fault"]["kind"]),
        (&"unreachable".into(), &"refused".into())
    );
}

#[test]
fn nginx_is_no_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/log; events {{}}\nhttp {{ access_log off;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ return 404; }} }} }}\n",
        folder.path().display()
    );
    fs::write(folder.path().join("conf"), config).unwrap();
    fs::write(folder.path().join("log"), "").unwrap();
    let mut child = match Command::new("nginx")
        .args(["-p", ".", "-e", "stderr", "-c"])
        .arg(folder.path().join("conf"))
        .stderr(Stdio::null())
        .spawn()
    {
        Ok(child) => child,
        Err(_) => return imker_testing::not_installed("nginx"),
    };
    wait_for(
        SocketAddr::from(([127, 0, 0, 1], port)),
        &mut child,
        &folder.path().join("log"),
    );
    let _nginx = Running(child);
    let output = scan(&[&format!("127.0.0.1:{port}"), "--format", "jsonl"]);
    let rows = rows(&shown(&output));
    let row = rows.values().next().unwrap();
    assert_eq!(
        (output.status.code(), &row["verdict"]),
        (Some(0), &"not_exchange".into()),
        "{row:#}"
    );
}

#[test]
fn more_than_a_few_need_a_permission() {
    for many in ["127.0.0.0/24", "192.0.2.0/27"] {
        let output = scan(&[many]);
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains("--authorised"), "{}", told(&output));
    }
    let list: String = (0..300).map(|host| format!("host{host}.example.org\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list").display().to_string();
    fs::write(&file, list).unwrap();
    assert!(told(&scan(&["--targets", &file])).contains("--authorised"));
}

#[test]
fn a_dry_run_asks_nobody() {
    let fleet = Fleet::start();
    let output = scan(&[&fleet.target(0), "--dry-run", "--contact", "soc@example.org"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = shown(&output);
    for expected in [
        fleet.target(0).as_str(),
        "GET /autodiscover/autodiscover.json?@imker.invalid/owa/?&Email=autodiscover/autodiscover.json%3F@imker.invalid HTTP/1.1",
        "soc@example.org",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(fleet.checks_seen().is_empty());

    let file = fleet.path("dry");
    let output = scan(&[
        &fleet.target(0),
        "--dry-run",
        "--contact",
        "soc@example.org",
        "-o",
        &file,
    ]);
    assert_eq!((shown(&output).as_str(), output.status.code()), ("", Some(0)));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    for other in [["--html", "page"], ["--nmap-xml", "xml"], ["--format", "json"]] {
        let output = scan(&[&["192.0.2.1", "--dry-run"], &other[..]].concat());
        assert!(told(&output).contains("cannot be used with"), "{}", told(&output));
    }
    // The status is that of asking: where DNS does not answer, or nobody is left, it is not known whom to ask.
    let nobody = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let unknown = [
        "192.0.2.1",
        "--discover",
        "example.org",
        "--resolver",
        &nobody,
        "--dry-run",
    ];
    assert_eq!(scan(&unknown).status.code(), Some(2));
    assert_eq!(
        scan(&["127.0.0.1", "--skip", "loopback", "--dry-run"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn what_is_excluded_is_not_asked() {
    let fleet = Fleet::start();
    let exclude = fleet.path("exclude");
    fs::write(&exclude, "127.0.0.4\n# a comment\n").unwrap();
    let targets = fleet.all();
    let mut arguments: Vec<&str> = targets.iter().map(String::as_str).collect();
    arguments.extend(["--exclude", &exclude, "--format", "jsonl", "--checks", "quick"]);
    let rows = rows(&shown(&scan(&arguments)));
    assert_eq!(rows.len(), 4);
    assert!(!fleet.checks_seen().contains_key("127.0.0.4"));
}

/// What is left out counts for nothing: neither for how much is asked nor for the permission.
#[test]
fn what_is_excluded_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let one = write("one", "192.0.2.1\n");
    let network = scan(&["192.0.2.0/30", "--exclude", &one, "--dry-run"]);
    let text = shown(&network);
    assert!(text.contains("\n# 3 targets, in the order"), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.starts_with("192.0.2.")).count(),
        3
    );
    let two = ["192.0.2.1", "192.0.2.2"];
    let single = shown(&scan(&[&two[..], &["--exclude", &one, "--dry-run"]].concat()));
    let pair = shown(&scan(&[&two[..], &["--dry-run"]].concat()));
    assert!(single.starts_with("# 17 requests") && pair.starts_with("# 3 requests"));

    let list: String = (0..300).map(|host| format!("host{host}.example.org\n")).collect();
    let all_but_one = list.replacen("host7.example.org\n", "", 1);
    let (list, excluded) = (write("list", &list), write("excluded", &all_but_one));
    let output = scan(&["--targets", &list, "--exclude", &excluded, "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(shown(&output).ends_with("host7.example.org\n"));

    let thrice = scan(&[
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.1",
        "--exclude",
        &one,
        "--format",
        "json",
    ]);
    let document: Value = serde_json::from_str(&shown(&thrice)).unwrap();
    let listed = document["end"]["not_asked"].as_array().unwrap();
    assert_eq!((listed.len(), &document["end"]["not_asked_more"]), (1, &0.into()));
    assert_eq!(told(&thrice), "1 left out, for --exclude names it\n");
}

#[test]
fn one_is_told_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let xml = folder.path().join("found.xml");
    let down = "<host><status state='down'/><address addr='192.0.2.9' addrtype='ipv4'/></host>";
    let notes = |hosts: &str| {
        fs::write(&xml, format!("<nmaprun>{hosts}</nmaprun>")).unwrap();
        let output = scan(&[
            xml.to_str().unwrap(),
            "127.0.0.1",
            "--skip",
            "loopback",
            "--dry-run",
        ]);
        told(&output)
    };
    assert_eq!(
        notes(down),
        "1 host of nmap's result is not up\n1 left out, for its address is loopback\n"
    );
    assert!(notes(&down.repeat(2)).starts_with("2 hosts of nmap's result are not up\n"));
}

#[test]
fn a_killed_scan_goes_on() {
    let fleet = Fleet::start();
    let (list, state, result) = (fleet.path("list"), fleet.path("state"), fleet.path("result"));
    // Ports that nobody listens on are answered at once, too: the order is random.
    let mut lines = fleet.all();
    let closed = free_port();
    lines.extend((1..=200).map(|host| format!("127.0.1.{host}:{closed}")));
    fs::write(&list, lines.join("\n")).unwrap();
    let arguments = [
        "scan",
        "--targets",
        &list,
        "--resume",
        &state,
        "--rate",
        "100",
        "--retries",
        "0",
        "--format",
        "jsonl",
        "-o",
        &result,
        "--quiet",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_imker"))
        .args(arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let answers = || {
        fs::read_to_string(&state)
            .unwrap_or_default()
            .matches("{\"done\"")
            .count()
    };
    let patience = Instant::now() + Duration::from_secs(60);
    while answers() < 50 {
        assert!(Instant::now() < patience && child.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = fs::read_to_string(&state).unwrap();
    assert!(answers() < lines.len(), "it was to be killed on the way");
    assert!(!Path::new(&result).exists(), "no half result");
    let other = scan(&["127.0.0.1", "--resume", &state]);
    assert!(
        told(&other).contains("the state of a scan with 205 targets"),
        "{}",
        told(&other)
    );
    let output = scan(&arguments[1..]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let text = fs::read_to_string(&result).unwrap();
    assert_eq!(text.lines().count(), lines.len());
    let rows = rows(&text);
    assert!(lines.iter().all(|target| rows.contains_key(target)));
    // Whose answer was kept is not asked again; whose was not, because of the kill, may be.
    let seen = fleet.checks_seen();
    assert_eq!(seen.len(), HOSTS.len());
    for (address, times) in &seen {
        let kept = kept.contains(&format!("\"target\":\"{address}:{}\"", fleet.https));
        assert!(
            *times == 1 || !kept && *times == 2,
            "{address}: {times} times, kept: {kept}"
        );
    }
}
