//! How many positions of ordinary traffic a bucket lets pass.

use super::entry::WINDOW;
use super::plan::Plan;

/// Words of 64 windows each.
const WORDS: usize = 64;
const WINDOWS: usize = WORDS * 64;

/// What one look-up of the search takes, and so what a bucket's windows let pass together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Each half of a byte alone: more bytes pass than were meant.
    HalfByte,
    /// A byte by its lower seven bits.
    Byte,
}

/// Windows of ordinary traffic, evenly spread.
#[derive(Debug)]
pub(crate) struct Traffic(Counts);

#[derive(Debug)]
enum Counts {
    HalfBytes {
        /// `[position][0 lower, 1 upper][half byte]`: the windows that have this half byte there.
        windows: Box<[[[[u64; WORDS]; 16]; 2]; WINDOW]>,
        /// How often a byte occurs, summed up: `[upper half][lower halves 0 to 7, 8 to 15][bits]`.
        sums: Box<[[[f32; 256]; 2]; 16]>,
    },
    Bytes {
        /// `[position][byte]`: the windows that have this byte there.
        windows: Box<[[[u64; WORDS]; 128]; WINDOW]>,
        /// How often a byte occurs.
        shares: Box<[f32; 128]>,
    },
}

impl Traffic {
    /// Samples a text for a search that looks up in units.
    pub fn new(text: &[u8], unit: Unit) -> Self {
        let samples = || {
            (0..WINDOWS).flat_map(|number| {
                let start = number * text.len().saturating_sub(WINDOW) / WINDOWS;
                let (word, bit) = (number / 64, 1 << (number % 64));
                let window = text[start..].iter().take(WINDOW).enumerate();
                window.map(move |(at, byte)| (at, *byte, word, bit))
            })
        };
        // What never occurs here still occurs now and then.
        let mut frequency = [0.1_f32; 256];
        text.iter().for_each(|byte| frequency[usize::from(*byte)] += 1.0);
        let total = text.len() as f32 + 25.6;
        Self(match unit {
            Unit::HalfByte => {
                let mut windows = Box::new([[[[0; WORDS]; 16]; 2]; WINDOW]);
                for (at, byte, word, bit) in samples() {
                    windows[at][0][usize::from(byte & 15)][word] |= bit;
                    windows[at][1][usize::from(byte >> 4)][word] |= bit;
                }
                let mut sums = Box::new([[[0.0; 256]; 2]; 16]);
                for (high, halves) in sums.iter_mut().enumerate() {
                    for (half, sums) in halves.iter_mut().enumerate() {
                        for bits in 1..256_usize {
                            let lowest = bits.trailing_zeros() as usize;
                            sums[bits] =
                                sums[bits & (bits - 1)] + frequency[high << 4 | half << 3 | lowest] / total;
                        }
                    }
                }
                Counts::HalfBytes { windows, sums }
            }
            Unit::Byte => {
                let mut windows = Box::new([[[0; WORDS]; 128]; WINDOW]);
                for (at, byte, word, bit) in samples() {
                    windows[at][usize::from(byte & 0x7f)][word] |= bit;
                }
                let mut shares = Box::new([0.0; 128]);
                for (byte, count) in frequency.iter().enumerate() {
                    shares[byte & 0x7f] += count / total;
                }
                Counts::Bytes { windows, shares }
            }
        })
    }

    /// The share of positions that would pass, were neighbouring bytes independent: cheap to tell, and fine
    /// enough to tell rare from rarer.
    pub(super) fn estimate(&self, plan: &Plan) -> f32 {
        let admitted = |at| match &self.0 {
            Counts::HalfBytes { sums, .. } => {
                let [first, second] = plan.low(at).to_le_bytes().map(usize::from);
                bits(plan.high(at).into())
                    .map(|high| sums[high][0][first] + sums[high][1][second])
                    .sum::<f32>()
            }
            Counts::Bytes { .. } if plan.bytes(at) == u128::MAX => 1.0,
            Counts::Bytes { shares, .. } => bits(plan.bytes(at)).map(|byte| shares[byte]).sum(),
        };
        (0..WINDOW).map(admitted).product()
    }

    /// The share of the windows that pass.
    pub(super) fn share(&self, plan: &Plan) -> f32 {
        let mut passed = [u64::MAX; WORDS];
        let mut keep = |some: &[u64; WORDS]| {
            passed
                .iter_mut()
                .zip(some)
                .for_each(|(passed, some)| *passed &= some);
        };
        // Where all pass there is nothing to ask.
        for at in (0..WINDOW).filter(|at| plan.bytes(*at) != u128::MAX) {
            match &self.0 {
                Counts::HalfBytes { windows, .. } => {
                    let [lower, upper] = &windows[at];
                    keep(&union(lower, plan.low(at).into()));
                    keep(&union(upper, plan.high(at).into()));
                }
                Counts::Bytes { windows, .. } => keep(&union(&windows[at], plan.bytes(at))),
            }
        }
        passed.iter().map(|word| word.count_ones()).sum::<u32>() as f32 / WINDOWS as f32
    }
}

/// The windows that have one of the admitted bytes or half bytes.
fn union(windows: &[[u64; WORDS]], admitted: u128) -> [u64; WORDS] {
    let mut union = [0; WORDS];
    for one in bits(admitted) {
        for (word, more) in union.iter_mut().zip(&windows[one]) {
            *word |= more;
        }
    }
    union
}

/// The places of the set bits.
fn bits(mut word: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let lowest = word.trailing_zeros() as usize;
            word &= word - 1;
            lowest
        })
    })
}
