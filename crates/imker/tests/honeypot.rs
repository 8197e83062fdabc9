//! `imker honeypot`, started as its users start it, asked by curl on the loopback interface.

#![cfg(all(unix, feature = "honeypot"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Kevin Beaumont's check for ProxyShell, as GossiTheDog/scanning describes it.
const CHECK: &str =
    "/autodiscover/autodiscover.json?@test.com/owa/?&Email=autodiscover/autodiscover.json%3F@test.com";

/// Personas, and what that check makes of each.
const HOSTS: [(&str, &str, &str); 5] = [
    ("127.0.0.1", "exchange-2016-cu19-mar21su", "302"),
    ("127.0.0.2", "exchange-2019-cu14-oct25su", "401"),
    ("127.0.0.3", "exchange-2013-cu23-mar23su", "400"),
    ("127.0.0.4", "exchange-2016-cu23-oct25su", "401"),
    ("127.0.0.5", "exchange-se-rtm", "401"),
];

struct Honeypot {
    child: Child,
    folder: tempfile::TempDir,
    https: u16,
    http: u16,
}

impl Drop for Honeypot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn imker(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_imker"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{:?}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A port that is free on all of 127.0.0.0/8.
fn free_port() -> u16 {
    TcpListener::bind("0.0.0.0:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

impl Honeypot {
    fn configured() -> (tempfile::TempDir, u16, u16) {
        let folder = tempfile::tempdir().unwrap();
        let (https, http) = (free_port(), free_port());
        let mut config =
            "sensor = \"test\"\ndata = \"data\"\n\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
             netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
             external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
             seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n\n\
             [privacy]\nown_domains = [\"own.example\"]\n"
                .to_owned();
        for (at, (address, persona, _)) in HOSTS.iter().enumerate() {
            config += &format!(
                "\n[[host]]\nname = \"EX0{}\"\npersona = \"{persona}\"\naddresses = [\"{address}\"]\n\
                 https = [{https}]\nhttp = [{http}]\n",
                at + 1
            );
        }
        config += "\n[[sink]]\nkind = \"w3c\"\nfolder = \"iis\"\n";
        fs::write(folder.path().join("honeypot.toml"), config).unwrap();
        (folder, https, http)
    }

    fn play(folder: tempfile::TempDir, https: u16, http: u16) -> Self {
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_imker"))
            .args(["honeypot", "--config"])
            .arg(folder.path().join("honeypot.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut honeypot = Self {
            child,
            folder,
            https,
            http,
        };
        let patience = Instant::now() + Duration::from_secs(60);
        let address: SocketAddr = format!("127.0.0.5:{http}").parse().unwrap();
        while TcpStream::connect(address).is_err() {
            let ended = honeypot.child.try_wait().unwrap().is_some();
            let log = fs::read_to_string(honeypot.path("log")).unwrap();
            assert!(!ended && Instant::now() < patience, "it does not listen: {log}");
            thread::sleep(Duration::from_millis(50));
        }
        honeypot
    }

    fn start() -> Self {
        let (folder, https, http) = Self::configured();
        Self::play(folder, https, http)
    }

    /// Kills it as `kill -9` does, and plays the same configuration again.
    fn kill_and_play_again(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::play(folder, self.https, self.http)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn curl(&self, arguments: &[&str], url: &str) -> String {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--insecure", "--max-time", "20"]);
        text(&command.args(arguments).arg(url).output().unwrap())
    }

    fn status(&self, arguments: &[&str], url: &str) -> String {
        let out = self.path("body");
        let out = ["--output", out.to_str().unwrap(), "--write-out", "%{http_code}"];
        self.curl(&[&out, arguments].concat(), url)
    }

    fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.https)
    }

    fn read(&self, command: &[&str]) -> String {
        let config = self.path("honeypot.toml");
        let mut all = vec!["honeypot"];
        all.extend(command);
        all.extend(["--config", config.to_str().unwrap()]);
        text(&imker(&all))
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        let lines = self.read(&["events", "--kind", kind, "--format", "jsonl", "--reveal"]);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Until the local view has what the record has.
    fn wait_for_sinks(&self, command: &[&str], fitting: impl Fn(&str) -> bool) -> String {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let shown = self.read(command);
            if fitting(&shown) {
                return shown;
            }
            assert!(Instant::now() < patience, "{command:?} shows\n{shown}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn stop(&mut self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let patience = Instant::now() + Duration::from_secs(30);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < patience, "it does not stop");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn the_published_check_says_of_each_persona_what_it_says_of_a_real_server() {
    let honeypot = Honeypot::start();
    for (address, persona, expected) in HOSTS {
        let url = format!("https://{address}:{}{CHECK}", honeypot.https);
        assert_eq!(
            honeypot.status(&["--http1.1"], &url),
            expected,
            "{address} {persona}"
        );
    }
    let stages = honeypot.events("stage-reached");
    let succeeded: Vec<_> = stages
        .iter()
        .filter(|stage| stage.pointer("/imker/saw/succeeded") == Some(&Value::Bool(true)))
        .collect();
    assert_eq!(succeeded.len(), 1, "{stages:?}");
    assert_eq!(succeeded[0].pointer("/imker/saw/chain").unwrap(), "ProxyShell");
}

#[test]
fn what_it_logs_as_iis_a_hunt_reads() {
    let mut honeypot = Honeypot::start();
    honeypot.status(&[], &honeypot.url(CHECK));
    // Redirects to HTTPS are no success, on whatever port HTTP is played.
    let plain = |path: &str| format!("http://127.0.0.2:{}{path}", honeypot.http);
    assert_eq!(honeypot.status(&[], &plain("/owa/")), "302");
    assert_eq!(honeypot.status(&[], &plain(CHECK)), "403");
    honeypot.stop();
    let logs = honeypot.path("iis");
    let log = fs::read_dir(logs.join("EX02.corp.example.org/W3SVC1"))
        .unwrap()
        .next()
        .unwrap();
    let log = fs::read_to_string(log.unwrap().path()).unwrap();
    assert!(log.contains("GET /owa/ - 80 - "), "{log}");
    let hunt = imker(&["hunt", "--quiet", "--format", "json", logs.to_str().unwrap()]);
    let report: Value = serde_json::from_slice(&hunt.stdout).unwrap();
    assert_eq!(report["verdict"], "vulnerable");
    let servers = report["servers"].as_array().unwrap();
    let verdict = |name: &str| {
        let server = servers
            .iter()
            .find(|server| server["name"].as_str().unwrap().starts_with(name));
        server.unwrap()["verdict"].clone()
    };
    assert_eq!(verdict("EX01"), "vulnerable");
    assert_eq!(verdict("EX02"), "attempted");
    assert_eq!(hunt.status.code(), Some(1));
}

#[test]
fn credentials_are_kept_masked_flagged_and_never_right() {
    let honeypot = Honeypot::start();
    let form = ["--data", "username=j.doe@own.example&password=Summer2026"];
    let logon = honeypot.url("/owa/auth.owa?password=Summer2026");
    assert_eq!(honeypot.status(&form, &logon), "302");
    let json = ["--json", "{\"user\":\"j.doe\",\"password\":\"Summer2026\"}"];
    honeypot.status(&json, &honeypot.url("/owa/service.svc"));
    let basic = ["--user", "EXAMPLE\\j.doe:Winter2026"];
    let place = honeypot.url("/ews/exchange.asmx/;password=Summer2026");
    assert_eq!(honeypot.status(&basic, &place), "401");
    let ntlm = ["--ntlm", "--user", "EXAMPLE\\a.roe:Autumn2026"];
    assert_eq!(honeypot.status(&ntlm, &honeypot.url("/mapi/emsmdb/")), "401");

    let shown = honeypot.wait_for_sinks(&["credentials"], |shown| shown.lines().count() == 4);
    assert!(
        shown.contains("[masked]") && shown.contains("yes: reset it"),
        "{shown}"
    );
    for secret in ["Summer2026", "Winter2026"] {
        assert!(!shown.contains(secret), "{shown}");
        assert!(honeypot.read(&["credentials", "--reveal"]).contains(secret));
        assert!(!honeypot.read(&["events"]).contains(secret));
        assert!(!honeypot.read(&["events", "--format", "csv"]).contains(secret));
        assert!(!honeypot.read(&["report"]).contains(secret));
        assert!(!honeypot.read(&["export", "stix"]).contains(secret));
    }
    let latest = honeypot.read(&["credentials", "--limit", "1", "--format", "csv"]);
    assert!(latest.contains("a.roe") && !latest.contains("j.doe"), "{latest}");
    assert!(
        latest.contains("domain,username,secret\r\n") && latest.contains(",EXAMPLE,a.roe,"),
        "{latest}"
    );
    // A name that holds its domain already is shown as it was sent.
    for list in [&["credentials"][..], &["events", "--kind", "credentials"]] {
        let shown = honeypot.read(list);
        for account in [" EXAMPLE\\a.roe ", " EXAMPLE\\j.doe ", " j.doe@own.example "] {
            assert!(shown.contains(account), "{account}: {shown}");
        }
    }
    let id = shown_session(&honeypot);
    for (filter, rows) in [
        (["--session", &id[..8]], 4),
        (["--host", "EX01"], 4),
        (["--host", "ex01.CORP"], 4),
        (["--host", "EX01.corp.example.org"], 4),
        (["--host", "EX0"], 1),
    ] {
        let shown = honeypot.read(&[&["credentials"], &filter[..]].concat());
        assert_eq!(shown.lines().count(), rows, "{filter:?}: {shown}");
        let events = honeypot.read(&[&["events", "--kind", "credentials"], &filter[..]].concat());
        assert_eq!(events.lines().count(), rows, "{filter:?}: {events}");
    }
    let config = honeypot.path("honeypot.toml");
    let none = [
        "honeypot",
        "attackers",
        "--host",
        "EX0",
        "--config",
        config.to_str().unwrap(),
    ];
    let told = String::from_utf8(imker(&none).stderr).unwrap();
    assert!(
        told.contains("no such host") && told.contains("EX01.corp.example.org"),
        "{told}"
    );
    // As much of it as lists of events show.
    let replayed = honeypot.read(&["replay", &id[..13]]);
    assert!(
        replayed.contains("POST /owa/auth.owa?password=[masked] HTTP/"),
        "{replayed}"
    );
    assert!(
        replayed.contains("username=j.doe@own.example&password=[masked]"),
        "{replayed}"
    );
    assert!(
        replayed.contains("{\"user\":\"j.doe\",\"password\":\"[masked]\"}"),
        "{replayed}"
    );
    assert!(
        replayed.contains("forms j.doe@own.example with [masked]"),
        "{replayed}"
    );
    assert!(!replayed.contains("Summer2026"), "{replayed}");
    assert!(honeypot.read(&["replay", &id, "--reveal"]).contains("Summer2026"));
}

#[test]
fn what_several_sensors_wrote_is_read_packed_and_from_folders() {
    let honeypot = Honeypot::start();
    honeypot.status(&[], &honeypot.url(CHECK));
    let lines = honeypot.read(&["events", "--format", "jsonl"]);
    let folder = honeypot.path("collected");
    fs::create_dir_all(folder.join("north")).unwrap();
    let (first, second) = lines.split_at(lines.find('\n').unwrap() + 1);
    fs::write(folder.join("north/events-1.jsonl"), first).unwrap();
    let packed = folder.join("north/events-2.jsonl");
    fs::write(&packed, second).unwrap();
    assert!(Command::new("gzip").arg(&packed).status().unwrap().success());
    fs::write(folder.join("notes.txt"), "no events").unwrap();
    let report =
        |arguments: &[&str]| imker(&[&["honeypot", "report", "--format", "json"], arguments].concat());
    let path = folder.to_str().unwrap();
    // Overlapping and given twice: counted once.
    let read = report(&[path, folder.join("north/events-1.jsonl").to_str().unwrap()]);
    let evaluation: Value = serde_json::from_str(&text(&read)).unwrap();
    assert_eq!(evaluation["totals"]["events"], lines.lines().count());
    assert_eq!(evaluation["gaps"]["missing"], 0);
    assert!(String::from_utf8(read.stderr).unwrap().contains("set aside: 1"));
    // What cannot be read is told, with its file, and by the exit status.
    fs::write(folder.join("bad.jsonl"), "{\"no\": \"event\"}\n}\n").unwrap();
    let read = report(&[path]);
    assert_eq!(read.status.code(), Some(2));
    let evaluation: Value = serde_json::from_slice(&read.stdout).unwrap();
    let bad = &evaluation["gaps"]["bad_lines"][0];
    assert!(
        bad["file"].as_str().unwrap().ends_with("bad.jsonl") && bad["line"] == 1 && bad["further"] == 1,
        "{bad}"
    );
    // Nothing that was read is overwritten, and a span that holds nothing is refused.
    let (bad, new) = (folder.join("bad.jsonl"), folder.join("north/report.json"));
    for (arguments, expected) in [
        (vec![path, "-o", bad.to_str().unwrap()], "would be overwritten"),
        (vec![path, "-o", new.to_str().unwrap()], "lies among the inputs"),
        (
            vec![path, "--html", new.to_str().unwrap()],
            "lies among the inputs",
        ),
        (vec![path, "--since", "2d", "--until", "3d"], "is not before"),
        (vec![folder.join("none").to_str().unwrap()], "none"),
    ] {
        let refused = report(&arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn own_addresses_are_never_exported() {
    // Made-up events, with addresses of AS112 and AMT (RFC 7534, 7535, 7450), from which nobody connects: those for
    // documentation are never exported. The sensor at 192.52.193.10 is attacked by others, by itself, and through its proxy.
    let folder = tempfile::tempdir().unwrap();
    let event = |sequence: u64, source: &str, extra: &str| {
        format!(
            "{{\"imker\":{{\"sequence\":{sequence},\"time\":\"{}\",\"sensor\":\"north\",\"connection\":{{\"id\":\"c\",\
             \"session\":\"s\",\"host\":\"EX01.corp.example.org\",\"persona\":\"p\",\"service\":\"https\",\
             \"source\":\"{source}:4000\",\"destination\":\"192.52.193.10:443\"{extra}}},\"saw\":{{\"kind\":\"stage-reached\",\
             \"chain\":\"ProxyShell\",\"stage\":\"probe\",\"order\":1,\"succeeded\":true,\"cves\":[],\"techniques\":[]}}}}}}\n",
            jiff::Timestamp::now()
        )
    };
    let sources = [
        "192.31.196.7",
        "192.52.193.10",
        "192.52.193.20",
        "192.175.48.3",
        "192.175.48.130",
    ];
    let mut lines = String::new();
    for (sequence, source) in (1..).zip(sources) {
        lines += &event(sequence, source, "");
    }
    lines += &event(7, "203.0.113.7", "");
    lines += &event(6, "192.31.196.8", ",\"proxy\":\"192.52.193.20:5000\"");
    let events = folder.path().join("events.jsonl");
    fs::write(&events, lines).unwrap();
    let config = "sensor = \"test\"\ndata = \"data\"\n\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
        netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
        external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
        seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n\n\
        [privacy]\nown_networks = [\"192.175.48.128/25\"]\n\n[[host]]\nname = \"EX01\"\n\
        persona = \"exchange-2016-cu19-mar21su\"\naddresses = [\"192.52.193.10\"]\n\
        trusted_proxies = [\"192.175.48.0/30\"]\n";
    let path = folder.path().join("honeypot.toml");
    fs::write(&path, config).unwrap();
    let config = ["--config", path.to_str().unwrap()];
    let listed = |form: &str, more: &[&str]| {
        text(&imker(
            &[&["honeypot", "export", form, events.to_str().unwrap()], more].concat(),
        ))
    };
    for form in ["blocklist", "ipset", "nftables", "csv", "stix", "misp"] {
        let with = listed(form, &config);
        for (source, exported) in sources.into_iter().zip([true, false, false, false, false]) {
            assert_eq!(with.contains(source), exported, "{source} in {form}");
        }
        assert!(with.contains("192.31.196.8") && !with.contains("203.0.113.7"));
    }
    // Without a configuration, what the events tell of sensor and proxy still holds.
    let without = listed("blocklist", &["--data", folder.path().to_str().unwrap()]);
    for (source, exported) in sources.into_iter().zip([true, false, false, true, true]) {
        assert_eq!(without.contains(source), exported, "{source}");
    }
}

fn shown_session(honeypot: &Honeypot) -> String {
    let sessions = honeypot.read(&["sessions", "--format", "csv"]);
    let row = sessions.lines().nth(1).unwrap();
    row.split(',').next().unwrap().to_owned()
}

#[test]
fn a_killed_sensor_has_on_record_what_it_answered() {
    let mut honeypot = Honeypot::start();
    let url = format!("http://127.0.0.1:{}/nothing-here", honeypot.http);
    for round in 0..3 {
        for number in 0..20 {
            honeypot.status(&[], &format!("{url}?n={round}-{number}"));
        }
        honeypot = honeypot.kill_and_play_again();
    }
    let mut seen: Vec<String> = honeypot
        .events("web-request")
        .iter()
        .filter_map(|event| Some(event.pointer("/url/query")?.as_str()?.to_owned()))
        .collect();
    seen.sort();
    let mut expected: Vec<String> = (0..3)
        .flat_map(|round| (0..20).map(move |number| format!("n={round}-{number}")))
        .collect();
    expected.sort();
    assert_eq!(seen, expected);
}

#[test]
fn a_payload_goes_to_quarantine_and_comes_out_as_it_was() {
    let honeypot = Honeypot::start();
    let payload = honeypot.path("payload");
    let bytes: Vec<u8> = (0..40_000_u32).map(|at| (at % 251) as u8).collect();
    fs::write(&payload, &bytes).unwrap();
    let upload = ["--upload-file", payload.to_str().unwrap()];
    honeypot.status(&upload, &honeypot.url("/aspnet_client/inert.txt"));
    let listed = honeypot.wait_for_sinks(&["payloads", "--format", "jsonl"], |shown| !shown.is_empty());
    let row: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    let sha256 = row.pointer("/sha256").unwrap().as_str().unwrap();
    let out = honeypot.path("out");
    honeypot.read(&[
        "payloads",
        "--extract",
        &sha256[..12],
        "--output",
        out.to_str().unwrap(),
    ]);
    assert_eq!(fs::read(&out).unwrap(), bytes);
    let config = honeypot.path("honeypot.toml");
    let (config, out) = (config.to_str().unwrap(), out.to_str().unwrap());
    let again = [
        "honeypot",
        "payloads",
        "--extract",
        sha256,
        "--output",
        out,
        "--config",
        config,
    ];
    assert_eq!(imker(&again).status.code(), Some(2), "a file was overwritten");
    assert_eq!(listed.lines().count(), 1, "{listed}");
}

#[test]
fn what_was_kept_of_a_payload_only_in_part_is_told() {
    let (folder, https, http) = Honeypot::configured();
    let config = folder.path().join("honeypot.toml");
    let settings = "\n[quarantine]\nmax_item = 30000\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + settings).unwrap();
    let honeypot = Honeypot::play(folder, https, http);
    let payload = honeypot.path("payload");
    fs::write(&payload, [b'x'; 40_000]).unwrap();
    let upload = ["--upload-file", payload.to_str().unwrap()];
    honeypot.status(&upload, &honeypot.url("/aspnet_client/inert.txt"));
    let listed = honeypot.wait_for_sinks(&["payloads", "--format", "jsonl"], |shown| !shown.is_empty());
    let row: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    let (config, out) = (honeypot.path("honeypot.toml"), honeypot.path("out"));
    let extracted = imker(&[
        "honeypot",
        "payloads",
        "--extract",
        row["sha256"].as_str().unwrap(),
        "--output",
        out.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ]);
    assert_eq!(extracted.status.code(), Some(2));
    let told = String::from_utf8(extracted.stderr).unwrap();
    assert!(told.contains("30000 of 40000 bytes were kept"), "{told}");
    assert_eq!(fs::read(out).unwrap(), [b'x'; 30_000]);
}

#[test]
fn a_body_longer_than_is_read_is_listed_as_cut() {
    let (folder, https, http) = Honeypot::configured();
    let config = folder.path().join("honeypot.toml");
    let settings = "\n[limits]\nbody = 20000\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + settings).unwrap();
    let honeypot = Honeypot::play(folder, https, http);
    let payload = honeypot.path("payload");
    for bytes in [40_000, 10_000] {
        fs::write(&payload, vec![b'x'; bytes]).unwrap();
        let upload = [
            "--http1.1",
            "--header",
            "Transfer-Encoding: chunked",
            "--upload-file",
        ];
        honeypot.status(
            &[&upload[..], &[payload.to_str().unwrap()]].concat(),
            &honeypot.url("/aspnet_client/inert.txt"),
        );
    }
    let listed = honeypot.wait_for_sinks(&["payloads", "--format", "csv"], |shown| {
        shown.lines().count() == 3
    });
    let cells: Vec<Vec<&str>> = listed.lines().map(|line| line.split(',').collect()).collect();
    let cut: Vec<&str> = cells.iter().map(|cells| cells[4]).collect();
    assert_eq!(cut, ["cut", "yes", ""], "{listed}");
    let lines = honeypot.read(&["payloads", "--format", "jsonl"]);
    let cut = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["cut"].clone());
    assert!(cut.eq([true, false]), "{lines}");
}

#[test]
fn an_extraction_needs_a_hash_and_a_file() {
    for (arguments, remedy) in [
        (["payloads", "--extract", "ab"], "add `--output FILE`"),
        (["payloads", "--output", "out"], "`--extract SHA256`"),
    ] {
        let refused = imker(&[&["honeypot"], &arguments[..]].concat());
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains(remedy) && !told.contains("--config"), "{told}");
    }
}

#[test]
fn a_file_of_a_form_comes_out_as_it_was() {
    let honeypot = Honeypot::start();
    let file = honeypot.path("inert.aspx");
    fs::write(&file, "inert\r\nbytes\0").unwrap();
    let form = ["--form", "a=b", "--form", &format!("f=@{}", file.display())];
    honeypot.status(&form, &honeypot.url("/ecp/upload.aspx"));
    let listed = honeypot.wait_for_sinks(&["payloads", "--format", "jsonl"], |shown| !shown.is_empty());
    let row: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    let sha256 = row.pointer("/sha256").unwrap().as_str().unwrap();
    let out = honeypot.path("out");
    let to = ["--output", out.to_str().unwrap()];
    honeypot.read(&[&["payloads", "--extract", sha256], &to[..]].concat());
    assert_eq!(fs::read(out).unwrap(), fs::read(file).unwrap());
}

#[test]
fn nmap_takes_it_for_the_server_that_it_plays() {
    let honeypot = Honeypot::start();
    let output = Command::new("nmap")
        .args([
            "-Pn",
            "-n",
            "-sV",
            "--script",
            "http-ntlm-info,http-headers,http-title,ssl-cert",
        ])
        .args(["--script-args", "http-ntlm-info.root=/ews/exchange.asmx"])
        .args([
            "-p",
            &format!("{},{}", honeypot.https, honeypot.http),
            "127.0.0.1",
        ])
        .output()
        .unwrap();
    let shown = text(&output);
    for expected in [
        "Microsoft IIS httpd 10.0",
        "NetBIOS_Domain_Name: EXAMPLE",
        "NetBIOS_Computer_Name: EX01",
        "DNS_Domain_Name: corp.example.org",
        "DNS_Computer_Name: EX01.corp.example.org",
        "Product_Version: 10.0.14393",
        "commonName=EX01",
        "X-AspNet-Version: 4.0.30319",
        "Outlook",
    ] {
        assert!(shown.contains(expected), "{expected} is missing in\n{shown}");
    }
}

/// Name, build and Windows of a host are the same in headers, certificate, NTLM, pages and the IIS log.
#[test]
fn each_host_says_the_same_of_itself_everywhere() {
    let honeypot = Honeypot::start();
    let windows = ["10.0.14393", "10.0.20348", "6.3.9600", "10.0.14393", "10.0.20348"];
    for (at, ((address, persona, _), windows)) in HOSTS.iter().zip(windows).enumerate() {
        let name = format!("EX0{}", at + 1);
        let url = format!("https://{address}:{}", honeypot.https);
        let headers = honeypot.curl(&["--include", "--http1.1"], &format!("{url}/ews/exchange.asmx"));
        let page = honeypot.curl(&["--include", "--http1.1"], &format!("{url}/owa/auth/logon.aspx"));
        let iis = if windows == "6.3.9600" { "8.5" } else { "10.0" };
        let server = format!("Microsoft-IIS/{iis}\r\n");
        assert!(headers.contains(&server) && page.contains(&server), "{persona}");
        assert!(
            headers.contains(&format!("X-FEServer: {name}\r\n")),
            "{persona}: {headers}"
        );
        // The build in the page's paths is that in the header, where the build sends one.
        let path = page.split("/owa/auth/15.").nth(1).unwrap();
        let path = format!("15.{}", path.split('/').next().unwrap());
        for line in headers.lines().chain(page.lines()) {
            if let Some(build) = line.strip_prefix("X-OWA-Version: ") {
                assert!(
                    build.starts_with(&format!("{path}.")),
                    "{persona}: {build} and {path}"
                );
            }
        }
        let output = Command::new("nmap")
            .args(["-Pn", "-n", "-p", &honeypot.https.to_string(), address])
            .args(["--script", "+http-ntlm-info,+ssl-cert"])
            .args(["--script-args", "http-ntlm-info.root=/ews/exchange.asmx"])
            .output()
            .unwrap();
        let shown = text(&output);
        for expected in [
            format!("NetBIOS_Computer_Name: {name}"),
            format!("DNS_Computer_Name: {name}.corp.example.org"),
            format!("Product_Version: {windows}"),
            format!("commonName={name}"),
        ] {
            assert!(
                shown.contains(&expected),
                "{persona}: {expected} is missing in\n{shown}"
            );
        }
    }
}

#[test]
fn a_configuration_with_names_of_its_own_is_made_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let path: PathBuf = folder.path().join(name);
        text(&imker(&[
            "honeypot",
            "init",
            "--address",
            "127.0.0.1",
            "-o",
            path.to_str().unwrap(),
        ]));
        path
    };
    let (first, second) = (write("a.toml"), write("b.toml"));
    assert_ne!(
        fs::read_to_string(&first).unwrap(),
        fs::read_to_string(&second).unwrap()
    );
    let check = |path: &Path| {
        text(&imker(&[
            "honeypot",
            "--check",
            "--config",
            path.to_str().unwrap(),
        ]))
    };
    assert!(check(&first).contains("ProxyShell, "), "{}", check(&first));
    let again = imker(&["honeypot", "init", "-o", first.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "a configuration was overwritten");
}

#[test]
fn a_bad_configuration_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("honeypot.toml");
    fs::write(&path, "sensor = \"test\"\ndata = \"data\"\nprot = 1\n").unwrap();
    let output = imker(&["honeypot", "--config", path.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("honeypot.toml") && told.contains("prot"), "{told}");
    let none = imker(&[
        "honeypot",
        "events",
        "--data",
        folder.path().join("none").to_str().unwrap(),
    ]);
    assert!(
        String::from_utf8(none.stderr)
            .unwrap()
            .contains("nothing was recorded")
    );
}
