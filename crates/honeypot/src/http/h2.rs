//! HTTP/2 on one connection (RFC 9113), on the `h2` crate.
//!
//! Requests take the same way as those of HTTP/1 and are recorded in its form. Their fields are read here ([`Frames`]), the
//! rest of the protocol is the crate's. Streams that it refuses, as there are too many at once, are recorded as such; where
//! it ends the connection, that is recorded with the bytes read last. The client's end is held back until all requests before
//! it are accepted; what the crate does not hand out before an end of its own is recorded as requests without an answer.
//!
//! Limits of the likeness: IIS's public settings are its 100 streams at once (`Http2MaxConcurrentClientStreams`);
//! window sizes are RFC 9113's, and the order of frames is the crate's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use imker_event::CloseReason;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use self::inbound::{Inbound, Received};
use self::stream::{Outcome, Stream};
use super::answer::{Asking, Context, stopping};
use super::message::Request;
use super::state::ConnectionState;

mod convert;
mod frames;
mod hpack;
mod huffman;
mod inbound;
mod stream;

pub use self::frames::{Broken, Fields, Frames};

/// How long a connection may take to end that is to end.
const DRAIN: Duration = Duration::from_secs(5);
/// What the crate may hold of an answer that the client does not take, in bytes; the rest waits where it is counted.
const SEND_BUFFER: usize = 16 * 1024;

/// Serves HTTP/2 until the connection ends, and says why; `stop` as in [`super::serve_http1`].
pub async fn serve<S>(stream: S, context: &Context, mut stop: watch::Receiver<bool>) -> CloseReason
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = &context.sensor.limits;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(limits.streams)
        .max_concurrent_reset_streams(limits.streams as usize)
        .max_send_buffer_size(SEND_BUFFER);
    let inbound = Inbound::new(stream, Frames::new(limits.head));
    let received = inbound.received().clone();
    let shaken = tokio::select! {
        shaken = timeout(limits.head_wait, builder.handshake(inbound)) => Some(shaken),
        () = stopping(&mut stop) => None,
    };
    let connection = match shaken {
        Some(Ok(Ok(connection))) => connection,
        Some(Ok(Err(error))) => {
            let reason = failed(context, &received, &error).await;
            return record_rest(context, &received, reason).await;
        }
        Some(Err(_)) => return record_rest(context, &received, CloseReason::IdleTimeout).await,
        None => return record_rest(context, &received, CloseReason::Stopping).await,
    };
    let mut http2 = Http2 {
        connection,
        context,
        received,
        state: Arc::default(),
        streams: JoinSet::new(),
        bad: 0,
        left: limits.requests,
        last_call: None,
    };
    let reason = http2.run(stop).await;
    http2.end(reason).await
}

/// Records why the connection failed, and says it.
async fn failed(context: &Context, received: &Received, error: &h2::Error) -> CloseReason {
    let (broken, closed) = {
        let state = received.lock();
        (state.broken, state.closed)
    };
    let reason = match (broken, error.reason()) {
        (Some(broken), _) => broken.to_string(),
        // Within a frame.
        (None, _) if error.is_io() && closed => return CloseReason::Client,
        (None, _) if error.is_io() => return CloseReason::Reset,
        (None, Some(reason)) => reason.description().to_owned(),
        (None, None) => error.to_string(),
    };
    let last = received.lock().take_unread(true);
    let events = context.dropped(None, &format!("HTTP/2: {reason}"), last);
    if context.recorder.record(events).await.is_err() {
        return CloseReason::NotRecorded;
    }
    if error.is_remote() {
        CloseReason::Client
    } else {
        CloseReason::Server
    }
}

/// Records the streams opened before `stream` that the crate refused, and counts them.
async fn record_refused(context: &Context, received: &Received, stream: u32) -> Result<u32, CloseReason> {
    let refused = received.lock().frames.passed_over(Some(stream));
    let limits = &context.sensor.limits;
    let event = |fields| {
        let (request, _) = convert::request(fields, limits);
        context.dropped(None, "HTTP/2: stream refused", request.head)
    };
    let events: Vec<_> = refused.into_iter().flat_map(event).collect();
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    if count > 0 {
        context.record(events).await?;
    }
    Ok(count)
}

/// Records, at the connection's end, what came on it and was not accepted or is not complete, and says why it ended.
async fn record_rest(context: &Context, received: &Received, reason: CloseReason) -> CloseReason {
    let (rest, unread) = {
        let mut state = received.lock();
        (state.frames.passed_over(None), state.take_unread(false))
    };
    // The words of HTTP.sys's error log.
    let (word, reason) = match reason {
        CloseReason::IdleTimeout if !unread.is_empty() => ("Timer_HeaderWait", CloseReason::SlowRequest),
        reason => ("Connection_Dropped", reason),
    };
    let limits = &context.sensor.limits;
    let event = |fields| match convert::request(fields, limits) {
        (request, Ok(())) => {
            let request = Request {
                complete: false,
                ..request
            };
            let asking = Asking {
                number: context.meter.next_request(),
                time: Timestamp::now(),
                begun: Instant::now(),
                request,
            };
            context.events(asking, Vec::new(), None)
        }
        (request, Err(unread)) => context.dropped(None, unread.reason(), request.head),
    };
    let mut events: Vec<_> = rest.into_iter().flat_map(event).collect();
    if !unread.is_empty() {
        events.extend(context.dropped(None, word, unread));
    }
    if events.is_empty() {
        return reason;
    }
    context.record(events).await.err().unwrap_or(reason)
}

