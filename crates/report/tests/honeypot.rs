//! Golden files of the evaluation of a made-up week, which holds hostile text wherever clients can put some.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests write small files where they are told to"
)]

#[path = "../../intel/tests/week/mod.rs"]
mod week;

use std::path::Path;

use imker_intel::{Evaluation, Options, evaluate, previous};
use imker_report::escape::is_unsafe;
use imker_report::honeypot::{html, json, name_rules, schema, terminal};
use imker_report::{Language, Style};
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn on_terminal(evaluation: &Evaluation, language: Language, width: usize) -> String {
    let style = Style {
        language,
        colour: false,
        width,
    };
    written(|out| terminal(evaluation, &style, out))
}

#[test]
fn terminal_in_english() {
    insta::assert_snapshot!(on_terminal(&week::evaluation(), Language::En, 80));
}

#[test]
fn terminal_in_german_wide() {
    insta::assert_snapshot!(on_terminal(&week::evaluation(), Language::De, 110));
}

#[test]
fn terminal_without_events() {
    let evaluation = evaluate(std::iter::empty(), &Options::new(week::at(7, 0, 0)), &mut |_| {
        None
    });
    insta::assert_snapshot!(on_terminal(&evaluation, Language::En, 80));
}

#[test]
fn html_in_english() {
    insta::assert_snapshot!(written(|out| html(&week::evaluation(), Language::En, out)));
}

#[test]
fn html_in_german() {
    insta::assert_snapshot!(written(|out| html(&week::evaluation(), Language::De, out)));
}

#[test]
fn own_rules_are_named_with_author_and_source() {
    let mut evaluation = week::evaluation();
    evaluation.rules.entries[0].rule = "7a715a83-fd4a-447b-816f-e96cf1c762e6".to_owned();
    name_rules(&mut evaluation).unwrap();
    let [named, unknown, ..] = &evaluation.rules.entries[..] else {
        panic!("no rules")
    };
    let author = named.author.as_deref().unwrap();
    assert!(named.source.is_some() && unknown.source.is_none());
    assert!(on_terminal(&evaluation, Language::En, 200).contains(author));
    assert!(written(|out| html(&evaluation, Language::De, out)).contains(named.source.as_deref().unwrap()));
}

#[test]
fn json_is_read_back() {
    let evaluation = week::evaluation();
    let text = written(|out| json(&evaluation, out));
    assert!(!text.contains(['<', '>']) && !text.replace('\n', "").contains(is_unsafe));
    assert_eq!(previous(text.as_bytes()).unwrap(), evaluation);
}

#[test]
fn the_committed_schema_is_up_to_date_and_output_keeps_to_it() {
    let schema = schema();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/imker-evaluation-1.schema.json");
    if std::env::var_os("IMKER_WRITE_SCHEMA").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(
        committed == text,
        "write it anew: IMKER_WRITE_SCHEMA=1 cargo test -p imker-report --test honeypot"
    );
    let validator = jsonschema::validator_for(&serde_json::to_value(&schema).unwrap()).unwrap();
    let instance = serde_json::to_value(week::evaluation()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&instance)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Writes the pages where someone wants to look at them.
#[test]
fn pages_to_look_at() {
    let Some(folder) = std::env::var_os("IMKER_WRITE_PAGES") else {
        return;
    };
    for language in Language::ALL {
        let page = written(|out| html(&week::evaluation(), language, out));
        std::fs::write(Path::new(&folder).join(format!("honeypot-{language}.html")), page).unwrap();
    }
}

#[test]
fn passwords_are_in_no_output() {
    let evaluation = week::evaluation();
    for language in Language::ALL {
        let outputs = [
            on_terminal(&evaluation, language, 200),
            written(|out| html(&evaluation, language, out)),
            written(|out| json(&evaluation, out)),
        ];
        for output in outputs {
            assert!(!output.contains(week::PASSWORD) && !output.contains("anna::"));
        }
    }
}

/// The week with `text` wherever a client, a file name or a database can put text.
fn evaluation_with(text: &str) -> Evaluation {
    let mut evaluation = week::evaluation();
    let own = || text.to_owned();
    for source in &mut evaluation.sources.entries {
        source.place.country_code = Some(own().into());
        source.place.as_organisation = Some(own().into());
        source.cves.push(own());
        source.stages.iter_mut().for_each(|stage| stage.stage = own());
    }
    for row in &mut evaluation.stages {
        (row.chain, row.stage) = (own(), own());
    }
    evaluation
        .countries
        .iter_mut()
        .for_each(|row| row.country = Some(own()));
    evaluation
        .rules
        .entries
        .iter_mut()
        .for_each(|row| row.level = own());
    evaluation
        .hosts
        .entries
        .iter_mut()
        .for_each(|row| row.persona = own());
    evaluation.version = own();
    let bad = imker_intel::BadLine {
        file: own(),
        line: 1,
        reason: own(),
        further: 1,
    };
    evaluation.gaps.bad_lines.push(bad);
    evaluation
}

#[test]
fn stages_are_told_whole_on_narrow_terminals() {
    for language in Language::ALL {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wide = on_terminal(&week::evaluation(), language, 400);
        let narrow = words(&on_terminal(&week::evaluation(), language, 60));
        let stages: Vec<String> = wide
            .lines()
            .filter(|line| {
                ["        Proxy", "  ● ", "  ○ "]
                    .iter()
                    .any(|start| line.starts_with(start))
            })
            .map(words)
            .collect();
        assert!(stages.len() > 10, "{wide}");
        for stage in stages {
            assert!(narrow.contains(&stage), "{stage}: {narrow}");
        }
    }
}

#[test]
fn lines_that_are_no_events_are_told_once_a_file() {
    let evaluation = evaluation_with("x");
    for (language, told) in [
        (Language::En, "2 lines are no events; the first is line 1"),
        (
            Language::De,
            "2 Zeilen sind keine Ereignisse; die erste ist Zeile 1",
        ),
    ] {
        let shown = on_terminal(&evaluation, language, 200);
        assert!(shown.contains(told), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_acts_nowhere(text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f\u{202e}\u{2066}<>\"'&]){0,40}") {
        let marked = format!("<script>{text}\u{1b}[2J\u{202e}");
        let evaluation = evaluation_with(&marked);
        for language in Language::ALL {
            let shown = on_terminal(&evaluation, language, 80);
            prop_assert!(!shown.replace('\n', "").contains(is_unsafe));
            let page = written(|out| html(&evaluation, language, out));
            prop_assert!(!page.replace('\n', "").contains(is_unsafe));
            prop_assert!(!page.contains("<script"));
        }
        let text = written(|out| json(&evaluation, out));
        prop_assert!(!text.replace('\n', "").contains(is_unsafe));
    }
}
