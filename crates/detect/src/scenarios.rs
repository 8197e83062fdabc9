//! Whole stories, from lines to findings, as golden files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::SignedDuration;

use crate::coverage::CoverageBook;
use crate::detector::{Detector, OwnScanner, Settings, SuspectTraffic};
use crate::model::{BuildSeen, FileCoverage, Findings, LogKind, ServerId, Span, Vantage, Verdict};
use crate::statements;
use crate::testing::{
    INDICATOR, Line, NORMAL, POWERSHELL, PROBE, SCANNER, SID, STRANGER, WEBSHELL, book, line, line_on, rules,
    servers,
};

const OWA: &str =
    "/autodiscover/autodiscover.json?@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org";
const MAPI: &str = "/autodiscover/autodiscover.json?@example.org/mapi/emsmdb/?=&Email=autodiscover/autodiscover.json%3F@example.org";
const RUN: &str = "/autodiscover/autodiscover.json?@example.org/powershell/?X-Rps-CAT=aW5lcnQ=&Email=autodiscover/autodiscover.json%3F@example.org";
const SHELL: &str = "/aspnet_client/check.aspx";

fn log(server: u32, kind: LogKind, source: &str, from: &str, to: &str) -> FileCoverage {
    let span = Span {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    FileCoverage {
        server: ServerId(server),
        kind,
        source: source.into(),
        file: format!("{server}/{source}").into(),
        bytes: 4096,
        lines: 20,
        span: Some(span),
        in_window: true,
        gaps: Vec::new(),
        clock_back: Vec::new(),
        days: (10..=13).map(|day| jiff::civil::date(2021, 8, day)).collect(),
        builds: Vec::new(),
    }
}

/// Front end, back end and proxy of each server from the 10th to the 13th, on `builds` (one a server).
fn covered(builds: &[&str]) -> CoverageBook {
    let (from, to) = ("2021-08-10T00:00:00Z", "2021-08-13T23:00:00Z");
    let mut coverage = CoverageBook::new(SignedDuration::from_hours(24));
    for (server, build) in (0..).zip(builds) {
        coverage.add(log(server, LogKind::Iis, "W3SVC1", from, to));
        coverage.add(log(server, LogKind::Iis, "W3SVC2", from, to));
        let mut proxy = log(server, LogKind::HttpProxy, "Autodiscover", from, to);
        proxy.builds = vec![BuildSeen {
            build: (*build).into(),
            name: None,
            span: proxy.span.unwrap(),
        }];
        coverage.add(proxy);
    }
    coverage
}

const OPEN: &str = "15.1.2176.9";
const FIXED: &str = "15.1.2308.14";

fn detector(settings: Settings, count: usize) -> Detector<'static> {
    Detector::with_book(book(&rules()), settings, servers(count))
}

fn run(
    settings: Settings,
    coverage: &CoverageBook,
    count: usize,
    complete: bool,
    lines: &[Line],
) -> Findings {
    let mut detector = detector(settings, count);
    for line in lines {
        detector.observe(&line.0);
    }
    let traffic: Vec<SuspectTraffic> = detector
        .suspects()
        .iter()
        .map(|suspect| SuspectTraffic {
            client: suspect.client,
            requests: 500,
            requests_per_hour_max: 120,
            bytes_sent: Some(1_000_000),
        })
        .collect();
    let findings = detector.finish(coverage, &traffic, complete);
    check(&findings);
    findings
}

/// Whatever the story: statements are listed ones, counts agree, and the whole is as bad as its worst part.
fn check(findings: &Findings) {
    let judgements = || {
        findings
            .servers
            .iter()
            .map(|server| &server.judgement)
            .chain([&findings.judgement])
    };
    let stated = judgements().flat_map(|one| one.reasons.iter().chain(&one.against).chain(&one.cannot_show));
    let normal = findings.normal.iter().map(|normal| &normal.why);
    for statement in stated.chain(&findings.advice).chain(normal) {
        let listed = statements::ALL
            .iter()
            .find(|(id, _)| *id == statement.id)
            .expect(statement.id);
        assert_eq!(
            statement.args.keys().copied().collect::<Vec<_>>(),
            listed.1,
            "{}",
            statement.id
        );
    }
    for attack in &findings.attacks {
        assert!(attack.verdict <= findings.judgement.verdict);
        for stage in &attack.stages {
            assert_eq!(stage.count, stage.outcomes.values().sum::<u64>());
        }
    }
    let worst = findings
        .servers
        .iter()
        .map(|server| server.judgement.verdict)
        .max();
    assert_eq!(worst.unwrap_or(Verdict::NoTrace), findings.judgement.verdict);
}

