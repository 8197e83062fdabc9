//! HTTP as HTTP.sys and IIS speak it.

mod message;

pub use message::{After, Header, Request, Response, Version};
