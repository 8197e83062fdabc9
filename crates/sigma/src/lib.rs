//! Sigma rules compiled into one matcher: a literal prefilter, then exact evaluation.
//!
//! This crate knows web-server log columns and Sigma, nothing of Exchange.

mod rule;

pub use rule::{Level, Origin, Rule, RuleIndex};
