//! What hosts have already, and no other host can have.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::domain::Domain;
use super::host::{HostSection, Listen};
use crate::document::{Document, DocumentError};
use crate::persona::checked::NetbiosName;
use imker_event::Service;

/// Names and places that hosts have already.
#[derive(Default)]
pub(super) struct Taken {
    names: HashSet<String>,
    listens: HashMap<SocketAddr, NetbiosName>,
}

impl Taken {
    /// `EX01`, for the next host of a network `EX02`, ...
    pub fn name(
        &mut self,
        document: &Document,
        section: &HostSection,
        domain: &Domain,
        index: usize,
    ) -> Result<NetbiosName, DocumentError> {
        let first = section.name.get_ref();
        let wrong = |what: String, remedy: &str| Err(document.error(Some(section.name.span()), what, remedy));
        let text = count_up(first, index);
        let Ok(name) = NetbiosName::try_from(text.clone()) else {
            let remedy = "begin with a shorter name that ends in a number";
            return wrong(
                format!(
                    "counting up from {} leads to {text}, which is no NetBIOS name",
                    &**first
                ),
                remedy,
            );
        };
        let fqdn = format!("{}.{}", &*name, &**domain.section.dns_domain.get_ref());
        if !self.names.insert(fqdn.clone()) {
            let remedy = "give each host a name of its own; those of a network count up";
            return wrong(format!("there are two hosts {fqdn}"), remedy);
        }
        Ok(name)
    }

    pub fn listens(
        &mut self,
        document: &Document,
        section: &HostSection,
        addresses: &[IpAddr],
        name: &NetbiosName,
    ) -> Result<Vec<Listen>, DocumentError> {
        let https = section.https.iter().map(|port| (port, Service::Https));
        let http = section.http.iter().map(|port| (port, Service::Http));
        let mut listens = Vec::new();
        for (port, service) in https.chain(http) {
            let at = if port.span().is_empty() {
                section.addresses.span()
            } else {
                port.span()
            };
            for ip in addresses {
                let address = SocketAddr::new(*ip, *port.get_ref());
                if address.port() == 0 {
                    return Err(document.error(
                        Some(at),
                        "there is no port 0",
                        "take a port from 1 to 65535",
                    ));
                }
                if let Some(other) = self.conflict(address) {
                    return Err(document.error(
                        Some(at),
                        format!("{address} is {}'s already", &**other),
                        "give each host an address or a port of its own",
                    ));
                }
                self.listens.insert(address, name.clone());
                listens.push(Listen { address, service });
            }
        }
        Ok(listens)
    }

    /// Who listens there, or on all addresses of that family.
    fn conflict(&self, address: SocketAddr) -> Option<&NetbiosName> {
        let any: IpAddr = if address.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let same_port =
            |other: &SocketAddr| other.port() == address.port() && other.is_ipv4() == address.is_ipv4();
        if address.ip() == any {
            return self
                .listens
                .iter()
                .find(|(other, _)| same_port(other))
                .map(|(_, name)| name);
        }
        self.listens
            .get(&address)
            .or_else(|| self.listens.get(&SocketAddr::new(any, address.port())))
    }
}

/// The name `index` places after `first`: the number at its end counts up, keeping its width.
pub(crate) fn count_up(first: &str, index: usize) -> String {
    if index == 0 {
        return first.to_owned();
    }
    let stem = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &first[stem.len()..];
    let number = digits.parse::<usize>().unwrap_or(1).saturating_add(index);
    format!("{stem}{number:0width$}", width = digits.len())
}
