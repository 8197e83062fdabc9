//! How often bytes occur in ordinary traffic.

use std::sync::OnceLock;

use memchr::memmem::Finder;

use super::search::{Traffic, unit};

/// Lines of an Exchange server's web log as any day brings them, made up.
static LINES: &[u8] = include_bytes!("../../../../data/traffic-sample.log");

/// Bytes that differ where they matter: ASCII.
const ALPHABET: usize = 128;

/// Ordinary traffic, counted.
#[derive(Debug)]
pub(super) struct Sample {
    /// In lower case.
    text: Vec<u8>,
    lines: f32,
    traffic: Traffic,
    grams: Grams,
    /// Counts of bytes and of neighbours, digits taken for one another.
    singles: [u32; ALPHABET],
    pairs: Box<[[u32; ALPHABET]; ALPHABET]>,
}

impl Sample {
    /// The sample that is built in.
    pub fn ordinary() -> &'static Self {
        static SAMPLE: OnceLock<Sample> = OnceLock::new();
        SAMPLE.get_or_init(|| Self::new(LINES))
    }

    fn new(traffic: &[u8]) -> Self {
        let text = traffic.to_ascii_lowercase();
        let mut singles = [0; ALPHABET];
        let mut pairs = Box::new([[0; ALPHABET]; ALPHABET]);
        let mut next = text.iter().map(|byte| class(*byte));
        let mut before = next.next().unwrap_or_default();
        for class in next {
            singles[before] += 1;
            pairs[before][class] += 1;
            before = class;
        }
        Self {
            lines: memchr::memchr_iter(b'\n', &text).count() as f32,
            traffic: Traffic::new(traffic, unit()),
            grams: Grams::new(&text),
            text,
            singles,
            pairs,
        }
    }

    /// Positions to try buckets on.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Bytes in a line, on average.
    pub fn line_length(&self) -> f32 {
        self.text.len() as f32 / self.lines
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
        estimate.max(f32::from(self.grams.count(bytes))) / self.lines
    }

    /// Occurrences a line of a text in lower case, where they are fewer than `most`.
    pub fn text_rate(&self, text: &[u8], most: f32) -> Option<f32> {
        if text.windows(4).any(|bytes| self.grams.count(bytes) == 0) {
            return Some(0.0);
        }
        let enough = (most * self.lines).ceil() as usize;
        let count = Finder::new(text).find_iter(&self.text).take(enough).count();
        (count < enough).then_some(count as f32 / self.lines)
    }
}

fn class(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => usize::from(b'0'),
        _ => usize::from(byte).min(ALPHABET - 1),
    }
}

/// Counts of three and of four neighbouring bytes.
///
/// They are hashed without regard to collisions: a count may be too high, which costs little, and counting
/// is quick, which start-up needs.
#[derive(Debug)]
struct Grams(Vec<u16>);

impl Grams {
    const BITS: u32 = 18;

    fn new(text: &[u8]) -> Self {
        let mut counts = vec![0_u16; 1 << Self::BITS];
        for bytes in text.array_windows() {
            let four = u32::from_be_bytes(*bytes);
            for key in [four >> 8, four] {
                let count = &mut counts[Self::slot(key)];
                *count = count.saturating_add(1);
            }
        }
        Self(counts)
    }

    fn count(&self, bytes: &[u8]) -> u16 {
        let key = bytes.iter().fold(0, |key, &byte| key << 8 | u32::from(byte));
        self.0[Self::slot(key)]
    }

    fn slot(key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b1) >> (32 - Self::BITS)) as usize
    }
}
