//! One host: the verdict on a screen, or everything that it rests on.

mod brief;
mod details;

use std::io;

use imker_posture::{Assessment, CveFinding, CveVerdict, FrontEnd, NtlmNames, Observation};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::services::session;
use super::super::words::{self, cve_look, level_look, look};
use super::super::{ScanEnd, ScanHead, ScanWriter};
use super::{not_asked, title};
use crate::language::Texts;
use crate::terminal::line::{Line, Role, fit, wrap};
use crate::terminal::{Page, Style};

const VALUE: usize = 17;
const REASON: usize = 33;

/// Findings that fit on a screen.
const FINDINGS: usize = 8;

/// Writes each host by itself.
pub struct Single<W: io::Write> {
    out: W,
    style: Style,
    detailed: bool,
    more: bool,
}

impl<W: io::Write> Single<W> {
    /// Writes the head. What is not `detailed` fits on a screen: deciding answers only, and other CVEs as a number.
    pub fn new(head: &ScanHead, style: &Style, detailed: bool, mut out: W) -> io::Result<Self> {
        title(&mut Page::new(style, &mut out), head)?;
        Ok(Self {
            out,
            style: *style,
            detailed,
            more: false,
        })
    }
}

impl<W: io::Write> ScanWriter for Single<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let page = &mut Page::new(&self.style, &mut self.out);
        verdict(page, observation, assessment)?;
        self.more |= !assessment.front_ends.is_empty();
        if self.detailed {
            for front_end in &assessment.front_ends {
                facts(page, observation, front_end)?;
                certificate(page, observation, front_end)?;
                chains(page, front_end)?;
            }
        } else {
            brief::front_ends(page, observation, assessment)?;
        }
        to_do(page, observation, assessment)?;
        findings(page, assessment, self.detailed)?;
        if self.detailed {
            details::details(page, observation, assessment)
        } else {
            brief::directories(page, assessment)
        }
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        let page = &mut Page::new(&self.style, &mut self.out);
        not_asked(page, &end.not_asked, end.not_asked_more)?;
        if self.more && !self.detailed {
            page.blank()?;
            let text = page.texts.say("scan-see-details");
            page.paragraph(0, Role::Dim, &text)?;
        }
        self.out.flush()
    }
}

fn verdict(page: &mut Page<'_>, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
    let (mark, role) = look(assessment.verdict);
    let name = words::verdict(&page.texts, assessment.verdict).to_uppercase();
    let line = Line::new()
        .then(role, &format!("{mark} {name}  "))
        .then(Role::Strong, &observation.target);
    page.line(line)?;
    let reason = page.texts.reason(&assessment.reason);
    page.paragraph(2, Role::Plain, &reason)
}

fn fact(page: &mut Page<'_>, label: &str, value: &str) -> io::Result<()> {
    let label = page.texts.say(label);
    let line = Line::indented(2).then(Role::Dim, &label);
    beside(page, line, VALUE, Role::Plain, value)
}

/// Text that begins at a column behind what is there, over two lines at most.
fn beside(page: &mut Page<'_>, line: Line, column: usize, role: Role, text: &str) -> io::Result<()> {
    let room = page.width.saturating_sub(column);
    let parts = wrap(text, room);
    let (first, more) = parts
        .split_first()
        .map_or(("", &[][..]), |(first, more)| (first, more));
    page.line(line.tab(column).then(role, first))?;
    if more.is_empty() {
        return Ok(());
    }
    page.line(Line::indented(column).then(role, &fit(&more.join(" "), room)))
}

/// A front end: name, build, names from NTLM.
fn facts(page: &mut Page<'_>, observation: &Observation, front_end: &FrontEnd) -> io::Result<()> {
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
        Some(date) => match age(&page.texts, date, observation.started) {
            Some(age) => format!("{build} ({date}, {age})"),
            None => format!("{build} ({date})"),
        },
        None => build,
    };
    fact(page, "scan-build", &build)?;
    if let Some(ntlm) = &front_end.ntlm {
        fact(page, "scan-ntlm", &ntlm_names(ntlm))?;
    }
    Ok(())
}

/// Whole years or months from a day (`2021-03-02`) or month.
fn age(texts: &Texts, released: &str, now: Timestamp) -> Option<String> {
    let now = TimeZone::UTC.to_datetime(now).date();
    let mut parts = released.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month) = (parts.next()??, parts.next()??);
    let is_short = matches!(parts.next(), Some(Some(day)) if i32::from(now.day()) < day);
    let months = (i32::from(now.year()) - year) * 12 + i32::from(now.month()) - month - i32::from(is_short);
    match months {
        ..1 => None,
        1..24 => Some(texts.say_with("scan-age-months", [("count", months.into())])),
        _ => Some(texts.say_with("scan-age-years", [("count", (months / 12).into())])),
    }
}

fn ntlm_names(ntlm: &NtlmNames) -> String {
    let names = [
        &ntlm.dns_computer,
        &ntlm.netbios_computer,
        &ntlm.dns_domain,
        &ntlm.netbios_domain,
    ];
    let mut names: Vec<String> = names.into_iter().flatten().cloned().collect();
    names.extend(ntlm.windows.iter().map(|windows| format!("Windows {windows}")));
    names.join(" · ")
}

/// What TLS said where the front end first answered.
fn certificate(page: &mut Page<'_>, observation: &Observation, front_end: &FrontEnd) -> io::Result<()> {
    let mut visits = words::visits(observation, front_end);
    let Some(tls) = visits.find_map(|visit| visit.tls.as_ref()) else {
        return Ok(());
    };
    let told = session(&page.texts, tls);
    fact(page, "scan-certificate", &told)
}

/// Each chain.
fn chains(page: &mut Page<'_>, front_end: &FrontEnd) -> io::Result<()> {
    for (chain, cve) in words::deciding(front_end) {
        chain_line(page, chain, cve)?;
    }
    Ok(())
}

/// A line or two: chain, verdict, the CVE that decides, reason.
fn chain_line(page: &mut Page<'_>, chain: &str, cve: &CveFinding) -> io::Result<()> {
    let (mark, role) = cve_look(cve.verdict);
    let verdict = words::cve_verdict(&page.texts, cve.verdict);
    let line = Line::indented(2)
        .then(role, &format!("{mark} {chain}"))
        .tab(VALUE + 2)
        .then(role, &verdict);
    let mut reason = page.texts.reason(&cve.reason);
    if cve.verdict != CveVerdict::Fixed {
        reason = format!("{}: {reason}", cve.id);
    }
    beside(page, line, REASON, Role::Dim, &reason)
}

fn to_do(page: &mut Page<'_>, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
    let list = words::to_do(&page.texts, observation, assessment);
    page.heading("section-advice")?;
    for (place, text) in list.iter().enumerate() {
        page.item(2, &format!("{}.", place + 1), Role::Plain, text)?;
    }
    Ok(())
}

fn findings(page: &mut Page<'_>, assessment: &Assessment, detailed: bool) -> io::Result<()> {
    if assessment.findings.is_empty() {
        return Ok(());
    }
    page.heading("section-scan-findings")?;
    let limit = if detailed { usize::MAX } else { FINDINGS };
    page.first(&assessment.findings, limit, |page, finding| {
        let (mark, role) = level_look(finding.level);
        let text = page.texts.reason(&finding.what);
        page.item(2, mark, role, &text)
    })
}
