//! `imker honeypot` where something goes wrong: what was answered is on record, told once, and arrives.

#![cfg(all(target_os = "linux", feature = "honeypot"))]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods
)]

mod clock;
mod full_disk;
mod order;
mod sensor;
mod syslog;
mod torn;
