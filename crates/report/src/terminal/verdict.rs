//! The first screen, each server's verdict in full, and the advice.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use imker_detect::{BuildSeen, Judgement, ServerFindings, Statement, Verdict, Window};

use super::line::{Line, Role, fit, wrap};
use super::{Page, span, verdict_look};
use crate::language::Texts;
use crate::model::HuntReport;
use crate::names;
use crate::overall::Overall;

/// Lines of a terminal of 24 that servers may take: the rest is for head, foot and prompt.
const ROOM: usize = 18;

const LABEL: usize = 2;
const VALUE: usize = 20;
const LABEL_2: usize = 42;
const VALUE_2: usize = 59;

pub(super) fn first_screen(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    let texts = &page.texts;
    let head = Line::new()
        .then(Role::Strong, &format!("Imker {}", report.version))
        .then(Role::Plain, &format!(" · {}", texts.say("title")))
        .right(Role::Dim, &texts.say("utc-note"), page.width.min(VALUE_2 + 19));
    let summary = texts.say_with(
        "read-summary",
        [
            ("files", report.files.into()),
            ("size", texts.bytes(report.bytes).into()),
            ("lines", texts.number(report.lines).into()),
            ("servers", report.findings.servers.len().into()),
        ],
    );
    let summary = Line::new().then(Role::Dim, &summary);
    let servers = summaries(texts, report, page.width);

    page.line(head)?;
    page.line(summary)?;
    page.blank()?;
    for line in servers {
        page.line(line)?;
    }
    completeness(page, report)
}

/// As much of every server as fits into [`ROOM`], the worst first.
fn summaries(texts: &Texts, report: &HuntReport, width: usize) -> Vec<Line> {
    let mut servers: Vec<&ServerFindings> = report.findings.servers.iter().collect();
    servers.sort_by_key(|server| Reverse(server.judgement.verdict));
    if servers.is_empty() {
        let mut lines = judgement_lines(texts, "", &report.findings.judgement, (4, true), width);
        if report.files == 0 {
            lines.insert(
                1,
                Line::indented(LABEL).then(Role::Plain, &texts.say("no-servers")),
            );
        }
        return lines;
    }
    // Whole sentences where they fit, else fewer of them, cut to a line each.
    for (reasons, whole) in [
        (4, true),
        (3, true),
        (4, false),
        (3, false),
        (2, false),
        (1, false),
    ] {
        let lines: Vec<Line> = servers
            .iter()
            .flat_map(|server| {
                judgement_lines(texts, &server.name, &server.judgement, (reasons, whole), width)
            })
            .collect();
        if lines.len() <= ROOM {
            return lines;
        }
    }
    short(texts, &servers)
}

