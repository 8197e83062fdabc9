//! What fits on a screen.

use std::io;

use imker_posture::{Answer, Assessment, CveVerdict, Directory, FrontEnd, Observation};

use super::super::super::words::{self, Heard, cve_look};
use super::{VALUE, beside, certificate, chain_line, facts};
use crate::language::Texts;
use crate::terminal::Page;
use crate::terminal::line::{Line, Role, columns, fit};

/// Front ends beside the worst.
const OTHERS: usize = 3;

/// CVEs named out of those that are in no known chain.
const NEWEST: usize = 3;

/// Headers of an answer that are shown as far as they fit, the most telling first.
const TELLING: [&str; 5] = [
    "Location",
    "X-OWA-Version",
    "X-ServerApplication",
    "X-FEServer",
    "X-CalculatedBETarget",
];

/// The worst front end with each chain and what decided on it, the others in a few lines each.
pub(super) fn front_ends(
    page: &mut Page<'_>,
    observation: &Observation,
    assessment: &Assessment,
) -> io::Result<()> {
    let Some((worst, others)) = assessment.front_ends.split_first() else {
        return Ok(());
    };
    facts(page, observation, worst)?;
    certificate(page, observation, worst)?;
    chains(page, observation, worst)?;
    further(page, worst)?;
    page.first(others, OTHERS, |page, front_end| {
        facts(page, observation, front_end)?;
        by_verdict(page, front_end)
    })
}

/// A line for each chain; below those that are worst of all that were asked for, what was answered.
fn chains(page: &mut Page<'_>, observation: &Observation, front_end: &FrontEnd) -> io::Result<()> {
    let asked = words::deciding(front_end).filter(|(_, cve)| !cve.evidence.is_empty());
    let worst = asked.map(|(_, cve)| cve.verdict).max();
    for (chain, cve) in words::deciding(front_end) {
        chain_line(page, chain, cve)?;
        if Some(cve.verdict) == worst {
            for heard in words::evidence(observation, front_end, cve) {
                evidence(page, &heard)?;
            }
        }
    }
    Ok(())
}

/// Two lines: what was asked, what was answered.
fn evidence(page: &mut Page<'_>, heard: &Heard<'_>) -> io::Result<()> {
    let times = words::times(&page.texts, heard);
    let room = page.width.saturating_sub(10 + columns(&times));
    let asked = format!("GET {}", heard.answer.check.request_target());
    let asked = format!("    → {}{times}", fit(&asked, room));
    page.line(Line::new().then(Role::Dim, &asked))?;
    let told = told(&page.texts, heard.answer, page.width.saturating_sub(6));
    page.line(Line::new().then(Role::Dim, &format!("    ← {told}")))
}

/// Status and the headers that tell most, as many as fit: `302, Location: /owa/..., X-FEServer: EX01`.
fn told(texts: &Texts, answer: &Answer, room: usize) -> String {
    let Some(response) = &answer.response else {
        return words::answered(texts, answer);
    };
    let title = response.title.iter().filter(|_| response.status == 200);
    let title = title.map(|title| format!("\"{}\"", fit(title, room / 3)));
    let headers = TELLING.iter().filter_map(|name| {
        let value = response.header(name)?;
        Some(format!("{name}: {}", fit(value, room / 3)))
    });
    let mut told = response.status.to_string();
    for part in title.chain(headers) {
        if columns(&told) + 2 + columns(&part) <= room {
            told = format!("{told}, {part}");
        }
    }
    told
}

