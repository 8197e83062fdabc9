use std::time::Duration;

use imker_event::Recorded;
use imker_event::ecs::Secrets;

use super::events::{connection, credentials, opened, request, stage};
use super::peers::{acceptor, collect, listen, peer, write_pem};
use crate::sinks::syslog::message;
use crate::sinks::{Peer, Sink, SyslogSettings, SyslogSink, TlsSettings};

fn settings(peer: Peer) -> SyslogSettings {
    SyslogSettings {
        peer,
        facility: 16,
        max_bytes: 8192,
        secrets: Secrets::Masked,
    }
}

/// Takes octet-counted messages apart.
fn messages(mut bytes: &[u8]) -> Vec<String> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let blank = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..blank]).unwrap().parse().unwrap();
        messages.push(String::from_utf8(bytes[blank + 1..][..length].to_vec()).unwrap());
        bytes = &bytes[blank + 1 + length..];
    }
    messages
}

fn sequences(messages: &[String]) -> Vec<u64> {
    let id = |message: &String| {
        message
            .split("id=\"sensor-1-")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .parse()
    };
    messages.iter().map(|message| id(message).unwrap()).collect()
}

fn length(events: &[Recorded], settings: &SyslogSettings) -> usize {
    let counted = |event| {
        let message = message(event, settings, None).unwrap();
        message.len().to_string().len() + 1 + message.len()
    };
    events.iter().map(counted).sum()
}

#[test]
fn a_message() {
    let mut one = connection("2001:db8::7", "ex01");
    std::sync::Arc::make_mut(&mut one).host = "a\"b\\c]d".into();
    let settings = settings(peer(1, None));
    let mut event = stage(7, &one, "probe", 1);
    event.event.sensor = "sensor ü".into();
    let message_of = |event: &Recorded| message(event, &settings, None).unwrap();
    let alert = message_of(&event);
    let expected = "<132>1 2026-11-25T23:59:07.000000Z sensor__ imker - stage-reached [imker@32473 id=\"sensor ü-7\" \
        kind=\"stage-reached\" session=\"session-2001:db8::7\" source=\"2001:db8::7\" host=\"a\\\"b\\\\c\\]d\"] {\"@timestamp\"";
    assert!(alert.starts_with(expected), "{alert}");
    assert!(message_of(&opened(1)[0]).starts_with("<134>1 "));
    assert!(!message_of(&credentials(1, &one, "Summer2026!")).contains("Summer2026!"));
}

#[test]
fn a_long_message_goes_without_the_native_event_or_the_document() {
    let one = connection("198.51.100.7", "ex01");
    let long = |path: usize| {
        let settings = settings(peer(1, None));
        message(
            &request(1, &one, &format!("/{}", "a".repeat(path)), false),
            &settings,
            None,
        )
        .unwrap()
    };
    assert!(long(10).contains("\"imker\":{") && long(10).contains("\"original\""));
    assert!(!long(2500).contains("\"imker\":{") && long(2500).contains("\"path\":\"/aaa"));
    assert!(long(8000).ends_with("host=\"ex01\"]") && long(8000).len() < 300);
}

#[test]
fn messages_come_over_tcp_and_again_after_a_broken_connection() {
    let (listener, port) = listen();
    let events = opened(6);
    let settings = settings(peer(port, None));
    let received = collect(listener, None, vec![Some(length(&events[..2], &settings)), None]);
    let mut sink = SyslogSink::new(settings, None);
    sink.deliver(&events[..2]).unwrap();
    assert_eq!(sequences(&messages(&received.recv().unwrap())), [1, 2]);
    // The receiver closed; whether it kept the batch before cannot be known.
    std::thread::sleep(Duration::from_millis(100));
    sink.deliver(&events[2..4]).unwrap();
    sink.deliver(&events[4..]).unwrap();
    drop(sink);
    assert_eq!(
        sequences(&messages(&received.recv().unwrap())),
        [1, 2, 3, 4, 5, 6]
    );
}

#[test]
fn nobody_listens() {
    let (listener, port) = listen();
    drop(listener);
    let error = SyslogSink::new(settings(peer(port, None)), None)
        .deliver(&opened(1))
        .unwrap_err();
    assert!(
        error.retryable && error.message.contains(&format!("localhost:{port}")),
        "{error}"
    );
}

#[test]
fn messages_come_over_tls_to_a_receiver_that_is_trusted_and_to_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = write_pem(folder.path());
    let (listener, port) = listen();
    let received = collect(
        listener,
        Some(acceptor(&certificate, &key)),
        vec![None, None, None],
    );
    let trusted = TlsSettings {
        authorities: Some(certificate),
        client: None,
    };

    let other_name = Peer {
        host: "127.0.0.1".into(),
        ..peer(port, Some(trusted.clone()))
    };
    for untrusted in [peer(port, Some(TlsSettings::default())), other_name] {
        let error = SyslogSink::new(settings(untrusted), None)
            .deliver(&opened(1))
            .unwrap_err();
        assert!(
            error.retryable && error.message.contains("certificate verify failed"),
            "{error}"
        );
        assert!(received.recv().unwrap().is_empty());
    }

    let mut sink = SyslogSink::new(settings(peer(port, Some(trusted))), None);
    sink.deliver(&opened(3)).unwrap();
    sink.deliver(&opened(5)[3..]).unwrap();
    drop(sink);
    assert_eq!(sequences(&messages(&received.recv().unwrap())), [1, 2, 3, 4, 5]);
}
