//! Nothing that is compiled into `imker honeypot` plays without recording, and nothing that can be said to it stops the
//! record: it is refused, or what was asked stands there.

#![cfg(all(unix, feature = "honeypot"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rust sources of the crates, in order, by their path below the project.
fn sources() -> Vec<(String, String)> {
    let files = walkdir::WalkDir::new(root().join("crates")).sort_by_file_name();
    let files = files.into_iter().map(Result::unwrap);
    files
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|file| {
            let path = file.path().strip_prefix(root()).unwrap();
            (
                path.to_str().unwrap().to_owned(),
                fs::read_to_string(file.path()).unwrap(),
            )
        })
        .collect()
}

/// Lines of the crates that hold one of these, with their files; this file aside.
fn lines_with(fragments: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in sources() {
        if path.ends_with("tests/always_records.rs") {
            continue;
        }
        let lines = text
            .lines()
            .filter(|line| fragments.iter().any(|fragment| line.contains(fragment)));
        found.extend(lines.map(|line| (path.clone(), line.trim().to_owned())));
    }
    found
}

#[test]
fn one_store_is_compiled_and_it_writes_to_disk() {
    let stores = lines_with(&["Store for "]);
    let stores: Vec<_> = stores
        .iter()
        .map(|(path, line)| (path.as_str(), line.as_str()))
        .collect();
    assert_eq!(
        stores,
        [
            ("crates/honeypot/src/recorder.rs", "impl Store for Recorder {"),
            // Compiled into tests alone.
            ("crates/honeypot/src/testing.rs", "impl Store for MemoryStore {"),
        ]
    );
    let library = fs::read_to_string(root().join("crates/honeypot/src/lib.rs")).unwrap();
    assert!(library.contains("#[cfg(test)]\nmod testing;"), "{library}");
    // A sensor is made in one place, with the recorder that was opened above it.
    let sensors = lines_with(&["Sensor::new("]);
    let makers = sensors.iter().map(|(path, _)| path.as_str());
    let makers: Vec<_> = makers.filter(|path| !path.contains("test")).collect();
    assert_eq!(makers, ["crates/honeypot/src/play.rs"]);
    // What plays without recording is no dependency of anything.
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(!lock.contains("\n \"xtask"), "a package depends on xtask");
}

#[test]
fn what_records_reads_no_variable() {
    let mut reads = lines_with(&["env::var", "env::vars", "option_env!"]);
    let recording = [
        "crates/honeypot/src/",
        "crates/spool/src/",
        "crates/imker/src/honeypot/",
    ];
    reads.retain(|(path, _)| recording.iter().any(|folder| path.starts_with(folder)));
    assert_eq!(reads, [], "what is read, and can it stop the record?");
}

/// What someone may write who wants no record. A section stands behind the settings without one.
const SETTINGS: &[&str] = &[
    "record = false",
    "recording = \"off\"",
    "no_record = true",
    "null = true",
    "spool = false",
    "spool = \"\"",
    "spool = \"/dev/null\"",
    "store = \"null\"",
    "dry_run = true",
    "data = \"/dev/null\"",
    "data = \"/dev/full\"",
    "data = \"/dev/null/x\"",
    "data = \"\"",
    "data = false",
    "[record]\nenabled = false",
    "[spool]\nenabled = false",
    "[spool]\nrecord = false",
    "[spool]\nkind = \"null\"",
    "[spool]\npath = \"/dev/null\"",
    "[spool]\nsync = false",
    "[spool]\nmax_size = 0",
    "[spool]\nmax_age = \"0s\"",
    "[spool]\nmax_age_days = 0",
    "[spool]\nsegment_size = 0",
    "[privacy]\nevents = \"0s\"",
];

/// The same as options.
const OPTIONS: &[&[&str]] = &[
    &["--no-record"],
    &["--no-recording"],
    &["--record=false"],
    &["--record", "off"],
    &["--null"],
    &["--null-store"],
    &["--store", "null"],
    &["--no-spool"],
    &["--spool", "/dev/null"],
    &["--data", "/dev/null"],
    &["--dry-run"],
];

