//! Whether it is Exchange at all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::location::Location;
use crate::{Answer, Check, Checks, Fault, FaultKind, Observation, Reason, Response, SeenBuild};

/// What a target is.
pub(super) enum Signs {
    Exchange,
    ExchangeOnline(SeenBuild),
    /// It was not asked, for its name leads to Exchange Online.
    Online(Reason),
    Other(Reason),
    Unreachable(Reason),
    Blocked(Reason),
    Untold(Reason),
}

/// Headers that Exchange alone sends: its front end's proxy module and its back ends (facts of CERT.at's exchange-scans,
/// Microsoft's CSS-Exchange scripts, and published answers).
pub const OWN_HEADERS: [&str; 15] = [
    "X-FEServer",
    "X-OWA-Version",
    "X-CalculatedBETarget",
    "X-BEServer",
    "X-DiagInfo",
    "X-CasErrorCode",
    "X-OWA-Error",
    "X-OWA-HttpHandler",
    "MS-Server-ActiveSync",
    "X-ServerApplication",
    "X-BEResource",
    "X-SOAP-Enabled",
    "X-WSSecurity-Enabled",
    "X-WSSecurity-For",
    "X-OAuth-Enabled",
];

/// Whether an answer has headers that Exchange alone sends.
pub(super) fn has_own_headers(response: &Response) -> bool {
    OWN_HEADERS.iter().any(|name| response.header(name).is_some())
}

/// Whether an answer comes from an Exchange server.
pub(super) fn is_exchange(answer: &Answer, observation: &Observation) -> bool {
    let Some(response) = &answer.response else {
        return false;
    };
    // Another host's page is no sign of this one; and a server that sends every path from HTTP to HTTPS repeats the path
    // of the logon page.
    let led = Location::of(response).is_some_and(|location| {
        let is_page = location.is_error() || (location.is_logon() && answer.check != Check::Logon);
        is_page && location.stays(observation)
    });
    led || has_own_headers(response) || !response.marks.is_empty() || !response.builds.is_empty()
}

pub(super) fn of_observation(observation: &Observation) -> Signs {
    let answers: Vec<&Answer> = observation
        .visits
        .iter()
        .flat_map(|visit| &visit.answers)
        .collect();
    match (
        of_answers(observation, &answers, observation.fault.as_ref()),
        missing(observation),
    ) {
        (Signs::Other(_), Some(fault)) => Signs::Untold(incomplete(fault)),
        (signs, _) => signs,
    }
}

fn of_answers(observation: &Observation, answers: &[&Answer], fault: Option<&Fault>) -> Signs {
    let answers = || answers.iter().copied();
    if answers().any(|answer| is_exchange(answer, observation)) {
        return match online(answers()) {
            Some(build) => Signs::ExchangeOnline(build),
            None => Signs::Exchange,
        };
    }
    if answers().all(|answer| answer.response.is_none()) {
        return without_answer(answers().filter_map(|answer| answer.fault.as_ref()).chain(fault));
    }
    if answers().all(is_refusal) {
        return Signs::Blocked(Reason::new("host-blocked", [("answers", told(answers()))]));
    }
    let hidden: Vec<&Answer> = answers().filter(|answer| !is_plain(answer)).collect();
    if hidden.is_empty() && answers().any(|answer| answer.check == Check::Logon) {
        return Signs::Other(Reason::new("host-not-exchange", []));
    }
    // A filter may stop the checks of an Exchange server and leave the rest to another.
    if !hidden.is_empty() && hidden.iter().all(|answer| answer.response.is_none()) {
        let names: BTreeSet<&str> = hidden.iter().map(|answer| answer.check.name()).collect();
        let checks = ("checks", names.into_iter().collect::<Vec<_>>().join(", "));
        return if hidden.iter().all(|answer| was_cut(answer)) {
            Signs::Blocked(Reason::new("host-cut", [checks]))
        } else {
            Signs::Untold(Reason::new("host-unanswered", [checks]))
        };
    }
    Signs::Untold(Reason::new("host-untold", [("answers", told(answers()))]))
}

/// Why nothing good can be said of a target although all front ends that were met are well.
pub(super) fn untold_part(observation: &Observation) -> Option<Reason> {
    if let Some(fault) = missing(observation) {
        return Some(incomplete(fault));
    }
    let mut addresses: BTreeMap<SocketAddr, Vec<&Answer>> = BTreeMap::new();
    for visit in &observation.visits {
        addresses.entry(visit.address).or_default().extend(&visit.answers);
    }
    let untold = addresses.into_iter().find(|(_, answers)| {
        let signs = of_answers(observation, answers, None);
        matches!(
            signs,
            Signs::Untold(_) | Signs::Blocked(_) | Signs::Unreachable(_)
        )
    });
    untold.map(|(address, _)| Reason::new("host-untold-address", [("address", address.to_string())]))
}

