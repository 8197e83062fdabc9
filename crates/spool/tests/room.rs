//! A disk that others write to as well.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use imker_spool::{
    Cursor, Entry, Follower, Loss, Options, Output, Platform, Recovery, Spool, System, read_only,
};

const SEGMENT: u64 = 16 << 10;

/// The real disk, as if it had room for so many bytes of segments and no more.
#[derive(Clone)]
struct Disk {
    room: Arc<AtomicU64>,
    /// What of that it tells nobody before it is reached.
    quota: Arc<AtomicU64>,
}

struct Limited {
    output: Box<dyn Output>,
    disk: Disk,
    dir: PathBuf,
}

impl Output for Limited {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if size(&self.dir) + bytes.len() as u64 > self.disk.quota.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.output.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.output.sync()
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.output.cut(length)
    }
}

fn segments(dir: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .map(|path| {
            (
                path.clone(),
                fs::metadata(path).map_or(0, |metadata| metadata.len()),
            )
        })
        .collect();
    segments.sort();
    segments
}

/// What segments take that are removed, for this process has them open; 0 where the system does not show that.
fn held(dir: &Path) -> u64 {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten();
    let open = entries.filter_map(|entry| {
        let descriptor = entry.ok()?.path();
        let file = fs::read_link(&descriptor).ok()?;
        let is_removed = file.starts_with(dir) && file.to_str()?.ends_with(".seg (deleted)");
        is_removed.then_some((file, fs::metadata(descriptor).ok()?.len()))
    });
    let once: BTreeMap<_, _> = open.collect();
    once.into_values().sum()
}

fn size(dir: &Path) -> u64 {
    segments(dir).into_iter().map(|(_, size)| size).sum::<u64>() + held(dir)
}

impl Platform for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(Limited {
            output: System.create(path)?,
            disk: self.clone(),
            dir: path.parent().unwrap().to_owned(),
        }))
    }
    fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>> {
        System.open(path, length)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        System.sync_dir(dir)
    }
    fn free(&self, dir: &Path) -> io::Result<u64> {
        Ok(self.room.load(Ordering::Relaxed).saturating_sub(size(dir)))
    }
    fn now(&self) -> (SystemTime, Instant) {
        System.now()
    }
}

fn open(disk: &Disk, dir: &Path, options: Options) -> (Spool, Recovery) {
    let explain = |loss: &Loss| format!("{loss:?}").into_bytes();
    Spool::open_on(Box::new(disk.clone()), dir, options, explain).unwrap()
}

struct Place {
    folder: tempfile::TempDir,
    disk: Disk,
    spool: Spool,
}

impl Place {
    fn new(room: u64, min_free: u64, spare: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk {
            room: Arc::new(AtomicU64::new(room)),
            quota: Arc::new(AtomicU64::new(u64::MAX)),
        };
        let options = Options {
            segment_size: SEGMENT,
            min_free,
            spare,
            ..Options::default()
        };
        let (spool, _) = open(&disk, &folder.path().join("spool"), options);
        Self { folder, disk, spool }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    /// Fills so many segments, four payloads each.
    fn write(&self, segments: u64, cursor: Option<&Cursor>) {
        for _ in 0..4 * segments {
            let sequence = self.spool.append(vec![vec![b'x'; 4000]]).wait().unwrap();
            if let Some(cursor) = cursor {
                cursor.pass(sequence);
            }
        }
    }

    fn free(&self) -> u64 {
        self.disk.free(&self.dir()).unwrap()
    }

    fn set_free(&self, free: u64) {
        self.disk.room.store(size(&self.dir()) + free, Ordering::Relaxed);
    }

    fn told(&self) -> Vec<String> {
        let mut reader = read_only(&self.dir(), 1).unwrap();
        let entries = std::iter::from_fn(|| reader.try_next().unwrap());
        let texts = entries.filter_map(|entry| match entry {
            Entry::Payload { bytes, .. } => Some(String::from_utf8(bytes).unwrap()),
            Entry::Missing { .. } => None,
        });
        texts.filter(|text| !text.starts_with('x')).collect()
    }
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not so: {what}");
        sleep(Duration::from_millis(20));
    }
}

/// Cursors are on disk, and the spool has looked at the disk, within so long.
const BEATS: Duration = Duration::from_millis(2500);

