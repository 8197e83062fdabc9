//! The PROXY protocol, versions 1 and 2 (HAProxy, `doc/proxy-protocol.txt`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Version 1's longest header, in bytes.
const V1_LONGEST: usize = 107;
/// How version 2 begins.
const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Longest version 2 header that is read, in bytes: addresses and a few TLVs, which are skipped.
const V2_LONGEST: usize = 16 + 4096;

/// What a PROXY header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyHeader {
    /// The client and where it connected to; `None` where the proxy speaks for itself (`LOCAL`, as in health checks)
    /// or does not know (`UNKNOWN`).
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// How many bytes the header took.
    pub length: usize,
}

/// The bytes are no PROXY header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no PROXY protocol header of version 1 or 2")]
pub struct NoProxyHeader;

/// Reads a header from the start of `bytes`; `None` if more are needed.
///
/// # Errors
/// The bytes are no PROXY header, or one that is longer than needed for TCP.
pub fn parse_proxy_header(bytes: &[u8]) -> Result<Option<ProxyHeader>, NoProxyHeader> {
    let common = bytes.len().min(V2_SIGNATURE.len());
    if bytes[..common] == V2_SIGNATURE[..common] {
        return if common < V2_SIGNATURE.len() {
            Ok(None)
        } else {
            v2(bytes)
        };
    }
    let common = bytes.len().min(6);
    if bytes[..common] != b"PROXY "[..common] {
        return Err(NoProxyHeader);
    }
    match memchr::memchr(b'\n', &bytes[..bytes.len().min(V1_LONGEST)]) {
        Some(end) => v1(&bytes[..=end]).map(Some),
        None if bytes.len() < V1_LONGEST => Ok(None),
        None => Err(NoProxyHeader),
    }
}

fn v1(line: &[u8]) -> Result<ProxyHeader, NoProxyHeader> {
    let text = line.strip_suffix(b"\r\n").ok_or(NoProxyHeader)?;
    let text = std::str::from_utf8(text).map_err(|_| NoProxyHeader)?;
    let mut words = text.split(' ').skip(1);
    let mut word = || words.next().ok_or(NoProxyHeader);
    let protocol = word()?;
    if protocol == "UNKNOWN" {
        return Ok(ProxyHeader {
            addresses: None,
            length: line.len(),
        });
    }
    let [source, destination] = [word()?, word()?].map(|text| {
        let address: Result<IpAddr, _> = match protocol {
            "TCP4" => text.parse().map(IpAddr::V4),
            "TCP6" => text.parse().map(IpAddr::V6),
            _ => return Err(NoProxyHeader),
        };
        address.map_err(|_| NoProxyHeader)
    });
    let [source_port, destination_port] = [word()?, word()?].map(|text| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| plain).ok_or(NoProxyHeader)
    });
    if words.next().is_some() {
        return Err(NoProxyHeader);
    }
    Ok(ProxyHeader {
        addresses: Some((
            SocketAddr::new(source?, source_port?),
            SocketAddr::new(destination?, destination_port?),
        )),
        length: line.len(),
    })
}

fn v2(bytes: &[u8]) -> Result<Option<ProxyHeader>, NoProxyHeader> {
    let [version_command, family, high, low] = match bytes.get(12..16) {
        None => return Ok(None),
        Some(fixed) => [fixed[0], fixed[1], fixed[2], fixed[3]],
    };
    let length = 16 + usize::from(u16::from_be_bytes([high, low]));
    if version_command >> 4 != 2 || length > V2_LONGEST {
        return Err(NoProxyHeader);
    }
    let Some(rest) = bytes.get(16..length) else {
        return Ok(None);
    };
    let addresses = match (version_command & 15, family) {
        // LOCAL
        (0, _) => None,
        // TCP over IPv4
        (1, 0x11) => {
            let (addresses, ports) = rest.get(..12).ok_or(NoProxyHeader)?.split_at(8);
            let address = |at: usize| {
                let octets: [u8; 4] = addresses[at..at + 4].try_into().map_err(|_| NoProxyHeader)?;
                Ok(IpAddr::V4(Ipv4Addr::from(octets)))
            };
            Some(pair(address(0)?, address(4)?, ports))
        }
        // TCP over IPv6
        (1, 0x21) => {
            let (addresses, ports) = rest.get(..36).ok_or(NoProxyHeader)?.split_at(32);
            let address = |at: usize| {
                let octets: [u8; 16] = addresses[at..at + 16].try_into().map_err(|_| NoProxyHeader)?;
                Ok(IpAddr::V6(Ipv6Addr::from(octets)))
            };
            Some(pair(address(0)?, address(16)?, ports))
        }
        // UNSPEC
        (1, 0) => None,
        _ => return Err(NoProxyHeader),
    };
    Ok(Some(ProxyHeader { addresses, length }))
}

