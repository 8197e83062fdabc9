//! What changed between two results.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read and write small files where they are told to"
)]

mod servers;

use std::io::Read as _;
use std::path::Path;

use imker_report::scan::{Change, Diff, Json, JsonRows, diff, diff_json, diff_schema, diff_text};
use imker_report::{Language, Style};
use servers::{Host, assessed, head, hosts, written};

fn rows(hosts: &[Host]) -> String {
    written(hosts, |out| Ok(JsonRows::new(Language::En, out)))
}

fn document(hosts: &[Host]) -> String {
    written(hosts, |out| Json::new(&head(), Language::De, out))
}

/// The hosts some weeks later.
fn later() -> Vec<Host> {
    let mut later = hosts();
    // The first has been updated, with a new certificate; the second is not there any more; the third is down; the last
    // is new.
    let (mut first, _) = later[0].clone();
    (first.visits, first.tls_versions) = (later[1].0.visits.clone(), Vec::new());
    later[0] = assessed(first);
    let (mut down, _) = later[2].clone();
    (down.visits, down.fault) = (Vec::new(), later[5].0.fault.clone());
    later[2] = assessed(down);
    let (mut worse, _) = later[9].clone();
    worse.visits = later[8].0.visits.clone();
    later[9] = assessed(worse);
    let (mut new, _) = later.remove(1);
    new.target = "new.example.org".into();
    later.push(assessed(new));
    later
}

fn changed() -> Diff {
    diff(document(&hosts()).as_bytes(), rows(&later()).as_bytes()).unwrap()
}

fn text(language: Language) -> String {
    let style = Style {
        language,
        colour: false,
        width: 110,
    };
    let mut out = Vec::new();
    diff_text(&changed(), &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn as_text_in_english() {
    insta::assert_snapshot!(text(Language::En));
}

#[test]
fn as_text_in_german() {
    insta::assert_snapshot!(text(Language::De));
}

#[test]
fn as_json() {
    let mut out = Vec::new();
    diff_json(&changed(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn the_changes_keep_to_the_committed_schema() {
    let schema = diff_schema();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/imker-scan-diff-1.schema.json");
    if std::env::var_os("IMKER_WRITE_SCHEMA").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(
        committed == text,
        "write it anew: IMKER_WRITE_SCHEMA=1 cargo test -p imker-report --test scan_diff"
    );
    let validator = jsonschema::validator_for(&serde_json::to_value(&schema).unwrap()).unwrap();
    let nothing = diff(&b""[..], &b""[..]).unwrap();
    for changes in [changed(), nothing] {
        let mut out = Vec::new();
        diff_json(&changes, &mut out).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "imker-scan-diff/1" })));
}

#[test]
fn document_and_rows_are_the_same() {
    let hosts = hosts();
    let (document, rows) = (document(&hosts), rows(&hosts));
    for (old, new) in [
        (&document, &rows),
        (&rows, &document),
        (&rows, &rows),
        (&document, &document),
    ] {
        let diff = diff(old.as_bytes(), new.as_bytes()).unwrap();
        assert!(diff.hosts.is_empty());
        assert_eq!(diff.unchanged, hosts.len() as u64);
    }
    // Indented by somebody's tool, rows too.
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert!(diff(pretty.as_bytes(), rows.as_bytes()).unwrap().hosts.is_empty());
}

#[test]
fn every_change_is_found() {
    let changed = changed();
    for change in Change::ALL {
        assert!(changed.counts.contains_key(&change), "{change:?}");
    }
}

#[test]
fn what_is_worse_comes_before_what_is_not_told() {
    let hosts = rows(&hosts());
    let row = |at: usize| hosts.lines().nth(at).unwrap();
    let unreachable = row(5).replace("198.51.100.99", "owa.example.com");
    let told = |old: &str, new: &str| {
        let [old, new] = [old, new].map(|host| format!("{}\n{host}", row(0)));
        let diff = diff(old.as_bytes(), new.as_bytes()).unwrap();
        (diff.is_worse(), diff.is_untold())
    };
    assert_eq!(told(row(2), row(2)), (false, false));
    assert_eq!(told(row(2), &unreachable), (false, true));
    assert_eq!(told(&unreachable, row(2)), (true, false));
    // A new one that is open, and one that is not.
    assert_eq!(told("", row(2)), (true, false));
    assert_eq!(told("", row(1)), (false, false));
}

#[test]
fn what_is_no_result_is_named() {
    for text in [
        "{",
        "[]",
        "{}",
        "{\"hosts\":1}",
        "{\"target\":\"x\"}",
        "target,verdict",
        "\u{0}",
    ] {
        let error = diff(text.as_bytes(), "".as_bytes()).unwrap_err().to_string();
        assert!(
            error.starts_with("the old result cannot be read"),
            "{text}: {error}"
        );
    }
    // Within the first row, and within the last.
    let whole = rows(&hosts());
    for cut in [2000, whole.len() - 10] {
        let error = diff(whole.as_bytes(), &whole.as_bytes()[..cut])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("the new result cannot be read") && error.contains("line"),
            "{error}"
        );
    }
}

/// A scan that asked nobody writes no line.
#[test]
fn an_empty_result_has_no_hosts() {
    let hosts = rows(&hosts());
    for empty in ["", "\n", document(&[]).as_str()] {
        let gone = diff(hosts.as_bytes(), empty.as_bytes()).unwrap();
        assert_eq!(gone.counts[&Change::Gone], 10);
        assert!(diff(empty.as_bytes(), empty.as_bytes()).unwrap().hosts.is_empty());
    }
}

/// What is read before a host is known to be one is bounded, however it is written.
#[test]
fn a_result_without_hosts_ends() {
    let endless = |begin: &'static str, byte: u8| begin.as_bytes().chain(std::io::repeat(byte));
    for (begin, byte) in [("{\"target\":\"", b'x'), ("{\"other\":[", b' '), ("", b' ')] {
        let error = diff(endless(begin, byte), &b""[..]).unwrap_err().to_string();
        assert!(error.contains("16 MiB without a host"), "{begin}: {error}");
    }
    // Many hosts are no matter.
    let row = rows(&hosts());
    let row = row.lines().next().unwrap();
    let many = (16 << 20) / row.len() + 2;
    let rows = format!("{row}\n").repeat(many);
    assert!(diff(row.as_bytes(), rows.as_bytes()).unwrap().hosts.is_empty());
}