/// What a full scan, which asks every address and looks for all front ends behind it, did not come to an end for.
fn missing(observation: &Observation) -> Option<&Fault> {
    let fault = observation.fault.as_ref()?;
    (observation.checks == Checks::Full && !fault.kind.is_nobody()).then_some(fault)
}

fn incomplete(fault: &Fault) -> Reason {
    Reason::new("host-incomplete", [("fault", fault.kind.name().to_owned())])
}

/// Exchange Online counts its builds from 15.20 on; every answer must say so.
fn online<'a>(answers: impl Iterator<Item = &'a Answer>) -> Option<SeenBuild> {
    let responses = answers.filter_map(|answer| answer.response.as_ref());
    let builds: BTreeSet<SeenBuild> = responses
        .flat_map(|response| &response.builds)
        .map(|disclosure| disclosure.build)
        .collect();
    let is_online = |build: &SeenBuild| matches!(build.three_parts(), [15, minor, _] if minor >= 20);
    builds.iter().all(is_online).then(|| builds.last().copied())?
}

fn is_refusal(answer: &Answer) -> bool {
    match &answer.response {
        Some(response) => matches!(response.status, 401 | 403 | 429 | 451),
        None => was_cut(answer),
    }
}

/// Whether the connection was cut in place of an answer.
pub(super) fn was_cut(answer: &Answer) -> bool {
    let fault = answer.fault.as_ref().filter(|_| answer.response.is_none());
    fault.is_some_and(|fault| matches!(fault.kind, FaultKind::Reset | FaultKind::Closed))
}

/// Whether a page, or that there is none, was told by what stands at the end of the way.
fn is_plain(answer: &Answer) -> bool {
    let status = answer.response.as_ref().map(|response| response.status);
    matches!(status, Some(200..300 | 400 | 404 | 405 | 410))
}

/// The statuses and faults that were met, each once.
fn told<'a>(answers: impl Iterator<Item = &'a Answer>) -> String {
    let statuses: BTreeSet<u16> = answers
        .filter_map(|answer| answer.response.as_ref())
        .map(|response| response.status)
        .collect();
    let statuses = statuses.iter().take(6).map(u16::to_string);
    statuses.collect::<Vec<_>>().join(", ")
}

fn without_answer<'a>(faults: impl Iterator<Item = &'a Fault>) -> Signs {
    // The one that came furthest tells most.
    let fault = faults.max_by_key(|fault| reach(fault));
    let kind = fault.map_or(FaultKind::Other, |fault| fault.kind);
    let with = |id| Reason::new(id, [("fault", kind.name().to_owned())]);
    match kind {
        FaultKind::NotHttp => Signs::Other(with("host-not-http")),
        FaultKind::Tls | FaultKind::BadHead | FaultKind::HeadTooLarge | FaultKind::BadBody => {
            Signs::Untold(with("host-broken"))
        }
        FaultKind::ExchangeOnline => Signs::Online(Reason::new("host-with-exchange-online", [])),
        FaultKind::NoRoom | FaultKind::Interrupted | FaultKind::Excluded => {
            Signs::Untold(with("host-not-asked"))
        }
        FaultKind::TooSlow | FaultKind::Other => Signs::Untold(with("host-not-told")),
        FaultKind::NoAddress
        | FaultKind::LookupFailed
        | FaultKind::Refused
        | FaultKind::Unreachable
        | FaultKind::ConnectTimeout
        | FaultKind::TlsTimeout
        | FaultKind::Reset
        | FaultKind::Closed
        | FaultKind::Timeout => Signs::Unreachable(with("host-unreachable")),
    }
}

const fn reach(fault: &Fault) -> u8 {
    match fault.kind {
        FaultKind::NoRoom
        | FaultKind::Interrupted
        | FaultKind::Excluded
        | FaultKind::ExchangeOnline
        | FaultKind::Other => 0,
        FaultKind::LookupFailed => 1,
        FaultKind::NoAddress => 2,
        FaultKind::Unreachable => 3,
        FaultKind::ConnectTimeout => 4,
        FaultKind::Refused => 5,
        FaultKind::TlsTimeout => 6,
        FaultKind::Tls => 7,
        FaultKind::Timeout => 8,
        FaultKind::Closed => 9,
        FaultKind::Reset => 10,
        FaultKind::TooSlow => 11,
        FaultKind::NotHttp => 12,
        FaultKind::BadHead => 13,
        FaultKind::HeadTooLarge => 14,
        FaultKind::BadBody => 15,
    }
}
