use std::time::Duration;

use imker_event::{CloseReason, Saw, Text};

use super::{Prefixed, TlsFailure, TlsHost, read_hello};
use crate::connection::{Recorder, Socket};
use crate::sensor::{Established, Establishing, Tls};
use crate::store::NotRecorded;

/// TLS of one simulated host, every step recorded before it is answered.
pub struct RecordedTls {
    host: TlsHost,
    limit: Duration,
}

impl RecordedTls {
    /// `limit`: how long the ClientHello may take, and the rest of the handshake after it.
    pub fn new(host: TlsHost, limit: Duration) -> Self {
        Self { host, limit }
    }

    async fn establish(&self, socket: Socket, recorder: &Recorder) -> Result<Established, CloseReason> {
        let meter = socket.meter().clone();
        let failed = async |failure: TlsFailure<Socket>| {
            meter.reset_on_drop();
            let saw = Saw::TlsFailed {
                reason: failure.reason.clone(),
                received: failure.received.clone(),
            };
            match recorder.saw(saw).await {
                Ok(()) => failure.close,
                Err(NotRecorded) => CloseReason::NotRecorded,
            }
        };
        let not_recorded = |NotRecorded| {
            meter.reset_on_drop();
            CloseReason::NotRecorded
        };
        let hello = match read_hello(Prefixed::new(socket), self.limit).await {
            Ok(hello) => hello,
            Err(failure) => return Err(failed(failure).await),
        };
        recorder.saw(Saw::TlsHello(hello.client.clone())).await.map_err(not_recorded)?;
        let accepted = match hello.accept(&self.host, self.limit).await {
            Ok(accepted) => accepted,
            Err(failure) => return Err(failed(failure).await),
        };
        let alpn = accepted.alpn.as_deref();
        let established = Saw::TlsEstablished {
            version: accepted.version.into(),
            cipher: accepted.cipher.into(),
            alpn: alpn.map(Text::from_bytes),
            resumed: accepted.resumed,
        };
        recorder.saw(established).await.map_err(not_recorded)?;
        Ok(Established {
            http2: alpn == Some(b"h2"),
            stream: Box::new(accepted.stream),
        })
    }
}

impl Tls for RecordedTls {
    fn establish<'t>(&'t self, socket: Socket, recorder: &'t Recorder) -> Establishing<'t> {
        Box::pin(self.establish(socket, recorder))
    }
}
