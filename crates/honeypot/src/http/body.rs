//! Bodies on their way in: hashed as they come, the first bytes in memory, long ones also in quarantine.

use std::io;
use std::sync::Arc;

use imker_event::Content;

use super::keep::{Incoming, Keep, content_of};

/// A body that is being received.
pub struct Body {
    keep: Arc<dyn Keep>,
    in_memory: usize,
    start: Vec<u8>,
    incoming: Option<Box<dyn Incoming>>,
    bytes: u64,
}

impl Body {
    /// Before the first byte. Bodies of more than `in_memory` bytes go to `keep`.
    pub fn new(keep: &Arc<dyn Keep>, in_memory: usize) -> Self {
        Self {
            keep: Arc::clone(keep),
            in_memory,
            start: Vec::new(),
            incoming: None,
            bytes: 0,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They could not be kept.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        let room = self.in_memory - self.start.len();
        match &mut self.incoming {
            Some(incoming) => incoming.write(bytes),
            None if bytes.len() <= room => {
                self.start.extend_from_slice(bytes);
                Ok(())
            }
            None => {
                let mut incoming = self.keep.begin();
                incoming.write(&self.start)?;
                incoming.write(bytes)?;
                self.start.extend_from_slice(&bytes[..room]);
                self.incoming = Some(incoming);
                Ok(())
            }
        }
    }

    /// How many bytes came.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The first bytes, and the whole by hash, or why it could not be kept. Of a body that is all in the first bytes,
    /// all counts as kept.
    pub async fn finish(self) -> (Vec<u8>, io::Result<Content>) {
        let content = match self.incoming {
            None => Ok(content_of(&self.start, self.bytes)),
            Some(incoming) => {
                let finished = tokio::task::spawn_blocking(|| incoming.finish()).await;
                finished.unwrap_or_else(|panic| Err(io::Error::other(panic)))
            }
        };
        (self.start, content)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::http::KeepNothing;

    #[tokio::test]
    async fn the_hash_is_of_all_and_the_start_of_the_first_bytes() {
        for pieces in [
            vec!["abc", "defgh", "ijklm"],
            vec!["abcdefgh"],
            vec![""],
            vec!["abcdefghijkl"],
        ] {
            let keep: Arc<dyn Keep> = Arc::new(KeepNothing);
            let mut body = Body::new(&keep, 8);
            for piece in &pieces {
                body.write(piece.as_bytes()).unwrap();
            }
            let all = pieces.concat().into_bytes();
            let (start, content) = body.finish().await;
            assert_eq!(start, all[..all.len().min(8)]);
            let kept = if all.len() > 8 { 0 } else { all.len() as u64 };
            assert_eq!(content.unwrap(), content_of(&all, kept));
        }
    }
}
