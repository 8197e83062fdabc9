//! Which requests make one attack, shown from lines to findings.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::Ipv4Addr;

use imker_sigma::RuleIndex;
use jiff::SignedDuration;

use crate::coverage::CoverageBook;
use crate::detector::{Detector, OwnScanner, Settings};
use crate::model::{Findings, OrdinaryCount, Outcome, ServerId, Vantage, Verdict};
use crate::testing::{
    Line, NORMAL, POWERSHELL, PROBE, SCANNER, STRANGER, WEBSHELL, book, line, line_on, rules, servers,
};

const OWA: &str = "/autodiscover/autodiscover.json?@example.org/owa/?&Email=a";
const RUN: &str = "/autodiscover/autodiscover.json?@example.org/powershell/?X-Rps-CAT=aW5lcnQ=";
const SHELL: &str = "/aspnet_client/check.aspx";

fn run(settings: Settings, lines: impl IntoIterator<Item = Line>) -> Findings {
    let mut detector = Detector::with_book(book(&rules()), settings, servers(3));
    for line in lines {
        detector.observe(&line.0);
    }
    detector.finish(&CoverageBook::new(SignedDuration::from_hours(24)), &[], true)
}

/// Each attack's chain, clients and number of requests, in order of time.
fn attacks(lines: impl IntoIterator<Item = Line>) -> Vec<String> {
    let mut attacks = run(Settings::default(), lines).attacks;
    attacks.sort_by_key(|attack| attack.first);
    let told = attacks.iter().map(|attack| {
        let count: u64 = attack.stages.iter().map(|stage| stage.count).sum();
        format!("{} {} x{count}", attack.chain, attack.clients.join("+"))
    });
    told.collect()
}

fn day(day: u32, clock: &str, url: &str, status: u16, rule: u32) -> Line {
    line_on(&format!("2021-08-{day:02}"), clock, url, status, &[rule])
}

#[test]
fn a_client_that_rests_for_a_day_begins_anew() {
    let lines = [
        day(10, "10:00:00", OWA, 401, PROBE),
        day(11, "10:00:00", OWA, 401, PROBE),
        day(12, "10:00:01", OWA, 401, PROBE),
    ];
    assert_eq!(
        attacks(lines),
        ["ProxyShell 203.0.113.7 x2", "ProxyShell 203.0.113.7 x1"]
    );
}

#[test]
fn clients_and_chains_are_kept_apart_and_servers_are_not() {
    let lines = [
        line("10:00:00", OWA, 401, &[PROBE]),
        line("10:00:01", OWA, 401, &[PROBE]).from("198.51.100.1"),
        line("10:00:02", "/x?id=1", 404, &[STRANGER]),
        line("10:00:03", OWA, 401, &[PROBE]).on(1),
    ];
    assert_eq!(
        attacks(lines),
        [
            "ProxyShell 203.0.113.7 x2",
            "ProxyShell 198.51.100.1 x1",
            "Generic 203.0.113.7 x1"
        ]
    );
}

#[test]
fn a_webshell_follows_the_attack_that_brought_it() {
    let exploit = || line("10:00:00", RUN, 200, &[POWERSHELL]);
    let shell = |clock, status, client| line(clock, SHELL, status, &[WEBSHELL]).from(client);
    // Another address, soon after.
    assert_eq!(
        attacks([exploit(), shell("11:00:00", 200, "198.51.100.1")]),
        ["ProxyShell 203.0.113.7+198.51.100.1 x2"]
    );
    // A search for webshells is no use of one.
    assert_eq!(
        attacks([exploit(), shell("11:00:00", 404, "198.51.100.1")]),
        ["ProxyShell 203.0.113.7 x1", "Webshell 198.51.100.1 x1"]
    );
    // The attacker's own waiting for it is.
    assert_eq!(
        attacks([exploit(), shell("10:01:00", 404, "203.0.113.7")]),
        ["ProxyShell 203.0.113.7 x2"]
    );
    // Another server's script is another matter.
    assert_eq!(
        attacks([exploit(), shell("11:00:00", 200, "198.51.100.1").on(1)]),
        ["ProxyShell 203.0.113.7 x1", "Webshell 198.51.100.1 x1"]
    );
}

