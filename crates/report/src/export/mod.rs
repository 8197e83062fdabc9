//! What honeypots learned, for others to use: STIX 2.1, MISP, CSV, block lists, sets of firewalls.
//!
//! All of them export an [`imker_intel::Selection`]: sources in allowed networks, old ones and harmless ones are left out
//! already. No list of accounts is exported, no secret that masking knows, nor what would name the honeypot: its sensors,
//! hosts and addresses. Requests are exported as their client sent them otherwise: an account's name that he wrote into
//! one stays. Patterns and rules are built from validated values alone: addresses, hashes, CVEs, techniques.

mod csv;
mod lists;
mod misp;
mod stix;

use std::fmt;
use std::io;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub use self::csv::csv;
pub use lists::{BadSetName, SetName, blocklist, ipset, nftables};
pub use misp::misp;
pub use stix::stix;

/// Who exports, and to whom it may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// The name of the organisation; identifiers are derived from it, so that it should stay the same.
    pub name: String,
    /// The marking.
    pub tlp: Tlp,
}

/// Traffic Light Protocol 2.0 (FIRST, 2022).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tlp {
    /// To everyone.
    Clear,
    /// Within the community.
    Green,
    /// Within the organisation and its clients.
    Amber,
    /// To named persons.
    Red,
}

impl Tlp {
    /// The name, as in `amber`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

/// A text that names no marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the markings are `clear`, `green`, `amber` and `red`")]
pub struct UnknownTlp;

impl FromStr for Tlp {
    type Err = UnknownTlp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Clear, Self::Green, Self::Amber, Self::Red]
            .into_iter()
            .find(|tlp| text.eq_ignore_ascii_case(tlp.name()))
            .ok_or(UnknownTlp)
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The namespace of our own deterministic identifiers (RFC 9562, version 5): made once, at random.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d1b_0f0c_52a4_4c7b_9a0e_3f7e_82c5_14d9);

/// An identifier that stays the same for the same thing of the same producer.
fn own_id(producer: &Producer, parts: &[&str]) -> Uuid {
    let mut name = producer.name.clone();
    for part in parts {
        name.push('\u{1f}');
        name.push_str(part);
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// A time in UTC with milliseconds, as STIX and MISP take it.
fn milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn write_json(value: &Value, out: &mut dyn io::Write) -> io::Result<()> {
    use serde::Serialize as _;
    let formatter = crate::json::Escaping(serde_json::ser::PrettyFormatter::new());
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// The name that MITRE ATT&CK gives a technique that our rules name.
fn technique_name(id: &str) -> Option<&'static str> {
    Some(match id {
        "T1003" => "OS Credential Dumping",
        "T1059.001" => "PowerShell",
        "T1078" => "Valid Accounts",
        "T1098" => "Account Manipulation",
        "T1110" => "Brute Force",
        "T1114.002" => "Remote Email Collection",
        "T1114.003" => "Email Forwarding Rule",
        "T1190" => "Exploit Public-Facing Application",
        "T1505.003" => "Web Shell",
        "T1595.002" => "Vulnerability Scanning",
        _ => return None,
    })
}
