//! `[[sink]]`: where events go.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use imker_event::{Secret, ecs};
use serde::Deserialize;
use toml::Spanned;

use super::host::Host;
use super::sections::Privacy;
use super::units::{Bytes, Endpoint, Time};
use crate::document::{Document, DocumentError};
use crate::sinks::{
    Authentication, HpfeedsSettings, JsonLinesSettings, Peer, SyslogSettings, TlsSettings, W3cSettings,
    WebhookFormat, WebhookSettings,
};

/// How long a receiver may take where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(30);

const DAY: Duration = Duration::from_hours(24);

/// Bytes of all logs of a sink of kind `w3c` together.
const W3C_MAX_BYTES: u64 = 4 << 30;

/// A sink with the name that its cursor is kept under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// Unique among the sinks; its kind where nothing else is said.
    pub name: Arc<str>,
    /// Events in a batch at most; `None` for the default of [`crate::sinks::Pace`].
    pub batch: Option<usize>,
    /// Where to, and how.
    pub config: SinkConfig,
}

/// Where to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkConfig {
    /// JSON lines in ECS.
    Jsonl(JsonLinesSettings),
    /// Logs as IIS writes them.
    W3c(W3cSettings),
    /// Syslog (RFC 5424) over TCP (RFC 6587) or TLS (RFC 5425).
    Syslog(SyslogSettings),
    /// JSON by HTTP POST.
    Webhook(WebhookSettings),
    /// hpfeeds.
    Hpfeeds(HpfeedsSettings),
}

/// Where to, for the operator: `JSON lines in logs/events, with passwords`.
impl fmt::Display for SinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = |peer: &Peer| {
            let by = if peer.tls.is_some() {
                "TLS"
            } else {
                "TCP, in clear"
            };
            format!("{} over {by}", peer.name())
        };
        let (what, secrets) = match self {
            Self::Jsonl(settings) => (
                format!("JSON lines in {}", settings.folder.display()),
                settings.secrets,
            ),
            Self::W3c(settings) => return write!(f, "IIS logs in {}", settings.folder.display()),
            Self::Syslog(settings) => (format!("syslog to {}", to(&settings.peer)), settings.secrets),
            Self::Webhook(settings) => {
                // What follows may be a secret.
                let host = settings.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
                (format!("webhook at {host}"), settings.secrets)
            }
            Self::Hpfeeds(settings) => (format!("hpfeeds to {}", to(&settings.peer)), settings.secrets),
        };
        let passwords = match secrets {
            ecs::Secrets::Kept => "with passwords",
            ecs::Secrets::Masked => "passwords masked",
        };
        write!(f, "{what}, {passwords}")
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

    /// The keys that it takes besides `kind`, `name` and `batch`.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Jsonl => &["folder", "keep", "masked", "rotate_size"],
            Self::W3c => &["folder", "forwarded_for"],
            Self::Syslog => &[
                "address",
                "ca",
                "certificate",
                "facility",
                "key",
                "masked",
                "max_message",
                "timeout",
                "tls",
            ],
            Self::Webhook => &["bearer", "ca", "format", "hmac", "masked", "timeout", "url"],
            Self::Hpfeeds => &[
                "address",
                "ca",
                "certificate",
                "channel",
                "ident",
                "key",
                "masked",
                "secret",
                "timeout",
                "tls",
            ],
        }
    }
}

/// The keys that each kind of sink takes.
#[cfg(test)]
pub(crate) fn keys_of_sinks() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let kinds = [Kind::Jsonl, Kind::W3c, Kind::Syslog, Kind::Webhook, Kind::Hpfeeds];
    kinds.into_iter().map(|kind| (kind.name(), kind.keys()))
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Ndjson,
}

/// All keys of all kinds; [`Kind::keys`] says which belong together.
///
/// An enum with a tag would do that as well, but serde then forgets the lines that errors are in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    kind: Spanned<Kind>,
    name: Option<Spanned<String>>,
    batch: Option<usize>,
    masked: Option<Spanned<bool>>,
    folder: Option<Spanned<PathBuf>>,
    rotate_size: Option<Spanned<Bytes>>,
    keep: Option<Spanned<usize>>,
    forwarded_for: Option<Spanned<bool>>,
    address: Option<Spanned<Endpoint>>,
    tls: Option<Spanned<bool>>,
    ca: Option<Spanned<PathBuf>>,
    certificate: Option<Spanned<PathBuf>>,
    key: Option<Spanned<PathBuf>>,
    timeout: Option<Spanned<Time>>,
    facility: Option<Spanned<u8>>,
    max_message: Option<Spanned<Bytes>>,
    url: Option<Spanned<String>>,
    format: Option<Spanned<Format>>,
    bearer: Option<Spanned<Secret>>,
    hmac: Option<Spanned<Secret>>,
    ident: Option<Spanned<String>>,
    secret: Option<Spanned<Secret>>,
    channel: Option<Spanned<String>>,
}

