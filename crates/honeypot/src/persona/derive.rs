//! What is the same at each start and different in each install: all of it comes from one seed.
//!
//! A value is `SHA-256(seed, parts)`, each part preceded by its length (32 bits, big-endian), so that no two lists of
//! parts look alike. A [`Stream`] is the sequence `SHA-256(key, n)` for n = 0, 1, 2, ... (64 bits, big-endian).

use sha2::{Digest, Sha256};

use super::Persona;

impl Persona {
    /// A value of this host alone, as for its certificate's dates; `label` says what for.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        derive(&self.seed, &["host", &self.dns_domain, &self.netbios_name, label])
    }

    /// A value that all hosts of the domain share, as for the domain's SID; `label` says what for.
    pub fn derive_for_domain(&self, label: &str) -> [u8; 32] {
        derive(&self.seed, &["domain", label])
    }
}

pub(crate) fn derive(seed: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed);
    for part in parts {
        hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// Numbers without end, always the same ones from one key.
#[derive(Debug)]
pub(crate) struct Stream {
    key: [u8; 32],
    next: u64,
}

impl Stream {
    pub fn new(seed: &[u8; 32], label: &str) -> Self {
        Self {
            key: derive(seed, &["stream", label]),
            next: 0,
        }
    }

    fn number(&mut self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(self.next.to_be_bytes());
        self.next += 1;
        let block: [u8; 32] = hash.finalize().into();
        block[..8]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A number below `limit`, which is above zero. The bias, at most `limit / 2^64`, does not matter here.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// One of a list that is not empty.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let seed = [7; 32];
        assert_ne!(derive(&seed, &["ab", "c"]), derive(&seed, &["a", "bc"]));
        assert_ne!(derive(&seed, &["a"]), derive(&[8; 32], &["a"]));
        assert_eq!(derive(&seed, &["a"]), derive(&seed, &["a"]));
    }

    /// The derivation is part of every install: a change would give all of them other users and certificates.
    #[test]
    fn the_derivation_never_changes() {
        let mut stream = Stream::new(&[7; 32], "test");
        let numbers: Vec<u64> = (0..4).map(|_| stream.below(1000)).collect();
        insta::assert_debug_snapshot!(numbers);
    }
}
