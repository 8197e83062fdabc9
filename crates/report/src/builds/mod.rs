//! What the tables tell of Exchange builds.

mod answer;
mod list;
mod terminal;

pub use answer::{BuildAnswer, ClosingAnswer, CveAnswer, InstallAnswer, Named, SupportAnswer};
pub use list::{ListedRelease, csv, json, text};
pub use terminal::terminal;
