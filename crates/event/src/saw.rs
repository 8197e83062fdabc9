//! What an event says, by kind.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Blob, Kind, Text, WebRequest};

/// What a sensor saw; each variant is a [`Kind`] of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Saw {
    /// See [`Kind::SensorStarted`].
    SensorStarted {
        /// Imker's version.
        version: Text,
        /// Addresses and ports listened on.
        listening: Vec<Text>,
    },
    /// See [`Kind::SensorStopped`].
    SensorStopped {},
    /// See [`Kind::Gap`].
    Gap(Gap),
    /// See [`Kind::ConnectionOpened`].
    ConnectionOpened {},
    /// See [`Kind::ConnectionClosed`].
    ConnectionClosed {
        /// Bytes read from the socket.
        bytes_received: u64,
        /// Bytes that the socket took.
        bytes_sent: u64,
        /// How long it was open, in milliseconds.
        duration_ms: u64,
        /// Requests on it.
        requests: u32,
        /// Why it ended.
        reason: CloseReason,
    },
    /// See [`Kind::TlsHello`].
    TlsHello(Box<TlsHello>),
    /// See [`Kind::TlsEstablished`].
    TlsEstablished {
        /// As in `TLSv1.2`.
        version: Text,
        /// OpenSSL's name of the cipher suite, as in `ECDHE-RSA-AES256-GCM-SHA384`.
        cipher: Text,
        /// The protocol agreed on by ALPN, as in `h2`.
        alpn: Option<Text>,
        /// Whether an earlier session was resumed.
        resumed: bool,
    },
    /// See [`Kind::TlsFailed`].
    TlsFailed {
        /// OpenSSL's reason, or our own where the bytes are no ClientHello.
        reason: Text,
        /// The first bytes received, where they are no ClientHello.
        received: Blob,
    },
    /// See [`Kind::WebRequest`].
    WebRequest(Box<ReceivedRequest>),
    /// See [`Kind::WebRequestRefused`].
    WebRequestRefused {
        /// Why, in HTTP.sys's words as its error log has them: `Verb`, `URL`, `Hostname`, `BadRequest`, ...
        reason: Text,
        /// The status answered; none where the connection was closed at once.
        status: Option<u16>,
        /// What was received, up to the limit for heads.
        received: Blob,
    },
    /// See [`Kind::WebRequestContinued`].
    WebRequestContinued {
        /// Request line and headers, as received.
        head: Blob,
    },
    /// See [`Kind::WebResponse`].
    WebResponse {
        /// Status.
        status: u16,
        /// Status line and headers, as sent; for HTTP/2 in the form of HTTP/1.1.
        head: Blob,
        /// The body.
        body: Content,
        /// The body's first bytes: all of a short one.
        #[serde(default)]
        body_start: Blob,
    },
    /// See [`Kind::Credentials`].
    Credentials(Credentials),
    /// See [`Kind::NtlmNegotiate`].
    NtlmNegotiate {
        /// NegotiateFlags.
        flags: u32,
        /// OEM domain name.
        domain: Option<Text>,
        /// OEM workstation name.
        workstation: Option<Text>,
        /// The client's Windows, as in `10.0.19041`.
        version: Option<Text>,
    },
    /// See [`Kind::NtlmAuthenticate`].
    NtlmAuthenticate(Box<NtlmAuthenticate>),
    /// See [`Kind::Command`].
    Command {
        /// The script that was asked to run it.
        script: Text,
        /// The name of the parameter.
        parameter: Text,
        /// The command.
        command: Text,
    },
    /// See [`Kind::Upload`].
    Upload {
        /// The name that the client gave.
        name: Option<Text>,
        /// What was sent.
        content: Content,
        /// Whether it is the whole body, and that holds secrets: masking then takes the hash as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        secrets: bool,
    },
    /// See [`Kind::StageReached`].
    StageReached(Stage),
}

impl Saw {
    /// Its kind in the catalogue.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::SensorStarted { .. } => Kind::SensorStarted,
            Self::SensorStopped {} => Kind::SensorStopped,
            Self::Gap(_) => Kind::Gap,
            Self::ConnectionOpened {} => Kind::ConnectionOpened,
            Self::ConnectionClosed { .. } => Kind::ConnectionClosed,
            Self::TlsHello(_) => Kind::TlsHello,
            Self::TlsEstablished { .. } => Kind::TlsEstablished,
            Self::TlsFailed { .. } => Kind::TlsFailed,
            Self::WebRequest(_) => Kind::WebRequest,
            Self::WebRequestRefused { .. } => Kind::WebRequestRefused,
            Self::WebRequestContinued { .. } => Kind::WebRequestContinued,
            Self::WebResponse { .. } => Kind::WebResponse,
            Self::Credentials(_) => Kind::Credentials,
            Self::NtlmNegotiate { .. } => Kind::NtlmNegotiate,
            Self::NtlmAuthenticate(_) => Kind::NtlmAuthenticate,
            Self::Command { .. } => Kind::Command,
            Self::Upload { .. } => Kind::Upload,
            Self::StageReached(_) => Kind::StageReached,
        }
    }
}

/// Events that could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// The first loss, where known.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// The last loss, where known.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// Sequence numbers that are gone, both included; absent where the events never had one.
    pub sequences: Option<(u64, u64)>,
    /// Events or, where the events were never made, connections turned away.
    pub lost: u64,
    /// Of which source addresses, where known.
    pub sources: Vec<(IpAddr, u64)>,
    /// Lost of sources that are not listed.
    pub of_others: u64,
}

