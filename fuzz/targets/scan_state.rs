//! What a scan goes on with (`--resume`) and what two results are compared by (`--diff`).
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use imker_report::scan::{Change, diff};
use imker_scan::run::{Head, Journal};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

const HEAD: &str = r#"{"imker_scan_state":1,"started":"1970-01-01T00:00:00Z","seed":"7","targets":4294967296,"fingerprint":"1","checks":"quick","smtp":false}
"#;

fn state() -> &'static PathBuf {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = FILE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        (folder, path)
    });
    path
}

/// How many targets were answered, and how many answers there are.
fn recovered(path: &PathBuf, head: &Head) -> Option<(u64, usize)> {
    let journal = Journal::open(path, head).ok()?;
    let observations = journal.observations().ok()?;
    Some((journal.done(), observations.map(Result::unwrap).count()))
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(diff) = diff(bytes, bytes) {
        assert!(!diff.counts.contains_key(&Change::New) && !diff.counts.contains_key(&Change::Gone));
    }
    let path = state();
    let head: Head = serde_json::from_str(HEAD).unwrap();
    for first_line in [HEAD, ""] {
        fs::write(path, [first_line.as_bytes(), bytes].concat()).unwrap();
        let _ = Journal::seed(path);
        if let Some(first) = recovered(path, &head) {
            // A last line that was cut off is gone; what is left is what was read.
            assert_eq!(recovered(path, &head), Some(first));
        }
    }
});
