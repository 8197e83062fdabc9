//! TLS on a listener's connections: the ClientHello is recorded before it is answered, and how the handshake ended before
//! anything is read or sent beyond it.

use std::sync::Arc;

use imker_event::{CloseReason, Saw};
use tokio::time::Instant;

use super::{TlsFailure, TlsHost, read_hello};
use crate::connection::{ConnectionRecorder, Socket};
use crate::sensor::{Established, Establishing, Tls};

impl Tls for TlsHost {
    fn establish<'t>(&'t self, socket: Socket, recorder: &'t ConnectionRecorder) -> Establishing<'t> {
        Box::pin(establish(self, socket, recorder))
    }
}

async fn establish(
    host: &TlsHost,
    socket: Socket,
    recorder: &ConnectionRecorder,
) -> Result<Established, CloseReason> {
    let meter = Arc::clone(socket.meter());
    let record = async |saw: Saw| {
        recorder.saw(saw).await.map_err(|_| {
            meter.reset_on_drop();
            CloseReason::NotRecorded
        })
    };
    let fail = async |failure: TlsFailure| {
        meter.reset_on_drop();
        match record(failure.event()).await {
            Ok(()) => failure.close,
            Err(reason) => reason,
        }
    };
    let deadline = Instant::now() + host.handshake;
    let hello = match read_hello(socket, host.handshake).await {
        Ok(hello) => hello,
        Err(failure) if failure.close == CloseReason::Client && failure.received.0.is_empty() => {
            // Nothing was sent: a port scan, whose connection says all.
            return Err(CloseReason::Client);
        }
        Err(failure) => return Err(fail(failure).await),
    };
    record(Saw::TlsHello(hello.client.clone())).await?;
    let accepted = match hello
        .accept(host, deadline.saturating_duration_since(Instant::now()))
        .await
    {
        Ok(accepted) => accepted,
        Err(failure) => return Err(fail(failure).await),
    };
    record(accepted.event()).await?;
    Ok(Established {
        http2: accepted.alpn.as_deref() == Some(b"h2"),
        stream: Box::new(accepted.stream),
    })
}
