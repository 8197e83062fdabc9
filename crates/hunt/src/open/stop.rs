//! Why a stream stopped.

use std::fmt;
use std::io;

use crate::model::UnreadReason;

/// A reason of ours, as it travels through readers of streams.
#[derive(Debug)]
pub(crate) struct Stop(pub(crate) UnreadReason, pub(crate) &'static str);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
}

impl std::error::Error for Stop {}

impl From<Stop> for io::Error {
    fn from(stop: Stop) -> Self {
        Self::other(stop)
    }
}

/// The reason for a failure.
pub(crate) fn reason(error: &io::Error) -> UnreadReason {
    if let Some(Stop(reason, _)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return *reason;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => UnreadReason::Truncated,
        io::ErrorKind::PermissionDenied => UnreadReason::Permission,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => UnreadReason::Damaged,
        io::ErrorKind::Unsupported => UnreadReason::Unsupported,
        _ => UnreadReason::Io,
    }
}

/// The failure in words, bounded.
pub(crate) fn words(error: &io::Error) -> String {
    error.to_string().chars().take(200).collect()
}