#[test]
fn long_after_an_exploit_only_a_script_that_was_missing_before_is_linked() {
    let exploit = day(10, "10:00:00", RUN, 200, POWERSHELL);
    let missing = day(9, "10:00:00", SHELL, 404, WEBSHELL).from("192.0.2.9");
    let late = day(20, "10:00:00", SHELL, 200, WEBSHELL).from("198.51.100.1");
    assert_eq!(
        attacks([exploit.clone(), late.clone()]),
        ["ProxyShell 203.0.113.7 x1", "Webshell 198.51.100.1 x1"]
    );
    assert_eq!(
        attacks([missing, exploit, late]),
        ["Webshell 192.0.2.9 x1", "ProxyShell 203.0.113.7+198.51.100.1 x2"]
    );
}

#[test]
fn one_clients_use_of_a_webshell_is_never_split() {
    let exploit = || day(10, "10:00:00", RUN, 200, POWERSHELL);
    let shell = |on, clock, status| day(on, clock, SHELL, status, WEBSHELL).from("198.51.100.1");
    // It asked too early, and again when another had brought the script.
    assert_eq!(
        attacks([shell(10, "09:00:00", 404), exploit(), shell(10, "11:00:00", 200)]),
        ["ProxyShell 203.0.113.7+198.51.100.1 x3"]
    );
    assert_eq!(
        attacks([
            shell(9, "09:00:00", 404),
            exploit(),
            shell(15, "11:00:00", 200),
            shell(15, "12:00:00", 200)
        ]),
        ["ProxyShell 203.0.113.7+198.51.100.1 x4"]
    );
    // A third has used it meanwhile.
    let third = day(10, "10:30:00", SHELL, 200, WEBSHELL).from("192.0.2.5");
    assert_eq!(
        attacks([
            shell(10, "09:00:00", 404),
            exploit(),
            third,
            shell(10, "11:00:00", 404)
        ]),
        ["ProxyShell 203.0.113.7+192.0.2.5+198.51.100.1 x4"]
    );
    // On another server it is another matter.
    assert_eq!(
        attacks([
            shell(10, "09:00:00", 404).on(1),
            exploit(),
            shell(10, "11:00:00", 200)
        ]),
        [
            "Webshell 198.51.100.1 x1",
            "ProxyShell 203.0.113.7+198.51.100.1 x2"
        ]
    );
    // Who exploited the server itself keeps its own attack.
    let own = day(10, "08:00:00", RUN, 200, POWERSHELL).from("198.51.100.1");
    assert_eq!(
        attacks([
            own,
            shell(10, "09:00:00", 404),
            exploit(),
            shell(10, "11:00:00", 200)
        ]),
        ["ProxyShell 198.51.100.1 x3", "ProxyShell 203.0.113.7 x1"]
    );
}

#[test]
fn an_attack_that_joins_another_brings_all_that_was_counted() {
    let shell = |clock, status| line(clock, SHELL, status, &[WEBSHELL]).from("198.51.100.1");
    let findings = run(
        Settings::default(),
        [
            shell("09:00:00", 404),
            shell("09:00:01", 404),
            line("10:00:00", RUN, 200, &[POWERSHELL]),
            shell("11:00:00", 200),
        ],
    );
    assert_eq!(findings.attacks.len(), 1);
    let attack = &findings.attacks[0];
    assert_eq!(
        (attack.client.as_deref(), attack.verdict),
        (Some("203.0.113.7"), Verdict::Compromised)
    );
    assert_eq!(
        (attack.first.to_string(), attack.last.to_string()),
        ("2021-08-12T09:00:00Z".into(), "2021-08-12T11:00:00Z".into())
    );
    let shell = &attack.stages[1];
    assert_eq!(shell.outcomes.values().copied().collect::<Vec<_>>(), [2, 1]);
    let clocks: Vec<_> = attack
        .evidence
        .iter()
        .map(|row| row.time.strftime("%H:%M:%S").to_string())
        .collect();
    assert_eq!(clocks, ["09:00:00", "09:00:01", "10:00:00", "11:00:00"]);
}

