use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use imker_event::ecs::{Reader, Secrets};
use serde_json::Value;

use super::events::{connection, credentials, opened};
use super::peers::write_pem;
use crate::sinks::{Authentication, Sink, WebhookFormat, WebhookSettings, WebhookSink};

/// Python's HTTP server, which shares no code with ours.
struct Receiver {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Receiver {
    /// None where there is no Python.
    fn start(statuses: &str, tls: Option<(&str, &str)>) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sinks/tests/receiver.py");
        let (certificate, key) = tls.unwrap_or_default();
        let started = Command::new("python3")
            .args([script, statuses, "key", certificate, key])
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = started else {
            imker_testing::not_installed("python3");
            return None;
        };
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = said.next().unwrap().unwrap().parse().unwrap();
        Some(Self { process, said, port })
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.said.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn settings(url: String) -> WebhookSettings {
    WebhookSettings {
        url,
        format: WebhookFormat::Ndjson,
        authentication: Authentication::Hmac(b"key".to_vec()),
        authorities: None,
        timeout: Duration::from_secs(10),
        secrets: Secrets::Masked,
    }
}

#[test]
fn a_batch_is_taken_with_2xx_and_signed() {
    let Some(mut receiver) = Receiver::start("503,302,401,429,400,200", None) else {
        return;
    };
    let url = format!("http://127.0.0.1:{}/events?x=1", receiver.port);
    let mut sink = WebhookSink::open(settings(url), None).unwrap();
    let mut events = opened(3);
    events.push(credentials(4, &connection("198.51.100.7", "ex01"), "Summer2026!"));
    for (status, retryable) in [(503, true), (302, true), (401, true), (429, true), (400, false)] {
        let error = sink.deliver(&events).unwrap_err();
        assert_eq!(error.retryable, retryable, "{error}");
        assert!(
            error.message.contains(&status.to_string()) && error.message.len() < 2000,
            "{error}"
        );
        assert_eq!(receiver.next()["status"], status);
    }
    sink.deliver(&events).unwrap();
    let got = receiver.next();
    assert_eq!(
        (&got["path"], &got["type"]),
        (&"/events?x=1".into(), &"application/x-ndjson".into())
    );
    assert_eq!(got["signed"], true);
    let body = got["body"].as_str().unwrap();
    assert!(!body.contains("Summer2026!"));
    let sequences: Vec<u64> = Reader::new(body.as_bytes())
        .map(|read| read.unwrap().recorded.sequence)
        .collect();
    assert_eq!(sequences, [1, 2, 3, 4]);
}

#[test]
fn an_array_with_a_bearer_token_goes_over_tls_to_a_receiver_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = write_pem(folder.path());
    let tls = Some((certificate.to_str().unwrap(), key.to_str().unwrap()));
    let Some(mut receiver) = Receiver::start("200", tls) else {
        return;
    };
    let untrusted = WebhookSettings {
        format: WebhookFormat::Json,
        authentication: Authentication::Bearer("token".into()),
        ..settings(format!("https://localhost:{}/", receiver.port))
    };
    let error = WebhookSink::open(untrusted.clone(), None)
        .unwrap()
        .deliver(&opened(2))
        .unwrap_err();
    assert!(error.retryable, "{error}");
    assert!(!format!("{untrusted:?}").contains("token"));

    let trusted = WebhookSettings {
        authorities: Some(certificate),
        ..untrusted
    };
    WebhookSink::open(trusted, None)
        .unwrap()
        .deliver(&opened(2))
        .unwrap();
    let got = receiver.next();
    assert_eq!(got["authorization"], "Bearer token");
    let body: Vec<Value> = serde_json::from_str(got["body"].as_str().unwrap()).unwrap();
    assert_eq!(body.len(), 2);
    assert_eq!(body[1]["event"]["id"], "sensor-1-2");
}

#[test]
fn authorities_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.pem");
    std::fs::write(&path, "no certificate").unwrap();
    let settings = WebhookSettings {
        authorities: Some(path),
        ..settings("https://localhost/".into())
    };
    let error = WebhookSink::open(settings, None).unwrap_err().to_string();
    assert!(error.contains("none.pem: holds no certificate"), "{error}");
}
