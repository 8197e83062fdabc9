//! A report beside the truth. The report is read as anyone would who has only its JSON.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::corpus::truth::{Attack, Truth};

/// Everything in which `report` is not as `truth` says.
pub fn differences(truth: &Truth, report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let verdict = name(&truth.verdict);
    expect(&mut found, "verdict", &report["verdict"], &verdict.clone().into());
    let servers = list(&report["servers"]);
    if servers.len() == 1 {
        expect(
            &mut found,
            "the server's verdict",
            &servers[0]["verdict"],
            &verdict.into(),
        );
    } else {
        found.push(format!("{} servers instead of 1", servers.len()));
    }
    expect(&mut found, "complete", &report["complete"], &true.into());
    expect(&mut found, "lines", &report["lines"], &truth.lines.into());
    expect(&mut found, "bytes", &report["bytes"], &truth.bytes.into());
    let mut told: Vec<bool> = vec![false; list(&report["attacks"]).len()];
    for attack in truth.attacks.iter().filter(|attack| !attack.chains.is_empty()) {
        compare(attack, list(&report["attacks"]), &mut told, &mut found);
    }
    for (attack, told) in list(&report["attacks"]).iter().zip(told) {
        if !told {
            found.push(format!(
                "a false attack: {} by {}",
                attack["chain"], attack["clients"]
            ));
        }
    }
    found
}

/// Compares one attack with those reported that share an address with it.
fn compare(attack: &Attack, reported: &[Value], told: &mut [bool], found: &mut Vec<String>) {
    let kind = &attack.kind;
    let same: Vec<(usize, &Value)> = reported
        .iter()
        .enumerate()
        .filter(|(_, report)| {
            texts(&report["clients"])
                .iter()
                .any(|client| attack.clients.contains(client))
        })
        .collect();
    for (index, _) in &same {
        told[*index] = true;
    }
    let [(_, report)] = same.as_slice() else {
        found.push(format!("{kind} is reported as {} attacks", same.len()));
        return;
    };
    if !is_one_of(&report["chain"], &attack.chains) {
        found.push(format!("{kind} is called {}", report["chain"]));
    }
    let set = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
    if set(&texts(&report["clients"])) != set(&attack.clients) {
        found.push(format!(
            "{kind} has the clients {} instead of {:?}",
            report["clients"], attack.clients
        ));
    }
    if !set(&attack.webshells).is_subset(&set(&texts(&report["webshells"]))) {
        found.push(format!(
            "{kind} has the webshells {} instead of {:?}",
            report["webshells"], attack.webshells
        ));
    }
    expect(
        found,
        &format!("{kind}'s verdict"),
        &report["verdict"],
        &name(&attack.verdict).into(),
    );
    if let Some(last) = attack.stages.last() {
        expect(
            found,
            &format!("{kind}'s outcome"),
            &report["outcome"],
            &name(&last.outcome).into(),
        );
    }
    stages(attack, report, found);
    evidence(attack, report, found);
}

fn stages(attack: &Attack, report: &Value, found: &mut Vec<String>) {
    let kind = &attack.kind;
    let reported = list(&report["stages"]);
    for stage in &attack.stages {
        let what = |key: &str| format!("{kind}'s {key} of stage {}", stage.name);
        let Some(report) = reported.iter().find(|known| known["name"] == stage.name.as_str()) else {
            found.push(format!("{kind} has no stage {}", stage.name));
            continue;
        };
        expect(found, &what("count"), &report["count"], &stage.count.into());
        expect(
            found,
            &what("outcome"),
            &report["outcome"],
            &name(&stage.outcome).into(),
        );
        expect(
            found,
            &what("first"),
            &report["first"],
            &stage.first.as_str().into(),
        );
        expect(found, &what("last"), &report["last"], &stage.last.as_str().into());
    }
    for report in reported {
        if !attack
            .stages
            .iter()
            .any(|stage| report["name"] == stage.name.as_str())
        {
            found.push(format!("{kind} has a stage {} that nobody made", report["name"]));
        }
    }
}

/// Every line shown as evidence is one of the attack's, and there is some.
fn evidence(attack: &Attack, report: &Value, found: &mut Vec<String>) {
    let shown = list(&report["evidence"]);
    if shown.is_empty() {
        found.push(format!("{} has no evidence", attack.kind));
    }
    for place in shown {
        let file = place["file"].as_str().unwrap_or_default().replace('\\', "/");
        let known = attack
            .lines
            .iter()
            .any(|line| file.contains(&line.file) && place["line"] == line.line);
        if !known {
            found.push(format!(
                "{} shows a line of somebody else: {file}:{}",
                attack.kind, place["line"]
            ));
        }
    }
}

fn expect(found: &mut Vec<String>, what: &str, is: &Value, should: &Value) {
    if is != should {
        found.push(format!("{what} is {is} instead of {should}"));
    }
}

/// A name as JSON has it.
fn name(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn is_one_of(value: &Value, names: &[String]) -> bool {
    value
        .as_str()
        .is_some_and(|value| names.iter().any(|name| name == value))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        _ => list(value)
            .iter()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect(),
    }
}
