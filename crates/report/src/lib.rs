//! Results as terminal text, JSON, CSV, SARIF and HTML.
//!
//! Whatever came out of a log is hostile: every output shows control characters, bidirectional
//! controls and markup escaped. Every output names the id, title, author and source of the rules
//! that matched, as the Detection Rule License 1.1 asks.
//!
//! [`honeypot`] and [`export`] do the same for what honeypots recorded, [`builds`] for what the tables tell of builds,
//! [`scan`] for what was seen of servers from outside.

pub mod builds;
pub mod escape;
pub mod export;
pub mod honeypot;
pub mod scan;

mod because;
mod charts;
mod coverage_text;
mod html;
mod json;
mod jsonl;
mod language;
mod model;
mod names;
mod overall;
mod sarif;
mod terminal;
mod timeline;

pub use html::html;
pub use json::{json, schema};
pub use jsonl::{JsonLines, json_line};
pub use language::{Language, UnknownLanguage};
pub use model::{HuntReport, Match, RuleCounts, UnansweredRule};
pub use sarif::sarif;
pub use terminal::{Style, terminal};
pub use timeline::Timeline;
