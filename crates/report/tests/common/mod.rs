//! A report of made-up findings, hostile strings included, that every output is shown with.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used)]

mod matches;

use std::collections::BTreeMap;

use imker_detect::*;
use imker_hunt::{Exposure, InputFile, Unread, UnreadReason};
use imker_report::{HuntReport, RuleCounts, UnansweredRule};
use imker_sigma::{Level, Origin};
use jiff::Timestamp;
pub use matches::{hostile_sighting, rules, sightings};

/// What an attacker might write into a log: terminal sequences, markup, formulas, reordering.
pub const HOSTILE: &str =
    "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>=cmd|' /C calc'!A0\u{202e}gnp\u{200b}\u{9b}31m";

pub fn time(text: &str) -> Timestamp {
    format!("{}Z", text.replace(' ', "T")).parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span {
        from: time(from),
        to: time(to),
    }
}

fn statement(id: &'static str, args: &[(&'static str, &str)]) -> Statement {
    args.iter().fold(Statement::new(id), |statement, (name, value)| {
        statement.with(name, value)
    })
}

pub fn rule(number: u32, title: &str, level: Level) -> RuleNamed {
    RuleNamed {
        id: format!("00000000-0000-4000-8000-{number:012}"),
        title: title.to_owned(),
        author: (number != 4).then(|| "Imker contributors".to_owned()),
        level,
        origin: if number == 9 {
            Origin::User
        } else {
            Origin::BuiltIn
        },
        source: format!("rules/sigma/rule-{number}.yml"),
    }
}

fn rule_probe() -> RuleNamed {
    rule(1, "ProxyShell probe through Autodiscover", Level::High)
}

fn rule_powershell() -> RuleNamed {
    rule(
        2,
        "ProxyShell remote PowerShell through Autodiscover",
        Level::Critical,
    )
}

fn rule_webshell() -> RuleNamed {
    rule(
        3,
        "Script outside the product below aspnet_client",
        Level::Critical,
    )
}

fn evidence(
    line: u64,
    at: &str,
    stage: &str,
    outcome: Outcome,
    status: u16,
    rule: &RuleNamed,
    text: &str,
) -> Evidence {
    Evidence {
        place: Place {
            file: "logs/EX01/W3SVC1/u_ex210812.log".into(),
            line,
            offset: line * 312,
        },
        time: time(at),
        server: "EX01".to_owned(),
        vantage: Vantage::FrontEnd,
        client: Some("203.0.113.7".to_owned()),
        stage: stage.to_owned(),
        outcome,
        status: Some(status),
        rules: vec![rule.id.clone()],
        line: text.into(),
    }
}

fn stage(name: &str, outcome: Outcome, count: u64, from: &str, to: &str, rules: Vec<RuleNamed>) -> Stage {
    Stage {
        name: name.to_owned(),
        outcome,
        count,
        outcomes: BTreeMap::from([(outcome, count)]),
        first: time(from),
        last: time(to),
        first_success: (outcome == Outcome::Succeeded).then(|| time(from)),
        rules,
    }
}

fn proxyshell() -> Attack {
    let line = "2021-08-12 04:12:33 10.0.0.5 GET /autodiscover/autodiscover.json @example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@example.org 443 - 203.0.113.7 python-requests/2.25.1 - 200 0 0 187";
    let shell = "2021-08-12 04:31:02 10.0.0.5 POST /aspnet_client/example.aspx - 443 - 198.51.100.23 Mozilla/5.0 - 200 0 0 93";
    Attack {
        number: 1,
        chain: "ProxyShell".to_owned(),
        client: Some("203.0.113.7".to_owned()),
        clients: vec!["203.0.113.7".to_owned(), "198.51.100.23".to_owned()],
        clients_not_listed: 4,
        own_scanner: None,
        servers: vec!["EX01".to_owned()],
        outcome: Outcome::Succeeded,
        verdict: Verdict::Compromised,
        first: time("2021-08-12 04:12:33"),
        last: time("2021-08-12 05:02:10"),
        stages: vec![
            stage(
                "probe",
                Outcome::Succeeded,
                3,
                "2021-08-12 04:12:33",
                "2021-08-12 04:12:40",
                vec![rule_probe()],
            ),
            stage(
                "mailbox_access",
                Outcome::Succeeded,
                2,
                "2021-08-12 04:13:02",
                "2021-08-12 04:13:05",
                vec![rule_probe()],
            ),
            stage(
                "powershell",
                Outcome::Unclear,
                41,
                "2021-08-12 04:13:09",
                "2021-08-12 04:14:50",
                vec![rule_powershell()],
            ),
            stage(
                "webshell",
                Outcome::Succeeded,
                1_204,
                "2021-08-12 04:31:02",
                "2021-08-12 05:02:10",
                vec![rule_webshell()],
            ),
        ],
        cves: vec![
            "CVE-2021-34473".to_owned(),
            "CVE-2021-34523".to_owned(),
            "CVE-2021-31207".to_owned(),
        ],
        techniques: vec!["T1190".to_owned(), "T1505.003".to_owned()],
        webshells: vec!["/aspnet_client/example.aspx".to_owned()],
        evidence: vec![
            evidence(
                1042,
                "2021-08-12 04:12:33",
                "probe",
                Outcome::Succeeded,
                200,
                &rule_probe(),
                line,
            ),
            Evidence {
                client: Some("198.51.100.23".to_owned()),
                ..evidence(
                    1311,
                    "2021-08-12 04:31:02",
                    "webshell",
                    Outcome::Succeeded,
                    200,
                    &rule_webshell(),
                    shell,
                )
            },
        ],
        bytes_sent_after_success: Some(48_231_004),
        requests_per_hour_max: Some(1_187),
    }
}

