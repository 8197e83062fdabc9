//! HTTP as HTTP.sys and IIS speak it.

mod keep;
mod message;
mod state;

pub use keep::{Incoming, Keep, KeepNothing, content_of};
pub use message::{After, Header, Request, Response, Version};
pub use state::ConnectionState;