#[test]
fn what_is_passed_goes_for_others_and_is_not_told() {
    let place = Place::new(1 << 30, 0, 6 * SEGMENT);
    let cursor = place.spool.cursor("passes").unwrap();
    place.write(6, Some(&cursor));
    sleep(BEATS);
    let before = segments(&place.dir()).len();
    place.set_free(6 * SEGMENT);
    wait_for("there is room again", || place.free() >= 8 * SEGMENT);
    assert!(segments(&place.dir()).len() >= before - 3, "not more than needed");
    // Others have taken more than the spool can make up for.
    let before = segments(&place.dir());
    place.set_free(SEGMENT);
    sleep(BEATS);
    assert_eq!(segments(&place.dir()), before, "it would help nobody");
    place.set_free(5 * SEGMENT);
    wait_for("all that is passed is gone", || segments(&place.dir()).len() == 1);
    place.write(1, Some(&cursor));
    assert_eq!(place.told(), [""; 0]);
}

#[test]
fn what_lags_goes_only_once_others_lack_room_and_where_that_suffices() {
    let place = Place::new(1 << 30, 2 * SEGMENT, 6 * SEGMENT);
    let lags = place.spool.cursor("lags").unwrap();
    place.write(5, None);
    let before = segments(&place.dir());
    for enough_or_too_little in [SEGMENT * 6, SEGMENT] {
        place.set_free(enough_or_too_little);
        sleep(BEATS);
        assert_eq!(segments(&place.dir()), before);
    }
    place.set_free(SEGMENT * 6 - 4000);
    wait_for("it is told", || {
        place
            .told()
            .iter()
            .any(|told| told.starts_with("Evicted { first: 1, last: 4,"))
    });
    sleep(BEATS);
    assert_eq!(segments(&place.dir())[0], before[1], "no more than needed");
    assert_eq!(lags.passed(), 0);
}

#[test]
fn what_is_being_written_is_not_told_as_lost() {
    let place = Place::new(u64::MAX, 0, 0);
    let _lags = place.spool.cursor("lags").unwrap();
    place.write(1, None);
    // There is no room for the header of a second segment, but in place of the first.
    place.disk.quota.store(size(&place.dir()), Ordering::Relaxed);
    place.spool.append(vec![vec![b'x'; 4000]]).wait().unwrap();
    place.disk.quota.store(u64::MAX, Ordering::Relaxed);
    wait_for("it is told", || {
        place
            .told()
            .iter()
            .any(|told| told.starts_with("Evicted { first: 1, last: 4,"))
    });
}

/// All that can be read without waiting.
fn read(follower: &mut Follower) -> Vec<u64> {
    let entries = std::iter::from_fn(|| follower.try_next().unwrap());
    entries.map(|entry| entry.sequence()).collect()
}

#[test]
fn the_segment_being_written_goes_once_it_is_passed_where_there_is_no_other() {
    for is_quota in [false, true] {
        let place = Place::new(u64::MAX, SEGMENT, 0);
        let cursor = place.spool.cursor("passes").unwrap();
        let mut follower = place.spool.follow(1);
        place.spool.append(vec![vec![b'x'; 8000]]).wait().unwrap();
        assert_eq!(read(&mut follower), [1]);
        if is_quota {
            let room_for_a_header = size(&place.dir()) + 100;
            place.disk.quota.store(room_for_a_header, Ordering::Relaxed);
        } else {
            place.set_free(SEGMENT);
        }
        let append = || place.spool.append(vec![vec![b'x'; 4000]]).wait();
        append().unwrap_err();
        cursor.pass(1);
        wait_for("there is room again", || append().is_ok());
        assert_eq!(read(&mut follower), [2]);
        assert_eq!(place.told(), [""; 0]);
    }
}

#[test]
fn what_was_given_up_is_not_told_after_a_crash() {
    let place = Place::new(u64::MAX, 0, 0);
    let cursor = place.spool.cursor("passes").unwrap();
    place.spool.append(vec![vec![b'x'; 8000]]).wait().unwrap();
    cursor.pass(1);
    sleep(BEATS);
    let (old, _) = segments(&place.dir()).remove(0);
    let content = fs::read(&old).unwrap();
    let room_for_a_header = size(&place.dir()) + 100;
    place.disk.quota.store(room_for_a_header, Ordering::Relaxed);
    // Too much also for what becomes free.
    place.spool.append(vec![vec![b'x'; 9000]]).wait().unwrap_err();
    let Place { folder, disk, spool } = place;
    drop((cursor, spool));
    let dir = folder.path().join("spool");
    let (new, _) = segments(&dir).remove(0);
    assert_ne!(new, old);
    let header = fs::read(&new).unwrap();
    for left in [Some(&content[..]), Some(&content[..0]), None] {
        segments(&dir)
            .iter()
            .for_each(|(path, _)| fs::remove_file(path).unwrap());
        fs::write(&new, &header).unwrap();
        if let Some(left) = left {
            fs::write(&old, left).unwrap();
        }
        for _ in 0..2 {
            let (spool, recovery) = open(&disk, &dir, Options::default());
            assert_eq!((spool.last(), recovery.losses), (1, vec![]));
        }
    }
}
