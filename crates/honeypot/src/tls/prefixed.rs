use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that counts its bytes and from which bytes that were read can be read again.
#[derive(Debug)]
pub struct Prefixed<S> {
    inner: S,
    prefix: Vec<u8>,
    /// How much of `prefix` was read.
    read: usize,
    traffic: Arc<Traffic>,
    drops_alerts: bool,
}

/// How many bytes went over a connection.
#[derive(Debug, Default)]
pub struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    /// Bytes read from the socket.
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// Bytes that the socket took.
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }
}

impl<S> Prefixed<S> {
    /// Counts from zero.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            prefix: Vec::new(),
            read: 0,
            traffic: Arc::default(),
            drops_alerts: false,
        }
    }

    /// Puts bytes back: they are the next to be read. They are not counted again.
    pub fn unread(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(&self.prefix[self.read..]);
        (self.prefix, self.read) = (bytes, 0);
    }

    /// The counts, which go on after the stream was given away.
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    /// What it wraps.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Whether unencrypted alerts of TLS are not sent, only seemingly.
    pub(super) fn drop_alerts(&mut self, drops_alerts: bool) {
        self.drops_alerts = drops_alerts;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let waiting = &this.prefix[this.read..];
        if !waiting.is_empty() {
            let length = waiting.len().min(buf.remaining());
            buf.put_slice(&waiting[..length]);
            this.read += length;
            if this.read == this.prefix.len() {
                (this.prefix, this.read) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buf))?;
        this.traffic
            .received
            .fetch_add((buf.filled().len() - before) as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        const ALERT: u8 = 21;
        let this = &mut *self;
        if this.drops_alerts && bytes.first() == Some(&ALERT) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(Pin::new(&mut this.inner).poll_write(context, bytes))?;
        this.traffic.sent.fetch_add(written as u64, Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