/// One line a server, and one for those that do not fit.
fn short(texts: &Texts, servers: &[&ServerFindings]) -> Vec<Line> {
    let shown = if servers.len() < ROOM {
        servers.len()
    } else {
        ROOM - 2
    };
    let name_width = servers[..shown]
        .iter()
        .map(|server| server.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut lines: Vec<Line> = servers[..shown]
        .iter()
        .map(|server| {
            let window = &server.judgement.window;
            let (id, time) = match (window.first_success, window.first_attack) {
                (Some(success), _) => ("window-first-success", Some(success)),
                (None, attack) => ("window-first-attack", attack),
            };
            let line = verdict_line(texts, &server.name, &server.judgement, name_width.clamp(8, 24));
            match time {
                Some(time) => line
                    .then(Role::Dim, &format!("  {} ", texts.say(id)))
                    .then(Role::Plain, &texts.time(time)),
                None => line,
            }
        })
        .collect();
    if shown < servers.len() {
        let mut counts: BTreeMap<Reverse<Verdict>, u64> = BTreeMap::new();
        for server in &servers[shown..] {
            *counts.entry(Reverse(server.judgement.verdict)).or_default() += 1;
        }
        let verdicts: Vec<String> = counts
            .iter()
            .map(|(verdict, count)| format!("{count} {}", texts.say(names::verdict(verdict.0))))
            .collect();
        let more = texts.say_with(
            "more-servers",
            [
                ("count", (servers.len() - shown).into()),
                ("verdicts", verdicts.join(", ").into()),
            ],
        );
        lines.push(Line::indented(LABEL).then(Role::Dim, &more));
    }
    lines.push(Line::new());
    lines
}

fn verdict_line(texts: &Texts, name: &str, judgement: &Judgement, name_width: usize) -> Line {
    let (symbol, role) = verdict_look(judgement.verdict);
    let verdict = texts.say(names::verdict(judgement.verdict)).to_uppercase();
    Line::new()
        .then(role, &format!("{symbol} {verdict:<15}"))
        .then(Role::Strong, &format!(" {name:<name_width$}"))
}

fn judgement_lines(
    texts: &Texts,
    name: &str,
    judgement: &Judgement,
    (reasons, whole): (usize, bool),
    width: usize,
) -> Vec<Line> {
    let confidence = texts.say(names::confidence(judgement.confidence));
    let confidence = texts.say_with("confidence", [("level", confidence.into())]);
    let head = verdict_line(texts, name, judgement, 0).right(Role::Dim, &confidence, width.min(VALUE_2 + 19));
    let mut lines = vec![head];
    if judgement.reasons.is_empty() {
        let meaning = texts.say(names::verdict_meaning(judgement.verdict));
        lines.push(Line::indented(LABEL).then(Role::Plain, &meaning));
    }
    for reason in judgement.reasons.iter().take(reasons) {
        let text = texts.statement(reason);
        let parts = if whole {
            wrap(&text, width - LABEL - 2)
        } else {
            vec![fit(&text, width - LABEL - 2)]
        };
        for (place, part) in parts.iter().enumerate() {
            let mark = if place == 0 { "• " } else { "  " };
            lines.push(
                Line::indented(LABEL)
                    .then(Role::Dim, mark)
                    .then(Role::Plain, part),
            );
        }
    }
    lines.extend(window_lines(texts, &judgement.window));
    lines.push(Line::new());
    lines
}

fn window_lines(texts: &Texts, window: &Window) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(span) = vulnerable(texts, window) {
        let label = texts.say("window-vulnerable");
        lines.push(
            Line::indented(LABEL)
                .then(Role::Dim, &label)
                .tab(VALUE)
                .then(Role::Plain, &span),
        );
    }
    let time = |time: Option<_>| time.map_or_else(|| texts.say("window-none"), |time| texts.time(time));
    let pair = |left: (&str, String), right: (&str, String)| {
        let line = Line::indented(LABEL)
            .then(Role::Dim, &texts.say(left.0))
            .tab(VALUE)
            .then(Role::Plain, &left.1);
        line.tab(LABEL_2)
            .then(Role::Dim, &texts.say(right.0))
            .tab(VALUE_2)
            .then(Role::Plain, &right.1)
    };
    if window.first_attack.is_some() {
        lines.push(pair(
            ("window-first-attack", time(window.first_attack)),
            ("window-first-success", time(window.first_success)),
        ));
        if let Some(last) = window.last_activity {
            let label = texts.say("window-last-activity");
            lines.push(
                Line::indented(LABEL)
                    .then(Role::Dim, &label)
                    .tab(VALUE)
                    .then(Role::Plain, &texts.time(last)),
            );
        }
    }
    let Some(first) = window.no_data_before else {
        return lines;
    };
    let line = match lines.pop() {
        // The last activity leaves the right half of its line free.
        Some(line) if window.last_activity.is_some() => line.tab(LABEL_2),
        other => {
            lines.extend(other);
            Line::indented(LABEL)
        }
    };
    let value = if window.last_activity.is_some() {
        VALUE_2
    } else {
        VALUE
    };
    let line = line.then(Role::Dim, &texts.say("window-no-data-before"));
    lines.push(line.tab(value).then(Role::Plain, &texts.time(first)));
    lines
}

