//! One event a match, in the Elastic Common Schema (ECS), a line each.

use std::io;

use imker_detect::Outcome;
use imker_event::Kind;
use imker_sigma::Rule;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::CompactFormatter;

use crate::json::Escaping;
use crate::model::Match;
use crate::names;

/// The version of ECS whose field names are used.
const ECS_VERSION: &str = "8.17.0";

/// Writes matches as JSON lines, each as it comes.
///
/// Fields are ECS's, `log.offset` is Filebeat's, and what neither has stands below `imker`. A match
/// of several rules carries arrays below `rule`, in one order; `imker.rules` keeps them together.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
}

impl<W: io::Write> JsonLines<W> {
    /// Lines into `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes one match.
    pub fn write(&mut self, matched: &Match<'_>) -> io::Result<()> {
        json_line(&Event::of(matched), &mut self.out)
    }

    /// Gives the writer back, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Writes a value as one line of JSON, what [`crate::escape::is_unsafe`] names escaped.
pub fn json_line(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    // Serializers write a few bytes at a time.
    let mut line = Vec::with_capacity(8 << 10);
    let mut serializer = serde_json::Serializer::with_formatter(&mut line, Escaping(CompactFormatter));
    value.serialize(&mut serializer)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// A field with one value or several, as ECS allows for every keyword.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn of(values: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut values: Vec<T> = values.into_iter().collect();
        match values.len() {
            0 => None,
            1 => values.pop().map(Self::One),
            _ => Some(Self::Many(values)),
        }
    }
}

/// ECS names with dots are written as such: every consumer expands them.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: Timestamp,
    #[serde(rename = "ecs.version")]
    ecs_version: &'static str,
    #[serde(rename = "event.kind")]
    event_kind: &'static str,
    #[serde(rename = "event.category")]
    event_category: [&'static str; 2],
    #[serde(rename = "event.type")]
    event_type: [&'static str; 1],
    #[serde(rename = "event.module")]
    event_module: &'static str,
    #[serde(rename = "event.dataset")]
    event_dataset: &'static str,
    #[serde(rename = "event.action")]
    event_action: &'static str,
    #[serde(rename = "event.outcome")]
    event_outcome: &'static str,
    #[serde(rename = "event.original")]
    event_original: &'a str,
    #[serde(rename = "http.request.method")]
    method: &'a str,
    #[serde(rename = "http.request.id", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(rename = "http.request.referrer", skip_serializing_if = "Option::is_none")]
    referer: Option<&'a str>,
    #[serde(rename = "http.response.status_code", skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(rename = "http.response.bytes", skip_serializing_if = "Option::is_none")]
    bytes_sent: Option<u64>,
    #[serde(rename = "url.path")]
    path: &'a str,
    #[serde(rename = "url.query", skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    #[serde(rename = "url.domain", skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(rename = "source.ip", skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(rename = "client.ip", skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(rename = "server.ip", skip_serializing_if = "Option::is_none")]
    server_address: Option<String>,
    #[serde(rename = "server.port", skip_serializing_if = "Option::is_none")]
    server_port: Option<u16>,
    #[serde(rename = "user_agent.original", skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(rename = "user.name", skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(rename = "host.name")]
    server: &'a str,
    #[serde(rename = "rule.id", skip_serializing_if = "Option::is_none")]
    rule_id: Option<OneOrMany<&'a str>>,
    #[serde(rename = "rule.name", skip_serializing_if = "Option::is_none")]
    rule_name: Option<OneOrMany<&'a str>>,
    #[serde(rename = "rule.author", skip_serializing_if = "Option::is_none")]
    rule_author: Option<OneOrMany<&'a str>>,
    #[serde(rename = "rule.license", skip_serializing_if = "Option::is_none")]
    rule_license: Option<OneOrMany<&'a str>>,
    #[serde(rename = "rule.reference", skip_serializing_if = "Option::is_none")]
    rule_reference: Option<OneOrMany<&'a str>>,
    #[serde(rename = "rule.ruleset", skip_serializing_if = "Option::is_none")]
    rule_source: Option<OneOrMany<&'a str>>,
    #[serde(rename = "threat.framework", skip_serializing_if = "Option::is_none")]
    framework: Option<&'static str>,
    #[serde(rename = "threat.technique.id", skip_serializing_if = "Option::is_none")]
    technique: Option<OneOrMany<String>>,
    #[serde(rename = "vulnerability.id", skip_serializing_if = "Option::is_none")]
    vulnerability: Option<OneOrMany<String>>,
    #[serde(rename = "log.file.path")]
    file: &'a str,
    #[serde(rename = "log.offset")]
    offset: u64,
    imker: Own<'a>,
}

/// What ECS has no field for.
#[derive(Serialize)]
struct Own<'a> {
    vantage: &'static str,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<String>,
    rules: Vec<OwnRule<'a>>,
}

