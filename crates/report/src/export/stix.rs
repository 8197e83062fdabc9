//! STIX 2.1 (OASIS standard, 2021-06-10).

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;

use imker_intel::{Sample, Selected, Selection, UploadRow};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Producer, Tlp, milliseconds, own_id, technique_name, write_json};

/// The namespace of identifiers of observables (STIX 2.1, section 2.9).
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// The time of origin of every object. Identifiers do not change from export to export, and STIX (section 3.2) wants
/// the same `created` for the same identifier; `modified` is the evaluation's time.
const CREATED: &str = "2021-08-01T00:00:00.000Z";

/// The largest count that STIX allows.
const MOST: u64 = 999_999_999;

/// Writes a bundle: an indicator, what was observed and a sighting for each source, indicators for files, attack
/// patterns, vulnerabilities, and how they are related.
///
/// Identifiers are deterministic: who imports a later export updates what he has.
pub fn stix(selection: &Selection<'_>, producer: &Producer, out: &mut dyn io::Write) -> io::Result<()> {
    let mut bundle = Bundle::new(selection, producer);
    for source in &selection.sources {
        bundle.source(source);
    }
    for upload in &selection.uploads {
        bundle.upload(upload);
    }
    let id = own_id(producer, &["bundle", &bundle.modified]);
    let bundle = json!({
        "type": "bundle",
        "id": format!("bundle--{id}"),
        "objects": bundle.objects,
    });
    write_json(&bundle, out)
}

struct Bundle<'a> {
    producer: &'a Producer,
    modified: String,
    age: jiff::SignedDuration,
    identity: String,
    objects: Vec<Value>,
    written: BTreeSet<String>,
}

impl<'a> Bundle<'a> {
    fn new(selection: &Selection<'_>, producer: &'a Producer) -> Self {
        let identity = format!("identity--{}", own_id(producer, &["identity"]));
        let mut bundle = Self {
            producer,
            modified: milliseconds(selection.evaluation.created).max(CREATED.to_owned()),
            age: selection.age,
            identity: identity.clone(),
            objects: vec![marking(producer.tlp)],
            written: BTreeSet::new(),
        };
        // What does not change from export to export is as old as its identifier.
        bundle.push(json!({
            "type": "identity",
            "id": identity,
            "modified": CREATED,
            "name": producer.name,
            "identity_class": "organization",
        }));
        bundle
    }

    /// Adds an object of ours, once, with what all of them have in common.
    fn push(&mut self, object: Value) -> String {
        let Value::Object(mut object) = object else {
            return String::new();
        };
        let id = object
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if self.written.insert(id.clone()) {
            let mut common = |key: &str, value: Value| {
                object.entry(key).or_insert(value);
            };
            common("spec_version", "2.1".into());
            common("created", CREATED.into());
            common("modified", self.modified.as_str().into());
            common("created_by_ref", self.identity.as_str().into());
            common("object_marking_refs", json!([tlp_id(self.producer.tlp)]));
            self.objects.push(Value::Object(object));
        }
        id
    }

