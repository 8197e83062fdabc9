use std::io;
use std::pin::Pin;
use std::time::Duration;

use imker_event::{Blob, CloseReason, Saw, Text, TlsHello};
use openssl::ssl::{self, Ssl, SslRef, SslVersion};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tokio_openssl::SslStream;

use super::{HelloReader, NoHello, TlsHost, ja4};
use crate::connection::Socket;

/// A connection whose ClientHello was read and to which nothing was sent yet.
#[derive(Debug)]
pub struct Hello {
    socket: Socket,
    /// What the client said.
    pub client: Box<TlsHello>,
}

/// A connection on which TLS is established.
#[derive(Debug)]
pub struct Accepted {
    /// What follows goes over this. It should end with a shutdown (close_notify): OpenSSL forgets the session of a
    /// connection that ended without one on either side, so that it cannot be resumed.
    pub stream: SslStream<Socket>,
    /// As in `TLSv1.2`.
    pub version: &'static str,
    /// OpenSSL's name of the cipher suite.
    pub cipher: &'static str,
    /// The protocol agreed on.
    pub alpn: Option<Vec<u8>>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

/// A connection on which there will be no TLS.
///
/// It is to be recorded before it is dropped, which closes the connection. HTTP.sys sends neither an alert nor an answer
/// in clear, and resets it (assumption: clients of IIS report `connection reset by peer` where no cipher suite is
/// shared).
#[derive(Debug)]
pub struct TlsFailure {
    /// OpenSSL's reason, or our own where it never came to that.
    pub reason: Text,
    /// What was received, where it is no ClientHello.
    pub received: Blob,
    /// Why the connection ends, seen from outside TLS.
    pub close: CloseReason,
    /// None where OpenSSL had no memory for a connection.
    _transport: Option<Transport>,
}

/// Held so that the connection stays open until its failure is recorded.
#[derive(Debug)]
enum Transport {
    Clear { _socket: Socket },
    Tls { _stream: Box<SslStream<Socket>> },
}

/// Reads a ClientHello, or as much as shows that there is none, and sends nothing.
///
/// # Errors
///
/// If the bytes are no ClientHello, or none came within `limit`.
pub async fn read_hello(mut socket: Socket, limit: Duration) -> Result<Hello, TlsFailure> {
    let mut reader = HelloReader::default();
    let read = timeout(limit, read_until_hello(&mut socket, &mut reader)).await;
    let received = reader.received().len();
    let (reason, close) = match read {
        Ok(Ok(client)) => {
            socket.give_back(reader.into_received());
            return Ok(Hello {
                socket,
                client: Box::new(client),
            });
        }
        Ok(Err(NotRead::Not(what))) => (what.to_string(), CloseReason::Handshake),
        Ok(Err(NotRead::Closed)) => ("closed before a ClientHello".to_owned(), CloseReason::Client),
        Ok(Err(NotRead::Io(error))) => (error.kind().to_string(), CloseReason::Reset),
        Err(_) if received == 0 => ("no ClientHello in time".to_owned(), CloseReason::IdleTimeout),
        Err(_) => (
            "no whole ClientHello in time".to_owned(),
            CloseReason::SlowRequest,
        ),
    };
    Err(TlsFailure {
        received: Blob(reader.into_received()),
        ..failure(&reason, close, Some(Transport::Clear { _socket: socket }))
    })
}

enum NotRead {
    Not(NoHello),
    Closed,
    Io(io::Error),
}

async fn read_until_hello(socket: &mut Socket, reader: &mut HelloReader) -> Result<TlsHello, NotRead> {
    // On the heap, so that the connection's future does not keep room for it.
    let mut buf = vec![0; 2048];
    loop {
        let length = socket.read(&mut buf).await.map_err(NotRead::Io)?;
        if length == 0 {
            return Err(NotRead::Closed);
        }
        if let Some(hello) = reader.push(&buf[..length]).map_err(NotRead::Not)? {
            return Ok(hello);
        }
    }
}

impl Hello {
    /// Answers the ClientHello and goes through the handshake. To be called only after the hello was recorded.
    ///
    /// A second ClientHello, which TLS 1.3 asks for with HelloRetryRequest, is counted but not recorded.
    ///
    /// # Errors
    ///
    /// If the handshake fails or takes longer than `limit`.
    pub async fn accept(self, host: &TlsHost, limit: Duration) -> Result<Accepted, TlsFailure> {
        let mut socket = self.socket;
        socket.withhold_alerts(true);
        let stream = Ssl::new(&host.context).and_then(|mut ssl| {
            ignore_fallback(&mut ssl, &self.client);
            SslStream::new(ssl, socket)
        });
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(error) => return Err(failure(&error.to_string(), CloseReason::Reset, None)),
        };
        let (reason, close) = match timeout(limit, Pin::new(&mut stream).accept()).await {
            Ok(Ok(())) => {
                stream.get_mut().withhold_alerts(false);
                return Ok(Accepted::new(stream));
            }
            Ok(Err(error)) => why(&error),
            Err(_) => ("the handshake took too long".to_owned(), CloseReason::SlowRequest),
        };
        let stream = Box::new(stream);
        Err(failure(&reason, close, Some(Transport::Tls { _stream: stream })))
    }
}