fn refused() -> Attack {
    let mut hostile = evidence(
        77,
        "2021-08-11 22:01:00",
        "probe",
        Outcome::Refused,
        401,
        &rule_probe(),
        HOSTILE,
    );
    hostile.server = "EX02".to_owned();
    hostile.place.file = format!("logs/EX02.zip!{HOSTILE}.log").into();
    hostile.client = Some("2001:db8::bad".to_owned());
    Attack {
        number: 2,
        client: Some("2001:db8::bad".to_owned()),
        clients: vec!["2001:db8::bad".to_owned()],
        clients_not_listed: 0,
        own_scanner: Some(format!("Pentest {HOSTILE}")),
        servers: vec!["EX02".to_owned()],
        outcome: Outcome::Refused,
        verdict: Verdict::Attempted,
        first: time("2021-08-11 22:01:00"),
        last: time("2021-08-13 23:40:00"),
        stages: vec![stage(
            "probe",
            Outcome::Refused,
            7,
            "2021-08-11 22:01:00",
            "2021-08-13 23:40:00",
            vec![rule_probe()],
        )],
        cves: vec!["CVE-2021-34473".to_owned()],
        webshells: vec![format!("/aspnet_client/{HOSTILE}.aspx")],
        evidence: vec![hostile],
        bytes_sent_after_success: None,
        requests_per_hour_max: None,
        ..proxyshell()
    }
}

fn build(build: &str, name: Option<&str>, from: &str, to: &str) -> BuildSeen {
    BuildSeen {
        build: build.to_owned(),
        name: name.map(str::to_owned),
        span: span(from, to),
    }
}

fn coverage(kind: LogKind, source: &str, from: &str, to: &str) -> Coverage {
    Coverage {
        kind,
        source: source.to_owned(),
        files: 14,
        files_in_window: 14,
        bytes: 48_300_112,
        lines: 143_000,
        first: Some(time(from)),
        last: Some(time(to)),
        days_without_events: Vec::new(),
        gaps: Vec::new(),
        overlaps: Vec::new(),
        clock_back: Vec::new(),
        not_listed: 0,
    }
}

fn coverage_with_holes() -> Coverage {
    Coverage {
        days_without_events: ["2021-08-05", "2021-08-06", "2021-08-09"]
            .iter()
            .map(|day| day.parse().unwrap())
            .collect(),
        gaps: vec![span("2021-08-04 21:10:00", "2021-08-07 05:30:00")],
        overlaps: vec![Overlap {
            files: ["logs/a.log".into(), format!("logs/{HOSTILE}.log").into()],
            span: span("2021-08-10 00:00:00", "2021-08-10 11:00:00"),
        }],
        clock_back: vec![ClockBack {
            place: Place {
                file: "logs/EX02/u_ex210811.log".into(),
                line: 991,
                offset: 201_330,
            },
            from: time("2021-08-11 03:00:00"),
            to: time("2021-08-11 02:00:01"),
        }],
        not_listed: 2,
        ..coverage(
            LogKind::Iis,
            "W3SVC1",
            "2021-08-01 00:00:04",
            "2021-08-14 23:59:58",
        )
    }
}

