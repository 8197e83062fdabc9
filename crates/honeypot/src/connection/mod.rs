//! Connections: who they are from, what may hold them up, and that each is recorded from its beginning to its end.

use std::sync::Arc;

use imker_event::{Connection, Saw, SensorEvent};
use jiff::Timestamp;

use crate::store::{NotRecorded, Store};

mod admission;
mod forwarded;
mod opened;
mod proxy;
mod session;
mod socket;
mod turned_away;

pub use admission::{Admission, AdmissionLimits, Permit};
pub use forwarded::{client_of, is_trusted};
pub use opened::Opened;
pub use proxy::{ProxyHeader, parse_proxy_header};
pub use session::Sessions;
pub use socket::{Meter, Socket};
pub use turned_away::TurnedAway;

/// Records what is seen on one connection.
#[derive(Clone)]
pub struct ConnectionRecorder {
    sensor: Arc<str>,
    store: Arc<dyn Store>,
    connection: Arc<Connection>,
}

impl ConnectionRecorder {
    /// For a connection of a sensor.
    pub fn new(sensor: Arc<str>, store: Arc<dyn Store>, connection: Arc<Connection>) -> Self {
        Self {
            sensor,
            store,
            connection,
        }
    }

    /// The connection.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// An event of this connection.
    pub fn event(&self, time: Timestamp, request: Option<u32>, saw: Saw) -> SensorEvent {
        SensorEvent {
            time,
            sensor: Arc::clone(&self.sensor),
            connection: Some(Arc::clone(&self.connection)),
            request,
            saw,
        }
    }

    /// Records events; see [`Store::record`].
    ///
    /// # Errors
    /// They are not on disk; the client must get no answer.
    pub async fn record(&self, events: Vec<SensorEvent>) -> Result<(), NotRecorded> {
        self.store.record(events).await
    }

    /// Records what was seen just now, of no request.
    ///
    /// # Errors
    /// As for [`ConnectionRecorder::record`].
    pub async fn saw(&self, saw: Saw) -> Result<(), NotRecorded> {
        self.record(vec![self.event(Timestamp::now(), None, saw)]).await
    }
}
