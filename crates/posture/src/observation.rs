use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use imker_exchange::{Build, NotABuild};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Check, Checks};

/// What was learnt of one target. Text of servers in it is cut, otherwise as received: outputs escape it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// The target, in its short form: `mail.example.org`, `[2001:db8::1]:8443`, `http://mail.example.org`.
    pub target: String,
    /// When it was first asked.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// How long all of it took, in milliseconds.
    pub took_ms: u64,
    /// How much was asked.
    pub checks: Checks,
    /// Connections over which it was asked, in order. Several where it was asked again for what stands behind a balancer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<Visit>,
    /// Which versions of TLS it speaks, where that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tls_versions: Vec<TlsVersions>,
    /// What its mail services said, where they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smtp: Vec<SmtpVisit>,
    /// Why it could not be asked, or not to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// One connection, and what was answered over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visit {
    /// The address and port that were asked.
    #[schemars(with = "String")]
    pub address: SocketAddr,
    /// What TLS said; absent over plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Answers, in the order of the requests.
    pub answers: Vec<Answer>,
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The request.
    pub check: Check,
    /// From its first byte to the end of the answer, in milliseconds.
    pub took_ms: u64,
    /// What was answered; absent where no whole head arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// What went wrong, also after a head had arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// What an answer says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// Status of HTTP.
    pub status: u16,
    /// Headers that tell something about Exchange, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Bytes of the body that were read; not always all.
    pub body_bytes: u64,
    /// The page's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Signs in head and body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// Builds that it discloses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Disclosure>,
    /// What an NTLM challenge in it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ntlm: Option<NtlmNames>,
}

impl Response {
    /// The first value of a header, letter case aside.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_named(name).next()
    }

    /// All values of a header, letter case aside.
    pub fn headers_named(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_str())
    }
}

/// A header field as received; its value is cut to 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Name, in the server's letter case.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A sign that stands in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The page that MAPI's back end shows to browsers.
    MapiPage,
    /// OWA's back end found no mailbox for the caller: `OwaADUserNotFoundException`.
    NoSuchUser,
    /// OWA's logon page: `OwaPage = ASP.auth_logon_aspx`, or texts and scripts of its versions.
    LogonPage,
    /// The manifest of the eDiscovery export tool.
    ExportTool,
}

/// A build, and where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disclosure {
    /// Where.
    pub place: Place,
    /// What.
    pub build: SeenBuild,
}

/// Where servers disclose their build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `X-OWA-Version`.
    OwaVersion,
    /// `X-ServerApplication`, which MAPI over HTTP sends.
    ServerApplication,
    /// A path in the logon page, `/owa/auth/15.2.1748/themes/`.
    LogonPage,
    /// The export tool's manifest.
    ExportTool,
    /// `owaVer` in a redirect to the error page.
    ErrorPage,
    /// The page of MAPI's back end.
    MapiPage,
}

/// A build as far as it was disclosed: `15.1.2176.9`, or its first three parts, which tell the cumulative update only.
///
/// The order is that of the numbers; three parts come before all that begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeenBuild {
    /// All of it.
    Whole(Build),
    /// `15.1.2176`.
    ThreeParts([u16; 3]),
}

impl SeenBuild {
    /// The first three parts.
    pub const fn three_parts(self) -> [u16; 3] {
        match self {
            Self::ThreeParts(parts) => parts,
            Self::Whole(Build([major, minor, build, _])) => [major, minor, build],
        }
    }

    /// Whether two disclosures can be of the same server.
    pub fn agrees_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(another)) => one == another,
            _ => self.three_parts() == other.three_parts(),
        }
    }
}

impl Ord for SeenBuild {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let revision = |build: &Self| match build {
            Self::ThreeParts(_) => None,
            Self::Whole(Build([.., revision])) => Some(*revision),
        };
        let key = |build: &Self| (build.three_parts(), revision(build));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for SeenBuild {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SeenBuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(build) => build.fmt(f),
            Self::ThreeParts([major, minor, build]) => write!(f, "{major}.{minor}.{build}"),
        }
    }
}