fn compromised() -> Judgement {
    Judgement {
        verdict: Verdict::Compromised,
        confidence: Confidence::High,
        reasons: REASONS.iter().map(|(id, args)| statement(id, args)).collect(),
        against: AGAINST.iter().map(|(id, args)| statement(id, args)).collect(),
        cannot_show: CANNOT_SHOW.iter().map(|(id, args)| statement(id, args)).collect(),
        window: Window {
            vulnerable_from: Some(time("2021-08-12 04:12:33")),
            vulnerable_to: Some(time("2021-08-12 05:02:10")),
            build_without_fix: Some(build(
                "15.1.2176.9",
                Some("Exchange 2016 CU19 Mar21SU"),
                "2021-08-01 00:00:10",
                "2021-08-13 02:11:00",
            )),
            build_with_fix: Some(build(
                "15.1.2308.14",
                None,
                "2021-08-13 03:05:00",
                "2021-08-14 23:59:00",
            )),
            first_attack: Some(time("2021-08-12 04:12:33")),
            first_success: Some(time("2021-08-12 04:12:33")),
            last_activity: Some(time("2021-08-12 05:02:10")),
            no_data_before: Some(time("2021-08-01 00:00:03")),
        },
    }
}

type Sentences = &'static [(&'static str, &'static [(&'static str, &'static str)])];

const REASONS: Sentences = &[
    (
        "reason-webshell-answered",
        &[("server", "EX01"), ("path", "/aspnet_client/example.aspx")],
    ),
    ("reason-webshell-after-exploit", &[("server", "EX01")]),
    (
        "reason-mailbox-access-succeeded",
        &[
            ("chain", "ProxyShell"),
            ("count", "2"),
            ("server", "EX01"),
            ("time", "2021-08-12T04:13:02Z"),
        ],
    ),
    (
        "reason-probe-succeeded",
        &[
            ("chain", "ProxyShell"),
            ("count", "3"),
            ("server", "EX01"),
            ("time", "2021-08-12T04:12:33Z"),
        ],
    ),
    ("reason-unclear", &[("count", "41"), ("server", "EX01")]),
];
const AGAINST: Sentences = &[("against-back-end-status", &[("count", "1"), ("server", "EX01")])];
const CANNOT_SHOW: Sentences = &[
    (
        "cannot-show-before",
        &[("server", "EX01"), ("time", "2021-08-01T00:00:03Z")],
    ),
    ("cannot-show-bodies", &[]),
];
const ADVICE: Sentences = &[
    ("advice-isolate", &[("servers", "EX01")]),
    ("advice-preserve", &[("servers", "EX01")]),
    ("advice-note-awareness", &[]),
    (
        "advice-remove-webshells",
        &[("paths", "/aspnet_client/example.aspx")],
    ),
    (
        "advice-patch",
        &[("cves", "CVE-2021-34473, CVE-2021-34523"), ("kbs", "KB5001779")],
    ),
    ("advice-extend-logs", &[]),
];

fn servers() -> Vec<ServerFindings> {
    let attempted = Judgement {
        verdict: Verdict::Attempted,
        confidence: Confidence::Medium,
        reasons: vec![statement(
            "reason-none-succeeded",
            &[("filtered", "0"), ("refused", "7"), ("server", "EX02")],
        )],
        against: Vec::new(),
        cannot_show: vec![statement(
            "cannot-show-gaps",
            &[("count", "2"), ("server", HOSTILE)],
        )],
        window: Window {
            first_attack: Some(time("2021-08-11 22:01:00")),
            last_activity: Some(time("2021-08-13 23:40:00")),
            no_data_before: Some(time("2021-08-01 00:00:04")),
            ..Window::default()
        },
    };
    vec![
        ServerFindings {
            name: "EX01".to_owned(),
            judgement: compromised(),
            coverage: vec![
                coverage(
                    LogKind::Iis,
                    "W3SVC1",
                    "2021-08-01 00:00:03",
                    "2021-08-14 23:59:59",
                ),
                coverage(
                    LogKind::Iis,
                    "W3SVC2",
                    "2021-08-01 00:00:05",
                    "2021-08-14 23:59:40",
                ),
                coverage(
                    LogKind::HttpProxy,
                    "Autodiscover",
                    "2021-08-10 00:01:00",
                    "2021-08-14 23:58:00",
                ),
            ],
            builds: vec![
                build(
                    "15.1.2176.9",
                    Some("Exchange 2016 CU19 Mar21SU"),
                    "2021-08-01 00:00:10",
                    "2021-08-13 02:11:00",
                ),
                build("15.1.2308.14", None, "2021-08-13 03:05:00", "2021-08-14 23:59:00"),
            ],
        },
        ServerFindings {
            name: "EX02".to_owned(),
            judgement: attempted,
            coverage: vec![
                coverage_with_holes(),
                Coverage {
                    files_in_window: 0,
                    first: None,
                    last: None,
                    ..coverage(LogKind::HttpErr, "", "2021-08-01 00:00:00", "2021-08-01 00:00:00")
                },
            ],
            builds: Vec::new(),
        },
    ]
}

