use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::error::Io;
use crate::platform::create_dir;

/// How far one sink has come; kept on disk within a second after [`Cursor::pass`].
#[derive(Debug)]
pub struct Cursor {
    name: String,
    cursors: Arc<Cursors>,
}

impl Cursor {
    /// The last sequence number passed; 0 for none.
    pub fn passed(&self) -> u64 {
        self.cursors
            .lock()
            .get(&self.name)
            .map_or(0, |place| place.passed)
    }

    /// Everything up to `sequence` is delivered. A lower number than before changes nothing.
    ///
    /// After a crash the cursor may stand where it stood a second before: what follows is delivered again.
    pub fn pass(&self, sequence: u64) {
        if let Some(place) = self.cursors.lock().get_mut(&self.name) {
            place.passed = place.passed.max(sequence);
        }
    }
}

/// All cursors of a spool, one file each: the number and its CRC-32C.
#[derive(Debug)]
pub(crate) struct Cursors {
    dir: PathBuf,
    places: Mutex<BTreeMap<String, Place>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    passed: u64,
    /// What is on disk; retention goes by this.
    kept: u64,
}

impl Cursors {
    pub(crate) fn open(dir: PathBuf) -> Result<Self, Error> {
        create_dir(&dir).on("create", &dir)?;
        let mut places = BTreeMap::new();
        for entry in fs::read_dir(&dir).on("read", &dir)? {
            let name = entry.on("read", &dir)?.file_name();
            let Some(name) = name.to_str().filter(|name| is_name(name)) else {
                continue;
            };
            let kept = read(&dir.join(name))?;
            places.insert(name.to_owned(), Place { passed: kept, kept });
        }
        Ok(Self {
            dir,
            places: Mutex::new(places),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn register(self: &Arc<Self>, name: &str) -> Result<Cursor, Error> {
        if !is_name(name) {
            return Err(Error::CursorName {
                name: name.chars().take(64).collect(),
            });
        }
        if !self.lock().contains_key(name) {
            self.keep(name, 0)?;
            self.lock().entry(name.to_owned()).or_default();
        }
        Ok(Cursor {
            name: name.to_owned(),
            cursors: Arc::clone(self),
        })
    }

    pub(crate) fn forget(&self, name: &str) -> Result<(), Error> {
        if self.lock().remove(name).is_some() {
            let path = self.dir.join(name);
            fs::remove_file(&path).on("remove", &path)?;
        }
        Ok(())
    }

    /// Writes what was passed since the last time.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let places = self.lock();
        let moved = places.iter().filter(|(_, place)| place.passed > place.kept);
        let moved: Vec<_> = moved.map(|(name, place)| (name.clone(), place.passed)).collect();
        drop(places);
        for (name, passed) in moved {
            self.keep(&name, passed)?;
            if let Some(place) = self.lock().get_mut(&name) {
                place.kept = passed;
            }
        }
        Ok(())
    }

    fn keep(&self, name: &str, passed: u64) -> Result<(), Error> {
        let new = self.dir.join(format!("{name}.new"));
        let written = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(line(passed).as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, self.dir.join(name))
        };
        written().on("write", &new)
    }

    /// The highest sequence number that any cursor passed.
    pub(crate) fn highest(&self) -> u64 {
        self.lock().values().map(|place| place.passed).max().unwrap_or(0)
    }

    /// The cursors that have not passed a sequence number, and the lowest number among them.
    pub(crate) fn behind(&self, sequence: u64) -> Option<(u64, Vec<String>)> {
        let places = self.lock();
        let behind = places.iter().filter(|(_, place)| place.kept < sequence);
        let (names, kept): (Vec<_>, Vec<_>) = behind.map(|(name, place)| (name.clone(), place.kept)).unzip();
        Some((kept.into_iter().min()?, names))
    }
}

fn is_name(name: &str) -> bool {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    plain && !name.is_empty() && name.len() <= 64
}

fn line(passed: u64) -> String {
    format!("{passed} {:08x}\n", crc32c::crc32c(&passed.to_le_bytes()))
}

/// A damaged file counts as nothing passed: better delivered twice than never.
fn read(path: &Path) -> Result<u64, Error> {
    let mut bytes = [0; 40];
    let length = File::open(path)
        .and_then(|mut file| file.read(&mut bytes))
        .on("read", path)?;
    let text = std::str::from_utf8(&bytes[..length]).unwrap_or_default();
    let passed = text.split(' ').next().and_then(|number| number.parse().ok());
    Ok(passed.filter(|&passed| line(passed) == text).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_cursor_stays_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let cursors = Arc::new(Cursors::open(dir.path().to_owned()).unwrap());
        let cursor = cursors.register("view").unwrap();
        cursor.pass(7);
        cursor.pass(5);
        assert_eq!(cursor.passed(), 7);
        assert_eq!(
            cursors.behind(7),
            Some((0, vec!["view".to_owned()])),
            "not yet on disk"
        );
        cursors.flush().unwrap();
        assert_eq!(cursors.behind(7), None);
        let again = Arc::new(Cursors::open(dir.path().to_owned()).unwrap());
        assert_eq!(again.register("view").unwrap().passed(), 7);
        assert_eq!(again.highest(), 7);
        fs::write(dir.path().join("view"), "9 00000000\n").unwrap();
        assert_eq!(Cursors::open(dir.path().to_owned()).unwrap().highest(), 0);
    }

    #[test]
    fn names_lead_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let cursors = Arc::new(Cursors::open(dir.path().to_owned()).unwrap());
        for name in ["", "../x", "a/b", "a.new", "ä", &"x".repeat(65)] {
            assert!(
                matches!(cursors.register(name), Err(Error::CursorName { .. })),
                "{name}"
            );
        }
    }
}
