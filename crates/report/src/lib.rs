//! Results as terminal text, JSON, CSV, SARIF and HTML.

mod model;

pub use model::{HuntReport, RuleCounts, UnansweredRule};
