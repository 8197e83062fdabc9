//! Files in TOML that a person wrote: read with a limit, and errors that name file, line and remedy.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The largest file read, in bytes.
const MAX: u64 = 1 << 20;

/// Keys that people may look for, and that follow from others.
const DERIVED: [&str; 7] = ["cves", "headers", "http2", "iis", "tls", "version", "vulnerable"];

/// A file that does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {what} ({remedy})", file.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct DocumentError {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; none where the file could not be read, or lacks something as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// A file's text and where it stands.
#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    pub fn new(path: &Path, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let failed = |what: String, remedy: &str| DocumentError {
            file: path.into(),
            line: None,
            what,
            remedy: remedy.into(),
        };
        let bytes = read_at_most(path, MAX).map_err(|error| {
            failed(
                format!("cannot be read: {error}"),
                "name a file that exists and may be read",
            )
        })?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(_) => Err(failed("is not UTF-8".into(), "save it as UTF-8")),
        }
    }

    /// A path as the file means it: relative to the folder that the file is in.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DocumentError> {
        toml::from_str(&self.text).map_err(|error| {
            let what = plain(&error.message().trim().replace('\n', "; "));
            let remedy = remedy(&what);
            self.error(error.span(), what, remedy)
        })
    }

    pub fn error(
        &self,
        span: Option<Range<usize>>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> DocumentError {
        DocumentError {
            file: self.path.clone(),
            line: span.map(|span| self.line(span.start)),
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line that byte `at` is in, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// A message of the parser without names of Rust's types.
fn plain(message: &str) -> String {
    let Some((before, of_type)) = message.rsplit_once("expected ") else {
        return message.to_owned();
    };
    let expected = match of_type {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0 on",
        "a boolean" => "true or false",
        "a sequence" => "a list in [ ]",
        other => other,
    };
    format!("{before}expected {expected}")
}

fn remedy(what: &str) -> String {
    let unknown = |key: &str| what.starts_with(&format!("unknown field `{key}`"));
    if DERIVED.iter().any(|key| unknown(key)) {
        "leave it out: it follows from the build and the Windows".into()
    } else if what.starts_with("unknown field") {
        "check the spelling, and the table that it stands in".into()
    } else if what.starts_with("missing field") {
        "add it".into()
    } else {
        "correct this line".into()
    }
}

/// A file's bytes; an error where it holds more than `max`.
pub(crate) fn read_at_most(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    file.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {max} bytes"),
        ));
    }
    Ok(bytes)
}
