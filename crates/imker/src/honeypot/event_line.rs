//! An event in a line for reading.

use std::net::IpAddr;

use imker_event::{Recorded, Saw, Text, ecs};
use imker_report::honeypot::account;
use serde::{Serialize, Serializer};

use super::list::{Row, time};

/// An event in a list.
pub struct EventRow {
    pub recorded: Recorded,
    /// Who connected or, behind a trusted proxy, whom it names for the request.
    pub source: Option<IpAddr>,
    pub secrets: ecs::Secrets,
}

impl Serialize for EventRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ecs::document(&self.recorded, None, self.secrets)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl Row for EventRow {
    const COLUMNS: &'static [(&'static str, usize)] = &[
        ("time", 23),
        ("source", 15),
        ("host", 6),
        ("session", 13),
        ("request", 7),
        ("kind", 17),
        ("what", 0),
    ];

    fn cells(&self) -> Vec<String> {
        let event = &self.recorded.event;
        let connection = event.connection.as_deref();
        vec![
            time(event.time),
            self.source.map(|source| source.to_string()).unwrap_or_default(),
            connection
                .map(|connection| connection.host.to_string())
                .unwrap_or_default(),
            connection
                .map(|connection| connection.session.chars().take(13).collect())
                .unwrap_or_default(),
            event
                .request
                .map(|request| request.to_string())
                .unwrap_or_default(),
            event.kind().action().to_owned(),
            what(&event.saw, self.secrets),
        ]
    }
}

/// What happened, in a few words.
pub fn what(saw: &Saw, secrets: ecs::Secrets) -> String {
    let target = |text: &str| match secrets {
        ecs::Secrets::Masked => ecs::mask_query(text).into_owned(),
        ecs::Secrets::Kept => text.to_owned(),
    };
    match saw {
        Saw::SensorStarted { version, listening } => {
            format!(
                "imker {version}, {}",
                counted(listening.len() as u64, "address", "addresses")
            )
        }
        Saw::SensorStopped {} | Saw::ConnectionOpened {} => String::new(),
        Saw::Gap(gap) => format!(
            "{} lost: {}",
            counted(gap.lost, "event", "events"),
            action(&gap.reason)
        ),
        Saw::ConnectionClosed {
            bytes_received,
            bytes_sent,
            duration_ms,
            requests,
            reason,
        } => format!(
            "{}, {bytes_received} bytes in, {bytes_sent} out, {:.1} s, by {}",
            counted(u64::from(*requests), "request", "requests"),
            *duration_ms as f64 / 1000.0,
            action(reason)
        ),
        Saw::TlsHello(hello) => {
            let name = hello.server_name.as_ref().map_or("no name", |name| name.as_str());
            format!("{} to {name}", hello.ja4)
        }
        Saw::TlsEstablished { version, cipher, .. } => format!("{version} {cipher}"),
        Saw::TlsFailed { reason, .. } => reason.to_string(),
        Saw::WebRequest(received) => {
            let request = &received.request;
            let query = request.uri_query.as_ref().map(|query| format!("?{query}"));
            let target = target(&format!("{}{}", request.uri_stem, query.unwrap_or_default()));
            let status = request
                .status
                .map(|status| format!(" -> {status}"))
                .unwrap_or_default();
            let alarming = received.detections.iter().filter(|detection| !detection.ordinary);
            let titles: Vec<&str> = alarming.map(|detection| &*detection.title).collect();
            let titles = if titles.is_empty() {
                String::new()
            } else {
                format!("  [{}]", titles.join("; "))
            };
            format!("{} {target}{status}{titles}", request.method)
        }
        Saw::WebRequestRefused { reason, status, .. } => match status {
            Some(status) => format!("{reason} -> {status}"),
            None => reason.to_string(),
        },
        Saw::WebRequestContinued { .. } => "-> 100".to_owned(),
        Saw::WebResponse { status, body, .. } => {
            format!("{status}, {}", counted(body.bytes, "byte", "bytes"))
        }
        Saw::Credentials(attempt) => {
            let secret = match (&attempt.secret, secrets) {
                (None, _) => "nothing",
                (Some(_), ecs::Secrets::Masked) => ecs::MASKED,
                (Some(secret), ecs::Secrets::Kept) => secret.0.as_str(),
            };
            let own = if attempt.own_domain {
                "  [own domain: reset it]"
            } else {
                ""
            };
            format!(
                "{} {} with {secret} at {}{own}",
                action(&attempt.scheme),
                account(
                    attempt.username.as_str(),
                    attempt.domain.as_ref().map(Text::as_str)
                ),
                target(attempt.place.as_str())
            )
        }
        Saw::NtlmNegotiate { version, .. } => version.as_ref().map(ToString::to_string).unwrap_or_default(),
        Saw::NtlmAuthenticate(message) => format!(
            "{}\\{} from {}",
            message.domain, message.user, message.workstation
        ),
        Saw::Command {
            script,
            parameter,
            command,
        } => format!("{} {parameter}={command}", target(script.as_str())),
        Saw::Upload { name, content, .. } => {
            let name = name.as_ref().map(|name| target(name.as_str()));
            let name = name.as_deref().unwrap_or("without a name");
            format!("{name}, {} bytes, {}", content.bytes, content.sha256)
        }
        Saw::StageReached(stage) => {
            let succeeded = if stage.succeeded { "succeeded" } else { "attempted" };
            format!(
                "{}: {succeeded} {}",
                of_chain(&stage.chain, &stage.stage),
                stage.cves.join(" ")
            )
        }
        _ => String::new(),
    }
}

/// A stage behind its chain, where that is not its name already.
pub fn of_chain(chain: &str, stage: &str) -> String {
    if chain.eq_ignore_ascii_case(stage) {
        chain.to_owned()
    } else {
        format!("{chain} {stage}")
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{count} {noun}")
}

/// The name that a unit variant has in JSON.
fn action(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
