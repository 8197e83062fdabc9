//! What the answers to the checks say, by themselves.

use std::collections::BTreeSet;

use super::front_ends::Group;
use super::signs::{has_own_headers, was_cut};
use crate::{Answer, Check, Mark, Reason, Response};

/// What a check says of the flaw that it looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// Something before Exchange stopped it.
    Filtered,
    /// Nothing.
    Unknown,
    /// Exchange refused it.
    Guarded,
    /// It succeeded.
    Open,
}

/// A flaw's check, or its checks taken together: one that succeeded outweighs all, then, at one address, one that Exchange
/// refused, for the fix refuses every form of the request.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub told: Told,
    pub reason: Reason,
    /// The checks that decided.
    pub evidence: Vec<Check>,
}

/// Page title of MAPI's back end.
const MAPI_TITLE: &str = "Exchange MAPI/HTTP Connectivity Endpoint";
/// What OWA's back end says of a caller that has no mailbox.
const NO_SUCH_USER: &str = "OwaADUserNotFoundException";

/// ProxyShell (CVE-2021-34473); `None` where it was not asked.
pub(super) fn proxyshell(group: &Group<'_>) -> Option<Probe> {
    let broken_owa = group.answers().any(|answer| leads_to_error(group, answer));
    together(group, &[Check::PsOwa, Check::PsNspi], |answer, response| {
        match (answer.check, response.status) {
            (Check::PsOwa, _) if has_no_such_user(response) => (Told::Open, Reason::new("cve-check-owa", [])),
            (Check::PsOwa, 302) if is_error_page(group, response) => {
                // A broken OWA sends every request for it to the same page, with httpCode=500.
                if broken_owa {
                    (Told::Unknown, Reason::new("check-broken-owa", []))
                } else {
                    (Told::Open, Reason::new("cve-check-owa", []))
                }
            }
            (Check::PsNspi, 200) if is_mapi_page(response) => (Told::Open, Reason::new("cve-check-mapi", [])),
            (_, 400 | 401) if has_own_headers(response) => {
                (Told::Guarded, with_status("check-refused", response))
            }
            (_, 400 | 401) => (Told::Unknown, with_status("check-bare-refusal", response)),
            (_, 404) => (Told::Filtered, with_status("check-stopped", response)),
            (_, 300..400) => (Told::Unknown, redirect(response)),
            _ => (Told::Unknown, with_status("check-status", response)),
        }
    })
}

/// ProxyLogon (CVE-2021-26855): Microsoft's http-vuln-cve2021-26855.nse believes in `X-CalculatedBETarget` alone. That it
/// is not there tells nothing: the check missed some builds of Exchange 2013 (microsoft/CSS-Exchange issue 107), and a
/// balancer may keep cookies from Exchange that it does not know.
pub(super) fn proxylogon(group: &Group<'_>) -> Option<Probe> {
    together(group, &[Check::ProxyLogon], |_, response| {
        let mut targets = response.headers_named("X-CalculatedBETarget");
        if targets.any(|target| target.to_ascii_lowercase().contains("localhost")) {
            return (Told::Open, Reason::new("cve-check-proxylogon", []));
        }
        match response.status {
            300..400 => (Told::Unknown, redirect(response)),
            _ => (Told::Unknown, with_status("check-status", response)),
        }
    })
}

/// Whether URL Rewrite stops requests as for ProxyNotShell (EOMTv2.ps1 of microsoft/CSS-Exchange: AbortRequest where
/// `autodiscover` and `powershell` meet): the connection is cut, while other requests with path confusion are answered.
/// An answer says nothing, for a log-on comes first.
pub(super) fn has_proxynotshell_mitigation(group: &Group<'_>) -> bool {
    let of = |check: Check| group.answers().filter(move |answer| answer.check == check);
    let answered = |check| of(check).any(|answer| answer.response.is_some());
    of(Check::ProxyNotShell).any(was_cut)
        && !answered(Check::ProxyNotShell)
        && (answered(Check::PsOwa) || answered(Check::PsNspi))
        && !of(Check::PsOwa).chain(of(Check::PsNspi)).any(was_cut)
}