/// The same as variables.
const VARIABLES: &[&str] = &[
    "RECORD",
    "NO_RECORD",
    "RECORDING",
    "SPOOL",
    "NO_SPOOL",
    "STORE",
    "NULL",
    "NULL_STORE",
    "DATA",
    "DRY_RUN",
];

/// A configuration of one host that listens for HTTP on a port.
fn configuration(setting: &str, port: u16) -> String {
    let data = match setting.starts_with("data") {
        true => "",
        false => "data = \"data\"",
    };
    format!(
        "sensor = \"test\"\n{data}\n{setting}\n\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
         netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
         external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
         seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n\n\
         [[host]]\nname = \"EX01\"\npersona = \"exchange-2016-cu19-mar21su\"\naddresses = [\"127.0.0.1\"]\n\
         https = []\nhttp = [{port}]\n"
    )
}

/// A port that is free on the loopback interface.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Killed when dropped.
struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What became of a start.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It did not play, and said why.
    Refused(String),
    /// It played, and what it was asked stands in the record.
    Recorded,
}

/// Starts `imker honeypot`; where it plays, asks it, and looks for that in the record.
fn outcome(setting: &str, options: &[&str], variables: &[(String, &str)]) -> Outcome {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let (config, log) = (folder.path().join("honeypot.toml"), folder.path().join("log"));
    fs::write(&config, configuration(setting, port)).unwrap();
    let imker = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imker"));
        command.current_dir(folder.path()).arg("honeypot");
        command
    };
    let child = imker()
        .args(options)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut playing = Playing(child);
    let said = format!("{setting:?} {options:?}");
    let patience = Instant::now() + Duration::from_secs(60);
    let mut client = loop {
        if let Some(status) = playing.0.try_wait().unwrap() {
            assert_eq!(status.code(), Some(2), "{said}");
            return Outcome::Refused(fs::read_to_string(&log).unwrap());
        }
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(client) => break client,
            Err(_) => assert!(Instant::now() < patience, "{said}: it neither listens nor ends"),
        }
        thread::sleep(Duration::from_millis(20));
    };
    let request = b"GET /always-recorded HTTP/1.1\r\nHost: mail.example.org\r\nConnection: close\r\n\r\n";
    client.write_all(request).unwrap();
    client.read_exact(&mut [0; 12]).unwrap();
    // The answer is here, so the record must be, whatever happens next.
    drop(playing);
    let events = imker()
        .args(["events", "--kind", "web-request", "--format", "jsonl"])
        .output()
        .unwrap();
    let events = String::from_utf8(events.stdout).unwrap();
    assert!(
        events.contains("/always-recorded"),
        "{said}: answered, and not recorded: {events}"
    );
    Outcome::Recorded
}

fn refused(setting: &str, options: &[&str]) -> String {
    match outcome(setting, options, &[]) {
        Outcome::Refused(why) => why,
        Outcome::Recorded => panic!("{setting:?} {options:?} is not refused"),
    }
}

#[test]
fn settings_that_ask_for_no_record_are_refused() {
    // So that what is refused below is refused for what is added.
    assert_eq!(outcome("", &[], &[]), Outcome::Recorded);
    for setting in SETTINGS {
        let why = refused(setting, &[]);
        assert!(
            why.contains("honeypot.toml") || why.contains("/dev/"),
            "{setting}: {why}"
        );
    }
}

#[test]
fn options_that_ask_for_no_record_are_refused() {
    for options in OPTIONS {
        let why = refused("", options);
        let option = options[0].split('=').next().unwrap();
        assert!(why.contains(option), "{options:?}: {why}");
    }
}

#[test]
fn variables_do_not_stop_the_record() {
    for value in ["0", "1", "off", "/dev/null"] {
        let prefixed =
            |name: &&str| ["", "IMKER_", "IMKER_HONEYPOT_"].map(|prefix| format!("{prefix}{name}"));
        let variables: Vec<_> = VARIABLES
            .iter()
            .flat_map(prefixed)
            .map(|name| (name, value))
            .collect();
        assert_eq!(outcome("", &[], &variables), Outcome::Recorded, "{value}");
    }
}
