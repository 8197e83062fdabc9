//! Sigma rules compiled into one matcher: a literal prefilter, then exact evaluation.
//!
//! This crate knows web-server log columns and Sigma, nothing of Exchange.
//!
//! ```
//! use imker_sigma::{Columns, Format, Origin, Row, RuleSetBuilder};
//!
//! let rule = "
//! title: Path that is no mailbox
//! logsource:
//!   category: webserver
//! detection:
//!   path:
//!     cs-uri-query|contains: '/autodiscover.json?@'
//!   condition: path
//! ";
//! let mut builder = RuleSetBuilder::new();
//! builder.add_yaml(rule, "rule.yml", Origin::User)?;
//! let rules = builder.build()?;
//!
//! let columns = Columns::new(Format::W3c, ["cs-method", "cs-uri-stem", "cs-uri-query"]);
//! let line = b"GET /Autodiscover/Autodiscover.json %40example.org/";
//! let values: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
//! assert_eq!(rules.matches(&columns, Row { line, values: &values }).len(), 1);
//! # Ok::<(), imker_sigma::RuleError>(())
//! ```

mod bound;
mod builder;
mod columns;
mod compile;
mod condition;
mod correlate;
mod decode;
mod error;
mod evaluate;
mod explain;
mod expression;
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

pub use bound::Bound;
pub use builder::{Added, FileReport, Indicator, RuleSetBuilder};
pub use columns::{Columns, Format, Row};
pub use correlate::{Correlator, Fired};
pub use error::RuleError;
pub use evaluate::Scratch;
pub use explain::Explanation;
pub use parse::SetAside;
pub use prefilter::{Pointed, Prefilter, RuleBits, ScanScratch, Seen};
pub use rule::{Level, Origin, Rule, RuleIndex};
pub use ruleset::RuleSet;
pub use ruletest::{RuleTest, RuleTestFailure, TestLine};
