use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a spool cannot be opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has the spool open for writing.
    #[error("the spool {} is in use by another process; stop that one, or give this one a folder of its own", dir.display())]
    Locked {
        /// The spool.
        dir: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}; {remedy}", path.display())]
    Io {
        /// What was tried, as in `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// Less than [`Options::min_free`](crate::Options::min_free) is left on the disk.
    #[error(
        "{} has {free} bytes free, of which {min_free} are to stay free; make room on this disk",
        dir.display()
    )]
    NoRoom {
        /// The spool.
        dir: PathBuf,
        /// What is free.
        free: u64,
        /// What is to stay free.
        min_free: u64,
    },
    /// A segment was written by a newer version.
    #[error("{} has format version {version}, this program knows {known}; use a newer one", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// The newest version known.
        known: u32,
    },
    /// A name of a cursor is empty, longer than 64 characters or has others than letters, digits, `-` and `_`.
    #[error("\"{}\" cannot name a cursor; use at most 64 letters, digits, - and _", name.escape_debug())]
    CursorName {
        /// The name.
        name: String,
    },
    /// A limit makes no sense.
    #[error("{option} is {value} but must be at least {least}")]
    Limit {
        /// The field of [`Options`](crate::Options).
        option: &'static str,
        /// Its value.
        value: u64,
        /// The least value that works.
        least: u64,
    },
}

/// Why a batch was not kept: none of it is on disk.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Nothing can be written.
    #[error(transparent)]
    Full(Arc<Error>),
    /// Too much waits for the disk already.
    #[error("more appends wait for the disk than may wait")]
    Busy,
    /// The batch exceeds 16 MiB.
    #[error("a batch of {bytes} bytes exceeds what a batch may have")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The spool was closed meanwhile.
    #[error("the spool was closed")]
    Closed,
}

impl Error {
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        Self::io("read", path, source)
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let remedy = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on this disk",
            io::ErrorKind::PermissionDenied => "give this user the right to",
            io::ErrorKind::ReadOnlyFilesystem => "mount the disk writable",
            io::ErrorKind::NotFound => "see that the folder exists",
            io::ErrorKind::NotADirectory => "name another folder: a part of this path is a file",
            _ => "see the system's log for the state of this disk",
        };
        Self::Io {
            action,
            path: path.to_owned(),
            source,
            remedy,
        }
    }
}

/// Says of a failed operation what it was.
pub(crate) trait Io<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> Io<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::io(action, path, source))
    }
}