/// Why events could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GapReason {
    /// The store was full: connections were closed unanswered.
    StoreFull,
    /// Segments went to make room before every sink had passed them.
    Evicted,
    /// Stored bytes were damaged.
    Damaged,
    /// Limits on connections were reached: connections were closed unanswered.
    TooMany,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CloseReason {
    /// The client closed it.
    Client,
    /// We closed it after an answer that said so.
    Server,
    /// Nothing came for too long.
    IdleTimeout,
    /// A request came too slowly.
    SlowRequest,
    /// The client did not take an answer in time.
    SlowReader,
    /// The transport failed: reset, or broken TLS.
    Reset,
    /// The TLS handshake failed.
    Handshake,
    /// A limit on connections was reached.
    TooMany,
    /// A trusted proxy sent no PROXY header that could be read.
    ProxyHeader,
    /// The sensor could not record.
    NotRecorded,
    /// The sensor is stopping.
    Stopping,
    /// The sensor failed.
    Internal,
}

/// A TLS ClientHello (RFC 8446, section 4.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TlsHello {
    /// `legacy_version`.
    pub legacy_version: u16,
    /// The `supported_versions` extension, in order, GREASE included.
    pub supported_versions: Vec<u16>,
    /// Cipher suites, in order, GREASE included.
    pub ciphers: Vec<u16>,
    /// Types of extensions, in order, GREASE included.
    pub extensions: Vec<u16>,
    /// `supported_groups`.
    pub groups: Vec<u16>,
    /// `ec_point_formats`.
    pub point_formats: Vec<u8>,
    /// `signature_algorithms`.
    pub signature_algorithms: Vec<u16>,
    /// Server name.
    pub server_name: Option<Text>,
    /// ALPN protocols.
    pub alpn: Vec<Text>,
    /// JA3: MD5 in hex.
    pub ja3: Text,
    /// What JA3 is the MD5 of.
    pub ja3_full: Text,
    /// JA4.
    pub ja4: Text,
    /// The handshake message as read, without record headers.
    pub raw: Blob,
}

/// Bytes kept by hash, or only counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// SHA-256 of all bytes, in hex; empty for no bytes.
    pub sha256: Text,
    /// All bytes that came.
    pub bytes: u64,
    /// How many of them, from the first on, are kept under that hash.
    pub kept: u64,
}

/// A web request as a sensor received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceivedRequest {
    /// The request as a log would tell of it, with the status answered.
    pub request: WebRequest,
    /// `HTTP/1.1`, `HTTP/2`, ...
    pub version: Text,
    /// Request line and headers, as received; for HTTP/2 in the form of HTTP/1.1.
    pub head: Blob,
    /// The body.
    pub body: Content,
    /// The body's first bytes, to read without the quarantine.
    pub body_start: Blob,
    /// `sc-win32-status` that IIS would log: a code of [MS-ERREF], 0 for none; absent without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub win32_status: Option<u32>,
    /// From the head's first byte to the answer being ready, in milliseconds; absent without an answer. Writing the record
    /// and sending come after, so it is less than IIS's `time-taken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_taken_ms: Option<u64>,
    /// Whether the client's length or chunks ended before the body did.
    pub body_complete: bool,
    /// Rules that it matches.
    pub detections: Vec<Detection>,
}

/// A rule that a request matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Detection {
    /// Sigma's id of the rule.
    pub rule: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// Its level, as Sigma names it.
    pub level: Arc<str>,
    /// CVEs that it names.
    pub cves: Vec<Arc<str>>,
    /// ATT&CK techniques that it names.
    pub techniques: Vec<Arc<str>>,
    /// Whether it knows ordinary traffic.
    pub ordinary: bool,
}

/// A stage of a chain of attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// The chain, as in `ProxyShell`.
    pub chain: Arc<str>,
    /// The stage, as in `data/stages.csv`.
    pub stage: Arc<str>,
    /// Its place in the chain.
    pub order: u32,
    /// Whether what was answered let it succeed, as a real server of that build would.
    pub succeeded: bool,
    /// CVEs that the matching rules name.
    pub cves: Vec<Arc<str>>,
    /// ATT&CK techniques that they name.
    pub techniques: Vec<Arc<str>>,
}

/// An attempt to log on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Credentials {
    /// How they were sent.
    pub scheme: Scheme,
    /// Where to: a path.
    pub place: Text,
    /// The name as sent.
    pub username: Text,
    /// The domain, where it came apart from the name or could be split from it.
    pub domain: Option<Text>,
    /// Password, token, or NTLM response in hashcat's form.
    pub secret: Option<Secret>,
    /// Whether the name belongs to a domain that the operator called his own.
    pub own_domain: bool,
}

/// A secret: outputs mask it unless told otherwise.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(pub Text);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How credentials were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Scheme {
    /// OWA's logon form.
    Forms,
    /// HTTP Basic (RFC 7617).
    Basic,
    /// NTLM, alone or inside Negotiate.
    Ntlm,
    /// Kerberos inside Negotiate.
    Kerberos,
    /// A bearer token (RFC 6750).
    Bearer,
}

/// An NTLM AUTHENTICATE message ([MS-NLMP] 2.2.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NtlmAuthenticate {
    /// NegotiateFlags.
    pub flags: u32,
    /// DomainName.
    pub domain: Text,
    /// UserName.
    pub user: Text,
    /// Workstation.
    pub workstation: Text,
    /// The client's Windows, as in `10.0.19041`.
    pub version: Option<Text>,
    /// The challenge that it answers, in hex; none where there was no challenge on this connection.
    pub challenge: Option<Text>,
    /// The target name (SPN) that the client names in its response.
    pub target: Option<Text>,
    /// Whether the response is NTLMv2.
    pub v2: bool,
    /// The message as received.
    pub raw: Blob,
}
