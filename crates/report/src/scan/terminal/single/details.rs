//! All that is known of each CVE, each directory, TLS and mail services.

use std::io;

use imker_posture::{Assessment, FrontEnd, Observation};

use super::super::super::services::services;
use super::super::super::words::{self, cve_look};
use super::{VALUE, ntlm_names};
use crate::terminal::Page;
use crate::terminal::line::{Line, Role};

/// Answers shown for one CVE.
const ANSWERS: usize = 4;

pub(super) fn details(
    page: &mut Page<'_>,
    observation: &Observation,
    assessment: &Assessment,
) -> io::Result<()> {
    let front_ends = &assessment.front_ends;
    if !front_ends.is_empty() {
        page.heading("section-scan-cves")?;
    }
    for front_end in front_ends {
        cves(page, observation, front_end)?;
    }
    if front_ends
        .iter()
        .any(|front_end| !front_end.directories.is_empty())
    {
        page.heading("section-scan-exposure")?;
    }
    front_ends
        .iter()
        .try_for_each(|front_end| directories(page, front_end))?;
    let services = services(&page.texts, observation);
    if !services.is_empty() {
        page.heading("section-scan-services")?;
    }
    services
        .iter()
        .try_for_each(|(place, told)| page.paragraph(2, Role::Plain, &format!("{place}: {told}")))
}

fn cves(page: &mut Page<'_>, observation: &Observation, front_end: &FrontEnd) -> io::Result<()> {
    if let Some(name) = &front_end.name {
        page.paragraph(2, Role::Strong, name)?;
    }
    for alike in words::alike(&front_end.cves) {
        let Some(cve) = alike.first() else {
            continue;
        };
        let (mark, role) = cve_look(cve.verdict);
        let verdict = words::cve_verdict(&page.texts, cve.verdict);
        let ids: Vec<&str> = alike.iter().map(|cve| cve.id.as_str()).collect();
        let line = Line::indented(2)
            .then(role, &format!("{mark} {verdict}"))
            .tab(VALUE);
        let line = line.then(Role::Plain, &cve.alias).tab(VALUE + 15);
        page.line(line.then(Role::Strong, &ids.join(", ")))?;
        let reason = page.texts.reason(&cve.reason);
        page.paragraph(4, Role::Plain, &reason)?;
        let fixed_in = match (&cve.fixed_in, &cve.kb) {
            (Some(build), Some(kb)) => Some(format!("{build} ({kb})")),
            (Some(build), None) => Some(build.clone()),
            (None, _) => None,
        };
        if let Some(build) = fixed_in {
            let text = page.texts.say_with("scan-fixed-in", [("build", build.into())]);
            page.paragraph(4, Role::Dim, &text)?;
        }
        for heard in words::evidence(observation, front_end, cve).iter().take(ANSWERS) {
            let asked = words::asked(&page.texts, heard);
            page.item(4, "→", Role::Dim, &asked)?;
            let answered = words::answered(&page.texts, heard.answer);
            page.item(4, "←", Role::Dim, &answered)?;
        }
    }
    let lists = [
        ("scan-further-open", Role::Bad, &front_end.further_open),
        ("scan-further-unknown", Role::Dim, &front_end.further_unknown),
    ];
    for (id, role, list) in lists {
        if !list.is_empty() {
            let text = page.texts.say_with(id, [("count", list.len().into())]);
            page.paragraph(2, role, &format!("{text} {}", list.join(", ")))?;
        }
    }
    Ok(())
}

fn directories(page: &mut Page<'_>, front_end: &FrontEnd) -> io::Result<()> {
    if front_end.directories.is_empty() {
        return Ok(());
    }
    if let Some(name) = &front_end.name {
        page.paragraph(2, Role::Strong, name)?;
    }
    for directory in &front_end.directories {
        let status = match directory.status {
            Some(status) => status.to_string(),
            None => page.texts.say("scan-no-answer"),
        };
        let line = Line::indented(2)
            .then(Role::Plain, directory.check.request_target())
            .tab(34)
            .then(Role::Strong, &status);
        page.line(
            line.tab(34 + 6)
                .then(Role::Dim, &directory.authentication.join(", ")),
        )?;
    }
    if let Some(ntlm) = &front_end.ntlm {
        page.item(2, "NTLM:", Role::Dim, &ntlm_names(ntlm))?;
    }
    Ok(())
}
