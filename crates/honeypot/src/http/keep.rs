//! The seam between what arrives and what is kept of it.

use std::io;
use std::sync::Arc;

use imker_event::{Content, Text};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Keeps bytes by their hash: the quarantine.
pub trait Keep: Send + Sync {
    /// Makes ready for one body or upload.
    fn begin(&self) -> Box<dyn Incoming>;
}

/// One body on its way into the quarantine. What is dropped unfinished is not kept.
pub trait Incoming: Send {
    /// Takes the next bytes. Beyond the limit on what is kept they are hashed and counted only.
    ///
    /// It is called from the threads that serve connections, with at most 16 KiB: it may write to the page cache, but
    /// must not sync.
    ///
    /// # Errors
    /// The body's request is not answered. The quarantine has none: what it has no room for, it hashes and counts.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Stores what was written under its hash, synced to disk. It is called where blocking is allowed.
    ///
    /// # Errors
    /// As for [`Incoming::write`].
    fn finish(self: Box<Self>) -> io::Result<Content>;
}

/// Hashes and counts, and keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeepNothing;

impl Keep for KeepNothing {
    fn begin(&self) -> Box<dyn Incoming> {
        Box::new(Counted::default())
    }
}

/// Keeps so many bodies at once, as each holds a file open; what comes beyond is hashed and counted only.
pub struct KeepAtMost {
    keep: Arc<dyn Keep>,
    places: Arc<Semaphore>,
}

impl KeepAtMost {
    /// At most `bodies` go to `keep` at once.
    pub fn new(keep: Arc<dyn Keep>, bodies: usize) -> Self {
        Self {
            keep,
            places: Arc::new(Semaphore::new(bodies)),
        }
    }
}

impl Keep for KeepAtMost {
    fn begin(&self) -> Box<dyn Incoming> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Box::new(InPlace {
                incoming: self.keep.begin(),
                _place: place,
            }),
            Err(_) => KeepNothing.begin(),
        }
    }
}

struct InPlace {
    incoming: Box<dyn Incoming>,
    _place: OwnedSemaphorePermit,
}

impl Incoming for InPlace {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.incoming.write(bytes)
    }

    fn finish(self: Box<Self>) -> io::Result<Content> {
        self.incoming.finish()
    }
}

#[derive(Default)]
struct Counted {
    hash: Sha256,
    bytes: u64,
}

impl Incoming for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Content> {
        if self.bytes == 0 {
            return Ok(Content::default());
        }
        Ok(Content {
            sha256: hex(&self.hash.finalize()),
            bytes: self.bytes,
            kept: 0,
        })
    }
}

/// The content of bytes that are at hand, of which `kept` are kept.
pub fn content_of(bytes: &[u8], kept: u64) -> Content {
    if bytes.is_empty() {
        return Content::default();
    }
    Content {
        sha256: sha256(bytes),
        bytes: bytes.len() as u64,
        kept,
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> Text {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> Text {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    let hex: Vec<u8> = bytes.iter().flat_map(digits).collect();
    Text::from_bytes(&hex)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_hash_does_not_depend_on_how_bytes_arrive() {
        let mut incoming = KeepNothing.begin();
        incoming.write(b"ab").unwrap();
        incoming.write(b"c").unwrap();
        let content = incoming.finish().unwrap();
        assert_eq!(content, content_of(b"abc", 0));
        // FIPS 180-2, appendix B.1
        assert_eq!(
            content.sha256.as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    /// Says that it kept all.
    struct KeepAll;

    struct All(u64);

    impl Keep for KeepAll {
        fn begin(&self) -> Box<dyn Incoming> {
            Box::new(All(0))
        }
    }

    impl Incoming for All {
        fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0 += bytes.len() as u64;
            Ok(())
        }

        fn finish(self: Box<Self>) -> io::Result<Content> {
            Ok(Content {
                kept: self.0,
                ..Content::default()
            })
        }
    }

    #[test]
    fn what_has_no_place_is_counted_and_places_become_free() {
        let keep = KeepAtMost::new(Arc::new(KeepAll), 1);
        let kept = |mut incoming: Box<dyn Incoming>| {
            incoming.write(b"abc").unwrap();
            incoming.finish().unwrap().kept
        };
        let (one, two) = (keep.begin(), keep.begin());
        assert_eq!((kept(two), kept(one), kept(keep.begin())), (0, 3, 3));
    }

    #[test]
    fn no_bytes_have_no_hash() {
        assert_eq!(KeepNothing.begin().finish().unwrap(), Content::default());
        assert_eq!(content_of(b"", 0), Content::default());
    }
}
