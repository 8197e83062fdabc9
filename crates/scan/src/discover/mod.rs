//! Which hosts serve a mail domain, told by DNS alone: no host is asked.

mod place;
mod resolve;
#[cfg(test)]
mod tests;
mod wildcard;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use hickory_resolver::proto::rr::{Name, RData, RecordType};
use imker_posture::{Fault, FaultKind};
use tokio::task::JoinSet;

pub use place::HostPlace;
pub use resolve::{NoResolver, Resolver};

use crate::target::{BadTarget, Host, Target, WhyBad};
use place::place;
use wildcard::Wildcard;

/// Labels under which servers for mail are commonly found.
const COMMON: [&str; 20] = [
    "mail",
    "owa",
    "webmail",
    "exchange",
    "outlook",
    "remote",
    "mx",
    "mx1",
    "mx2",
    "mail1",
    "mail2",
    "email",
    "post",
    "smtp",
    "activesync",
    "eas",
    "legacy",
    "ex",
    "exch",
    "cas",
];
/// Aliases that are followed.
const MOST_ALIASES: usize = 8;

/// What DNS says of a mail domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The domain, in short form.
    pub domain: String,
    /// Hosts, by name; at most 53.
    pub hosts: Vec<FoundHost>,
    /// Where the domain has an answer for every name: the addresses of names that nobody made up before. Common names
    /// that lead there too are not listed.
    pub wildcard: Vec<IpAddr>,
    /// Lookups that failed, other than for want of such a name: name and why.
    pub faults: Vec<(String, Fault)>,
}

/// A host that serves a mail domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundHost {
    /// Name, and port where SRV says one.
    pub target: Target,
    /// How it was found.
    pub ways: BTreeSet<Way>,
    /// The names it is an alias for, in order.
    pub aliases: Vec<String>,
    /// Addresses, 256 at most; none where it has none.
    pub addresses: Vec<IpAddr>,
    /// Whose it is.
    pub place: HostPlace,
}

/// How a host was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// `autodiscover.` and the domain, where Outlook asks first (Microsoft, \[MS-OXDISCO\] 3.1.5.1).
    Autodiscover,
    /// SRV record `_autodiscover._tcp.` (\[MS-OXDISCO\] 3.1.5.1).
    Srv,
    /// MX record (RFC 5321 5.1).
    Mx,
    /// A name that such servers commonly have.
    CommonName,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Autodiscover => "autodiscover",
            Self::Srv => "SRV",
            Self::Mx => "MX",
            Self::CommonName => "common name",
        })
    }
}

/// Asks DNS for the hosts of a mail domain: about 80 lookups, of which many run at a time.
///
/// # Errors
/// The domain is not a name.
pub async fn discover(resolver: &Resolver, domain: &str) -> Result<Discovery, BadTarget> {
    let Host::Name(domain) = &domain.parse()? else {
        return Err(BadTarget::new(domain, WhyBad::Domain));
    };
    let mut discovery = Discovery {
        domain: domain.clone(),
        ..Discovery::default()
    };
    let mut candidates: BTreeMap<Target, BTreeSet<Way>> = BTreeMap::new();
    let mut add = |target: Target, way| {
        candidates.entry(target).or_default().insert(way);
    };
    add(
        Host::Name(format!("autodiscover.{domain}")).into(),
        Way::Autodiscover,
    );
    for label in COMMON {
        add(Host::Name(format!("{label}.{domain}")).into(), Way::CommonName);
    }
    for (name, kind) in [
        (domain.clone(), RecordType::MX),
        (format!("_autodiscover._tcp.{domain}"), RecordType::SRV),
    ] {
        let records = resolver.records(&name, kind).await.unwrap_or_else(|fault| {
            discovery.faults.push((name.clone(), fault));
            Vec::new()
        });
        for record in records {
            match named(&record) {
                Some(Ok((target, way))) => add(target, way),
                Some(Err(fault)) => discovery.faults.push((name.clone(), fault)),
                None => {}
            }
        }
    }
    if discovery.faults.len() == 2 && candidates.len() == 1 + COMMON.len() {
        // No name server answers for the domain: dozens of further names would wait for it in vain.
        return Ok(discovery);
    }
    let wildcard = Wildcard::of(resolver, domain).await;
    let mut lookups = JoinSet::new();
    for (target, ways) in candidates {
        let (resolver, domain) = (resolver.clone(), domain.clone());
        lookups.spawn(async move { look(&resolver, &domain, target, ways).await });
    }
    while let Some(looked) = lookups.join_next().await {
        match looked {
            Ok(Ok(host)) if wildcard.explains(&host) => {}
            Ok(Ok(host)) => discovery.hosts.push(host),
            Ok(Err((_, fault))) if fault.kind == FaultKind::NoAddress => {}
            Ok(Err(fault)) => discovery.faults.push(fault),
            Err(error) => discovery.faults.push((domain.clone(), other(error))),
        }
    }
    discovery.wildcard = wildcard.addresses;
    discovery
        .hosts
        .sort_by(|one, another| one.target.cmp(&another.target));
    discovery.faults.sort_by(|one, another| one.0.cmp(&another.0));
    Ok(discovery)
}

