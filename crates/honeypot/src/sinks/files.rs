use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// Files that are only appended to, each event once.
///
/// How far the sink came and how long its files were then are kept together in one small file, replaced as a whole. No
/// file gets its first byte before its length is kept there, so what a crash left half written can be cut off on start.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    state_path: PathBuf,
    mode: u32,
    state: State,
    pending: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    sequence: u64,
    /// Names below the folder, with `/`, and lengths.
    files: BTreeMap<String, u64>,
}

/// The longest state that is read.
const MAX_STATE: u64 = 16 << 20;

impl Files {
    /// Goes on in `folder` where the state in `state_path` ended. `mode` is that of new files, where there are modes.
    pub(super) fn open(folder: PathBuf, state_path: PathBuf, mode: u32) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        if let Some(parent) = state_path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let state: State = match File::open(&state_path) {
            Ok(file) => serde_json::from_reader(file.take(MAX_STATE))
                .map_err(|error| io::Error::other(format!("{}: {error}", state_path.display())))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error),
        };
        for (name, length) in &state.files {
            match OpenOptions::new().write(true).open(folder.join(name)) {
                // What is shorter was shortened by someone else: it stays as it is.
                Ok(file) if file.metadata()?.len() > *length => file.set_len(*length)?,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            folder,
            state_path,
            mode,
            state,
            pending: BTreeMap::new(),
        })
    }

    /// Sequence number of the last event committed; 0 for none.
    pub(super) fn position(&self) -> u64 {
        self.state.sequence
    }

    /// The last by name of the files last written to.
    pub(super) fn latest(&self) -> Option<&str> {
        self.state.files.keys().next_back().map(String::as_str)
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

    /// Forgets what is pending.
    pub(super) fn discard(&mut self) {
        self.pending.clear();
    }

    /// Writes what is pending, all of it or, after the next start or try, none.
    pub(super) fn commit(&mut self, sequence: u64) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
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
        self.save(State { sequence, files })
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

    /// Deletes files that were last written to longer ago than `max_age`, but not those written to last.
    pub(super) fn expire(&self, names: &[String], max_age: Option<Duration>) -> io::Result<()> {
        let Some(oldest) = max_age.and_then(|age| SystemTime::now().checked_sub(age)) else {
            return Ok(());
        };
        for name in names.iter().filter(|name| !self.state.files.contains_key(*name)) {
            let path = self.folder.join(name);
            if std::fs::metadata(&path)?.modified()? < oldest {
                std::fs::remove_file(&path)?;
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
        let mut file = new_file(&path, self.mode).map_err(named)?;
        // Beyond it lies at most what an earlier try left behind.
        file.set_len(start).map_err(named)?;
        file.seek(SeekFrom::Start(start)).map_err(named)?;
        file.write_all(bytes).map_err(named)?;
        file.sync_data().map_err(named)?;
        if new {
            sync_folder(path.parent());
        }
        Ok(())
    }

    fn save(&mut self, state: State) -> io::Result<()> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.state_path.display()))
        };
        // `x.json.new`: the spool keeps the cursor of the same name in the same folder, and writes `x.new` for it.
        let temporary = self.state_path.with_added_extension("new");
        let mut file = File::create(&temporary).map_err(named)?;
        file.write_all(&serde_json::to_vec(&state)?).map_err(named)?;
        file.sync_data().map_err(named)?;
        std::fs::rename(&temporary, &self.state_path).map_err(named)?;
        sync_folder(self.state_path.parent());
        self.state = state;
        Ok(())
    }
}

/// Opens a file for writing, made with `mode` where it is new.
pub(crate) fn new_file(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    #[expect(
        clippy::disallowed_types,
        reason = "nobody else may read what a file with secrets holds, not for an instant"
    )]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// Makes a new name in a folder last. Where folders cannot be synced, their names last without it.
fn sync_folder(folder: Option<&Path>) {
    if let Some(folder) = folder.and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}
