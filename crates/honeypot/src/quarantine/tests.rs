#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use super::*;
use crate::http::content_of;
use imker_event::Content;

fn limits() -> Limits {
    Limits {
        max_item: 1000,
        max_total: 3000,
        max_age: None,
        min_free: 0,
    }
}

fn open(limits: Limits) -> (tempfile::TempDir, Quarantine) {
    let dir = tempfile::tempdir().unwrap();
    let quarantine = Quarantine::open(&dir.path().join("quarantine"), limits).unwrap();
    (dir, quarantine)
}

fn send(quarantine: &Quarantine, bytes: &[u8]) -> Content {
    let mut incoming = quarantine.begin();
    bytes.chunks(300).for_each(|chunk| incoming.write(chunk).unwrap());
    incoming.finish().unwrap()
}

fn kept(quarantine: &Quarantine, content: &Content) -> Vec<u8> {
    let mut file = open_item(&quarantine.shared.dir, content.sha256.as_str()).unwrap();
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    bytes
}

fn arriving(quarantine: &Quarantine) -> usize {
    fs::read_dir(quarantine.shared.dir.join("arriving"))
        .unwrap()
        .count()
}

#[test]
fn content_is_found_under_its_hash() {
    let (_dir, quarantine) = open(limits());
    let content = send(&quarantine, &[7; 900]);
    assert_eq!(content, content_of(&[7; 900], 900));
    assert_eq!(kept(&quarantine, &content), [7; 900]);
    assert_eq!(arriving(&quarantine), 0);
    #[cfg(unix)]
    {
        #[expect(clippy::disallowed_types, reason = "asks who may read")]
        use std::os::unix::fs::PermissionsExt;
        let file = path_of(&quarantine.shared.dir, content.sha256.as_str());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (
                mode(&file),
                mode(file.parent().unwrap()),
                mode(&quarantine.shared.dir)
            ),
            (0o600, 0o700, 0o700)
        );
    }
}

#[test]
fn what_is_cut_is_hashed_and_counted() {
    let (_dir, quarantine) = open(limits());
    let content = send(&quarantine, &[7; 2500]);
    assert_eq!(content, content_of(&[7; 2500], 1000));
    assert_eq!(kept(&quarantine, &content), [7; 1000]);
}

#[test]
fn what_comes_again_is_written_once() {
    let (_dir, quarantine) = open(limits());
    let first = send(&quarantine, &[7; 900]);
    assert_eq!(send(&quarantine, &[7; 900]), first);
    assert_eq!(
        (
            quarantine.arrived_again(),
            quarantine.shared.lock().total,
            arriving(&quarantine)
        ),
        (1, 900, 0)
    );
}

#[test]
fn what_comes_many_times_at_once_counts_once() {
    let (_dir, quarantine) = open(limits());
    for byte in 0..20 {
        let together = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut incoming = quarantine.begin();
                    incoming.write(&[byte; 40]).unwrap();
                    together.wait();
                    assert_eq!(incoming.finish().unwrap(), content_of(&[byte; 40], 40));
                });
            }
        });
    }
    assert_eq!(
        (
            quarantine.arrived_again(),
            quarantine.shared.lock().total,
            arriving(&quarantine)
        ),
        (60, 800, 0)
    );
}

#[test]
fn what_has_no_room_is_hashed_and_counted() {
    let (_dir, quarantine) = open(limits());
    let contents: Vec<_> = (0..4).map(|byte| send(&quarantine, &[byte; 900])).collect();
    assert_eq!(contents[3], content_of(&[3; 900], 0));
    assert_eq!((quarantine.shared.lock().total, arriving(&quarantine)), (2700, 0));
    let (_dir, full) = open(Limits {
        min_free: u64::MAX,
        ..limits()
    });
    assert_eq!(send(&full, &[1; 10]), content_of(&[1; 10], 0));
}

#[test]
fn what_cannot_be_written_fails_no_request() {
    let (_dir, quarantine) = open(limits());
    fs::remove_dir_all(&quarantine.shared.dir).unwrap();
    assert_eq!(send(&quarantine, &[1; 10]), content_of(&[1; 10], 0));
}

#[test]
fn what_is_dropped_leaves_nothing() {
    let (_dir, quarantine) = open(limits());
    let mut incoming = quarantine.begin();
    incoming.write(&[1; 500]).unwrap();
    assert_eq!((arriving(&quarantine), quarantine.shared.lock().total), (1, 500));
    drop(incoming);
    assert_eq!((arriving(&quarantine), quarantine.shared.lock().total), (0, 0));
}

#[test]
fn the_old_go_first() {
    let day = Duration::from_hours(24);
    let (_dir, quarantine) = open(Limits {
        max_age: Some(30 * day),
        max_total: 6000,
        ..limits()
    });
    let now = SystemTime::now();
    let contents: Vec<_> = (0..3).map(|byte| send(&quarantine, &[byte; 900])).collect();
    for (content, days) in contents.iter().zip([31, 29, 2]) {
        let path = path_of(&quarantine.shared.dir, content.sha256.as_str());
        let file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.set_modified(now - days * day).unwrap();
    }
    assert_eq!(quarantine.sweep(None).unwrap(), 0, "the clock cannot be believed");
    assert_eq!(quarantine.sweep(Some(now)).unwrap(), 1);
    assert!(open_item(&quarantine.shared.dir, contents[0].sha256.as_str()).is_err());
    // Reopened with less room: the older of both goes.
    let dir = quarantine.shared.dir.clone();
    let smaller = Quarantine::open(
        &dir,
        Limits {
            max_total: 1200,
            ..limits()
        },
    )
    .unwrap();
    assert_eq!(smaller.sweep(Some(now)).unwrap(), 1);
    let left = list(&dir).unwrap();
    assert_eq!(
        left.iter().map(|item| &*item.sha256).collect::<Vec<_>>(),
        [contents[2].sha256.as_str()]
    );
}

#[test]
fn only_hashes_are_opened() {
    let (_dir, quarantine) = open(limits());
    for name in [
        "../../etc/passwd",
        "",
        "arriving",
        &"A".repeat(64),
        &"ä".repeat(32),
    ] {
        let error = open_item(&quarantine.shared.dir, name).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
    }
}
