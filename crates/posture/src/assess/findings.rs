//! What deserves attention beside the CVEs.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use imker_exchange::{Support, products};
use jiff::civil::Date;

use super::Vantage;
use super::certificates::certificates;
use super::front_ends::Group;
use super::location::Location;
use crate::{Check, Finding, FrontEnd, Level, Observation, Reason, Service, TlsVersion};

/// Names listed in one sentence at most.
const NAMED: usize = 8;

/// Findings that need no Exchange.
pub(super) fn of_target(observation: &Observation) -> Vec<Finding> {
    let mut findings = Vec::new();
    certificates(observation, &mut findings);
    tls_versions(observation, &mut findings);
    smtp(observation, &mut findings);
    incomplete(observation, &mut findings);
    sorted(findings)
}

/// All findings of an Exchange server, the worst first.
pub(super) fn of_exchange(
    observation: &Observation,
    on: Date,
    groups: &[Group<'_>],
    front_ends: &[FrontEnd],
    vantage: Vantage,
) -> Vec<Finding> {
    let mut findings = of_target(observation);
    support(on, front_ends, &mut findings);
    builds(front_ends, &mut findings);
    basic(observation, front_ends, vantage, &mut findings);
    if vantage == Vantage::Internet {
        exposed(front_ends, &mut findings);
        leaked(groups, &mut findings);
    }
    unanswered(observation, &mut findings);
    sorted(findings)
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    findings
}

pub(super) fn add<const N: usize>(
    findings: &mut Vec<Finding>,
    level: Level,
    id: &'static str,
    args: [(&'static str, String); N],
) {
    let what = Reason::new(id, args);
    findings.push(Finding { level, what });
}

/// The first of a set of names, in one line.
fn listed(names: BTreeSet<String>) -> String {
    let more = if names.len() > NAMED { ", …" } else { "" };
    let names: Vec<String> = names.into_iter().take(NAMED).collect();
    format!("{}{more}", names.join(", "))
}

fn support(on: Date, front_ends: &[FrontEnd], findings: &mut Vec<Finding>) {
    let names: BTreeSet<&str> = front_ends
        .iter()
        .filter_map(|front_end| front_end.product.as_deref())
        .collect();
    for product in products()
        .iter()
        .filter(|product| names.contains(product.name.as_str()))
    {
        let name = || ("product", product.name.clone());
        let date = |end: &Option<String>| ("date", end.clone().unwrap_or_default());
        match product.support(on) {
            Support::Supported => {}
            Support::PaidOnly => {
                let args = [name(), date(&product.paid_until)];
                add(findings, Level::Warning, "finding-paid-support", args);
            }
            Support::Ended => {
                let args = [name(), date(&product.support_end)];
                add(findings, Level::Error, "finding-out-of-support", args);
            }
        }
    }
}

fn builds(front_ends: &[FrontEnd], findings: &mut Vec<Finding>) {
    for front_end in front_ends {
        if front_end.disclosures_agree == Some(false) {
            let builds = front_end
                .disclosures
                .iter()
                .map(|disclosure| disclosure.build.to_string());
            let args = [("builds", listed(builds.collect()))];
            add(findings, Level::Warning, "finding-disclosures-disagree", args);
        }
    }
    let builds: BTreeSet<String> = front_ends
        .iter()
        .filter_map(|front_end| front_end.build)
        .map(|build| build.to_string())
        .collect();
    if builds.len() > 1 {
        let count = front_ends.len().to_string();
        add(
            findings,
            Level::Warning,
            "finding-several-builds",
            [("count", count), ("builds", listed(builds))],
        );
    }
}

/// Basic authentication over TLS is what ActiveSync and many clients use; from the internet it lets anybody try
/// passwords, and without TLS it gives them away.
fn basic(observation: &Observation, front_ends: &[FrontEnd], vantage: Vantage, findings: &mut Vec<Finding>) {
    let offers = |front_end: &FrontEnd| {
        let offering = front_end
            .directories
            .iter()
            .filter(|directory| directory.authentication.iter().any(|scheme| scheme == "Basic"));
        offering
            .map(|directory| directory.name.clone())
            .collect::<Vec<_>>()
    };
    let directories: BTreeSet<String> = front_ends.iter().flat_map(offers).collect();
    if directories.is_empty() {
        return;
    }
    let args = [("directories", listed(directories))];
    if observation.visits.iter().all(|visit| visit.tls.is_none()) {
        add(findings, Level::Error, "finding-basic-without-tls", args);
    } else if vantage == Vantage::Internet {
        add(findings, Level::Warning, "finding-basic", args);
    } else {
        add(findings, Level::Note, "finding-basic", args);
    }
}

/// Directories that nobody outside needs.
fn exposed(front_ends: &[FrontEnd], findings: &mut Vec<Finding>) {
    for (check, id) in [
        (Check::Ecp, "finding-ecp"),
        (Check::PowerShell, "finding-powershell"),
    ] {
        let answers = front_ends
            .iter()
            .flat_map(|front_end| &front_end.directories)
            .filter(|directory| {
                directory.check == check && matches!(directory.status, Some(200..403 | 405 | 440 | 500..600))
            });
        if let Some(status) = answers.filter_map(|directory| directory.status).min() {
            add(findings, Level::Warning, id, [("status", status.to_string())]);
        }
    }
}

/// Names and addresses from within that answers give away.
fn leaked(groups: &[Group<'_>], findings: &mut Vec<Finding>) {
    let mut names = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for (_, response) in groups.iter().flat_map(Group::responses) {
        for header in ["X-FEServer", "X-BEServer", "X-CalculatedBETarget"] {
            let values = response.headers_named(header).map(str::trim);
            names.extend(
                values
                    .filter(|value| !value.is_empty())
                    .map(str::to_ascii_lowercase),
            );
        }
        if let Some(ntlm) = &response.ntlm {
            let told = [
                &ntlm.netbios_domain,
                &ntlm.netbios_computer,
                &ntlm.dns_domain,
                &ntlm.dns_computer,
            ];
            names.extend(told.into_iter().flatten().map(|name| name.to_ascii_lowercase()));
        }
        let host = Location::of(response).and_then(|location| location.host()?.parse::<IpAddr>().ok());
        addresses.extend(host.filter(is_private).map(|address| address.to_string()));
    }
    if !addresses.is_empty() {
        add(
            findings,
            Level::Warning,
            "finding-addresses-leaked",
            [("addresses", listed(addresses))],
        );
    }
    if !names.is_empty() {
        add(
            findings,
            Level::Note,
            "finding-names-leaked",
            [("names", listed(names))],
        );
    }
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// RFC 8996 (TLS 1.0 and 1.1) and RFC 7568 (SSL 3.0) forbid these.
fn tls_versions(observation: &Observation, findings: &mut Vec<Finding>) {
    let asked = observation
        .tls_versions
        .iter()
        .flat_map(|versions| versions.spoken.iter().copied());
    let met = observation
        .visits
        .iter()
        .filter_map(|visit| Some(visit.tls.as_ref()?.version));
    let old: BTreeSet<TlsVersion> = asked
        .chain(met)
        .filter(|version| *version < TlsVersion::Tls12)
        .collect();
    if !old.is_empty() {
        let versions = old.into_iter().map(|version| version.name().to_owned()).collect();
        add(
            findings,
            Level::Warning,
            "finding-old-tls",
            [("versions", listed(versions))],
        );
    }
}

fn smtp(observation: &Observation, findings: &mut Vec<Finding>) {
    for service in [Service::Smtp, Service::Submission] {
        let mut visits = observation.smtp.iter().filter(|visit| visit.service == service);
        let without = visits.any(|visit| {
            visit.banner.is_some()
                && visit.fault.is_none()
                && visit.tls.is_none()
                && !visit
                    .extensions
                    .iter()
                    .any(|extension| extension.eq_ignore_ascii_case("STARTTLS"))
        });
        if without {
            let id = match service {
                Service::Smtp => "finding-smtp-without-tls",
                Service::Submission => "finding-submission-without-tls",
            };
            add(findings, Level::Warning, id, []);
        }
    }
}

/// That not everything could be asked, where something was answered; and of which address, which the detail begins with
/// where there are several.
fn incomplete(observation: &Observation, findings: &mut Vec<Finding>) {
    let mut answers = observation.visits.iter().flat_map(|visit| &visit.answers);
    let Some(fault) = &observation.fault else { return };
    if answers.all(|answer| answer.response.is_none()) {
        return;
    }
    let detail = fault.detail.as_deref().unwrap_or_default();
    let address: Option<SocketAddr> = detail.split(": ").next().and_then(|start| start.parse().ok());
    let kind = ("fault", fault.kind.name().to_owned());
    match address {
        Some(address) => {
            let args = [("address", address.to_string()), kind];
            add(findings, Level::Warning, "finding-incomplete-address", args);
        }
        None => add(findings, Level::Warning, "finding-incomplete", [kind]),
    }
}

fn unanswered(observation: &Observation, findings: &mut Vec<Finding>) {
    let answers = observation.visits.iter().flat_map(|visit| &visit.answers);
    // A cut connection is an answer of its own to the check for ProxyNotShell.
    let unanswered =
        answers.filter(|answer| answer.response.is_none() && answer.check != Check::ProxyNotShell);
    let names: BTreeSet<String> = unanswered.map(|answer| answer.check.name().to_owned()).collect();
    if !names.is_empty() {
        add(
            findings,
            Level::Note,
            "finding-unanswered",
            [("checks", listed(names))],
        );
    }
}
