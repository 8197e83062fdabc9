//! What a sensor (a honeypot) saw, and of whom.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Kind;
use crate::saw::Saw;

/// An event with its place in the sensor's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recorded {
    /// Ascending by one from event to event; with the sensor's name it makes the event's id.
    pub sequence: u64,
    /// The event.
    #[serde(flatten)]
    pub event: SensorEvent,
}

impl Recorded {
    /// The same for the same event, however often it is sent: `<sensor>-<sequence>`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.event.sensor, self.sequence)
    }
}

/// Something that a sensor saw.
///
/// Sensor, connection and time come from the sensor alone: nothing that a client sends can change them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SensorEvent {
    /// When, by the sensor's clock (UTC, nanoseconds).
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The sensor's name, as configured.
    pub sensor: Arc<str>,
    /// Of whom; absent where the sensor tells of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<Arc<Connection>>,
    /// The request on this connection, counted from 1, that the event belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u32>,
    /// What.
    pub saw: Saw,
}

impl SensorEvent {
    /// Its kind in the catalogue.
    pub fn kind(&self) -> Kind {
        self.saw.kind()
    }
}

/// A connection's identity, bound when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// A UUID (version 7).
    pub id: Arc<str>,
    /// All connections of one source address with less than 30 minutes between them: a UUID.
    pub session: Arc<str>,
    /// The simulated host, as configured.
    pub host: Arc<str>,
    /// Its persona.
    pub persona: Arc<str>,
    /// The service that was spoken to.
    pub service: Service,
    /// The client; behind a trusted proxy, as the PROXY protocol names it.
    #[schemars(with = "String")]
    pub source: SocketAddr,
    /// Where the client connected to.
    #[schemars(with = "String")]
    pub destination: SocketAddr,
    /// The proxy that the connection came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub proxy: Option<SocketAddr>,
}

/// Services that a sensor plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Service {
    /// HTTP without TLS.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Service {
    /// Its name, as in ECS `network.protocol`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
