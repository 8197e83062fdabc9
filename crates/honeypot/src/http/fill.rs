use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Bytes of one read.
const SCRATCH: usize = 16 * 1024;

thread_local! {
    /// Reading goes through one buffer a thread, so that a connection on which nothing comes holds none.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into());
}

/// Appends what is there to read; 0 at the end. While nothing comes, an empty buffer keeps no memory.
pub(super) async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> io::Result<usize> {
    poll_fn(|cx| poll_fill(stream, buffer, cx)).await
}

pub(super) fn poll_fill<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    BUFFER.with_borrow_mut(|scratch| {
        let mut read = ReadBuf::new(scratch);
        let polled = Pin::new(stream).poll_read(cx, &mut read);
        if polled.is_pending() && buffer.is_empty() {
            *buffer = Vec::new();
        }
        ready!(polled)?;
        buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
}
