use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What passed through a socket, and what shall become of it.
#[derive(Debug, Default)]
pub struct Meter {
    received: AtomicU64,
    sent: AtomicU64,
    requests: AtomicU32,
    reset: AtomicBool,
}

impl Meter {
    /// Bytes read from the socket.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes that the socket took.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Requests so far, refused ones included.
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a request and returns its number, from 1.
    pub fn next_request(&self) -> u32 {
        self.requests.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Lets the socket end with a reset when it is dropped, instead of in order.
    pub fn reset_on_drop(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }
}

/// A TCP socket that counts. What a layer above read too far can be given back to it.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    given_back: Vec<u8>,
    meter: Arc<Meter>,
    withholds_alerts: bool,
}

impl Socket {
    /// Around a connected stream.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            given_back: Vec::new(),
            meter: Arc::default(),
            withholds_alerts: false,
        }
    }

    /// The counts; they outlive the socket.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Reads what is there, at least a byte unless the client closed, at most `limit` bytes.
    ///
    /// # Errors
    /// Those of the socket.
    pub async fn read_some(&mut self, into: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        (&mut *self).take(limit as u64).read_buf(into).await
    }

    /// Whether unencrypted alerts of TLS are not sent, only seemingly.
    pub(crate) fn withhold_alerts(&mut self, withhold: bool) {
        self.withholds_alerts = withhold;
    }

    /// Lets `bytes` be read again, before anything else. They are not counted again.
    pub fn give_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.given_back);
        self.given_back = bytes;
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.given_back.is_empty() {
            let length = self.given_back.len().min(buf.remaining());
            buf.put_slice(&self.given_back[..length]);
            self.given_back.drain(..length);
            if self.given_back.is_empty() {
                self.given_back = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        self.meter.received.fetch_add(read as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        /// TLS's content type of alerts.
        const ALERT: u8 = 21;
        if self.withholds_alerts && buf.first() == Some(&ALERT) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.meter.sent.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.meter.reset.load(Ordering::Relaxed) {
            // Without it the client sees an ordinary end: no harm but to fidelity.
            let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use crate::testing::socket_pair;

    #[tokio::test]
    async fn what_was_read_is_read_again_and_counted_once() {
        let (mut socket, mut far) = socket_pair().await;
        let meter = socket.meter().clone();
        far.write_all(b"abcdef").await.unwrap();
        let mut four = [0; 4];
        socket.read_exact(&mut four).await.unwrap();
        assert_eq!((&four, meter.received()), (b"abcd", 4));

        socket.give_back(b"cd".to_vec());
        socket.give_back(b"ab".to_vec());
        let mut three = [0; 3];
        socket.read_exact(&mut three).await.unwrap();
        assert_eq!((&three, meter.received()), (b"abc", 4));
        socket.read_exact(&mut three).await.unwrap();
        assert_eq!((&three, meter.received()), (b"def", 6));

        socket.write_all(b"12").await.unwrap();
        socket.withhold_alerts(true);
        socket.write_all(b"\x15\x03\x03\0\x02\x02\x28").await.unwrap();
        assert_eq!(meter.sent(), 2);
        drop(socket);
        assert_eq!(meter.received(), 6);
    }
}
