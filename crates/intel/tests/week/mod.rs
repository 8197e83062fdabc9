//! A made-up week of two sensors, and some of the week before, with hostile text wherever clients can put some.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use imker_event::ecs::Document;
use imker_event::*;
use imker_intel::{BadLine, Evaluation, Options, Place, Policy, evaluate};
use jiff::{SignedDuration, Timestamp};

pub const SINCE: &str = "2026-03-02T00:00:00Z";
pub const UNTIL: &str = "2026-03-09T00:00:00Z";

pub const HOSTILE: &str =
    "</text><script>alert(1)</script>\u{1b}[31m\u{202e}'] OR [url:value = '\"\r\n=cmd|' /C calc'!A0";
pub const PASSWORD: &str = "Winter2026!geheim";

/// The evaluation of the week, compared with the one before.
pub fn evaluation() -> Evaluation {
    evaluate(documents(events()), &options(), &mut place)
}

/// Events as they are read from files that know no places.
pub fn documents(events: Vec<Recorded>) -> impl Iterator<Item = Result<Document, BadLine>> {
    events.into_iter().map(|recorded| {
        Ok(Document {
            recorded,
            place: None,
        })
    })
}

pub fn options() -> Options {
    Options {
        since: Some(SINCE.parse().unwrap()),
        until: Some(UNTIL.parse().unwrap()),
        ..Options::new("2026-03-09T06:00:00Z".parse().unwrap())
    }
}

/// Lets out addresses for documentation, of which the week is made.
pub fn policy() -> Policy {
    Policy {
        documentation: true,
        ..Policy::default()
    }
}

pub fn place(address: IpAddr) -> Option<Place> {
    let (country, asn, organisation) = match address {
        IpAddr::V4(v4) => match (v4.octets()[0], v4.octets()[3]) {
            (203, _) => ("NL", 64_500, "Example Hosting"),
            (198, last) if last % 3 == 0 => ("US", 64_501, "Example Scan"),
            (198, last) if last % 3 == 1 => ("DE", 64_502, HOSTILE),
            (198, _) => ("BR", 64_503, "Example Cable"),
            _ => return None,
        },
        IpAddr::V6(_) => ("FR", 64_504, "Example Cloud"),
    };
    Some(Place {
        country_code: Some(country.into()),
        as_number: Some(asn),
        as_organisation: Some(organisation.into()),
        ..Place::default()
    })
}