#[test]
fn users_of_one_webshell_are_one_attack_whatever_the_spelling() {
    let shell = |clock, url, client| line(clock, url, 200, &[WEBSHELL]).from(client);
    let lines = [
        shell("10:00:00", "/aspnet_client/check.aspx", "192.0.2.1"),
        shell("11:00:00", "/Aspnet_Client//Check.aspx", "192.0.2.2"),
        shell("12:00:00", "/aspnet_client/%63heck.aspx/x", "192.0.2.3"),
        shell("13:00:00", "/aspnet_client/other.aspx", "192.0.2.4"),
    ];
    assert_eq!(
        attacks(lines),
        [
            "Webshell 192.0.2.1+192.0.2.2+192.0.2.3 x3",
            "Webshell 192.0.2.4 x1"
        ]
    );
}

#[test]
fn back_end_rows_follow_the_front_ends_attack_or_stand_alone() {
    let behind =
        |clock| line(clock, "/powershell?X-Rps-CAT=aW5lcnQ=", 200, &[POWERSHELL]).at(Vantage::BackEnd);
    let lines = [
        line("10:00:00", RUN, 200, &[POWERSHELL]),
        behind("10:00:01"),
        behind("10:30:00"),
    ];
    assert_eq!(attacks(lines), ["ProxyShell 203.0.113.7 x1", "ProxyShell  x1"]);
}

#[test]
fn a_scanner_is_reconnaissance_and_its_attack_an_attack() {
    let findings = run(
        Settings::default(),
        [
            line("10:00:00", "/", 200, &[SCANNER]),
            line("10:00:01", OWA, 401, &[PROBE, SCANNER]),
        ],
    );
    assert_eq!(findings.attacks.len(), 1);
    assert_eq!(findings.reconnaissance.len(), 1);
    assert_eq!(findings.reconnaissance[0].count, 2);
    let only = run(Settings::default(), [line("10:00:00", "/", 200, &[SCANNER])]);
    assert_eq!(
        (only.judgement.verdict, only.attacks.len()),
        (Verdict::NoTrace, 0)
    );
}

#[test]
fn an_own_check_is_not_mixed_with_a_strangers_attack() {
    let settings = Settings {
        own_scanners: vec![OwnScanner::UserAgent("ours".into())],
        ..Settings::default()
    };
    let own = |line: Line| line.with(|request| request.user_agent = Some("Ours/1".into()));
    let findings = run(
        settings,
        [
            own(line("10:00:00", OWA, 302, &[PROBE])),
            line("10:00:01", RUN, 401, &[POWERSHELL]),
            line("10:00:09", SHELL, 200, &[WEBSHELL]).from("198.51.100.1"),
        ],
    );
    let told: Vec<_> = findings
        .attacks
        .iter()
        .map(|attack| (attack.verdict, attack.own_scanner.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Verdict::Compromised, None),
            (Verdict::Vulnerable, Some("ours")),
            (Verdict::Attempted, None)
        ]
    );
}

fn address(number: u32) -> String {
    Ipv4Addr::from(0x0b00_0000 + number).to_string()
}

#[test]
fn of_many_attacks_the_worst_are_kept_and_all_count() {
    let clock = |number: u32| format!("{:02}:{:02}:{:02}", number / 3600, number / 60 % 60, number % 60);
    let mut lines: Vec<Line> = (0..1500)
        .map(|number| line(&clock(number), OWA, 401, &[PROBE]).from(&address(number)))
        .collect();
    // The second visit of one that was not kept is no further attack.
    lines.push(line(&clock(1500), OWA, 401, &[PROBE]).from(&address(1400)));
    // What comes last is the worst.
    lines.push(line(&clock(1501), RUN, 200, &[POWERSHELL]).from(&address(1499)));
    lines.push(line(&clock(1502), RUN, 200, &[POWERSHELL]).from(&address(5000)));
    let findings = run(Settings::default(), lines);
    assert_eq!(findings.attacks.len(), 1000);
    assert_eq!(findings.attacks_not_listed, 501);
    assert_eq!(findings.judgement.verdict, Verdict::Exploited);
    let worst: Vec<_> = findings.attacks[..3]
        .iter()
        .map(|attack| attack.outcome)
        .collect();
    assert_eq!(worst, [Outcome::Succeeded, Outcome::Succeeded, Outcome::Refused]);
    let reasons = &findings.servers[0].judgement.reasons;
    assert!(
        reasons
            .iter()
            .any(|reason| reason.id == "reason-powershell-succeeded" && reason.args["count"] == "2")
    );
}

