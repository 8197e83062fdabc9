//! The records that travel through Imker.
//!
//! One record type serves a web request whether a log line told of it or a honeypot received it.
//! This crate knows what a record says, never where it came from.

mod kind;
mod request;

pub use kind::Kind;
pub use request::{Text, WebRequest};
