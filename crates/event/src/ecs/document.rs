use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::{Place, Secrets, VERSION, fields, mask};
use crate::{Connection, Recorded, Saw};

/// Dotted names, as ECS writes them, put into nested objects.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Sets `name`, as in `event.action`; nulls and empty lists are left out.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
            return;
        }
        let (parents, name) = name
            .rsplit_once('.')
            .map_or((None, name), |(parents, name)| (Some(parents), name));
        let mut object = &mut self.0;
        for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
            let child = object.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(child) = child else { return };
            object = child;
        }
        object.insert(name.to_owned(), value);
    }

    /// Adds a value to a list, once.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let pointer = format!("/{}", name.replace('.', "/"));
        let present = self.0.get_mut(pointer[1..].split('/').next().unwrap_or_default());
        let rest = pointer[1..].find('/').map_or("", |at| &pointer[at + 1..]);
        match present
            .and_then(|present| present.pointer_mut(rest))
            .and_then(Value::as_array_mut)
        {
            Some(list) if list.iter().any(|known| known == value) => {}
            Some(list) => list.push(value.into()),
            None => self.set(name, json!([value])),
        }
    }
}

/// The document of one event.
///
/// # Errors
/// None that is known: the record types have no value that JSON lacks.
pub fn document(recorded: &Recorded, place: Option<&Place>, secrets: Secrets) -> serde_json::Result<Value> {
    let masked;
    let recorded = match secrets {
        Secrets::Kept => recorded,
        Secrets::Masked => {
            let mut copy = recorded.clone();
            mask(&mut copy.event);
            masked = copy;
            &masked
        }
    };
    let event = &recorded.event;
    let mut fields = Fields::default();
    fields.set("@timestamp", format!("{:.9}", event.time));
    fields.set("ecs.version", VERSION);
    if secrets == Secrets::Masked {
        fields.set("tags", json!(["masked"]));
    }
    fields.set("event.id", recorded.id());
    fields.set("event.sequence", recorded.sequence);
    fields.set("event.module", "imker");
    fields.set("event.dataset", "imker.honeypot");
    fields.set("event.provider", "imker");
    fields.set("event.action", event.kind().action());
    fields.set("observer.type", "honeypot");
    fields.set("observer.name", &*event.sensor);
    fields.set("observer.vendor", "Imker");
    fields.set("observer.product", "Imker");
    fields.set("observer.version", env!("CARGO_PKG_VERSION"));
    if let Some(connection) = &event.connection {
        ends(&mut fields, connection);
        if let Some(place) = place {
            fields.set("source.geo", place.geo());
            fields.set("source.as", place.autonomous_system());
        }
    }
    fields::fill(&mut fields, event);
    if let Saw::WebRequest(_) | Saw::WebRequestRefused { .. } | Saw::WebResponse { .. } = event.saw {
        fields.set("network.application", "http");
    }
    let mut fields = fields.0;
    fields.insert("imker".into(), serde_json::to_value(recorded)?);
    Ok(Value::Object(fields))
}

/// The document of one event as a line of JSON, without a line feed.
///
/// # Errors
/// As [`document`].
pub fn to_json(recorded: &Recorded, place: Option<&Place>, secrets: Secrets) -> serde_json::Result<String> {
    serde_json::to_string(&document(recorded, place, secrets)?)
}

/// Who spoke to whom.
fn ends(fields: &mut Fields, connection: &Connection) {
    let Connection {
        source,
        destination,
        proxy,
        service,
        host,
        ..
    } = connection;
    for (name, end) in [("source", source), ("destination", destination)] {
        fields.set(&format!("{name}.ip"), ip(end));
        fields.set(&format!("{name}.address"), ip(end));
        fields.set(&format!("{name}.port"), end.port());
        fields.add("related.ip", &ip(end));
    }
    if let Some(proxy) = proxy {
        fields.add("related.ip", &ip(proxy));
    }
    fields.add("related.hosts", host);
    fields.set("network.transport", "tcp");
    fields.set("network.protocol", service.name());
    fields.set(
        "network.type",
        if source.ip().to_canonical().is_ipv4() {
            "ipv4"
        } else {
            "ipv6"
        },
    );
    fields.set("network.direction", "inbound");
}

fn ip(end: &SocketAddr) -> String {
    end.ip().to_canonical().to_string()
}
