//! Open CVEs as SARIF 2.1.0 (OASIS): a result for each host and CVE, each as it comes.

use std::io;
use std::net::Ipv6Addr;

use imker_posture::{Assessment, CveFinding, CveVerdict, FixStatus, FrontEnd, Observation};
use serde::Serialize as _;
use serde_json::ser::CompactFormatter;
use serde_json::{Value, json};

use super::{ScanEnd, ScanHead, ScanWriter, words};
use crate::escape::{markdown, visible};
use crate::json::Escaping;
use crate::language::{Language, Texts};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the log. The rules, which are CVEs, come after the results, for only then is it known which there are.
pub struct Sarif<W> {
    out: W,
    language: Language,
    texts: Texts,
    version: String,
    created: jiff::Timestamp,
    properties: Value,
    rules: Vec<(String, String)>,
    is_first: bool,
}

impl<W: io::Write> Sarif<W> {
    /// Begins the log.
    pub fn new(head: &ScanHead, language: Language, mut out: W) -> io::Result<Self> {
        write!(
            out,
            "{{\n\"$schema\": \"{SCHEMA}\",\n\"version\": \"2.1.0\",\n\"runs\": [{{\n\"results\": ["
        )?;
        Ok(Self {
            out,
            language,
            texts: Texts::new(language),
            version: head.version.clone(),
            created: head.created,
            properties: json!({
                "authorised": head.authorised.as_deref().map(visible),
                "contact": head.contact.as_deref().map(visible),
                "vantage": head.vantage,
                "checks": head.checks,
            }),
            rules: Vec::new(),
            is_first: true,
        })
    }

    fn rule(&mut self, cve: &CveFinding) -> usize {
        let place = self.rules.iter().position(|(id, _)| *id == cve.id);
        place.unwrap_or_else(|| {
            self.rules.push((cve.id.clone(), cve.alias.clone()));
            self.rules.len() - 1
        })
    }

    fn result(&mut self, observation: &Observation, front_end: &FrontEnd, cve: &CveFinding) -> Value {
        let name = front_end.name.as_deref().unwrap_or("-");
        let reason = self.texts.reason(&cve.reason);
        let message = format!(
            "{} ({name}): {} {}: {}. {reason}",
            observation.target,
            cve.alias,
            cve.id,
            words::cve_verdict(&self.texts, cve.verdict),
        );
        let heard = words::evidence(observation, front_end, cve);
        let evidence = heard.iter().take(8).map(|heard| {
            let answered = words::answered(&self.texts, heard.answer);
            json!({
                "request": heard.answer.check.request_target(),
                "answer": visible(&answered),
                "times": heard.times,
            })
        });
        let evidence: Vec<Value> = evidence.collect();
        json!({
            "ruleId": cve.id,
            "ruleIndex": self.rule(cve),
            "level": if cve.verdict == CveVerdict::Vulnerable { "error" } else { "warning" },
            "message": { "text": visible(&message), "markdown": markdown(&message) },
            "locations": [{
                "physicalLocation": { "artifactLocation": { "uri": uri(&observation.target) } },
                "logicalLocations": [{ "name": visible(name), "kind": "module" }],
            }],
            "partialFingerprints": {
                "imkerHost/v1": format!("{}:{}:{}", visible(&observation.target), visible(name), cve.id),
            },
            "properties": {
                "verdict": cve.verdict,
                "status": cve.status,
                "build": front_end.build,
                "release": front_end.release.as_deref().map(visible),
                "fixedIn": cve.fixed_in.as_deref(),
                "kb": cve.kb.as_deref(),
                "evidence": evidence,
            },
        })
    }
}

impl<W: io::Write> ScanWriter for Sarif<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        for front_end in &assessment.front_ends {
            let open =
                |cve: &&CveFinding| cve.verdict == CveVerdict::Vulnerable || cve.status == FixStatus::Open;
            for cve in front_end.cves.iter().filter(open) {
                let result = self.result(observation, front_end, cve);
                self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
                self.is_first = false;
                fragment(&result, &mut self.out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        let rules: Vec<Value> = self
            .rules
            .iter()
            .map(|(id, alias)| {
                json!({
                    "id": id,
                    "name": alias,
                    "shortDescription": { "text": format!("{alias} ({id})") },
                    "helpUri": format!("https://nvd.nist.gov/vuln/detail/{id}"),
                    "defaultConfiguration": { "level": "error" },
                })
            })
            .collect();
        self.out.write_all(b"\n],\n\"tool\": ")?;
        let driver = json!({ "name": "Imker", "semanticVersion": visible(&self.version), "rules": rules });
        fragment(&json!({ "driver": driver }), &mut self.out)?;
        let invocations = json!([{
            "executionSuccessful": end.complete,
            "startTimeUtc": self.created.to_string(),
            "endTimeUtc": end.finished.to_string(),
        }]);
        self.out.write_all(b",\n\"invocations\": ")?;
        fragment(&invocations, &mut self.out)?;
        self.out.write_all(b",\n\"properties\": ")?;
        fragment(&self.properties, &mut self.out)?;
        writeln!(
            self.out,
            ",\n\"language\": \"{}\",\n\"columnKind\": \"unicodeCodePoints\"\n}}]\n}}",
            self.language
        )?;
        self.out.flush()
    }
}

fn fragment(value: &Value, out: &mut dyn io::Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Escaping(CompactFormatter));
    value.serialize(&mut serializer)?;
    Ok(())
}

/// The target as URI (RFC 3986), with its scheme.
fn uri(target: &str) -> String {
    let (scheme, rest) = target.split_once("://").unwrap_or(("https", target));
    if let Ok(address) = rest.parse::<Ipv6Addr>() {
        return format!("{scheme}://[{address}]/");
    }
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]/".contains(&byte);
    let rest: String = rest
        .bytes()
        .map(|byte| {
            if kept(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let scheme = if scheme == "http" { "http" } else { "https" };
    format!("{scheme}://{rest}/")
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn targets_as_uris() {
        for (target, expected) in [
            ("mail.example.org", "https://mail.example.org/"),
            ("http://192.0.2.7:8080", "http://192.0.2.7:8080/"),
            ("2001:db8::7", "https://[2001:db8::7]/"),
            ("[2001:db8::7]:8443", "https://[2001:db8::7]:8443/"),
            ("a b", "https://a%20b/"),
        ] {
            assert_eq!(uri(target), expected);
        }
    }
}
