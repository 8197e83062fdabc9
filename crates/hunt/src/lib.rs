//! Reading web logs and scanning them in parallel.

mod coverage;
mod follow;
mod formats;
#[doc(hidden)]
pub mod fuzzing;
pub mod indicators;
mod input;
mod layout;
mod model;
mod open;
mod read;
mod scan;
mod servers;
mod sightings;
mod sniff;
mod streams;
mod time;
mod walk;

pub use model::*;
pub use read::{Error, Progress, follow, read};
pub use sightings::Sightings;
pub use streams::{Stream, streams};