    /// Adds an observable, whose identifier follows from what it is (STIX 2.1, section 2.9).
    fn observable(&mut self, kind: &str, what: Value, contributing: &[&str]) -> String {
        let Value::Object(mut object) = what else {
            return String::new();
        };
        let named: Map<String, Value> = object
            .iter()
            .filter(|(key, _)| contributing.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let id = Uuid::new_v5(&OBSERVABLES, canonical(&Value::Object(named)).as_bytes());
        let id = format!("{kind}--{id}");
        if self.written.insert(id.clone()) {
            object.insert("type".to_owned(), kind.into());
            object.insert("spec_version".to_owned(), "2.1".into());
            object.insert("id".to_owned(), id.as_str().into());
            object.insert(
                "object_marking_refs".to_owned(),
                json!([tlp_id(self.producer.tlp)]),
            );
            self.objects.push(Value::Object(object));
        }
        id
    }

    fn id(&self, kind: &str, key: &[&str]) -> String {
        format!("{kind}--{}", own_id(self.producer, &[&[kind], key].concat()))
    }

    fn source(&mut self, source: &Selected<'_>) {
        let address = source.address.to_string();
        let kind = if source.address.is_ipv4() {
            "ipv4-addr"
        } else {
            "ipv6-addr"
        };
        let observed = self.observable(kind, json!({ "value": address }), &["value"]);
        let mut refs = vec![observed.clone()];
        for sample in &source.samples {
            refs.push(self.request(source.address, &observed, sample));
        }
        refs.dedup();
        let indicator = self.push(json!({
            "type": "indicator",
            "id": self.id("indicator", &[&address]),
            "name": format!("{address} attacked a honeypot that plays an Exchange server"),
            "description": description(source),
            "indicator_types": ["malicious-activity"],
            // An address has no character that a pattern could take for its own.
            "pattern": format!("[{kind}:value = '{address}']"),
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": milliseconds(source.row.first),
            "valid_until": milliseconds(source.expires),
            "confidence": source.row.score,
            "labels": ["honeypot"],
        }));
        let observation = self.push(json!({
            "type": "observed-data",
            "id": self.id("observed-data", &[&address]),
            "first_observed": milliseconds(source.row.first),
            "last_observed": milliseconds(source.row.last),
            "number_observed": source.row.events.clamp(1, MOST),
            "object_refs": refs,
            "labels": ["honeypot"],
        }));
        self.push(json!({
            "type": "sighting",
            "id": self.id("sighting", &[&address]),
            "first_seen": milliseconds(source.row.first),
            "last_seen": milliseconds(source.row.last),
            "count": source.row.connections.clamp(1, MOST),
            "sighting_of_ref": indicator,
            "observed_data_refs": [observation],
            "where_sighted_refs": [self.identity],
        }));
        self.relate(&indicator, "based-on", &observation, true);
        let vulnerabilities: Vec<String> = source.cves.iter().map(|cve| self.vulnerability(cve)).collect();
        for technique in &source.techniques {
            let pattern = self.attack_pattern(technique);
            self.relate(&indicator, "indicates", &pattern, true);
            // The technique of exploiting what faces the Internet is the one that CVEs belong to.
            if technique == "T1190" {
                for vulnerability in &vulnerabilities {
                    self.relate(&pattern, "targets", vulnerability, false);
                }
            }
        }
    }

    /// A request as an example. The honeypot's own address is left out.
    fn request(&mut self, address: IpAddr, source: &str, sample: &Sample) -> String {
        let network = if address.is_ipv4() { "ipv4" } else { "ipv6" };
        let mut protocols = vec![network, "tcp", "http"];
        if sample.tls {
            protocols.insert(2, "tls");
        }
        let mut request = json!({
            "request_method": sample.method.to_ascii_lowercase(),
            "request_value": sample.target,
            "request_version": sample.version.to_ascii_lowercase(),
        });
        if let Some(agent) = &sample.user_agent {
            request["request_header"] = json!({ "User-Agent": [agent] });
        }
        let what = json!({
            "start": shortest(sample.time),
            "src_ref": source,
            "src_port": sample.source_port,
            "dst_port": sample.port,
            "protocols": protocols,
            "extensions": { "http-request-ext": request },
        });
        let contributing = [
            "start",
            "src_ref",
            "src_port",
            "dst_port",
            "protocols",
            "extensions",
        ];
        self.observable("network-traffic", what, &contributing)
    }

    fn upload(&mut self, upload: &UploadRow) {
        let hash = &upload.sha256;
        let mut what = json!({ "hashes": { "SHA-256": hash }, "size": upload.bytes });
        if let Some(name) = upload.names.first().filter(|name| !name.is_empty()) {
            what["name"] = name.as_str().into();
        }
        let file = self.observable("file", what, &["hashes", "name"]);
        let indicator = self.push(json!({
            "type": "indicator",
            "id": self.id("indicator", &[hash]),
            "name": format!("File sent to a honeypot that plays an Exchange server: {hash}"),
            "description": format!("{} bytes, sent {} times.", upload.bytes, upload.count),
            "indicator_types": ["malicious-activity"],
            // A hash of 64 hex digits, validated when it was selected.
            "pattern": format!("[file:hashes.'SHA-256' = '{hash}']"),
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": milliseconds(upload.first),
            "valid_until": milliseconds(self.until(upload.first, upload.last)),
            "labels": ["honeypot"],
        }));
        let observation = self.push(json!({
            "type": "observed-data",
            "id": self.id("observed-data", &[hash]),
            "first_observed": milliseconds(upload.first),
            "last_observed": milliseconds(upload.last),
            "number_observed": upload.count.clamp(1, MOST),
            "object_refs": [file],
            "labels": ["honeypot"],
        }));
        self.relate(&indicator, "based-on", &observation, true);
    }

    /// When what was seen last at `last` expires; later than `first` by a second at least.
    fn until(&self, first: Timestamp, last: Timestamp) -> Timestamp {
        let soon = first
            .checked_add(jiff::SignedDuration::from_secs(1))
            .unwrap_or(first);
        last.checked_add(self.age).unwrap_or(Timestamp::MAX).max(soon)
    }

    fn attack_pattern(&mut self, technique: &str) -> String {
        let id = self.id("attack-pattern", &[technique]);
        let url = format!(
            "https://attack.mitre.org/techniques/{}",
            technique.replace('.', "/")
        );
        self.push(json!({
            "type": "attack-pattern",
            "id": id,
            "modified": CREATED,
            "name": technique_name(technique).unwrap_or(technique),
            "external_references": [{
                "source_name": "mitre-attack",
                "external_id": technique,
                "url": url,
            }],
        }))
    }

    fn vulnerability(&mut self, cve: &str) -> String {
        let id = self.id("vulnerability", &[cve]);
        self.push(json!({
            "type": "vulnerability",
            "id": id,
            "modified": CREATED,
            "name": cve,
            "external_references": [{ "source_name": "cve", "external_id": cve }],
        }))
    }

    fn relate(&mut self, from: &str, how: &str, to: &str, changes: bool) {
        let mut relationship = json!({
            "type": "relationship",
            "id": self.id("relationship", &[from, how, to]),
            "relationship_type": how,
            "source_ref": from,
            "target_ref": to,
        });
        if !changes {
            relationship["modified"] = CREATED.into();
        }
        self.push(relationship);
    }
}

fn description(source: &Selected<'_>) -> String {
    let row = source.row;
    let mut text = format!(
        "{} requests over {} connections on {} days; score {} of 100.",
        row.requests, row.connections, row.days, row.score
    );
    for (name, values) in [("JA3", &source.ja3), ("JA4", &source.ja4)] {
        if !values.is_empty() {
            text.push_str(&format!(" {name}: {}.", values.join(", ")));
        }
    }
    text
}

/// A time without what is zero at its end, as others write it: the identifier of what it belongs to follows from it.
fn shortest(time: Timestamp) -> String {
    let microseconds = time.as_microsecond();
    Timestamp::from_microsecond(microseconds)
        .unwrap_or(time)
        .to_string()
}

/// JSON as RFC 8785 canonises it, for objects without fractions.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort_by_key(|key| key.encode_utf16().collect::<Vec<u16>>());
            let members = keys.into_iter().map(|key| {
                let value = object.get(key).map_or_else(String::new, canonical);
                format!("{}:{value}", Value::from(key.as_str()))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The identifier of a marking (STIX 2.1, section 7.2.1.4), which knows TLP 1: white is what is called clear now.
const fn tlp_id(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
        Tlp::Green => "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
        Tlp::Amber => "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
        Tlp::Red => "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    }
}

fn marking(tlp: Tlp) -> Value {
    let name = if tlp == Tlp::Clear { "white" } else { tlp.name() };
    json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": tlp_id(tlp),
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": format!("TLP:{}", name.to_uppercase()),
        "definition": { "tlp": name },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observables_have_the_identifiers_that_others_give_them() {
        // The identifier that OASIS's own library (cti-python-stix2) gives to this address.
        let id = Uuid::new_v5(
            &OBSERVABLES,
            canonical(&json!({ "value": "198.51.100.3" })).as_bytes(),
        );
        assert_eq!(id.to_string(), "28bb3599-77cd-5a82-a950-b5bc3caf07c4");
    }

    #[test]
    fn canonical_json_sorts_keys() {
        assert_eq!(
            canonical(&json!({ "b": [1, "ä\u{1}"], "a": { "y": true, "x": null } })),
            "{\"a\":{\"x\":null,\"y\":true},\"b\":[1,\"ä\\u0001\"]}"
        );
    }
}
