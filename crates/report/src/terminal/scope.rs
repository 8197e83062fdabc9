//! What the verdict rests on: exposure, coverage, and what could not be read or answered.

use std::io;

use imker_detect::Coverage;

use super::line::{Line, Role, fit};
use super::{LISTED, Page, author};
use crate::coverage_text;
use crate::model::HuntReport;
use crate::names;

/// Rules shown that some logs could not answer.
const UNANSWERED: usize = 8;

/// Columns of the tables.
const NAME: usize = 26;
const NUMBERS: [usize; 3] = [46, 63, 78];

pub(super) fn scope(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    exposure(page, report)?;
    coverage(page, report)?;
    unread(page, report)?;
    unanswered(page, report)?;
    inputs(page, report)
}

fn exposure(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    page.heading("section-exposure")?;
    let Some(exposure) = &report.exposure else {
        return page.note("exposure-none");
    };
    if exposure.is_empty() {
        return page.note("exposure-empty");
    }
    let columns = [
        "column-public-successful",
        "column-public-refused",
        "column-internal",
    ];
    let mut head = Line::indented(2).then(Role::Dim, &page.texts.say("column-directory"));
    for (id, end) in columns.into_iter().zip(NUMBERS) {
        head = head.right(Role::Dim, &page.texts.say(id), end);
    }
    page.line(head)?;
    let mut server = None;
    for row in exposure {
        if server.replace(&row.server) != Some(&row.server) {
            page.line(Line::indented(2).then(Role::Strong, &row.server))?;
        }
        let mut line = Line::indented(4).then(Role::Plain, &fit(&row.virtual_directory, NAME));
        for (count, end) in [row.public_successful, row.public_refused, row.internal]
            .into_iter()
            .zip(NUMBERS)
        {
            let role = if count == 0 { Role::Dim } else { Role::Plain };
            line = line.right(role, &page.texts.number(count), end);
        }
        page.line(line)?;
    }
    Ok(())
}

fn coverage(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    page.heading("section-coverage")?;
    page.note("coverage-note")?;
    if report
        .findings
        .servers
        .iter()
        .all(|server| server.coverage.is_empty())
    {
        page.note("coverage-none")?;
    }
    for server in &report.findings.servers {
        page.line(Line::indented(2).then(Role::Strong, &server.name))?;
        for coverage in &server.coverage {
            covered(page, coverage)?;
        }
    }
    let texts = &page.texts;
    let rules = texts.say_with(
        "rules-used",
        [
            ("built-in", report.rules.built_in.into()),
            ("user", report.rules.user.into()),
            ("indicators", report.rules.indicators.into()),
            ("aside", report.rules.set_aside.into()),
        ],
    );
    let refused = texts.say_with("rules-refused", [("count", report.rules.refused.into())]);
    page.paragraph(2, Role::Dim, &rules)?;
    if report.rules.refused > 0 {
        page.paragraph(2, Role::Warning, &refused)?;
    }
    Ok(())
}

fn covered(page: &mut Page<'_>, coverage: &Coverage) -> io::Result<()> {
    let texts = &page.texts;
    let kind = texts.say(names::kind(coverage.kind));
    let name = format!("{kind} {}", coverage.source);
    let span = match (coverage.first, coverage.last) {
        (Some(first), Some(last)) => format!("{} – {}", texts.time(first), texts.time(last)),
        _ => texts.say("coverage-empty"),
    };
    let files = texts.say_with("coverage-files", [("count", coverage.files.into())]);
    let line = Line::indented(4)
        .then(Role::Plain, &fit(name.trim_end(), NAME - 6))
        .tab(NAME)
        .then(Role::Plain, &span)
        .then(Role::Dim, &format!("  {files}"));
    let holes = coverage_text::holes(texts, coverage);
    page.line(line)?;
    holes
        .iter()
        .try_for_each(|hole| page.item(6, "▲", Role::Warning, hole))
}

fn unread(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    page.heading("section-unread")?;
    if report.unread.is_empty() && report.unread_not_listed == 0 {
        page.note(if report.nothing_read {
            "unread-none-read"
        } else {
            "unread-none"
        })?;
    }
    page.first(&report.unread, LISTED, |page, unread| {
        let texts = &page.texts;
        let reason = texts.say(names::unread(unread.reason));
        let from = texts.say_with("unread-from", [("offset", unread.offset.to_string().into())]);
        let detail = unread
            .detail
            .as_ref()
            .map_or_else(String::new, |detail| format!(" ({detail})"));
        page.item(2, "▲", Role::Warning, &format!("{} {from}", unread.file))?;
        page.paragraph(4, Role::Plain, &format!("{reason}{detail}"))
    })?;
    if report.unread_not_listed > 0 {
        let text = page
            .texts
            .say_with("unread-not-listed", [("count", report.unread_not_listed.into())]);
        page.paragraph(2, Role::Warning, &text)?;
    }
    if !report.set_aside.is_empty() {
        page.heading("section-set-aside")?;
        page.note("set-aside-note")?;
        for (kind, count) in &report.set_aside {
            let (kind, count) = (page.texts.aside(kind), page.texts.number(*count));
            page.line(Line::indented(4).then(Role::Plain, &fit(&kind, NAME)).right(
                Role::Plain,
                &count,
                NUMBERS[0],
            ))?;
        }
    }
    Ok(())
}

fn unanswered(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.unanswered_rules.is_empty() {
        return Ok(());
    }
    page.heading("section-unanswered")?;
    page.note("unanswered-note")?;
    page.first(&report.unanswered(), UNANSWERED, |page, (rule, logs)| {
        let texts = &page.texts;
        let files: Vec<String> = logs
            .iter()
            .map(|log| {
                let kind = texts.say(names::kind(log.kind));
                let args = [("count", log.files.into()), ("kind", kind.into())];
                texts.say_with("unanswered-files", args)
            })
            .collect();
        let text = format!(
            "{} {} · {} · {} · {}",
            rule.title,
            author(texts, rule),
            rule.id,
            rule.source,
            files.join(", ")
        );
        page.item(2, "•", Role::Plain, &text)
    })
}

fn inputs(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.inputs.is_empty() {
        return Ok(());
    }
    page.heading("section-inputs")?;
    page.first(&report.inputs, LISTED, |page, input| {
        let texts = &page.texts;
        let modified = input
            .modified
            .map_or_else(String::new, |time| format!(" · {}", texts.time(time)));
        let size = texts.bytes(input.size);
        page.paragraph(2, Role::Plain, &format!("{} · {size}{modified}", input.file))?;
        page.paragraph(4, Role::Dim, &format!("SHA-256 {}", input.sha256))
    })?;
    if report.inputs_not_listed > 0 {
        let text = page
            .texts
            .say_with("inputs-not-listed", [("count", report.inputs_not_listed.into())]);
        page.paragraph(2, Role::Warning, &text)?;
    }
    Ok(())
}
