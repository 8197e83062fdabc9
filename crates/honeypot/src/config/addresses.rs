//! Addresses of hosts: single ones, or networks that become many hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use crate::document::{Document, DocumentError};

/// `192.0.2.10`, `2001:db8::10` or `192.0.2.0/28`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Item(IpNet);

impl TryFrom<String> for Item {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let net = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        match net {
            Ok(net) if net.addr() == net.network() => Ok(Self(net)),
            Ok(net) => Err(format!(
                "`{text}` is an address within the network {}",
                net.trunc()
            )),
            Err(_) => Err(format!(
                "`{}` is neither an address nor a network, such as 192.0.2.10 or 192.0.2.0/28",
                text.escape_debug()
            )),
        }
    }
}

impl Item {
    pub fn net(self) -> IpNet {
        self.0
    }

    fn is_single(self) -> bool {
        self.0.prefix_len() == self.0.max_prefix_len()
    }

    /// The first address for a host. A network of IPv4 up to /30 keeps its first and its last address, one of IPv6 up
    /// to /126 its first (the subnet-router anycast address, RFC 4291, section 2.6.1).
    fn first(self) -> u128 {
        let reserved = u128::from(self.0.prefix_len() + 2 <= self.0.max_prefix_len());
        as_number(self.0.network()) + reserved
    }

    /// How many hosts have room.
    fn room(self) -> u128 {
        let all = 1u128
            .checked_shl(u32::from(self.0.max_prefix_len() - self.0.prefix_len()))
            .unwrap_or(u128::MAX);
        let reserved = match self.0 {
            _ if self.0.prefix_len() + 2 > self.0.max_prefix_len() => 0,
            IpNet::V4(_) => 2,
            IpNet::V6(_) => 1,
        };
        all - reserved
    }
}

/// The addresses of one `[[host]]`.
pub(super) enum Addresses {
    /// One host with all of them.
    One(Vec<IpAddr>),
    /// Hosts, the n-th with the n-th address of each network.
    Many { networks: Vec<Item>, hosts: usize },
}

impl Addresses {
    /// At most `max` hosts.
    pub fn new(
        document: &Document,
        items: &Spanned<Vec<Spanned<Item>>>,
        max: usize,
    ) -> Result<Self, DocumentError> {
        let wrong = |what: String, remedy: String| Err(document.error(Some(items.span()), what, remedy));
        let all: Vec<Item> = items.get_ref().iter().map(|item| *item.get_ref()).collect();
        let too_many = |hosts: u128| {
            wrong(
                format!("{hosts} hosts are too many"),
                format!("there is room for {max}: take a smaller network"),
            )
        };
        match all.iter().filter(|item| item.is_single()).count() {
            _ if all.is_empty() => wrong("`addresses` is empty".into(), "name at least one".into()),
            single if single == all.len() => {
                if max == 0 {
                    return too_many(1);
                }
                Ok(Self::One(all.iter().map(|item| item.net().addr()).collect()))
            }
            0 => {
                let room = all.iter().map(|item| item.room()).min().unwrap_or(0);
                match usize::try_from(room) {
                    Ok(hosts) if hosts <= max => Ok(Self::Many { networks: all, hosts }),
                    _ => too_many(room),
                }
            }
            _ => wrong(
                "addresses and networks are mixed: is this one host or many?".into(),
                "give single addresses to one [[host]], networks to another".into(),
            ),
        }
    }

    pub fn hosts(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many { hosts, .. } => *hosts,
        }
    }

    pub fn of(&self, index: usize) -> Vec<IpAddr> {
        match self {
            Self::One(all) => all.clone(),
            Self::Many { networks, .. } => networks
                .iter()
                .filter_map(|network| {
                    from_number(network.first() + index as u128, network.net().addr().is_ipv4())
                })
                .collect(),
        }
    }
}

/// How many hosts addresses or networks are, at least 1.
pub(crate) fn count_hosts(addresses: &[String]) -> Result<usize, String> {
    let mut room = u128::MAX;
    for text in addresses {
        room = room.min(Item::try_from(text.clone())?.room());
    }
    Ok(usize::try_from(room).unwrap_or(usize::MAX).max(1))
}

/// The address `index` places after `first`; `None` behind the last one.
pub(super) fn numbered(first: IpAddr, index: usize) -> Option<IpAddr> {
    from_number(as_number(first).checked_add(index as u128)?, first.is_ipv4())
}

fn as_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn from_number(number: u128, v4: bool) -> Option<IpAddr> {
    if v4 {
        return u32::try_from(number)
            .ok()
            .map(|number| Ipv4Addr::from(number).into());
    }
    Some(Ipv6Addr::from(number).into())
}