impl FromStr for SeenBuild {
    type Err = NotABuild;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return text.parse().map(Self::Whole);
        }
        let Build([major, minor, build, _]) = format!("{text}.0")
            .parse()
            .map_err(|_| NotABuild(text.chars().take(40).collect()))?;
        Ok(Self::ThreeParts([major, minor, build]))
    }
}

impl Serialize for SeenBuild {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SeenBuild {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for SeenBuild {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SeenBuild".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A build as far as it was disclosed: four parts, or the first three.",
            "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+(\.[0-9]+)?$",
        })
    }
}

/// What an NTLM challenge says of its server ([MS-NLMP] 2.2.1.2), never of its Exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NtlmNames {
    /// NetBIOS name of the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netbios_domain: Option<String>,
    /// NetBIOS name of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netbios_computer: Option<String>,
    /// DNS name of the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_domain: Option<String>,
    /// DNS name of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_computer: Option<String>,
    /// DNS name of the forest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_forest: Option<String>,
    /// Version of Windows: `10.0.17763`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<String>,
}

/// A TLS session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// Version that was agreed on.
    pub version: TlsVersion,
    /// Cipher suite, as OpenSSL names it.
    pub cipher: String,
    /// The server's certificate, which is believed in whatever it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// Versions of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// SSL 3.0 (RFC 6101).
    #[serde(rename = "SSLv3")]
    Ssl30,
    /// TLS 1.0 (RFC 2246).
    #[serde(rename = "TLSv1.0")]
    Tls10,
    /// TLS 1.1 (RFC 4346).
    #[serde(rename = "TLSv1.1")]
    Tls11,
    /// TLS 1.2 (RFC 5246).
    #[serde(rename = "TLSv1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "TLSv1.3")]
    Tls13,
}

impl TlsVersion {
    /// Its name in outputs: `TLSv1.2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ssl30 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Common name of its subject, or the whole subject where there is none.
    pub subject: String,
    /// Common name of its issuer, or the whole issuer where there is none.
    pub issuer: String,
    /// Alternative names: host names and addresses, 32 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// From when it is valid.
    #[schemars(with = "Option<String>")]
    pub not_before: Option<Timestamp>,
    /// Until when it is valid.
    #[schemars(with = "Option<String>")]
    pub not_after: Option<Timestamp>,
    /// Whether subject and issuer are the same.
    pub self_signed: bool,
    /// SHA-256 of its DER form, in hex.
    pub sha256: String,
}

/// Whether an address speaks a version of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsVersions {
    /// The address and port that were asked.
    #[schemars(with = "String")]
    pub address: SocketAddr,
    /// Versions that it speaks, ascending.
    pub spoken: Vec<TlsVersion>,
    /// Versions that it refused, ascending. One in neither list could not be told.
    pub refused: Vec<TlsVersion>,
}

/// Mail services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Port 25.
    Smtp,
    /// Port 587.
    Submission,
}

/// What a mail service said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SmtpVisit {
    /// Which service.
    pub service: Service,
    /// The address and port that were asked.
    #[schemars(with = "Option<String>")]
    pub address: Option<SocketAddr>,
    /// Its greeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// Extensions that it offers (RFC 5321, EHLO), at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
    /// What STARTTLS (RFC 3207) led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Why something could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// The reason.
    pub kind: FaultKind,
    /// What the system, OpenSSL or the server said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self { kind, detail: None }
    }
}

