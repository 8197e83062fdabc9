//! Nothing that is compiled into `imker honeypot` plays without recording.

#![cfg(all(unix, feature = "honeypot"))]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};

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
