//! Reading with a limit that is set anew now and then.

use std::io::{self, BufRead, Read};

/// A reader that fails when an event takes more than it may.
pub(super) struct Bounded<R> {
    pub(super) read: R,
    pub(super) left: usize,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a tag or text of more than 1 MiB",
            ));
        }
        let available = self.read.fill_buf()?;
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, count: usize) {
        self.left -= count;
        self.read.consume(count);
    }
}
