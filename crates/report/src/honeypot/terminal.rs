//! The evaluation as text for a terminal: what matters on the first screen, then the lists.

use std::io;

use imker_intel::{CountedRow, Evaluation, Listed};

use super::words::{self, Weight};
use crate::terminal::line::{Line, Role, columns, fit};
use crate::terminal::{Page, Style};

/// Entries of a list that the terminal shows; the JSON holds all.
const LISTED: usize = 10;

/// Writes the evaluation. Text of clients in it is cut to the width, with control characters shown by code.
pub fn terminal(evaluation: &Evaluation, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(style, out);
    first_screen(page, evaluation)?;
    compared(page, evaluation)?;
    sources(page, evaluation)?;
    places(page, evaluation)?;
    stages(page, evaluation)?;
    rules(page, evaluation)?;
    let tools = &evaluation.tools;
    counted(page, "section-pot-user-agents", &tools.user_agents)?;
    counted(page, "section-pot-ja4", &tools.ja4)?;
    counted(page, "section-pot-ja3", &tools.ja3)?;
    counted(page, "section-pot-workstations", &tools.workstations)?;
    credentials(page, evaluation)?;
    counted(page, "section-pot-commands", &evaluation.commands)?;
    uploads(page, evaluation)?;
    counted(page, "section-pot-paths", &evaluation.paths)?;
    observers(page, evaluation)?;
    gaps(page, evaluation)
}

fn first_screen(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    let title = page.texts.say("pot-title");
    page.line(Line::new().then(Role::Heading, &title))?;
    let span = words::span(&page.texts, evaluation);
    let utc = page.texts.say("utc-note");
    page.paragraph(0, Role::Dim, &format!("{span}. {utc}"))?;
    page.blank()?;
    let totals = words::totals(&page.texts, evaluation);
    let name_width = totals.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let half = (page.width / 2).max(name_width + 14);
    for pair in totals.chunks(2) {
        let mut line = Line::new();
        for (place, (name, value)) in pair.iter().enumerate() {
            let begin = place * half;
            line = if place == 0 {
                line.then(Role::Plain, "  ")
            } else {
                line.tab(begin + 2)
            };
            line = line
                .then(Role::Dim, name)
                .right(Role::Strong, value, begin + name_width + 14);
        }
        page.line(line)?;
    }
    page.blank()?;
    for (weight, finding) in words::findings(&page.texts, evaluation) {
        let (mark, role) = match weight {
            Weight::Good => ("✔", Role::Good),
            Weight::Warning => ("▲", Role::Warning),
            Weight::Bad => ("✖", Role::Alarm),
        };
        page.item(0, mark, role, &finding)?;
    }
    Ok(())
}

fn compared(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-new")?;
    let Some(compared) = &evaluation.compared else {
        return page.note("pot-not-compared");
    };
    let with = words::compared_with(&page.texts, compared);
    page.paragraph(2, Role::Dim, &with)?;
    if !compared.complete {
        page.note("pot-compared-incomplete")?;
    }
    if words::fresh(compared).iter().all(|(_, fresh)| fresh.count == 0) {
        return page.note("pot-nothing-new");
    }
    for (id, fresh) in words::fresh(compared) {
        if fresh.count == 0 {
            continue;
        }
        let what = page.texts.say_with(id, [("count", fresh.count.into())]);
        page.item(2, "•", Role::Plain, &what)?;
        let shown = &fresh.entries[..fresh.entries.len().min(LISTED)];
        let width = page.width.saturating_sub(4);
        for value in shown {
            let value = words::fresh_value(&page.texts, id, value);
            page.line(Line::indented(4).then(Role::Dim, &fit(&value, width)))?;
        }
        page.left_out(usize::try_from(fresh.count).unwrap_or(usize::MAX) - shown.len())?;
    }
    Ok(())
}