pub fn events() -> Vec<Recorded> {
    let mut week = Week::default();
    for sensor in ["north", "south"] {
        week.of_sensor(sensor, at(-7, 0, 0), started());
    }
    // Scanners: some known from the week before.
    for number in 0..24u8 {
        let source = format!("198.51.100.{}", number + 1);
        if number % 2 == 0 {
            week.visit(
                &source,
                "north",
                at(-5, i64::from(number), 10),
                "/owa/",
                "Mozilla/5.0 zgrab/0.x",
            );
        }
        for round in 0..=i64::from(number % 5) {
            let time = at(
                i64::from(number % 7),
                (i64::from(number) * 5 + round * 3) % 24,
                20,
            );
            week.visit(&source, "south", time, "/", "Mozilla/5.0 zgrab/0.x");
            week.visit(
                &source,
                "north",
                time,
                "/owa/auth/logon.aspx",
                "Mozilla/5.0 zgrab/0.x",
            );
        }
    }
    // One that gets through, and others that do not.
    let chain = ["probe", "legacy_dn", "sid", "powershell", "webshell"];
    let through = week.connect("203.0.113.7", "north", at(2, 3, 14));
    for (place, stage) in chain.iter().enumerate() {
        week.attack(
            &through,
            at(2, 3, 15 + place as i64),
            "ProxyShell",
            stage,
            place as u32 + 1,
            true,
        );
    }
    week.of(&through, at(2, 3, 30), upload("shell.aspx"));
    for (minute, command) in [(40, "whoami"), (41, "ipconfig /all"), (42, "whoami")] {
        week.of(
            &through,
            at(2, 3, minute),
            Saw::Command {
                script: "/aspnet_client/shell.aspx".into(),
                parameter: "cmd".into(),
                command: command.into(),
            },
        );
    }
    for (day, source) in [
        (-3, "203.0.113.66"),
        (1, "203.0.113.66"),
        (6, "203.0.113.66"),
        (0, "203.0.113.99"),
        (5, "10.0.0.5"),
    ] {
        let refused = week.connect(source, "south", at(day, 11, 0));
        week.attack(&refused, at(day, 11, 1), "ProxyShell", "probe", 1, false);
        week.attack(&refused, at(day, 11, 2), "ProxyShell", "powershell", 5, false);
    }
    let v6 = week.connect("2001:db8::bad", "north", at(4, 22, 5));
    week.attack(&v6, at(4, 22, 6), "ProxyLogon", "probe", 1, false);
    // Somebody guesses passwords.
    let spray = week.connect("192.0.2.55", "south", at(3, 1, 0));
    for (minute, (user, own)) in [
        ("administrator", false),
        ("anna", true),
        ("Administrator", false),
        ("test", false),
    ]
    .into_iter()
    .enumerate()
    {
        week.of(
            &spray,
            at(3, 1, minute as i64),
            logon(Scheme::Forms, user, PASSWORD, own),
        );
    }
    week.of(
        &spray,
        at(3, 1, 9),
        logon(Scheme::Ntlm, "anna", "anna::CONTOSO:1122334455667788:00:00", true),
    );
    week.of(
        &spray,
        at(3, 1, 10),
        Saw::NtlmNegotiate {
            flags: 0,
            domain: None,
            workstation: Some("KALI".into()),
            version: None,
        },
    );
    // Somebody is hostile to whoever reads this.
    let hostile = week.connect_with("192.0.2.66", "north", at(6, 9, 0), HOSTILE);
    week.attack_at(
        &hostile,
        at(6, 9, 1),
        ("Generic", "exploit", 1, false),
        HOSTILE,
        HOSTILE,
    );
    week.of(
        &hostile,
        at(6, 9, 2),
        logon(Scheme::Basic, HOSTILE, "\u{202e}x", false),
    );
    week.of(&hostile, at(6, 9, 3), upload(&format!("../../{HOSTILE}.aspx")));
    week.of(
        &hostile,
        at(6, 9, 4),
        Saw::Command {
            script: HOSTILE.into(),
            parameter: HOSTILE.into(),
            command: HOSTILE.into(),
        },
    );
    // A sensor stops, is full, is killed.
    week.of_sensor("south", at(2, 12, 0), Saw::SensorStopped {});
    week.of_sensor("south", at(2, 18, 30), started());
    week.of_sensor(
        "south",
        at(4, 5, 0),
        Saw::Gap(Gap {
            reason: GapReason::StoreFull,
            from: Some(at(4, 4, 0)),
            until: Some(at(4, 5, 0)),
            sequences: None,
            lost: 17,
            sources: vec![("198.51.100.9".parse().unwrap(), 17)],
            of_others: 0,
        }),
    );
    week.of_sensor("south", at(5, 5, 0), started());
    week.events
}

/// Days after the week's begin, hours, minutes.
pub fn at(day: i64, hour: i64, minute: i64) -> Timestamp {
    let begin: Timestamp = SINCE.parse().unwrap();
    begin + SignedDuration::from_mins((day * 24 + hour) * 60 + minute)
}

#[derive(Default)]
pub struct Week {
    pub events: Vec<Recorded>,
    sequences: BTreeMap<String, u64>,
    connections: u32,
}

type Client = (Arc<str>, Arc<Connection>);

impl Week {
    pub fn of_sensor(&mut self, sensor: &str, time: Timestamp, saw: Saw) {
        self.push(sensor.into(), None, None, time, saw);
    }

    pub fn of(&mut self, (sensor, connection): &Client, time: Timestamp, saw: Saw) {
        self.push(sensor.clone(), Some(connection.clone()), Some(1), time, saw);
    }

    fn push(
        &mut self,
        sensor: Arc<str>,
        connection: Option<Arc<Connection>>,
        request: Option<u32>,
        time: Timestamp,
        saw: Saw,
    ) {
        let sequence = self.sequences.entry(sensor.to_string()).or_default();
        *sequence += 1;
        self.events.push(Recorded {
            sequence: *sequence,
            event: SensorEvent {
                time,
                sensor,
                connection,
                request,
                saw,
            },
        });
    }

    pub fn connect(&mut self, source: &str, sensor: &str, time: Timestamp) -> Client {
        self.connect_with(source, sensor, time, "t13d1516h2_8daaf6152771_02713d6af862")
    }