fn full_chain() -> Vec<Line> {
    vec![
        line("10:00:00", OWA, 302, &[PROBE]),
        line("10:01:00", MAPI, 200, &[SID]),
        line("10:02:00", RUN, 200, &[POWERSHELL]),
        line("10:02:01", RUN, 200, &[POWERSHELL]),
        line("10:05:00", SHELL, 404, &[WEBSHELL]),
        line("10:06:00", SHELL, 200, &[WEBSHELL]),
    ]
}

#[test]
fn attempted_only() {
    let lines = [
        line("09:00:00", OWA, 401, &[PROBE, SCANNER]),
        line("09:00:01", RUN, 404, &[POWERSHELL]),
        line("09:00:02", RUN, 500, &[POWERSHELL]),
        line("09:30:00", OWA, 400, &[PROBE]).from("198.51.100.23"),
        line("09:40:00", "/owa/?id=1", 200, &[STRANGER]).from("198.51.100.24"),
        line("11:00:00", "/", 200, &[SCANNER]).from("192.0.2.80"),
        line("11:00:00", "/mapi/nspi/?MailboxId=a", 200, &[NORMAL]).from("192.0.2.81"),
        line("12:00:00", "/owa/", 200, &[INDICATOR]).from("203.0.113.99"),
    ];
    insta::assert_json_snapshot!(run(Settings::default(), &covered(&[FIXED]), 1, true, &lines));
}

#[test]
fn probe_succeeded() {
    let lines = [
        line("10:00:00", OWA, 302, &[PROBE]),
        line("10:00:05", OWA, 302, &[PROBE]).with(|request| {
            request.server_port = Some(80);
        }),
    ];
    insta::assert_json_snapshot!(run(Settings::default(), &covered(&[OPEN]), 1, true, &lines));
}

#[test]
fn full_chain_on_one_server_and_refused_on_the_other() {
    let mut lines = full_chain();
    lines.push(line("10:07:00", OWA, 401, &[PROBE]).on(1));
    lines.push(line("10:08:00", RUN, 401, &[POWERSHELL]).on(1));
    insta::assert_json_snapshot!(run(
        Settings::default(),
        &covered(&[OPEN, FIXED]),
        2,
        true,
        &lines
    ));
}

#[test]
fn webshell_alone() {
    let lines = [
        line("10:00:00", "/owa/auth/logon.aspx", 200, &[WEBSHELL]),
        line("10:06:00", SHELL, 200, &[WEBSHELL]),
    ];
    insta::assert_json_snapshot!(run(Settings::default(), &covered(&[FIXED]), 1, true, &lines));
}

#[test]
fn webshell_handed_over_between_addresses() {
    let mut lines = full_chain();
    lines.truncate(4);
    lines.extend([
        line("11:00:00", SHELL, 404, &[WEBSHELL]).from("198.51.100.77"),
        line("12:00:00", SHELL, 200, &[WEBSHELL]).from("192.0.2.14"),
        line_on("2021-08-13", "22:00:00", SHELL, 200, &[WEBSHELL]).from("2001:db8::14"),
    ]);
    insta::assert_json_snapshot!(run(Settings::default(), &covered(&[OPEN]), 1, true, &lines));
}

#[test]
fn proxynotshell_with_a_user() {
    let user = |line: Line| line.with(|request| request.username = Some("EXAMPLE\\anna".into()));
    let lines = [
        line("10:00:00", OWA, 401, &[PROBE]),
        user(line("10:00:01", OWA, 302, &[PROBE])),
        user(line("10:02:00", MAPI, 200, &[SID])),
        user(line("10:02:10", RUN, 200, &[POWERSHELL])),
    ];
    insta::assert_json_snapshot!(run(Settings::default(), &covered(&[FIXED]), 1, true, &lines));
}

#[test]
fn back_end_only() {
    let back_end = |clock, url, status| line(clock, url, status, &[POWERSHELL]).at(Vantage::BackEnd);
    let lines = [
        back_end("10:02:00", "/powershell?X-Rps-CAT=aW5lcnQ=", 200).from("10.0.0.5"),
        back_end("10:02:09", "/powershell?X-Rps-CAT=aW5lcnQ=", 200).from("10.0.0.5"),
    ];
    let mut coverage = CoverageBook::new(SignedDuration::from_hours(24));
    coverage.add(log(
        0,
        LogKind::Iis,
        "W3SVC2",
        "2021-08-10T00:00:00Z",
        "2021-08-13T23:00:00Z",
    ));
    insta::assert_json_snapshot!(run(Settings::default(), &coverage, 1, true, &lines));
}

#[test]
fn own_scanner() {
    let settings = Settings {
        own_scanners: vec![
            OwnScanner::Network("192.0.2.0/24".parse().unwrap()),
            OwnScanner::UserAgent("Exposure Check".into()),
        ],
        ..Settings::default()
    };
    let lines = [
        line("10:00:00", OWA, 302, &[PROBE]).from("192.0.2.5"),
        line("10:00:01", RUN, 401, &[POWERSHELL]).from("192.0.2.5"),
        line("10:00:02", SHELL, 404, &[WEBSHELL]).from("192.0.2.5"),
        line("10:01:00", OWA, 401, &[PROBE])
            .with(|request| request.user_agent = Some("Exposure+Check/1".into())),
    ];
    insta::assert_json_snapshot!(run(settings, &covered(&[OPEN]), 1, true, &lines));
}

