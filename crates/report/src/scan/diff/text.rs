//! The changes as text for a terminal.

use std::io;

use super::super::words::{self, look};
use super::{Change, Diff, HostChange, State};
use crate::language::Texts;
use crate::terminal::line::{Line, Role, fit};
use crate::terminal::{Page, Style};

/// Hosts listed below each change; the JSON holds all.
const LISTED: usize = 50;

const TARGET: usize = 34;

/// Writes the changes, those for the worse first. A host stands below each of its changes.
pub fn diff_text(diff: &Diff, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(style, out);
    for change in Change::ALL {
        let count = diff.counts.get(&change).copied().unwrap_or(0);
        let name = page.texts.name("scan-change", change.name());
        let line =
            Line::indented(2)
                .then(role(change), &name)
                .right(Role::Strong, &page.texts.number(count), 34);
        page.line(line)?;
    }
    let name = page.texts.say("scan-unchanged");
    let line = Line::indented(2).then(Role::Dim, &name);
    page.line(line.right(Role::Strong, &page.texts.number(diff.unchanged), 34))?;
    for change in Change::ALL {
        let hosts: Vec<&HostChange> = diff
            .hosts
            .iter()
            .filter(|host| host.changes.contains(&change))
            .collect();
        if hosts.is_empty() {
            continue;
        }
        let name = page.texts.name("scan-change", change.name());
        page.blank()?;
        page.line(Line::new().then(Role::Heading, &name))?;
        page.first(&hosts, LISTED, |page, host| {
            let line = Line::indented(2)
                .then(Role::Plain, &fit(&host.target, TARGET))
                .tab(TARGET + 4);
            let line = match (host.old, host.new) {
                (Some(old), Some(new)) => {
                    let line = state(&page.texts, line, &old).then(Role::Dim, " → ");
                    state(&page.texts, line, &new)
                }
                (Some(only), None) | (None, Some(only)) => state(&page.texts, line, &only),
                (None, None) => line,
            };
            page.line(line)
        })?;
    }
    Ok(())
}

fn state(texts: &Texts, line: Line, state: &State) -> Line {
    let (_, role) = look(state.verdict);
    let line = line.then(role, &words::verdict(texts, state.verdict));
    match state.build {
        Some(build) => line.then(Role::Dim, &format!(" ({build})")),
        None => line,
    }
}

const fn role(change: Change) -> Role {
    match change {
        Change::Worse => Role::Bad,
        Change::Better => Role::Good,
        Change::New | Change::Untold | Change::Gone => Role::Warning,
        Change::BuildChanged | Change::CertificateChanged => Role::Plain,
    }
}
