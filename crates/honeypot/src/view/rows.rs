//! What the view answers with.

use std::net::IpAddr;

use imker_event::ecs::Place;
use imker_event::{Kind, Secret};
use jiff::Timestamp;
use serde::Serialize;

/// A session: all connections of one source address with less than 30 minutes between them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Session {
    /// Its UUID.
    pub id: String,
    /// Who.
    pub source: IpAddr,
    /// Whom its requests are of, where the source is a trusted proxy that names them; at most [`Activity::MOST`].
    pub clients: Vec<IpAddr>,
    /// Where the source is, where known.
    pub place: Option<Place>,
    /// Its first event.
    pub first_seen: Timestamp,
    /// Its last event.
    pub last_seen: Timestamp,
    /// What happened in it.
    pub activity: Activity,
}

/// A source address: who connected or, behind a trusted proxy for HTTP, whom it names for each request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attacker {
    /// The address.
    pub source: IpAddr,
    /// Where that is, where known.
    pub place: Option<Place>,
    /// When it was seen first of all, whatever was asked for.
    pub first_seen: Timestamp,
    /// When it was seen last of all, whatever was asked for.
    pub last_seen: Timestamp,
    /// Sessions among what was asked for.
    pub sessions: u64,
    /// What it did, among what was asked for.
    pub activity: Activity,
}

/// Numbers and marks of a session or a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Activity {
    /// Events.
    pub events: u64,
    /// Connections of its own: none of a client that came through a proxy for HTTP.
    pub connections: u64,
    /// Web requests, those refused for their form included.
    pub requests: u64,
    /// Web requests that match a rule which does not know ordinary traffic.
    pub attacks: u64,
    /// Attempts to log on.
    pub credentials: u64,
    /// Uploads and bodies in the quarantine.
    pub payloads: u64,
    /// Stages reached, in order of chain and place.
    pub stages: Vec<ReachedStage>,
    /// Simulated hosts spoken to, at most [`Activity::MOST`].
    pub hosts: Vec<String>,
    /// User agents, the most frequent first, at most [`Activity::MOST`].
    pub user_agents: Vec<String>,
    /// JA4 fingerprints, the most frequent first, at most [`Activity::MOST`].
    pub ja4: Vec<String>,
}

impl Activity {
    /// How many values a list holds at most.
    pub const MOST: usize = 20;
}

/// A stage that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReachedStage {
    /// The chain, as in `ProxyShell`.
    pub chain: String,
    /// The stage, as in `data/stages.csv`.
    pub stage: String,
    /// Its place in the chain.
    pub order: u32,
    /// Whether it succeeded, at least once.
    pub succeeded: bool,
    /// When it was reached first.
    pub first_seen: Timestamp,
}

/// An attempt to log on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Credential {
    /// The event's sequence number.
    pub sequence: u64,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub source: Option<IpAddr>,
    /// Its session.
    pub session: Option<String>,
    /// The simulated host.
    pub host: Option<String>,
    /// How they were sent, as in [`imker_event::Scheme`]'s JSON.
    pub scheme: String,
    /// Where to: a path. Hostile, as all that follows.
    pub place: String,
    /// The name as sent.
    pub username: String,
    /// The domain.
    pub domain: Option<String>,
    /// The secret; none where there was none or its time is over.
    pub secret: Option<Secret>,
    /// Whether the name belongs to a domain that the operator called his own.
    pub own_domain: bool,
}

/// Something sent that is kept in the quarantine, or was too large for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// The event's sequence number.
    pub sequence: u64,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub source: Option<IpAddr>,
    /// Its session.
    pub session: Option<String>,
    /// The simulated host.
    pub host: Option<String>,
    /// [`Kind::Upload`], or [`Kind::WebRequest`] for its body.
    pub kind: Kind,
    /// The name that the client gave. Hostile.
    pub name: Option<String>,
    /// SHA-256 in hex: its name in the quarantine.
    pub sha256: String,
    /// All bytes that came.
    pub bytes: u64,
    /// Whether it is the beginning of a body whose end did not come: too long, or broken off.
    pub cut: bool,
    /// How many of them are kept.
    pub kept: u64,
}
