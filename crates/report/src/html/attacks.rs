//! Attacks by stage, with evidence; and what was seen beside them.

use std::collections::BTreeMap;

use imker_detect::{Attack, Evidence, Outcome, RuleNamed};
use maud::{Markup, html};

use super::{Safe, heading, rules, span, time};
use crate::charts::{self, outcome_class};
use crate::language::Texts;
use crate::model::HuntReport;
use crate::names;

pub(super) fn timeline(texts: &Texts, report: &HuntReport) -> Markup {
    let outcomes = [
        Outcome::Succeeded,
        Outcome::Unclear,
        Outcome::Refused,
        Outcome::Filtered,
    ];
    let legend = outcomes.map(|outcome| (outcome_class(outcome), texts.say(names::outcome(outcome))));
    html! {
        (heading(texts, "section-timeline"))
        @if report.findings.attacks.is_empty() {
            p.note { (texts.say("attacks-none")) }
        } @else {
            div.card { (charts::timeline(texts, report)) (charts::legend(&legend)) }
        }
    }
}

pub(super) fn section(texts: &Texts, report: &HuntReport) -> Markup {
    let findings = &report.findings;
    html! {
        (heading(texts, "section-attacks"))
        @if findings.attacks.is_empty() { p.note { (texts.say("attacks-none")) } }
        @for attack in &findings.attacks { (card(texts, attack)) }
        @if findings.attacks_not_listed > 0 {
            p { (texts.say_with("attacks-not-listed", [("count", findings.attacks_not_listed.into())])) }
        }
    }
}

fn card(texts: &Texts, attack: &Attack) -> Markup {
    let matched: BTreeMap<&str, &RuleNamed> = attack
        .stages
        .iter()
        .flat_map(|stage| &stage.rules)
        .map(|rule| (rule.id.as_str(), rule))
        .collect();
    html! {
        div.card id={ "attack-" (attack.number) } {
            h3 {
                (Safe(&texts.say_with("attack-heading", [("number", attack.number.to_string().into()), ("chain", attack.chain.as_str().into())])))
                " " (outcome(texts, attack.outcome))
            }
            (facts(texts, attack))
            (charts::stages(texts, attack))
            (stages(texts, attack))
            h4 { (texts.say("attack-rules")) }
            (rules(texts, matched.into_values()))
            @if !attack.evidence.is_empty() {
                h4 { (texts.say("attack-evidence")) }
                (evidence_list(texts, &attack.evidence))
            }
        }
    }
}

fn outcome(texts: &Texts, outcome: Outcome) -> Markup {
    html! { span class={ "badge " (outcome_class(outcome)) } { (texts.say(names::outcome(outcome))) } }
}

fn facts(texts: &Texts, attack: &Attack) -> Markup {
    let addresses = match (&attack.client, attack.clients.is_empty()) {
        (_, false) if attack.clients_not_listed > 0 => {
            let more = [("count", attack.clients_not_listed.into())];
            format!(
                "{} {}",
                attack.clients.join(", "),
                texts.say_with("attack-and-more", more)
            )
        }
        (_, false) => attack.clients.join(", "),
        (Some(client), true) => client.clone(),
        (None, true) => texts.say("attack-origin-unknown"),
    };
    let lists = [
        ("cves", &attack.cves),
        ("techniques", &attack.techniques),
        ("attack-webshells", &attack.webshells),
    ];
    html! {
        dl {
            dt { (texts.say("column-clients")) } dd.mono { (Safe(&addresses)) }
            dt { (texts.say("servers")) } dd { (Safe(&attack.servers.join(", "))) }
            dt { (texts.say("column-time")) } dd { (span(texts, attack.first, attack.last)) }
            @for (id, values) in lists {
                @if !values.is_empty() { dt { (texts.say(id)) } dd { (Safe(&values.join(", "))) } }
            }
        }
        @if let Some(label) = &attack.own_scanner {
            p { (Safe(&texts.say_with("attack-own-scanner", [("label", label.as_str().into())]))) }
        }
        @if let Some(bytes) = attack.bytes_sent_after_success {
            p { (texts.say_with("attack-bytes", [("size", texts.bytes(bytes).into())])) }
        }
        @if let Some(rate) = attack.requests_per_hour_max {
            p { (texts.say_with("attack-rate", [("count", rate.into())])) }
        }
    }
}

