#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use imker_posture::{Fault, FaultKind};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn head(targets: u64) -> Head {
    Head {
        imker_scan_state: Head::VERSION,
        started: Timestamp::UNIX_EPOCH,
        seed: Seed(7),
        targets,
        fingerprint: "1".into(),
        checks: Checks::Quick,
        smtp: false,
    }
}

fn observation(place: u64) -> Observation {
    Observation {
        target: format!("host{place}.example.org"),
        started: Timestamp::UNIX_EPOCH,
        took_ms: place,
        checks: Checks::Quick,
        visits: Vec::new(),
        tls_versions: Vec::new(),
        smtp: Vec::new(),
        fault: Some(Fault {
            kind: FaultKind::Refused,
            detail: None,
        }),
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    (folder, path)
}

fn answered(journal: &Journal) -> Vec<u64> {
    let answered = journal.observations().unwrap();
    answered.map(|observation| observation.unwrap().took_ms).collect()
}

#[test]
fn knows_what_was_begun_and_answered() {
    let (_folder, path) = folder();
    assert_eq!(Journal::seed(&path).unwrap(), None);
    let journal = Journal::open(&path, &head(9)).unwrap();
    // One waits longer than those behind it.
    for place in [0, 1, 3, 4] {
        journal.begin(place).unwrap();
    }
    for place in [3, 0, 4] {
        journal.finish(place, observation(place)).unwrap();
    }
    drop(journal);
    assert_eq!(Journal::seed(&path).unwrap(), Some(Seed(7)));
    let journal = Journal::open(&path, &head(9)).unwrap();
    let done: Vec<u64> = (0..9).filter(|place| journal.is_done(*place)).collect();
    assert_eq!((done, journal.done()), (vec![0, 3, 4], 3));
    assert!(journal.was_interrupted(1) && !journal.was_interrupted(2) && !journal.was_interrupted(5));
    journal.finish(1, observation(1)).unwrap();
    assert_eq!(answered(&journal), [3, 0, 4, 1]);
    assert!(
        matches!(journal.begin(5), Err(JournalError::Closed(_))),
        "it is read"
    );
}

/// Each of these would otherwise fill the memory with places, or count beyond the last number there is.
#[test]
fn places_that_no_scan_writes_are_refused() {
    let (_folder, path) = folder();
    let targets = 3 << 20;
    let place = |place: u64| format!("{{\"began\":{place}}}\n");
    let rows = [
        (
            place(u64::MAX),
            "line 2: not the state of a scan (target 18446744073709551615 of",
        ),
        (
            place(0) + &place(targets),
            "line 3: not the state of a scan (target 3145728 of 3145728",
        ),
    ];
    for (rows, expected) in rows {
        std::fs::remove_file(&path).ok();
        drop(Journal::open(&path, &head(targets)).unwrap());
        let text = std::fs::read_to_string(&path).unwrap() + &rows;
        std::fs::write(&path, text).unwrap();
        let error = Journal::open(&path, &head(targets)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Most of a list may be left out: nothing is written of that.
#[test]
fn places_that_are_left_out_are_no_matter() {
    let (_folder, path) = folder();
    let targets = 3 << 20;
    let last = targets - 1;
    let journal = Journal::open(&path, &head(targets)).unwrap();
    journal.begin(last).unwrap();
    drop(journal);
    let journal = Journal::open(&path, &head(targets)).unwrap();
    assert!(journal.was_interrupted(last) && !journal.is_done(last) && journal.done() == 0);
    journal.finish(last, observation(last)).unwrap();
    drop(journal);
    let journal = Journal::open(&path, &head(targets)).unwrap();
    assert!(!journal.was_interrupted(last) && journal.is_done(last) && journal.done() == 1);
    assert!(!journal.is_done(last - 1));
}

#[test]
fn answers_too_large_to_be_kept_are_told_as_such() {
    let mut large = observation(0);
    large.smtp = vec![
        imker_posture::SmtpVisit {
            service: imker_posture::Service::Smtp,
            address: None,
            banner: Some("x".repeat(1 << 20)),
            extensions: Vec::new(),
            tls: None,
            fault: None,
        };
        9
    ];
    let (_folder, path) = folder();
    let journal = Journal::open(&path, &head(2)).unwrap();
    journal.finish(0, large).unwrap();
    journal.finish(1, observation(1)).unwrap();
    let kept: Vec<Observation> = journal.observations().unwrap().map(Result::unwrap).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept[0].smtp.is_empty() && kept[0].fault.as_ref().unwrap().detail.is_some());
}

/// A disk that is full: `/dev/full` takes nothing.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let error = Journal::open(Path::new("/dev/full"), &head(2))
        .unwrap_err()
        .to_string();
    assert!(error.contains("/dev/full"), "{error}");
}

#[test]
fn is_of_one_scan_and_one_process() {
    let (_folder, path) = folder();
    let first = Journal::open(&path, &head(9)).unwrap();
    let told = |error: JournalError| error.to_string();
    assert!(told(Journal::open(&path, &head(9)).unwrap_err()).contains("another scan writes"));
    drop(first);
    let other = told(Journal::open(&path, &head(8)).unwrap_err());
    assert!(
        other.contains("9 targets") && other.contains("8 targets"),
        "{other}"
    );
    for foreign in ["hello\n", "hello", "{\"imker_scan_state\":1", "{}\n"] {
        std::fs::write(&path, foreign).unwrap();
        let foreign = told(Journal::open(&path, &head(9)).unwrap_err());
        assert!(foreign.contains("line 1: not the state of a scan"), "{foreign}");
    }
}

#[test]
fn a_damaged_line_is_named() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path, &head(9)).unwrap();
    journal.begin(0).unwrap();
    drop(journal);
    let text = std::fs::read_to_string(&path).unwrap() + "}{\n{\"began\":1}\n";
    std::fs::write(&path, text).unwrap();
    let error = Journal::open(&path, &head(9)).unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
}

#[test]
fn a_temporary_one_is_read_back() {
    let journal = Journal::temporary(&head(2)).unwrap();
    journal.begin(0).unwrap();
    journal.finish(0, observation(0)).unwrap();
    assert_eq!(answered(&journal), [0]);
}

proptest! {
    /// Wherever writing ends, what is read back is what was written before, and going on loses nothing.
    #[test]
    fn cut_anywhere(targets in 1_u64..12, cut in 0.0..1.0_f64) {
        let (_folder, path) = folder();
        let journal = Journal::open(&path, &head(targets)).unwrap();
        let first_line = std::fs::metadata(&path).unwrap().len();
        for place in 0..targets {
            journal.begin(place).unwrap();
            if place % 3 != 1 {
                journal.finish(place, observation(place)).unwrap();
            }
        }
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let rest = (whole.len() as f64 - first_line as f64) * cut;
        let kept = first_line as usize + rest as usize;
        std::fs::write(&path, &whole[..kept]).unwrap();
        let journal = Journal::open(&path, &head(targets)).unwrap();
        for place in 0..targets {
            if !journal.is_done(place) {
                journal.begin(place).unwrap();
                journal.finish(place, observation(place)).unwrap();
            }
        }
        let mut all = answered(&journal);
        all.sort_unstable();
        prop_assert_eq!(all, (0..targets).collect::<Vec<_>>());
    }
}
