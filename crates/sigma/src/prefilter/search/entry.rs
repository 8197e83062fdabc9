//! What is searched for.

/// Bytes of text that an entry looks at.
pub(crate) const WINDOW: usize = 4;

/// Up to four neighbouring bytes; a letter stands for both its cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Which bits of the window count.
    mask: u32,
    /// What these bits must be.
    value: u32,
    /// Reported on a hit.
    id: u32,
}

impl Entry {
    /// An entry for `bytes`, of which there are one to [`WINDOW`], none of them zero: the text is padded with zeroes.
    pub fn new(bytes: &[u8], id: u32) -> Self {
        assert!(
            (1..=WINDOW).contains(&bytes.len()),
            "an entry has one to four bytes"
        );
        assert!(!bytes.contains(&0), "an entry has no zero byte");
        let mut mask = [0; WINDOW];
        let mut value = [0; WINDOW];
        for (at, &byte) in bytes.iter().enumerate() {
            mask[at] = if byte.is_ascii_alphabetic() { !0x20 } else { !0 };
            value[at] = byte & mask[at];
        }
        Self {
            mask: u32::from_le_bytes(mask),
            value: u32::from_le_bytes(value),
            id,
        }
    }

    /// The number it was made with.
    pub fn id(self) -> u32 {
        self.id
    }

    /// Whether the entry stands at the start of `window`, four bytes in memory order.
    #[inline]
    pub fn matches(self, window: u32) -> bool {
        window & self.mask == self.value
    }

    /// How many bytes it has.
    pub fn length(self) -> usize {
        WINDOW - self.mask.leading_zeros() as usize / 8
    }

    /// Its bytes with bit 5 set: the same for all texts that it matches.
    pub fn key(self) -> u32 {
        key(self.value, self.length())
    }

    /// The bytes that position `at` may have; all where it has no byte of its own.
    pub fn allows(self, at: usize) -> impl Iterator<Item = u8> {
        let (mask, value) = (self.mask.to_le_bytes()[at], self.value.to_le_bytes()[at]);
        // Counts in the bits that the mask leaves open.
        let next = move |open: &u8| Some((open | mask).wrapping_add(1) & !mask).filter(|open| *open != 0);
        std::iter::successors(Some(0), next).map(move |open| open | value)
    }
}

/// The first `length` bytes of a window with bit 5 set in each.
#[inline]
pub(super) fn key(window: u32, length: usize) -> u32 {
    (window | 0x2020_2020) & (u32::MAX >> (8 * (WINDOW - length)))
}

/// The four bytes at `at`, as many as there are; zeroes follow.
#[inline]
pub(super) fn window(text: &[u8], at: usize) -> u32 {
    match text[at..].first_chunk() {
        Some(bytes) => u32::from_le_bytes(*bytes),
        None => {
            let mut padded = [0; WINDOW];
            let rest = &text[at..];
            padded[..rest.len()].copy_from_slice(rest);
            u32::from_le_bytes(padded)
        }
    }
}