#[test]
fn evidence_is_a_sample_with_the_first_success_in_it() {
    let line = |second: u32, status| {
        line(
            &format!("10:{:02}:{:02}", second / 60, second % 60),
            RUN,
            status,
            &[POWERSHELL],
        )
    };
    let lines = (0..200).map(|second| line(second, if second == 100 { 200 } else { 401 }));
    let findings = run(Settings::default(), lines);
    let attack = &findings.attacks[0];
    assert_eq!(attack.stages[0].count, 200);
    let told: Vec<_> = attack
        .evidence
        .iter()
        .map(|row| (row.time.to_string(), row.outcome))
        .collect();
    let at = |clock: &str, outcome| (format!("2021-08-12T{clock}Z"), outcome);
    assert_eq!(
        told,
        [
            at("10:00:00", Outcome::Refused),
            at("10:00:01", Outcome::Refused),
            at("10:01:40", Outcome::Succeeded),
            at("10:03:19", Outcome::Refused),
        ]
    );
}

#[test]
fn suspects_are_those_that_succeeded_and_their_traffic_is_added() {
    let mut detector = Detector::with_book(book(&rules()), Settings::default(), servers(1));
    for line in [
        line("10:00:00", OWA, 401, &[PROBE]).from("198.51.100.1"),
        line("10:00:01", OWA, 302, &[PROBE]),
    ] {
        let classified = detector.observe(&line.0).unwrap();
        assert_eq!((&*classified.chain, &*classified.stage), ("ProxyShell", "probe"));
    }
    let suspects = detector.suspects();
    assert_eq!(suspects.len(), 1);
    assert_eq!(suspects[0].client.to_string(), "203.0.113.7");
    assert_eq!(suspects[0].since.to_string(), "2021-08-12T10:00:01Z");
}

#[test]
fn ordinary_lines_counted_beforehand_count_as_if_seen() {
    let mut detector = Detector::with_book(book(&rules()), Settings::default(), servers(2));
    detector.observe(&line("10:00:00", "/mapi/nspi/", 200, &[NORMAL]).0);
    for (server, vantage, count) in [
        (0, Vantage::FrontEnd, 4),
        (0, Vantage::BackEnd, 3),
        (1, Vantage::Proxy, 2),
    ] {
        detector.count_ordinary(&OrdinaryCount {
            rule: RuleIndex(NORMAL),
            server: ServerId(server),
            vantage,
            count,
        });
    }
    let findings = detector.finish(&CoverageBook::new(SignedDuration::from_hours(24)), &[], true);
    let counts: Vec<u64> = findings.normal.iter().map(|normal| normal.count).collect();
    // The most that one kind of log tells, by server: 5 and 2.
    assert_eq!(counts, [7]);
}

#[test]
fn clients_beyond_those_listed_are_counted_once() {
    let clock = |number: u32| format!("10:{:02}:{:02}", number / 60, number % 60);
    let visits = (0..130).chain(100..130).enumerate();
    let lines = visits
        .map(|(second, client)| line(&clock(second as u32), SHELL, 200, &[WEBSHELL]).from(&address(client)));
    let findings = run(Settings::default(), lines);
    let told: Vec<_> = findings
        .attacks
        .iter()
        .map(|attack| {
            (
                attack.clients.len(),
                attack.clients_not_listed,
                attack.stages[0].count,
            )
        })
        .collect();
    assert_eq!(told, [(100, 30, 160)]);
}