/// The worst of all addresses: they may lead to different servers, or by different ways.
fn together(
    group: &Group<'_>,
    checks: &[Check],
    told: impl Fn(&Answer, &Response) -> (Told, Reason),
) -> Option<Probe> {
    let of_addresses = group.answers.values();
    let probes: Vec<Probe> = of_addresses
        .filter_map(|answers| at_one_address(answers, checks, &told))
        .collect();
    // The first of equals, which are in the order of addresses.
    let worst = probes.iter().rev().max_by_key(|probe| badness(probe.told))?;
    let alike = probes.iter().filter(|probe| probe.told == worst.told);
    let evidence: BTreeSet<Check> = alike.flat_map(|probe| probe.evidence.iter().copied()).collect();
    Some(Probe {
        evidence: evidence.into_iter().collect(),
        ..worst.clone()
    })
}

const fn badness(told: Told) -> u8 {
    match told {
        Told::Guarded => 0,
        Told::Filtered => 1,
        Told::Unknown => 2,
        Told::Open => 3,
    }
}

fn at_one_address(
    answers: &[&Answer],
    checks: &[Check],
    told: impl Fn(&Answer, &Response) -> (Told, Reason),
) -> Option<Probe> {
    let asked = answers.iter().filter(|answer| checks.contains(&answer.check));
    let mut probes: Vec<(Told, Check, Reason)> = asked
        .map(|answer| {
            let (told, reason) = match &answer.response {
                Some(response) => told(answer, response),
                None => without_response(answers, answer),
            };
            (told, answer.check, reason)
        })
        .collect();
    // The sentence breaks ties, so that the order of visits does not.
    probes.sort_by_cached_key(|(told, check, reason)| {
        (std::cmp::Reverse(*told), *check, format!("{reason:?}"))
    });
    let (told, _, reason) = probes.first()?.clone();
    let mut evidence: Vec<Check> = probes
        .iter()
        .filter(|(other, ..)| *other == told)
        .map(|(_, check, _)| *check)
        .collect();
    evidence.dedup();
    Some(Probe {
        told,
        reason,
        evidence,
    })
}

fn without_response(answers: &[&Answer], answer: &Answer) -> (Told, Reason) {
    let fault = answer.fault.as_ref().map_or("other", |fault| fault.kind.name());
    let reason = Reason::new("check-fault", [("fault", fault.to_owned())]);
    let others_answered = answers.iter().any(|answer| answer.response.is_some());
    let told = if was_cut(answer) && others_answered {
        Told::Filtered
    } else {
        Told::Unknown
    };
    (told, reason)
}

/// Whether OWA itself, or its logon page, leads to the error page.
fn leads_to_error(group: &Group<'_>, answer: &Answer) -> bool {
    let response = answer.response.as_ref();
    matches!(answer.check, Check::Owa | Check::Logon)
        && response
            .and_then(|response| group.led_within(response))
            .is_some_and(|location| location.is_error())
}

fn is_error_page(group: &Group<'_>, response: &Response) -> bool {
    group
        .led_within(response)
        .is_some_and(|location| location.is_error() && location.has("httpCode"))
}

fn has_no_such_user(response: &Response) -> bool {
    response.marks.contains(&Mark::NoSuchUser)
        || response
            .header("X-OWA-Error")
            .is_some_and(|error| error.contains(NO_SUCH_USER))
}

fn is_mapi_page(response: &Response) -> bool {
    response.marks.contains(&Mark::MapiPage) || response.title.as_deref() == Some(MAPI_TITLE)
}

fn with_status(id: &'static str, response: &Response) -> Reason {
    Reason::new(id, [("status", response.status.to_string())])
}

fn redirect(response: &Response) -> Reason {
    let location = response.header("Location").unwrap_or_default();
    let location: String = location.chars().take(120).collect();
    Reason::new("check-redirect", [("location", location)])
}
