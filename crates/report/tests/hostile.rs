//! Nothing that an attacker writes into a log acts on who reads an output.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use imker_report::escape::is_unsafe;
use imker_report::{HuntReport, JsonLines, Language, Match, Style, Timeline, html, json, sarif, terminal};
use imker_sigma::{Level, Rule};
use proptest::prelude::*;

/// The sample with `text` wherever a log, a file name or the user puts text.
fn report_with(text: &str) -> HuntReport {
    let mut report = common::report();
    let own = || text.to_owned();
    let findings = &mut report.findings;
    for attack in &mut findings.attacks {
        attack.chain = own();
        attack.client = Some(own());
        attack.clients = vec![own(), own()];
        attack.own_scanner = Some(own());
        attack.servers = vec![own()];
        attack.webshells = vec![own()];
        attack.cves = vec![own()];
        for stage in &mut attack.stages {
            stage.name = own();
            for rule in &mut stage.rules {
                rule.title = own();
                rule.author = Some(own());
                rule.source = own();
            }
        }
        for evidence in &mut attack.evidence {
            evidence.line = text.into();
            evidence.place.file = text.into();
            evidence.server = own();
            evidence.stage = own();
            evidence.client = Some(own());
            evidence.rules.push(own());
        }
    }
    for server in &mut findings.servers {
        server.name = own();
        for statement in &mut server.judgement.reasons {
            statement.args.values_mut().for_each(|value| *value = own());
        }
        for build in &mut server.builds {
            build.name = Some(own());
        }
        for coverage in &mut server.coverage {
            coverage.source = own();
        }
    }
    for seen in &mut findings.indicators {
        seen.indicator = own();
        seen.clients.push(own());
    }
    for fired in &mut findings.correlations {
        fired.group.insert(own(), own());
    }
    for unread in &mut report.unread {
        unread.file = text.into();
        unread.detail = Some(own());
    }
    for exposure in report.exposure.iter_mut().flatten() {
        exposure.server = text.into();
    }
    for input in &mut report.inputs {
        input.file = text.into();
    }
    report.set_aside.insert(own(), 1);
    report.paths.push(own());
    report
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The elements of a page, each with the names of its attributes.
fn tags(page: &str) -> Vec<String> {
    let name = |tag: &str| tag.split(['>', ' ']).next().unwrap_or_default().to_owned();
    page.split('<').skip(1).map(name).collect()
}

fn no_unsafe(output: &str, kept: &[char]) -> Result<(), TestCaseError> {
    let found = output.chars().find(|c| is_unsafe(*c) && !kept.contains(c));
    prop_assert!(found.is_none(), "{found:?}");
    Ok(())
}

/// Bits of what acts on terminals, browsers, spreadsheets and readers, between any characters.
fn hostile() -> impl Strategy<Value = String> {
    let bits = prop::sample::select(vec![
        "\x1b[31m",
        "\x1b]8;;http://example.org\x07",
        "\u{9b}2J",
        "\r\n",
        "\n",
        "\0",
        "\u{7f}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{e0041}",
        "<script>",
        "</style>",
        "<!--",
        "\"><img src=x onerror=a>",
        "'",
        "&lt;",
        "=1+1",
        "@SUM(A1)",
        "-1",
        "+1",
        "\t=1",
        "{ $x }",
        "[a](b)",
        "`",
        "漢字",
        "ü",
        "\\",
    ]);
    prop::collection::vec(prop_oneof![bits.prop_map(str::to_owned), ".{0,4}"], 0..6)
        .prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_control_character_and_no_markup_survives(text in hostile()) {
        prop_assume!(!text.is_empty());
        let report = report_with(&text);
        for language in Language::ALL {
            let style = Style { language, colour: false, width: 80 };
            no_unsafe(&written(|out| terminal(&report, &style, out)), &['\n'])?;

            let page = written(|out| html(&report, language, out));
            let harmless = written(|out| html(&report_with("x"), language, out));
            no_unsafe(&page, &['\n'])?;
            prop_assert!(tags(&page) == tags(&harmless), "an element more or less");

            for log in [written(|out| json(&report, language, out)), written(|out| sarif(&report, language, out))] {
                no_unsafe(&log, &['\n'])?;
                prop_assert!(!log.contains(['<', '>']));
                let _: serde_json::Value = serde_json::from_str(&log).unwrap();
            }
        }
    }

    #[test]
    fn streams_stay_one_record_a_line_and_no_cell_is_a_formula(text in hostile()) {
        let sighting = common::hostile_sighting(&text);
        let mut rule = common::rules().remove(0);
        rule.title = text.clone();
        rule.author = Some(text.clone());
        rule.level = Level::High;
        let rules: [&Rule; 2] = [&rule, &rule];
        let matched = Match { sighting: &sighting, classified: None, rules: &rules, server: &text };

        let mut lines = JsonLines::new(Vec::new());
        lines.write(&matched).unwrap();
        let lines = String::from_utf8(lines.finish().unwrap()).unwrap();
        no_unsafe(&lines, &['\n'])?;
        prop_assert_eq!(lines.lines().count(), 1);
        let event: serde_json::Value = serde_json::from_str(&lines).unwrap();
        prop_assert_eq!(event["event.original"].as_str(), Some(sighting.line.as_str()));

        let mut timeline = Timeline::new(Vec::new()).unwrap();
        timeline.write(&matched).unwrap();
        let timeline = String::from_utf8(timeline.finish().unwrap()).unwrap();
        no_unsafe(&timeline, &['\r', '\n'])?;
        prop_assert_eq!(timeline.lines().count(), 2);
        for cell in csv::Reader::from_reader(timeline.as_bytes()).records().next().unwrap().unwrap().iter() {
            prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
        }
    }
}
