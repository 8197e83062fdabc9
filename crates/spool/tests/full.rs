//! A disk that is really full: a file system of 2 MiB in memory, mounted in a namespace of the test's own.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_types
)]

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use imker_spool::{AppendError, Entry, Loss, Options, Spool, read_only};

/// The mounted file system.
const DIR: &str = "IMKER_SPOOL_TINY_DISK";

#[test]
fn a_full_disk() {
    let namespaces = ["--map-root-user", "--mount"];
    let permitted = Command::new("unshare").args(namespaces).arg("true").status();
    if !permitted.is_ok_and(|status| status.success()) {
        return imker_testing::left_out(
            "this system permits no mount namespaces (unshare --map-root-user --mount)",
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let run = "mount -t tmpfs -o size=2m none \"$0\" && exec \"$1\" --exact on_a_tiny_disk --ignored";
    let status = Command::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", run])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .env(DIR, dir.path())
        .status();
    assert!(status.unwrap().success());
}

fn append(spool: &Spool, number: usize) -> Result<u64, AppendError> {
    spool
        .append(vec![format!("{number} {:01000}", 0).into_bytes()])
        .wait()
}

/// What the rest of the disk is filled with.
fn fill(path: &Path) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    while file.write_all(&[0; 1024]).is_ok() {}
}

#[test]
#[ignore = "runs inside the file system that another test mounts"]
fn on_a_tiny_disk() {
    let Some(root) = std::env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    let dir = root.join("spool");
    let options = Options {
        min_free: 0,
        segment_size: 128 << 10,
        sources: 16,
        ..Options::default()
    };
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    let (spool, _) = Spool::open(&dir, options.clone(), explain).unwrap();
    let cursor = spool.cursor("passes").unwrap();
    // More than there is room for: the oldest goes, and no loss is told of what its reader has passed.
    for number in 0..4000 {
        cursor.pass(append(&spool, number).unwrap());
        if number % 500 == 0 {
            // A cursor is on disk within a second, also where the disk is full.
            std::thread::sleep(Duration::from_millis(1200));
        }
    }
    let mut reader = read_only(&dir, 1).unwrap();
    let mut kept = 0;
    while let Some(entry) = reader.try_next().unwrap() {
        if let Entry::Payload { bytes, .. } = entry {
            assert!(
                !bytes.starts_with(b"Evicted"),
                "{}",
                String::from_utf8_lossy(&bytes)
            );
            kept += 1;
        }
    }
    assert!((500..3000).contains(&kept), "{kept}");
    drop(cursor);
    spool.forget("passes").unwrap();
    // Another process takes what is left, and all that would become free: then nothing can be written.
    let filler = root.join("filler");
    let mut refused = 0;
    let mut kept = 0;
    for number in 0..4000 {
        fill(&filler);
        match append(&spool, number) {
            Ok(_) => kept += 1,
            Err(error) => {
                assert!(matches!(error, AppendError::Full(_)), "{error}");
                spool.refuse("192.0.2.66".parse().unwrap(), 1, SystemTime::now());
                refused += 1;
            }
        }
    }
    assert!(refused > 1000, "{refused} refused, {kept} kept");
    drop(spool);
    let (spool, recovery) = Spool::open(&dir, options, explain).unwrap();
    assert!(
        matches!(recovery.losses[..], [Loss::Full { lost, .. }] if lost == refused),
        "{:?}",
        recovery.losses
    );
    std::fs::remove_file(&filler).unwrap();
    let last = append(&spool, 0).unwrap();
    let mut reader = read_only(&dir, 1).unwrap();
    let entries: Vec<_> = std::iter::from_fn(|| reader.try_next().unwrap()).collect();
    assert!(
        matches!(entries[0], Entry::Missing { first: 1, .. }),
        "{:?}",
        entries[0]
    );
    assert!(
        entries[1..]
            .iter()
            .all(|entry| matches!(entry, Entry::Payload { .. }))
    );
    assert_eq!(entries.last().unwrap().sequence(), last);
    let told: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Payload { bytes, .. } if bytes.starts_with(b"Full") => {
                Some(String::from_utf8_lossy(bytes))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(&format!("sources: [(192.0.2.66, {refused})]")),
        "{told:?}"
    );
}
