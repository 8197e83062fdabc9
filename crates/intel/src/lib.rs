//! What recorded events say together: who attacks, from where, how often, how far, with which tools.
//!
//! ```
//! use imker_intel::{Options, evaluate, json_lines};
//!
//! let lines: &[u8] = b"{\"imker\":{\"sequence\":1,\"time\":\"2026-03-02T08:00:00Z\",\"sensor\":\"north\",\
//!     \"saw\":{\"kind\":\"sensor-stopped\"}}}\nnot an event\n";
//! let options = Options::new("2026-03-09T00:00:00Z".parse()?);
//! let evaluation = evaluate(json_lines(lines, "north.jsonl"), &options, &mut |_| None);
//! assert_eq!(evaluation.totals.events, 1);
//! assert_eq!(evaluation.gaps.bad_lines[0].line, 2);
//! # Ok::<(), jiff::Error>(())
//! ```

mod activity;
mod compare;
mod distinct;
mod fold;
mod hidden;
mod lines;
mod model;
mod secret;
mod select;
mod sensors;
mod sequences;
mod sources;
mod stages;
mod table;

pub use fold::{Evaluator, Options, evaluate};
pub use hidden::NO_NAME;
pub use imker_event::ecs::Place;
pub use lines::{BadLine, UnreadableEvaluation, json_lines, previous};
pub use model::*;
pub use select::{ADDRESSES_NEVER_EXPORTED, DOCUMENTATION, LeftOut, Policy, Selected, Selection, select};
