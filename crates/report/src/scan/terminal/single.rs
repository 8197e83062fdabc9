//! One host: the verdict on a screen, then what it rests on.

use std::io;

use imker_posture::{Assessment, FrontEnd, Observation};

use super::super::words::{self, cve_look, level_look, look};
use super::super::{ScanEnd, ScanHead, ScanWriter};
use super::{not_asked, title};
use crate::terminal::line::{Line, Role};
use crate::terminal::{Page, Style};

const VALUE: usize = 17;

/// Answers shown for one CVE.
const ANSWERS: usize = 4;

/// Writes each host with everything that is known of it.
pub struct Single<W: io::Write> {
    out: W,
    style: Style,
}

impl<W: io::Write> Single<W> {
    /// Writes the head.
    pub fn new(head: &ScanHead, style: &Style, mut out: W) -> io::Result<Self> {
        title(&mut Page::new(style, &mut out), head)?;
        Ok(Self { out, style: *style })
    }
}

impl<W: io::Write> ScanWriter for Single<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let page = &mut Page::new(&self.style, &mut self.out);
        verdict(page, observation, assessment)?;
        for front_end in &assessment.front_ends {
            facts(page, front_end)?;
        }
        certificate(page, observation)?;
        to_do(page, observation, assessment)?;
        findings(page, assessment)?;
        if !assessment.front_ends.is_empty() {
            page.heading("section-scan-cves")?;
        }
        for front_end in &assessment.front_ends {
            cves(page, observation, front_end)?;
        }
        if assessment
            .front_ends
            .iter()
            .any(|front_end| !front_end.directories.is_empty())
        {
            page.heading("section-scan-exposure")?;
        }
        for front_end in &assessment.front_ends {
            directories(page, front_end)?;
        }
        Ok(())
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        not_asked(
            &mut Page::new(&self.style, &mut self.out),
            &end.not_asked,
            end.not_asked_more,
        )?;
        self.out.flush()
    }
}

fn verdict(page: &mut Page<'_>, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
    let (mark, role) = look(assessment.verdict);
    let name = words::verdict(&page.texts, assessment.verdict);
    let line = Line::new()
        .then(role, &format!("{mark} {name}  "))
        .then(Role::Strong, &observation.target);
    page.line(line)?;
    let reason = page.texts.reason(&assessment.reason);
    page.paragraph(2, Role::Plain, &reason)
}

fn fact(page: &mut Page<'_>, label: &str, value: &str) -> io::Result<()> {
    let label = page.texts.say(label);
    page.line(
        Line::indented(2)
            .then(Role::Dim, &label)
            .tab(VALUE)
            .then(Role::Plain, value),
    )
}

/// A front end: build, name, and a line for each chain.
fn facts(page: &mut Page<'_>, front_end: &FrontEnd) -> io::Result<()> {
    page.blank()?;
    let name = front_end.name.as_deref().unwrap_or("-");
    let addresses: Vec<String> = front_end.addresses.iter().map(ToString::to_string).collect();
    fact(
        page,
        "scan-front-end",
        &format!("{name} · {}", addresses.join(", ")),
    )?;
    let build = match (front_end.build, &front_end.release) {
        (Some(build), Some(release)) => format!("{build} · {release}"),
        (Some(build), None) => build.to_string(),
        (None, _) => page.texts.say("scan-build-unknown"),
    };
    let build = match &front_end.released {
        Some(date) => format!("{build} ({date})"),
        None => build,
    };
    fact(page, "scan-build", &build)?;
    for (chain, worst, cves) in words::chains(front_end) {
        let (mark, role) = cve_look(worst);
        let verdict = words::cve_verdict(&page.texts, worst);
        let decided = cves.iter().find(|cve| cve.verdict == worst);
        let reason = decided
            .map(|cve| page.texts.reason(&cve.reason))
            .unwrap_or_default();
        let line = Line::indented(2)
            .then(role, &format!("{mark} {chain}"))
            .tab(VALUE + 2);
        page.line(line.then(role, &verdict).tab(VALUE + 16).then(Role::Dim, &reason))?;
    }
    Ok(())
}

fn certificate(page: &mut Page<'_>, observation: &Observation) -> io::Result<()> {
    let Some(tls) = observation.visits.iter().find_map(|visit| visit.tls.as_ref()) else {
        return Ok(());
    };
    let mut value = format!("{} {}", tls.version.name(), tls.cipher);
    if let Some(certificate) = &tls.certificate {
        value = format!("{} · {value}", certificate.subject);
        if let Some(end) = certificate.not_after {
            let date = end.strftime("%Y-%m-%d").to_string();
            let until = page.texts.say_with("scan-until", [("date", date.into())]);
            value = format!("{value} · {until}");
        }
    }
    fact(page, "scan-certificate", &value)
}

fn to_do(page: &mut Page<'_>, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
    let list = words::to_do(&page.texts, observation, assessment);
    page.heading("section-advice")?;
    for (place, text) in list.iter().enumerate() {
        page.item(2, &format!("{}.", place + 1), Role::Plain, text)?;
    }
    Ok(())
}

fn findings(page: &mut Page<'_>, assessment: &Assessment) -> io::Result<()> {
    if assessment.findings.is_empty() {
        return Ok(());
    }
    page.heading("section-scan-findings")?;
    for finding in &assessment.findings {
        let (mark, role) = level_look(finding.level);
        let text = page.texts.reason(&finding.what);
        page.item(2, mark, role, &text)?;
    }
    Ok(())
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
        for answer in words::evidence(observation, front_end, cve).take(ANSWERS) {
            let asked = format!("GET {}", answer.check.request_target());
            page.item(4, "→", Role::Dim, &asked)?;
            let answered = words::answered(&page.texts, answer);
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
        let names = [
            &ntlm.dns_computer,
            &ntlm.netbios_computer,
            &ntlm.dns_domain,
            &ntlm.netbios_domain,
        ];
        let mut names: Vec<String> = names.into_iter().flatten().cloned().collect();
        names.extend(ntlm.windows.iter().map(|windows| format!("Windows {windows}")));
        page.item(2, "NTLM:", Role::Dim, &names.join(" · "))?;
    }
    Ok(())
}
