/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
///
/// Own code, so that a corpus stays the same whatever a library's next version does.
#[derive(Debug, Clone)]
pub struct Prng(u64);

impl Prng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// An index into `weights`, each as likely as its weight.
    pub fn weighted(&mut self, weights: &[u16]) -> usize {
        let mut left = self.below(weights.iter().map(|&weight| u64::from(weight)).sum());
        for (index, &weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return index,
            }
        }
        weights.len() - 1
    }

    /// A version 4 GUID.
    pub fn guid(&mut self) -> Guid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        Guid(bits & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62))
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// A GUID, as Exchange gives one to each request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guid(u128);

impl Guid {
    /// Appends it as `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`.
    pub fn append(self, out: &mut Vec<u8>) {
        let mut text = [b'-'; 36];
        let mut at = 0;
        for nibble in (0..32).rev() {
            if matches!(at, 8 | 13 | 18 | 23) {
                at += 1;
            }
            text[at] = b"0123456789abcdef"[(self.0 >> (nibble * 4)) as usize & 0xf];
            at += 1;
        }
        out.extend_from_slice(&text);
    }
}

impl std::fmt::Display for Guid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::with_capacity(36);
        self.append(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_published_sequence() {
        // First outputs for seed 1234567, as published with the reference code.
        let mut prng = Prng::new(1_234_567);
        assert_eq!(prng.next(), 6_457_827_717_110_365_317);
        assert_eq!(prng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_guid_says_that_it_is_random() {
        let guid = Prng::new(1).guid().to_string();
        assert_eq!(guid.len(), 36);
        assert_eq!(&guid[14..15], "4");
        assert!("89ab".contains(&guid[19..20]), "{guid}");
    }

    #[test]
    fn weights_are_kept() {
        let mut prng = Prng::new(3);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[prng.weighted(&[700, 0, 300])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((6_700..7_300).contains(&counts[0]), "{counts:?}");
    }
}
