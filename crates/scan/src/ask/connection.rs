use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use imker_posture::{Answer, Check, Fault, FaultKind, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_openssl::SslStream;

use super::http::{Progress, ResponseReader};
use super::plan::{Limits, Scheme};
use super::read::{read, tells_all};
use super::tls::{self, Contexts, NoTls, Offer};
use super::{fault, milliseconds};

/// Bytes that are read at a time.
const PIECE: usize = 4096;

/// A TCP connection.
#[expect(
    clippy::disallowed_methods,
    reason = "the scanner connects, to addresses of targets that its operator named"
)]
pub(super) async fn tcp(address: SocketAddr, limit: Duration) -> Result<TcpStream, Fault> {
    let stream = match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(fault::of_connecting(&error)),
        Err(_) => return Err(fault::plain(FaultKind::ConnectTimeout)),
    };
    // A request follows the handshake's last message, and would wait for its acknowledgement.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// A TLS session over a connection of its own.
pub(super) async fn tls(
    contexts: &Contexts,
    address: SocketAddr,
    name: Option<&str>,
    offer: Offer,
    limits: &Limits,
) -> Result<SslStream<TcpStream>, NoTls> {
    let stream = tcp(address, limits.connect).await.map_err(NoTls::Failed)?;
    let shaken = timeout(limits.handshake, contexts.handshake(stream, name, offer)).await;
    shaken.unwrap_or_else(|_| Err(NoTls::Failed(fault::plain(FaultKind::TlsTimeout))))
}

/// A session after one offer or, where the server refuses that, another; if it refuses both, why it did the first.
async fn any_tls(
    contexts: &Contexts,
    address: SocketAddr,
    name: Option<&str>,
    limits: &Limits,
) -> Result<SslStream<TcpStream>, NoTls> {
    match tls(contexts, address, name, Offer::Common, limits).await {
        Err(refused) if refused.is_refusal() => tls(contexts, address, name, Offer::All, limits)
            .await
            .map_err(|_| refused),
        first => first,
    }
}

/// A connection over which requests are sent, one after another.
pub(super) struct Connection {
    stream: Stream,
    used: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<SslStream<TcpStream>>),
}

/// What became of a request.
pub(super) struct Exchanged {
    pub(super) answer: Answer,
    /// The connection ended before a byte of an answer.
    pub(super) unanswered: bool,
    /// Another request can follow.
    pub(super) reusable: bool,
}

impl Connection {
    pub(super) async fn open(
        contexts: &Contexts,
        address: SocketAddr,
        name: Option<&str>,
        scheme: Scheme,
        limits: &Limits,
    ) -> Result<(Self, Option<Tls>), NoTls> {
        let (stream, tls) = match scheme {
            Scheme::Http => {
                let stream = tcp(address, limits.connect).await.map_err(NoTls::Failed)?;
                (Stream::Plain(stream), None)
            }
            Scheme::Https => {
                let stream = any_tls(contexts, address, name, limits).await?;
                let tls = tls::describe(&stream);
                (Stream::Tls(Box::new(stream)), Some(tls))
            }
        };
        Ok((Self { stream, used: false }, tls))
    }

    /// Whether it has been used: its end may have crossed a request then.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// Sends a request and reads its answer; of a logon page only as much as is needed where it is the `last`.
    pub(super) async fn exchange(
        &mut self,
        check: Check,
        request: &str,
        limits: &Limits,
        last: bool,
    ) -> Exchanged {
        let began = Instant::now();
        let mut reader = ResponseReader::new(limits.head, limits.body);
        let mut any = false;
        // Searched anew after some more bytes only, or a server that sends them one by one would keep us busy.
        let mut searched = 0;
        let enough = |reader: &ResponseReader| {
            let received = reader.received();
            if !last || check != Check::Logon || received.len() < searched + PIECE {
                return false;
            }
            searched = received.len();
            tells_all(received)
        };
        let exchanged = self
            .converse(&mut reader, request.as_bytes(), limits, &mut any, enough)
            .await;
        let reusable = exchanged.is_ok() && reader.is_reusable();
        let mut fault = exchanged.err();
        let unanswered = !any
            && fault
                .as_ref()
                .is_some_and(|fault| matches!(fault.kind, FaultKind::Reset | FaultKind::Closed));
        let response = reader.finish().map(|(head, body, wrong)| {
            fault = fault.take().or(wrong);
            read(check, &head, &body)
        });
        self.used = true;
        Exchanged {
            answer: Answer {
                check,
                took_ms: milliseconds(began.elapsed()),
                response,
                fault,
            },
            unanswered,
            reusable,
        }
    }

    async fn converse(
        &mut self,
        reader: &mut ResponseReader,
        request: &[u8],
        limits: &Limits,
        any: &mut bool,
        mut enough: impl FnMut(&ResponseReader) -> bool,
    ) -> Result<(), Fault> {
        let began = Instant::now();
        let silent = || fault::plain(FaultKind::Timeout);
        let sent = timeout_at(began + limits.first_byte, self.stream.write_all(request)).await;
        sent.map_err(|_| silent())?
            .map_err(|error| fault::of_io(&error))?;
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            let (until, late) = match *any {
                false => (limits.first_byte, FaultKind::Timeout),
                true => (limits.answer, FaultKind::TooSlow),
            };
            piece.clear();
            let read = timeout_at(began + until, self.stream.read_buf(&mut piece)).await;
            let read = read.map_err(|_| fault::plain(late))?;
            if read.map_err(|error| fault::of_io(&error))? == 0 {
                return reader.end();
            }
            *any = true;
            if reader.push(&piece)? == Progress::Done {
                return Ok(());
            }
            if enough(reader) {
                reader.cut();
                return Ok(());
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}
