use std::net::IpAddr;

use imker_posture::{Checks, Fault, FaultKind, Observation};
use jiff::Timestamp;

use super::Network;
use crate::ask::{self, Asker, Destination};
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
    /// Kinds of addresses that are asked.
    pub reaches: Reaches,
}

impl Internet {
    fn may_ask(&self, address: IpAddr) -> Result<(), String> {
        let reach = Reach::of(address);
        if !self.reaches.contains(reach) {
            return Err(format!("{address} ({reach})"));
        }
        match self.exclusions.excludes_address(address) {
            true => Err(address.to_string()),
            false => Ok(()),
        }
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
    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, Fault> {
        let (mut allowed, mut excluded) = (Vec::new(), Vec::new());
        for address in self.resolved(host).await? {
            match self.may_ask(address) {
                Ok(()) => allowed.push(address),
                Err(which) => excluded.push(which),
            }
        }
        if allowed.is_empty() && !excluded.is_empty() {
            return Err(Fault {
                kind: FaultKind::Excluded,
                detail: Some(excluded.join(", ")),
            });
        }
        if self.asker.plan().checks == Checks::Quick {
            allowed.truncate(1);
        }
        Ok(allowed)
    }

    async fn ask(&self, target: &Target, addresses: &[IpAddr]) -> Observation {
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
        self.asker.ask(&destination).await
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
