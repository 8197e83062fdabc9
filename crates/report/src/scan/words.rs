//! Words that several outputs share.

use imker_posture::{
    Answer, Assessment, CveFinding, CveVerdict, FrontEnd, Level, Observation, Reason, Verdict, Visit,
};

use crate::language::Texts;
use crate::terminal::line::Role;

/// All reasons in an assessment.
pub(super) fn reasons_mut(assessment: &mut Assessment) -> impl Iterator<Item = &mut Reason> {
    let front_ends = assessment.front_ends.iter_mut().flat_map(|front_end| {
        let cves = front_end.cves.iter_mut().map(|cve| &mut cve.reason);
        cves.chain(&mut front_end.install).chain([&mut front_end.reason])
    });
    let findings = assessment.findings.iter_mut().map(|finding| &mut finding.what);
    front_ends.chain(findings).chain([&mut assessment.reason])
}

/// A verdict in words.
pub(super) fn verdict(texts: &Texts, verdict: Verdict) -> String {
    texts.name("scan-verdict", verdict.name())
}

/// A verdict on a CVE in words.
pub(super) fn cve_verdict(texts: &Texts, verdict: CveVerdict) -> String {
    texts.name("scan-cve", cve_name(verdict))
}

/// Its name in outputs.
pub(super) const fn cve_name(verdict: CveVerdict) -> &'static str {
    match verdict {
        CveVerdict::Fixed => "fixed",
        CveVerdict::Guarded => "guarded",
        CveVerdict::Filtered => "filtered",
        CveVerdict::Unknown => "unknown",
        CveVerdict::Vulnerable => "vulnerable",
    }
}

/// How a verdict looks.
pub(super) const fn look(verdict: Verdict) -> (&'static str, Role) {
    match verdict {
        Verdict::NotExchange | Verdict::NotAffected => ("·", Role::Dim),
        Verdict::Fixed => ("✔", Role::Good),
        Verdict::Guarded => ("○", Role::Good),
        Verdict::Unreachable | Verdict::Filtered | Verdict::Unknown => ("?", Role::Warning),
        Verdict::Unpatched => ("▲", Role::Bad),
        Verdict::Vulnerable => ("✖", Role::Alarm),
    }
}

/// How a verdict on a CVE looks.
pub(super) const fn cve_look(verdict: CveVerdict) -> (&'static str, Role) {
    match verdict {
        CveVerdict::Fixed => ("✔", Role::Good),
        CveVerdict::Guarded => ("○", Role::Good),
        CveVerdict::Filtered | CveVerdict::Unknown => ("?", Role::Warning),
        CveVerdict::Vulnerable => ("✖", Role::Alarm),
    }
}

/// How a level looks.
pub(super) const fn level_look(level: Level) -> (&'static str, Role) {
    match level {
        Level::Note => ("·", Role::Plain),
        Level::Warning => ("▲", Role::Warning),
        Level::Error => ("✖", Role::Bad),
    }
}

/// What a CVE's verdict is worth a mention for: chains, each with its worst verdict, oldest first.
pub(super) fn chains(front_end: &FrontEnd) -> Vec<(&str, CveVerdict, Vec<&CveFinding>)> {
    let mut chains: Vec<(&str, CveVerdict, Vec<&CveFinding>)> = Vec::new();
    for cve in &front_end.cves {
        match chains.iter_mut().find(|(alias, ..)| *alias == cve.alias) {
            Some((_, worst, cves)) => {
                *worst = cve.verdict.max(*worst);
                cves.push(cve);
            }
            None => chains.push((&cve.alias, cve.verdict, vec![cve])),
        }
    }
    chains
}

/// Chains, each with the first CVE that has its worst verdict.
pub(super) fn deciding(front_end: &FrontEnd) -> impl Iterator<Item = (&str, &CveFinding)> {
    chains(front_end)
        .into_iter()
        .filter_map(|(chain, worst, cves)| Some((chain, cves.into_iter().find(|cve| cve.verdict == worst)?)))
}

/// CVEs of which the same is said, side by side.
pub(super) fn alike(cves: &[CveFinding]) -> impl Iterator<Item = &[CveFinding]> {
    cves.chunk_by(|one, next| {
        let said = |cve: &CveFinding| (cve.verdict, cve.status);
        one.alias == next.alias
            && said(one) == said(next)
            && one.reason == next.reason
            && one.fixed_in == next.fixed_in
            && one.evidence == next.evidence
    })
}

/// An answer, and how often the same was answered.
pub(super) struct Heard<'a> {
    pub answer: &'a Answer,
    pub times: usize,
}

