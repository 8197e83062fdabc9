//! Finding servers of mail domains, and saying what was found.

use std::fmt::Write as _;

use imker_posture::{Checks, Fault, FaultKind, Observation};
use imker_scan::discover::{self as dns, Discovery, FoundHost, HostPlace, NoResolver, Resolver};
use imker_scan::target::{Host, Target};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};
use tokio::runtime::Runtime;

use super::options::Scan;
use crate::output;

/// What DNS says of the domains that were named.
#[derive(Default)]
pub struct Discovered {
    /// Hosts to ask.
    pub targets: Vec<Target>,
    /// What is kept of hosts that lie with Exchange Online.
    pub online: Vec<Observation>,
    /// Hosts outside of the domains that nobody confirmed.
    pub foreign: Vec<Target>,
    /// Whether something could not be looked up, or nothing was found.
    pub failed: bool,
}

/// Asks DNS for the servers of the domains that were named, and tells what was found.
pub fn discover(
    scan: &Scan,
    runtime: &Runtime,
    resolver: &Result<Resolver, NoResolver>,
) -> Result<Discovered> {
    let mut all = Discovered::default();
    for domain in &scan.discover {
        let resolver = resolver.as_ref().map_err(|none| miette!("--discover: {none}"))?;
        let found = runtime
            .block_on(dns::discover(resolver, domain))
            .into_diagnostic()?;
        output::note(&told(&found, scan));
        all.failed |= !found.faults.is_empty() || found.hosts.is_empty();
        for host in found.hosts {
            all.take(host, scan);
        }
    }
    let unknown = |host: &&Host| {
        !all.foreign
            .iter()
            .chain(&all.targets)
            .any(|target| target.host == **host)
    };
    if let Some(host) = scan.confirmed.iter().find(unknown) {
        return Err(miette!(
            help = "name one of the hosts that are listed as lying outside of the domain",
            "--confirm {host}: not found by --discover"
        ));
    }
    Ok(all)
}

impl Discovered {
    fn take(&mut self, host: FoundHost, scan: &Scan) {
        match host.place {
            HostPlace::Own => self.targets.push(host.target),
            HostPlace::Foreign { .. } if scan.confirmed.contains(&host.target.host) => {
                self.targets.push(host.target);
            }
            HostPlace::Foreign { .. } => self.foreign.push(host.target),
            HostPlace::ExchangeOnline { name, .. } => self.online.push(Observation {
                target: host.target.to_string(),
                started: Timestamp::now(),
                took_ms: 0,
                checks: scan.checks.unwrap_or(Checks::Quick),
                visits: Vec::new(),
                tls_versions: Vec::new(),
                smtp: Vec::new(),
                fault: Some(Fault {
                    kind: FaultKind::ExchangeOnline,
                    detail: Some(name),
                }),
            }),
        }
    }
}

fn told(found: &Discovery, scan: &Scan) -> String {
    let hosts = output::counted(found.hosts.len() as u64, "host", "hosts");
    let mut text = format!("{}: {hosts} found by DNS\n", found.domain);
    for host in &found.hosts {
        let ways: Vec<String> = host.ways.iter().map(ToString::to_string).collect();
        let what = match &host.place {
            HostPlace::Own => "asked".to_owned(),
            HostPlace::Foreign { .. } if scan.confirmed.contains(&host.target.host) => {
                "asked, for it is confirmed".to_owned()
            }
            HostPlace::Foreign { name } => format!(
                "not asked: {name} lies outside of the domain (--confirm {})",
                host.target.host
            ),
            HostPlace::ExchangeOnline { name, .. } => {
                format!("not asked: lies with Exchange Online ({name})")
            }
        };
        let _ = writeln!(text, "  {} ({}): {what}", host.target, ways.join(", "));
    }
    if !found.wildcard.is_empty() {
        text.push_str(
            "  the domain answers for every name: common names that lead where all do are left out\n",
        );
    }
    for (name, fault) in &found.faults {
        let detail = fault.detail.as_deref().unwrap_or_default();
        let _ = writeln!(text, "  {name} could not be looked up: {detail}");
    }
    text
}
