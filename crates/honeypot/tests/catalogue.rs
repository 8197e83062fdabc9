//! Holds the catalogue of events to what the honeypot records, by its source; the other way round the compiler does.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::Path;

use imker_event::Kind;

/// Folders and files that take events on, or make them up for tests, and record none.
const READERS: &[&str] = &["sinks", "view", "tests", "tests.rs", "testing.rs"];

#[test]
fn each_kind_of_the_catalogue_is_recorded_somewhere() {
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
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut note);
    named.retain(|name| name.starts_with(|c: char| c.is_uppercase()));

    let catalogue: BTreeSet<String> = Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect();
    let missing: Vec<_> = catalogue.difference(&named).collect();
    assert!(
        missing.is_empty(),
        "in the catalogue, but never recorded: {missing:?}"
    );
}

/// Whether a line matches events rather than making one.
fn takes_apart(line: &str) -> bool {
    ["=>", "matches!", "let Saw::", ".. }", "(_)"]
        .iter()
        .any(|pattern| line.contains(pattern))
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
                .filter(|line| !line.trim_start().starts_with("//") && !takes_apart(line))
                .collect();
            each(&code.join("\n"));
        }
    }
}
