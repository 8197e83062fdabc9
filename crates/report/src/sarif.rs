//! The evidence as SARIF 2.1.0 (OASIS), for code scanning views and editors.

use std::collections::BTreeMap;
use std::io;

use imker_detect::{Evidence, Place, RuleNamed};
use imker_event::Text;
use imker_sigma::Level;
use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;
use serde_json::{Value, json};

use crate::escape::{markdown, visible};
use crate::json::Escaping;
use crate::language::{Language, Texts};
use crate::model::HuntReport;
use crate::names;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the report as a SARIF log: a result for each line of evidence, a notification for each
/// stretch that could not be read.
pub fn sarif(report: &HuntReport, language: Language, out: &mut dyn io::Write) -> io::Result<()> {
    let texts = Texts::new(language);
    let rules = Rules::of(report);
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Imker",
                "semanticVersion": report.version,
                "rules": rules.descriptors(),
            }},
            "language": language.tag(),
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.complete,
                "endTimeUtc": report.created.to_string(),
                "toolExecutionNotifications": notifications(&texts, report),
            }],
            "results": results(&texts, report, &rules),
            "properties": {
                "verdict": report.findings.judgement.verdict,
                "confidence": report.findings.judgement.confidence,
                "complete": report.complete,
            },
        }],
    });
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Escaping(PrettyFormatter::new()));
    log.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// The rules that matched, each with its place in the driver's list.
struct Rules<'a>(BTreeMap<&'a str, (usize, &'a RuleNamed)>);

impl<'a> Rules<'a> {
    fn of(report: &'a HuntReport) -> Self {
        let findings = &report.findings;
        let of_attacks = findings
            .attacks
            .iter()
            .flat_map(|attack| &attack.stages)
            .flat_map(|stage| &stage.rules);
        let others = findings.reconnaissance.iter().map(|seen| &seen.rule);
        let mut rules: BTreeMap<&str, (usize, &RuleNamed)> = of_attacks
            .chain(others)
            .map(|rule| (rule.id.as_str(), (0, rule)))
            .collect();
        rules
            .values_mut()
            .enumerate()
            .for_each(|(index, (place, _))| *place = index);
        Self(rules)
    }

    fn get(&self, id: &str) -> Option<(usize, &'a RuleNamed)> {
        self.0.get(id).copied()
    }

    fn descriptors(&self) -> Vec<Value> {
        let descriptor = |(_, rule): &(usize, &RuleNamed)| {
            json!({
                "id": visible(&rule.id),
                "name": visible(&rule.title),
                "shortDescription": { "text": visible(&rule.title) },
                "defaultConfiguration": { "level": level(rule.level) },
                "properties": {
                    "author": rule.author.as_deref().map(visible),
                    "source": visible(&rule.source),
                    "origin": rule.origin,
                    "level": rule.level,
                },
            })
        };
        self.0.values().map(descriptor).collect()
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::High => "error",
        Level::Medium => "warning",
        Level::Low | Level::Informational => "note",
    }
}

fn results(texts: &Texts, report: &HuntReport, rules: &Rules<'_>) -> Vec<Value> {
    let of_attacks = report.findings.attacks.iter().flat_map(|attack| {
        attack
            .evidence
            .iter()
            .map(|evidence| (attack.chain.as_str(), Some(attack.number), evidence))
    });
    let section = texts.say("section-reconnaissance");
    let others = report
        .findings
        .reconnaissance
        .iter()
        .map(|seen| (section.as_str(), None, &seen.example));
    let indicators = texts.say("section-indicators");
    let of_indicators = report
        .findings
        .indicators
        .iter()
        .flat_map(|seen| seen.evidence.iter().map(|line| (indicators.as_str(), None, line)));
    of_attacks
        .chain(others)
        .chain(of_indicators)
        .map(|(chain, number, evidence)| result(texts, chain, number, evidence, rules))
        .collect()
}

fn result(texts: &Texts, chain: &str, attack: Option<u32>, evidence: &Evidence, rules: &Rules<'_>) -> Value {
    let mut matched: Vec<(usize, &RuleNamed)> =
        evidence.rules.iter().filter_map(|id| rules.get(id)).collect();
    matched.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.level));
    let mut sentences = vec![sentence(texts, chain, evidence)];
    sentences.extend(matched.iter().map(|(_, rule)| rule_sentence(texts, rule)));
    let message = sentences.join(" ");
    let mut result = json!({
        "message": { "text": visible(&message), "markdown": markdown(&message) },
        "locations": [location(&evidence.place, Some(&evidence.line))],
        "partialFingerprints": {
            "imkerPlace/v1": format!("{}:{}", visible(&evidence.place.file), evidence.place.offset),
        },
        "properties": {
            "attack": attack,
            "chain": visible(chain),
            "stage": visible(&evidence.stage),
            "outcome": evidence.outcome,
            "time": evidence.time,
            "server": visible(&evidence.server),
            "client": evidence.client.as_deref().map(visible),
            "status": evidence.status,
            "vantage": evidence.vantage,
            "rules": evidence.rules.iter().map(|id| visible(id)).collect::<Vec<_>>(),
        },
    });
    if let Some((index, rule)) = matched.first() {
        result["ruleId"] = visible(&rule.id).into();
        result["ruleIndex"] = (*index).into();
        result["level"] = level(rule.level).into();
    } else {
        // The user's indicator, which is no rule.
        result["level"] = "note".into();
    }
    result
}

