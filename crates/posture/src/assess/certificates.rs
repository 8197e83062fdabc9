//! What a certificate says against a server.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::findings::add;
use super::location::target_host;
use crate::{Certificate, Finding, Level, Observation};

/// A certificate that ends within this is to be renewed now.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) fn certificates(observation: &Observation, findings: &mut Vec<Finding>) {
    let mut seen: Vec<&Certificate> = observation
        .visits
        .iter()
        .filter_map(|visit| visit.tls.as_ref()?.certificate.as_ref())
        .collect();
    seen.sort_by_key(|certificate| &certificate.sha256);
    seen.dedup_by_key(|certificate| &certificate.sha256);
    let host = host(&observation.target);
    for certificate in seen {
        let subject = || ("subject", certificate.subject.clone());
        let day = |time: Timestamp| ("date", time.strftime("%Y-%m-%d").to_string());
        let now = observation.started;
        match (certificate.not_before, certificate.not_after) {
            (_, Some(end)) if end < now => {
                add(
                    findings,
                    Level::Error,
                    "finding-certificate-expired",
                    [subject(), day(end)],
                );
            }
            (_, Some(end)) if end.duration_since(now) < SOON => {
                add(
                    findings,
                    Level::Warning,
                    "finding-certificate-expires",
                    [subject(), day(end)],
                );
            }
            (Some(begin), _) if begin > now => {
                add(
                    findings,
                    Level::Warning,
                    "finding-certificate-not-yet",
                    [subject(), day(begin)],
                );
            }
            _ => {}
        }
        if certificate.self_signed {
            add(
                findings,
                Level::Warning,
                "finding-certificate-self-signed",
                [subject()],
            );
        }
        if let Some(host) = host.filter(|host| !names_host(certificate, host)) {
            let args = [subject(), ("host", host.to_owned())];
            add(findings, Level::Warning, "finding-certificate-name", args);
        }
    }
}

/// The target's name; `None` where it is an address, for which few certificates are made out.
fn host(target: &str) -> Option<&str> {
    let host = target_host(target);
    host.parse::<IpAddr>().is_err().then_some(host)
}

/// RFC 9525, 6.3: a wildcard stands for the whole left-most label. Without alternative names the subject counts, as it
/// did for old clients.
fn names_host(certificate: &Certificate, host: &str) -> bool {
    let fits = |name: &str| {
        name.eq_ignore_ascii_case(host)
            || name
                .strip_prefix("*.")
                .zip(host.split_once('.'))
                .is_some_and(|(rest, (_, parent))| rest.eq_ignore_ascii_case(parent))
    };
    if certificate.names.is_empty() {
        return fits(&certificate.subject);
    }
    certificate.names.iter().any(|name| fits(name))
}
