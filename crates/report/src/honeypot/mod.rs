//! The evaluation of honeypots ([`imker_intel::Evaluation`]) as text, JSON and HTML.

mod charts;
mod html;
mod json;
mod rules;
mod terminal;
mod words;

pub use html::html;
pub use json::{json, schema};
pub use rules::name_rules;
pub use terminal::terminal;
pub use words::account;
