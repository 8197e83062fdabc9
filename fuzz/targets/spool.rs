//! A spool's segments, damaged: opening and reading them neither fails nor shows a sequence number twice.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imker_spool::{Entry, Options, Spool, read_only};
use libfuzzer_sys::fuzz_target;

/// Segments of a sound spool; the first is given to the fuzzer's edits.
static SOUND: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let dir = folder();
    let spool = open(&dir);
    for number in 0..40_usize {
        spool.append(vec![vec![number as u8; number * 20]; 1 + number % 3]).wait().expect("the spool takes it");
    }
    drop(spool);
    let paths = fs::read_dir(&dir).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    let segments = paths.filter(|path| path.extension().is_some_and(|extension| extension == "seg"));
    let mut segments: Vec<_> = segments.map(|path| (path.clone(), fs::read(path).expect("it can be read"))).collect();
    segments.sort();
    segments
});

fn folder() -> PathBuf {
    // In memory, where there is such a place: syncs take most of the time otherwise.
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    parent.join(format!("imker-fuzz-spool-{}", std::process::id())).join("spool")
}

fn open(dir: &Path) -> Spool {
    let options = Options { min_free: 0, segment_size: 16 << 10, ..Options::default() };
    Spool::open(dir, options, |loss| format!("{loss:?}").into_bytes()).expect("damage is no error").0
}

/// The last sequence number shown.
fn read(dir: &Path) -> u64 {
    let mut reader = read_only(dir, 1).expect("the folder is there");
    let mut next = 1;
    while let Some(entry) = reader.try_next().expect("damage is no error") {
        let first = match entry {
            Entry::Payload { sequence, .. } => sequence,
            Entry::Missing { first, .. } => first,
        };
        assert_eq!(first, next);
        next = entry.sequence() + 1;
    }
    next - 1
}

/// Edits are a place (two bytes), a length (one byte) and the bytes to put there; what is left at the end replaces
/// all that follows the last place.
fn edit(segment: &mut Vec<u8>, mut edits: &[u8]) {
    while let [low, high, length, rest @ ..] = edits {
        let place = usize::from(u16::from_le_bytes([*low, *high])) % (segment.len() + 1);
        let Some((bytes, rest)) = rest.split_at_checked(usize::from(*length)) else {
            segment.truncate(place);
            segment.extend_from_slice(rest);
            return;
        };
        let end = segment.len().min(place + bytes.len());
        segment[place..end].copy_from_slice(&bytes[..end - place]);
        edits = rest;
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (which, edits) = bytes.split_first().unwrap_or((&0, &[]));
    let sound = &*SOUND;
    let dir = folder();
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("the folder can be made");
    for (index, (path, segment)) in sound.iter().enumerate() {
        let mut segment = segment.clone();
        if index == usize::from(*which) % sound.len() {
            edit(&mut segment, edits);
        }
        fs::write(path, segment).expect("the segment can be written");
    }
    // A header of a format to come is refused, as it should be.
    if read_only(&dir, 1).is_ok_and(|mut reader| reader.try_next().is_err()) {
        return;
    }
    read(&dir);
    let spool = open(&dir);
    let last = spool.append(vec![b"afterwards".to_vec()]).wait().expect("the spool takes it");
    drop(spool);
    assert_eq!(read(&dir), last);
});
