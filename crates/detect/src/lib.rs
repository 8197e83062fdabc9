//! From rule matches to attacks, coverage and a verdict.
//!
//! This crate knows Exchange's attack chains and how to read an outcome from a status; it knows no
//! files and no sockets.

mod built_in;
mod coverage;
mod detector;
mod model;

pub use built_in::BUILT_IN_RULES;
pub use coverage::CoverageBook;
pub use detector::{Classified, Detector, OwnScanner, Settings, Suspect, SuspectTraffic};
pub use model::*;
