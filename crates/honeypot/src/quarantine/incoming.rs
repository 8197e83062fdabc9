use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use imker_event::{Content, Text};
use sha2::{Digest, Sha256};

use super::{Shared, path_of};
use crate::http::Incoming;
use crate::private;

/// One body on its way in. Where it cannot be kept, it is hashed and counted nevertheless: an attacker learns
/// nothing of the state of our disk.
pub(super) struct Arriving {
    shared: Arc<Shared>,
    hash: Sha256,
    bytes: u64,
    file: Option<Kept>,
    failed: bool,
}

/// What is kept so far, under a name of its own.
struct Kept {
    file: File,
    path: PathBuf,
    bytes: u64,
}

impl Arriving {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            hash: Sha256::new(),
            bytes: 0,
            file: None,
            failed: false,
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        let shared = &*self.shared;
        let kept = match &mut self.file {
            Some(kept) => kept,
            None => {
                let mut state = shared.lock();
                let name = state.next.to_string();
                state.next += 1;
                drop(state);
                let path = shared.dir.join("arriving").join(name);
                self.file.insert(Kept {
                    file: private::create_new(&path)?,
                    path,
                    bytes: 0,
                })
            }
        };
        let left = shared.limits.max_item - kept.bytes.min(shared.limits.max_item);
        let wanted = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        if wanted.is_empty() {
            return Ok(());
        }
        let size = wanted.len() as u64;
        if !shared.has_room(size) {
            let full = "the quarantine is full, by its max_total or by what is to be left free on its disk";
            return Err(io::Error::new(io::ErrorKind::StorageFull, full));
        }
        shared.lock().total += size;
        kept.bytes += size;
        kept.file.write_all(wanted)
    }

    /// Gives up what was received so far.
    fn discard(&mut self) {
        if let Some(kept) = self.file.take() {
            drop(kept.file);
            let _ = fs::remove_file(kept.path);
            let mut state = self.shared.lock();
            state.total = state.total.saturating_sub(kept.bytes);
        }
    }

    /// Moves what was received to its place; gives how much of it is kept there.
    fn store(&mut self, sha256: &str) -> io::Result<u64> {
        let Some(kept) = &mut self.file else {
            return Ok(0);
        };
        let (dir, path) = (&self.shared.dir, path_of(&self.shared.dir, sha256));
        let parent = dir.join(&sha256[..2]);
        let known = fs::metadata(&path).is_ok_and(|there| there.len() >= kept.bytes);
        if !known {
            kept.file.sync_all()?;
        }
        // Of two that arrive at once, one finds the other.
        let mut state = self.shared.lock();
        if let Ok(there) = fs::OpenOptions::new().append(true).open(&path) {
            // Its age counts from now on.
            there.set_modified(SystemTime::now())?;
            let length = there.metadata()?.len();
            if length >= kept.bytes {
                state.again += 1;
                drop(state);
                self.discard();
                return Ok(length);
            }
            // It is there with less, from a time of smaller limits.
            state.total = state.total.saturating_sub(length);
        }
        if known {
            // It was swept away meanwhile.
            kept.file.sync_all()?;
        }
        private::create_dir(&parent)?;
        fs::rename(&kept.path, &path)?;
        drop(state);
        private::sync_dir(&parent)?;
        private::sync_dir(dir)?;
        let bytes = kept.bytes;
        self.file = None;
        Ok(bytes)
    }
}

impl Incoming for Arriving {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        if !self.failed
            && let Err(error) = self.keep(bytes)
        {
            tracing::warn!(%error, "what arrives cannot be kept in quarantine");
            self.failed = true;
            self.discard();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Content> {
        if self.bytes == 0 {
            return Ok(Content::default());
        }
        let digest = std::mem::take(&mut self.hash).finalize();
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let kept = self.store(&sha256).unwrap_or_else(|error| {
            tracing::warn!(%error, %sha256, "what arrived cannot be kept in quarantine");
            0
        });
        Ok(Content {
            sha256: Text::from(&*sha256),
            bytes: self.bytes,
            kept,
        })
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.discard();
    }
}
