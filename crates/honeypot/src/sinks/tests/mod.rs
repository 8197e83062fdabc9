#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

pub(crate) mod events;
mod files;
pub(crate) mod geo;
mod hpfeeds;
pub(crate) mod mmdb;
mod peers;
mod runner;
mod spooled;
mod syslog;
mod w3c;
mod webhook;