/// The host that an MX or SRV record names; none where it says that there is no service (a name of `.`, RFC 7505 and
/// RFC 2782).
fn named(record: &RData) -> Option<Result<(Target, Way), Fault>> {
    let (name, port, way) = match record {
        RData::MX(mx) => (&mx.exchange, None, Way::Mx),
        RData::SRV(srv) => (&srv.target, Some(srv.port), Way::Srv),
        _ => return None,
    };
    if name.is_root() {
        return None;
    }
    let host = name.to_ascii().parse::<Host>();
    Some(match host {
        Ok(host) => Ok((Target::new(None, host, port.filter(|port| *port > 0)), way)),
        Err(bad) => Err(other(bad)),
    })
}

async fn look(
    resolver: &Resolver,
    domain: &str,
    target: Target,
    ways: BTreeSet<Way>,
) -> Result<FoundHost, (String, Fault)> {
    let name = target.host.to_string();
    let aliases = aliases(resolver, &name)
        .await
        .map_err(|fault| (name.clone(), fault))?;
    let place = place(domain, &name, &aliases);
    let addresses = match resolver.resolve(&name).await {
        Ok(addresses) => addresses,
        // A record that leads nowhere is worth telling, a common name without address is not there.
        Err(fault) if fault.kind == FaultKind::NoAddress && named_by_a_record(&ways, &aliases) => Vec::new(),
        Err(fault) => return Err((name, fault)),
    };
    Ok(FoundHost {
        target,
        ways,
        aliases,
        addresses,
        place,
    })
}

fn named_by_a_record(ways: &BTreeSet<Way>, aliases: &[String]) -> bool {
    ways.contains(&Way::Srv) || ways.contains(&Way::Mx) || !aliases.is_empty()
}

async fn aliases(resolver: &Resolver, name: &str) -> Result<Vec<String>, Fault> {
    let mut aliases: Vec<String> = Vec::new();
    while aliases.len() < MOST_ALIASES {
        let last = aliases.last().map_or(name, String::as_str);
        let records = resolver.records(last, RecordType::CNAME).await?;
        let Some(next) = records.iter().find_map(alias) else {
            break;
        };
        if next == name || aliases.contains(&next) {
            break;
        }
        aliases.push(next);
    }
    Ok(aliases)
}

fn alias(record: &RData) -> Option<String> {
    match record {
        RData::CNAME(alias) => Some(text(&alias.0)),
        _ => None,
    }
}

fn text(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

fn other(error: impl fmt::Display) -> Fault {
    Fault {
        kind: FaultKind::Other,
        detail: Some(error.to_string().chars().take(200).collect()),
    }
}
