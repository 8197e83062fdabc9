//! Whom to ask: what an operator typed, or listed in a file, as [`Target`]s without duplicates in a random order.

mod bounded;
mod entry;
mod exclude;
mod gather;
mod lines;
#[cfg(test)]
mod memory;
mod name;
mod nmap;
mod reach;
mod shuffle;
mod summary;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use entry::{BadTarget, Entry, WhyBad};
pub use exclude::{ExclusionError, Exclusions};
pub use gather::{GatherError, Gathering, Source, Targets};
pub use nmap::NmapError;
#[doc(hidden)]
pub use nmap::read as read_nmap;
pub use reach::{Reach, Reaches};
pub use shuffle::Seed;
pub use summary::{BadLine, LeftOut, Permission, Summary};

/// One server to ask. [`fmt::Display`] writes its short form, and [`FromStr`] reads what people type, so that
/// `HTTPS://Mail.Example.ORG:443/owa/` and `mail.example.org` are the same target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// Absent where port and habit tell: HTTP on port 80, otherwise HTTPS.
    pub scheme: Option<Scheme>,
    /// Name or address.
    pub host: Host,
    /// Absent where it is the scheme's own: 443, or 80 for HTTP.
    pub port: Option<u16>,
}

/// How a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// A name or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A host name: lower-case, ASCII (IDNA, UTS #46), without a dot at its end, 253 bytes at most.
    Name(String),
    /// An address, never an IPv4 address in IPv6's clothes.
    Address(IpAddr),
}

impl Target {
    /// A target in its short form: what the scheme implies is dropped.
    pub fn new(scheme: Option<Scheme>, host: Host, port: Option<u16>) -> Self {
        let (scheme, port) = match (scheme, port) {
            (None | Some(Scheme::Https), None | Some(443)) => (None, None),
            (None | Some(Scheme::Http), Some(80)) | (Some(Scheme::Http), None) => (Some(Scheme::Http), None),
            (None, port) => (None, port),
            (Some(Scheme::Https), port) if port != Some(80) => (None, port),
            said => said,
        };
        Self { scheme, host, port }
    }

    /// Whether it is asked over TLS.
    pub fn is_tls(&self) -> bool {
        self.scheme != Some(Scheme::Http)
    }

    /// The port that is asked.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.is_tls() { 443 } else { 80 })
    }
}

impl From<Host> for Target {
    fn from(host: Host) -> Self {
        Self::new(None, host, None)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Some(Scheme::Http) => f.write_str("http://")?,
            Some(Scheme::Https) => f.write_str("https://")?,
            None => {}
        }
        match (&self.host, self.port, self.scheme) {
            (Host::Address(IpAddr::V6(address)), None, None) => write!(f, "{address}"),
            (Host::Address(IpAddr::V6(address)), None, _) => write!(f, "[{address}]"),
            (Host::Address(IpAddr::V6(address)), Some(port), _) => write!(f, "[{address}]:{port}"),
            (host, None, _) => host.fmt(f),
            (host, Some(port), _) => write!(f, "{host}:{port}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse()? {
            Entry::Target(target) => Ok(target),
            Entry::Network(_) => Err(BadTarget::new(text, WhyBad::Network)),
        }
    }
}

impl FromStr for Host {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<IpAddr>() {
            Ok(address) => Ok(Self::Address(address.to_canonical())),
            Err(_) => match name::canonical(text) {
                Ok(name) => Ok(Self::Name(name)),
                Err(why) => Err(BadTarget::new(text, why)),
            },
        }
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
