//! One connection, from its acceptance to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use imker_event::{Blob, CloseReason, Connection, Saw, SensorEvent};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use super::Accepted;
use crate::connection::{ConnectionRecorder, Opened, Permit, Socket, is_trusted, parse_proxy_header};
use crate::http::{Context, serve_http1, serve_http2, stopping};
use crate::sensor::{Endpoint, Sensor};

/// How long a trusted proxy may take for its header.
const PROXY_WAIT: Duration = Duration::from_secs(5);
/// Longest PROXY header that is waited for, in bytes.
const PROXY_BYTES: usize = 8 * 1024;

/// Serves a connection.
pub(super) async fn connection(
    accepted: Accepted,
    sensor: Arc<Sensor>,
    endpoint: Arc<Endpoint>,
    mut permit: Permit,
    stop: watch::Receiver<bool>,
) {
    let Accepted {
        stream,
        peer,
        time,
        since,
    } = accepted;
    // Answers are written at once; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let Ok(local) = stream.local_addr() else {
        // The client is gone already, before anything was seen of it but its address.
        return note_turned_away(peer, local_unknown(peer), &sensor, &endpoint).await;
    };
    let mut socket = Socket::new(stream);
    let peer = canonical(peer);
    let proxied = if endpoint.proxy_protocol && is_trusted(peer.ip(), &endpoint.trusted) {
        Some(proxy_header(&mut socket).await)
    } else {
        None
    };
    let (source, destination, proxy) = match &proxied {
        Some(Ok(Some((source, destination)))) => (canonical(*source), canonical(*destination), Some(peer)),
        _ => (peer, canonical(local), None),
    };
    // Behind a proxy that only `X-Forwarded-For` looks through, everybody is one source.
    let is_proxy = proxy.is_none() && is_trusted(source.ip(), &endpoint.trusted);
    if !is_proxy && !permit.name_source(source.ip()) {
        return note_turned_away(source, destination, &sensor, &endpoint).await;
    }
    let identity = identity(source, destination, proxy, &sensor, &endpoint);
    let recorder = ConnectionRecorder::new(
        Arc::clone(&sensor.name),
        Arc::clone(&sensor.store),
        Arc::new(identity),
    );
    let meter = Arc::clone(socket.meter());
    let opened = Opened::record(recorder, meter, Arc::clone(&sensor.sessions), (time, since)).await;
    let reason = match (opened.1, proxied) {
        (Err(_), _) => {
            socket.meter().reset_on_drop();
            drop(socket);
            return opened.0.forget();
        }
        (Ok(()), Some(Err(received))) => {
            let saw = Saw::WebRequestRefused {
                reason: "ProxyHeader".into(),
                status: None,
                received: Blob(received),
            };
            drop(socket);
            match opened.0.recorder().saw(saw).await {
                Ok(()) => CloseReason::ProxyHeader,
                Err(_) => CloseReason::NotRecorded,
            }
        }
        (Ok(()), _) => serve(socket, &opened.0, &sensor, &endpoint, stop).await,
    };
    opened.0.close(reason).await;
    drop(permit);
}

/// Speaks TLS, where it is asked for, and HTTP. The socket is gone when it ends.
async fn serve(
    socket: Socket,
    opened: &Opened,
    sensor: &Arc<Sensor>,
    endpoint: &Arc<Endpoint>,
    mut stop: watch::Receiver<bool>,
) -> CloseReason {
    let context = Context {
        sensor: Arc::clone(sensor),
        endpoint: Arc::clone(endpoint),
        recorder: opened.recorder().clone(),
        meter: Arc::clone(opened.meter()),
    };
    let Some(tls) = &endpoint.tls else {
        return serve_http1(socket, &context, stop).await;
    };
    let established = tokio::select! {
        established = tls.establish(socket, opened.recorder()) => established,
        () = stopping(&mut stop) => Err(CloseReason::Stopping),
    };
    match established {
        // On the heap: most connections are not HTTP/2, and should not pay for its size.
        Ok(tls) if tls.http2 => Box::pin(serve_http2(tls.stream, &context, stop)).await,
        Ok(tls) => serve_http1(tls.stream, &context, stop).await,
        Err(reason) => reason,
    }
}

