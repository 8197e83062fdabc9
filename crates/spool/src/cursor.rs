use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::error::Io;
use crate::platform::{create_dir, private};

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

/// All cursors of a spool, one file each. A file is written in place: a full disk holds up no cursor.
#[derive(Debug)]
pub(crate) struct Cursors {
    dir: PathBuf,
    places: Mutex<BTreeMap<String, Place>>,
}

#[derive(Debug)]
struct Place {
    passed: u64,
    /// What is on disk; retention goes by this.
    kept: u64,
    file: Arc<CursorFile>,
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
            places.insert(name.to_owned(), Place::open(dir.join(name))?);
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
        if let Entry::Vacant(vacant) = self.lock().entry(name.to_owned()) {
            vacant.insert(Place::open(self.dir.join(name))?);
        }
        Ok(Cursor {
            name: name.to_owned(),
            cursors: Arc::clone(self),
        })
    }

    pub(crate) fn forget(&self, name: &str) -> Result<(), Error> {
        if let Some(place) = self.lock().remove(name) {
            let path = &place.file.path;
            fs::remove_file(path).on("remove", path)?;
        }
        Ok(())
    }

    /// Writes what was passed since the last time. One that cannot be written holds up none of the others.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let places = self.lock();
        let moved = places.iter().filter(|(_, place)| place.passed > place.kept);
        let moved: Vec<_> = moved
            .map(|(name, place)| (name.clone(), Arc::clone(&place.file), place.passed))
            .collect();
        drop(places);
        let mut result = Ok(());
        for (name, file, passed) in moved {
            match file.write(passed) {
                Ok(()) => {
                    if let Some(place) = self.lock().get_mut(&name) {
                        place.kept = passed;
                    }
                }
                Err(error) => result = Err(error),
            }
        }
        result
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

impl Place {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let (file, kept) = CursorFile::open(path)?;
        Ok(Self {
            passed: kept,
            kept,
            file: Arc::new(file),
        })
    }
}

/// Two places of 512 bytes, so that a torn write of one leaves the other: in each a number and its CRC-32C as text,
/// the rest blanks. The higher number counts.
#[derive(Debug)]
struct CursorFile {
    path: PathBuf,
    /// The file, and which place is written next.
    file: Mutex<(File, usize)>,
}

impl CursorFile {
    const PLACE: usize = 512;

    /// Opens the file, or creates it in its full size, and reads how far the cursor has come. A damaged file counts as
    /// nothing passed: better delivered twice than never.
    fn open(path: PathBuf) -> Result<(Self, u64), Error> {
        let opened = private().read(true).truncate(false).open(&path);
        let mut file = opened.on("create", &path)?;
        let mut bytes = Vec::with_capacity(2 * Self::PLACE);
        #[expect(clippy::disallowed_methods, reason = "bounded by take")]
        (&file)
            .take(2 * Self::PLACE as u64)
            .read_to_end(&mut bytes)
            .on("read", &path)?;
        if bytes.len() < 2 * Self::PLACE {
            bytes.resize(2 * Self::PLACE, b' ');
            file.seek(SeekFrom::Start(0))
                .and_then(|_| file.write_all(&bytes))
                .and_then(|()| file.sync_all())
                .on("write", &path)?;
        }
        let places: Vec<_> = bytes.chunks(Self::PLACE).map(parse).collect();
        let next = usize::from(places[0] >= places[1]);
        let kept = places.into_iter().flatten().max().unwrap_or(0);
        let file = Mutex::new((file, next));
        Ok((Self { path, file }, kept))
    }

    fn write(&self, passed: u64) -> Result<(), Error> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, next) = &mut *file;
        file.seek(SeekFrom::Start((*next * Self::PLACE) as u64))
            .and_then(|_| file.write_all(line(passed).as_bytes()))
            .and_then(|()| file.sync_data())
            .on("write", &self.path)?;
        *next = 1 - *next;
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    plain && !name.is_empty() && name.len() <= 64
}

fn line(passed: u64) -> String {
    format!("{passed:020} {:08x}\n", crc32c::crc32c(&passed.to_le_bytes()))
}

fn parse(place: &[u8]) -> Option<u64> {
    let passed = std::str::from_utf8(place.get(..20)?).ok()?.parse().ok()?;
    place.starts_with(line(passed).as_bytes()).then_some(passed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]

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
    }

    #[test]
    fn a_torn_write_leaves_the_place_before() {
        let dir = tempfile::tempdir().unwrap();
        let cursors = Arc::new(Cursors::open(dir.path().to_owned()).unwrap());
        let cursor = cursors.register("view").unwrap();
        for passed in [7, 9, 12] {
            cursor.pass(passed);
            cursors.flush().unwrap();
        }
        let file = dir.path().join("view");
        let mut bytes = fs::read(&file).unwrap();
        let last = bytes.windows(2).position(|window| window == b"12").unwrap();
        bytes[last] = b'3';
        fs::write(&file, &bytes).unwrap();
        assert_eq!(Cursors::open(dir.path().to_owned()).unwrap().highest(), 9);
        fs::write(&file, "nonsense").unwrap();
        assert_eq!(Cursors::open(dir.path().to_owned()).unwrap().highest(), 0);
    }

    #[test]
    fn one_that_cannot_be_written_holds_up_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let cursors = Arc::new(Cursors::open(dir.path().to_owned()).unwrap());
        let (first, second) = (cursors.register("a").unwrap(), cursors.register("b").unwrap());
        let unwritable = File::open(dir.path().join("a")).unwrap();
        cursors.lock()["a"].file.file.lock().unwrap().0 = unwritable;
        first.pass(3);
        second.pass(3);
        assert!(cursors.flush().is_err());
        assert_eq!(cursors.behind(3), Some((0, vec!["a".to_owned()])));
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
