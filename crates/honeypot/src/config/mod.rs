//! `honeypot.toml`: what a sensor simulates, how much it keeps and where events go.
//!
//! Relative paths are meant from the folder that the file is in. A key that is unknown, or that contradicts another, is an
//! error with file, line and remedy; whatever has a default may be left out. `imker honeypot init` writes a file with every
//! table explained.
//!
//! **A whole network** is one `[[host]]` whose `addresses` are a network: each address of it becomes a host of its own,
//! whose name counts up from `name` (`EX01`, `EX02`, ...). `addresses = ["192.0.2.0/28", "2001:db8::/64"]` makes 14 hosts,
//! the n-th with the n-th address of both: the network's own address is left out, and in IPv4 the broadcast address. All of
//! them share the domain, its users and its names; several `[[host]]` entries with different personas may belong to one
//! domain.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

pub(crate) use addresses::count_hosts;
pub use host::{Host, Listen, ProxyProtocol};
pub use sections::{GeoIp, Limits, Privacy, Quarantine, Spool, View};
#[cfg(test)]
pub(crate) use sink::keys_of_sinks;
pub use sink::{Sink, SinkConfig};
pub(crate) use taken::count_up;

use crate::auth::OwnDomains;
use crate::document::{Document, DocumentError};
use crate::persona::checked::SensorName;
use crate::sinks::{GeoSettings, SqliteSettings, left_free};
use crate::view::Retention;

mod addresses;
mod domain;
mod host;
mod sections;
mod sink;
mod taken;
mod units;

/// A configuration that makes sense.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from.
    pub file: PathBuf,
    /// The sensor's name.
    pub sensor: Arc<str>,
    /// The folder that everything is kept in.
    pub data: PathBuf,
    /// Simulated hosts, at least one.
    pub hosts: Vec<Host>,
    /// `[spool]`; its `max_age` is set.
    pub spool: Spool,
    /// `[quarantine]`; its `max_age` is set.
    pub quarantine: Quarantine,
    /// `[limits]`.
    pub limits: Limits,
    /// `[privacy]`.
    pub privacy: Privacy,
    /// `[geoip]`.
    pub geoip: GeoIp,
    /// `[view]`.
    pub view: View,
    /// `[[sink]]`, each with a name of its own.
    pub sinks: Vec<Sink>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sensor: SensorName,
    data: Spanned<PathBuf>,
    #[serde(default = "absent")]
    spool: Spanned<Spool>,
    #[serde(default = "absent")]
    quarantine: Spanned<Quarantine>,
    #[serde(default = "absent")]
    limits: Spanned<Limits>,
    #[serde(default = "absent")]
    privacy: Spanned<Privacy>,
    #[serde(default)]
    geoip: GeoIp,
    #[serde(default)]
    view: View,
    #[serde(default)]
    domain: Vec<domain::DomainSection>,
    #[serde(default)]
    host: Vec<host::HostSection>,
    #[serde(default)]
    sink: Vec<sink::Section>,
}

fn absent<T: Default>() -> Spanned<T> {
    Spanned::new(0..0, T::default())
}

impl Config {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, DocumentError> {
        Self::from_document(&Document::read(path)?)
    }

    /// Reads a text as if it were the file `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, DocumentError> {
        Self::from_document(&Document::new(path, text))
    }

    /// `<data>/spool`.
    pub fn spool_folder(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// The spool as [`crate::recorder::Recorder::open`] takes it; cursors are in `<data>/cursors`.
    pub fn spool_options(&self) -> imker_spool::Options {
        imker_spool::Options {
            segment_size: self.spool.segment_size,
            max_size: self.spool.max_size,
            // The spool keeps what it has for an eighth longer than it is told.
            max_age: self.spool.max_age.map(|age| age / 9 * 8),
            min_free: self.spool.min_free,
            spare: left_free(self.spool.min_free),
            cursors: Some(self.data.join("cursors")),
            ..imker_spool::Options::default()
        }
    }

    /// The operator's databases as [`crate::sinks::GeoIp::open`] takes them.
    pub fn geo_settings(&self) -> GeoSettings {
        GeoSettings {
            city: self.geoip.city.clone(),
            country: self.geoip.country.clone(),
            asn: self.geoip.asn.clone(),
        }
    }

    /// The view as [`crate::sinks::SqliteSink::open`] takes it; `None` where there is none.
    pub fn view_settings(&self) -> Option<SqliteSettings> {
        self.view.enabled.then(|| SqliteSettings {
            path: self.data.join("view.sqlite"),
            retention: Retention {
                events_days: Some(whole_days(self.spool.max_age.unwrap_or(self.privacy.events))),
                credentials_days: Some(whole_days(self.privacy.credentials)),
                payloads_days: Some(whole_days(self.privacy.payloads)),
            },
            max_bytes: self.view.max_size,
        })
    }

    /// The operator's own domains.
    pub fn own_domains(&self) -> OwnDomains {
        OwnDomains::new(self.privacy.own_domains.iter().map(String::as_str))
    }

    /// `<data>/quarantine`.
    pub fn quarantine_folder(&self) -> PathBuf {
        self.data.join("quarantine")
    }

    /// `<data>/certificates`, where self-signed certificates are kept.
    pub fn certificates(&self) -> PathBuf {
        self.data.join("certificates")
    }

    fn from_document(document: &Document) -> Result<Self, DocumentError> {
        let mut file: File = document.parse()?;
        check_sizes(document, &file)?;
        let data = data(document, &file.data)?;
        check_ages(document, &mut file)?;
        let resolve = |path: PathBuf| document.resolve(&path);
        let mut sinks = sinks(document, &data.join("cursors"), file.sink)?;
        let hosts = host::hosts(document, file.domain, file.host)?;
        for sink in &mut sinks {
            sink.limit_ages(file.privacy.get_ref());
            sink.know(&hosts);
        }
        Ok(Self {
            file: document.path().to_owned(),
            sensor: Arc::clone(&file.sensor),
            data,
            hosts,
            spool: file.spool.into_inner(),
            quarantine: file.quarantine.into_inner(),
            limits: file.limits.into_inner(),
            privacy: file.privacy.into_inner(),
            geoip: GeoIp {
                city: file.geoip.city.map(resolve),
                country: file.geoip.country.map(resolve),
                asn: file.geoip.asn.map(resolve),
            },
            view: file.view,
            sinks,
        })
    }
}

