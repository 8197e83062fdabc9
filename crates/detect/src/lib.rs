//! From rule matches to attacks, coverage and a verdict.
//!
//! This crate knows Exchange's attack chains and how to read an outcome from a status; it knows no
//! files and no sockets.

mod advice;
mod attack;
mod attribution;
mod built_in;
mod classify;
mod client;
mod coverage;
mod detector;
mod digest;
mod findings;
mod group;
#[cfg(test)]
mod group_tests;
mod join;
mod model;
mod names;
mod outcome;
mod overall;
mod rulebook;
mod sample;
#[cfg(test)]
mod scenarios;
mod side;
mod stages;
pub mod statements;
mod tables;
mod tally;
#[cfg(test)]
mod testing;
mod uri;
mod verdict;

pub use built_in::BUILT_IN_RULES;
pub use coverage::CoverageBook;
pub use detector::{Classified, Detector, OwnScanner, Settings, Suspect, SuspectTraffic};
pub use model::*;
pub use rulebook::is_ordinary;
pub use stages::{StageSeen, Stages};