fn sources(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-sources")?;
    if evaluation.sources.entries.is_empty() {
        return page.note("pot-none");
    }
    page.note("pot-score-note")?;
    let head = Line::new()
        .right(Role::Dim, &page.texts.say("column-pot-score"), 6)
        .tab(8)
        .then(Role::Dim, &page.texts.say("column-pot-address"))
        .right(Role::Dim, &page.texts.say("column-requests"), 56);
    page.line(head.tab(58).then(Role::Dim, &page.texts.say("column-last")))?;
    page.first(&evaluation.sources.entries, LISTED, |page, source| {
        let role = match source.score {
            80.. => Role::Alarm,
            50..80 => Role::Warning,
            _ => Role::Plain,
        };
        let line = Line::new()
            .right(role, &source.score.to_string(), 6)
            .tab(8)
            .then(Role::Strong, &source.address.to_string())
            .right(Role::Plain, &page.texts.number(source.requests), 56)
            .tab(58)
            .then(Role::Plain, &page.texts.time(source.last));
        page.line(line)?;
        if !source.stages.is_empty() {
            page.paragraph(8, Role::Dim, &words::stages(&page.texts, source))?;
        }
        match words::place(&source.place) {
            place if place.is_empty() => Ok(()),
            place => page.line(Line::indented(8).then(Role::Dim, &place)),
        }
    })?;
    further(page, &evaluation.sources)
}

fn places(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-countries")?;
    if evaluation.countries.is_empty() {
        return page.note("pot-no-places");
    }
    page.first(&evaluation.countries, LISTED, |page, row| {
        let country = row
            .country
            .clone()
            .unwrap_or_else(|| page.texts.say("pot-country-unknown"));
        let counts = page.texts.say_with(
            "pot-place-counts",
            [
                ("sources", row.sources.into()),
                ("attackers", row.attackers.into()),
                ("requests", row.requests.into()),
            ],
        );
        page.line(
            Line::indented(2)
                .then(Role::Strong, &country)
                .tab(14)
                .then(Role::Plain, &counts),
        )
    })?;
    page.first(&evaluation.networks, LISTED, |page, row| {
        let name = format!(
            "AS{} {}",
            row.asn,
            row.organisation.as_deref().unwrap_or_default()
        );
        let sources = page
            .texts
            .say_with("pot-of-sources", [("count", row.sources.into())]);
        let width = page.width.saturating_sub(24);
        page.line(
            Line::indented(2)
                .then(Role::Plain, &fit(&name, width))
                .tab(page.width - 20)
                .then(Role::Dim, &sources),
        )
    })
}

fn stages(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-stages")?;
    if evaluation.stages.is_empty() {
        return page.note("pot-no-stages");
    }
    page.note("pot-stages-note")?;
    for row in &evaluation.stages {
        let role = if row.succeeded > 0 {
            Role::Alarm
        } else {
            Role::Warning
        };
        let (succeeded, refused) = (row.succeeded, row.refused);
        let counts = page.texts.say_with(
            "pot-stage-counts",
            [
                ("succeeded", succeeded.into()),
                ("refused", refused.into()),
                ("sources", row.sources.count.into()),
            ],
        );
        let mark = if succeeded > 0 { "●" } else { "○" };
        let name = words::stage(&page.texts, row);
        let line = Line::indented(2)
            .then(role, mark)
            .tab(4)
            .then(Role::Strong, &fit(&name, page.width.saturating_sub(4)));
        if columns(&name) < 36 && 40 + columns(&counts) <= page.width {
            page.line(line.tab(40).then(Role::Plain, &counts))?;
        } else {
            page.line(line)?;
            page.paragraph(4, Role::Plain, &counts)?;
        }
        let named = [row.cves.as_slice(), row.techniques.as_slice()].concat();
        if !named.is_empty() {
            page.facts(4, Role::Dim, &named)?;
        }
    }
    Ok(())
}

fn rules(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-rules")?;
    columns_of(page, evaluation.rules.entries.is_empty())?;
    page.first(&evaluation.rules.entries, LISTED, |page, row| {
        let title = if row.ordinary {
            format!("{} ({})", row.title, page.texts.say("pot-ordinary"))
        } else {
            row.title.clone()
        };
        value(
            page,
            &title,
            row.count,
            &words::distinct(&page.texts, row.sources),
        )?;
        let author = words::author(&page.texts, row);
        let mut facts = vec![author, row.rule.clone()];
        facts.extend(row.source.clone());
        page.facts(16, Role::Dim, &facts)
    })?;
    further(page, &evaluation.rules)
}

