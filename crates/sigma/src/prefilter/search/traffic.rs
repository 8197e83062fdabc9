//! How many positions of ordinary traffic a bucket lets pass.

use super::entry::WINDOW;
use super::plan::Plan;

/// Words of 64 windows each.
const WORDS: usize = 64;
const WINDOWS: usize = WORDS * 64;

/// Windows of ordinary traffic, evenly spread.
#[derive(Debug)]
pub(crate) struct Traffic {
    /// `[position][0 lower, 1 upper][half byte]`: the windows that have this half byte there.
    halves: Box<[[[[u64; WORDS]; 16]; 2]; WINDOW]>,
    /// How often a byte occurs, summed up: `[upper half][lower halves 0 to 7, 8 to 15][bits]`.
    sums: Box<[[[f32; 256]; 2]; 16]>,
}

impl Traffic {
    /// Samples a text.
    pub fn new(text: &[u8]) -> Self {
        let mut halves = Box::new([[[[0; WORDS]; 16]; 2]; WINDOW]);
        for number in 0..WINDOWS {
            let start = number * text.len().saturating_sub(WINDOW) / WINDOWS;
            for (byte, halves) in text[start..].iter().zip(halves.iter_mut()) {
                halves[0][usize::from(byte & 15)][number / 64] |= 1 << (number % 64);
                halves[1][usize::from(byte >> 4)][number / 64] |= 1 << (number % 64);
            }
        }
        // What never occurs here still occurs now and then.
        let mut frequency = [0.1_f32; 256];
        text.iter().for_each(|byte| frequency[usize::from(*byte)] += 1.0);
        let total = text.len() as f32 + 25.6;
        let mut sums = Box::new([[[0.0; 256]; 2]; 16]);
        for (high, halves) in sums.iter_mut().enumerate() {
            for (half, sums) in halves.iter_mut().enumerate() {
                for bits in 1..256_usize {
                    let lowest = bits.trailing_zeros() as usize;
                    sums[bits] = sums[bits & (bits - 1)] + frequency[high << 4 | half << 3 | lowest] / total;
                }
            }
        }
        Self { halves, sums }
    }

    /// The share of positions that would pass, were neighbouring bytes independent: cheap to tell, and fine
    /// enough to tell rare from rarer.
    pub(super) fn estimate(&self, plan: &Plan) -> f32 {
        let admitted = |at| {
            let [first, second] = plan.low(at).to_le_bytes().map(usize::from);
            bits(plan.high(at))
                .map(|high| self.sums[high][0][first] + self.sums[high][1][second])
                .sum::<f32>()
        };
        (0..WINDOW).map(admitted).product()
    }

    /// The share of the windows that pass.
    pub(super) fn share(&self, plan: &Plan) -> f32 {
        let mut passed = [u64::MAX; WORDS];
        for (at, [lower, upper]) in self.halves.iter().enumerate() {
            if plan.low(at) == u16::MAX && plan.high(at) == u16::MAX {
                continue;
            }
            let (low, high) = (union(lower, plan.low(at)), union(upper, plan.high(at)));
            for (passed, (low, high)) in passed.iter_mut().zip(low.iter().zip(&high)) {
                *passed &= low & high;
            }
        }
        passed.iter().map(|word| word.count_ones()).sum::<u32>() as f32 / WINDOWS as f32
    }
}

fn union(halves: &[[u64; WORDS]; 16], admitted: u16) -> [u64; WORDS] {
    let mut union = [0; WORDS];
    for half in bits(admitted) {
        for (word, more) in union.iter_mut().zip(&halves[half]) {
            *word |= more;
        }
    }
    union
}

/// The places of the set bits.
fn bits(mut word: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let lowest = word.trailing_zeros() as usize;
            word &= word - 1;
            lowest
        })
    })
}
