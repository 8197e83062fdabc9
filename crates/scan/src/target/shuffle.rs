//! Millions of short texts without duplicates in a random order, in little memory.
//!
//! The order is that of a keyed hash (SipHash-1-3 of 128 bits, Aumasson and Bernstein, "SipHash: a fast short-input
//! PRF", 2012). Texts are spread over buckets by the first byte of it, and buckets go to a temporary file once they
//! grow; then one bucket after the other is sorted, which also drops what is there twice. Without the key nobody can
//! make texts that meet in a bucket, and a text that is there ten million times is kept once.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher as _;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use tempfile::SpooledTempFile;

/// What decides on an order: the same seed gives the same order to the same targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u128);

impl Seed {
    /// One that nobody can foresee.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().as_u128())
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

const BUCKETS: usize = 256;
/// Bytes of a bucket before they go to the file: 2 MiB for all buckets.
const CHUNK: usize = 8 * 1024;
/// Bytes of a file before it goes to disk.
const IN_MEMORY: usize = 2 * 1024 * 1024;

/// Texts on their way in.
pub(super) struct Shuffle {
    seed: Seed,
    buckets: Vec<Bucket>,
    spill: SpooledTempFile,
    spilled: u64,
}

#[derive(Default)]
struct Bucket {
    buffer: Vec<u8>,
    chunks: Vec<Chunk>,
}

struct Chunk {
    offset: u64,
    length: usize,
}

impl Shuffle {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            seed,
            buckets: (0..BUCKETS).map(|_| Bucket::default()).collect(),
            spill: SpooledTempFile::new(IN_MEMORY),
            spilled: 0,
        }
    }

    /// Adds a text of 65,535 bytes at most.
    pub(super) fn push(&mut self, text: &str) -> io::Result<()> {
        let bucket = &mut self.buckets[bucket_of(hash(self.seed, text))];
        put(&mut bucket.buffer, text)?;
        if bucket.buffer.len() >= CHUNK {
            self.spill.write_all(&bucket.buffer)?;
            bucket.chunks.push(Chunk {
                offset: self.spilled,
                length: bucket.buffer.len(),
            });
            self.spilled += bucket.buffer.len() as u64;
            bucket.buffer.clear();
        }
        Ok(())
    }

    /// Drops duplicates and sorts; shows each text once to `each`.
    pub(super) fn finish(mut self, mut each: impl FnMut(&str)) -> io::Result<Shuffled> {
        let mut sorted = BufWriter::new(SpooledTempFile::new(IN_MEMORY));
        let mut count = 0;
        let mut fingerprint = hasher(self.seed);
        for bucket in std::mem::take(&mut self.buckets) {
            for (hash, text) in self.distinct(bucket)? {
                each(&text);
                put(&mut sorted, &text)?;
                fingerprint.write_u128(hash);
                count += 1;
            }
        }
        let mut sorted = sorted.into_inner().map_err(io::IntoInnerError::into_error)?;
        sorted.rewind()?;
        Ok(Shuffled {
            texts: BufReader::new(sorted),
            remaining: count,
            fingerprint: fingerprint.finish128().as_u128(),
        })
    }

    /// Read chunk by chunk, so that memory holds what differs and not what repeats. Two texts with one hash of 128
    /// bits are not met: among 2^28 texts, with a chance of 2^-73.
    fn distinct(&mut self, bucket: Bucket) -> io::Result<BTreeMap<u128, Box<str>>> {
        let mut distinct = BTreeMap::new();
        let mut read = Vec::new();
        for chunk in bucket.chunks {
            self.spill.seek(SeekFrom::Start(chunk.offset))?;
            read.resize(chunk.length, 0);
            self.spill.read_exact(&mut read)?;
            self.keep(&read, &mut distinct)?;
        }
        self.keep(&bucket.buffer, &mut distinct)?;
        Ok(distinct)
    }

    fn keep(&self, mut texts: &[u8], distinct: &mut BTreeMap<u128, Box<str>>) -> io::Result<()> {
        let mut text = String::new();
        while !texts.is_empty() {
            take(&mut texts, &mut text)?;
            distinct
                .entry(hash(self.seed, &text))
                .or_insert_with(|| text.as_str().into());
        }
        Ok(())
    }
}

/// Texts in their order.
pub(super) struct Shuffled {
    texts: BufReader<SpooledTempFile>,
    remaining: u64,
    fingerprint: u128,
}

impl Shuffled {
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The same for the same texts and seed.
    pub(super) fn fingerprint(&self) -> u128 {
        self.fingerprint
    }

    /// Puts the next text into `text`; says whether there was one.
    pub(super) fn next_into(&mut self, text: &mut String) -> io::Result<bool> {
        if self.remaining == 0 {
            return Ok(false);
        }
        take(&mut self.texts, text)?;
        self.remaining -= 1;
        Ok(true)
    }
}

fn hasher(Seed(seed): Seed) -> SipHasher13 {
    SipHasher13::new_with_key(&seed.to_le_bytes())
}

fn hash(seed: Seed, text: &str) -> u128 {
    let mut hasher = hasher(seed);
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}

const fn bucket_of(hash: u128) -> usize {
    hash.to_be_bytes()[0] as usize
}

fn put(into: &mut impl io::Write, text: &str) -> io::Result<()> {
    let length = u16::try_from(text.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    into.write_all(&length.to_le_bytes())?;
    into.write_all(text.as_bytes())
}

fn take(from: &mut impl io::Read, text: &mut String) -> io::Result<()> {
    let mut length = [0; 2];
    from.read_exact(&mut length)?;
    let mut bytes = std::mem::take(text).into_bytes();
    bytes.resize(usize::from(u16::from_le_bytes(length)), 0);
    from.read_exact(&mut bytes)?;
    *text = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(())
}
