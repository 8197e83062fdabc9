//! What was seen beside attacks: ordinary traffic, reconnaissance, indicators, correlations.

use std::io;

use super::attacks::evidence;
use super::line::{Line, Role};
use super::{LISTED, Page, span};
use crate::model::HuntReport;

pub(super) fn observations(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    normal(page, report)?;
    reconnaissance(page, report)?;
    indicators(page, report)?;
    correlations(page, report)
}

fn normal(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.findings.normal.is_empty() {
        return Ok(());
    }
    page.heading("section-normal")?;
    page.note("normal-note")?;
    for seen in &report.findings.normal {
        let count = page
            .texts
            .say_with("chart-requests", [("count", seen.count.into())]);
        let why = page.texts.statement(&seen.why);
        page.line(Line::indented(2).then(Role::Good, "✔ ").then(Role::Plain, &count))?;
        page.paragraph(4, Role::Plain, &why)?;
        page.rule(4, &seen.rule)?;
    }
    Ok(())
}

fn reconnaissance(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.findings.reconnaissance.is_empty() {
        return Ok(());
    }
    page.heading("section-reconnaissance")?;
    page.note("reconnaissance-note")?;
    page.first(&report.findings.reconnaissance, LISTED, |page, seen| {
        let texts = &page.texts;
        let client = seen
            .client
            .clone()
            .unwrap_or_else(|| texts.say("attack-origin-unknown"));
        let count = texts.say_with("chart-requests", [("count", seen.count.into())]);
        let span = span(texts, seen.span.from, seen.span.to);
        let mut facts = vec![client, count, span];
        if let Some(label) = &seen.own_scanner {
            facts.push(texts.say_with("attack-own-scanner", [("label", label.as_str().into())]));
        }
        page.facts(2, Role::Strong, &facts)?;
        page.rule(4, &seen.rule)?;
        evidence(page, &seen.example)
    })
}

fn indicators(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.findings.indicators.is_empty() {
        return Ok(());
    }
    page.heading("section-indicators")?;
    page.first(&report.findings.indicators, LISTED, |page, seen| {
        let texts = &page.texts;
        let from = texts.say_with("indicator-from", [("source", seen.source.as_str().into())]);
        let count = texts.say_with("chart-requests", [("count", seen.count.into())]);
        let span = span(texts, seen.span.from, seen.span.to);
        page.paragraph(2, Role::Strong, &format!("{} ({from})", seen.indicator))?;
        page.paragraph(4, Role::Plain, &format!("{count} · {span}"))?;
        if !seen.clients.is_empty() {
            page.paragraph(4, Role::Plain, &seen.clients.join(", "))?;
        }
        for example in &seen.evidence {
            evidence(page, example)?;
        }
        Ok(())
    })
}

fn correlations(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    let not_listed = report.findings.correlations_not_listed;
    if report.findings.correlations.is_empty() && not_listed == 0 {
        return Ok(());
    }
    page.heading("section-correlations")?;
    page.first(&report.findings.correlations, LISTED, |page, fired| {
        let texts = &page.texts;
        let count = texts.say_with("chart-requests", [("count", fired.count.into())]);
        let span = span(texts, fired.span.from, fired.span.to);
        let group: Vec<String> = fired
            .group
            .iter()
            .map(|(field, value)| format!("{field}={value}"))
            .collect();
        page.rule(2, &fired.rule)?;
        page.paragraph(
            4,
            Role::Plain,
            &format!("{count} · {span} · {}", group.join(", ")),
        )
    })?;
    if not_listed > 0 {
        let text = page
            .texts
            .say_with("correlations-not-listed", [("count", not_listed.into())]);
        page.paragraph(2, Role::Warning, &text)?;
    }
    Ok(())
}
