//! Finding input files, one by one: the tree is never held in memory.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::model::UnreadReason;

/// A path that the user gave.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) path: PathBuf,
    /// With links resolved; `None` for standard input.
    real: Option<PathBuf>,
    is_folder: bool,
    size: Option<u64>,
}

impl Root {
    /// With links resolved; `None` for standard input.
    pub(crate) fn real(&self) -> Option<&Path> {
        self.real.as_deref()
    }

    /// Whether it is a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.is_folder
    }
}

/// A file to read.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    /// The given path that it was found below.
    pub(crate) root: Arc<Root>,
    /// Size in bytes, once known; never where it is a stream.
    pub(crate) size: Option<u64>,
    pub(crate) is_stream: bool,
}

impl Entry {
    /// Stands for bytes in memory.
    pub(crate) fn in_memory() -> Self {
        let path = PathBuf::from("memory");
        let root = Root {
            path: path.clone(),
            real: None,
            is_folder: false,
            size: None,
        };
        Self {
            path,
            root: Arc::new(root),
            size: None,
            is_stream: true,
        }
    }

    /// Its path with links resolved: within a folder none is followed.
    pub(crate) fn real(&self) -> PathBuf {
        match (&self.root.real, self.path.strip_prefix(&self.root.path)) {
            (Some(root), Ok(below)) if below != Path::new("") => root.join(below),
            (Some(root), Ok(_)) => root.clone(),
            _ => self.path.clone(),
        }
    }

    /// Whether it is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.root.real.is_none()
    }
}

/// What the walk comes across.
pub(crate) enum Found {
    File(Entry),
    /// Not a file to read, by kind.
    SetAside(&'static str),
    /// A folder or file that cannot be looked at.
    Failed(PathBuf, UnreadReason, String),
}

impl Found {
    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::File(entry) => entry.path.capacity(),
                Self::SetAside(_) => 0,
                Self::Failed(path, _, detail) => path.capacity() + detail.capacity(),
            }
    }

    /// With the size of a file: listing a folder does not tell it, or not that of a file being written, and asking
    /// takes longer than listing.
    pub(crate) fn measured(self) -> Self {
        match self {
            Self::File(entry) if entry.size.is_none() && !entry.is_stream => {
                match std::fs::symlink_metadata(&entry.path) {
                    Ok(metadata) => Self::File(Entry {
                        size: Some(metadata.len()),
                        ..entry
                    }),
                    Err(error) => failed(entry.path, &error),
                }
            }
            other => other,
        }
    }
}

/// Resolves the paths that the user gave; what lies below another one is read with that.
pub(crate) fn roots(paths: &[PathBuf]) -> Result<Vec<Arc<Root>>, (PathBuf, io::Error)> {
    let mut roots: Vec<Root> = Vec::new();
    for path in paths {
        if path.as_os_str() == OsStr::new("-") {
            roots.push(Root {
                path: path.clone(),
                real: None,
                is_folder: false,
                size: None,
            });
            continue;
        }
        let resolve = || Ok((std::fs::canonicalize(path)?, std::fs::metadata(path)?));
        let (real, metadata) = resolve().map_err(|error| (path.clone(), error))?;
        let size = metadata.is_file().then_some(metadata.len());
        roots.push(Root {
            path: path.clone(),
            real: Some(real),
            is_folder: metadata.is_dir(),
            size,
        });
    }
    let mut kept: Vec<Root> = Vec::new();
    for root in roots {
        let is_below = |other: &Root| match (&root.real, &other.real) {
            (Some(path), Some(above)) => path.starts_with(above),
            (None, None) => true,
            _ => false,
        };
        if !kept.iter().any(is_below) {
            kept.retain(|other| !matches!((&other.real, &root.real), (Some(path), Some(above)) if path.starts_with(above)));
            kept.push(root);
        }
    }
    Ok(kept.into_iter().map(Arc::new).collect())
}

/// Lists all files; links are not followed, what they lead to within the tree is read by its own name.
pub(crate) fn walk(roots: &[Arc<Root>]) -> impl Iterator<Item = Found> + '_ {
    roots.iter().flat_map(|root| {
        let folder = root.is_folder.then(|| below(root));
        let alone = (!root.is_folder).then(|| {
            Found::File(Entry {
                path: root.path.clone(),
                root: Arc::clone(root),
                size: root.size,
                is_stream: root.size.is_none(),
            })
        });
        alone.into_iter().chain(folder.into_iter().flatten())
    })
}

fn below(root: &Arc<Root>) -> impl Iterator<Item = Found> + '_ {
    WalkDir::new(&root.path)
        .follow_root_links(true)
        .into_iter()
        .filter_map(move |entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(&root.path).to_owned();
                    return Some(failed(path, &error.into()));
                }
            };
            let kind = entry.file_type();
            if kind.is_dir() {
                return None;
            }
            if kind.is_symlink() {
                return Some(Found::SetAside(link_kind(root, entry.path())));
            }
            if !kind.is_file() {
                return Some(Found::SetAside("device, pipe or socket"));
            }
            Some(Found::File(Entry {
                path: entry.into_path(),
                root: Arc::clone(root),
                size: None,
                is_stream: false,
            }))
        })
}

fn failed(path: PathBuf, error: &io::Error) -> Found {
    let reason = match error.kind() {
        io::ErrorKind::PermissionDenied => UnreadReason::Permission,
        _ => UnreadReason::Io,
    };
    Found::Failed(path, reason, error.to_string())
}

fn link_kind(root: &Root, link: &Path) -> &'static str {
    match (std::fs::canonicalize(link), &root.real) {
        (Ok(target), Some(real)) if target.starts_with(real) => "symbolic link within the tree",
        (Ok(_), _) => "symbolic link out of the tree",
        (Err(_), _) => "broken symbolic link",
    }
}
