//! An Exchange server that is none: listeners, personas, recording.
//!
//! Each request is recorded, as it came, before its answer leaves; nothing that a client sends is executed, relayed or
//! connected to.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests are clients, and read what they wrote themselves"
    )
)]

pub mod auth;
pub mod check;
pub mod config;
pub mod connection;
mod descriptors;
pub mod detection;
mod document;
mod exchange;
pub mod http;
pub mod init;
pub mod listener;
pub mod persona;
pub mod play;
mod private;
pub mod quarantine;
pub mod recorder;
mod remedy;
mod resume;
pub mod sensor;
pub mod sinks;
pub mod site;
pub mod store;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod view;

pub use document::DocumentError;
pub use exchange::files_in;
