//! One socket for all of 127.0.0.0/8, and for nothing else.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use super::plan;

/// Connections that wait to be accepted, as far as `net.core.somaxconn` permits.
const BACKLOG: i32 = 65_535;

/// Listens on a port of every address, for the loopback interface's traffic alone; black holes are deaf to it.
pub fn bind(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Before there is an address to connect to.
    socket.attach_filter(&filter())?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The address that was connected to; `None` where either end is not on the loopback interface, which [`filter`] prevents.
pub fn local(stream: &TcpStream, peer: SocketAddr) -> Option<Ipv4Addr> {
    match stream.local_addr().ok()?.ip() {
        IpAddr::V4(local) if local.is_loopback() && peer.ip().is_loopback() => Some(local),
        _ => None,
    }
}

/// A filter of Linux's socket(7), SO_ATTACH_FILTER: packets from or to elsewhere are dropped unanswered, and so are those to
/// black holes.
fn filter() -> [SockFilter; 11] {
    // Instructions of linux/bpf_common.h.
    const LOAD: u16 = 0x20;
    const AND: u16 = 0x54;
    const IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    // SKF_NET_OFF of linux/filter.h: what follows is an offset in the IP header.
    const IP_HEADER: u32 = 0xfff0_0000;
    const SOURCE: u32 = IP_HEADER + 12;
    const DESTINATION: u32 = IP_HEADER + 16;
    const LOOPBACK: u32 = Ipv4Addr::LOCALHOST.to_bits() & LOOPBACK_MASK;
    const LOOPBACK_MASK: u32 = 0xff00_0000;
    let plain = |code, k| SockFilter::new(code, 0, 0, k);
    [
        plain(LOAD, SOURCE),
        plain(AND, LOOPBACK_MASK),
        SockFilter::new(IF_EQUAL, 0, 7, LOOPBACK),
        plain(LOAD, DESTINATION),
        plain(AND, LOOPBACK_MASK),
        SockFilter::new(IF_EQUAL, 0, 4, LOOPBACK),
        plain(LOAD, DESTINATION),
        plain(AND, plan::SILENT_MASK),
        SockFilter::new(IF_EQUAL, 1, 0, plan::BLACK_HOLES.to_bits()),
        plain(RETURN, u32::MAX),
        plain(RETURN, 0),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// An address of this machine on no loopback interface, where there is one: a UDP socket is given it without a packet
    /// being sent (192.0.2.0/24 is set aside by RFC 5737).
    fn elsewhere() -> Option<IpAddr> {
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.connect("192.0.2.1:9").ok()?;
        Some(socket.local_addr().unwrap().ip())
    }

    #[tokio::test]
    async fn only_loopback_is_answered_and_black_holes_are_silent() {
        let listener = bind(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let near = TcpStream::connect((Ipv4Addr::new(127, 1, 2, 3), port))
            .await
            .unwrap();
        let (accepted, peer) = listener.accept().await.unwrap();
        assert_eq!(local(&accepted, peer), Some(Ipv4Addr::new(127, 1, 2, 3)));
        drop(near);
        let silent = [IpAddr::from([127, 192, 0, 1])].into_iter().chain(elsewhere());
        for address in silent {
            let connected = timeout(Duration::from_secs(1), TcpStream::connect((address, port))).await;
            assert!(connected.is_err(), "{address} answers");
        }
    }
}