fn credentials(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-credentials")?;
    let credentials = &evaluation.credentials;
    if credentials.accounts.entries.is_empty() {
        return page.note("pot-none");
    }
    let schemes: Vec<String> = credentials
        .schemes
        .iter()
        .map(|(scheme, count)| format!("{}: {}", words::scheme(*scheme), page.texts.number(*count)))
        .collect();
    page.facts(2, Role::Plain, &schemes)?;
    if credentials.without_secret > 0 {
        let args = [("count", credentials.without_secret.into())];
        let text = page.texts.say_with("pot-without-secret", args);
        page.paragraph(2, Role::Dim, &text)?;
    }
    columns_of(page, false)?;
    page.first(&credentials.accounts.entries, LISTED, |page, row| {
        let name = words::account(&row.username, row.domain.as_deref());
        value(page, &name, row.count, &words::distinct(&page.texts, row.sources))?;
        if row.own_domain {
            let reset = page.texts.say("pot-reset");
            page.line(Line::indented(12).then(Role::Alarm, &reset))?;
        }
        Ok(())
    })?;
    further(page, &credentials.accounts)?;
    counted(page, "section-pot-passwords", &credentials.passwords)
}

fn uploads(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-uploads")?;
    if evaluation.uploads.entries.is_empty() {
        return page.note("pot-none");
    }
    columns_of(page, false)?;
    page.first(&evaluation.uploads.entries, LISTED, |page, row| {
        value(
            page,
            &row.sha256,
            row.count,
            &words::distinct(&page.texts, row.sources),
        )?;
        let mut facts = vec![page.texts.bytes(row.bytes)];
        if !row.whole {
            facts.push(page.texts.say("pot-upload-cut"));
        }
        facts.extend(row.names.iter().cloned());
        page.facts(12, Role::Dim, &facts)
    })?;
    further(page, &evaluation.uploads)
}

fn observers(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-hosts")?;
    columns_of(page, evaluation.hosts.entries.is_empty())?;
    page.first(&evaluation.hosts.entries, LISTED, |page, row| {
        let name = format!("{} · {} · {}", row.sensor, row.host, row.persona);
        value(
            page,
            &name,
            row.events,
            &words::distinct(&page.texts, row.sources),
        )
    })?;
    further(page, &evaluation.hosts)
}

fn gaps(page: &mut Page<'_>, evaluation: &Evaluation) -> io::Result<()> {
    page.heading("section-pot-gaps")?;
    let lines = words::gaps(&page.texts, evaluation);
    if evaluation.gaps.is_complete() {
        page.note("pot-gaps-none")?;
    }
    page.first(&lines, 4 * LISTED, |page, line| {
        page.item(2, "•", Role::Plain, line)
    })
}

fn counted(page: &mut Page<'_>, section: &str, list: &Listed<CountedRow>) -> io::Result<()> {
    page.heading(section)?;
    if list.entries.is_empty() {
        return page.note("pot-none");
    }
    columns_of(page, false)?;
    page.first(&list.entries, LISTED, |page, row| {
        value(
            page,
            &row.value,
            row.count,
            &words::distinct(&page.texts, row.sources),
        )
    })?;
    further(page, list)
}

/// What stands above [`value`]s, where there are any.
fn columns_of(page: &mut Page<'_>, is_empty: bool) -> io::Result<()> {
    if is_empty {
        return Ok(());
    }
    let count = page.texts.say("column-pot-count");
    let sources = format!("/ {}", page.texts.say("column-pot-sources"));
    page.line(
        Line::new()
            .right(Role::Dim, &count, 8)
            .tab(9)
            .then(Role::Dim, &sources),
    )
}

/// A count, by how many sources, and what.
fn value(page: &mut Page<'_>, value: &str, count: u64, sources: &str) -> io::Result<()> {
    let line = Line::new()
        .right(Role::Strong, &page.texts.number(count), 8)
        .tab(9)
        .then(Role::Dim, &format!("/ {sources}"))
        .tab(16);
    page.line(line.then(Role::Plain, &fit(value, page.width.saturating_sub(16))))
}

/// What an evaluation itself does not list.
fn further<T>(page: &mut Page<'_>, list: &Listed<T>) -> io::Result<()> {
    if list.not_listed == 0 {
        return Ok(());
    }
    let args = [
        ("count", list.not_listed.into()),
        ("sum", list.count_not_listed.into()),
    ];
    let text = page.texts.say_with("pot-not-listed", args);
    page.paragraph(4, Role::Dim, &text)
}
