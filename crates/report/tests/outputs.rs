//! Golden files of every output, for a report with hostile strings in it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use imker_report::{JsonLines, Language, Match, Style, Timeline, html, json, sarif, terminal};
use imker_sigma::Rule;

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn on_terminal(style: Style) -> String {
    written(|out| terminal(&common::report(), &style, out))
}

#[test]
fn terminal_in_english() {
    insta::assert_snapshot!(on_terminal(Style::default()));
}

#[test]
fn terminal_in_german_wide() {
    insta::assert_snapshot!(on_terminal(Style {
        language: Language::De,
        colour: false,
        width: 110
    }));
}

#[test]
fn terminal_in_colour_differs_only_by_ansi_styles() {
    let coloured = on_terminal(Style {
        colour: true,
        ..Style::default()
    });
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        let (style, after) = after.split_once('m').unwrap();
        assert!(
            style.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'),
            "{style:?}"
        );
        rest = after;
    }
    plain.push_str(rest);
    assert_eq!(plain, on_terminal(Style::default()));
    let first_screen: Vec<&str> = coloured.lines().take(18).collect();
    insta::assert_snapshot!(first_screen.join("\n").replace('\x1b', "ESC"));
}

#[test]
fn json_in_english() {
    insta::assert_snapshot!(written(|out| json(&common::report(), Language::En, out)));
}

#[test]
fn sarif_in_english() {
    insta::assert_snapshot!(written(|out| sarif(&common::report(), Language::En, out)));
}

#[test]
fn html_in_english() {
    insta::assert_snapshot!(body(Language::En));
}

#[test]
fn html_in_german() {
    insta::assert_snapshot!(body(Language::De));
}

/// The page without its style sheet, an element a line.
fn body(language: Language) -> String {
    let page = written(|out| html(&common::report(), language, out));
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let lines = format!("{head}{body}");
    [
        "</tr>", "</h2>", "</h3>", "</h4>", "</li>", "</p>", "</dd>", "</text>", "</rect>", "</div>",
        "</head>",
    ]
    .iter()
    .fold(lines, |text, end| text.replace(end, &format!("{end}\n")))
}

/// Calls `take` with each of the sample's matches.
fn each_match(mut take: impl FnMut(&Match<'_>)) {
    let rules = common::rules();
    for (place, (sighting, classified)) in common::sightings().iter().enumerate() {
        let matched: Vec<&Rule> = sighting
            .rules
            .iter()
            .map(|index| &rules[index.0 as usize])
            .collect();
        let server = ["EX01", common::HOSTILE][place];
        take(&Match {
            sighting,
            classified: classified.as_ref(),
            rules: &matched,
            server,
        });
    }
}

#[test]
fn json_lines() {
    let mut lines = JsonLines::new(Vec::new());
    each_match(|matched| lines.write(matched).unwrap());
    let text = String::from_utf8(lines.finish().unwrap()).unwrap();
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in [
            "@timestamp",
            "ecs.version",
            "event.kind",
            "event.original",
            "rule.id",
            "rule.author",
            "log.offset",
        ] {
            assert!(event.get(field).is_some(), "{field}");
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn csv_timeline() {
    let mut timeline = Timeline::new(Vec::new()).unwrap();
    each_match(|matched| timeline.write(matched).unwrap());
    let text = String::from_utf8(timeline.finish().unwrap()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for row in reader.records() {
        for cell in &row.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
    insta::assert_snapshot!(text.replace("\r\n", "\n"));
}

#[test]
fn the_first_screen_fits_whatever_the_number_of_servers() {
    for count in [0, 1, 2, 3, 5, 12, 17, 18, 40] {
        let mut report = common::report();
        let servers = report.findings.servers.clone();
        report.findings.servers = (0..count)
            .map(|number| {
                let mut server = servers[number % 2].clone();
                server.name = format!("EX{number:02}.corp.example.org");
                server
            })
            .collect();
        for language in Language::ALL {
            let text = written(|out| {
                terminal(
                    &report,
                    &Style {
                        language,
                        ..Style::default()
                    },
                    out,
                )
            });
            let foot = text
                .lines()
                .position(|line| line.contains("omplete: ") || line.contains("ollständig: "));
            assert!(foot.unwrap() < 23, "{count} servers take {foot:?} lines");
            assert!(text.lines().all(|line| line.chars().count() <= 80));
        }
    }
}

#[test]
fn the_terminal_counts_what_it_does_not_list() {
    let mut report = common::report();
    let attack = report.findings.attacks[1].clone();
    report.findings.attacks = (1..=300)
        .map(|number| imker_detect::Attack {
            number,
            ..attack.clone()
        })
        .collect();
    let text = written(|out| terminal(&report, &Style::default(), out));
    assert_eq!(text.matches("Attack ").count(), 20);
    assert_eq!(text.lines().filter(|line| line.starts_with("○  ")).count(), 200);
    assert!(text.contains("80 more: in the JSON and the HTML report."));
}

#[test]
fn nothing_read_is_no_good_news() {
    let mut report = common::report();
    report.findings.judgement.verdict = imker_detect::Verdict::NoTrace;
    report.findings.attacks.clear();
    report.findings.servers.truncate(1);
    let server = &mut report.findings.servers[0];
    server.judgement.verdict = imker_detect::Verdict::NoTrace;
    for coverage in &mut server.coverage {
        coverage.files_in_window = 0;
        coverage.first = None;
        coverage.last = None;
    }
    report.unread.clear();
    report.nothing_read = true;
    for (language, headline, server) in [
        (Language::En, "? NOTHING READ", "? NO ANSWER"),
        (Language::De, "? NICHTS GELESEN", "? KEINE ANTWORT"),
    ] {
        let style = Style {
            language,
            ..Style::default()
        };
        let text = written(|out| terminal(&report, &style, out));
        assert!(text.contains(headline) && text.contains(server), "{text}");
        assert!(!text.lines().take(22).any(|line| line.starts_with('✔')), "{text}");
        let page = written(|out| html(&report, language, out));
        assert!(!page.contains("badge no-trace"), "{page}");
    }
}
