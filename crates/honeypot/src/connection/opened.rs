use std::sync::Arc;
use std::time::Instant;

use imker_event::{CloseReason, Saw};
use jiff::Timestamp;

use super::{ConnectionRecorder, Meter, Sessions};
use crate::store::NotRecorded;

/// A connection whose beginning is on record, and whose end will be, whatever becomes of its task.
pub struct Opened {
    recorder: ConnectionRecorder,
    meter: Arc<Meter>,
    sessions: Arc<Sessions>,
    since: Instant,
    closed: bool,
}

impl Opened {
    /// Records [`Saw::ConnectionOpened`].
    ///
    /// # Errors
    /// It is not on disk: the connection must be closed without an answer.
    pub async fn record(
        recorder: ConnectionRecorder,
        meter: Arc<Meter>,
        sessions: Arc<Sessions>,
        accepted: (Timestamp, Instant),
    ) -> (Self, Result<(), NotRecorded>) {
        let opened = Self {
            recorder,
            meter,
            sessions,
            since: accepted.1,
            closed: false,
        };
        let event = opened.recorder.event(accepted.0, None, Saw::ConnectionOpened {});
        let recorded = opened.recorder.record(vec![event]).await;
        (opened, recorded)
    }

    /// Records for this connection.
    pub fn recorder(&self) -> &ConnectionRecorder {
        &self.recorder
    }

    /// What passed through its socket.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Records its end. The socket must be dropped before, so that all is counted.
    pub async fn close(mut self, reason: CloseReason) {
        self.closed = true;
        self.sessions.leave(self.recorder.connection().source.ip());
        // What cannot be recorded, the store counts.
        let _ = self.recorder.saw(self.end(reason)).await;
    }

    /// Leaves it unrecorded: its beginning could not be recorded, and was counted as lost.
    pub fn forget(mut self) {
        self.closed = true;
        self.sessions.leave(self.recorder.connection().source.ip());
    }

    fn end(&self, reason: CloseReason) -> Saw {
        Saw::ConnectionClosed {
            bytes_received: self.meter.received(),
            bytes_sent: self.meter.sent(),
            duration_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            requests: self.meter.requests(),
            reason,
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        // The task panicked or was aborted.
        self.sessions.leave(self.recorder.connection().source.ip());
        let (recorder, end) = (self.recorder.clone(), self.end(CloseReason::Internal));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = recorder.saw(end).await;
            });
        }
    }
}
