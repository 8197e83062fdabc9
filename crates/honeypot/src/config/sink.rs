//! `[[sink]]`: where events are sent to.

use std::path::PathBuf;
use std::sync::Arc;

use imker_event::Secret;
use serde::Deserialize;
use toml::Spanned;

use super::units::size;
use crate::document::{Document, DocumentError};

/// A sink with the name that its cursor is kept under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// Unique among the sinks; `kind` where nothing else is said.
    pub name: Arc<str>,
    /// Whether passwords and tokens leave masked.
    pub masked: bool,
    /// Where to.
    pub config: SinkConfig,
}

/// Where to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkConfig {
    /// JSON lines in ECS.
    Jsonl {
        /// The file.
        path: PathBuf,
        /// Bytes at which a new file begins.
        rotate_size: u64,
    },
    /// IIS W3C logs.
    W3c {
        /// The folder that stands for `inetpub\logs\LogFiles`.
        folder: PathBuf,
    },
    /// Syslog (RFC 5424) over TCP (RFC 6587) or TLS (RFC 5425).
    Syslog {
        /// The collector.
        address: Endpoint,
        /// Whether over TLS.
        tls: bool,
        /// Authorities in PEM that the collector's certificate is checked with; none for the system's.
        ca: Option<PathBuf>,
        /// HOSTNAME of the messages; none for the sensor's name.
        hostname: Option<String>,
    },
    /// Batches of JSON by HTTP POST.
    Webhook {
        /// An `https` address; `http` on the loopback interface only.
        url: String,
        /// How a batch is authenticated.
        auth: WebhookAuth,
        /// Authorities in PEM that the server's certificate is checked with; none for the system's.
        ca: Option<PathBuf>,
        /// Events in a request at most.
        batch: usize,
    },
    /// hpfeeds.
    Hpfeeds {
        /// The broker.
        address: Endpoint,
        /// Who publishes.
        ident: String,
        /// The ident's secret.
        secret: Secret,
        /// The channel.
        channel: String,
        /// Whether over TLS.
        tls: bool,
        /// Authorities in PEM that the broker's certificate is checked with; none for the system's.
        ca: Option<PathBuf>,
    },
}

