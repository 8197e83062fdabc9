#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;

use super::*;

/// The report that a perfect hunt would write.
fn perfect(truth: &Truth) -> Value {
    let attacks: Vec<Value> = truth
        .attacks
        .iter()
        .filter(|attack| !attack.chains.is_empty())
        .map(|attack| {
            let stages: Vec<Value> = attack
                .stages
                .iter()
                .map(|stage| {
                    json!({
                        "name": stage.name, "count": stage.count, "outcome": stage.outcome,
                        "first": stage.first, "last": stage.last,
                    })
                })
                .collect();
            let line = &attack.lines[0];
            json!({
                "chain": attack.chains[0], "clients": attack.clients, "verdict": attack.verdict,
                "outcome": attack.stages.last().unwrap().outcome, "webshells": attack.webshells,
                "stages": stages, "evidence": [{"file": format!("/logs/{}", line.file), "line": line.line}],
            })
        })
        .collect();
    json!({
        "verdict": truth.verdict, "complete": true, "lines": truth.lines, "bytes": truth.bytes,
        "servers": [{"name": "EX01", "verdict": truth.verdict}], "attacks": attacks,
    })
}

fn truth(attacks: &str) -> Truth {
    let folder = tempfile::tempdir().unwrap();
    corpus::write(&corpus::Options {
        size: 1 << 20,
        seed: 5,
        out: folder.path().to_owned(),
        attacks: attack::kinds(attacks).unwrap(),
        layout: Layout::Single,
        files: None,
        gz: false,
    })
    .unwrap()
}

#[test]
fn a_perfect_report_differs_in_nothing() {
    for attacks in ["none", "all"] {
        let truth = truth(attacks);
        assert_eq!(
            compare::differences(&truth, &perfect(&truth)),
            Vec::<String>::new()
        );
    }
}

#[test]
fn what_is_missing_or_too_much_or_wrong_is_named() {
    let truth = truth("proxyshell,owassrf");
    let report = perfect(&truth);
    let with = |change: fn(&mut Value)| {
        let mut report = report.clone();
        change(&mut report);
        compare::differences(&truth, &report)
    };
    let missing = with(|report| drop(report["attacks"].as_array_mut().unwrap().pop()));
    assert!(
        missing.iter().any(|text| text.contains("reported as 0 attacks")),
        "{missing:?}"
    );
    let twice = with(|report| {
        let attacks = report["attacks"].as_array_mut().unwrap();
        attacks.push(attacks[0].clone());
    });
    assert!(
        twice.iter().any(|text| text.contains("reported as 2 attacks")),
        "{twice:?}"
    );
    let foreign = with(|report| {
        report["attacks"]
            .as_array_mut()
            .unwrap()
            .push(json!({"clients": ["198.51.100.7"]}));
    });
    assert!(
        foreign.iter().any(|text| text.contains("false attack")),
        "{foreign:?}"
    );
    let renamed = with(|report| report["attacks"][0]["chain"] = "Generic".into());
    assert_eq!(renamed.len(), 1, "{renamed:?}");
    let wrong = with(|report| report["attacks"][0]["stages"][0]["count"] = 99.into());
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    let incomplete = with(|report| report["complete"] = false.into());
    assert_eq!(incomplete, ["complete is false instead of true"]);
}
