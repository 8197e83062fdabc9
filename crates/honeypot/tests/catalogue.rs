//! Holds what the honeypot records to the catalogue of events, by its source.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::Path;

use imker_event::Kind;

/// Kinds that no source file names yet. An entry whose kind is recorded fails: take it off the list.
const NOT_YET: &[&str] = &["SensorStarted", "SensorStopped"];

/// Folders and files that take events on, or make them up for tests, and record none.
const READERS: &[&str] = &["sinks", "view", "tests", "tests.rs", "testing.rs"];

#[test]
fn what_is_recorded_is_in_the_catalogue_and_the_other_way_round() {
    let mut named = BTreeSet::new();
    let mut note = |text: &str| {
        for (at, _) in text.match_indices("Saw::") {
            // Not `sigma::Saw::`, nor `OldSaw::`, should there ever be one.
            if !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                let name = text[at + 5..].chars().take_while(|c| c.is_alphanumeric());
                named.insert(name.collect::<String>());
            }
        }
    };
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    walk(&crates.join("honeypot/src"), &mut note);
    // The command starts and stops the sensor.
    walk(&crates.join("imker/src/honeypot"), &mut note);
    named.retain(|name| name.starts_with(|c: char| c.is_uppercase()));

    let catalogue: BTreeSet<String> = Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect();
    let unknown: Vec<_> = named.difference(&catalogue).collect();
    assert!(
        unknown.is_empty(),
        "recorded, but not in the catalogue: {unknown:?}"
    );

    let never: BTreeSet<&str> = catalogue.difference(&named).map(String::as_str).collect();
    let allowed: BTreeSet<&str> = NOT_YET.iter().copied().collect();
    let missing: Vec<_> = never.difference(&allowed).collect();
    assert!(
        missing.is_empty(),
        "in the catalogue, but never recorded: {missing:?}"
    );
    let done: Vec<_> = allowed.difference(&never).collect();
    assert!(
        done.is_empty(),
        "recorded by now, take them off the list: {done:?}"
    );
}

/// Calls `each` with the text of every source file that may record events.
fn walk(folder: &Path, each: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if READERS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            walk(&path, each);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            each(&code.join("\n"));
        }
    }
}
