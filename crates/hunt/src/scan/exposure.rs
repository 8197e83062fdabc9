//! Which virtual directories were reached, and from where.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::formats::{Cells, Shape, address, number};

/// Requests to one virtual directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reached {
    pub(crate) public_successful: u64,
    pub(crate) public_refused: u64,
    pub(crate) internal: u64,
}

impl Reached {
    pub(crate) fn add(&mut self, more: Self) {
        self.public_successful += more.public_successful;
        self.public_refused += more.public_refused;
        self.internal += more.internal;
    }
}

/// Counts a row.
pub(crate) fn count(reached: &mut HashMap<&'static str, Reached>, shape: &Shape, line: &[u8], cells: &Cells) {
    let (stem, _) = shape.stem_and_query(line, cells);
    let Some(directory) = std::str::from_utf8(stem)
        .ok()
        .and_then(imker_exchange::virtual_directory)
    else {
        return;
    };
    let get = |place: Option<usize>| place.map_or(&[][..], |column| cells.get(line, column));
    let reached = reached.entry(directory).or_default();
    if !address(get(shape.at.client)).is_some_and(is_public) {
        reached.internal += 1;
    } else if number::<u16>(get(shape.at.status)).is_some_and(|status| status < 400) {
        reached.public_successful += 1;
    } else {
        reached.public_refused += 1;
    }
}

/// Whether an address belongs to the internet (RFC 1918, 3927, 4193, 4291 and 6598 name those that do not).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => address
            .to_ipv4_mapped()
            .map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || shared)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_inside_are_not_public() {
        for text in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "100.64.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["203.0.113.7", "100.128.0.1", "2001:db8::1", "::ffff:198.51.100.1"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
