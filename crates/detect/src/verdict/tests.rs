//! What raises and lowers a verdict's confidence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::Timestamp;

use super::*;
use crate::digest::Digest;
use crate::model::{ServerId, Vantage};
use crate::tally::Tallies;
use crate::testing::{Line, POWERSHELL, PROBE, WEBSHELL, book, line, rules};

const OWA: &str = "/autodiscover/autodiscover.json?@example.org/owa/?&Email=a";
const RUN: &str = "/autodiscover/autodiscover.json?@example.org/powershell/?X-Rps-CAT=aW5lcnQ=";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn log(kind: LogKind, source: &str, gaps: &[(&str, &str)]) -> Coverage {
    Coverage {
        kind,
        source: source.into(),
        files: 1,
        files_in_window: 1,
        bytes: 1,
        lines: 1,
        first: Some(time("2021-08-01T00:00:00Z")),
        last: Some(time("2021-08-31T00:00:00Z")),
        days_without_events: Vec::new(),
        gaps: gaps
            .iter()
            .map(|(from, to)| Span {
                from: time(from),
                to: time(to),
            })
            .collect(),
        overlaps: Vec::new(),
        clock_back: Vec::new(),
        not_listed: 0,
    }
}

fn judged(lines: &[Line], coverage: &[Coverage], build: Option<&str>, complete: bool) -> Judgement {
    let book = book(&rules());
    let mut joiner = crate::join::Joiner::default();
    let mut requests = Vec::new();
    for line in lines {
        joiner.push(
            crate::classify::classify(&line.0, &book, &crate::Settings::default()),
            &mut requests,
        );
    }
    requests.extend(joiner.drain());
    let mut tallies = Tallies::default();
    let mut exploited = false;
    for request in &requests {
        let digest = Digest::of(request, &book).unwrap();
        exploited |= digest.kind == StageKind::Exploit && digest.succeeded();
        tallies.add(&digest, exploited);
    }
    let span = Span {
        from: time("2021-08-01T00:00:00Z"),
        to: time("2021-08-31T00:00:00Z"),
    };
    let builds: Vec<BuildSeen> = build
        .iter()
        .map(|build| BuildSeen {
            build: (*build).into(),
            name: None,
            span,
        })
        .collect();
    let tally = tallies.of(ServerId(0));
    judge(&Case {
        server: "EX01",
        tally: &tally,
        coverage,
        builds: &builds,
        tables: &book.tables,
        complete,
    })
}

fn front() -> Vec<Coverage> {
    vec![log(LogKind::Iis, "W3SVC1", &[])]
}

fn has(judgement: &Judgement, id: &str) -> bool {
    let all = judgement
        .reasons
        .iter()
        .chain(&judgement.against)
        .chain(&judgement.cannot_show);
    all.into_iter().any(|statement| statement.id == id)
}

#[test]
fn no_trace_is_as_sure_as_the_logs_are_whole() {
    let of = |coverage: &[Coverage], complete| judged(&[], coverage, None, complete).confidence;
    let gap = [("2021-08-10T00:00:00Z", "2021-08-13T00:00:00Z")];
    assert_eq!(of(&front(), true), Confidence::High);
    assert_eq!(of(&front(), false), Confidence::Low);
    assert_eq!(of(&[log(LogKind::Iis, "W3SVC1", &gap)], true), Confidence::Medium);
    assert_eq!(of(&[log(LogKind::Iis, "W3SVC2", &[])], true), Confidence::Low);
    assert_eq!(of(&[log(LogKind::HttpErr, "", &[])], true), Confidence::Low);
    assert_eq!(of(&[], true), Confidence::Low);
}

