//! Logs as IIS and Exchange write them.

pub mod http_err;
pub mod http_proxy;
pub mod iis;
mod request;

pub use request::{Protocol, Request};
