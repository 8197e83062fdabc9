//! What a bucket admits.

use super::entry::{Entry, WINDOW};

/// The half bytes and the bytes that a bucket admits, by window position, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Plan {
    low: [u16; WINDOW],
    high: [u16; WINDOW],
    /// By the lower seven bits.
    bytes: [u128; WINDOW],
}

impl Plan {
    /// Admits one entry.
    pub fn of(entry: Entry) -> Self {
        let mut plan = Self::default();
        for at in 0..WINDOW {
            for byte in entry.allows(at) {
                plan.low[at] |= 1 << (byte & 15);
                plan.high[at] |= 1 << (byte >> 4);
                plan.bytes[at] |= 1 << (byte & 0x7f);
            }
        }
        plan
    }

    /// Admits what either admits, and what the half bytes of both make up.
    pub fn join(&self, other: &Self) -> Self {
        let mut joined = *self;
        for at in 0..WINDOW {
            joined.low[at] |= other.low[at];
            joined.high[at] |= other.high[at];
            joined.bytes[at] |= other.bytes[at];
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

    /// The bytes admitted at a position, by their lower seven bits.
    pub fn bytes(&self, at: usize) -> u128 {
        self.bytes[at]
    }

    /// Whether a byte passes at a position, half by half.
    pub fn admits(&self, at: usize, byte: u8) -> bool {
        self.low[at] >> (byte & 15) & 1 == 1 && self.high[at] >> (byte >> 4) & 1 == 1
    }
}
