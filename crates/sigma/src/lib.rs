//! Sigma rules compiled into one matcher: a literal prefilter, then exact evaluation.
//!
//! This crate knows web-server log columns and Sigma, nothing of Exchange.

mod bound;
mod columns;
mod compile;
mod condition;
mod correlate;
mod decode;
mod error;
mod explain;
mod fields;
mod indicator;
mod item;
mod metadata;
#[cfg(test)]
mod oracle;
mod parse;
mod pattern;
mod prefilter;
mod requirement;
mod rule;
mod ruleset;
mod ruletest;
mod variants;

pub use bound::{Bound, Scratch};
pub use columns::{Columns, Format, Row};
pub use correlate::{Correlator, Fired};
pub use error::RuleError;
pub use explain::Explanation;
pub use parse::SetAside;
pub use prefilter::{Pointed, Prefilter, RuleBits, ScanScratch, Seen};
pub use rule::{Level, Origin, Rule, RuleIndex};
pub use ruleset::{Added, FileReport, Indicator, RuleSet, RuleSetBuilder};
pub use ruletest::{RuleTest, RuleTestFailure, TestLine};