#[derive(Serialize)]
struct OwnRule<'a> {
    id: &'a str,
    title: &'a str,
    author: Option<&'a str>,
    level: imker_sigma::Level,
    origin: imker_sigma::Origin,
    source: &'a str,
}

impl<'a> Event<'a> {
    fn of(matched: &Match<'a>) -> Self {
        let (sighting, rules) = (matched.sighting, matched.rules);
        let request = &sighting.request;
        let kind = match sighting.vantage {
            imker_detect::Vantage::HttpErr => Kind::WebRequestRefused,
            _ => Kind::WebRequest,
        };
        let outcome = matched.classified.map(|classified| classified.outcome);
        let client = matched
            .classified
            .and_then(|classified| classified.client)
            .or(request.client);
        let technique = OneOrMany::of(distinct(rules.iter().flat_map(|rule| rule.techniques())));
        Self {
            timestamp: request.time,
            ecs_version: ECS_VERSION,
            event_kind: "alert",
            event_category: ["web", "intrusion_detection"],
            event_type: ["info"],
            event_module: "imker",
            event_dataset: "imker.hunt",
            event_action: kind.action(),
            event_outcome: match outcome {
                Some(Outcome::Succeeded) => "success",
                Some(Outcome::Refused | Outcome::Filtered) => "failure",
                Some(Outcome::Unclear) | None => "unknown",
            },
            event_original: sighting.line.as_str(),
            method: request.method.as_str(),
            request_id: text(&request.request_id),
            referer: text(&request.referer),
            status: request.status,
            bytes_sent: request.bytes_sent,
            path: request.uri_stem.as_str(),
            query: text(&request.uri_query),
            host: text(&request.host),
            source: request.client.map(|address| address.to_string()),
            client: client.map(|address| address.to_string()),
            server_address: request.server_address.map(|address| address.to_string()),
            server_port: request.server_port,
            user_agent: text(&request.user_agent),
            user: text(&request.username),
            server: matched.server,
            rule_id: OneOrMany::of(rules.iter().map(|rule| &*rule.id)),
            rule_name: OneOrMany::of(rules.iter().map(|rule| &*rule.title)),
            rule_author: OneOrMany::of(distinct(rules.iter().filter_map(|rule| rule.author.as_deref()))),
            rule_license: OneOrMany::of(distinct(rules.iter().filter_map(|rule| rule.license.as_deref()))),
            rule_reference: OneOrMany::of(distinct(
                rules.iter().flat_map(|rule| &rule.references).map(|link| &**link),
            )),
            rule_source: OneOrMany::of(distinct(rules.iter().map(|rule| &*rule.source))),
            framework: technique.is_some().then_some("MITRE ATT&CK"),
            technique,
            vulnerability: OneOrMany::of(distinct(rules.iter().flat_map(|rule| rule.cves()))),
            file: &sighting.place.file,
            offset: sighting.place.offset,
            imker: Own {
                vantage: names::vantage_value(sighting.vantage),
                line: sighting.place.line,
                chain: matched.classified.map(|classified| &*classified.chain),
                stage: matched.classified.map(|classified| &*classified.stage),
                outcome: outcome.map(names::outcome_value),
                forwarded_for: text(&request.forwarded_for),
                backend_status: request.backend_status,
                build: request
                    .build
                    .map(|build| build.map(|part| part.to_string()).join(".")),
                rules: rules.iter().map(|rule| OwnRule::of(rule)).collect(),
            },
        }
    }
}

impl<'a> OwnRule<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self {
            id: &rule.id,
            title: &rule.title,
            author: rule.author.as_deref(),
            level: rule.level,
            origin: rule.origin,
            source: &rule.source,
        }
    }
}

fn text(text: &Option<imker_event::Text>) -> Option<&str> {
    text.as_ref().map(imker_event::Text::as_str)
}

/// The values in their first order, each once.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut kept, value| {
        if !kept.contains(&value) {
            kept.push(value);
        }
        kept
    })
}
