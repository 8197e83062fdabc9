//! A MISP event (MISP core format; object templates of the MISP project).

use std::io;

use imker_intel::{Sample, Selected, Selection, UploadRow};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Producer, milliseconds, own_id, technique_name, write_json};
use crate::escape::visible;

/// Writes one event with an `ip-src` attribute for each source, and objects for connections, requests, JA3 and files.
///
/// Identifiers follow from producer, span and value: who imports the same export again, updates the event.
/// It is unpublished and for the own organisation only until someone decides otherwise.
pub fn misp(selection: &Selection<'_>, producer: &Producer, out: &mut dyn io::Write) -> io::Result<()> {
    let evaluation = selection.evaluation;
    let from = evaluation
        .since
        .or(evaluation.first)
        .unwrap_or(evaluation.created);
    let to = evaluation.until.or(evaluation.last).unwrap_or(evaluation.created);
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    let span = format!("{}/{}", milliseconds(from), milliseconds(to));
    let event = Event {
        producer,
        span: &span,
        timestamp: evaluation.created.as_second().to_string(),
    };
    let mut attributes = Vec::new();
    let mut objects = Vec::new();
    let mut cves: Vec<&String> = Vec::new();
    let mut tags = vec![format!("tlp:{}", producer.tlp), "type:honeypot".to_owned()];
    for source in &selection.sources {
        attributes.push(event.source(source));
        objects.extend(event.objects(source));
        cves.extend(&source.cves);
        tags.extend(source.techniques.iter().filter_map(|id| {
            let name = technique_name(id)?;
            Some(format!("misp-galaxy:mitre-attack-pattern=\"{name} - {id}\""))
        }));
    }
    objects.extend(selection.uploads.iter().map(|upload| event.file(upload)));
    cves.sort();
    cves.dedup();
    attributes.extend(cves.into_iter().map(|cve| {
        event.attribute(
            "vulnerability",
            "External analysis",
            cve,
            false,
            &["vulnerability", cve],
        )
    }));
    let places = tags.split_off(2);
    let places: std::collections::BTreeSet<String> = places.into_iter().collect();
    tags.extend(places);
    let event = json!({ "Event": {
        "uuid": own_id(producer, &["misp", &span]).to_string(),
        "info": format!("Attacks on honeypots that play Exchange servers, {} to {}", day(from), day(to)),
        "date": day(from),
        "timestamp": event.timestamp,
        "threat_level_id": "2",
        "analysis": "2",
        "distribution": "0",
        "published": false,
        "Tag": tags.into_iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "Attribute": attributes,
        "Object": objects,
    } });
    write_json(&event, out)
}

struct Event<'a> {
    producer: &'a Producer,
    span: &'a str,
    timestamp: String,
}

/// Name, category, identifier and version of an object's template.
type Template = (&'static str, &'static str, &'static str, &'static str);

const IP_PORT: Template = ("ip-port", "network", "9f8cea74-16fe-4968-a2b4-026676949ac6", "10");
const HTTP_REQUEST: Template = (
    "http-request",
    "network",
    "b4a8d163-8110-4239-bfcf-e08f3a9fdf7b",
    "4",
);
const JA3: Template = ("ja3", "network", "09b45449-5d6e-492c-a68a-cb2e188cbfac", "4");
const FILE: Template = ("file", "file", "688c46fb-5edb-40a3-8273-1af7923e2215", "25");

/// What an object's attribute is to it, type, category, value.
type Part<'a> = (&'a str, &'a str, &'a str, String);

const NETWORK: &str = "Network activity";

