//! The attacks: stages, rules and evidence.

use std::collections::BTreeMap;
use std::io;

use imker_detect::{Attack, Evidence, Outcome, RuleNamed};

use super::line::{Line, Role, fit, wrap};
use super::{LISTED, Page, outcome_look, span};
use crate::model::HuntReport;
use crate::names;

/// Columns of the table of stages.
const OUTCOME: usize = 19;
const REQUESTS: usize = 39;
const FIRST: usize = 41;
const LAST: usize = 61;

/// Lines of the terminal that one line of a log takes at most.
const LOG_LINES: usize = 3;

/// Addresses named in a heading before the rest is counted.
const CLIENTS: usize = 4;

/// Attacks behind the detailed ones that get a line each.
const IN_A_LINE: usize = 200;

/// Lines of evidence shown of an attack.
const EVIDENCE: usize = 12;

pub(super) fn attacks(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    page.heading("section-attacks")?;
    page.note(if report.findings.attacks.is_empty() {
        "attacks-none"
    } else {
        "attacks-legend"
    })?;
    let (detailed, others) = report
        .findings
        .attacks
        .split_at(report.findings.attacks.len().min(LISTED));
    for (place, attack) in detailed.iter().enumerate() {
        if place > 0 {
            page.blank()?;
        }
        head(page, attack)?;
        stages(page, attack)?;
        rules(page, attack)?;
        evidence_list(page, &attack.evidence)?;
    }
    if !others.is_empty() {
        page.blank()?;
        page.first(others, IN_A_LINE, in_a_line)?;
    }
    if report.findings.attacks_not_listed > 0 {
        let text = page.texts.say_with(
            "attacks-not-listed",
            [("count", report.findings.attacks_not_listed.into())],
        );
        page.paragraph(2, Role::Warning, &text)?;
    }
    Ok(())
}

fn in_a_line(page: &mut Page<'_>, attack: &Attack) -> io::Result<()> {
    let texts = &page.texts;
    let (symbol, role) = outcome_look(attack.outcome);
    let client = attack
        .client
        .clone()
        .unwrap_or_else(|| texts.say("attack-origin-unknown"));
    let line = Line::new()
        .then(role, &format!("{symbol} "))
        .then(
            Role::Plain,
            &format!("{:>4}  {}  ", attack.number, texts.time(attack.first)),
        )
        .then(role, &texts.say(names::outcome(attack.outcome)))
        .then(Role::Plain, &format!("  {}  {client}", attack.chain));
    page.line(line)
}

fn head(page: &mut Page<'_>, attack: &Attack) -> io::Result<()> {
    let texts = &page.texts;
    let (symbol, role) = outcome_look(attack.outcome);
    let heading = texts.say_with(
        "attack-heading",
        [
            ("number", attack.number.to_string().into()),
            ("chain", attack.chain.as_str().into()),
        ],
    );
    let from = match &attack.client {
        Some(client) => texts.say_with("attack-from", [("client", client.as_str().into())]),
        None => texts.say("attack-origin-unknown"),
    };
    let on = texts.say_with("attack-on", [("servers", attack.servers.join(", ").into())]);
    let line = Line::new()
        .then(role, &format!("{symbol} "))
        .then(Role::Strong, &heading)
        .then(Role::Plain, " · ")
        .then(role, &texts.say(names::outcome(attack.outcome)));

    let mut facts = vec![format!("{from} {on}"), span(texts, attack.first, attack.last)];
    facts.extend(list(&attack.cves));
    facts.extend(list(&attack.techniques));
    let mut more = Vec::new();
    let others = attack.clients.get(1..).unwrap_or_default();
    if !others.is_empty() {
        let mut named = others[..others.len().min(CLIENTS)].join(", ");
        let rest = others.len().saturating_sub(CLIENTS) as u64 + attack.clients_not_listed;
        if rest > 0 {
            let rest = texts.say_with("attack-and-more", [("count", rest.into())]);
            named = format!("{named} {rest}");
        }
        more.push(texts.say_with("attack-also", [("clients", named.into())]));
    }
    if let Some(label) = &attack.own_scanner {
        more.push(texts.say_with("attack-own-scanner", [("label", label.as_str().into())]));
    }
    if !attack.webshells.is_empty() {
        more.push(format!(
            "{}: {}",
            texts.say("attack-webshells"),
            attack.webshells.join(", ")
        ));
    }
    if let Some(bytes) = attack.bytes_sent_after_success {
        more.push(texts.say_with("attack-bytes", [("size", texts.bytes(bytes).into())]));
    }
    if let Some(rate) = attack.requests_per_hour_max {
        more.push(texts.say_with("attack-rate", [("count", rate.into())]));
    }

    page.line(line)?;
    page.facts(2, Role::Plain, &facts)?;
    for text in more {
        page.paragraph(2, Role::Plain, &text)?;
    }
    Ok(())
}

