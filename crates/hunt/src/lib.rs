//! Reading web logs and scanning them in parallel.

pub mod indicators;
mod model;
mod read;
mod sightings;

pub use model::*;
pub use read::{Error, Progress, follow, read};
pub use sightings::Sightings;
