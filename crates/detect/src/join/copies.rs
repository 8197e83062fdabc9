//! Lines that stand in several files, because a log was copied.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::model::Sighting;

/// A line of a server's log, hashed with fixed keys.
pub(super) fn line(sighting: &Sighting) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        sighting.server,
        sighting.vantage,
        sighting.request.time,
        sighting.line.as_str(),
    )
        .hash(&mut hasher);
    hasher.finish()
}

/// Files told apart for one line.
const FILES: usize = 32;

/// For each line that waits: the requests that it stands for, and how often each file held it so far. The n-th
/// time that a file holds a line is a copy of the n-th request.
#[derive(Debug, Default)]
pub(super) struct Copies(HashMap<u64, Line>);

#[derive(Debug, Default)]
struct Line {
    requests: Vec<u64>,
    files: Vec<(Arc<str>, usize)>,
}

impl Copies {
    /// Counts a line of a file; the number of the request that it may be a copy of.
    pub fn count(&mut self, line: u64, file: &Arc<str>) -> Option<u64> {
        let line = self.0.entry(line).or_default();
        let at = line.files.iter().position(|(known, _)| known == file);
        let at = at.or_else(|| {
            (line.files.len() < FILES).then(|| {
                line.files.push((file.clone(), 0));
                line.files.len() - 1
            })
        })?;
        let seen = &mut line.files[at].1;
        *seen += 1;
        line.requests.get(*seen - 1).copied()
    }

    /// A line that is no copy stands for this request.
    pub fn add(&mut self, line: u64, request: u64) {
        self.0.entry(line).or_default().requests.push(request);
    }

    pub fn forget(&mut self, line: u64) {
        self.0.remove(&line);
    }
}