fn vulnerable(texts: &Texts, window: &Window) -> Option<String> {
    let from = texts.time(window.vulnerable_from?);
    Some(match window.vulnerable_to {
        Some(to) if Some(to) != window.vulnerable_from => texts.say_with(
            "window-vulnerable-span",
            [("from", from.into()), ("to", texts.time(to).into())],
        ),
        _ => texts.say_with("window-vulnerable-from", [("from", from.into())]),
    })
}

fn completeness(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.complete {
        let text = page.texts.say("complete");
        return page.item(0, "✔", Role::Good, &text);
    }
    let count = report.unread.len() as u64 + report.unread_not_listed;
    let text = page.texts.say_with("incomplete", [("count", count.into())]);
    page.item(0, "▲", Role::Warning, &text)
}

/// Every server's verdict with all that it rests on.
pub(super) fn servers(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.findings.servers.is_empty() {
        page.heading("section-verdict")?;
        return judgement(page, &report.findings.judgement, &[]);
    }
    page.heading("section-servers")?;
    for (place, server) in report.findings.servers.iter().enumerate() {
        if place > 0 {
            page.blank()?;
        }
        let line = verdict_line(&page.texts, &server.name, &server.judgement, 0);
        page.line(line)?;
        judgement(page, &server.judgement, &server.builds)?;
    }
    let overall = Overall::of(report);
    if !overall.reasons.is_empty() || !overall.cannot_show.is_empty() {
        page.blank()?;
        let label = page.texts.say("overall");
        page.line(Line::new().then(Role::Strong, &label))?;
        statements(page, "judgement-reasons", "•", overall.reasons)?;
        statements(page, "judgement-cannot-show", "?", overall.cannot_show)?;
    }
    Ok(())
}

fn judgement(page: &mut Page<'_>, judgement: &Judgement, builds: &[BuildSeen]) -> io::Result<()> {
    let meaning = page.texts.say(names::verdict_meaning(judgement.verdict));
    page.paragraph(2, Role::Plain, &meaning)?;
    statements(page, "judgement-reasons", "•", &judgement.reasons)?;
    statements(page, "judgement-against", "–", &judgement.against)?;
    statements(page, "judgement-cannot-show", "?", &judgement.cannot_show)?;
    let window = &judgement.window;
    for (id, build) in [
        ("window-without-fix", &window.build_without_fix),
        ("window-with-fix", &window.build_with_fix),
    ] {
        if let Some(build) = build {
            let args = [
                ("name", build_name(build).into()),
                ("from", page.texts.time(build.span.from).into()),
            ];
            let text = format!(
                "{}: {}",
                page.texts.say(id),
                page.texts.say_with("window-build", args)
            );
            page.paragraph(2, Role::Plain, &text)?;
        }
    }
    if !builds.is_empty() {
        let label = page.texts.say("patch-level");
        page.line(Line::indented(2).then(Role::Dim, &label))?;
        for build in builds {
            let facts = [
                span(&page.texts, build.span.from, build.span.to),
                build_name(build),
            ];
            page.facts(4, Role::Plain, &facts)?;
        }
    }
    Ok(())
}

fn build_name(build: &BuildSeen) -> String {
    match &build.name {
        Some(name) => format!("{} ({name})", build.build),
        None => build.build.clone(),
    }
}

fn statements<'a>(
    page: &mut Page<'_>,
    id: &str,
    mark: &str,
    statements: impl IntoIterator<Item = &'a Statement>,
) -> io::Result<()> {
    let mut statements = statements.into_iter().peekable();
    if statements.peek().is_none() {
        return Ok(());
    }
    let label = page.texts.say(id);
    page.line(Line::indented(2).then(Role::Dim, &label))?;
    for statement in statements {
        let text = page.texts.statement(statement);
        page.item(4, mark, Role::Plain, &text)?;
    }
    Ok(())
}

/// What to do now, in order.
pub(super) fn advice(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    page.heading("section-advice")?;
    if report.findings.advice.is_empty() {
        return page.note("advice-none");
    }
    for (place, statement) in report.findings.advice.iter().enumerate() {
        let text = page.texts.statement(statement);
        page.item(2, &format!("{:>2}.", place + 1), Role::Plain, &text)?;
    }
    Ok(())
}
