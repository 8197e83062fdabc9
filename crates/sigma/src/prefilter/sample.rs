//! How often bytes occur in ordinary traffic.

use std::collections::HashMap;
use std::sync::OnceLock;

use memchr::memmem::Finder;

/// Lines of an Exchange server's web log as any day brings them, made up.
static TRAFFIC: &[u8] = include_bytes!("../../../../data/traffic-sample.log");

/// Bytes that differ where they matter: ASCII.
const ALPHABET: usize = 128;

/// Ordinary traffic, counted.
#[derive(Debug)]
pub(super) struct Sample {
    /// In lower case.
    text: Vec<u8>,
    lines: f32,
    frequency: [f32; 256],
    grams: Grams,
    /// Counts of bytes and of neighbours, digits taken for one another.
    singles: [u32; ALPHABET],
    pairs: Box<[[u32; ALPHABET]; ALPHABET]>,
}

impl Sample {
    /// The sample that is built in.
    pub fn ordinary() -> &'static Self {
        static SAMPLE: OnceLock<Sample> = OnceLock::new();
        SAMPLE.get_or_init(|| Self::new(TRAFFIC))
    }

    fn new(traffic: &[u8]) -> Self {
        let text = traffic.to_ascii_lowercase();
        let mut counts = [0_u32; 256];
        for &byte in traffic {
            counts[usize::from(byte)] += 1;
        }
        let mut singles = [0; ALPHABET];
        let mut pairs = Box::new([[0; ALPHABET]; ALPHABET]);
        for pair in text.windows(2) {
            singles[class(pair[0])] += 1;
            pairs[class(pair[0])][class(pair[1])] += 1;
        }
        let total = text.len() as f32;
        Self {
            lines: counts[usize::from(b'\n')] as f32,
            // What never occurs in the sample still occurs now and then.
            frequency: counts.map(|count| (count as f32 + 1.0) / total),
            grams: Grams::new(&text),
            text,
            singles,
            pairs,
        }
    }

    /// How often each byte occurs, as a share of all.
    pub fn frequency(&self) -> &[f32; 256] {
        &self.frequency
    }

    /// Occurrences a line to be expected of one to four lower-case bytes.
    ///
    /// What the sample does not hold is estimated from neighbouring pairs: made-up names, digits and random ids
    /// differ from log to log.
    pub fn rate(&self, bytes: &[u8]) -> f32 {
        let mut estimate = match bytes {
            [only] => self.singles[class(*only)] as f32,
            _ => bytes
                .windows(2)
                .map(|pair| (self.pairs[class(pair[0])][class(pair[1])] as f32).max(0.2))
                .product(),
        };
        for &middle in bytes.iter().skip(1).take(bytes.len().saturating_sub(2)) {
            estimate /= (self.singles[class(middle)] as f32).max(1.0);
        }
        for _ in bytes.iter().filter(|byte| byte.is_ascii_digit()) {
            estimate /= 10.0;
        }
        estimate.max(self.grams.count(bytes) as f32) / self.lines
    }

    /// Occurrences a line of a text in lower case.
    pub fn text_rate(&self, text: &[u8]) -> f32 {
        Finder::new(text).find_iter(&self.text).count() as f32 / self.lines
    }
}

fn class(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => usize::from(b'0'),
        _ => usize::from(byte).min(ALPHABET - 1),
    }
}

/// Counts of three and of four neighbouring bytes.
#[derive(Debug)]
struct Grams(HashMap<u32, u32>);

impl Grams {
    fn new(text: &[u8]) -> Self {
        let mut counts = HashMap::new();
        for bytes in text.windows(4) {
            *counts.entry(Self::key(bytes)).or_default() += 1;
            *counts.entry(Self::key(&bytes[..3])).or_default() += 1;
        }
        Self(counts)
    }

    fn count(&self, bytes: &[u8]) -> u32 {
        self.0.get(&Self::key(bytes)).copied().unwrap_or(0)
    }

    fn key(bytes: &[u8]) -> u32 {
        bytes.iter().fold(0, |key, &byte| key << 8 | u32::from(byte))
    }
}
