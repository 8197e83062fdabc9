//! Which half bytes a bucket admits.

use super::entry::{Entry, WINDOW};

/// The half bytes that a bucket admits, by window position, one bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    low: [u16; WINDOW],
    high: [u16; WINDOW],
}

impl Plan {
    /// Spreads entries over `count` buckets: one for each family, the rest for the others, each of which goes
    /// where it adds least to the positions that pass by chance.
    pub fn spread(
        families: &[Vec<Entry>],
        others: &[Entry],
        count: usize,
        frequency: &[f32; 256],
    ) -> Vec<Self> {
        let odds = Odds::new(frequency);
        let mut plans: Vec<Self> = families
            .iter()
            .map(|family| {
                family
                    .iter()
                    .fold(Self::default(), |plan, &entry| plan.join(&Self::of(entry)))
            })
            .collect();
        plans.resize(count, Self::default());
        let mut order: Vec<(f32, Entry, Self)> = others
            .iter()
            .map(|&entry| {
                let plan = Self::of(entry);
                (odds.of(&plan), entry, plan)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut chances = vec![0.0_f32; count];
        for (_, _, alone) in order {
            let mut best = (f32::INFINITY, families.len(), alone);
            for at in families.len()..count {
                let joined = plans[at].join(&alone);
                let cost = odds.of(&joined) - chances[at];
                if cost < best.0 {
                    best = (cost, at, joined);
                }
            }
            let (cost, at, joined) = best;
            plans[at] = joined;
            chances[at] += cost;
        }
        plans
    }

    fn of(entry: Entry) -> Self {
        let mut plan = Self::default();
        for at in 0..WINDOW {
            for byte in entry.allows(at) {
                plan.low[at] |= 1 << (byte & 15);
                plan.high[at] |= 1 << (byte >> 4);
            }
        }
        plan
    }

    fn join(&self, other: &Self) -> Self {
        let mut joined = *self;
        for at in 0..WINDOW {
            joined.low[at] |= other.low[at];
            joined.high[at] |= other.high[at];
        }
        joined
    }

    /// The lower halves admitted at a position.
    pub fn low(&self, at: usize) -> u16 {
        self.low[at]
    }

    /// The upper halves admitted at a position.
    pub fn high(&self, at: usize) -> u16 {
        self.high[at]
    }

    /// Whether a byte passes at a position.
    pub fn admits(&self, at: usize, byte: u8) -> bool {
        self.low[at] >> (byte & 15) & 1 == 1 && self.high[at] >> (byte >> 4) & 1 == 1
    }
}

/// How often bytes occur, summed up by half bytes.
struct Odds {
    /// `[upper half][eight bits of lower halves]`, for lower halves 0 to 7 and 8 to 15.
    sums: [[[f32; 256]; 2]; 16],
}

impl Odds {
    fn new(frequency: &[f32; 256]) -> Box<Self> {
        let mut odds = Box::new(Self {
            sums: [[[0.0; 256]; 2]; 16],
        });
        for (high, halves) in odds.sums.iter_mut().enumerate() {
            for (half, sums) in halves.iter_mut().enumerate() {
                for bits in 1..256_usize {
                    let lowest = bits.trailing_zeros() as usize;
                    sums[bits] = sums[bits & (bits - 1)] + frequency[high << 4 | half << 3 | lowest];
                }
            }
        }
        odds
    }

    /// How likely a position passes, were bytes independent.
    fn of(&self, plan: &Plan) -> f32 {
        (0..WINDOW)
            .map(|at| {
                let [first, second] = plan.low[at].to_le_bytes();
                let mut sum = 0.0;
                let mut high = plan.high[at];
                while high != 0 {
                    let sums = &self.sums[high.trailing_zeros() as usize];
                    sum += sums[0][usize::from(first)] + sums[1][usize::from(second)];
                    high &= high - 1;
                }
                sum
            })
            .product()
    }
}
