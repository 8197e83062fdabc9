//! Tests of TLS.

mod build;
mod hello;
