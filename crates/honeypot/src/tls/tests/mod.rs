//! Tests of TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod build;
mod establish;
mod handshake;
mod hello;
#[cfg(target_os = "linux")]
mod idle;
mod peers;
mod sslscan;
mod suites;