/// Anyone can send the scanner's user agent; a script that answers or PowerShell reached is no check.
#[test]
fn an_own_scanners_label_caps_nothing_beyond_a_probe() {
    let by_agent = OwnScanner::UserAgent("Exposure Check".into());
    let by_network = OwnScanner::Network("203.0.113.0/24".parse().unwrap());
    let agent = |line: Line| line.with(|request| request.user_agent = Some("Exposure+Check/1".into()));
    let cases = [
        (line("10:00:00", OWA, 302, &[PROBE]), Verdict::Vulnerable),
        (line("10:00:00", RUN, 200, &[POWERSHELL]), Verdict::Exploited),
        (line("10:00:00", SHELL, 200, &[WEBSHELL]), Verdict::Compromised),
    ];
    for (line, verdict) in cases {
        for own in [&by_agent, &by_network] {
            let settings = Settings {
                own_scanners: vec![own.clone()],
                ..Settings::default()
            };
            let findings = run(settings, &covered(&[OPEN]), 1, true, &[agent(line.clone())]);
            let server = &findings.servers[0].judgement;
            let attack = &findings.attacks[0];
            assert_eq!((server.verdict, attack.verdict), (verdict, verdict));
            let own = verdict == Verdict::Vulnerable;
            assert_eq!(attack.own_scanner.is_some(), own, "{verdict:?}");
            assert_eq!(server.window.first_attack.is_none(), own, "{verdict:?}");
            if verdict == Verdict::Compromised {
                assert_eq!(attack.webshells, [SHELL]);
                let told = |statement: &crate::Statement| statement.id == "reason-webshell-answered";
                assert!(server.reasons.iter().any(told));
            }
        }
    }
}

#[test]
fn coverage_incomplete() {
    let mut coverage = CoverageBook::new(SignedDuration::from_hours(24));
    let mut early = log(
        0,
        LogKind::Iis,
        "W3SVC1",
        "2021-08-10T00:00:00Z",
        "2021-08-10T23:00:00Z",
    );
    let mut late = log(
        0,
        LogKind::Iis,
        "W3SVC1",
        "2021-08-13T00:00:00Z",
        "2021-08-13T23:00:00Z",
    );
    early.days.truncate(1);
    late.days.drain(..3);
    coverage.add(late);
    coverage.add(early);
    insta::assert_json_snapshot!(run(Settings::default(), &coverage, 2, false, &[]));
}

/// One request each in the front end's, the proxy's and the back end's log.
#[test]
fn a_request_that_three_logs_saw_counts_once() {
    let seen = |clock: &str, url, behind, rule, status| {
        [
            line(clock, url, status, &[rule]),
            line(clock, url, status, &[rule])
                .at(Vantage::Proxy)
                .with(|request| {
                    request.backend_status = Some(200);
                    request.build = Some([15, 1, 2176, 9]);
                }),
            line(clock, behind, status, &[rule])
                .at(Vantage::BackEnd)
                .from("10.0.0.5"),
        ]
    };
    let mut lines = Vec::new();
    lines.extend(seen(
        "10:00:00",
        MAPI,
        "/mapi/emsmdb/?=&Email=autodiscover",
        SID,
        200,
    ));
    lines.extend(seen(
        "10:00:01",
        RUN,
        "/powershell?X-Rps-CAT=aW5lcnQ=",
        POWERSHELL,
        200,
    ));
    lines.extend(seen(
        "10:00:02",
        RUN,
        "/powershell?X-Rps-CAT=aW5lcnQ=",
        POWERSHELL,
        200,
    ));
    let findings = run(Settings::default(), &covered(&[OPEN]), 1, true, &lines);
    assert_eq!(findings.attacks.len(), 1);
    let attack = &findings.attacks[0];
    assert_eq!(attack.client.as_deref(), Some("203.0.113.7"));
    let counts: Vec<_> = attack
        .stages
        .iter()
        .map(|stage| (stage.name.as_str(), stage.count))
        .collect();
    assert_eq!(counts, [("sid", 1), ("powershell", 2)]);
    assert_eq!(attack.evidence.len(), 9);
    assert_eq!(attack.cves, ["CVE-2021-34473", "CVE-2021-34523"]);
}

#[test]
fn the_findings_do_not_depend_on_the_run() {
    let lines = full_chain();
    let once = || run(Settings::default(), &covered(&[OPEN]), 1, true, &lines);
    assert_eq!(once(), once());
}