/// Requests and answers that decided on a CVE, over the front end's addresses. Answers of the same status to the same
/// request are one: they differ by time, request id and the like.
pub(super) fn evidence<'a>(
    observation: &'a Observation,
    front_end: &FrontEnd,
    cve: &CveFinding,
) -> Vec<Heard<'a>> {
    let visits = observation
        .visits
        .iter()
        .filter(|visit| front_end.addresses.contains(&visit.address));
    let answers = visits
        .flat_map(|visit| &visit.answers)
        .filter(|answer| cve.evidence.contains(&answer.check) && is_of(answer, front_end));
    let mut heard: Vec<Heard<'_>> = Vec::new();
    for answer in answers {
        match heard.iter_mut().find(|heard| is_same(heard.answer, answer)) {
            Some(heard) => heard.times += 1,
            None => heard.push(Heard { answer, times: 1 }),
        }
    }
    heard
}

/// Connections to one of a front end's addresses over which it answered, or one without a name.
pub(super) fn visits<'a>(
    observation: &'a Observation,
    front_end: &'a FrontEnd,
) -> impl Iterator<Item = &'a Visit> {
    observation.visits.iter().filter(|visit| {
        let named = || visit.answers.iter().filter(|answer| named(answer).is_some());
        front_end.addresses.contains(&visit.address)
            && (named().next().is_none() || named().any(|answer| is_of(answer, front_end)))
    })
}

fn named(answer: &Answer) -> Option<&str> {
    answer.response.as_ref()?.header("X-FEServer")
}

/// Whether an answer can be a front end's: it names that one or none.
fn is_of(answer: &Answer, front_end: &FrontEnd) -> bool {
    match (named(answer), &front_end.name) {
        (Some(named), Some(name)) => named.trim().eq_ignore_ascii_case(name),
        _ => true,
    }
}

fn is_same(one: &Answer, other: &Answer) -> bool {
    let said = |answer: &Answer| {
        let status = answer.response.as_ref().map(|response| response.status);
        (
            answer.check,
            status,
            answer.fault.as_ref().map(|fault| fault.kind),
        )
    };
    said(one) == said(other)
}

/// What was asked, and how often: `GET /owa/auth/x.js (6 times)`.
pub(super) fn asked(texts: &Texts, heard: &Heard<'_>) -> String {
    let asked = format!("GET {}", heard.answer.check.request_target());
    format!("{asked}{}", times(texts, heard))
}

/// ` (6 times)`, or nothing for once.
pub(super) fn times(texts: &Texts, heard: &Heard<'_>) -> String {
    match heard.times {
        1 => String::new(),
        times => format!(" {}", texts.say_with("scan-times", [("count", times.into())])),
    }
}

/// What was answered: `302, Location: /owa/...`, or why nothing was.
pub(super) fn answered(texts: &Texts, answer: &Answer) -> String {
    let Some(response) = &answer.response else {
        let kind = answer.fault.as_ref().map_or("other", |fault| fault.kind.name());
        return texts.name("fault", kind);
    };
    let mut parts = vec![response.status.to_string()];
    parts.extend(response.title.iter().map(|title| format!("\"{title}\"")));
    parts.extend(
        response
            .headers
            .iter()
            .map(|header| format!("{}: {}", header.name, header.value)),
    );
    parts.join(", ")
}

/// What to do now, the most urgent first.
pub(super) fn to_do(texts: &Texts, observation: &Observation, assessment: &Assessment) -> Vec<String> {
    let cves = || assessment.front_ends.iter().flat_map(|front_end| &front_end.cves);
    let by_check = cves().any(|cve| cve.verdict == CveVerdict::Vulnerable && !cve.evidence.is_empty());
    let mut list = Vec::new();
    if by_check {
        list.push(texts.say("todo-close"));
    }
    let install = assessment
        .front_ends
        .iter()
        .find_map(|front_end| front_end.install.as_ref());
    if assessment.verdict.is_open() {
        list.push(install.map_or_else(|| texts.say("todo-update"), |install| texts.reason(install)));
        list.push(texts.say("todo-hunt"));
    }
    let id = match assessment.verdict {
        Verdict::NotExchange => Some("todo-not-exchange"),
        Verdict::NotAffected => Some("todo-not-affected"),
        Verdict::Unreachable => Some("todo-unreachable"),
        Verdict::Filtered => Some("todo-filtered"),
        Verdict::Guarded | Verdict::Unknown if assessment.exchange == Some(true) => Some("todo-build"),
        Verdict::Unknown => Some("todo-unknown"),
        Verdict::Fixed | Verdict::Guarded if install.is_some() => None,
        Verdict::Fixed | Verdict::Guarded => Some("todo-fixed"),
        Verdict::Unpatched | Verdict::Vulnerable => None,
    };
    list.extend(id.map(|id| texts.say(id)));
    if !assessment.verdict.is_open() && assessment.exchange == Some(true) {
        list.extend(install.map(|install| texts.reason(install)));
    }
    if observation.checks == imker_posture::Checks::Quick && assessment.exchange != Some(false) {
        list.push(texts.say("todo-full"));
    }
    list
}