    fn connect_with(&mut self, source: &str, sensor: &str, time: Timestamp, ja4: &str) -> Client {
        self.connections += 1;
        let source = SocketAddr::new(source.parse().unwrap(), 40_000 + self.connections as u16);
        let connection = Connection {
            id: format!("00000000-0000-7000-8000-{:012}", self.connections).into(),
            session: format!("00000000-0000-7000-9000-{:012}", self.connections).into(),
            host: format!("mail-{sensor}").into(),
            persona: if sensor == "north" {
                "exchange-2016-vulnerable"
            } else {
                "exchange-2019-patched"
            }
            .into(),
            service: Service::Https,
            source,
            destination: "192.0.2.10:443".parse().unwrap(),
            proxy: None,
        };
        let client = (Arc::from(sensor), Arc::new(connection));
        self.of(&client, time, Saw::ConnectionOpened {});
        let ja3 = if ja4.starts_with("t13") {
            "cd08e31494f9531f560d64c695473da9"
        } else {
            ja4
        };
        self.of(
            &client,
            time,
            Saw::TlsHello(Box::new(TlsHello {
                ja3: ja3.into(),
                ja4: ja4.into(),
                ..TlsHello::default()
            })),
        );
        client
    }

    pub fn visit(&mut self, source: &str, sensor: &str, time: Timestamp, path: &str, agent: &str) {
        let client = self.connect(source, sensor, time);
        self.of(
            &client,
            time,
            request(time, "GET", path, None, agent, 302, Vec::new()),
        );
        self.of(
            &client,
            time,
            Saw::ConnectionClosed {
                bytes_received: 300,
                bytes_sent: 1500,
                duration_ms: 80,
                requests: 1,
                reason: CloseReason::Client,
            },
        );
    }

    fn attack(
        &mut self,
        client: &Client,
        time: Timestamp,
        chain: &str,
        stage: &str,
        order: u32,
        succeeded: bool,
    ) {
        self.attack_at(
            client,
            time,
            (chain, stage, order, succeeded),
            "/autodiscover/autodiscover.json",
            "python-requests/2.28.1",
        );
    }

    fn attack_at(
        &mut self,
        client: &Client,
        time: Timestamp,
        (chain, stage, order, succeeded): (&str, &str, u32, bool),
        path: &str,
        agent: &str,
    ) {
        let cves: Vec<Arc<str>> = match chain {
            "ProxyShell" => vec!["CVE-2021-34473".into(), "CVE-2021-34523".into()],
            "ProxyLogon" => vec!["CVE-2021-26855".into()],
            _ => vec![HOSTILE.into()],
        };
        let techniques: Vec<Arc<str>> = match stage {
            "webshell" => vec!["T1190".into(), "T1505.003".into()],
            "exploit" => vec!["T1190".into(), HOSTILE.into()],
            _ => vec!["T1190".into()],
        };
        let detection = Detection {
            rule: format!(
                "00000000-0000-4000-8000-{:04x}{order:08}",
                chain.bytes().map(u32::from).sum::<u32>()
            )
            .into(),
            title: format!("{chain}: {stage}").into(),
            level: "high".into(),
            cves: cves.clone(),
            techniques: techniques.clone(),
            ordinary: false,
        };
        let query = format!(
            "@example.com/{stage}/?Email=autodiscover/autodiscover.json%3F@example.com&password={PASSWORD}"
        );
        let status = if succeeded { 200 } else { 401 };
        self.of(
            client,
            time,
            request(time, "POST", path, Some(&query), agent, status, vec![detection]),
        );
        self.of(
            client,
            time,
            Saw::StageReached(Stage {
                chain: chain.into(),
                stage: stage.into(),
                order,
                succeeded,
                cves,
                techniques,
            }),
        );
    }
}

fn request(
    time: Timestamp,
    method: &str,
    path: &str,
    query: Option<&str>,
    agent: &str,
    status: u16,
    detections: Vec<Detection>,
) -> Saw {
    let mut request = WebRequest::new(time, method, path);
    request.uri_query = query.map(Into::into);
    request.user_agent = Some(agent.into());
    request.status = Some(status);
    Saw::WebRequest(Box::new(ReceivedRequest {
        request,
        version: "HTTP/1.1".into(),
        head: Blob::default(),
        body: Content::default(),
        body_start: Blob::default(),
        win32_status: None,
        time_taken_ms: None,
        body_complete: true,
        detections,
    }))
}

fn logon(scheme: Scheme, user: &str, secret: &str, own_domain: bool) -> Saw {
    Saw::Credentials(Credentials {
        scheme,
        place: "/owa/auth.owa".into(),
        username: user.into(),
        domain: Some("CONTOSO".into()),
        secret: Some(Secret(secret.into())),
        own_domain,
    })
}

fn upload(name: &str) -> Saw {
    Saw::Upload {
        name: Some(name.into()),
        content: Content {
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            bytes: 1432,
            kept: 1432,
        },
        secrets: false,
    }
}

fn started() -> Saw {
    Saw::SensorStarted {
        version: "0.1.0".into(),
        listening: vec!["192.0.2.10:443".into()],
    }
}
