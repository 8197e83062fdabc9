//! Accepting connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::http::stopping;
use crate::sensor::{Endpoint, Sensor};

mod serve;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// Hops that packets may take.
const HOPS: u32 = 128;
/// How long nothing is accepted after the system had no room for a connection.
const NO_ROOM: Duration = Duration::from_millis(100);
/// How often connections that were only counted are recorded.
const COUNTED: Duration = Duration::from_secs(60);

/// Listens on an address; an IPv6 address for IPv6 alone.
///
/// # Errors
/// Those of the system.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Takes an address without listening on it yet.
///
/// # Errors
/// Those of the system.
pub(crate) fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // As Windows has it; Linux says 64, and whoever looks at packets would see what runs here.
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        socket.set_unicast_hops_v6(HOPS)?;
    } else {
        socket.set_ttl_v4(HOPS)?;
    }
    // Or a restart fails for as long as old connections are in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Serves what connects to a listener, until `stop` becomes true or its sender goes, and then until the connections
/// have ended: idle ones at once, others after the request they are at.
///
/// Whoever does not want to wait drops the future: each connection's end is recorded nevertheless, if the runtime lives
/// that long.
pub async fn serve(
    listener: TcpListener,
    sensor: Arc<Sensor>,
    endpoint: Arc<Endpoint>,
    stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut stopped = stop.clone();
    let mut counted = tokio::time::interval_at(Instant::now() + COUNTED, COUNTED);
    let mut failing = false;
    counted.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    failing = false;
                    let connection = Accepted::now(stream, peer);
                    let (sensor, endpoint, stop) = (Arc::clone(&sensor), Arc::clone(&endpoint), stop.clone());
                    // The place is taken here, so that no more than the limit wait to be served.
                    match sensor.admission.enter() {
                        Some(permit) => {
                            connections.spawn(serve::connection(connection, sensor, endpoint, permit, stop));
                        }
                        None => serve::turn_away(connection, &sensor, &endpoint, &mut connections),
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "no connection can be accepted; it is tried again and again");
                    }
                    if !is_of_one_connection(&error) {
                        tokio::time::sleep(NO_ROOM).await;
                    }
                }
            },
            Some(ended) = connections.join_next() => report(ended),
            _ = counted.tick() => serve::record_counted(&sensor).await,
            () = stopping(&mut stopped) => break,
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
    serve::record_counted(&sensor).await;
}

/// Serves one connection that was accepted elsewhere, as [`serve`] would; it is closed where the sensor has no room for it.
pub async fn serve_accepted(
    stream: TcpStream,
    peer: SocketAddr,
    sensor: Arc<Sensor>,
    endpoint: Arc<Endpoint>,
    stop: watch::Receiver<bool>,
) {
    let connection = Accepted::now(stream, peer);
    if let Some(permit) = sensor.admission.enter() {
        serve::connection(connection, sensor, endpoint, permit, stop).await;
    }
}

/// A connection that was accepted.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    time: Timestamp,
    since: std::time::Instant,
}

impl Accepted {
    fn now(stream: TcpStream, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            time: Timestamp::now(),
            since: std::time::Instant::now(),
        }
    }
}

/// Errors that say nothing of the next connection; others mean that memory or file descriptors ran out.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, TimedOut};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | TimedOut
    )
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

#[cfg(test)]
mod tests;