fn list(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(", "))
}

fn stages(page: &mut Page<'_>, attack: &Attack) -> io::Result<()> {
    let texts = &page.texts;
    let mut lines = vec![
        Line::indented(2)
            .then(Role::Dim, &texts.say("column-stage"))
            .tab(OUTCOME)
            .then(Role::Dim, &texts.say("column-outcome"))
            .right(Role::Dim, &texts.say("column-requests"), REQUESTS)
            .tab(FIRST)
            .then(Role::Dim, &texts.say("column-first-request"))
            .tab(LAST)
            .then(Role::Dim, &texts.say("column-last-request")),
    ];
    for stage in &attack.stages {
        let (symbol, role) = outcome_look(stage.outcome);
        // The last request is mostly of the same day: its date would only repeat the first one's.
        let (first, last) = (texts.time(stage.first), texts.time(stage.last));
        let last = if first.get(..10) == last.get(..10) {
            last.get(11..).unwrap_or_default()
        } else {
            last.as_str()
        };
        lines.push(
            Line::indented(2)
                .then(Role::Plain, &fit(&texts.name("stage", &stage.name), OUTCOME - 3))
                .tab(OUTCOME)
                .then(
                    role,
                    &format!("{symbol} {}", texts.say(names::outcome(stage.outcome))),
                )
                .right(Role::Plain, &texts.number(stage.count), REQUESTS)
                .tab(FIRST)
                .then(Role::Plain, &first)
                .tab(LAST)
                .then(Role::Plain, last),
        );
        if let Some(success) = stage.first_success {
            // Of several servers, which one: no other column tells.
            let is_it = |seen: &&Evidence| {
                seen.stage == stage.name && seen.outcome == Outcome::Succeeded && seen.time == success
            };
            let server = match attack.evidence.iter().find(is_it) {
                Some(seen) if attack.servers.len() > 1 => seen.server.as_str(),
                _ => "",
            };
            lines.push(
                Line::indented(2)
                    .tab(FIRST)
                    .then(role, &texts.say("column-first-success"))
                    .then(Role::Plain, &format!(" {} {server}", texts.time(success))),
            );
        }
    }
    page.blank()?;
    lines.into_iter().try_for_each(|line| page.line(line))
}

fn rules(page: &mut Page<'_>, attack: &Attack) -> io::Result<()> {
    let rules: BTreeMap<&str, &RuleNamed> = attack
        .stages
        .iter()
        .flat_map(|stage| &stage.rules)
        .map(|rule| (rule.id.as_str(), rule))
        .collect();
    if rules.is_empty() {
        return Ok(());
    }
    let label = page.texts.say("attack-rules");
    page.blank()?;
    page.line(Line::indented(2).then(Role::Dim, &label))?;
    rules.values().try_for_each(|rule| page.rule(4, rule))
}

fn evidence_list(page: &mut Page<'_>, evidence: &[Evidence]) -> io::Result<()> {
    if evidence.is_empty() {
        return Ok(());
    }
    let label = page.texts.say("attack-evidence");
    page.blank()?;
    page.line(Line::indented(2).then(Role::Dim, &label))?;
    page.first(evidence, EVIDENCE, self::evidence)
}

/// One line of a log: what it is, where it stands, what it says.
pub(super) fn evidence(page: &mut Page<'_>, evidence: &Evidence) -> io::Result<()> {
    let texts = &page.texts;
    let (symbol, role) = outcome_look(evidence.outcome);
    let client = evidence
        .client
        .clone()
        .unwrap_or_else(|| texts.say("attack-origin-unknown"));
    let status = evidence
        .status
        .map_or_else(String::new, |status| format!(" {status}"));
    let head = Line::indented(4)
        .then(role, &format!("{symbol} "))
        .then(Role::Plain, &format!("{}  {client}  ", texts.time(evidence.time)))
        .then(
            Role::Plain,
            &format!("{}{status}", texts.name("stage", &evidence.stage)),
        );
    let place = [
        format!(
            "{} {}",
            evidence.server,
            texts.say(names::vantage(evidence.vantage))
        ),
        format!("{}:{}", evidence.place.file, evidence.place.line),
    ];
    page.line(head)?;
    page.facts(6, Role::Dim, &place)?;
    let parts = wrap(evidence.line.as_str(), page.width - 7);
    for (number, part) in parts.iter().take(LOG_LINES).enumerate() {
        let more = if number + 1 == LOG_LINES && parts.len() > LOG_LINES {
            "…"
        } else {
            ""
        };
        page.line(Line::indented(6).then(Role::Plain, part).then(Role::Plain, more))?;
    }
    Ok(())
}
