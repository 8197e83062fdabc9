//! Zstandard (RFC 8878).

use std::io::{self, BufRead, Read};

use zstd::stream::read::Decoder;

use super::Stop;
use crate::model::UnreadReason;

/// The largest window, as a power of two: each thread that unpacks holds one in memory.
const WINDOW_LOG_MAX: u32 = 25;

/// Reads the frames of a Zstandard stream.
pub(super) struct Unzstd<R: BufRead>(Decoder<'static, R>);

impl<R: BufRead> Unzstd<R> {
    #[expect(
        clippy::disallowed_methods,
        reason = "what comes out is read through `Bounded`, and the window is bounded"
    )]
    pub(super) fn new(source: R) -> io::Result<Self> {
        let mut decoder = Decoder::with_buffer(source)?;
        decoder.window_log_max(WINDOW_LOG_MAX)?;
        Ok(Self(decoder))
    }
}

impl<R: BufRead> Read for Unzstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| {
            let is_ours = error.get_ref().is_some_and(|inner| inner.is::<Stop>());
            if error.kind() != io::ErrorKind::Other || is_ours {
                error
            } else if error.to_string().contains("too much memory") {
                Stop(UnreadReason::Unsupported, "the zstd window is larger than 32 MiB").into()
            } else {
                io::Error::new(io::ErrorKind::InvalidData, error)
            }
        })
    }
}
