#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;
use std::time::Instant;

use imker_event::{Blob, Content, SensorEvent, Text};
use imker_spool::{Options, Spool};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::connection::Sessions;
use crate::http::{Header, Version};
use crate::resume::resume;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::built_in().unwrap());

const BUILD_OPEN: [u16; 4] = [15, 1, 2176, 9];
const BUILD_FIXED: [u16; 4] = [15, 1, 2507, 9];

fn request(method: &str, url: &str, status: u16) -> WebRequest {
    let (stem, query) = url.split_once('?').unwrap_or((url, ""));
    let mut request = WebRequest::new("2021-08-12T10:15:00Z".parse().unwrap(), method, stem);
    request.uri_query = (!query.is_empty()).then(|| query.into());
    request.status = Some(status);
    request.user_agent = Some("Mozilla/5.0 (X11; Linux x86_64)".into());
    request.client = Some("203.0.113.7".parse().unwrap());
    request.server_address = Some("192.0.2.10".parse().unwrap());
    request.server_port = Some(8443);
    request
}

fn connection(session: &str, service: Service) -> Connection {
    Connection {
        id: "c".into(),
        session: session.into(),
        host: "ex01".into(),
        persona: "test".into(),
        service,
        source: "203.0.113.7:50000".parse().unwrap(),
        destination: "192.0.2.10:8443".parse().unwrap(),
        proxy: None,
    }
}

fn received(request: WebRequest) -> ReceivedRequest {
    ReceivedRequest {
        request,
        version: "HTTP/1.1".into(),
        head: Blob::default(),
        body: Content::default(),
        body_start: Blob::default(),
        win32_status: None,
        time_taken_ms: None,
        body_complete: true,
        detections: Vec::new(),
    }
}

fn raw(headers: &[(&str, &str)]) -> Request {
    let headers = headers.iter().map(|(name, value)| Header {
        name: (*name).into(),
        value: (*value).into(),
    });
    Request {
        version: Version::Http11,
        method: b"GET".to_vec(),
        target: b"/".to_vec(),
        path: b"/".to_vec(),
        query: None,
        headers: headers.collect(),
        head: Vec::new(),
        body: Vec::new(),
        content: Content::default(),
        complete: true,
    }
}

const OWA: &str = "/autodiscover/autodiscover.json?@test.example/owa/?&Email=autodiscover/autodiscover.json%3F@test.example";
const NSPI: &str = "/autodiscover/autodiscover.json?@test.example/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@test.example";
const POWERSHELL: &str = "/autodiscover/autodiscover.json?@test.example/powershell/?X-Rps-CAT=aW5lcnQ=&Email=autodiscover/autodiscover.json%3F@test.example";

/// `chain stage succeeded cves` of a request.
fn stage(request: &WebRequest, service: Service) -> String {
    let matches = ENGINE.matches(request, None);
    match ENGINE.stage(&matches, request, service) {
        Some(stage) => format!(
            "{} {} {} {}",
            stage.chain,
            stage.stage,
            stage.succeeded,
            stage.cves.join(" ")
        ),
        None => "none".to_owned(),
    }
}

