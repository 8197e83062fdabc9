//! Where events go after they were recorded: each sink follows the spool at its own pace.
//!
//! Delivery. Files (JSON lines, W3C) and SQLite hold each event exactly once: they keep how far they came together with
//! what they wrote, and cut back to it on start. What goes over the network (webhook, syslog, hpfeeds) is read by the
//! receiver at least once, in order but for repetitions, with an id that is the same each time, so that the receiver can
//! tell. Syslog and hpfeeds know no acknowledgement: there the end of a connection, in order, serves as one (every
//! minute, every 4 MiB and on stopping); what a receiver loses after it read it is lost.

mod backoff;
mod files;
mod geo;
mod hpfeeds;
mod jsonl;
mod named;
mod net;
mod one_way;
mod runner;
mod source;
mod spooled;
mod sqlite;
mod started;
mod status;
mod syslog;
pub(crate) mod w3c;
mod webhook;

#[cfg(test)]
pub(crate) mod tests;

use std::time::SystemTime;

use imker_event::Recorded;

pub use backoff::Backoff;
pub use geo::{GeoError, GeoIp, GeoSettings};
pub use hpfeeds::{HpfeedsSettings, HpfeedsSink};
pub use jsonl::{JsonLinesSettings, JsonLinesSink};
pub(crate) use named::left_free;
pub use named::open;
pub use net::{Peer, TlsSettings};
pub use runner::{Pace, Pause, Running, Stop, run};
pub use source::{Batch, Source, SourceError};
pub use spooled::SpoolSource;
pub use sqlite::{SqliteSettings, SqliteSink};
pub use started::{Sinks, StartError, position, save_status, saved_status};
pub use status::{SinkStatus, Status};
pub use syslog::{SyslogSettings, SyslogSink};
pub use w3c::{W3cSettings, W3cSink};
pub use webhook::{Authentication, WebhookFormat, WebhookSettings, WebhookSink};

/// Takes events on, in order.
pub trait Sink: Send {
    /// Its name: letters, digits, `-`; the name of its cursor.
    fn name(&self) -> &str;

    /// Sequence number of the last event delivered, where the sink itself keeps it (0: none yet). Where this is none,
    /// the source's cursor says where to go on.
    fn position(&self) -> Option<u64> {
        None
    }

    /// Delivers events with ascending sequence numbers. What is delivered is safe, on disk or taken by the peer, as far
    /// as [`Sink::arrived`] says no other.
    ///
    /// # Errors
    /// The batch counts as not delivered, though part of it may have arrived.
    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError>;

    /// Sequence number of the last event that certainly arrived; none where all that was delivered did. After a crash,
    /// what comes after it is delivered again.
    fn arrived(&self) -> Option<u64> {
        None
    }

    /// Finds out whether all that was delivered arrived. Called about once a minute, and at the end.
    ///
    /// # Errors
    /// It is not certain; what did not arrive is delivered again.
    fn confirm(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Lets go what is too much, and what is too old at `now`; without it, where the clock cannot be believed, nothing is
    /// too old. Called about once a minute, between batches.
    ///
    /// # Errors
    /// They are logged; delivery goes on.
    fn tend(&mut self, _now: Option<SystemTime>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Why a batch was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SinkError {
    /// Whether the same batch may succeed later. Where not, the event that is at fault is looked for and left out.
    pub retryable: bool,
    /// What happened, where, and what to do about it.
    pub message: String,
}

impl SinkError {
    /// The same batch may succeed later.
    pub fn retry(message: impl Into<String>) -> Self {
        Self {
            retryable: true,
            message: message.into(),
        }
    }

    /// The batch will never be taken as it is.
    pub fn refused(message: impl Into<String>) -> Self {
        Self {
            retryable: false,
            message: message.into(),
        }
    }
}
