//! Bounds on what decompression may yield.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::Stop;
use crate::input::Input;
use crate::model::{Limits, UnreadReason};

/// Unpacked bytes that no ratio is asked of.
const FREE: u64 = 64 << 20;

/// The one way to read from a decompressor: it counts what comes out and stops at the limits.
pub(super) struct Bounded<'c, R> {
    inner: R,
    packed: &'c Cell<u64>,
    unpacked: &'c Cell<u64>,
    limits: Limits,
}

impl<'c, R: Read> Bounded<'c, R> {
    /// `packed` and `unpacked` count the bytes of all that the limits hold for together.
    pub(super) fn new(inner: R, packed: &'c Cell<u64>, unpacked: &'c Cell<u64>, limits: Limits) -> Self {
        Self {
            inner,
            packed,
            unpacked,
            limits,
        }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let unpacked = self.unpacked.get();
        if unpacked >= self.limits.unpacked {
            // It may end right here.
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(Stop(UnreadReason::SizeLimit, "unpacked size").into()),
            };
        }
        if unpacked > FREE && unpacked > self.packed.get().saturating_mul(self.limits.ratio) {
            return Err(Stop(UnreadReason::RatioLimit, "compression ratio").into());
        }
        let room = out
            .len()
            .min(usize::try_from(self.limits.unpacked - unpacked).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut out[..room])?;
        self.unpacked.set(unpacked + count as u64);
        Ok(count)
    }
}

/// Counts what is taken from an input.
pub(super) struct Counting<'i, 's> {
    input: &'i mut Input<'s>,
    count: Rc<Cell<u64>>,
}

impl<'i, 's> Counting<'i, 's> {
    pub(super) fn new(input: &'i mut Input<'s>, count: Rc<Cell<u64>>) -> Self {
        Self { input, count }
    }
}

impl Read for Counting<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

impl BufRead for Counting<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count.set(self.count.get() + count as u64);
        self.input.consume(count);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read_all(packed: u64, limits: Limits) -> (u64, io::Error) {
        let (packed, unpacked) = (Cell::new(packed), Cell::new(0));
        let mut bounded = Bounded::new(io::repeat(0), &packed, &unpacked, limits);
        let mut buffer = vec![0; 1 << 20];
        loop {
            if let Err(error) = bounded.read(&mut buffer) {
                return (unpacked.get(), error);
            }
        }
    }

    #[test]
    fn the_ratio_is_bounded_beyond_what_is_free() {
        let (unpacked, error) = read_all(100_000, Limits::default());
        assert_eq!(
            (unpacked, error.to_string().as_str()),
            (FREE + (1 << 20), "compression ratio")
        );
        let (unpacked, _) = read_all(1_000_000, Limits::default());
        assert_eq!(unpacked, (200_000_000_u64).next_multiple_of(1 << 20));
    }

    #[test]
    fn the_size_is_bounded() {
        let (unpacked, error) = read_all(
            1,
            Limits {
                unpacked: 5_000_000,
                ..Limits::default()
            },
        );
        assert_eq!(
            (unpacked, error.to_string().as_str()),
            (5_000_000, "unpacked size")
        );
    }
}
