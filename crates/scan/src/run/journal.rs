use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use imker_posture::{Checks, Fault, FaultKind, Observation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::target::Seed;

mod lines;

use lines::{LONGEST, Lines};

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
    /// A line would be longer than is read.
    #[error("{0}: a line of more than 8 MiB")]
    TooLong(PathBuf),
    /// Nothing more is written: an earlier line could not be, or the journal is being read.
    #[error("{0}: nothing more is kept")]
    Closed(PathBuf),
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
    begun: Places,
    answered: Places,
}

impl Found {
    /// Takes a line in; what is wrong with it, where no scan of so many targets writes it.
    fn take(&mut self, line: &Line, targets: u64) -> Result<(), String> {
        let (Line::Began(place) | Line::Done(place, _)) = line;
        if *place >= targets {
            return Err(format!("target {place} of {targets}, which count from 0"));
        }
        match line {
            Line::Began(_) => self.begun.insert(*place),
            Line::Done(..) => self.answered.insert(*place),
        }
        Ok(())
    }
}

/// Places of targets, a bit each.
#[derive(Debug, Default)]
struct Places {
    bits: Vec<u64>,
    count: u64,
}

impl Places {
    const fn new() -> Self {
        Self {
            bits: Vec::new(),
            count: 0,
        }
    }

    fn at(place: u64) -> (usize, u64) {
        let word = usize::try_from(place / 64).unwrap_or(usize::MAX);
        (word, 1 << (place % 64))
    }

    /// Whoever calls bounds the place.
    fn insert(&mut self, place: u64) {
        let (word, bit) = Self::at(place);
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        self.count += u64::from(self.bits[word] & bit == 0);
        self.bits[word] |= bit;
    }

    fn contains(&self, place: u64) -> bool {
        let (word, bit) = Self::at(place);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

/// What was begun and what was answered, on disk as it goes.
///
/// A line is handed to the system before a target is asked, and one when its answer is there: whoever is killed between
/// the two knows afterwards. A machine that loses power may lose the last lines.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    written: Mutex<Written>,
    started: Timestamp,
    found: Found,
}

#[derive(Debug)]
struct Written {
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Nothing is written any more.
    closed: bool,
}

impl Journal {
    /// A journal that nobody goes on with: an unnamed file in the folder for temporary ones.
    ///
    /// # Errors
    /// Those of the system.
    pub fn temporary(head: &Head) -> Result<Self, JournalError> {
        let path = std::env::temp_dir();
        let begin = || {
            Ok(Self::empty(
                path.clone(),
                tempfile::tempfile_in(&path)?,
                head.started,
            ))
        };
        let journal = begin().map_err(|error| JournalError::Io {
            path: path.clone(),
            error,
        })?;
        journal.write(head)?;
        Ok(journal)
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
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        // What is open on whose servers is nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut journal = Self::empty(path.to_owned(), file, head.started);
        match journal.read_head()? {
            None => journal.write(head)?,
            Some(was) if was.is_same_scan(head) => {
                journal.started = was.started;
                journal.recover(head.targets)?;
            }
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
            Ok(file) => Ok(Self::empty(path.to_owned(), file, Timestamp::UNIX_EPOCH)
                .read_head()?
                .map(|head| head.seed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::Io {
                path: path.to_owned(),
                error,
            }),
        }
    }

    const fn empty(path: PathBuf, file: File, started: Timestamp) -> Self {
        Self {
            path,
            written: Mutex::new(Written {
                file,
                length: 0,
                closed: false,
            }),
            started,
            found: Found {
                begun: Places::new(),
                answered: Places::new(),
            },
        }
    }

    /// When the scan began: its first run, where it goes on.
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// Whether a target, by its place in the order, was answered in an earlier run.
    pub fn is_done(&self, place: u64) -> bool {
        self.found.answered.contains(place)
    }

    /// Whether an earlier run asked a target, and ended before the answer was kept.
    pub fn was_interrupted(&self, place: u64) -> bool {
        self.found.begun.contains(place) && !self.is_done(place)
    }

    /// How many targets were answered in earlier runs.
    pub fn done(&self) -> u64 {
        self.found.answered.count
    }

    /// Records that a target is about to be asked.
    pub(super) fn begin(&self, place: u64) -> Result<(), JournalError> {
        self.write(&Line::Began(place))
    }

    /// Records what a target answered; where that is too much, only that it was.
    pub(super) fn finish(&self, place: u64, observation: Observation) -> Result<(), JournalError> {
        let mut line = Line::Done(place, Box::new(observation));
        match self.write(&line) {
            Err(JournalError::TooLong(_)) => {}
            written => return written,
        }
        if let Line::Done(_, observation) = &mut line {
            observation.visits.clear();
            observation.smtp.clear();
            observation.fault = Some(Fault {
                kind: FaultKind::Other,
                detail: Some("its answers are too large to be kept".to_owned()),
            });
        }
        self.write(&line)
    }

    fn failed(&self, error: io::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            error,
        }
    }

    /// One line in one call: what is there is whole, but for a last line. Where one cannot be written, it is taken back,
    /// and none is written after it.
    fn write(&self, line: &impl Serialize) -> Result<(), JournalError> {
        let mut bytes = Vec::with_capacity(4 << 10);
        serde_json::to_writer(&mut bytes, line).map_err(|error| self.failed(error.into()))?;
        bytes.push(b'\n');
        if bytes.len() as u64 > LONGEST {
            return Err(JournalError::TooLong(self.path.clone()));
        }
        let mut written = self.written();
        if written.closed {
            return Err(JournalError::Closed(self.path.clone()));
        }
        if let Err(error) = written.file.write_all(&bytes) {
            written.closed = true;
            // Where this fails as well, the next run cuts the line off.
            let _ = written.file.set_len(written.length);
            return Err(self.failed(error));
        }
        written.length += bytes.len() as u64;
        Ok(())
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_head(&mut self) -> Result<Option<Head>, JournalError> {
        let mut lines = self.lines()?;
        match lines.next_line::<Head>()? {
            None if lines.is_at_end() => Ok(None),
            None => Err(lines.foreign("its first line has no end".to_owned())),
            Some(head) if head.imker_scan_state == Head::VERSION => Ok(Some(head)),
            Some(head) => Err(lines.foreign(format!("version {}", head.imker_scan_state))),
        }
    }

    /// Reads what was begun and answered, and cuts off a line that was not written to its end.
    fn recover(&mut self, targets: u64) -> Result<(), JournalError> {
        let mut found = Found::default();
        let mut lines = self.lines()?;
        lines.next_line::<Head>()?;
        while let Some(line) = lines.next_line()? {
            found.take(&line, targets).map_err(|what| lines.foreign(what))?;
        }
        self.found = found;
        let whole = lines.whole;
        let mut written = self.written();
        written.length = whole;
        let cut = written.file.set_len(whole);
        cut.and_then(|()| written.file.seek(SeekFrom::End(0)))
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Everything that was answered, in the order of answers. Nothing is written from then on.
    ///
    /// # Errors
    /// Those of the system.
    pub fn observations(
        &self,
    ) -> Result<impl Iterator<Item = Result<Observation, JournalError>>, JournalError> {
        // Whoever is still being asked would write where the reader stands.
        self.written().closed = true;
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

    /// All lines, by way of the file's own place.
    fn lines(&self) -> Result<Lines, JournalError> {
        let opened = || {
            let mut file = self.written().file.try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        };
        let file = opened().map_err(|error| self.failed(error))?;
        Ok(Lines::new(self.path.clone(), file))
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
