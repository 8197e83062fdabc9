//! HTTP as HTTP.sys and IIS speak it.

mod answer;
mod body;
mod chunked;
mod connection;
mod fill;
mod h2;
mod httpsys;
mod keep;
mod lately;
mod limits;
mod message;
pub mod parse;
mod state;
mod writer;

pub use answer::Context;
pub(crate) use answer::stopping;
pub use body::Body;
pub use chunked::{Chunked, Step};
pub use connection::serve as serve_http1;
pub use h2::{Broken, Fields, Frames, serve as serve_http2};
pub use httpsys::Refusal;
pub use keep::{Incoming, Keep, KeepAtMost, KeepNothing, content_of};
pub use limits::Limits;
pub use message::{After, Header, Request, Response, Version};
pub use state::ConnectionState;
pub use writer::{Asked, Encoded, encode};
