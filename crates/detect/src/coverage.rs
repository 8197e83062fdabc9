use jiff::SignedDuration;

use crate::model::{BuildSeen, Coverage, FileCoverage, ServerId};

/// Adds up what files cover, in bounded memory whatever their number and order.
#[derive(Debug)]
pub struct CoverageBook {
    _gap: SignedDuration,
}

impl CoverageBook {
    /// An empty book; stretches without events longer than `gap` are listed.
    pub fn new(gap: SignedDuration) -> Self {
        Self { _gap: gap }
    }

    /// Adds a file.
    pub fn add(&mut self, _file: FileCoverage) {}

    /// Renames servers once names are settled; servers that become one are merged.
    pub fn rename_servers(&mut self, _rename: impl Fn(ServerId) -> ServerId) {}

    /// What one server's logs cover, by kind and source, and the builds that they tell of.
    pub fn of(&self, _server: ServerId) -> (Vec<Coverage>, Vec<BuildSeen>) {
        (Vec::new(), Vec::new())
    }
}
