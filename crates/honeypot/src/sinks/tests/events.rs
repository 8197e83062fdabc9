//! Made-up events.

use std::net::IpAddr;
use std::sync::Arc;

use imker_event::{
    Blob, CloseReason, Connection, Content, Credentials, Detection, ReceivedRequest, Recorded, Saw, Scheme,
    Secret, SensorEvent, Service, Stage, TlsHello, WebRequest,
};
use jiff::{SignedDuration, Timestamp};

/// When sequence number 0 would have been; one event a second.
pub(crate) fn time(sequence: u64) -> Timestamp {
    let start: Timestamp = "2026-11-25T23:59:00Z".parse().unwrap();
    start + SignedDuration::from_secs(i64::try_from(sequence).unwrap())
}

/// A connection of `source`, with one session for each source.
pub(crate) fn connection(source: &str, host: &str) -> Arc<Connection> {
    let address: IpAddr = source.parse().unwrap();
    Arc::new(Connection {
        id: format!("connection-{source}-{host}").into(),
        session: format!("session-{source}").into(),
        host: host.into(),
        persona: "exchange-2016".into(),
        service: Service::Https,
        source: (address, 50_000).into(),
        destination: "192.0.2.10:443".parse().unwrap(),
        proxy: None,
    })
}

pub(crate) fn recorded(sequence: u64, connection: &Arc<Connection>, saw: Saw) -> Recorded {
    let connection = Some(connection.clone());
    let event = SensorEvent {
        time: time(sequence),
        sensor: "sensor-1".into(),
        connection,
        request: None,
        saw,
    };
    Recorded { sequence, event }
}

/// `events` with sequence numbers from 1 on.
pub(crate) fn opened(events: u64) -> Vec<Recorded> {
    let connection = connection("198.51.100.7", "ex01");
    (1..=events)
        .map(|sequence| recorded(sequence, &connection, Saw::ConnectionOpened {}))
        .collect()
}

pub(crate) fn request(sequence: u64, connection: &Arc<Connection>, path: &str, attack: bool) -> Recorded {
    let mut request = WebRequest::new(time(sequence), "GET", path);
    request.status = Some(200);
    request.user_agent = Some("agent 1.0".into());
    let detection = Detection {
        rule: "00000000-0000-4000-8000-000000000001".into(),
        title: "A rule".into(),
        level: "high".into(),
        cves: vec![],
        techniques: vec![],
        ordinary: false,
    };
    let received = ReceivedRequest {
        request,
        version: "HTTP/1.1".into(),
        head: Blob::from(&b"GET / HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\n\r\n"[..]),
        body: Content {
            sha256: "ab".repeat(32).as_str().into(),
            bytes: 9,
            kept: 9,
        },
        body_start: Blob::from(&b"some body"[..]),
        win32_status: None,
        time_taken_ms: None,
        body_complete: true,
        detections: if attack { vec![detection] } else { vec![] },
    };
    recorded(sequence, connection, Saw::WebRequest(Box::new(received)))
}

pub(crate) fn upload(sequence: u64, connection: &Arc<Connection>) -> Recorded {
    let content = Content {
        sha256: "cd".repeat(32).as_str().into(),
        bytes: 9000,
        kept: 9000,
    };
    recorded(
        sequence,
        connection,
        Saw::Upload {
            name: Some("inert.aspx".into()),
            content,
            secrets: false,
        },
    )
}

pub(crate) fn credentials(sequence: u64, connection: &Arc<Connection>, secret: &str) -> Recorded {
    let credentials = Credentials {
        scheme: Scheme::Basic,
        place: "/ews/".into(),
        username: "j.doe".into(),
        domain: None,
        secret: Some(Secret(secret.into())),
        own_domain: true,
    };
    recorded(sequence, connection, Saw::Credentials(credentials))
}

pub(crate) fn stage(sequence: u64, connection: &Arc<Connection>, name: &str, order: u32) -> Recorded {
    let stage = Stage {
        chain: "ProxyShell".into(),
        stage: name.into(),
        order,
        succeeded: true,
        cves: vec![],
        techniques: vec![],
    };
    recorded(sequence, connection, Saw::StageReached(stage))
}

pub(crate) fn hello(sequence: u64, connection: &Arc<Connection>, ja4: &str) -> Recorded {
    recorded(
        sequence,
        connection,
        Saw::TlsHello(Box::new(TlsHello {
            ja4: ja4.into(),
            ..TlsHello::default()
        })),
    )
}

pub(crate) fn closed(sequence: u64, connection: &Arc<Connection>) -> Recorded {
    let saw = Saw::ConnectionClosed {
        bytes_received: 10,
        bytes_sent: 20,
        duration_ms: 30,
        requests: 1,
        reason: CloseReason::Client,
    };
    recorded(sequence, connection, saw)
}
