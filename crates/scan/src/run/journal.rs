use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use imker_posture::{Checks, Observation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::target::Seed;

/// Bytes of one line that are read. An observation has limits of its own, far below.
const LINE: u64 = 8 << 20;

/// What a scan is about, so that a state is not gone on with for another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Name and version of this format.
    pub imker_scan_state: u32,
    /// When the scan began.
    pub started: Timestamp,
    /// Key of the order of the targets.
    pub seed: Seed,
    /// How many targets there are.
    pub targets: u64,
    /// Digest of the targets, in hex.
    pub fingerprint: String,
    /// How much is asked.
    pub checks: Checks,
    /// Whether mail services are asked.
    pub smtp: bool,
}

impl Head {
    /// Version of the format.
    pub const VERSION: u32 = 1;

    fn is_same_scan(&self, other: &Self) -> bool {
        let about = |head: &Self| (head.targets, head.checks, head.smtp);
        about(self) == about(other) && self.fingerprint == other.fingerprint
    }
}

/// What tells one scan from another.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks = match self.checks {
            Checks::Quick => "quick",
            Checks::Full => "full",
        };
        let smtp = if self.smtp { ", mail services" } else { "" };
        write!(
            f,
            "{} targets ({}), {checks} checks{smtp}",
            self.targets, self.fingerprint
        )
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// A target, by its place in the order, is about to be asked.
    Began(u64),
    /// What it answered.
    Done(u64, Box<Observation>),
}

/// What stands in the way of a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The journal.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process writes to it.
    #[error("{0}: another scan writes to it; wait for that one's end, or choose another file")]
    Locked(PathBuf),
    /// It is something else.
    #[error("{path}, line {line}: not the state of a scan ({what}); choose another file")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// It is the state of another scan.
    #[error(
        "{path}: the state of a scan with {was}, and this one has {is}; repeat the command that began it, or choose another file"
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// What the earlier scan was about.
        was: String,
        /// What this one is about.
        is: String,
    },
}

/// What an earlier run left.
#[derive(Debug, Default)]
struct Found {
    /// No target from this place on was begun.
    end: u64,
    /// Places below `end` without an answer: as many at most as a run has under way.
    unanswered: BTreeSet<u64>,
    /// Those of them that were begun.
    interrupted: BTreeSet<u64>,
}

impl Found {
    fn take(&mut self, line: &Line) {
        match line {
            Line::Began(place) => {
                self.unanswered.extend(self.end..=*place);
                self.end = self.end.max(place + 1);
                self.interrupted.insert(*place);
            }
            Line::Done(place, _) => {
                self.unanswered.extend(self.end..*place);
                self.end = self.end.max(place + 1);
                self.unanswered.remove(place);
                self.interrupted.remove(place);
            }
        }
    }
}

/// What was begun and what was answered, on disk as it goes.
///
/// A line is handed to the system before a target is asked, and one when its answer is there: whoever is killed between
/// the two knows afterwards. A machine that loses power may lose the last lines.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    found: Found,
}

impl Journal {
    /// A journal that nobody goes on with: an unnamed file in the folder for temporary ones.
    ///
    /// # Errors
    /// Those of the system.
    pub fn temporary(head: &Head) -> Result<Self, JournalError> {
        let path = std::env::temp_dir();
        let begin = || {
            let journal = Self::empty(path.clone(), tempfile::tempfile_in(&path)?);
            journal.write(head)?;
            Ok(journal)
        };
        begin().map_err(|error| JournalError::Io {
            path: path.clone(),
            error,
        })
    }

    /// Opens the state of a scan to go on with, or begins one.
    ///
    /// # Errors
    /// If the file is something else, or is of another scan than `head` says, or the system refuses.
    pub fn open(path: &Path, head: &Head) -> Result<Self, JournalError> {
        let failed = |error| JournalError::Io {
            path: path.to_owned(),
            error,
        };
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut journal = Self::empty(path.to_owned(), file);
        match journal.read_head()? {
            None => journal.write(head).map_err(failed)?,
            Some(was) if was.is_same_scan(head) => journal.recover()?,
            Some(was) => {
                return Err(JournalError::Other {
                    path: path.to_owned(),
                    was: was.to_string(),
                    is: head.to_string(),
                });
            }
        }
        Ok(journal)
    }