struct Http2<'c, S> {
    connection: Connection<Inbound<S>, Bytes>,
    context: &'c Context,
    received: Received,
    state: Arc<Mutex<ConnectionState>>,
    streams: JoinSet<Outcome>,
    /// Streams that the client reset or let hang, or that were refused.
    bad: u32,
    /// Requests that may still come.
    left: u32,
    /// Until when requests are answered that were on their way when the client was told that the connection ends. It may
    /// never acknowledge that, and the crate goes on accepting them.
    last_call: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2<'_, S> {
    async fn run(&mut self, mut stop: watch::Receiver<bool>) -> CloseReason {
        let idle = self.context.sensor.limits.idle;
        let mut closing = None;
        let mut deadline = Instant::now() + idle;
        loop {
            let mut moves = true;
            tokio::select! {
                accepted = timeout_at(deadline, self.connection.accept()) => match accepted {
                    Ok(Some(Ok((request, mut respond)))) => {
                        let late = self.last_call.is_some_and(|end| end <= Instant::now());
                        let stream = respond.stream_id().as_u32();
                        match record_refused(self.context, &self.received, stream + u32::from(late)).await {
                            Ok(refused) => self.bad = self.bad.saturating_add(refused),
                            Err(reason) => return reason,
                        }
                        if late {
                            respond.send_reset(Reason::REFUSED_STREAM);
                        } else {
                            self.spawn(stream, request.into_body(), respond);
                            self.left = self.left.saturating_sub(1);
                            if self.left == 0 {
                                self.announce_end();
                            }
                        }
                        moves = !late;
                    }
                    Ok(Some(Err(error))) => return failed(self.context, &self.received, &error).await,
                    Ok(None) if self.left == 0 => return closing.unwrap_or(CloseReason::Server),
                    Ok(None) => return closing.unwrap_or(CloseReason::Client),
                    Err(_) => match closing {
                        Some(reason) => return reason,
                        None if self.streams.is_empty() => {
                            if self.left == 0 {
                                return CloseReason::Server;
                            }
                            self.announce_end();
                            closing = Some(CloseReason::IdleTimeout);
                        }
                        None => {}
                    },
                },
                Some(ended) = self.streams.join_next() => match ended {
                    Ok(Outcome::Answered) => {}
                    Ok(Outcome::Bad) => self.bad += 1,
                    Ok(Outcome::NotRecorded) => return CloseReason::NotRecorded,
                    Ok(Outcome::Failed) | Err(_) => return CloseReason::Internal,
                },
                () = stopping(&mut stop), if closing.is_none() => {
                    self.announce_end();
                    closing = Some(CloseReason::Stopping);
                }
            }
            if self.bad >= self.context.sensor.limits.stream_resets && closing.is_none() {
                self.connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                closing = Some(CloseReason::Server);
            }
            if moves {
                let ends = closing.is_some() || (self.left == 0 && self.streams.is_empty());
                deadline = Instant::now() + if ends { DRAIN } else { idle };
            }
        }
    }

    fn announce_end(&mut self) {
        self.connection.graceful_shutdown();
        self.last_call.get_or_insert_with(|| Instant::now() + DRAIN);
    }

    /// Ends the connection once all that came on it is on record.
    async fn end(self, reason: CloseReason) -> CloseReason {
        let Self {
            connection,
            context,
            received,
            mut streams,
            ..
        } = self;
        let mut reason = record_rest(context, &received, reason).await;
        if reason == CloseReason::NotRecorded {
            context.meter.reset_on_drop();
        }
        // Streams that wait for their client end with it.
        drop(connection);
        let ending = async {
            while let Some(ended) = streams.join_next().await {
                if let Ok(Outcome::NotRecorded) = ended {
                    reason = CloseReason::NotRecorded;
                }
            }
        };
        // What those that last longer gave to the store is recorded, too.
        let _ = timeout(DRAIN, ending).await;
        reason
    }

    fn spawn(&mut self, stream: u32, body: RecvStream, respond: SendResponse<Bytes>) {
        let fields = self.received.lock().frames.fields(stream).unwrap_or_default();
        let stream = Stream {
            context: self.context.clone(),
            state: Arc::clone(&self.state),
            respond,
            received: self.received.clone(),
        };
        self.streams.spawn(stream.serve(fields, body));
    }
}

#[cfg(test)]
mod tests;