/// What a PROXY header says, or the bytes that are none.
async fn proxy_header(socket: &mut Socket) -> Result<Option<(SocketAddr, SocketAddr)>, Vec<u8>> {
    let mut received = Vec::new();
    let reading = async {
        loop {
            match parse_proxy_header(&received) {
                Ok(Some(header)) => return Some(header),
                Ok(None) if received.len() < PROXY_BYTES => {}
                _ => return None,
            }
            let room = PROXY_BYTES - received.len();
            if !socket
                .read_some(&mut received, room)
                .await
                .is_ok_and(|read| read > 0)
            {
                return None;
            }
        }
    };
    match timeout(PROXY_WAIT, reading).await.ok().flatten() {
        Some(header) => {
            socket.give_back(received.split_off(header.length));
            Ok(header.addresses)
        }
        None => Err(received),
    }
}

fn identity(
    source: SocketAddr,
    destination: SocketAddr,
    proxy: Option<SocketAddr>,
    sensor: &Sensor,
    endpoint: &Endpoint,
) -> Connection {
    Connection {
        id: Uuid::now_v7().to_string().into(),
        session: sensor.sessions.enter(source.ip()),
        host: Arc::clone(&endpoint.host),
        persona: Arc::clone(&endpoint.persona),
        service: endpoint.service(),
        source,
        destination,
        proxy,
    }
}

/// Closes a connection for which there is no place, and sees to its record.
pub(super) fn turn_away(
    accepted: Accepted,
    sensor: &Arc<Sensor>,
    endpoint: &Arc<Endpoint>,
    tasks: &mut JoinSet<()>,
) {
    let peer = canonical(accepted.peer);
    let local = accepted
        .stream
        .local_addr()
        .map_or_else(|_| local_unknown(peer), canonical);
    drop(accepted.stream);
    if let Some(event) = turned_away_event(peer, local, sensor, endpoint) {
        let sensor = Arc::clone(sensor);
        tasks.spawn(async move {
            // What cannot be recorded, the store counts.
            let _ = sensor.store.record(vec![event]).await;
        });
    }
}

async fn note_turned_away(source: SocketAddr, destination: SocketAddr, sensor: &Sensor, endpoint: &Endpoint) {
    if let Some(event) = turned_away_event(source, destination, sensor, endpoint) {
        let _ = sensor.store.record(vec![event]).await;
    }
}

fn turned_away_event(
    source: SocketAddr,
    destination: SocketAddr,
    sensor: &Sensor,
    endpoint: &Endpoint,
) -> Option<SensorEvent> {
    let time = Timestamp::now();
    if !sensor.turned_away.note(source.ip(), time) {
        return None;
    }
    let connection = identity(source, destination, None, sensor, endpoint);
    sensor.sessions.leave(source.ip());
    Some(SensorEvent {
        time,
        sensor: Arc::clone(&sensor.name),
        connection: Some(Arc::new(connection)),
        request: None,
        saw: Saw::ConnectionClosed {
            bytes_received: 0,
            bytes_sent: 0,
            duration_ms: 0,
            requests: 0,
            reason: CloseReason::TooMany,
        },
    })
}

/// Records the connections that were turned away and only counted.
pub(super) async fn record_counted(sensor: &Sensor) {
    if let Some(gap) = sensor.turned_away.take() {
        let event = SensorEvent {
            time: Timestamp::now(),
            sensor: Arc::clone(&sensor.name),
            connection: None,
            request: None,
            saw: Saw::Gap(gap),
        };
        let _ = sensor.store.record(vec![event]).await;
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Where a client connected to that is gone before it could be asked.
fn local_unknown(peer: SocketAddr) -> SocketAddr {
    if peer.is_ipv4() {
        SocketAddr::from(([0, 0, 0, 0], 0))
    } else {
        SocketAddr::from(([0; 8], 0))
    }
}
