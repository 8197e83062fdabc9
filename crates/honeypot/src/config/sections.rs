//! The tables of `honeypot.toml` that are taken as they stand, each key with a default.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::addresses::Item;
use super::units::{duration, size, some_duration};
use crate::connection::AdmissionLimits;
use crate::http;
use crate::persona::checked::{DnsName, NetbiosName};

const DAY: Duration = Duration::from_secs(86_400);

/// `[spool]`: where events go before an answer leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    /// Bytes of all segments together.
    #[serde(deserialize_with = "size")]
    pub max_size: u64,
    /// The age at which an event is gone at the latest; none means what [`Privacy`] allows at most.
    #[serde(deserialize_with = "some_duration")]
    pub max_age: Option<Duration>,
    /// Bytes at which a new segment begins.
    #[serde(deserialize_with = "size")]
    pub segment_size: u64,
    /// Bytes that are left free on the disk, whoever fills it.
    #[serde(deserialize_with = "size")]
    pub min_free: u64,
}

impl Default for Spool {
    fn default() -> Self {
        Self {
            max_size: 10 << 30,
            max_age: None,
            segment_size: 64 << 20,
            min_free: 512 << 20,
        }
    }
}

/// `[quarantine]`: bodies and uploads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quarantine {
    /// Bytes kept of one item; the rest is hashed and counted.
    #[serde(deserialize_with = "size")]
    pub max_item: u64,
    /// Bytes of all items together.
    #[serde(deserialize_with = "size")]
    pub max_total: u64,
    /// The age at which an item goes; none means what [`Privacy`] allows at most.
    #[serde(deserialize_with = "some_duration")]
    pub max_age: Option<Duration>,
}

impl Default for Quarantine {
    fn default() -> Self {
        Self {
            max_item: 32 << 20,
            max_total: 5 << 30,
            max_age: None,
        }
    }
}

/// `[limits]`: what one client, and all of them, may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address (IPv6: from one /64).
    pub connections_per_source: usize,
    /// Bytes of a request line and its headers; HTTP.sys takes 16 KiB (`MaxRequestBytes`).
    #[serde(deserialize_with = "size")]
    pub head: u64,
    /// Bytes of a body that are read; what exceeds them ends the connection. Assumed: 64 MiB, as EWS's
    /// `maxAllowedContentLength` is said to be; IIS alone takes 30,000,000.
    #[serde(deserialize_with = "size")]
    pub body: u64,
    /// Silence between requests; IIS waits for 120 seconds (`connectionTimeout`).
    #[serde(deserialize_with = "duration")]
    pub idle: Duration,
    /// From connecting to the end of the TLS handshake.
    #[serde(deserialize_with = "duration")]
    pub handshake: Duration,
    /// From a head's first byte to its last, and for a body beside the time that its length gives it.
    #[serde(deserialize_with = "duration")]
    pub request: Duration,
    /// How long a client may take over an answer beside the time that its length gives it.
    #[serde(deserialize_with = "duration")]
    pub slow_reader: Duration,
    /// Requests on one connection; 0 for as many as come, as IIS has it.
    pub requests_per_connection: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_per_source: 1024,
            head: 16 << 10,
            body: 64 << 20,
            idle: Duration::from_secs(120),
            handshake: Duration::from_secs(30),
            request: Duration::from_secs(120),
            slow_reader: Duration::from_secs(120),
            requests_per_connection: 0,
        }
    }
}

impl Limits {
    /// What HTTP may cost; what has no key keeps its default.
    pub fn http(&self) -> http::Limits {
        let default = http::Limits::default();
        let head = usize::try_from(self.head).unwrap_or(default.head);
        http::Limits {
            head,
            field: default.field.min(head),
            body: self.body,
            idle: self.idle,
            head_wait: self.request,
            body_wait: self.request,
            send_wait: self.slow_reader,
            requests: match self.requests_per_connection {
                0 => u32::MAX,
                some => some,
            },
            ..default
        }
    }

    /// How many connections may be open.
    pub fn admission(&self) -> AdmissionLimits {
        AdmissionLimits {
            connections: self.connections,
            per_source: self.connections_per_source,
        }
    }
}

/// `[privacy]`: how long what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// Events without credentials: addresses, requests, fingerprints.
    #[serde(deserialize_with = "duration")]
    pub events: Duration,
    /// Passwords, tokens and NTLM responses.
    #[serde(deserialize_with = "duration")]
    pub credentials: Duration,
    /// Bodies and uploads.
    #[serde(deserialize_with = "duration")]
    pub payloads: Duration,
    /// The operator's own domains, in lower case: credentials for them are flagged, to be reset.
    #[serde(deserialize_with = "domains")]
    pub own_domains: Vec<String>,
    /// The operator's own networks, and whatever else is never to be exported as a source of attacks.
    #[serde(deserialize_with = "networks")]
    pub own_networks: Vec<IpNet>,
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let items = Vec::<Item>::deserialize(deserializer)?;
    Ok(items.into_iter().map(Item::net).collect())
}

/// DNS names, or names of NetBIOS domains, in any letter case.
fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut domains = Vec::<String>::deserialize(deserializer)?;
    for domain in &mut domains {
        domain.make_ascii_lowercase();
        let upper = domain.to_ascii_uppercase();
        if DnsName::try_from(domain.clone()).is_err() && NetbiosName::try_from(upper).is_err() {
            return Err(de::Error::invalid_value(
                de::Unexpected::Str(domain),
                &"a domain such as example.org or EXAMPLE",
            ));
        }
    }
    Ok(domains)
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            events: DAY * 90,
            credentials: DAY * 30,
            payloads: DAY * 90,
            own_domains: Vec::new(),
            own_networks: Vec::new(),
        }
    }
}

/// `[geoip]`: the operator's databases (MaxMind DB format).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GeoIp {
    /// Cities.
    pub city: Option<PathBuf>,
    /// Countries.
    pub country: Option<PathBuf>,
    /// Autonomous systems.
    pub asn: Option<PathBuf>,
}

/// `[view]`: the SQLite view that the commands read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct View {
    /// Whether there is one.
    pub enabled: bool,
    /// Bytes that it may take; then its oldest events go. The record keeps them.
    #[serde(deserialize_with = "size")]
    pub max_size: u64,
}

impl Default for View {
    fn default() -> Self {
        Self {
            enabled: true,
            max_size: 2 << 30,
        }
    }
}
