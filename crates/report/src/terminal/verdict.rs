//! The first screen, each server's verdict in full, and the advice.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use imker_detect::{BuildSeen, Judgement, ServerFindings, Statement, Verdict, Window};

use super::line::{Line, Role, fit, wrap};
use super::{Page, span, verdict_look};
use crate::coverage_text::only;
use crate::language::Texts;
use crate::model::{HuntReport, is_answered};
use crate::names;
use crate::overall::Overall;

/// Lines of a terminal of 24 that servers may take, and single lines around them: the rest is for head, foot and
/// prompt.
const ROOM: usize = 18;

/// Indicators named on the first screen.
const INDICATORS: usize = 3;

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
            ("lines", report.lines.into()),
            ("servers", report.findings.servers.len().into()),
        ],
    );
    let summary = Line::new().then(Role::Dim, &summary);
    let only = only(texts, report).map(|only| Line::new().then(Role::Warning, &only));
    let indicators = indicators(texts, report);
    let advice = (!report.findings.advice.is_empty())
        .then(|| Line::new().then(Role::Strong, &format!("→ {}", texts.say("see-advice"))));
    let extra = [&only, &indicators, &advice].into_iter().flatten().count();
    let servers = summaries(texts, report, page.width, ROOM - extra);

    page.line(head)?;
    page.line(summary)?;
    only.into_iter().try_for_each(|line| page.line(line))?;
    page.blank()?;
    for line in servers {
        page.line(line)?;
    }
    indicators.into_iter().try_for_each(|line| page.line(line))?;
    completeness(page, report)?;
    advice.into_iter().try_for_each(|line| page.line(line))
}

/// The first of the user's indicators that were seen.
fn indicators(texts: &Texts, report: &HuntReport) -> Option<Line> {
    let seen = &report.findings.indicators;
    let named: Vec<String> = seen
        .iter()
        .take(INDICATORS)
        .map(|seen| {
            let count = texts.say_with("chart-requests", [("count", seen.count.into())]);
            format!("{} ({count})", seen.indicator)
        })
        .collect();
    let mut named = named.join(", ");
    if seen.len() > INDICATORS {
        let rest = [("count", (seen.len() - INDICATORS).into())];
        named = format!("{named} {}", texts.say_with("attack-and-more", rest));
    }
    let text = texts.say_with("indicators-seen", [("names", named.into())]);
    (!seen.is_empty()).then(|| Line::new().then(Role::Warning, &format!("▲ {text}")))
}

/// As much of every server as fits into `room` lines, the worst first.
fn summaries(texts: &Texts, report: &HuntReport, width: usize, room: usize) -> Vec<Line> {
    if report.nothing_read {
        let mut lines = nothing_read(texts, report, width);
        if !report.findings.servers.is_empty() {
            let servers: Vec<&ServerFindings> = report.findings.servers.iter().collect();
            lines.extend(short(texts, &servers, room - lines.len()));
        }
        return lines;
    }
    let mut servers: Vec<&ServerFindings> = report.findings.servers.iter().collect();
    servers.sort_by_key(|server| (Reverse(server.judgement.verdict), is_answered(server)));
    if servers.is_empty() {
        let head = Headline::of("", &report.findings.judgement, true);
        return judgement_lines(texts, &head, &report.findings.judgement, (4, true), width);
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
                judgement_lines(
                    texts,
                    &Headline::of_server(server),
                    &server.judgement,
                    (reasons, whole),
                    width,
                )
            })
            .collect();
        if lines.len() <= room {
            return lines;
        }
    }
    short(texts, &servers, room)
}

/// That there is no answer, and what to give.
fn nothing_read(texts: &Texts, report: &HuntReport, width: usize) -> Vec<Line> {
    let verdict = texts.say("verdict-nothing-read").to_uppercase();
    let mut lines = vec![Line::new().then(Role::Warning, &format!("? {verdict}"))];
    let help = wrap(&texts.say(names::nothing_read_help(report)), width - LABEL);
    lines.extend(
        help.iter()
            .map(|part| Line::indented(LABEL).then(Role::Plain, part)),
    );
    lines.push(Line::new());
    lines
}

