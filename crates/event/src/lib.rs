//! The records that travel through Imker.
//!
//! One record type serves a web request whether a log line told of it or a honeypot received it.
//! This crate knows what a record says, never where it came from.

pub mod ecs;

mod blob;
mod clients;
mod kind;
mod request;
mod saw;
mod sensor;

pub use blob::Blob;
pub use clients::Clients;
pub use kind::Kind;
pub use request::{Text, WebRequest};
pub use saw::*;
pub use sensor::{Connection, Recorded, SensorEvent, Service};
