use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Text that an outsider wrote: valid UTF-8, bounded in length, otherwise as received.
///
/// It is hostile until escaped: control characters and markup are still in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Text(Box<str>);

impl Text {
    /// The longest text kept, in bytes; what is longer ends in `…`.
    pub const MAX: usize = 8 * 1024;

    /// Takes over logged bytes: invalid UTF-8 becomes U+FFFD, what exceeds [`Text::MAX`] is cut.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.len() <= Self::MAX {
            return Self(String::from_utf8_lossy(bytes).into());
        }
        let mut text = String::from_utf8_lossy(&bytes[..Self::MAX]).into_owned();
        text.push('…');
        Self(text.into())
    }

    /// The text, unescaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A web request. `None` means that the source does not carry the value or logged it as `-`.
///
/// Field names follow the W3C extended log format; see Microsoft, "W3C Logging"
/// (`win32/Http/w3c-logging`), and, for the proxy's columns, Exchange's HttpProxy logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebRequest {
    /// When the request was logged (UTC).
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The address that the server saw (`c-ip`, `ClientIpAddress`).
    pub client: Option<IpAddr>,
    /// `X-Forwarded-For` as received, leftmost first; as trustworthy as who wrote it.
    pub forwarded_for: Option<Text>,
    /// HTTP method (`cs-method`, `Method`).
    pub method: Text,
    /// Path (`cs-uri-stem`, `UrlStem`).
    pub uri_stem: Text,
    /// Query without the question mark (`cs-uri-query`, `UrlQuery`).
    pub uri_query: Option<Text>,
    /// Who logged on (`cs-username`, `AuthenticatedUser`).
    pub username: Option<Text>,
    /// `User-Agent`; IIS writes `+` for a blank.
    pub user_agent: Option<Text>,
    /// `Referer`.
    pub referer: Option<Text>,
    /// `Host` (`cs-host`, `UrlHost`).
    pub host: Option<Text>,
    /// Status sent to the client (`sc-status`, `HttpStatus`).
    pub status: Option<u16>,
    /// IIS substatus (`sc-substatus`).
    pub substatus: Option<u16>,
    /// Status that the back end gave the proxy (`BackEndStatus`).
    pub backend_status: Option<u16>,
    /// Bytes sent to the client (`sc-bytes`, `ResponseBytes`).
    pub bytes_sent: Option<u64>,
    /// The server's address (`s-ip`).
    pub server_address: Option<IpAddr>,
    /// The server's port (`s-port`).
    pub server_port: Option<u16>,
    /// The id that Exchange gave the request, lower case (`cafeReqId` in the query, `RequestId`).
    pub request_id: Option<Text>,
    /// The mailbox that the proxy routed by (`AnchorMailbox`).
    pub anchor_mailbox: Option<Text>,
    /// The build that served the request, as in `15.1.2176.9` (HttpProxy's version columns).
    pub build: Option<[u16; 4]>,
}

impl WebRequest {
    /// A request of which only time, method and path are known.
    pub fn new(time: Timestamp, method: &str, uri_stem: &str) -> Self {
        Self {
            time,
            client: None,
            forwarded_for: None,
            method: method.into(),
            uri_stem: uri_stem.into(),
            uri_query: None,
            username: None,
            user_agent: None,
            referer: None,
            host: None,
            status: None,
            substatus: None,
            backend_status: None,
            bytes_sent: None,
            server_address: None,
            server_port: None,
            request_id: None,
            anchor_mailbox: None,
            build: None,
        }
    }
}