impl Sink {
    /// Tells what depends on hosts.
    pub(super) fn know(&mut self, hosts: &[Host]) {
        if let SinkConfig::W3c(settings) = &mut self.config {
            let versions = hosts
                .iter()
                .map(|host| (host.persona.fqdn(), host.persona.windows.iis));
            settings.versions = versions.collect();
        }
    }

    /// Lets files go when what they hold must: lines cannot be masked afterwards.
    pub(super) fn limit_ages(&mut self, privacy: &Privacy) {
        let events = privacy.events.min(privacy.payloads);
        match &mut self.config {
            SinkConfig::Jsonl(settings) if settings.secrets == ecs::Secrets::Kept => {
                settings.max_age = Some(events.min(privacy.credentials));
            }
            SinkConfig::Jsonl(settings) => settings.max_age = Some(events),
            SinkConfig::W3c(settings) => {
                let limit = privacy.events.min(privacy.credentials);
                // A log goes so long after its last line, and has those of a day: less than two cannot be kept to.
                settings.max_age = Some(limit.saturating_sub(DAY).max(limit / 2));
            }
            SinkConfig::Syslog(_) | SinkConfig::Webhook(_) | SinkConfig::Hpfeeds(_) => {}
        }
    }
}

/// A section while it is made sense of.
struct Reading<'d> {
    document: &'d Document,
    kind: Kind,
    span: Range<usize>,
}

impl Reading<'_> {
    fn needed<T>(&self, key: &str, value: Option<Spanned<T>>) -> Result<Spanned<T>, DocumentError> {
        value.ok_or_else(|| {
            self.document.error(
                Some(self.span.clone()),
                format!("a sink of kind {} lacks `{key}`", self.kind.name()),
                "add it",
            )
        })
    }

    fn path(&self, path: &Spanned<PathBuf>) -> PathBuf {
        self.document.resolve(path.get_ref())
    }

    fn wrong<T>(
        &self,
        span: Range<usize>,
        what: impl Into<String>,
        remedy: &str,
    ) -> Result<T, DocumentError> {
        Err(self.document.error(Some(span), what, remedy))
    }
}

impl Section {
    /// What is meant; paths as the file means them. States of sinks are kept in `cursors`.
    pub fn sink(mut self, document: &Document, cursors: &Path) -> Result<Sink, DocumentError> {
        let kind = *self.kind.get_ref();
        let reading = Reading {
            document,
            kind,
            span: self.kind.span(),
        };
        self.refuse_other_keys(&reading)?;
        let name = match &self.name {
            Some(name) => cursor_name(&reading, name)?,
            None => kind.name().into(),
        };
        let state = cursors.join(format!("{name}.json"));
        let masked = self
            .masked
            .take()
            .map_or(kind != Kind::Jsonl, Spanned::into_inner);
        let secrets = if masked {
            ecs::Secrets::Masked
        } else {
            ecs::Secrets::Kept
        };
        let batch = self.batch.map(|batch| batch.clamp(1, 10_000));
        let config = match kind {
            Kind::Jsonl => SinkConfig::Jsonl(JsonLinesSettings {
                folder: reading.path(&reading.needed("folder", self.folder)?),
                state,
                max_bytes: self.rotate_size.map_or(256 << 20, |size| size.into_inner().0),
                keep: self.keep.map_or(30, Spanned::into_inner).max(1),
                max_age: None,
                secrets,
            }),
            Kind::W3c => SinkConfig::W3c(W3cSettings {
                folder: reading.path(&reading.needed("folder", self.folder)?),
                state,
                max_age: None,
                max_bytes: W3C_MAX_BYTES,
                versions: BTreeMap::new(),
                forwarded_for: self.forwarded_for.is_some_and(Spanned::into_inner),
            }),
            Kind::Syslog => SinkConfig::Syslog(self.syslog(&reading, secrets)?),
            Kind::Webhook => SinkConfig::Webhook(self.webhook(&reading, secrets)?),
            Kind::Hpfeeds => SinkConfig::Hpfeeds(self.hpfeeds(&reading, secrets)?),
        };
        Ok(Sink { name, batch, config })
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.name.as_ref().map_or(self.kind.span(), Spanned::span)
    }

    fn refuse_other_keys(&self, reading: &Reading<'_>) -> Result<(), DocumentError> {
        macro_rules! present {
            ($($key:ident),+) => {[$((stringify!($key), self.$key.as_ref().map(Spanned::span))),+]};
        }
        let present = present!(
            masked,
            folder,
            rotate_size,
            keep,
            forwarded_for,
            address,
            tls,
            ca,
            certificate,
            key,
            timeout,
            facility,
            max_message,
            url,
            format,
            bearer,
            hmac,
            ident,
            secret,
            channel
        );
        let keys = reading.kind.keys();
        for (key, span) in present {
            if let Some(span) = span
                && !keys.contains(&key)
            {
                let what = format!(
                    "`{key}` says nothing about a sink of kind {}",
                    reading.kind.name()
                );
                return reading.wrong(span, what, &format!("it takes {}", keys.join(", ")));
            }
        }
        Ok(())
    }

