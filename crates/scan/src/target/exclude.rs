//! Who must not be asked.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::lines::{self, Kind, Lines};
use super::reach::leads_to;
use super::{BadTarget, Entry, Host, name};

/// Most entries of all lists together.
const MOST: usize = 1_000_000;

/// Hosts and networks that must not be asked.
#[derive(Debug, Clone, Default)]
pub struct Exclusions {
    /// By length of prefix, so that an address is looked up once for each length that occurs.
    v4: BTreeMap<u8, HashSet<IpAddr>>,
    v6: BTreeMap<u8, HashSet<IpAddr>>,
    names: HashSet<String>,
    /// `example.org` for `*.example.org`.
    domains: HashSet<String>,
}

/// A list that cannot be kept to. Nobody is asked then: who stands on the line that is not understood, did not want it.
#[derive(Debug, thiserror::Error)]
pub enum ExclusionError {
    /// Not readable.
    #[error("{}: {error}", path.display())]
    Read {
        /// The list.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A line that excludes nothing.
    #[error("{}:{line}: {bad}", path.display())]
    Line {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        bad: BadTarget,
    },
    /// Not lines.
    #[error("{}: not a list in UTF-8 with one host or network a line; save it as such", path.display())]
    Kind {
        /// The list.
        path: PathBuf,
    },
    /// Too many.
    #[error("{}: more than 1,000,000 exclusions; join addresses to networks", path.display())]
    TooMany {
        /// The list.
        path: PathBuf,
    },
}

impl Exclusions {
    /// Adds the hosts and networks of a list: what can be a target, and `*.example.org` for all names below a domain,
    /// which itself is not meant. A port or path excludes the whole host.
    ///
    /// # Errors
    /// The list cannot be read, or one of its lines is not understood.
    pub fn read(&mut self, path: &Path) -> Result<(), ExclusionError> {
        let unreadable = |error| ExclusionError::Read {
            path: path.into(),
            error,
        };
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        if lines::kind(&mut file).map_err(unreadable)? != Kind::Lines {
            return Err(ExclusionError::Kind { path: path.into() });
        }
        self.read_lines(path, &mut Lines::new(file))
    }

    fn read_lines(&mut self, path: &Path, lines: &mut Lines<impl BufRead>) -> Result<(), ExclusionError> {
        let unreadable = |error| ExclusionError::Read {
            path: path.into(),
            error,
        };
        while let Some((line, entry)) = lines.next().map_err(unreadable)? {
            let added = entry
                .map_err(|why| BadTarget::new("", why))
                .and_then(|entry| self.add(entry));
            added.map_err(|bad| ExclusionError::Line {
                path: path.into(),
                line,
                bad,
            })?;
            if self.len() > MOST {
                return Err(ExclusionError::TooMany { path: path.into() });
            }
        }
        Ok(())
    }

    /// Adds one host, network or `*.example.org`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn add(&mut self, text: &str) -> Result<(), BadTarget> {
        if let Some(domain) = text.strip_prefix("*.") {
            let domain = name::canonical(domain).map_err(|why| BadTarget::new(text, why))?;
            self.domains.insert(domain);
            return Ok(());
        }
        match text.parse()? {
            Entry::Network(network) => self.add_network(network),
            Entry::Target(target) => match target.host {
                Host::Address(address) => self.add_network(address.into()),
                Host::Name(name) => {
                    self.names.insert(name);
                }
            },
        }
        Ok(())
    }

    fn add_network(&mut self, network: IpNet) {
        let by_prefix = match network {
            IpNet::V4(_) => &mut self.v4,
            IpNet::V6(_) => &mut self.v6,
        };
        let networks = by_prefix.entry(network.prefix_len()).or_default();
        networks.insert(network.network());
    }

    /// How many entries there are, duplicates aside.
    pub fn len(&self) -> usize {
        let networks = self.v4.values().chain(self.v6.values()).map(HashSet::len);
        networks.sum::<usize>() + self.names.len() + self.domains.len()
    }

    /// Whether nobody is excluded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a host must not be asked. A name's addresses are to be looked at as well, once they are known.
    pub fn excludes(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => self.excludes_address(*address),
            Host::Name(name) => {
                self.names.contains(name) || below(name).any(|domain| self.domains.contains(domain))
            }
        }
    }

    /// Whether an address must not be asked, or an IPv4 address that an IPv6 one leads to.
    pub fn excludes_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let within = leads_to(address).is_some_and(|within| self.names_address(within.into()));
        within || self.names_address(address)
    }

    fn names_address(&self, address: IpAddr) -> bool {
        let by_prefix = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        by_prefix.iter().any(|(prefix, networks)| {
            IpNet::new(address, *prefix).is_ok_and(|network| networks.contains(&network.network()))
        })
    }
}

/// The domains that a name lies below: `example.org` and `org` for `mail.example.org`.
fn below(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(at, _)| &name[at + 1..])
}