fn pair(source: IpAddr, destination: IpAddr, ports: &[u8]) -> (SocketAddr, SocketAddr) {
    let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
    (
        SocketAddr::new(source, port(0)),
        SocketAddr::new(destination, port(2)),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn v2_header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [V2_SIGNATURE.as_slice(), &[0x20 | command, family], &length, rest].concat()
    }

    fn addresses(bytes: &[u8]) -> Option<(String, String)> {
        let header = parse_proxy_header(bytes).unwrap().unwrap();
        assert!(header.length <= bytes.len());
        header
            .addresses
            .map(|(source, destination)| (source.to_string(), destination.to_string()))
    }

    #[test]
    fn both_versions() {
        let v4 = Some(("192.0.2.1:56324".to_owned(), "198.51.100.11:443".to_owned()));
        assert_eq!(
            addresses(b"PROXY TCP4 192.0.2.1 198.51.100.11 56324 443\r\nGET"),
            v4
        );
        let binary = [
            192, 0, 2, 1, 198, 51, 100, 11, 0xdc, 0x04, 0x01, 0xbb, /* a TLV */ 4, 0, 1, 0,
        ];
        assert_eq!(addresses(&v2_header(1, 0x11, &binary)), v4);
        let v6 = Some(("[2001:db8::1]:1".to_owned(), "[2001:db8::2]:2".to_owned()));
        assert_eq!(addresses(b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"), v6);
        assert_eq!(addresses(b"PROXY UNKNOWN whatever\r\n"), None);
        assert_eq!(addresses(&v2_header(0, 0, b"")), None);
    }

    #[test]
    fn what_is_none() {
        for bytes in [
            b"GET / HTTP/1.1\r\n".as_slice(),
            b"PROXY TCP4 192.0.2.1 198.51.100.11 56324\r\n",
            b"PROXY TCP4 2001:db8::1 198.51.100.11 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.11 +1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.11 1 2 3\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.11 1 2\n",
            &[b"PROXY ".as_slice(), &[b'a'; 200]].concat(),
            &v2_header(1, 0x11, b"short"),
            &v2_header(1, 0x31, &[0; 216]),
            &v2_header(0, 0, &[0; 5000]),
        ] {
            assert_eq!(
                parse_proxy_header(bytes),
                Err(NoProxyHeader),
                "{}",
                bytes.escape_ascii()
            );
        }
    }

    proptest! {
        #[test]
        fn a_prefix_asks_for_more(source: SocketAddr, destination: SocketAddr) {
            let family = match (source, destination) {
                (SocketAddr::V4(_), SocketAddr::V4(_)) => "TCP4",
                (SocketAddr::V6(_), SocketAddr::V6(_)) => "TCP6",
                _ => return Ok(()),
            };
            let text = format!(
                "PROXY {family} {} {} {} {}\r\n",
                source.ip(), destination.ip(), source.port(), destination.port()
            );
            for end in 0..text.len() {
                prop_assert_eq!(parse_proxy_header(&text.as_bytes()[..end]), Ok(None));
            }
            let header = parse_proxy_header(text.as_bytes()).unwrap().unwrap();
            let (found, _) = header.addresses.unwrap();
            prop_assert_eq!((found.ip(), found.port()), (source.ip(), source.port()));
        }
    }
}
