use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Broken, Frames};
use crate::http::fill::poll_fill;

/// What came on a connection, shared between the stream under the `h2` crate and who serves what it accepts.
#[derive(Clone)]
pub(super) struct Received(Arc<Mutex<State>>);

pub(super) struct State {
    pub(super) frames: Frames,
    /// Why nothing more is read.
    pub(super) broken: Option<Broken>,
    /// The bytes read last, until they are understood.
    pub(super) last: Vec<u8>,
    /// Whether the client closed the stream.
    pub(super) closed: bool,
    /// How the stream ended, if it did.
    end: Option<io::Result<()>>,
    /// How many streams waited when the end was held back last.
    held: Option<usize>,
}

impl State {
    /// What is not understood, once nothing more is read: of the bytes read last all, where they may be what ended it.
    pub(super) fn take_unread(&mut self, with_last: bool) -> Vec<u8> {
        let (before, of_last) = self.frames.unfinished();
        let all = with_last && !self.last.is_empty();
        let unread = [before, if all { &self.last } else { of_last }].concat();
        self.frames.forget_unfinished();
        unread
    }

    /// Whether the end has to wait. The crate hands out nothing more once it knows of it, but a stream each time that it is
    /// told to wait; where it did not, it refused the rest.
    fn holds_end(&mut self) -> bool {
        let waiting = Some(self.frames.waiting()).filter(|waiting| *waiting > 0);
        let holds = waiting.is_some() && waiting != self.held;
        self.held = waiting;
        holds
    }
}

impl Received {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose header blocks are taken out on the way in; see [`Frames`]. Its end is held back while requests that came
/// before it wait to be accepted.
pub(super) struct Inbound<S> {
    stream: S,
    received: Received,
    /// What the crate is to read, and how much of it was.
    ready: Vec<u8>,
    read: usize,
}

impl<S> Inbound<S> {
    pub(super) fn new(stream: S, frames: Frames) -> Self {
        Self {
            stream,
            received: Received(Arc::new(Mutex::new(State {
                frames,
                broken: None,
                last: Vec::new(),
                closed: false,
                end: None,
                held: None,
            }))),
            ready: Vec::new(),
            read: 0,
        }
    }

    pub(super) fn received(&self) -> &Received {
        &self.received
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Inbound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.read == this.ready.len() {
            (this.ready, this.read) = (Vec::new(), 0);
            let mut state = this.received.lock();
            if state.end.is_some() && state.holds_end() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let State {
                frames,
                broken,
                last,
                closed,
                end,
                ..
            } = &mut *state;
            if let Some(end) = end {
                return Poll::Ready(std::mem::replace(end, Ok(())));
            }
            last.clear();
            match ready!(poll_fill(&mut this.stream, last, cx)) {
                Ok(0) => (*closed, *end) = (true, Some(Ok(()))),
                Ok(_) => {
                    if let Err(error) = frames.push(last, &mut this.ready) {
                        *broken = Some(error);
                        *end = Some(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                    }
                }
                Err(error) => *end = Some(Err(error)),
            }
        }
        let length = (this.ready.len() - this.read).min(buf.remaining());
        buf.put_slice(&this.ready[this.read..this.read + length]);
        this.read += length;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Inbound<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
