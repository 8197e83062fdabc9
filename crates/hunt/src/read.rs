use std::path::PathBuf;

use imker_detect::{CoverageBook, Suspect, SuspectTraffic};
use imker_sigma::RuleSet;

use crate::model::{Options, Reading};
use crate::sightings::Sightings;

/// Why nothing could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that the user gave is not there.
    #[error("{}: {source}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The temporary file for many matches could not be written.
    #[error("cannot keep matches in the temporary folder: {0}")]
    Spill(#[from] std::io::Error),
}

/// Is told how reading goes on; calls come from several threads.
pub trait Progress: Sync {
    /// So many bytes of input were found, as stored; more may follow.
    fn found(&self, _bytes: u64) {}
    /// So many bytes of input were read, as stored.
    fn advanced(&self, _bytes: u64) {}
}

impl Progress for () {}

/// Reads everything that `options` names and matches `rules`.
pub fn read(options: &Options, _rules: &RuleSet, _progress: &dyn Progress) -> Result<Reading, Error> {
    Ok(Reading {
        servers: Vec::new(),
        coverage: CoverageBook::new(options.gap),
        sightings: Sightings::default(),
        unread: Vec::new(),
        unread_not_listed: 0,
        set_aside: std::collections::BTreeMap::new(),
        exposure: None,
        unanswerable: Vec::new(),
        inputs: Vec::new(),
        files: 0,
        bytes: 0,
        lines: 0,
    })
}

/// Reads the same input again and counts what the suspects did from their first success on.
pub fn follow(
    _options: &Options,
    _suspects: &[Suspect],
    _progress: &dyn Progress,
) -> Result<Vec<SuspectTraffic>, Error> {
    Ok(Vec::new())
}