impl Event<'_> {
    fn id(&self, key: &[&str]) -> Value {
        own_id(self.producer, &[&["misp", self.span], key].concat())
            .to_string()
            .into()
    }

    fn attribute(&self, kind: &str, category: &str, value: &str, to_ids: bool, key: &[&str]) -> Value {
        json!({
            "uuid": self.id(&[&["attribute"], key].concat()),
            "type": kind,
            "category": category,
            "value": visible(value),
            "to_ids": to_ids,
            "distribution": "5",
            "timestamp": self.timestamp,
        })
    }

    fn source(&self, source: &Selected<'_>) -> Value {
        let address = source.address.to_string();
        let mut attribute = self.attribute("ip-src", NETWORK, &address, true, &["ip-src", &address]);
        attribute["first_seen"] = milliseconds(source.row.first).into();
        attribute["last_seen"] = milliseconds(source.row.last).into();
        attribute["comment"] = format!("score {} of 100", source.row.score).into();
        attribute
    }

    fn objects(&self, source: &Selected<'_>) -> Vec<Value> {
        let address = source.address.to_string();
        let row = source.row;
        let ip_src = || ("ip-src", "ip-src", NETWORK, address.clone());
        let mut parts: Vec<Part<'_>> = vec![ip_src()];
        for port in &row.ports {
            parts.push(("dst-port", "port", NETWORK, port.to_string()));
        }
        parts.push(("first-seen", "datetime", "Other", milliseconds(row.first)));
        parts.push(("last-seen", "datetime", "Other", milliseconds(row.last)));
        if let Some(asn) = row.place.as_number {
            parts.push(("AS", "AS", NETWORK, format!("AS{asn}")));
        }
        if !source.ja4.is_empty() {
            parts.push(("text", "text", "Other", format!("JA4: {}", source.ja4.join(", "))));
        }
        let mut objects = vec![self.object(IP_PORT, &address, &parts)];
        // MISP takes no blank value, and wants to know what was asked for.
        let asked = |sample: &&Sample| !sample.target.trim().is_empty();
        for (place, sample) in source.samples.iter().filter(asked).enumerate() {
            let key = format!("{address} {place}");
            objects.push(self.object(HTTP_REQUEST, &key, &request(sample, &address)));
        }
        for ja3 in &source.ja3 {
            let parts = [
                (
                    "ja3-fingerprint-md5",
                    "ja3-fingerprint-md5",
                    NETWORK,
                    (*ja3).to_owned(),
                ),
                ip_src(),
            ];
            objects.push(self.object(JA3, &format!("{address} {ja3}"), &parts));
        }
        objects
    }

    fn file(&self, upload: &UploadRow) -> Value {
        const DELIVERY: &str = "Payload delivery";
        let mut parts: Vec<Part<'_>> = vec![
            ("sha256", "sha256", DELIVERY, upload.sha256.clone()),
            (
                "size-in-bytes",
                "size-in-bytes",
                "Other",
                upload.bytes.to_string(),
            ),
        ];
        for name in upload.names.iter().filter(|name| !name.trim().is_empty()) {
            parts.push(("filename", "filename", DELIVERY, name.clone()));
        }
        self.object(FILE, &upload.sha256, &parts)
    }

    fn object(&self, (name, category, template, version): Template, key: &str, parts: &[Part<'_>]) -> Value {
        let attributes = parts
            .iter()
            .enumerate()
            .map(|(place, (relation, kind, category, value))| {
                // Only hashes of files are worth an alarm: agents and paths are shared with ordinary clients.
                let to_ids = *kind == "sha256";
                let place = place.to_string();
                let mut attribute =
                    self.attribute(kind, category, value, to_ids, &[name, key, relation, &place]);
                attribute["object_relation"] = (*relation).into();
                attribute
            });
        json!({
            "uuid": self.id(&["object", name, key]),
            "name": name,
            "meta-category": category,
            "template_uuid": template,
            "template_version": version,
            "distribution": "5",
            "timestamp": self.timestamp,
            "Attribute": attributes.collect::<Vec<_>>(),
        })
    }
}

/// Methods that MISP takes as such.
const METHODS: [&str; 14] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "SEARCH",
];

fn request(sample: &Sample, address: &str) -> Vec<Part<'static>> {
    let mut parts = vec![
        ("ip-src", "ip-src", NETWORK, address.to_owned()),
        ("uri", "uri", NETWORK, sample.target.clone()),
    ];
    let mut said = format!("{} at {}", sample.version, milliseconds(sample.time));
    if METHODS.contains(&sample.method.as_str()) {
        parts.push(("method", "http-method", NETWORK, sample.method.clone()));
    } else {
        said = format!("{} {said}", sample.method);
    }
    if let Some(agent) = sample
        .user_agent
        .as_ref()
        .filter(|agent| !agent.trim().is_empty())
    {
        parts.push(("user-agent", "user-agent", NETWORK, agent.clone()));
    }
    parts.push(("text", "text", "Other", said));
    parts
}