fn stages(texts: &Texts, attack: &Attack) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                th { (texts.say("column-stage")) } th { (texts.say("column-outcome")) }
                th.n { (texts.say("column-requests")) } th { (texts.say("column-first-request")) }
                th { (texts.say("column-last-request")) } th { (texts.say("column-first-success")) }
            } }
            tbody { @for stage in &attack.stages { tr {
                td { (Safe(&texts.name("stage", &stage.name))) }
                td { (outcome(texts, stage.outcome)) }
                td.n { (texts.number(stage.count)) }
                td { (time(texts, stage.first)) }
                td { (time(texts, stage.last)) }
                td { @if let Some(success) = stage.first_success { (time(texts, success)) } @else { "–" } }
            } } }
        } }
    }
}

fn evidence_list<'a>(texts: &Texts, evidence: impl IntoIterator<Item = &'a Evidence>) -> Markup {
    html! {
        ul.evidence { @for evidence in evidence {
            li {
                (time(texts, evidence.time)) " " (Safe(&texts.name("stage", &evidence.stage))) " "
                (outcome(texts, evidence.outcome))
                @if let Some(status) = evidence.status { " " (status) }
                span.dim {
                    " · " (Safe(&evidence.server)) " " (texts.say(names::vantage(evidence.vantage)))
                    @if let Some(client) = &evidence.client { " · " (Safe(client)) }
                }
                code.log dir="ltr" { (Safe(evidence.line.as_str())) }
                div.place {
                    (Safe(&evidence.place.file)) ", "
                    (texts.say_with("evidence-place", [("line", evidence.place.line.to_string().into()), ("offset", evidence.place.offset.to_string().into())]))
                    @if !evidence.rules.is_empty() { " · " span.mono { (Safe(&evidence.rules.join(", "))) } }
                }
            }
        } }
    }
}

/// Ordinary traffic, reconnaissance, indicators, correlations.
pub(super) fn observations(texts: &Texts, report: &HuntReport) -> Markup {
    let findings = &report.findings;
    let requests = |count: u64| texts.say_with("chart-requests", [("count", count.into())]);
    html! {
        @if !findings.normal.is_empty() {
            (heading(texts, "section-normal"))
            p.note { (texts.say("normal-note")) }
            @for seen in &findings.normal {
                div.card { h3 { (requests(seen.count)) } p { (Safe(&texts.statement(&seen.why))) } (rules(texts, [&seen.rule])) }
            }
        }
        @if !findings.reconnaissance.is_empty() {
            (heading(texts, "section-reconnaissance"))
            p.note { (texts.say("reconnaissance-note")) }
            @for seen in &findings.reconnaissance {
                div.card {
                    h3 { @match &seen.client {
                        Some(client) => (Safe(client)),
                        None => (texts.say("attack-origin-unknown")),
                    } }
                    p { (requests(seen.count)) " · " (span(texts, seen.span.from, seen.span.to)) }
                    @if let Some(label) = &seen.own_scanner {
                        p { (Safe(&texts.say_with("attack-own-scanner", [("label", label.as_str().into())]))) }
                    }
                    (rules(texts, [&seen.rule]))
                    (evidence_list(texts, [&seen.example]))
                }
            }
        }
        @if !findings.indicators.is_empty() {
            (heading(texts, "section-indicators"))
            @for seen in &findings.indicators {
                div.card {
                    h3 { (Safe(&seen.indicator)) }
                    p.note { (Safe(&texts.say_with("indicator-from", [("source", seen.source.as_str().into())]))) }
                    p { (requests(seen.count)) " · " (span(texts, seen.span.from, seen.span.to)) }
                    @if !seen.clients.is_empty() { p.mono { (Safe(&seen.clients.join(", "))) } }
                    (evidence_list(texts, &seen.evidence))
                }
            }
        }
        @if !findings.correlations.is_empty() || findings.correlations_not_listed > 0 {
            (heading(texts, "section-correlations"))
            @for fired in &findings.correlations {
                div.card {
                    (rules(texts, [&fired.rule]))
                    p { (requests(fired.count)) " · " (span(texts, fired.span.from, fired.span.to)) }
                    dl { @for (field, value) in &fired.group { dt { (Safe(field)) } dd { (Safe(value)) } } }
                }
            }
            @if findings.correlations_not_listed > 0 {
                p { (texts.say_with("correlations-not-listed", [("count", findings.correlations_not_listed.into())])) }
            }
        }
    }
}
