//! Answers of HTTP/1 (RFC 9112), read without a socket: whoever has one gives bytes, and hears when to stop.

mod body;
mod chunked;
mod decode;
mod head;
mod reader;
#[cfg(test)]
mod tests;

pub use body::Body;
pub use head::Head;
pub use reader::{Progress, ResponseReader};

use imker_posture::{Fault, FaultKind};

fn fault(kind: FaultKind, detail: &str) -> Fault {
    Fault {
        kind,
        detail: Some(detail.into()),
    }
}