impl Accepted {
    fn new(stream: SslStream<Socket>) -> Self {
        let ssl = stream.ssl();
        Self {
            version: ssl.version_str(),
            cipher: ssl.current_cipher().map_or("", |cipher| cipher.name()),
            alpn: ssl.selected_alpn_protocol().map(<[u8]>::to_vec),
            resumed: ssl.session_reused(),
            stream,
        }
    }

    /// The event that tells of it.
    pub fn event(&self) -> Saw {
        Saw::TlsEstablished {
            version: Text::from(self.version),
            cipher: Text::from(self.cipher),
            alpn: self.alpn.as_deref().map(Text::from_bytes),
            resumed: self.resumed,
        }
    }
}

impl TlsFailure {
    /// The event that tells of it.
    pub fn event(&self) -> Saw {
        Saw::TlsFailed {
            reason: self.reason.clone(),
            received: self.received.clone(),
        }
    }
}

/// Schannel knows no TLS_FALLBACK_SCSV (RFC 7507) and answers as if it were not there (assumption: scanners report it
/// missing on IIS). OpenSSL refuses it, unless the version offered with it is the highest that it speaks itself.
fn ignore_fallback(ssl: &mut SslRef, hello: &TlsHello) {
    const TLS_FALLBACK_SCSV: u16 = 0x5600;
    if !hello.ciphers.contains(&TLS_FALLBACK_SCSV) {
        return;
    }
    let highest = ja4::highest_version(hello);
    let lower = [
        (0x0301, SslVersion::TLS1),
        (0x0302, SslVersion::TLS1_1),
        (0x0303, SslVersion::TLS1_2),
    ];
    if let Some((_, version)) = lower.into_iter().find(|(number, _)| *number == highest) {
        // Refused where the host speaks no version as low: then there will be no handshake anyway.
        let _ = ssl.set_max_proto_version(Some(version));
    }
}

fn failure(reason: &str, close: CloseReason, transport: Option<Transport>) -> TlsFailure {
    TlsFailure {
        reason: Text::from(reason),
        received: Blob::default(),
        close,
        _transport: transport,
    }
}

fn why(error: &ssl::Error) -> (String, CloseReason) {
    if let Some(error) = error.io_error() {
        return (error.kind().to_string(), CloseReason::Reset);
    }
    let first = error.ssl_error().and_then(|stack| stack.errors().first());
    match first.and_then(|error| error.reason()) {
        None | Some("unexpected eof while reading") => {
            ("closed during the handshake".to_owned(), CloseReason::Client)
        }
        Some(reason) => (reason.to_owned(), CloseReason::Handshake),
    }
}