#[test]
fn stages_are_told_as_a_hunt_tells_them() {
    let told: Vec<String> = [
        ("GET", OWA, 302, BUILD_OPEN, Service::Https),
        ("GET", OWA, 302, BUILD_OPEN, Service::Http),
        ("GET", OWA, 401, BUILD_FIXED, Service::Https),
        ("GET", NSPI, 200, BUILD_OPEN, Service::Https),
        ("POST", POWERSHELL, 200, BUILD_OPEN, Service::Https),
        ("POST", POWERSHELL, 401, BUILD_FIXED, Service::Https),
        (
            "POST",
            "/owa/a%40example.org/powershell",
            200,
            BUILD_OPEN,
            Service::Https,
        ),
        ("POST", "/ecp/y.js", 200, BUILD_OPEN, Service::Https),
        (
            "GET",
            "/aspnet_client/check.aspx",
            404,
            BUILD_OPEN,
            Service::Https,
        ),
        (
            "GET",
            "/owa/auth/logon.aspx?url=https%3a%2f%2fh%2fowa%2f&reason=0",
            200,
            BUILD_OPEN,
            Service::Https,
        ),
        (
            "POST",
            "/mapi/nspi/?MailboxId=0b1c2d3e-0000-4000-8000-00000000000a@example.org",
            401,
            BUILD_OPEN,
            Service::Https,
        ),
        ("GET", "/", 302, BUILD_OPEN, Service::Https),
    ]
    .into_iter()
    .map(|(method, url, status, build, service)| {
        let mut request = request(method, url, status);
        request.build = Some(build);
        let build = build.map(|part| part.to_string()).join(".");
        format!(
            "{method} {url} {status} {build}\n    {}",
            stage(&request, service)
        )
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn detections_name_rule_level_cves_and_techniques() {
    let matches = ENGINE.matches(&request("GET", NSPI, 200), None);
    insta::assert_debug_snapshot!(ENGINE.detections(&matches));
    let ordinary = request(
        "POST",
        "/mapi/nspi/?MailboxId=0b1c2d3e-0000-4000-8000-00000000000a@example.org",
        401,
    );
    let detections = ENGINE.detections(&ENGINE.matches(&ordinary, None));
    assert!(
        !detections.is_empty() && detections.iter().all(|detection| detection.ordinary),
        "{detections:?}"
    );
}

#[test]
fn a_stage_is_reached_once_a_session() {
    let engine = Engine::built_in().unwrap();
    let look = |session: &str, url: &str, status: u16| {
        let mut received = received(request("GET", url, status));
        let saw = engine.look(&connection(session, Service::Https), &raw(&[]), &mut received);
        assert!(!received.detections.is_empty());
        saw.len()
    };
    assert_eq!(look("s1", OWA, 401), 1);
    assert_eq!(look("s1", OWA, 401), 0);
    assert_eq!(look("s1", OWA, 302), 1);
    assert_eq!(look("s1", NSPI, 200), 0, "the same stage");
    assert_eq!(look("s2", NSPI, 200), 1);
}

#[test]
fn each_client_behind_a_proxy_reaches_a_stage_of_its_own() {
    let engine = Engine::built_in().unwrap();
    let proxy = connection("s", Service::Https);
    let look = |client: &str| {
        let mut received = received(request("GET", OWA, 302));
        received.request.client = Some(client.parse().unwrap());
        engine.look(&proxy, &raw(&[]), &mut received).len()
    };
    let clients = ["198.51.100.1", "198.51.100.2", "198.51.100.1", "203.0.113.7"];
    assert_eq!(clients.map(look), [1, 1, 0, 1]);
}

#[test]
fn a_stage_told_of_a_client_behind_a_proxy_is_not_told_again_after_a_restart() {
    let proxy = connection("s", Service::Https);
    let [told, another] = ["198.51.100.1", "198.51.100.2"].map(|client| {
        let mut received = received(request("GET", OWA, 302));
        received.request.client = Some(client.parse().unwrap());
        received
    });
    let look = |engine: &Engine, received: &ReceivedRequest| {
        let mut received = received.clone();
        let saw = engine.look(&proxy, &raw(&[]), &mut received);
        (saw, received)
    };
    let (stage, recorded) = look(&Engine::built_in().unwrap(), &told);
    assert_eq!(stage.len(), 1);
    let batch = [Saw::WebRequest(Box::new(recorded))].into_iter().chain(stage);
    let batch = batch.map(|saw| {
        let event = SensorEvent {
            time: Timestamp::now(),
            sensor: "sensor".into(),
            connection: Some(Arc::new(proxy.clone())),
            request: Some(1),
            saw,
        };
        serde_json::to_vec(&event).unwrap()
    });
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(&dir.path().join("spool"), Options::default(), |_| Vec::new()).unwrap();
    spool.append(batch.collect()).wait().unwrap();

    let engine = Engine::built_in().unwrap();
    resume(&spool, &Sessions::default(), &engine);
    let again = [&told, &another].map(|received| look(&engine, received).0.len());
    assert_eq!(again, [0, 1]);
}

#[test]
fn the_personas_build_tells_which_flaw_was_meant() {
    for (build, chain, cve) in [
        (BUILD_OPEN, "ProxyShell", "CVE-2021-34473"),
        (BUILD_FIXED, "ProxyNotShell", "CVE-2022-41040"),
    ] {
        let engine = Engine::built_in()
            .unwrap()
            .knowing([("test".into(), Build(build))]);
        let mut received = received(request("GET", NSPI, 200));
        let saw = engine.look(&connection("s", Service::Https), &raw(&[]), &mut received);
        let [Saw::StageReached(stage)] = &saw[..] else {
            panic!("{saw:?}")
        };
        assert_eq!((&*stage.chain, &*stage.cves[0]), (chain, cve));
        assert_eq!(received.request.build, Some(build));
    }
}

#[test]
fn rules_of_the_operator_see_what_iis_logs_on_demand_only() {
    let rule = "
title: Cookie
logsource:
  category: webserver
detection:
  sent:
    cs-cookie|contains: 'X-BEResource='
    cs-host: mail.example.org
    X-Forwarded-For|contains: '198.51.100.4'
  condition: sent
";
    let mut builder = RuleSetBuilder::new();
    builder.add_yaml(rule, "rule.yml", Origin::User).unwrap();
    let engine = Engine::new(builder.build().unwrap());
    let mut request = request("GET", "/owa/auth/x.js", 200);
    request.host = Some("mail.example.org".into());
    request.forwarded_for = Some("198.51.100.4, 192.0.2.1".into());
    let headers = raw(&[("cookie", "a=b"), ("Cookie", "X-BEResource=localhost~1")]);
    assert!(!engine.matches(&request, Some(&headers)).is_empty());
    assert!(engine.matches(&request, None).is_empty());
}

/// What an ordinary request costs; the figure is printed, the limit is generous for slow machines and debug builds.
#[test]
fn an_ordinary_request_costs_little() {
    const ROUNDS: u32 = 2000;
    let ordinary: Vec<WebRequest> = [
        (
            "GET",
            "/owa/auth/logon.aspx?url=https%3a%2f%2fmail.example.org%2fowa%2f&reason=0",
            200,
        ),
        ("POST", "/EWS/Exchange.asmx", 401),
        ("GET", "/favicon.ico", 404),
        (
            "POST",
            "/Microsoft-Server-ActiveSync?Cmd=Sync&User=anna&DeviceId=A1&DeviceType=iPhone",
            401,
        ),
    ]
    .map(|(method, url, status)| request(method, url, status))
    .into();
    let headers = raw(&[("Host", "mail.example.org"), ("Accept", "*/*")]);
    let engine = &*ENGINE;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        for request in &ordinary {
            let _ = engine.detections(&engine.matches(request, Some(&headers)));
        }
    }
    let each = start.elapsed() / (ROUNDS * ordinary.len() as u32);
    // Shown by `cargo test -- --nocapture`.
    std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("detection: {each:?} a request\n").as_bytes(),
    )
    .unwrap();
    assert!(each.as_micros() < 1000, "{each:?}");
}

fn hostile() -> impl Strategy<Value = Text> {
    prop_oneof![
        any::<String>(),
        Just("-".to_owned()),
        Just("a b\r\nc\0\t#".to_owned()),
        "/autodiscover/autodiscover\\.json\\?@[a-z]{1,3}/(owa|powershell)/ ?"
    ]
    .prop_map(|text| Text::from(&*text))
}

proptest! {
    #[test]
    fn a_line_has_its_columns_whatever_was_sent(
        method in hostile(), stem in hostile(), query in hostile(), agent in hostile(), host in hostile(),
        cookie: Vec<u8>,
    ) {
        let mut request = WebRequest::new(Timestamp::UNIX_EPOCH, method.as_str(), stem.as_str());
        (request.uri_query, request.user_agent, request.host) = (Some(query), Some(agent), Some(host));
        let mut headers = raw(&[]);
        headers.headers.push(Header { name: b"COOKIE".to_vec(), value: cookie });
        let line = line::of(&request, &Headers::of(&request, Some(&headers)));
        prop_assert_eq!(line::values(&line).count(), line::names().count());
        prop_assert!(line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{:?}", line);

        // The prefilter loses nothing that the rules would match.
        let columns = Columns::new(Format::W3c, line::names());
        let values: Vec<&[u8]> = line::values(&line).collect();
        let row = Row { line: line.as_bytes(), values: &values };
        prop_assert_eq!(ENGINE.matches(&request, Some(&headers)).0, ENGINE.rules.matches(&columns, row));
    }
}
