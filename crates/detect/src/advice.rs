//! What to do now, in order.

use std::collections::BTreeSet;

use crate::model::{Findings, Outcome, Statement, Verdict};

/// Names in one statement.
const NAMES: usize = 20;

/// The first update with the fix, as Microsoft's knowledge base numbers it (exchange facts, section 3; the
/// July 2021 update has one number a product).
const UPDATES: [(&str, &str); 9] = [
    ("CVE-2021-26855", "KB5000871"),
    ("CVE-2021-27065", "KB5000871"),
    ("CVE-2021-34473", "KB5001779"),
    ("CVE-2021-34523", "KB5001779"),
    ("CVE-2021-31207", "KB5003435"),
    ("CVE-2021-31195", "KB5003435"),
    ("CVE-2022-41040", "KB5019758"),
    ("CVE-2022-41080", "KB5019758"),
    ("CVE-2022-41082", "KB5019758"),
];

/// What advice rests on beside the findings.
pub(crate) struct Grounds<'a> {
    pub complete: bool,
    /// Webshells that answered.
    pub shells: &'a BTreeSet<String>,
    /// Chains of which a step succeeded.
    pub chains: &'a BTreeSet<String>,
}

pub(crate) fn advice(findings: &Findings, grounds: &Grounds<'_>) -> Vec<Statement> {
    let verdict = findings.judgement.verdict;
    let mut advice = Vec::new();
    let mut add = |statement: Statement| advice.push(statement);
    let at_least = |least: Verdict| {
        let worse = findings
            .servers
            .iter()
            .filter(|server| server.judgement.verdict >= least);
        list(worse.map(|server| server.name.as_str()))
    };
    let on = |id: &'static str, least: Verdict| Statement::new(id).with("servers", at_least(least));
    if verdict >= Verdict::Exploited {
        add(on("advice-isolate", Verdict::Exploited));
        add(on("advice-preserve", Verdict::Exploited));
        add(Statement::new("advice-note-awareness"));
    } else if verdict == Verdict::Vulnerable {
        add(on("advice-restrict-access", Verdict::Vulnerable));
        add(on("advice-preserve", Verdict::Vulnerable));
    }
    if !grounds.complete {
        add(Statement::new("advice-mend-unread"));
    }
    if verdict >= Verdict::Vulnerable {
        if !grounds.shells.is_empty() {
            let paths = list(grounds.shells.iter().map(String::as_str));
            add(Statement::new("advice-remove-webshells").with("paths", paths));
        }
        add(on("advice-look-for-webshells", Verdict::Vulnerable));
    }
    if verdict >= Verdict::Exploited {
        add(Statement::new("advice-check-exports"));
        add(Statement::new("advice-check-roles"));
    }
    let succeeded = findings
        .attacks
        .iter()
        .filter(|attack| attack.verdict >= Verdict::Vulnerable);
    let cves = succeeded.flat_map(|attack| attack.cves.iter().map(String::as_str));
    // An attack that got through on one server may have met another server's fix.
    let worked =
        |cve: &&str| imker_exchange::chain_of(cve).is_some_and(|chain| grounds.chains.contains(chain));
    let cves: BTreeSet<&str> = cves.filter(worked).collect();
    match updates(&cves) {
        kbs if verdict >= Verdict::Vulnerable && !kbs.is_empty() => {
            add(Statement::new("advice-patch")
                .with("cves", list(cves.into_iter()))
                .with("kbs", kbs));
        }
        _ => add(Statement::new("advice-check-patch")),
    }
    if verdict == Verdict::Compromised {
        add(on("advice-reinstall", Verdict::Compromised));
    }
    if verdict >= Verdict::Exploited {
        add(Statement::new("advice-reset-credentials"));
        add(Statement::new("advice-rotate-keys"));
    }
    let own: BTreeSet<&str> = findings
        .attacks
        .iter()
        .filter(|attack| attack.own_scanner.is_some() && attack.verdict >= Verdict::Vulnerable)
        .flat_map(|attack| attack.servers.iter().map(String::as_str))
        .collect();
    if !own.is_empty() {
        add(Statement::new("advice-check-own-success").with("servers", list(own.into_iter())));
    }
    let strangers = findings
        .attacks
        .iter()
        .filter(|attack| attack.own_scanner.is_none());
    let stages = strangers.flat_map(|attack| &attack.stages);
    let unclear: u64 = stages
        .filter_map(|stage| stage.outcomes.get(&Outcome::Unclear))
        .sum();
    if unclear > 0 {
        add(Statement::new("advice-read-unclear").with("count", unclear));
    }
    add(Statement::new("advice-extend-logs"));
    advice
}

fn updates(cves: &BTreeSet<&str>) -> String {
    let of = |cve: &&str| UPDATES.iter().find(|(known, _)| known == cve).map(|(_, kb)| *kb);
    let kbs: BTreeSet<&str> = cves.iter().filter_map(of).collect();
    list(kbs.into_iter())
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.collect();
    let mut text = all[..all.len().min(NAMES)].join(", ");
    if all.len() > NAMES {
        text.push_str(", …");
    }
    text
}
