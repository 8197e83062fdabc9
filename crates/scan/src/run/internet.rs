use std::net::IpAddr;

use imker_posture::{Fault, FaultKind, Observation};
use jiff::Timestamp;

use super::Network;
use crate::ask::{self, Asker, Destination, Heard};
use crate::discover::{NoResolver, Resolver};
use crate::target::{Exclusions, Host, Reach, Reaches, Scheme, Target};

/// Servers as they are.
pub struct Internet {
    /// Asks them.
    pub asker: Asker,
    /// Looks their names up. Where there is none, addresses can be asked nevertheless.
    pub resolver: Result<Resolver, NoResolver>,
    /// Who must not be asked.
    pub exclusions: Exclusions,
    /// Kinds of addresses that are asked where they are named themselves.
    pub reaches: Reaches,
    /// Kinds of addresses that are asked where a name leads there: whoever owns the name decides where that is.
    pub reaches_of_names: Reaches,
}

/// What speaks against asking.
enum Objection {
    /// This address alone.
    ToAddress(String),
    /// The whole host.
    ToHost(String),
}

fn not_to_be_asked(which: String) -> Fault {
    Fault {
        kind: FaultKind::Excluded,
        detail: Some(which),
    }
}

impl Internet {
    /// Why an address may not be asked; `named` where it was looked up.
    fn objection(&self, address: IpAddr, named: bool) -> Option<Objection> {
        if self.exclusions.excludes_address(address) {
            return Some(Objection::ToHost(address.to_string()));
        }
        let reach = Reach::of(address);
        let reaches = if named {
            self.reaches_of_names
        } else {
            self.reaches
        };
        (!reaches.contains(reach)).then(|| Objection::ToAddress(format!("{address} ({reach})")))
    }

    async fn resolved(&self, host: &Host) -> Result<Vec<IpAddr>, Fault> {
        match (host, &self.resolver) {
            (Host::Address(address), _) => Ok(vec![*address]),
            (Host::Name(name), Ok(resolver)) => resolver.resolve(name).await,
            (Host::Name(_), Err(none)) => Err(Fault {
                kind: FaultKind::LookupFailed,
                detail: Some(none.to_string()),
            }),
        }
    }
}

impl Network for Internet {
    /// Whoever excluded one address of a host did not mean the others to be asked in its place.
    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, Fault> {
        let named = matches!(host, Host::Name(_));
        let (mut allowed, mut excluded) = (Vec::new(), Vec::new());
        for address in self.resolved(host).await? {
            match self.objection(address, named) {
                None => allowed.push(address),
                Some(Objection::ToAddress(which)) => excluded.push(which),
                Some(Objection::ToHost(which)) => return Err(not_to_be_asked(which)),
            }
        }
        match allowed.is_empty() && !excluded.is_empty() {
            true => Err(not_to_be_asked(excluded.join(", "))),
            false => {
                allowed.truncate(self.asker.plan().limits.addresses);
                Ok(allowed)
            }
        }
    }

    async fn ask(&self, target: &Target, addresses: &[IpAddr], heard: &Heard) -> Observation {
        let destination = Destination {
            target: target.to_string(),
            scheme: target.scheme.map(|scheme| match scheme {
                Scheme::Http => ask::Scheme::Http,
                Scheme::Https => ask::Scheme::Https,
            }),
            name: match &target.host {
                Host::Name(name) => Some(name.clone()),
                Host::Address(_) => None,
            },
            addresses: addresses.to_vec(),
            port: target.port,
        };
        self.asker.ask_and_tell(&destination, heard).await
    }

    fn unasked(&self, target: &Target, fault: Fault) -> Observation {
        Observation {
            target: target.to_string(),
            started: Timestamp::now(),
            took_ms: 0,
            checks: self.asker.plan().checks,
            visits: Vec::new(),
            tls_versions: Vec::new(),
            smtp: Vec::new(),
            fault: Some(fault),
        }
    }
}