fn findings() -> Findings {
    let scanner = rule(4, "Known scanner by user agent", Level::Low);
    let mut overall = compromised();
    overall
        .cannot_show
        .push(statement("cannot-show-own-check-by-user-agent", &[]));
    Findings {
        judgement: overall,
        servers: servers(),
        attacks: vec![proxyshell(), refused()],
        attacks_not_listed: 3,
        reconnaissance: vec![Reconnaissance {
            rule: scanner.clone(),
            client: Some("192.0.2.44".to_owned()),
            own_scanner: Some("vulnerability management".to_owned()),
            count: 12,
            span: span("2021-08-02 10:00:00", "2021-08-02 10:04:00"),
            example: evidence(
                12,
                "2021-08-02 10:00:00",
                "scan",
                Outcome::Refused,
                404,
                &scanner,
                "2021-08-02 10:00:00 10.0.0.5 GET /owa/ - 443 - 192.0.2.44 example-scanner - 404 0 0 3",
            ),
        }],
        indicators: vec![IndicatorSeen {
            indicator: "198.51.100.0/24".to_owned(),
            source: format!("iocs/{HOSTILE}.csv"),
            clients: vec!["198.51.100.23".to_owned()],
            count: 1_204,
            span: span("2021-08-12 04:31:02", "2021-08-12 05:02:10"),
            evidence: Vec::new(),
        }],
        normal: vec![NormalTraffic {
            rule: rule(5, "Outlook asks the address book", Level::Informational),
            count: 18_204,
            why: statement("normal-mapi-nspi", &[]),
        }],
        correlations_not_listed: 2,
        correlations: vec![CorrelationFired {
            rule: rule(9, "Many refused probes from one address", Level::Medium),
            group: BTreeMap::from([("c-ip".to_owned(), format!("2001:db8::bad {HOSTILE}"))]),
            count: 7,
            span: span("2021-08-11 22:01:00", "2021-08-13 23:40:00"),
        }],
        advice: ADVICE.iter().map(|(id, args)| statement(id, args)).collect(),
    }
}

pub fn report() -> HuntReport {
    HuntReport {
        schema: "imker-hunt/1",
        version: "0.1.0",
        created: time("2021-08-16 08:30:00"),
        paths: vec!["logs".to_owned()],
        findings: findings(),
        since: Some(time("2021-08-01 00:00:00")),
        until: None,
        complete: false,
        nothing_read: false,
        outside: 0,
        unread: vec![
            Unread {
                file: "logs/EX02/u_ex210807.log.gz".into(),
                offset: 1_048_576,
                reason: UnreadReason::Truncated,
                detail: Some("unexpected end of file".to_owned()),
            },
            Unread {
                file: format!("logs/{HOSTILE}.log").into(),
                offset: 0,
                reason: UnreadReason::NoFields,
                detail: Some(HOSTILE.to_owned()),
            },
        ],
        unread_not_listed: 0,
        set_aside: BTreeMap::from([("event log".to_owned(), 3), (format!("x{HOSTILE}"), 1)]),
        exposure: Some(vec![
            exposure("EX01", "Autodiscover", 1_820, 412, 99_120),
            exposure("EX01", "owa", 12_044, 3_120, 40_211),
            exposure("EX02", "PowerShell", 0, 18, 7_702),
        ]),
        unanswered_rules: vec![UnansweredRule {
            rule: rule(9, "Rule that needs the Referer", Level::Medium),
            kind: LogKind::HttpProxy,
            files: 14,
        }],
        rules: RuleCounts {
            built_in: 61,
            user: 1,
            set_aside: 2_950,
            refused: 1,
            indicators: 4,
        },
        inputs_not_listed: 1,
        inputs: vec![InputFile {
            file: "logs/EX01/W3SVC1/u_ex210812.log".into(),
            size: 3_211_004,
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
            modified: Some(time("2021-08-12 23:59:59")),
            created: None,
        }],
        files: 42,
        bytes: 145_200_336,
        lines: 429_000,
    }
}

fn exposure(server: &str, directory: &str, successful: u64, refused: u64, internal: u64) -> Exposure {
    Exposure {
        server: server.into(),
        virtual_directory: directory.to_owned(),
        public_successful: successful,
        public_refused: refused,
        internal,
    }
}