/// How many other CVEs are open, and where they are listed.
fn further(page: &mut Page<'_>, front_end: &FrontEnd) -> io::Result<()> {
    let (open, unknown) = (&front_end.further_open, &front_end.further_unknown);
    let Some(build) = front_end
        .build
        .filter(|_| !open.is_empty() || !unknown.is_empty())
    else {
        return Ok(());
    };
    let mut said = Vec::new();
    if !open.is_empty() {
        let args = [
            ("count", open.len().into()),
            ("newest", newest(open).join(", ").into()),
        ];
        said.push(page.texts.say_with("scan-further-newest", args));
    }
    if !unknown.is_empty() {
        let args = [("count", unknown.len().into())];
        said.push(page.texts.say_with("scan-further-untold", args));
    }
    said.push(
        page.texts
            .say_with("scan-further-lists", [("build", build.to_string().into())]),
    );
    let (mark, role) = if open.is_empty() {
        ("?", Role::Dim)
    } else {
        ("▲", Role::Bad)
    };
    page.item(2, mark, role, &said.join(" "))
}

/// CVEs of the highest year and number.
fn newest(cves: &[String]) -> Vec<&str> {
    let key = |id: &str| {
        let mut parts = id.strip_prefix("CVE-")?.split('-');
        let mut number = || parts.next()?.parse::<u32>().ok();
        Some((number()?, number()?))
    };
    let mut ids: Vec<&str> = cves.iter().map(String::as_str).collect();
    ids.sort_by_key(|id| std::cmp::Reverse(key(id)));
    ids.truncate(NEWEST);
    ids
}

/// Chains side by side, the worst first.
fn by_verdict(page: &mut Page<'_>, front_end: &FrontEnd) -> io::Result<()> {
    let chains = words::chains(front_end);
    for verdict in [
        CveVerdict::Vulnerable,
        CveVerdict::Unknown,
        CveVerdict::Filtered,
        CveVerdict::Guarded,
        CveVerdict::Fixed,
    ] {
        let of_verdict = chains.iter().filter(|(_, worst, _)| *worst == verdict);
        let names: Vec<&str> = of_verdict.map(|(chain, ..)| *chain).collect();
        if !names.is_empty() {
            let (mark, role) = cve_look(verdict);
            let verdict = words::cve_verdict(&page.texts, verdict);
            let line = Line::indented(2).then(role, &format!("{mark} {verdict}"));
            beside(page, line, VALUE, Role::Plain, &names.join(", "))?;
        }
    }
    Ok(())
}

/// Virtual directories that answer alike, side by side; a front end like one before it is not repeated.
pub(super) fn directories(page: &mut Page<'_>, assessment: &Assessment) -> io::Result<()> {
    let mut different: Vec<&FrontEnd> = Vec::new();
    for front_end in assessment.front_ends.iter().take(1 + OTHERS) {
        let is_like = |other: &&FrontEnd| other.directories == front_end.directories;
        if !front_end.directories.is_empty() && !different.iter().any(is_like) {
            different.push(front_end);
        }
    }
    if different.is_empty() {
        return Ok(());
    }
    page.heading("section-scan-exposure")?;
    let several = different.len() > 1;
    for front_end in different {
        if let Some(name) = front_end.name.as_ref().filter(|_| several) {
            page.paragraph(2, Role::Strong, name)?;
        }
        answers(page, &front_end.directories)?;
    }
    Ok(())
}

fn answers(page: &mut Page<'_>, directories: &[Directory]) -> io::Result<()> {
    let said = |directory: &Directory| (directory.status, directory.authentication.clone());
    let mut alike: Vec<Vec<&Directory>> = Vec::new();
    for directory in directories {
        match alike.iter_mut().find(|alike| said(alike[0]) == said(directory)) {
            Some(alike) => alike.push(directory),
            None => alike.push(vec![directory]),
        }
    }
    for alike in alike {
        let status = match alike[0].status {
            Some(status) => status.to_string(),
            None => page.texts.say("scan-no-answer"),
        };
        let names: Vec<&str> = alike.iter().map(|directory| directory.name.as_str()).collect();
        let line = Line::indented(2)
            .then(Role::Strong, &status)
            .tab(9)
            .then(Role::Plain, &alike[0].authentication.join(", "))
            .tab(VALUE + 18);
        page.line(line.then(Role::Dim, &names.join(", ")))?;
    }
    Ok(())
}
