//! Sigma rules compiled into one matcher: a literal prefilter, then exact evaluation.
//!
//! This crate knows web-server log columns and Sigma, nothing of Exchange.

mod columns;
mod correlate;
mod decode;
mod error;
mod prefilter;
mod rule;
mod ruleset;

pub use columns::{Columns, Format, Row};
pub use correlate::{Correlator, Fired};
pub use error::RuleError;
pub use prefilter::{Pointed, Prefilter, RuleBits, ScanScratch, Seen};
pub use rule::{Level, Origin, Rule, RuleIndex};
pub use ruleset::{Added, Bound, Indicator, RuleSet, RuleSetBuilder, Scratch};