    /// The seed of the scan whose state a file is; `None` where it is none.
    ///
    /// # Errors
    /// Those of the system.
    pub fn seed(path: &Path) -> Result<Option<Seed>, JournalError> {
        match File::open(path) {
            Ok(file) => Ok(Self::empty(path.to_owned(), file)
                .read_head()?
                .map(|head| head.seed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::Io {
                path: path.to_owned(),
                error,
            }),
        }
    }

    const fn empty(path: PathBuf, file: File) -> Self {
        Self {
            path,
            file: Mutex::new(file),
            found: Found {
                end: 0,
                unanswered: BTreeSet::new(),
                interrupted: BTreeSet::new(),
            },
        }
    }

    /// Whether a target, by its place in the order, was answered in an earlier run.
    pub fn is_done(&self, place: u64) -> bool {
        place < self.found.end && !self.found.unanswered.contains(&place)
    }

    /// Whether an earlier run asked a target, and ended before the answer was kept.
    pub fn was_interrupted(&self, place: u64) -> bool {
        self.found.interrupted.contains(&place)
    }

    /// How many targets were answered in earlier runs.
    pub fn done(&self) -> u64 {
        self.found.end - self.found.unanswered.len() as u64
    }

    /// Records that a target is about to be asked.
    pub(super) fn begin(&self, place: u64) -> Result<(), JournalError> {
        self.write(&Line::Began(place))
            .map_err(|error| self.failed(error))
    }

    /// Records what a target answered.
    pub(super) fn finish(&self, place: u64, observation: Observation) -> Result<(), JournalError> {
        self.write(&Line::Done(place, Box::new(observation)))
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            error,
        }
    }

    /// One line in one call: what is there is whole, but for a last line.
    fn write(&self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&bytes)
    }

    fn read_head(&mut self) -> Result<Option<Head>, JournalError> {
        let mut lines = self.lines()?;
        match lines.next_line::<Head>()? {
            None if lines.buffer.is_empty() => Ok(None),
            None => Err(lines.foreign("its first line has no end".to_owned())),
            Some(head) if head.imker_scan_state == Head::VERSION => Ok(Some(head)),
            Some(head) => Err(lines.foreign(format!("version {}", head.imker_scan_state))),
        }
    }

    /// Reads what was begun and answered, and cuts off a line that was not written to its end.
    fn recover(&mut self) -> Result<(), JournalError> {
        let mut found = Found::default();
        let mut lines = self.lines()?;
        lines.next_line::<Head>()?;
        while let Some(line) = lines.next_line()? {
            found.take(&line);
        }
        let whole = lines.whole;
        drop(lines);
        self.found = found;
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let cut = file
            .set_len(whole)
            .and_then(|()| file.seek(SeekFrom::End(0)).map(drop));
        cut.map_err(|error| JournalError::Io {
            path: self.path.clone(),
            error,
        })
    }

    /// Everything that was answered, in the order of answers. Nothing may be written meanwhile.
    ///
    /// # Errors
    /// Those of the system.
    pub fn observations(
        &self,
    ) -> Result<impl Iterator<Item = Result<Observation, JournalError>>, JournalError> {
        let mut lines = self.lines()?;
        lines.next_line::<Head>()?;
        Ok(std::iter::from_fn(move || {
            loop {
                match lines.next_line() {
                    Ok(Some(Line::Done(_, observation))) => return Some(Ok(*observation)),
                    Ok(Some(Line::Began(_))) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(Err(error)),
                }
            }
        }))
    }

    fn lines(&self) -> Result<Lines, JournalError> {
        let opened = || {
            let mut file = self
                .file
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        };
        Ok(Lines {
            path: self.path.clone(),
            reader: BufReader::with_capacity(256 << 10, opened().map_err(|error| self.failed(error))?),
            buffer: Vec::new(),
            number: 0,
            whole: 0,
        })
    }
}

struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    number: u64,
    /// Bytes up to the end of the last whole line.
    whole: u64,
}

impl Lines {
    /// The next whole line; `None` at the end, and where the last line was cut short.
    fn next_line<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, JournalError> {
        self.buffer.clear();
        self.number += 1;
        #[expect(clippy::disallowed_methods, reason = "no more than `LINE` bytes")]
        let read = self
            .reader
            .by_ref()
            .take(LINE)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|error| JournalError::Io {
                path: self.path.clone(),
                error,
            })?;
        if self.buffer.last() != Some(&b'\n') {
            if read as u64 == LINE {
                return Err(self.foreign("a line without end".to_owned()));
            }
            return Ok(None);
        }
        self.whole += read as u64;
        serde_json::from_slice(&self.buffer)
            .map(Some)
            .map_err(|error| self.foreign(error.to_string()))
    }

    fn foreign(&self, what: String) -> JournalError {
        JournalError::Foreign {
            path: self.path.clone(),
            line: self.number,
            what,
        }
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
