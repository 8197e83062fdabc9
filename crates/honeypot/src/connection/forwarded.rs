use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Whether an address belongs to a trusted proxy.
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|net| net.contains(&address))
}

/// The client by `X-Forwarded-For`: the values, in order, are read from right to left for as long as whoever vouches
/// for the next one is a trusted proxy. What is no address ends it.
pub fn client_of<'v>(
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'v [u8]>,
    trusted: &[IpNet],
) -> IpAddr {
    let mut client = peer.to_canonical();
    for named in forwarded_for
        .rev()
        .flat_map(|value| value.rsplit(|byte| *byte == b','))
    {
        if !is_trusted(client, trusted) {
            break;
        }
        let Some(named) = address(named) else {
            break;
        };
        client = named;
    }
    client
}

/// An address, as proxies write it: with a port, in brackets, or bare.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let bare = bare.unwrap_or(text).parse();
    let address = bare.or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()];
        for (client, peer, values) in [
            ("192.0.2.9", "192.0.2.9", &["198.51.100.1"][..]),
            ("198.51.100.1", "10.0.0.1", &["198.51.100.1"]),
            ("198.51.100.1", "10.0.0.1", &["127.0.0.1, 198.51.100.1"]),
            (
                "198.51.100.1",
                "10.0.0.1",
                &["203.0.113.5", "198.51.100.1:4711 , 10.2.3.4"],
            ),
            (
                "2001:db8::1",
                "::ffff:10.0.0.1",
                &["[2001:db8::1]:80, [2001:db8:1::2]"],
            ),
            ("10.0.0.1", "10.0.0.1", &["198.51.100.1, unknown"]),
            ("10.0.0.1", "10.0.0.1", &[]),
        ] {
            let values = values.iter().map(|value| value.as_bytes());
            let found = client_of(peer.parse().unwrap(), values, &trusted);
            assert_eq!(found, client.parse::<IpAddr>().unwrap());
        }
    }
}
