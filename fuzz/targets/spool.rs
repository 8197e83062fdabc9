//! A spool's folder as bytes have it: opening and reading it neither fails nor shows a sequence number twice, and damage
//! takes nothing but what it touched.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use imker_spool::{Entry, Options, Spool, read_only};
use libfuzzer_sys::fuzz_target;

/// The id of all segments here. A spool draws its own; a fixed one lets inputs be reproduced and frames be made.
const ID: u64 = 0x1234_5678_9abc_def0;
const END: u8 = 1;

/// Segments by their first sequence numbers.
type Segments = BTreeMap<u64, Vec<u8>>;

/// A header, as `imker_spool`'s documentation has it.
fn header(first: u64) -> Vec<u8> {
    let mut bytes = b"imkspool\x01\0\0\0".to_vec();
    bytes.extend_from_slice(&ID.to_le_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&1_700_000_000_000_000_000_i64.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// A frame, as `imker_spool`'s documentation has it.
fn frame(sequence: u64, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_le_bytes();
    let mut sums = ID.to_le_bytes().to_vec();
    sums.extend_from_slice(&length);
    sums.extend_from_slice(&sequence.to_le_bytes());
    sums.push(flags);
    sums.extend_from_slice(payload);
    let mut bytes = length.to_vec();
    bytes.extend_from_slice(&crc32c::crc32c(&sums).to_le_bytes());
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.push(flags);
    bytes.extend_from_slice(payload);
    bytes
}

/// The input, piece by piece; zeros where it has ended.
struct Input<'b>(&'b [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes.to_vec()
    }
}

/// Segments of frames that are intact, whatever they say, and of anything else.
fn built(input: &mut Input<'_>) -> Segments {
    let (mut segments, mut first, mut next) = (Segments::new(), 1, 1_u64);
    let mut segment = header(first);
    while !input.0.is_empty() && segments.len() < 6 {
        match input.byte() % 8 {
            0 | 1 => {
                segment.extend(frame(next, END, &input.bytes()));
                next = next.saturating_add(1);
            }
            2 => {
                segment.extend(frame(next, 0, &input.bytes()));
                next = next.saturating_add(1);
            }
            3 => {
                // Sequence numbers that do not fit, also such as do not fit anywhere.
                let sequence = match input.byte() {
                    255 => u64::MAX,
                    254 => 0,
                    ahead @ 128.. => next.saturating_sub(u64::from(ahead - 127)),
                    ahead => next.saturating_add(u64::from(ahead)),
                };
                segment.extend(frame(sequence, input.byte(), &input.bytes()));
                next = next.max(sequence.saturating_add(1));
            }
            4 => segment.extend(input.bytes()),
            5 => segment.resize(segment.len() + input.number(), 0),
            6 => segment.truncate(input.number() % (segment.len() + 1)),
            _ => {
                let begun = next.saturating_add(u64::from(input.byte() % 4)).max(first + 1);
                segments.insert(std::mem::replace(&mut first, begun), std::mem::replace(&mut segment, header(begun)));
                next = next.max(begun);
            }
        }
        if next > u64::MAX / 2 {
            break;
        }
    }
    segments.insert(first, segment);
    segments
}

/// Three segments of whole batches, and where each payload's batch lies: segment, bytes.
fn sound() -> (Segments, BTreeMap<u64, (u64, Range<usize>, Vec<u8>)>) {
    let (mut segments, mut places) = (Segments::new(), BTreeMap::new());
    let (mut next, mut batch) = (1, 0_usize);
    for _ in 0..3 {
        let first = next;
        let mut segment = header(first);
        for _ in 0..12 {
            let begin = segment.len();
            let frames = 1 + batch % 3;
            for part in 0..frames {
                let end = if part + 1 == frames { END } else { 0 };
                segment.extend(frame(next + part as u64, end, &vec![batch as u8; batch * 7 % 90]));
            }
            for part in 0..frames as u64 {
                places.insert(next + part, (first, begin..segment.len(), vec![batch as u8; batch * 7 % 90]));
            }
            next += frames as u64;
            batch += 1;
        }
        segments.insert(first, segment);
    }
    (segments, places)
}

/// Changes bytes of one segment, or what it ends with; which bytes are touched.
fn damage(segment: &mut Vec<u8>, input: &mut Input<'_>) -> Range<usize> {
    let place = input.number() % (segment.len() + 1);
    let cuts = input.byte() % 4 == 0;
    let bytes = input.bytes();
    if cuts {
        segment.truncate(place);
        segment.extend_from_slice(&bytes);
        return place..usize::MAX;
    }
    let end = segment.len().min(place + bytes.len());
    segment[place..end].copy_from_slice(&bytes[..end - place]);
    place..end
}

fn folder() -> PathBuf {
    // In memory, where there is such a place: syncs take most of the time otherwise.
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    parent.join(format!("imker-fuzz-spool-{}", std::process::id())).join("spool")
}

fn write(dir: &Path, segments: &Segments) {
    let _ = fs::remove_dir_all(dir.parent().unwrap_or(dir));
    fs::create_dir_all(dir).expect("the folder can be made");
    for (first, segment) in segments {
        fs::write(dir.join(format!("{first:020}.seg")), segment).expect("the segment can be written");
    }
}

fn open(dir: &Path) -> Spool {
    let options = Options { min_free: 0, segment_size: 16 << 10, ..Options::default() };
    Spool::open(dir, options, |loss| format!("{loss:?}").into_bytes()).expect("damage is no error").0
}

/// The payloads shown, and the last sequence number.
fn read(dir: &Path) -> (BTreeMap<u64, Vec<u8>>, u64) {
    let mut reader = read_only(dir, 1).expect("the folder is there");
    let (mut payloads, mut next) = (BTreeMap::new(), 1);
    while let Some(entry) = reader.try_next().expect("damage is no error") {
        let last = entry.sequence();
        let first = match entry {
            Entry::Payload { sequence, bytes } => {
                payloads.insert(sequence, bytes);
                sequence
            }
            Entry::Missing { first, .. } => first,
        };
        assert_eq!(first, next);
        next = last + 1;
    }
    (payloads, next - 1)
}

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let dir = folder();
    let mut untouched = BTreeMap::new();
    if input.byte() % 2 == 0 {
        write(&dir, &built(&mut input));
    } else {
        let (mut segments, places) = sound();
        let which = usize::from(input.byte()) % segments.len();
        let (&first, segment) = segments.iter_mut().nth(which).expect("there are three");
        let touched = damage(segment, &mut input);
        let is_untouched = |(its_first, range, _): &(u64, Range<usize>, Vec<u8>)| {
            *its_first != first || range.end <= touched.start || range.start >= touched.end
        };
        untouched = places;
        untouched.retain(|_, place| is_untouched(place));
        write(&dir, &segments);
    }
    // A header of a format to come is refused, as it should be.
    if read_only(&dir, 1).is_ok_and(|mut reader| reader.try_next().is_err()) {
        return;
    }
    let check = |payloads: &BTreeMap<u64, Vec<u8>>| {
        for (sequence, (_, _, payload)) in &untouched {
            assert_eq!(payloads.get(sequence), Some(payload), "{sequence} was not touched");
        }
    };
    check(&read(&dir).0);
    for _ in 0..2 {
        let spool = open(&dir);
        let last = spool.append(vec![b"afterwards".to_vec()]).wait().expect("the spool takes it");
        drop(spool);
        let (payloads, shown) = read(&dir);
        assert_eq!(shown, last);
        assert_eq!(payloads.get(&last).map(Vec::as_slice), Some(&b"afterwards"[..]));
        check(&payloads);
    }
});
