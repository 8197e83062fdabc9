//! The committed JSON schemas are those that the types make, and output keeps to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read small files that they are told of"
)]

mod common;

use std::path::Path;

use imker_report::builds::BuildAnswer;
use imker_report::{Language, json, sarif, schema};
use jiff::civil::date;
use serde_json::Value;

fn parsed(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Value {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_committed_schema_is_up_to_date() {
    let schema = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("IMKER_WRITE_SCHEMA").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/imker-hunt-1.schema.json");
        return std::fs::write(path, schema).unwrap();
    }
    let committed = include_str!("../../../docs/schema/imker-hunt-1.schema.json").replace("\r\n", "\n");
    assert!(
        committed == schema,
        "write it anew: IMKER_WRITE_SCHEMA=1 cargo test -p imker-report --test schema"
    );
}

#[test]
fn output_keeps_to_the_schema() {
    let schema = serde_json::to_value(schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for language in Language::ALL {
        let report = parsed(|out| json(&common::report(), language, out));
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        for pointer in [
            "/schema",
            "/verdict",
            "/servers/0/name",
            "/servers/0/verdict",
            "/servers/0/coverage/0/first",
            "/attacks/0/client",
            "/attacks/0/stages/0/name",
            "/attacks/0/stages/0/outcome",
            "/attacks/0/stages/0/count",
            "/attacks/0/stages/0/first",
            "/attacks/0/stages/0/last",
            "/attacks/0/evidence/0/line",
            "/attacks/0/evidence/0/text",
            "/unread/0/reason",
            "/complete",
            "/servers/0/reasons/0/text",
        ] {
            assert!(report.pointer(pointer).is_some(), "{pointer}");
        }
    }
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "imker-hunt/1" })));
}

#[test]
fn answers_of_lookup_keep_to_the_committed_schema() {
    let schema = BuildAnswer::schema();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/imker-builds-lookup-1.schema.json");
    if std::env::var_os("IMKER_WRITE_SCHEMA").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(
        committed == text,
        "write it anew: IMKER_WRITE_SCHEMA=1 cargo test -p imker-report --test schema"
    );
    let validator = jsonschema::validator_for(&serde_json::to_value(&schema).unwrap()).unwrap();
    // Open, fixed, three parts, none of Exchange's.
    for build in ["15.1.2176.9", "15.2.2562.49", "15.1.2106", "15.3.1.1"] {
        let answer = BuildAnswer::new(build.parse().unwrap(), date(2026, 12, 1), Language::En);
        let answer = parsed(|out| answer.json(out));
        let errors: Vec<String> = validator
            .iter_errors(&answer)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{build}: {errors:#?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "build": "15.1.2176.9" })));
}

/// The schema of OASIS is other people's text and is not kept here: sarif-2.1/schema/sarif-schema-2.1.0.json of
/// <https://github.com/oasis-tcs/sarif-spec>.
#[test]
fn sarif_keeps_to_the_schema_of_oasis() {
    let Some(path) = std::env::var_os("IMKER_SARIF_SCHEMA") else {
        return imker_testing::left_out("IMKER_SARIF_SCHEMA names no schema");
    };
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    for language in Language::ALL {
        let log = parsed(|out| sarif(&common::report(), language, out));
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })));
}

#[test]
fn sarif_has_the_required_shape() {
    let log = parsed(|out| sarif(&common::report(), Language::De, out));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!rules.is_empty() && !results.is_empty());
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
        assert!(rule["properties"]["source"].is_string());
    }
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(matches!(
            result["level"].as_str(),
            Some("error" | "warning" | "note")
        ));
        let message = result["message"]["text"].as_str().unwrap();
        for part in [&rule["id"], &rule["name"], &rule["properties"]["source"]] {
            assert!(message.contains(part.as_str().unwrap()), "{message}");
        }
        if let Some(author) = rule["properties"]["author"].as_str() {
            assert!(message.contains(author), "{message}");
        }
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().is_ascii());
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["byteOffset"].is_u64());
    }
    let notifications = run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap();
    assert_eq!(notifications.len(), 2);
}
