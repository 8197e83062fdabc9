use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use imker_event::{Recorded, ecs};
use serde_json::Value;

use super::net::Link;
use super::one_way::{OneWay, Receiver};
use super::{GeoIp, Peer, Sink, SinkError};

/// Where syslog messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyslogSettings {
    /// The receiver; usual ports are 601 (TCP, RFC 6587) and 6514 (TLS, RFC 5425).
    pub peer: Peer,
    /// Facility (RFC 5424, section 6.2.1), as in 16 for `local0`.
    pub facility: u8,
    /// The longest message. Receivers must take 2048 bytes (RFC 5424, section 6.1), rsyslog takes 8192 unless told
    /// otherwise. What is longer goes without the native event, or without a document at all.
    pub max_bytes: usize,
    /// What becomes of secrets.
    pub secrets: ecs::Secrets,
}

/// Sends RFC 5424 messages with octet counting (RFC 6587, section 3.4.1; RFC 5425, section 4.3).
///
/// Structured data carries id, kind, session, source and host under `imker@32473` (32473 is the number that RFC 5612 keeps
/// for such use by whoever has none); the message is the ECS document. Syslog has no acknowledgement: what was sent
/// is kept and sent again until the receiver ended a connection in order.
#[derive(Debug)]
pub struct SyslogSink {
    settings: SyslogSettings,
    geo: Option<Arc<GeoIp>>,
    way: OneWay,
}

impl Receiver for SyslogSettings {
    fn connect(&self) -> io::Result<Link> {
        self.peer.connect()
    }
}

impl SyslogSink {
    /// Connects with the first batch.
    pub fn new(settings: SyslogSettings, geo: Option<Arc<GeoIp>>) -> Self {
        Self {
            settings,
            geo,
            way: OneWay::default(),
        }
    }

    fn failed(&self, error: &io::Error) -> SinkError {
        SinkError::retry(format!("syslog receiver {}: {error}", self.settings.peer.name()))
    }
}

impl Sink for SyslogSink {
    fn name(&self) -> &str {
        "syslog"
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        let mut bytes = Vec::new();
        for recorded in batch {
            let message = message(recorded, &self.settings, self.geo.as_deref())
                .map_err(|error| SinkError::refused(format!("event {}: {error}", recorded.id())))?;
            bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
            bytes.extend_from_slice(message.as_bytes());
        }
        let Some(first) = batch.first() else { return Ok(()) };
        if self.way.link().is_some_and(Link::is_closed) {
            self.way.disconnect();
        }
        let sent = self.way.send(first.sequence, &bytes, &self.settings);
        sent.map_err(|error| self.failed(&error))
    }

    fn arrived(&self) -> Option<u64> {
        self.way.arrived()
    }

    fn confirm(&mut self) -> Result<(), SinkError> {
        let confirmed = self.way.confirm(&self.settings);
        confirmed.map_err(|error| self.failed(&error))
    }
}

/// One message, without its count.
pub(super) fn message(
    recorded: &Recorded,
    settings: &SyslogSettings,
    geo: Option<&GeoIp>,
) -> serde_json::Result<String> {
    let event = &recorded.event;
    let connection = event.connection.as_deref();
    let place = geo
        .zip(connection)
        .and_then(|(geo, connection)| geo.place(connection.source.ip()));
    let document = ecs::document(recorded, place.as_ref(), settings.secrets)?;
    // Warning for alerts, informational for the rest.
    let severity = if document.pointer("/event/kind").and_then(Value::as_str) == Some("alert") {
        4
    } else {
        6
    };
    let mut message = format!(
        "<{}>1 {} {} imker - {} [imker@32473 id=\"{}\" kind=\"{}\"",
        u16::from(settings.facility.min(23)) * 8 + severity,
        event.time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"),
        header(&event.sensor, 255),
        header(event.kind().action(), 32),
        parameter(&recorded.id()),
        event.kind().action(),
    );
    if let Some(connection) = connection {
        // Writing to a string does not fail.
        let _ = write!(
            message,
            " session=\"{}\" source=\"{}\" host=\"{}\"",
            parameter(&connection.session),
            connection.source.ip().to_canonical(),
            parameter(&connection.host)
        );
    }
    message.push(']');
    if let Some(document) = shortened(document, settings.max_bytes.saturating_sub(message.len() + 1))? {
        message.push(' ');
        message.push_str(&document);
    }
    Ok(message)
}

/// A document in at most `limit` bytes: whole, without the native event and texts that repeat others, or not at all.
pub(super) fn shortened(mut document: Value, limit: usize) -> serde_json::Result<Option<String>> {
    let whole = serde_json::to_string(&document)?;
    if whole.len() <= limit {
        return Ok(Some(whole));
    }
    if let Some(fields) = document.as_object_mut() {
        fields.remove("imker");
    }
    for (object, name) in [
        ("/http/request/body", "content"),
        ("/url", "full"),
        ("/url", "original"),
    ] {
        if let Some(object) = document.pointer_mut(object).and_then(Value::as_object_mut) {
            object.remove(name);
        }
    }
    let short = serde_json::to_string(&document)?;
    Ok((short.len() <= limit).then_some(short))
}

/// A header field: printable ASCII, `-` for none.
fn header(text: &str, limit: usize) -> String {
    let field: String = text
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '_' })
        .take(limit)
        .collect();
    if field.is_empty() { "-".to_owned() } else { field }
}

/// A parameter's value (RFC 5424, section 6.3.3).
fn parameter(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\' | ']') {
            value.push('\\');
        }
        value.push(c);
    }
    value
}