    fn syslog(
        mut self,
        reading: &Reading<'_>,
        secrets: ecs::Secrets,
    ) -> Result<SyslogSettings, DocumentError> {
        let facility = self.facility.take();
        if let Some(facility) = &facility
            && *facility.get_ref() > 23
        {
            return reading.wrong(
                facility.span(),
                "there are no facilities above 23 (RFC 5424, section 6.2.1)",
                "take 16 to 23 for local0 to local7",
            );
        }
        let max_message = self.max_message.take();
        let max_bytes = max_message.as_ref().map_or(8192, |size| size.get_ref().0);
        if let Some(size) = &max_message
            && !(480..=1 << 20).contains(&max_bytes)
        {
            return reading.wrong(
                size.span(),
                "`max_message` is outside of what a syslog message can be",
                "take 2K to 1M; receivers must take 2K (RFC 5424, section 6.1)",
            );
        }
        Ok(SyslogSettings {
            peer: self.peer(reading)?,
            facility: facility.map_or(16, Spanned::into_inner),
            max_bytes: usize::try_from(max_bytes).unwrap_or(8192),
            secrets,
        })
    }

    fn hpfeeds(
        mut self,
        reading: &Reading<'_>,
        secrets: ecs::Secrets,
    ) -> Result<HpfeedsSettings, DocumentError> {
        // hpfeeds writes the length of these in one byte.
        let short = |key: &str, value: Option<Spanned<String>>| {
            let value = reading.needed(key, value)?;
            if (1..=255).contains(&value.get_ref().len()) {
                return Ok(value.into_inner());
            }
            reading.wrong(
                value.span(),
                format!("hpfeeds has no place for `{key}` of this length"),
                "take 1 to 255 bytes",
            )
        };
        let ident = short("ident", self.ident.take())?;
        let channel = short("channel", self.channel.take())?;
        let secret = reading.needed("secret", self.secret.take())?.into_inner();
        Ok(HpfeedsSettings {
            peer: self.peer(reading)?,
            ident,
            secret: secret.0.as_str().to_owned(),
            channel,
            secrets,
        })
    }

    fn webhook(self, reading: &Reading<'_>, secrets: ecs::Secrets) -> Result<WebhookSettings, DocumentError> {
        let authentication = match (self.bearer, self.hmac) {
            (None, None) => Authentication::None,
            (Some(token), None) => Authentication::Bearer(token.get_ref().0.as_str().to_owned()),
            (None, Some(key)) => Authentication::Hmac(key.get_ref().0.as_str().as_bytes().to_vec()),
            (Some(_), Some(key)) => {
                let remedy = "keep the one that the receiver checks";
                return reading.wrong(key.span(), "`bearer` and `hmac` exclude each other", remedy);
            }
        };
        Ok(WebhookSettings {
            url: webhook_url(reading, reading.needed("url", self.url)?)?,
            format: match self.format.map(Spanned::into_inner) {
                None | Some(Format::Json) => WebhookFormat::Json,
                Some(Format::Ndjson) => WebhookFormat::Ndjson,
            },
            authentication,
            authorities: self.ca.as_ref().map(|path| reading.path(path)),
            timeout: self.timeout.map_or(TIMEOUT, |timeout| timeout.into_inner().0),
            secrets,
        })
    }

    fn peer(self, reading: &Reading<'_>) -> Result<Peer, DocumentError> {
        let Endpoint { host, port } = reading.needed("address", self.address)?.into_inner();
        let client = match (&self.certificate, &self.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((reading.path(certificate), reading.path(key))),
            (Some(one), None) | (None, Some(one)) => {
                let what = "`certificate` and `key` belong together";
                return reading.wrong(one.span(), what, "give both, or neither");
            }
        };
        let authorities = self.ca.as_ref().map(|path| reading.path(path));
        let tls = self.tls.is_none_or(Spanned::into_inner);
        if !tls && let Some(span) = [&self.ca, &self.certificate].into_iter().flatten().next() {
            let what = "authorities and certificates say nothing without TLS";
            return reading.wrong(span.span(), what, "leave them out, or set `tls` to true");
        }
        Ok(Peer {
            host,
            port,
            tls: tls.then_some(TlsSettings { authorities, client }),
            timeout: self.timeout.map_or(TIMEOUT, |timeout| timeout.into_inner().0),
        })
    }
}

/// A cursor is a file of this name.
fn cursor_name(reading: &Reading<'_>, name: &Spanned<String>) -> Result<Arc<str>, DocumentError> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let text = name.get_ref();
    // The view's cursor has this name.
    if (1..=63).contains(&text.len()) && text.bytes().all(good) && text != "sqlite" {
        return Ok(text.as_str().into());
    }
    let what = format!("`{}` is no name for a sink", text.escape_debug());
    reading.wrong(
        name.span(),
        what,
        "take 1 to 63 of a-z, 0-9 and -, other than sqlite",
    )
}

/// Events are personal data: they do not travel in clear.
fn webhook_url(reading: &Reading<'_>, url: Spanned<String>) -> Result<String, DocumentError> {
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
    let what = format!("events cannot be sent to `{}`", text.escape_debug());
    let remedy = "give an https address without credentials; http goes to the loopback interface only";
    reading.wrong(url.span(), what, remedy)
}
