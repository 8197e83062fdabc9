//! What attackers sent, kept inert: one file for each content, named after its SHA-256.
//!
//! `<folder>/ab/abcd...` holds the first bytes, up to the limit on one item, of whatever has that hash. Nothing in
//! here is ever executed, parsed or served. The folders can be entered, and thereby their files read, by their
//! owner alone.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::http::{Incoming, Keep};
use crate::private;

use incoming::Arriving;

mod incoming;
#[cfg(test)]
mod tests;

/// Limits of a quarantine. Sizes are in bytes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// What of one item is kept, from its first byte on.
    pub max_item: u64,
    /// All items together; [`Quarantine::sweep`] makes room for new ones.
    pub max_total: u64,
    /// Items that did not arrive again for so long go.
    pub max_age: Option<Duration>,
    /// What is left free on the disk, whoever fills it.
    pub min_free: u64,
}

/// The quarantine; clones are the same one.
#[derive(Debug, Clone)]
pub struct Quarantine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes kept, and bytes being received.
    total: u64,
    /// Arrivals of what was there already.
    again: u64,
    /// For names of items that are being received.
    next: u64,
}

/// A kept item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// SHA-256 of all bytes that came, in lower-case hex.
    pub sha256: String,
    /// How many of them are kept.
    pub kept: u64,
    /// When it arrived last.
    pub arrived: SystemTime,
}

impl Quarantine {
    /// Opens or creates the quarantine in a folder; what was being received when the sensor last stopped is removed.
    ///
    /// # Errors
    /// The folder cannot be created or read.
    pub fn open(dir: &Path, limits: Limits) -> io::Result<Self> {
        private::create_dir(dir)?;
        let arriving = dir.join("arriving");
        private::create_dir(&arriving)?;
        for entry in fs::read_dir(&arriving)? {
            fs::remove_file(entry?.path())?;
        }
        let total = list(dir)?.iter().map(|item| item.kept).sum();
        let state = Mutex::new(State {
            total,
            ..State::default()
        });
        Ok(Self {
            shared: Arc::new(Shared {
                dir: dir.to_owned(),
                limits,
                state,
            }),
        })
    }

    /// Removes what is too old at `now`, and the oldest items until there is room for another one of the largest size, or
    /// for a quarter of all. Returns how many went. It blocks; to be called every minute or so. Without `now`, where the
    /// clock cannot be believed, none is too old.
    ///
    /// # Errors
    /// The folder cannot be read or an item not be removed.
    pub fn sweep(&self, now: Option<SystemTime>) -> io::Result<usize> {
        let shared = &*self.shared;
        let mut items = list(&shared.dir)?;
        items.sort_unstable_by_key(|item| item.arrived);
        let room = shared.limits.max_item.min(shared.limits.max_total / 4);
        let mut gone = 0;
        for item in items {
            let age = now.map_or(Duration::ZERO, |now| {
                now.duration_since(item.arrived).unwrap_or_default()
            });
            let too_old = shared.limits.max_age.is_some_and(|max_age| age > max_age);
            if !too_old && !shared.is_crowded(room) {
                break;
            }
            let path = path_of(&shared.dir, &item.sha256);
            let mut state = shared.lock();
            if fs::metadata(&path)?.modified()? != item.arrived {
                // It arrived again meanwhile.
                continue;
            }
            fs::remove_file(&path)?;
            state.total = state.total.saturating_sub(item.kept);
            gone += 1;
        }
        Ok(gone)
    }

    /// How often something arrived that was there already.
    pub fn arrived_again(&self) -> u64 {
        self.shared.lock().again
    }
}

impl Keep for Quarantine {
    fn begin(&self) -> Box<dyn Incoming> {
        Box::new(Arriving::new(Arc::clone(&self.shared)))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether items must go for so many bytes more: for lack of room on the disk only while they take more than a
    /// quarter of what they may, since else it is not they who fill it.
    fn is_crowded(&self, bytes: u64) -> bool {
        let total = self.lock().total;
        let free = fs4::available_space(&self.dir).unwrap_or(u64::MAX);
        let fill_disk =
            free < self.limits.min_free.saturating_add(bytes) && total > self.limits.max_total / 4;
        total + bytes > self.limits.max_total || fill_disk
    }

    /// Whether so many bytes more may be kept.
    fn has_room(&self, bytes: u64) -> bool {
        let total = self.lock().total;
        let free = fs4::available_space(&self.dir).unwrap_or(0);
        total + bytes <= self.limits.max_total && free >= self.limits.min_free.saturating_add(bytes)
    }
}

/// The kept items of a quarantine's folder, in no order.
///
/// # Errors
/// The folder cannot be read.
pub fn list(dir: &Path) -> io::Result<Vec<Item>> {
    let mut items = Vec::new();
    for folder in fs::read_dir(dir)? {
        let folder = folder?;
        if folder.file_name().len() != 2 {
            continue;
        }
        for entry in fs::read_dir(folder.path())? {
            let entry = entry?;
            let Some(sha256) = entry
                .file_name()
                .to_str()
                .filter(|name| is_sha256(name))
                .map(str::to_owned)
            else {
                continue;
            };
            let metadata = entry.metadata()?;
            items.push(Item {
                sha256,
                kept: metadata.len(),
                arrived: metadata.modified()?,
            });
        }
    }
    Ok(items)
}

/// Opens a kept item to read it.
///
/// # Errors
/// `sha256` is no SHA-256 in lower-case hex, or nothing of that hash is kept.
pub fn open_item(dir: &Path, sha256: &str) -> io::Result<File> {
    if !is_sha256(sha256) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a SHA-256 has 64 lower-case hexadecimal digits",
        ));
    }
    File::open(path_of(dir, sha256))
}

fn is_sha256(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn path_of(dir: &Path, sha256: &str) -> PathBuf {
    dir.join(&sha256[..2]).join(sha256)
}