/// One line a server, and one for those that do not fit.
fn short(texts: &Texts, servers: &[&ServerFindings], room: usize) -> Vec<Line> {
    let shown = if servers.len() < room {
        servers.len()
    } else {
        room - 2
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
            let line = Headline::of_server(server).line(texts, name_width.clamp(8, 24));
            match time {
                Some(time) => line
                    .then(Role::Dim, &format!("  {} ", texts.say(id)))
                    .then(Role::Plain, &texts.time(time)),
                None => line,
            }
        })
        .collect();
    if shown < servers.len() {
        let mut counts: BTreeMap<(Reverse<Verdict>, bool), u64> = BTreeMap::new();
        for server in &servers[shown..] {
            let key = (Reverse(server.judgement.verdict), is_answered(server));
            *counts.entry(key).or_default() += 1;
        }
        let verdicts: Vec<String> = counts
            .iter()
            .map(|((verdict, answered), count)| {
                format!("{count} {}", texts.say(names::answer(verdict.0, *answered)))
            })
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

/// A verdict over a server; where no log of it holds an event there is none.
struct Headline<'a> {
    name: &'a str,
    verdict: Verdict,
    answered: bool,
}

impl<'a> Headline<'a> {
    const fn of(name: &'a str, judgement: &Judgement, answered: bool) -> Self {
        Self {
            name,
            verdict: judgement.verdict,
            answered,
        }
    }

    fn of_server(server: &'a ServerFindings) -> Self {
        Self::of(&server.name, &server.judgement, is_answered(server))
    }

    fn line(&self, texts: &Texts, name_width: usize) -> Line {
        let (symbol, role) = if self.answered {
            verdict_look(self.verdict)
        } else {
            ("?", Role::Warning)
        };
        let verdict = texts
            .say(names::answer(self.verdict, self.answered))
            .to_uppercase();
        Line::new()
            .then(role, &format!("{symbol} {verdict:<15}"))
            .then(Role::Strong, &format!(" {:<name_width$}", self.name))
    }
}

fn judgement_lines(
    texts: &Texts,
    headline: &Headline<'_>,
    judgement: &Judgement,
    (reasons, whole): (usize, bool),
    width: usize,
) -> Vec<Line> {
    let confidence = texts.say(names::confidence(judgement.confidence));
    let confidence = texts.say_with("confidence", [("level", confidence.into())]);
    let head = headline.line(texts, 0);
    let mut lines = vec![if headline.answered {
        head.right(Role::Dim, &confidence, width.min(VALUE_2 + 19))
    } else {
        head
    }];
    if judgement.reasons.is_empty() {
        let meaning = texts.say(names::meaning(judgement.verdict, headline.answered));
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
    if report.nothing_read && count == 0 {
        return Ok(());
    }
    let message = if report.nothing_read {
        "incomplete-nothing-read"
    } else {
        "incomplete"
    };
    let text = page.texts.say_with(message, [("count", count.into())]);
    page.item(0, "▲", Role::Warning, &text)
}

/// Every server's verdict with all that it rests on.
pub(super) fn servers(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.findings.servers.is_empty() {
        page.heading("section-verdict")?;
        return judgement(page, &report.findings.judgement, !report.nothing_read, &[]);
    }
    page.heading("section-servers")?;
    for (place, server) in report.findings.servers.iter().enumerate() {
        if place > 0 {
            page.blank()?;
        }
        let line = Headline::of_server(server).line(&page.texts, 0);
        page.line(line)?;
        judgement(page, &server.judgement, is_answered(server), &server.builds)?;
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

fn judgement(
    page: &mut Page<'_>,
    judgement: &Judgement,
    answered: bool,
    builds: &[BuildSeen],
) -> io::Result<()> {
    let meaning = page.texts.say(names::meaning(judgement.verdict, answered));
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
