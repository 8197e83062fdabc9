//! Newer tables of builds, fixes and products, as `--update-table` takes them: taken over, or refused with file and row.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use imker_exchange::{UpdateError, update_tables};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// First rows of the three tables.
const HEADS: [&str; 4] = [
    "build,product,cumulative_update,update,date,kb,own_month_only,verified,note,source\n",
    "cve,chain,product,cumulative_update,first_fixed_build,kb,also_needs,verified,note,source\n",
    "product,first_build,released,support_end,paid_until,paid_for,assessed_until,verified,note,source\n",
    "",
];

fn file() -> &'static PathBuf {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = FILE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        (folder, path)
    });
    path
}

fuzz_target!(|input: (u8, &[u8])| {
    let (head, rows) = input;
    let head = HEADS[usize::from(head) % HEADS.len()];
    fs::write(file(), [head.as_bytes(), rows].concat()).unwrap();
    match update_tables(&[file()]) {
        // Once one was taken over, every further one is read and checked before it is refused.
        Ok(()) | Err(UpdateError::InUse) => {}
        Err(error) => assert!(error.to_string().contains("table.csv"), "{error}"),
    }
});