fn sentence(texts: &Texts, chain: &str, evidence: &Evidence) -> String {
    let client = evidence
        .client
        .clone()
        .unwrap_or_else(|| texts.say("sarif-unknown-client"));
    texts.say_with(
        "sarif-result",
        [
            ("chain", chain.into()),
            ("stage", texts.name("stage", &evidence.stage).into()),
            ("outcome", texts.say(names::outcome(evidence.outcome)).into()),
            ("client", client.into()),
            ("server", evidence.server.as_str().into()),
        ],
    )
}

fn rule_sentence(texts: &Texts, rule: &RuleNamed) -> String {
    let author = rule
        .author
        .clone()
        .unwrap_or_else(|| texts.say("rule-author-unknown"));
    texts.say_with(
        "sarif-rule",
        [
            ("title", rule.title.as_str().into()),
            ("author", author.into()),
            ("id", rule.id.as_str().into()),
            ("source", rule.source.as_str().into()),
        ],
    )
}

/// A line of a log by number and by bytes. The length is told only where the line is as it was:
/// neither cut nor with bytes replaced.
fn location(place: &Place, line: Option<&Text>) -> Value {
    let mut region = json!({ "startLine": place.line, "byteOffset": place.offset });
    if let Some(line) = line.map(Text::as_str) {
        if !line.contains('\u{fffd}') && line.len() <= Text::MAX {
            region["byteLength"] = line.len().into();
        }
        region["snippet"] = json!({ "text": visible(line) });
    }
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&place.file) }, "region": region } })
}

fn notifications(texts: &Texts, report: &HuntReport) -> Vec<Value> {
    let notification = |unread: &imker_hunt::Unread| {
        let reason = texts.say(names::unread(unread.reason));
        let reason = match &unread.detail {
            Some(detail) => format!("{reason} ({detail})"),
            None => reason,
        };
        let message = texts.say_with("sarif-unread", [("reason", reason.into())]);
        json!({
            "level": "error",
            "message": { "text": visible(&message) },
            "descriptor": { "id": unread.reason },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri(&unread.file) },
                "region": { "byteOffset": unread.offset },
            }}],
        })
    };
    let mut notifications: Vec<Value> = report.unread.iter().map(notification).collect();
    if report.unread_not_listed > 0 {
        let text = texts.say_with("unread-not-listed", [("count", report.unread_not_listed.into())]);
        notifications.push(json!({ "level": "error", "message": { "text": text } }));
    }
    notifications
}

/// A path as URI reference (RFC 3986): absolute paths get the scheme `file`, other characters than
/// unreserved ones and `/` are percent-encoded.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    let mut uri = String::with_capacity(path.len() + 8);
    match (is_drive, path.starts_with("//"), path.starts_with('/')) {
        (true, _, _) => uri.push_str("file:///"),
        (_, true, _) => uri.push_str("file:"),
        (_, _, true) => uri.push_str("file://"),
        _ => {}
    }
    for (place, byte) in path.bytes().enumerate() {
        let kept = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'!');
        if kept || (is_drive && place == 1) {
            uri.push(byte as char);
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("logs/W3SVC1/u_ex210812.log"), "logs/W3SVC1/u_ex210812.log");
        assert_eq!(
            uri(r"C:\inetpub\my logs\a.log"),
            "file:///C:/inetpub/my%20logs/a.log"
        );
        assert_eq!(uri(r"\\nas\logs\a.log"), "file://nas/logs/a.log");
        assert_eq!(uri("/srv/logs.zip!a<b>.log"), "file:///srv/logs.zip!a%3Cb%3E.log");
    }
}
