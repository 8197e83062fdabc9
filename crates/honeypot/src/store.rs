//! Where events go before an answer may leave.

use std::future::Future;
use std::pin::Pin;

use imker_event::SensorEvent;

/// Takes events; see [`Store::record`].
pub trait Store: Send + Sync {
    /// Records events in this order, all or none. The future ends when they are on disk (synced), or never will be.
    ///
    /// What is recorded keeps its order among all calls from one task.
    fn record(&self, events: Vec<SensorEvent>) -> Recording<'_>;
}

/// Ends when events are on disk.
pub type Recording<'s> = Pin<Box<dyn Future<Output = Result<(), NotRecorded>> + Send + 's>>;

/// The events are not on disk: the client must get no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not recorded")]
pub struct NotRecorded;
