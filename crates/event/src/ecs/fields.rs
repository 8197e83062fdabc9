//! What each kind of event fills in.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::document::Fields;
use crate::{
    CloseReason, Connection, Content, Credentials, Detection, Gap, NtlmAuthenticate, ReceivedRequest, Saw,
    SensorEvent, Service, Stage, Text, TlsHello,
};

/// ECS `event.kind`, `event.category`, `event.type` and `event.outcome`; see
/// <https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference>.
fn class(
    fields: &mut Fields,
    kind: &'static str,
    categories: &[&'static str],
    types: &[&'static str],
    outcome: Option<&'static str>,
) {
    fields.set("event.kind", kind);
    fields.set("event.category", json!(categories));
    fields.set("event.type", json!(types));
    fields.set("event.outcome", outcome);
}

/// Fills in what the event's kind says.
pub(super) fn fill(fields: &mut Fields, event: &SensorEvent) {
    match &event.saw {
        Saw::SensorStarted { version, .. } => {
            class(fields, "event", &["process"], &["start"], Some("success"));
            fields.set("service.version", version.as_str());
        }
        Saw::SensorStopped {} => class(fields, "event", &["process"], &["end"], Some("success")),
        Saw::Gap(gap) => lost(fields, gap),
        Saw::ConnectionOpened {} => class(fields, "event", &["network"], &["connection", "start"], None),
        Saw::ConnectionClosed {
            bytes_received,
            bytes_sent,
            duration_ms,
            reason,
            ..
        } => {
            class(fields, "event", &["network"], &["connection", "end"], None);
            fields.set("event.reason", close_reason(*reason));
            fields.set("event.duration", duration_ms.saturating_mul(1_000_000));
            fields.set("event.start", start(event.time, *duration_ms).to_string());
            fields.set("event.end", event.time.to_string());
            fields.set("source.bytes", *bytes_received);
            fields.set("destination.bytes", *bytes_sent);
            fields.set("network.bytes", bytes_received.saturating_add(*bytes_sent));
        }
        Saw::TlsHello(hello) => tls_hello(fields, hello),
        Saw::TlsEstablished {
            version,
            cipher,
            alpn,
            resumed,
        } => {
            class(
                fields,
                "event",
                &["network"],
                &["protocol", "info"],
                Some("success"),
            );
            let number = version.as_str().strip_prefix("TLSv").unwrap_or(version.as_str());
            fields.set("tls.version", if number == "1" { "1.0" } else { number });
            fields.set("tls.version_protocol", "tls");
            fields.set("tls.cipher", cipher.as_str());
            fields.set("tls.next_protocol", alpn.as_ref().map(Text::as_str));
            fields.set("tls.established", true);
            fields.set("tls.resumed", *resumed);
        }
        Saw::TlsFailed { reason, .. } => {
            class(
                fields,
                "event",
                &["network"],
                &["protocol", "denied"],
                Some("failure"),
            );
            fields.set("event.reason", reason.as_str());
            fields.set("tls.established", false);
        }
        Saw::WebRequest(received) => request(fields, received, event.connection.as_deref()),
        Saw::WebRequestRefused {
            reason,
            status,
            received,
        } => {
            class(fields, "event", &["web"], &["error"], Some("failure"));
            fields.set("event.reason", reason.as_str());
            fields.set("http.response.status_code", *status);
            fields.set("http.request.bytes", received.0.len());
        }
        Saw::WebRequestContinued { head } => {
            class(fields, "event", &["web"], &["access"], Some("success"));
            fields.set("http.response.status_code", 100);
            fields.set("http.request.bytes", head.0.len());
        }
        Saw::WebResponse {
            status, head, body, ..
        } => {
            let outcome = if *status < 400 { "success" } else { "failure" };
            class(fields, "event", &["web"], &["access"], Some(outcome));
            fields.set("http.response.status_code", *status);
            fields.set("http.response.body.bytes", body.bytes);
            fields.set(
                "http.response.bytes",
                body.bytes.saturating_add(head.0.len() as u64),
            );
        }
        Saw::Credentials(credentials) => attempt(fields, credentials),
        Saw::NtlmNegotiate {
            domain, workstation, ..
        } => {
            class(fields, "event", &["authentication"], &["info"], None);
            fields.set("user.domain", domain.as_ref().map(Text::as_str));
            fields.set("source.domain", workstation.as_ref().map(Text::as_str));
            fields.add("related.hosts", workstation.as_ref().map_or("", Text::as_str));
        }
        Saw::NtlmAuthenticate(message) => ntlm(fields, message),
        Saw::Command { script, command, .. } => {
            // No process starts: what a client wanted to run is not run.
            class(
                fields,
                "alert",
                &["process", "intrusion_detection"],
                &["info"],
                Some("unknown"),
            );
            fields.set("process.command_line", command.as_str());
            fields.set("url.path", script.as_str());
        }
        Saw::Upload { name, content, .. } => {
            class(
                fields,
                "alert",
                &["file", "intrusion_detection"],
                &["creation", "info"],
                Some("success"),
            );
            fields.set("file.name", name.as_ref().map(Text::as_str));
            file(fields, content);
        }
        Saw::StageReached(stage) => reached(fields, stage),
    }
}

fn start(end: Timestamp, duration_ms: u64) -> Timestamp {
    let duration = SignedDuration::from_millis(i64::try_from(duration_ms).unwrap_or(i64::MAX));
    end.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

const fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Client => "client",
        CloseReason::Server => "server",
        CloseReason::IdleTimeout => "idle-timeout",
        CloseReason::SlowRequest => "slow-request",
        CloseReason::SlowReader => "slow-reader",
        CloseReason::Reset => "reset",
        CloseReason::Handshake => "handshake",
        CloseReason::TooMany => "too-many",
        CloseReason::ProxyHeader => "proxy-header",
        CloseReason::NotRecorded => "not-recorded",
        CloseReason::Stopping => "stopping",
        CloseReason::Internal => "internal",
    }
}

fn lost(fields: &mut Fields, gap: &Gap) {
    class(fields, "event", &["host"], &["info"], Some("failure"));
    fields.set("event.start", gap.from.map(|from| from.to_string()));
    fields.set("event.end", gap.until.map(|until| until.to_string()));
    fields.set("message", format!("{} events were not kept", gap.lost));
    for (address, _) in &gap.sources {
        fields.add("related.ip", &address.to_canonical().to_string());
    }
}

fn tls_hello(fields: &mut Fields, hello: &TlsHello) {
    class(fields, "event", &["network"], &["protocol", "start"], None);
    fields.set("tls.client.ja3", hello.ja3.as_str());
    if let Some(name) = &hello.server_name {
        fields.set("tls.client.server_name", name.as_str());
        fields.set("destination.domain", name.as_str());
        fields.add("related.hosts", name.as_str());
    }
    fields.add("related.hash", hello.ja3.as_str());
}

fn request(fields: &mut Fields, received: &ReceivedRequest, connection: Option<&Connection>) {
    let request = &received.request;
    let attack: Vec<&Detection> = received
        .detections
        .iter()
        .filter(|detection| !detection.ordinary)
        .collect();
    let outcome = match request.status {
        None => "unknown",
        Some(..400) => "success",
        Some(_) => "failure",
    };
    if attack.is_empty() {
        class(fields, "event", &["web"], &["access"], Some(outcome));
    } else {
        class(
            fields,
            "alert",
            &["web", "intrusion_detection"],
            &["access", "info"],
            Some(outcome),
        );
    }

    let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
    let path = request.uri_stem.as_str();
    let query = request.uri_query.as_ref().map(Text::as_str);
    let original = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    fields.set("url.path", path);
    fields.set("url.query", query);
    fields.set("url.extension", extension(path));
    if let (Some(host), Some(connection)) = (&request.host, connection) {
        let scheme = match connection.service {
            Service::Http => "http",
            Service::Https => "https",
        };
        let domain = domain(host.as_str());
        fields.set("url.scheme", scheme);
        fields.set("url.domain", domain);
        fields.set("url.port", connection.destination.port());
        fields.set("url.full", format!("{scheme}://{}{original}", host.as_str()));
        fields.add("related.hosts", domain);
    }
    fields.set("url.original", original);

    let version = received.version.as_str();
    fields.set("http.version", version.strip_prefix("HTTP/").unwrap_or(version));
    fields.set("http.request.method", request.method.as_str());
    fields.set("http.request.id", text(&request.request_id));
    fields.set("http.request.referrer", text(&request.referer));
    fields.set(
        "http.request.bytes",
        received.body.bytes.saturating_add(received.head.0.len() as u64),
    );
    fields.set("http.request.body.bytes", received.body.bytes);
    if let Some(content) = str::from_utf8(&received.body_start.0)
        .ok()
        .filter(|content| !content.is_empty())
    {
        fields.set("http.request.body.content", content);
    }
    fields.set("http.response.status_code", request.status);
    fields.set("http.response.bytes", request.bytes_sent);
    let nanoseconds = received.time_taken_ms.map(|ms| ms.saturating_mul(1_000_000));
    fields.set("event.duration", nanoseconds);
    fields.set("user_agent.original", text(&request.user_agent));
    if let Some(user) = &request.username {
        fields.set("user.name", user.as_str());
        fields.add("related.user", user.as_str());
    }
    fields.add("related.hash", received.body.sha256.as_str());
    detections(fields, &attack);
}

/// The part of a path's last segment after its last dot.
fn extension(path: &str) -> Option<&str> {
    let (_, file) = path.rsplit_once('/')?;
    let (_, extension) = file.rsplit_once('.')?;
    (!extension.is_empty()).then_some(extension)
}

/// `Host` without its port.
fn domain(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

fn detections(fields: &mut Fields, detections: &[&Detection]) {
    let severity = |level: &str| match level {
        "low" => 21,
        "medium" => 47,
        "high" => 73,
        "critical" => 99,
        _ => 1,
    };
    if detections.is_empty() {
        return;
    }
    fields.set(
        "event.severity",
        detections
            .iter()
            .map(|detection| severity(&detection.level))
            .max(),
    );
    fields.set("rule.ruleset", "sigma");
    for detection in detections {
        fields.add("rule.id", &detection.rule);
        fields.add("rule.name", &detection.title);
        named(fields, &detection.cves, &detection.techniques);
    }
}

/// CVEs and ATT&CK techniques.
fn named(fields: &mut Fields, cves: &[std::sync::Arc<str>], techniques: &[std::sync::Arc<str>]) {
    for cve in cves {
        fields.add("vulnerability.id", cve);
    }
    for technique in techniques {
        fields.set("threat.framework", "MITRE ATT&CK");
        let (parent, sub) = technique
            .split_once('.')
            .map_or((&**technique, false), |(parent, _)| (parent, true));
        fields.add("threat.technique.id", parent);
        if sub {
            fields.add("threat.technique.subtechnique.id", technique);
        }
    }
}

fn attempt(fields: &mut Fields, credentials: &Credentials) {
    class(fields, "alert", &["authentication"], &["start"], Some("unknown"));
    fields.set("user.name", credentials.username.as_str());
    fields.set("user.domain", credentials.domain.as_ref().map(Text::as_str));
    fields.set("url.path", credentials.place.as_str());
    fields.add("related.user", credentials.username.as_str());
}

fn ntlm(fields: &mut Fields, message: &NtlmAuthenticate) {
    class(fields, "event", &["authentication"], &["info"], None);
    fields.set("user.name", message.user.as_str());
    fields.set("user.domain", message.domain.as_str());
    fields.set("source.domain", message.workstation.as_str());
    fields.add("related.user", message.user.as_str());
    fields.add("related.hosts", message.workstation.as_str());
}

fn file(fields: &mut Fields, content: &Content) {
    fields.set("file.size", content.bytes);
    if !content.sha256.as_str().is_empty() {
        fields.set("file.hash.sha256", content.sha256.as_str());
        fields.add("related.hash", content.sha256.as_str());
    }
}

fn reached(fields: &mut Fields, stage: &Stage) {
    let (verdict, outcome) = if stage.succeeded {
        ("allowed", "success")
    } else {
        ("denied", "failure")
    };
    class(
        fields,
        "alert",
        &["intrusion_detection"],
        &["info", verdict],
        Some(outcome),
    );
    fields.set(
        "message",
        format!("{} {}: {}", stage.chain, stage.order, stage.stage),
    );
    named(fields, &stage.cves, &stage.techniques);
}
