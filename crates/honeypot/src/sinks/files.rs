use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{private, remedy};

/// Files that are only appended to, each event once.
///
/// How far the sink came and how long its files were then are kept together in one small file, replaced as a whole. No
/// file gets its first byte before its length is kept there, so what a crash left half written can be cut off on start.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    state_path: PathBuf,
    state: State,
    pending: BTreeMap<String, Vec<u8>>,
    /// Whether the last commit failed, and may have left bytes behind.
    failed: bool,
}

/// How long files are kept after they were last written to, and how many bytes of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeping {
    pub(super) max_age: Option<Duration>,
    pub(super) max_bytes: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    sequence: u64,
    /// Names below the folder, with `/`, and lengths.
    files: BTreeMap<String, u64>,
    /// When the last of them by name was begun, where it is to be gone on with.
    #[serde(default)]
    begun: Option<Timestamp>,
}

impl State {
    fn read(path: &Path) -> io::Result<Self> {
        match File::open(path) {
            Ok(file) => serde_json::from_reader(file.take(MAX_STATE))
                .map_err(|error| io::Error::other(format!("{}: {error}", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(remedy::named(path)(error)),
        }
    }
}

/// [`Files::position`] without opening them.
pub(super) fn position(state_path: &Path) -> io::Result<u64> {
    State::read(state_path).map(|state| state.sequence)
}

/// The longest state that is read.
const MAX_STATE: u64 = 16 << 20;

impl Files {
    /// Goes on in `folder` where the state in `state_path` ended.
    pub(super) fn open(folder: PathBuf, state_path: PathBuf) -> io::Result<Self> {
        let create = |folder: &Path| std::fs::create_dir_all(folder).map_err(remedy::named(folder));
        create(&folder)?;
        state_path.parent().map_or(Ok(()), create)?;
        let state = State::read(&state_path)?;
        let files = Self {
            folder,
            state_path,
            state,
            pending: BTreeMap::new(),
            failed: false,
        };
        files.cut_back()?;
        Ok(files)
    }

    /// Cuts off what was written and not committed.
    fn cut_back(&self) -> io::Result<()> {
        for (name, length) in &self.state.files {
            let path = self.folder.join(name);
            match OpenOptions::new().write(true).open(&path) {
                // What is shorter was shortened by someone else: it stays as it is.
                Ok(file) if file.metadata()?.len() > *length => file.set_len(*length)?,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(remedy::named(&path)(error)),
            }
        }
        Ok(())
    }

    /// Sequence number of the last event committed; 0 for none.
    pub(super) fn position(&self) -> u64 {
        self.state.sequence
    }

    /// The file to go on with, and when it was begun; none where [`Files::commit`] was told of none.
    pub(super) fn current(&self) -> Option<(String, Timestamp)> {
        let (latest, _) = self.state.files.last_key_value()?;
        Some((latest.clone(), self.state.begun?))
    }

    /// Lets the current file be: there is none now.
    pub(super) fn end_current(&mut self) -> io::Result<()> {
        let begun = None;
        self.save(State {
            begun,
            ..self.state.clone()
        })
    }

    /// A file's length with what is pending.
    pub(super) fn length(&self, name: &str) -> u64 {
        let pending = self.pending.get(name).map_or(0, |bytes| bytes.len() as u64);
        pending + self.length_on_disk(name)
    }

    fn length_on_disk(&self, name: &str) -> u64 {
        std::fs::metadata(self.folder.join(name)).map_or(0, |metadata| metadata.len())
    }

    /// Adds to what the next commit writes to a file.
    pub(super) fn append(&mut self, name: &str, bytes: &[u8]) {
        match self.pending.get_mut(name) {
            Some(pending) => pending.extend_from_slice(bytes),
            None => drop(self.pending.insert(name.to_owned(), bytes.to_vec())),
        }
    }

    /// Forgets what is pending, and takes back what a failed commit wrote: what is tried next may go to other files.
    pub(super) fn discard(&mut self) -> io::Result<()> {
        self.pending.clear();
        if self.failed {
            self.cut_back()?;
            self.failed = false;
        }
        Ok(())
    }

    /// Writes what is pending, all of it or, after the next start or try, none. `begun` is when the last file by name was,
    /// where it is to be the current one.
    pub(super) fn commit(&mut self, sequence: u64, begun: Option<Timestamp>) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.failed = true;
        self.keep_lengths(pending.keys())?;
        let mut files = BTreeMap::new();
        for (name, bytes) in pending {
            let start = self.state.files.get(&name).copied().unwrap_or(0);
            self.write(&name, start, &bytes)?;
            files.insert(name, start + bytes.len() as u64);
        }
        if files.is_empty() {
            files.clone_from(&self.state.files);
        }
        self.save(State {
            sequence,
            files,
            begun,
        })?;
        self.failed = false;
        Ok(())
    }

    /// Keeps how long files are that are about to be written to.
    pub(super) fn keep_lengths<'n>(&mut self, names: impl Iterator<Item = &'n String>) -> io::Result<()> {
        let mut state = self.state.clone();
        for name in names {
            let length = self.length_on_disk(name);
            let kept = state.files.entry(name.clone()).or_insert(length);
            // Someone else may have shortened it, or moved it away.
            *kept = length.min(*kept);
        }
        if state.files == self.state.files {
            Ok(())
        } else {
            self.save(state)
        }
    }

    /// Deletes files that were last written to longer ago than `max_age`, and the first of these names while all
    /// together exceed `max_bytes`, but for that none of those written to last. Without `now`, none is too old.
    pub(super) fn expire(
        &self,
        names: &[String],
        keeping: Keeping,
        now: Option<SystemTime>,
    ) -> io::Result<()> {
        let oldest = now
            .zip(keeping.max_age)
            .and_then(|(now, age)| now.checked_sub(age));
        let mut total: u64 = names.iter().map(|name| self.length_on_disk(name)).sum();
        for name in names {
            let path = self.folder.join(name);
            let metadata = std::fs::metadata(&path)?;
            let modified = metadata.modified()?;
            let too_much = total > keeping.max_bytes && !self.state.files.contains_key(name);
            if too_much || oldest.is_some_and(|oldest| modified < oldest) {
                std::fs::remove_file(&path)?;
                total = total.saturating_sub(metadata.len());
            }
        }
        Ok(())
    }

    /// Names in a folder below that `is_ours` says yes to, in order; none where there is no such folder.
    pub(super) fn names(&self, folder: &str, is_ours: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let entries = match std::fs::read_dir(self.folder.join(folder)) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(names);
            }
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            names.extend(name.to_str().filter(|name| is_ours(name)).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn write(&self, name: &str, start: u64, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(name);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let new = !path.exists();
        if let Some(parent) = path.parent().filter(|_| new) {
            std::fs::create_dir_all(parent).map_err(named)?;
        }
        let mut file = private::open(&path).map_err(named)?;
        // Beyond it lies at most what an earlier try left behind.
        file.set_len(start).map_err(named)?;
        file.seek(SeekFrom::Start(start)).map_err(named)?;
        file.write_all(bytes).map_err(named)?;
        file.sync_data().map_err(named)?;
        if let Some(parent) = path.parent().filter(|_| new) {
            private::sync_dir(parent).map_err(named)?;
        }
        Ok(())
    }

    fn save(&mut self, state: State) -> io::Result<()> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.state_path.display()))
        };
        // `x.json.new`: the spool keeps the cursor of the same name in the same folder, and writes `x.new` for it.
        let temporary = self.state_path.with_added_extension("new");
        let mut file = private::open(&temporary).map_err(named)?;
        file.set_len(0).map_err(named)?;
        file.write_all(&serde_json::to_vec(&state)?).map_err(named)?;
        file.sync_data().map_err(named)?;
        std::fs::rename(&temporary, &self.state_path).map_err(named)?;
        self.state = state;
        match self.state_path.parent() {
            Some(parent) => private::sync_dir(parent).map_err(named),
            None => Ok(()),
        }
    }
}