/// Reasons why something could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// No address has this name.
    NoAddress,
    /// The name could not be looked up.
    LookupFailed,
    /// Nothing listens there: the connection was refused.
    Refused,
    /// The network or the host cannot be reached.
    Unreachable,
    /// No connection within the time for it.
    ConnectTimeout,
    /// The TLS handshake failed.
    Tls,
    /// No TLS session within the time for it.
    TlsTimeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed before a whole answer.
    Closed,
    /// No answer within the time for it.
    Timeout,
    /// The answer came too slowly: not whole within the time for it.
    TooSlow,
    /// What answers does not speak HTTP.
    NotHttp,
    /// It begins as HTTP does and cannot be understood: another version, a head with faults, interim answers without end.
    BadHead,
    /// The answer's head is larger than is read.
    HeadTooLarge,
    /// The body contradicts its head, or cannot be decoded.
    BadBody,
    /// None of its addresses may be asked.
    Excluded,
    /// Its name leads to Exchange Online, which is not asked.
    ExchangeOnline,
    /// This machine had no room for the connection.
    NoRoom,
    /// The scan was ended before an answer was kept.
    Interrupted,
    /// Something else failed.
    Other,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::NoAddress,
        Self::LookupFailed,
        Self::Refused,
        Self::Unreachable,
        Self::ConnectTimeout,
        Self::Tls,
        Self::TlsTimeout,
        Self::Reset,
        Self::Closed,
        Self::Timeout,
        Self::TooSlow,
        Self::NotHttp,
        Self::BadHead,
        Self::HeadTooLarge,
        Self::BadBody,
        Self::Excluded,
        Self::ExchangeOnline,
        Self::NoRoom,
        Self::Interrupted,
        Self::Other,
    ];

    /// Whether nobody is there who could be asked: no server for HTTP, none at all, or no way there from this machine, such as
    /// to an IPv6 address from a network without.
    pub const fn is_nobody(self) -> bool {
        matches!(self, Self::Refused | Self::Unreachable | Self::NotHttp)
    }

    /// Its name in outputs: `connect_timeout`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::LookupFailed => "lookup_failed",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls",
            Self::TlsTimeout => "tls_timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::TooSlow => "too_slow",
            Self::NotHttp => "not_http",
            Self::BadHead => "bad_head",
            Self::HeadTooLarge => "head_too_large",
            Self::BadBody => "bad_body",
            Self::Excluded => "excluded",
            Self::ExchangeOnline => "exchange_online",
            Self::NoRoom => "no_room",
            Self::Interrupted => "interrupted",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_of_faults_are_those_of_outputs() {
        for kind in FaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn builds_have_three_or_four_parts() {
        for text in ["15.1.2176.9", "15.1.2176"] {
            assert_eq!(text.parse::<SeenBuild>().unwrap().to_string(), text);
        }
        for text in ["15.1", "15.1.x", "", "15.1.2176.9.1", "..", "15..1"] {
            assert!(text.parse::<SeenBuild>().is_err(), "{text}");
        }
    }

    #[test]
    fn builds_agree_as_far_as_both_tell() {
        let seen = |text: &str| text.parse::<SeenBuild>().unwrap();
        assert!(seen("15.1.2176.9").agrees_with(seen("15.1.2176")));
        assert!(!seen("15.1.2176.9").agrees_with(seen("15.1.2176.14")));
        assert!(!seen("15.1.2176.9").agrees_with(seen("15.1.2242")));
    }

    #[test]
    fn builds_are_in_the_order_of_their_numbers() {
        let builds = [
            "15.0.1395",
            "15.1.2176",
            "15.1.2176.9",
            "15.1.2176.12",
            "15.1.2242",
            "15.2.2562.17",
        ];
        let seen: Vec<SeenBuild> = builds.iter().map(|text| text.parse().unwrap()).collect();
        assert!(seen.is_sorted());
    }

    #[test]
    fn what_was_not_seen_is_not_written() {
        let observation = Observation {
            target: "mail.example.org".into(),
            started: Timestamp::UNIX_EPOCH,
            took_ms: 3,
            checks: Checks::Quick,
            visits: Vec::new(),
            tls_versions: Vec::new(),
            smtp: Vec::new(),
            fault: Some(Fault {
                kind: FaultKind::Refused,
                detail: None,
            }),
        };
        let text = serde_json::to_string(&observation).unwrap();
        insta::assert_snapshot!(text, @r#"{"target":"mail.example.org","started":"1970-01-01T00:00:00Z","took_ms":3,"checks":"quick","fault":{"kind":"refused"}}"#);
        assert_eq!(serde_json::from_str::<Observation>(&text).unwrap(), observation);
    }
}