fn data(document: &Document, data: &Spanned<PathBuf>) -> Result<PathBuf, DocumentError> {
    if data.get_ref().as_os_str().is_empty() {
        return Err(document.error(
            Some(data.span()),
            "`data` names no folder",
            "name one for what is recorded, or `.` for the configuration's own",
        ));
    }
    Ok(document.resolve(data.get_ref()))
}

fn check_sizes(document: &Document, file: &File) -> Result<(), DocumentError> {
    let (spool, limits) = (file.spool.get_ref(), file.limits.get_ref());
    if spool.segment_size < 1 << 20 || spool.max_size / 4 < spool.segment_size {
        return Err(document.error(
            Some(file.spool.span()),
            "the spool has no room for four segments of at least 1M",
            "raise `max_size`, or lower `segment_size` to 1M at least",
        ));
    }
    let quarantine = file.quarantine.get_ref();
    if quarantine.max_item > quarantine.max_total {
        return Err(document.error(
            Some(file.quarantine.span()),
            "one item may be larger than the whole quarantine",
            "raise `max_total` or lower `max_item`",
        ));
    }
    if !(1 << 10..=1 << 20).contains(&limits.head) {
        return Err(document.error(
            Some(file.limits.span()),
            "`head` is outside of what a request's head can be",
            "take 1K to 1M; HTTP.sys has 16K",
        ));
    }
    if limits.connections == 0 || limits.connections_per_source == 0 {
        return Err(document.error(
            Some(file.limits.span()),
            "no connection would be accepted",
            "take at least 1",
        ));
    }
    Ok(())
}

/// Nothing is kept longer than `[privacy]` says: the spool, which holds events with credentials, not longer than the
/// shorter of the two, the quarantine not longer than payloads.
fn check_ages(document: &Document, file: &mut File) -> Result<(), DocumentError> {
    let privacy = file.privacy.get_ref();
    let shortest = privacy.events.min(privacy.credentials).min(privacy.payloads);
    if shortest < Duration::from_secs(86_400) {
        return Err(document.error(
            Some(file.privacy.span()),
            "something in [privacy] is kept for less than a day, which cannot be held to",
            "give each at least 1d: what is too old is looked for once an hour, and logs hold a day",
        ));
    }
    let spool_limit = privacy.events.min(privacy.credentials);
    let too_long = |span, table: &str, limit: Duration| {
        document.error(
            Some(span),
            format!(
                "`max_age` of the {table} is longer than [privacy] allows: {} days",
                days(limit)
            ),
            "lower it, leave it out, or raise the retention in [privacy]",
        )
    };
    let span = file.spool.span();
    let spool = file.spool.get_mut();
    if *spool.max_age.get_or_insert(spool_limit) > spool_limit {
        return Err(too_long(span, "spool", spool_limit));
    }
    let span = file.quarantine.span();
    let quarantine = file.quarantine.get_mut();
    if *quarantine.max_age.get_or_insert(privacy.payloads) > privacy.payloads {
        return Err(too_long(span, "quarantine", privacy.payloads));
    }
    Ok(())
}

/// At least one; what is more than whole days is dropped, so that nothing is kept too long.
fn whole_days(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs() / 86_400)
        .unwrap_or(u32::MAX)
        .max(1)
}

fn days(duration: Duration) -> f64 {
    (duration.as_secs_f64() / 8640.0).round() / 10.0
}

fn sinks(
    document: &Document,
    cursors: &Path,
    sections: Vec<sink::Section>,
) -> Result<Vec<Sink>, DocumentError> {
    let mut sinks: Vec<Sink> = Vec::new();
    for section in sections {
        let span = section.span();
        let sink = section.sink(document, cursors)?;
        if sinks.iter().any(|other| other.name == sink.name) {
            return Err(document.error(
                Some(span),
                format!("there are two sinks named {}", sink.name),
                "give each a `name` of its own: its place in the spool is kept under it",
            ));
        }
        sinks.push(sink);
    }
    Ok(sinks)
}

#[cfg(test)]
mod tests;
