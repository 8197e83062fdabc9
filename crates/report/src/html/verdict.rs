//! Verdicts and advice.

use std::cmp::Reverse;

use imker_detect::{BuildSeen, Judgement, Statement, Verdict, Window};
use maud::{Markup, html};

use super::{Safe, heading, span, time};
use crate::language::Texts;
use crate::model::{HuntReport, is_answered};
use crate::names;
use crate::overall::Overall;

pub(super) fn section(texts: &Texts, report: &HuntReport) -> Markup {
    let mut servers: Vec<_> = report.findings.servers.iter().collect();
    servers.sort_by_key(|server| (Reverse(server.judgement.verdict), is_answered(server)));
    let unread = report.unread.len() as u64 + report.unread_not_listed;
    html! {
        (heading(texts, "section-verdict"))
        @if report.nothing_read {
            div.card.verdict.no-answer {
                h3 { span.badge.no-answer { "? " (texts.say("verdict-nothing-read")) } }
                p { (texts.say(names::nothing_read_help(report))) }
            }
        } @else if servers.is_empty() {
            (card(texts, "", &report.findings.judgement, true, &[]))
        }
        @for server in servers {
            (card(texts, &server.name, &server.judgement, is_answered(server), &server.builds))
        }
        @if !report.findings.servers.is_empty() { (overall(texts, report)) }
        @if !report.findings.indicators.is_empty() {
            p.hole { a href="#section-indicators" { (texts.say_with("indicators-seen-html", [("count", report.findings.indicators.len().into())])) } }
        }
        @if report.complete {
            p.state { (texts.say("complete")) }
        } @else if unread > 0 {
            @let message = if report.nothing_read { "incomplete-nothing-read" } else { "incomplete" };
            p.state.incomplete { (texts.say_with(message, [("count", unread.into())])) }
        }
    }
}

/// What holds for all servers.
fn overall(texts: &Texts, report: &HuntReport) -> Markup {
    let overall = Overall::of(report);
    html! {
        @if !overall.reasons.is_empty() || !overall.cannot_show.is_empty() {
            div.card {
                h3 { (texts.say("overall")) }
                (statements(texts, "judgement-reasons", overall.reasons))
                (statements(texts, "judgement-cannot-show", overall.cannot_show))
            }
        }
    }
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NoTrace => "no-trace",
        Verdict::Attempted => "attempted",
        Verdict::Vulnerable => "vulnerable",
        Verdict::Exploited => "exploited",
        Verdict::Compromised => "compromised",
    }
}

fn card(texts: &Texts, name: &str, judgement: &Judgement, answered: bool, builds: &[BuildSeen]) -> Markup {
    let class = if answered {
        class(judgement.verdict)
    } else {
        "no-answer"
    };
    let confidence = texts.say(names::confidence(judgement.confidence));
    html! {
        div class={ "card verdict " (class) } {
            h3 {
                @if !name.is_empty() { span { (Safe(name)) } }
                span class={ "badge " (class) } { (texts.say(names::answer(judgement.verdict, answered))) }
                @if answered { span.dim { (texts.say_with("confidence", [("level", confidence.into())])) } }
            }
            p { (texts.say(names::meaning(judgement.verdict, answered))) }
            (window(texts, &judgement.window))
            (statements(texts, "judgement-reasons", &judgement.reasons))
            (statements(texts, "judgement-against", &judgement.against))
            (statements(texts, "judgement-cannot-show", &judgement.cannot_show))
            @if !builds.is_empty() {
                h4 { (texts.say("patch-level")) }
                dl { @for build in builds {
                    dt { (Safe(&build_name(build))) }
                    dd { (span(texts, build.span.from, build.span.to)) }
                } }
            }
        }
    }
}

fn window(texts: &Texts, window: &Window) -> Markup {
    let builds = [
        ("window-without-fix", &window.build_without_fix),
        ("window-with-fix", &window.build_with_fix),
    ];
    html! {
        dl.window {
            @if let Some(from) = window.vulnerable_from {
                dt { (texts.say("window-vulnerable")) }
                dd { (span(texts, from, window.vulnerable_to.unwrap_or(from))) }
            }
            @if let Some(first) = window.first_attack {
                dt { (texts.say("window-first-attack")) } dd { (time(texts, first)) }
                dt { (texts.say("window-first-success")) }
                dd { @match window.first_success {
                    Some(success) => (time(texts, success)),
                    None => (texts.say("window-none")),
                } }
            }
            @if let Some(last) = window.last_activity {
                dt { (texts.say("window-last-activity")) } dd { (time(texts, last)) }
            }
            @if let Some(first) = window.no_data_before {
                dt { (texts.say("window-no-data-before")) } dd { (time(texts, first)) }
            }
        }
        dl {
            @for (id, build) in builds {
                @if let Some(build) = build {
                    @let args = [("name", build_name(build).into()), ("from", texts.time(build.span.from).into())];
                    dt { (texts.say(id)) } dd { (Safe(&texts.say_with("window-build", args))) }
                }
            }
        }
    }
}

fn build_name(build: &BuildSeen) -> String {
    match &build.name {
        Some(name) => format!("{} ({name})", build.build),
        None => build.build.clone(),
    }
}

fn statements<'a>(texts: &Texts, id: &str, statements: impl IntoIterator<Item = &'a Statement>) -> Markup {
    let mut statements = statements.into_iter().peekable();
    html! {
        @if statements.peek().is_some() {
            h4 { (texts.say(id)) }
            ul { @for statement in statements { li { (Safe(&texts.statement(statement))) } } }
        }
    }
}

pub(super) fn advice(texts: &Texts, report: &HuntReport) -> Markup {
    html! {
        (heading(texts, "section-advice"))
        @if report.findings.advice.is_empty() {
            p.note { (texts.say("advice-none")) }
        } @else {
            ol.advice { @for advice in &report.findings.advice { li { (Safe(&texts.statement(advice))) } } }
        }
    }
}
