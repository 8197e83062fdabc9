//! The logs that are measured on, made once.

use std::fs;
use std::path::PathBuf;

use miette::{IntoDiagnostic, Result};

use crate::corpus::truth::Truth;
use crate::corpus::{self, FOLDER, Layout, attack};

pub struct Data {
    pub folder: PathBuf,
    pub size: u64,
    pub seed: u64,
}

/// A log file, or a folder of log files.
pub struct Log {
    pub path: PathBuf,
    /// Unpacked.
    pub bytes: u64,
    pub lines: u64,
    pub files: u64,
}

impl Data {
    /// One plain file.
    pub fn single(&self) -> Result<Log> {
        self.log("single", "u_ex2108.log", self.size, Layout::Single, None, false)
    }

    /// One gzipped file, a quarter as big.
    pub fn gzip(&self) -> Result<Log> {
        self.log(
            "gzip",
            "u_ex2108.log.gz",
            self.size / 4,
            Layout::Single,
            None,
            true,
        )
    }

    /// A folder of five gzipped files, half as big together.
    pub fn gzip_days(&self) -> Result<Log> {
        self.log("gzip-days", "", self.size / 2, Layout::Split, None, true)
    }

    /// A folder of `files` files.
    pub fn small(&self, files: u64) -> Result<Log> {
        self.log(
            &format!("small-{files}"),
            "",
            self.size,
            Layout::Single,
            Some(files),
            false,
        )
    }

    fn log(
        &self,
        name: &str,
        file: &str,
        size: u64,
        layout: Layout,
        files: Option<u64>,
        gz: bool,
    ) -> Result<Log> {
        let out = self.folder.join(format!("{name}-{}-{size}", self.seed));
        // The truth is written last: where it is, the logs are whole.
        let truth: Truth = match fs::read(out.join("truth.json")) {
            Ok(known) => serde_json::from_slice(&known).into_diagnostic()?,
            Err(_) => {
                let attacks = attack::kinds("all").map_err(miette::Report::msg)?;
                let options = corpus::Options {
                    size,
                    seed: self.seed,
                    out: out.clone(),
                    attacks,
                    layout,
                    files,
                    gz,
                };
                corpus::write(&options).into_diagnostic()?
            }
        };
        let mut path = out.join(FOLDER);
        if !file.is_empty() {
            path.push(file);
        }
        Ok(Log {
            path,
            bytes: truth.bytes,
            lines: truth.lines,
            files: truth.files,
        })
    }
}
