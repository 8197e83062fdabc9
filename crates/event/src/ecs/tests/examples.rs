use std::sync::Arc;

use jiff::Timestamp;

use crate::ecs::Place;
use crate::{
    Blob, CloseReason, Connection, Content, Credentials, Detection, Gap, GapReason, Kind, NtlmAuthenticate,
    ReceivedRequest, Recorded, Saw, Scheme, Secret, SensorEvent, Service, Stage, Text, TlsHello, WebRequest,
};

const BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// An event of a kind, as a sensor may record it. Whoever adds a kind adds it here.
pub(super) fn example(kind: Kind) -> Recorded {
    let saw = match kind {
        Kind::SensorStarted => Saw::SensorStarted {
            version: "0.1.0".into(),
            listening: vec!["0.0.0.0:443".into(), "[::]:80".into()],
        },
        Kind::SensorStopped => Saw::SensorStopped {},
        Kind::Gap => Saw::Gap(gap()),
        Kind::ConnectionOpened => Saw::ConnectionOpened {},
        Kind::ConnectionClosed => Saw::ConnectionClosed {
            bytes_received: 812,
            bytes_sent: 4096,
            duration_ms: 1500,
            requests: 2,
            reason: CloseReason::IdleTimeout,
        },
        Kind::TlsHello => Saw::TlsHello(Box::new(hello())),
        Kind::TlsEstablished => Saw::TlsEstablished {
            version: "TLSv1.2".into(),
            cipher: "ECDHE-RSA-AES256-GCM-SHA384".into(),
            alpn: Some("h2".into()),
            resumed: false,
        },
        Kind::TlsFailed => Saw::TlsFailed {
            reason: "no ClientHello".into(),
            received: Blob::from(&b"GET / HTTP/1.0\r\n\r\n"[..]),
        },
        Kind::WebRequest => Saw::WebRequest(Box::new(request())),
        Kind::WebRequestRefused => Saw::WebRequestRefused {
            reason: "Verb".into(),
            status: Some(400),
            received: Blob::from(&b"ABC\x01 / HTTP/1.1\r\n\r\n"[..]),
        },
        Kind::WebRequestContinued => Saw::WebRequestContinued {
            head: Blob::from(&b"PUT /owa/a.aspx HTTP/1.1\r\nExpect: 100-continue\r\n\r\n"[..]),
        },
        Kind::WebResponse => Saw::WebResponse {
            status: 302,
            head: Blob::from(&b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"[..]),
            body: Content::default(),
            body_start: Blob::default(),
        },
        Kind::Credentials => Saw::Credentials(Credentials {
            scheme: Scheme::Forms,
            place: "/owa/auth.owa".into(),
            username: "EXAMPLE\\j.doe".into(),
            domain: Some("EXAMPLE".into()),
            secret: Some(Secret("Summer2026!".into())),
            own_domain: true,
        }),
        Kind::NtlmNegotiate => Saw::NtlmNegotiate {
            flags: 0xe208_8297,
            domain: None,
            workstation: Some("KALI".into()),
            version: Some("10.0.19041".into()),
        },
        Kind::NtlmAuthenticate => Saw::NtlmAuthenticate(Box::new(NtlmAuthenticate {
            flags: 0xe288_8215,
            domain: "EXAMPLE".into(),
            user: "j.doe".into(),
            workstation: "KALI".into(),
            version: Some("10.0.19041".into()),
            challenge: Some("0123456789abcdef".into()),
            target: Some("HTTP/mail.example.org".into()),
            v2: true,
            raw: Blob::from(&b"NTLMSSP\0\x03\0\0\0"[..]),
        })),
        Kind::Command => Saw::Command {
            script: "/aspnet_client/inert.aspx".into(),
            parameter: "cmd".into(),
            command: "whoami".into(),
        },
        Kind::Upload => Saw::Upload {
            name: Some("inert.aspx".into()),
            content: Content {
                sha256: BODY.into(),
                bytes: 20_000,
                kept: 20_000,
            },
            secrets: false,
        },
        Kind::StageReached => Saw::StageReached(Stage {
            chain: "ProxyShell".into(),
            stage: "probe".into(),
            order: 1,
            succeeded: true,
            cves: vec!["CVE-2021-34473".into()],
            techniques: vec!["T1190".into(), "T1505.003".into()],
        }),
    };
    let of_sensor = matches!(kind, Kind::SensorStarted | Kind::SensorStopped | Kind::Gap);
    let of_request = matches!(
        kind,
        Kind::WebRequest | Kind::WebResponse | Kind::Credentials | Kind::StageReached
    );
    Recorded {
        sequence: 42,
        event: SensorEvent {
            time: time(),
            sensor: "sensor-1".into(),
            connection: (!of_sensor).then(|| Arc::new(connection())),
            request: of_request.then_some(1),
            saw,
        },
    }
}

/// Where the examples' source is.
pub(super) fn place() -> Place {
    Place {
        country_code: Some("XX".into()),
        country: Some("Nowhere".into()),
        city: Some("Example".into()),
        location: Some((50.5, 8.25)),
        as_number: Some(64_496),
        as_organisation: Some("Example Network".into()),
    }
}

fn time() -> Timestamp {
    "2026-11-25T03:36:45.123456789Z".parse().unwrap()
}

fn connection() -> Connection {
    Connection {
        id: "01938a2b-0000-7000-8000-000000000001".into(),
        session: "01938a2b-0000-7000-8000-000000000002".into(),
        host: "ex01".into(),
        persona: "exchange-2016-cu20".into(),
        service: Service::Https,
        source: "198.51.100.7:50123".parse().unwrap(),
        destination: "192.0.2.10:443".parse().unwrap(),
        proxy: None,
    }
}

fn gap() -> Gap {
    Gap {
        reason: GapReason::Evicted,
        from: Some(time()),
        until: Some(time()),
        sequences: Some((7, 41)),
        lost: 35,
        sources: vec![("198.51.100.7".parse().unwrap(), 30)],
        of_others: 5,
    }
}

fn hello() -> TlsHello {
    TlsHello {
        legacy_version: 0x0303,
        supported_versions: vec![0x0304, 0x0303],
        ciphers: vec![0x1301, 0xc02f],
        extensions: vec![0, 16, 43],
        groups: vec![29],
        point_formats: vec![0],
        signature_algorithms: vec![0x0403],
        server_name: Some("mail.example.org".into()),
        alpn: vec!["h2".into(), "http/1.1".into()],
        ja3: "00000000000000000000000000000000".into(),
        ja3_full: "771,4865-49199,0-16-43,29,0".into(),
        ja4: "t13d0203h2_000000000000_000000000000".into(),
        raw: Blob::from(&[1, 0, 0, 0][..]),
    }
}

fn request() -> ReceivedRequest {
    let mut request = WebRequest::new(time(), "POST", "/autodiscover/autodiscover.json");
    request.client = Some("198.51.100.7".parse().unwrap());
    request.uri_query = Some("@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org".into());
    request.user_agent = Some("python-requests/2.26.0".into());
    request.host = Some("mail.example.org:443".into());
    request.referer = Some("https://mail.example.org/".into());
    request.status = Some(302);
    request.bytes_sent = Some(512);
    request.request_id = Some("0b1c2d3e-0000-4000-8000-00000000000a".into());
    ReceivedRequest {
        request,
        version: "HTTP/1.1".into(),
        head: Blob::from(&b"POST /autodiscover/autodiscover.json?@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org HTTP/1.1\r\nHost: mail.example.org:443\r\n\r\n"[..]),
        body: Content { sha256: Text::from(BODY), bytes: 5, kept: 5 },
        body_start: Blob::from(&b"inert"[..]),
        win32_status: Some(0),
        time_taken_ms: Some(15),
        body_complete: true,
        detections: vec![
            Detection {
                rule: "00000000-0000-4000-8000-000000000001".into(),
                title: "ProxyShell: probe".into(),
                level: "high".into(),
                cves: vec!["CVE-2021-34473".into()],
                techniques: vec!["T1190".into()],
                ordinary: false,
            },
            Detection {
                rule: "00000000-0000-4000-8000-000000000002".into(),
                title: "Autodiscover asked".into(),
                level: "informational".into(),
                cves: Vec::new(),
                techniques: Vec::new(),
                ordinary: true,
            },
        ],
    }
}
