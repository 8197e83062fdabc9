//! Which part of the address space an address belongs to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for, after IANA's registries of special-purpose addresses (RFC 6890).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// The Internet.
    Public,
    /// RFC 1918, and unique local addresses of IPv6 (RFC 4193).
    Private,
    /// Between a provider and its customers (RFC 6598).
    Shared,
    /// This machine.
    Loopback,
    /// This link alone (RFC 3927, RFC 4291).
    LinkLocal,
    /// Documentation (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// Benchmarks (RFC 2544, RFC 5180).
    Benchmark,
    /// Not in use, or for protocols rather than hosts.
    Reserved,
    /// Groups, the broadcast address and the unspecified one, which are never asked.
    Never,
}

impl Reach {
    /// All that can be asked.
    pub const ASKABLE: [Self; 8] = [
        Self::Public,
        Self::Private,
        Self::Shared,
        Self::Loopback,
        Self::LinkLocal,
        Self::Documentation,
        Self::Benchmark,
        Self::Reserved,
    ];

    /// What an address is for.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Documentation => "documentation",
            Self::Benchmark => "benchmark",
            Self::Reserved => "reserved",
            Self::Never => "multicast, broadcast or unspecified",
        })
    }
}

fn of_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [0, 0, 0, 0] | [255, 255, 255, 255] | [224..=239, ..] => Reach::Never,
        [127, ..] => Reach::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Private,
        [100, 64..=127, ..] => Reach::Shared,
        [169, 254, ..] => Reach::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Documentation,
        [198, 18..=19, ..] => Reach::Benchmark,
        // "This network", IETF protocol assignments, the old 6to4 relays, class E.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => Reach::Reserved,
        _ => Reach::Public,
    }
}

/// The IPv4 address that packets to an IPv6 address end at: NAT64 (RFC 6052) and 6to4 (RFC 3056).
pub(super) fn leads_to(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(within(high, low)),
        _ => None,
    }
}

fn of_v6(address: Ipv6Addr) -> Reach {
    if let Some(within) = leads_to(address.into()) {
        return of_v4(within);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xff00..=0xffff, ..] => Reach::Never,
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Loopback,
        [0xfc00..=0xfdff, ..] => Reach::Private,
        [0xfe80..=0xfebf, ..] => Reach::LinkLocal,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Documentation,
        [0x2001, 2, 0, ..] => Reach::Benchmark,
        // IETF protocol assignments.
        [0x2001, 0..=0x01ff, ..] => Reach::Reserved,
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Reserved,
    }
}

fn within(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Which kinds of addresses are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaches(u16);

impl Reaches {
    /// None.
    pub const NONE: Self = Self(0);
    /// All that can be asked.
    pub const ALL: Self = Self((1 << Reach::Never as u16) - 1);
    /// The Internet alone.
    pub const PUBLIC: Self = Self::NONE.with(Reach::Public);

    /// These and one more; [`Reach::Never`] stays out.
    pub const fn with(self, reach: Reach) -> Self {
        Self((self.0 | 1 << reach as u16) & Self::ALL.0)
    }

    /// These without one.
    pub const fn without(self, reach: Reach) -> Self {
        Self(self.0 & !(1 << reach as u16))
    }

    /// Those that are among both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether an address of this kind is asked.
    pub const fn contains(self, reach: Reach) -> bool {
        self.0 & 1 << reach as u16 != 0
    }
}
