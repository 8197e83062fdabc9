//! What one argument or one line names: a server, or a network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Host, Scheme, Target, name};

/// A server or a network (CIDR, RFC 4632), whose addresses are all meant, the first and the last too, as nmap does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Host, `host:port`, URL or address. A URL's path is dropped: where Exchange answers is known.
    Target(Target),
    /// A network, without bits beyond its prefix.
    Network(IpNet),
}

/// Text that names no target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTarget {
    /// The text, cut to 80 characters and without a user's name or password.
    pub text: String,
    /// What is wrong with it.
    pub why: WhyBad,
}

/// Why text names no target; as text with the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhyBad {
    /// Nothing stands where the host should.
    #[error("no host: write mail.example.org, 192.0.2.1, [2001:db8::1]:8443 or https://mail.example.org")]
    NoHost,
    /// Not a name of DNS.
    #[error("not a host name: letters, digits and hyphens, 63 a label, 253 in all")]
    Name,
    /// Looks like an address.
    #[error("not an address: four numbers from 0 to 255 without leading zeros, or IPv6")]
    Address,
    /// Not a port.
    #[error(
        "not a port: a number from 1 to 65535; IPv6 addresses with a port stand in brackets, [2001:db8::1]:8443"
    )]
    Port,
    /// A scheme other than HTTP's.
    #[error("not a URL that can be asked: http:// or https://")]
    Scheme,
    /// A user's name or password in a URL.
    #[error("names a user: no credentials are ever sent, so leave out what stands before @")]
    User,
    /// Blanks or control characters.
    #[error("blanks within: one target a line, further columns after a comma, semicolon or tab")]
    Blank,
    /// `fe80::1%eth0`.
    #[error("names an interface after %: such addresses cannot be asked")]
    Zone,
    /// Not a prefix.
    #[error(
        "not a network: an address, a slash and a prefix, to 32 for IPv4 and 128 for IPv6; no port after it"
    )]
    Prefix,
    /// A network where one server is meant.
    #[error("a network, where one host is meant")]
    Network,
    /// An address where a mail domain is meant.
    #[error("an address, where a mail domain is meant: example.org")]
    Domain,
    /// Too large a network.
    #[error(
        "too large a network: 2^24 addresses at most (IPv4 /8, IPv6 /104); name parts of it, or the hosts"
    )]
    TooLarge,
    /// `192.0.2.1-20`.
    #[error("not a range that is understood: write it as networks, 192.0.2.0/28")]
    Range,
    /// A host of nmap's XML that answers on many ports, as tarpits do.
    #[error("more than 64 open ports for HTTP: name those that are meant, host:port")]
    Ports,
    /// The line is longer than is read.
    #[error("longer than 4096 bytes")]
    TooLong,
    /// Not text.
    #[error("not UTF-8")]
    Encoding,
}

impl BadTarget {
    pub(crate) fn new(text: &str, why: WhyBad) -> Self {
        let text = match why {
            // A password must not get into logs by way of the complaint about it.
            WhyBad::User => text.rsplit_once('@').map_or("", |(_, host)| host),
            _ => text,
        };
        Self {
            text: text.chars().take(80).collect(),
            why,
        }
    }
}

impl fmt::Display for BadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.text, self.why)
    }
}

impl std::error::Error for BadTarget {}

impl FromStr for Entry {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|why| BadTarget::new(text, why))
    }
}

fn parse(text: &str) -> Result<Entry, WhyBad> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(WhyBad::Blank);
    }
    let (scheme, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(Scheme::Https), rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(Scheme::Http), rest),
        Some(_) => return Err(WhyBad::Scheme),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err(WhyBad::User);
    }
    if scheme.is_none()
        && let Some(prefix) = path.strip_prefix('/')
    {
        let bracketed = authority
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Ok(address) = bracketed.unwrap_or(authority).parse::<IpAddr>() {
            return network(address, prefix).map(Entry::Network);
        }
        if prefix.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(WhyBad::Prefix);
        }
    }
    let (host, port) = host_and_port(authority)?;
    Ok(Entry::Target(Target::new(scheme, host, port)))
}

fn host_and_port(authority: &str) -> Result<(Host, Option<u16>), WhyBad> {
    if authority.contains('%') {
        return Err(WhyBad::Zone);
    }
    if let Ok(address) = authority.parse::<IpAddr>() {
        return Ok((Host::Address(address.to_canonical()), None));
    }
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']').ok_or(WhyBad::Address)?;
        let address: Ipv6Addr = address.parse().map_err(|_| WhyBad::Address)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(read_port(port)?),
            None if rest.is_empty() => None,
            None => return Err(WhyBad::Port),
        };
        return Ok((Host::Address(IpAddr::V6(address).to_canonical()), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(read_port(port)?)),
        None => (authority, None),
    };
    let host = match host.parse::<Ipv4Addr>() {
        Ok(address) => Host::Address(address.into()),
        Err(_) => Host::Name(name::canonical(host)?),
    };
    Ok((host, port))
}

fn read_port(text: &str) -> Result<u16, WhyBad> {
    match text.parse() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(WhyBad::Port),
    }
}

fn network(address: IpAddr, prefix: &str) -> Result<IpNet, WhyBad> {
    if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WhyBad::Prefix);
    }
    let prefix: u8 = prefix.parse().map_err(|_| WhyBad::Prefix)?;
    let network = IpNet::new(address, prefix).map_err(|_| WhyBad::Prefix)?;
    Ok(canonical_network(network))
}

/// `::ffff:192.0.2.0/120` is `192.0.2.0/24`.
fn canonical_network(network: IpNet) -> IpNet {
    let network = network.trunc();
    match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.network().to_ipv4_mapped() {
            Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - 96).map_or(network, IpNet::V4),
            None => network,
        },
        _ => network,
    }
}

/// How many addresses a network has; `None` above 2^24, more than are asked in one scan.
pub(super) fn size(network: &IpNet) -> Option<u32> {
    let bits = network.max_prefix_len() - network.prefix_len();
    (bits <= 24).then(|| 1 << bits)
}

/// All addresses of a network, the first and the last too.
pub(super) fn addresses(network: &IpNet) -> impl Iterator<Item = IpAddr> + use<> {
    let count = size(network).unwrap_or(0);
    let first = match network {
        IpNet::V4(v4) => First::V4(Ipv4Net::network(v4).to_bits()),
        IpNet::V6(v6) => First::V6(Ipv6Net::network(v6).to_bits()),
    };
    (0..count).map(move |step| match first {
        First::V4(bits) => Ipv4Addr::from_bits(bits + step).into(),
        First::V6(bits) => IpAddr::from(Ipv6Addr::from_bits(bits + u128::from(step))).to_canonical(),
    })
}

#[derive(Clone, Copy)]
enum First {
    V4(u32),
    V6(u128),
}
