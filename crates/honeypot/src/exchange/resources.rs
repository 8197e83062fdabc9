use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::Timestamp;

use crate::document::read_at_most;

/// The largest file read, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// The most files read.
const MAX_FILES: usize = 256;

/// Extensions that are served, with IIS's types for them.
const TYPES: [(&str, &str); 10] = [
    ("css", "text/css"),
    ("eot", "application/vnd.ms-fontobject"),
    ("gif", "image/gif"),
    ("ico", "image/x-icon"),
    ("jpg", "image/jpeg"),
    ("js", "application/javascript"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("ttf", "application/octet-stream"),
    ("woff", "font/x-woff"),
];

/// Files of a licensed Exchange server's `themes\resources` folder that its operator lends the simulated one, in place of
/// ours and beside them.
#[derive(Debug, Default)]
pub struct Resources(HashMap<String, Resource>);

/// One of them.
#[derive(Debug)]
pub(super) struct Resource {
    pub bytes: Bytes,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
}

/// Why a folder of resources cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("static files: {}: {error} (name a folder with at most {MAX_FILES} files of at most 1 MiB that may be read)", path.display())]
pub struct ResourcesError {
    /// The folder, or a file in it.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl Resources {
    /// Reads the files of a folder, not those below it. Other than pictures, fonts, scripts and styles stay out.
    pub fn read(folder: &Path) -> Result<Self, ResourcesError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| ResourcesError { path, error }
        };
        let mut files = HashMap::new();
        for entry in fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            let metadata = fs::metadata(&path).map_err(failed(&path))?;
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let name = name.to_ascii_lowercase();
            if !metadata.is_file() || content_type(&name).is_none() {
                tracing::warn!(path = %path.display(), "not served as a resource");
                continue;
            }
            if files.len() == MAX_FILES {
                return Err(failed(folder)(io::Error::other("more files than are taken")));
            }
            let bytes = read_at_most(&path, MAX_FILE).map_err(failed(&path))?;
            let modified = metadata
                .modified()
                .ok()
                .and_then(|at| Timestamp::try_from(at).ok());
            let bytes = bytes.into();
            files.insert(name, Resource { bytes, modified });
        }
        if files.is_empty() {
            return Err(failed(folder)(io::Error::other(
                "no picture, font, script or style is in it",
            )));
        }
        Ok(Self(files))
    }

    /// The file of this name, which is in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&Resource> {
        self.0.get(name)
    }
}

/// IIS's type for a file name in lower case; `None` where IIS would not send it.
pub(super) fn content_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    TYPES
        .iter()
        .find(|(known, _)| *known == extension)
        .map(|(_, content_type)| *content_type)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_what_can_be_served() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("Favicon.ICO", b"icon");
        write("web.config", b"no");
        fs::create_dir(folder.path().join("below.png")).unwrap();
        let resources = Resources::read(folder.path()).unwrap();
        assert_eq!(resources.get("favicon.ico").unwrap().bytes, &b"icon"[..]);
        assert!(resources.get("favicon.ico").unwrap().modified.is_some());
        assert!(resources.get("web.config").is_none() && resources.get("below.png").is_none());

        write("large.png", &vec![0; (1 << 20) + 1]);
        let error = Resources::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("large.png") && error.contains("1 MiB"), "{error}");
        assert!(Resources::read(&folder.path().join("missing")).is_err());
    }
}
