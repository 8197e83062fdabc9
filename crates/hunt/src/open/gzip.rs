//! Gzip (RFC 1952): members one after another, zero padding at the end.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::Stop;
use crate::model::UnreadReason;

/// The most that is unpacked at once.
const STEP: usize = 8 * 1024;

/// Reads the members of a gzip stream.
pub(super) struct Gunzip<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            member: Some(begin(source)),
        }
    }

    /// Begins the next member; `None` at the end.
    fn next(mut source: R) -> io::Result<Option<GzDecoder<R>>> {
        loop {
            let rest = source.fill_buf()?;
            match rest.first() {
                None => return Ok(None),
                Some(0) => {
                    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
                    source.consume(zeros);
                }
                Some(0x1f) => return Ok(Some(begin(source))),
                Some(_) => {
                    return Err(
                        Stop(UnreadReason::Damaged, "bytes behind the end of the gzip stream").into(),
                    );
                }
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what comes out is read through `Bounded`"
)]
fn begin<R: BufRead>(source: R) -> GzDecoder<R> {
    GzDecoder::new(source)
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        // What was unpacked before damage is lost within one call.
        let room = out.len().min(STEP);
        while let Some(member) = &mut self.member {
            let count = member.read(&mut out[..room])?;
            if count > 0 {
                return Ok(count);
            }
            self.member = self
                .member
                .take()
                .map_or(Ok(None), |member| Self::next(member.into_inner()))?;
        }
        Ok(0)
    }
}