#[test]
fn a_quiet_protocol_is_no_gap() {
    let gap = [("2021-08-10T00:00:00Z", "2021-08-13T00:00:00Z")];
    let later = [("2021-08-20T00:00:00Z", "2021-08-23T00:00:00Z")];
    let proxy = |source, gaps: &[(&str, &str)]| log(LogKind::HttpProxy, source, gaps);
    let gaps = |coverage: &[Coverage]| has(&judged(&[], coverage, None, true), "cannot-show-gaps");
    assert!(!gaps(&[log(LogKind::Iis, "W3SVC1", &[]), proxy("Oab", &gap)]));
    assert!(gaps(&[log(LogKind::Iis, "W3SVC1", &gap), proxy("Oab", &[])]));
    assert!(!gaps(&[proxy("Oab", &gap), proxy("Owa", &later)]));
    assert!(gaps(&[proxy("Oab", &gap), proxy("Owa", &gap)]));
}

#[test]
fn a_build_speaks_for_or_against_a_success() {
    let lines = [line("10:00:00", RUN, 200, &[POWERSHELL])];
    let open = judged(&lines, &front(), Some("15.1.2176.9"), true);
    assert_eq!(
        (open.verdict, open.confidence),
        (Verdict::Exploited, Confidence::High)
    );
    assert!(has(&open, "reason-build-open"));
    let fixed = judged(&lines, &front(), Some("15.1.2308.14"), true);
    assert_eq!(
        (fixed.verdict, fixed.confidence),
        (Verdict::Exploited, Confidence::Low)
    );
    assert!(has(&fixed, "against-build-fixed"));
    let unknown = judged(&lines, &front(), None, true);
    assert_eq!(unknown.confidence, Confidence::Medium);
}

#[test]
fn a_second_log_confirms_and_a_back_ends_refusal_doubts() {
    let front_end = line("10:00:00", RUN, 200, &[POWERSHELL]);
    let proxy = |back_end: u16| {
        line("10:00:00", RUN, 200, &[POWERSHELL])
            .at(Vantage::Proxy)
            .with(|request| request.backend_status = Some(back_end))
    };
    let agreed = judged(&[front_end.clone(), proxy(200)], &front(), None, true);
    assert_eq!(agreed.confidence, Confidence::High);
    assert!(has(&agreed, "reason-logs-agree") && !has(&agreed, "against-one-log"));
    let doubted = judged(&[front_end, proxy(401)], &front(), None, true);
    assert_eq!(doubted.confidence, Confidence::Medium);
    assert!(has(&doubted, "against-back-end-status"));
}

#[test]
fn a_webshell_is_sure_after_a_chain_only() {
    let shell = || line("11:00:00", "/aspnet_client/check.aspx", 200, &[WEBSHELL]);
    let alone = judged(&[shell()], &front(), None, true);
    assert_eq!(
        (alone.verdict, alone.confidence),
        (Verdict::Compromised, Confidence::Medium)
    );
    let after = judged(
        &[line("10:00:00", RUN, 200, &[POWERSHELL]), shell()],
        &front(),
        None,
        true,
    );
    assert_eq!(
        (after.verdict, after.confidence),
        (Verdict::Compromised, Confidence::High)
    );
}

#[test]
fn the_window_is_that_of_the_flaw() {
    let lines = [
        line("09:00:00", OWA, 401, &[PROBE]),
        line("10:00:00", OWA, 302, &[PROBE]),
        line("11:00:00", RUN, 200, &[POWERSHELL]),
        line("12:00:00", "/aspnet_client/check.aspx", 200, &[WEBSHELL]),
        line("13:00:00", OWA, 401, &[PROBE]),
    ];
    let window = judged(&lines, &front(), Some("15.1.2176.9"), true).window;
    let at = |clock: &str| Some(time(&format!("2021-08-12T{clock}Z")));
    assert_eq!(
        (window.vulnerable_from, window.vulnerable_to),
        (at("10:00:00"), at("11:00:00"))
    );
    assert_eq!(
        (window.first_attack, window.first_success),
        (at("09:00:00"), at("10:00:00"))
    );
    assert_eq!(window.last_activity, at("13:00:00"));
    assert_eq!(window.no_data_before, Some(time("2021-08-01T00:00:00Z")));
    assert_eq!(
        window.build_without_fix.map(|seen| seen.build).as_deref(),
        Some("15.1.2176.9")
    );
    assert_eq!(window.build_with_fix, None);
}