/// How a webhook's receiver knows who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookAuth {
    /// It does not.
    None,
    /// By a token (RFC 6750).
    Bearer(Secret),
    /// By an HMAC of the body under this key.
    Hmac(Secret),
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Endpoint {
    /// A DNS name or an address, IPv6 without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is not a host with a port, such as logs.example.org:6514",
                text.escape_debug()
            )
        };
        if let Ok(socket) = text.parse::<std::net::SocketAddr>() {
            let (host, port) = (socket.ip().to_string(), socket.port());
            return if port > 0 {
                Ok(Self { host, port })
            } else {
                Err(wrong())
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        match port.parse() {
            Ok(port @ 1..) if !host.is_empty() && host.chars().all(good) => Ok(Self {
                host: host.into(),
                port,
            }),
            _ => Err(wrong()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Jsonl,
    W3c,
    Syslog,
    Webhook,
    Hpfeeds,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::W3c => "w3c",
            Self::Syslog => "syslog",
            Self::Webhook => "webhook",
            Self::Hpfeeds => "hpfeeds",
        }
    }

    /// The keys that it takes besides `kind` and `name`.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Jsonl => &["masked", "path", "rotate_size"],
            Self::W3c => &["folder"],
            Self::Syslog => &["address", "ca", "hostname", "masked", "tls"],
            Self::Webhook => &["batch", "bearer", "ca", "hmac", "masked", "url"],
            Self::Hpfeeds => &["address", "ca", "channel", "ident", "masked", "secret", "tls"],
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Bytes(#[serde(deserialize_with = "size")] u64);

/// All keys of all kinds; [`Kind::keys`] says which belong together.
///
/// An enum with a tag would do that as well, but serde then forgets the lines that errors are in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    kind: Spanned<Kind>,
    name: Option<Spanned<String>>,
    masked: Option<Spanned<bool>>,
    path: Option<Spanned<PathBuf>>,
    rotate_size: Option<Spanned<Bytes>>,
    folder: Option<Spanned<PathBuf>>,
    address: Option<Spanned<Endpoint>>,
    tls: Option<Spanned<bool>>,
    ca: Option<Spanned<PathBuf>>,
    hostname: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    bearer: Option<Spanned<Secret>>,
    hmac: Option<Spanned<Secret>>,
    batch: Option<Spanned<u32>>,
    ident: Option<Spanned<String>>,
    secret: Option<Spanned<Secret>>,
    channel: Option<Spanned<String>>,
}

impl Section {
    /// What is meant; paths as the file means them.
    pub fn sink(self, document: &Document) -> Result<Sink, DocumentError> {
        let kind = *self.kind.get_ref();
        self.refuse_other_keys(document, kind)?;
        let span = self.kind.span();
        let missing = |key: &str| {
            document.error(
                Some(span.clone()),
                format!("a sink of kind {} lacks `{key}`", kind.name()),
                "add it",
            )
        };
        let resolve = |path: Spanned<PathBuf>| document.resolve(path.get_ref());
        let tls = self.tls.as_ref().is_none_or(|tls| *tls.get_ref());
        let ca = self.ca.map(resolve);
        let config = match kind {
            Kind::Jsonl => SinkConfig::Jsonl {
                path: self.path.map(resolve).ok_or_else(|| missing("path"))?,
                rotate_size: self.rotate_size.map_or(256 << 20, |size| size.into_inner().0),
            },
            Kind::W3c => SinkConfig::W3c {
                folder: self.folder.map(resolve).ok_or_else(|| missing("folder"))?,
            },
            Kind::Syslog => SinkConfig::Syslog {
                address: self.address.ok_or_else(|| missing("address"))?.into_inner(),
                tls,
                ca,
                hostname: self.hostname.map(Spanned::into_inner),
            },
            Kind::Webhook => SinkConfig::Webhook {
                url: webhook_url(document, self.url.ok_or_else(|| missing("url"))?)?,
                auth: webhook_auth(document, self.bearer, self.hmac)?,
                ca,
                batch: self
                    .batch
                    .map_or(100, |batch| batch.into_inner().clamp(1, 10_000) as usize),
            },
            Kind::Hpfeeds => SinkConfig::Hpfeeds {
                address: self.address.ok_or_else(|| missing("address"))?.into_inner(),
                ident: octet_string(document, self.ident.ok_or_else(|| missing("ident"))?)?,
                secret: self.secret.ok_or_else(|| missing("secret"))?.into_inner(),
                channel: octet_string(document, self.channel.ok_or_else(|| missing("channel"))?)?,
                tls,
                ca,
            },
        };
        let name = match self.name {
            Some(name) => cursor_name(document, &name)?,
            None => kind.name().into(),
        };
        let masked = self.masked.map_or(kind != Kind::Jsonl, Spanned::into_inner);
        Ok(Sink { name, masked, config })
    }

    /// Where the table stands.
    pub fn span(&self) -> std::ops::Range<usize> {
        self.name.as_ref().map_or(self.kind.span(), Spanned::span)
    }

    fn refuse_other_keys(&self, document: &Document, kind: Kind) -> Result<(), DocumentError> {
        macro_rules! present {
            ($($key:ident),+) => {[$((stringify!($key), self.$key.as_ref().map(Spanned::span))),+]};
        }
        let present = present!(
            masked,
            path,
            rotate_size,
            folder,
            address,
            tls,
            ca,
            hostname,
            url,
            bearer,
            hmac,
            batch,
            ident,
            secret,
            channel
        );
        for (key, span) in present {
            if span.is_some() && !kind.keys().contains(&key) {
                return Err(document.error(
                    span,
                    format!("`{key}` says nothing about a sink of kind {}", kind.name()),
                    format!("it takes {}", kind.keys().join(", ")),
                ));
            }
        }
        Ok(())
    }
}

/// A cursor is a file of this name.
fn cursor_name(document: &Document, name: &Spanned<String>) -> Result<Arc<str>, DocumentError> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let text = name.get_ref();
    if (1..=63).contains(&text.len()) && text.bytes().all(good) {
        return Ok(text.as_str().into());
    }
    Err(document.error(
        Some(name.span()),
        format!("`{}` is no name for a sink", text.escape_debug()),
        "take 1 to 63 of a-z, 0-9 and -",
    ))
}

/// hpfeeds writes the length of names in one byte.
fn octet_string(document: &Document, text: Spanned<String>) -> Result<String, DocumentError> {
    if (1..=255).contains(&text.get_ref().len()) {
        return Ok(text.into_inner());
    }
    Err(document.error(
        Some(text.span()),
        "hpfeeds has no place for a name of this length",
        "take 1 to 255 bytes",
    ))
}

/// Events are personal data: they do not travel in clear.
fn webhook_url(document: &Document, url: Spanned<String>) -> Result<String, DocumentError> {
    let text = url.get_ref();
    let loopback = ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .filter_map(|start| text.strip_prefix(start))
        .any(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    let https = text
        .strip_prefix("https://")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
    if printable && (https || loopback) && !text.contains('@') {
        return Ok(url.into_inner());
    }
    Err(document.error(
        Some(url.span()),
        format!("events cannot be sent to `{}`", text.escape_debug()),
        "give an https address without credentials; http goes to the loopback interface only",
    ))
}

fn webhook_auth(
    document: &Document,
    bearer: Option<Spanned<Secret>>,
    hmac: Option<Spanned<Secret>>,
) -> Result<WebhookAuth, DocumentError> {
    match (bearer, hmac) {
        (None, None) => Ok(WebhookAuth::None),
        (Some(token), None) => Ok(WebhookAuth::Bearer(token.into_inner())),
        (None, Some(key)) => Ok(WebhookAuth::Hmac(key.into_inner())),
        (Some(_), Some(key)) => Err(document.error(
            Some(key.span()),
            "`bearer` and `hmac` exclude each other",
            "keep the one that the receiver checks",
        )),
    }
}
