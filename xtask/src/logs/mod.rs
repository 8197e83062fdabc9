//! Logs as IIS and Exchange write them.

pub mod iis;
mod request;

pub use request::{Protocol, Request};
