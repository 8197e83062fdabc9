//! Tests of TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod build;
mod handshake;
mod hello;
mod prefixed;
mod sslscan;
