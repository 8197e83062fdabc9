//! Asking real servers, our own Exchange that is none, and servers that are broken on purpose; all on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests play servers, and start some"
)]

mod between;
mod broken;
mod every_build;
mod exchange;
mod nginx;
mod openssl;
mod peer;
mod sent;
mod smtp;
mod verdicts;
