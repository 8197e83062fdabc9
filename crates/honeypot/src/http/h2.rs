//! HTTP/2 on one connection (RFC 9113), on the `h2` crate.
//!
//! Requests take the same way as those of HTTP/1 and are recorded in its form. What the crate itself refuses
//! (malformed frames or headers, streams reset before they were accepted) never becomes a request; where it ends the
//! connection, that is recorded.
//!
//! Limits of the likeness: IIS's public settings are its 100 streams at once (`Http2MaxConcurrentClientStreams`);
//! window sizes are RFC 9113's, and the order of frames is the crate's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use imker_event::{CloseReason, Content, Text};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::{Answer, Asking, Context, stopping};
use super::body::Body;
use super::message::{After, Request, Response};
use super::state::ConnectionState;

mod convert;

/// How long streams may take to end once the sensor stops.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves HTTP/2 until the connection ends, and says why; `stop` as in [`super::serve_http1`].
pub async fn serve<S>(stream: S, context: &Context, stop: watch::Receiver<bool>) -> CloseReason
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = &context.sensor.limits;
    let head = u32::try_from(limits.head).unwrap_or(u32::MAX);
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(head)
        .max_concurrent_reset_streams(limits.streams as usize)
        .max_send_buffer_size(64 * 1024);
    let connection = match timeout(limits.head_wait, builder.handshake(stream)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return failed(context, &error).await,
        Err(_) => return CloseReason::IdleTimeout,
    };
    let reason = Http2 {
        connection,
        context,
        state: Arc::default(),
        streams: JoinSet::new(),
        bad: 0,
    }
    .run(stop)
    .await;
    if reason == CloseReason::NotRecorded {
        context.meter.reset_on_drop();
    }
    reason
}

/// Records why the connection failed, and says it.
async fn failed(context: &Context, error: &h2::Error) -> CloseReason {
    if error.is_io() {
        return CloseReason::Reset;
    }
    let reason = error
        .reason()
        .map_or_else(|| error.to_string(), |reason| reason.description().to_owned());
    let events = context.dropped(&format!("HTTP/2: {reason}"), Vec::new());
    if context.recorder.record(events).await.is_err() {
        return CloseReason::NotRecorded;
    }
    if error.is_remote() {
        CloseReason::Client
    } else {
        CloseReason::Server
    }
}

struct Http2<'c, S> {
    connection: Connection<S, Bytes>,
    context: &'c Context,
    state: Arc<Mutex<ConnectionState>>,
    streams: JoinSet<Outcome>,
    /// Streams that the client reset or let hang.
    bad: u32,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Answered,
    /// The client reset it, or it came or went too slowly.
    Bad,
    NotRecorded,
    /// The site panicked.
    Failed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2<'_, S> {
    async fn run(mut self, mut stop: watch::Receiver<bool>) -> CloseReason {
        let idle = self.context.sensor.limits.idle;
        let mut closing = None;
        let mut deadline = Instant::now() + idle;
        loop {
            tokio::select! {
                accepted = timeout_at(deadline, self.connection.accept()) => match accepted {
                    Ok(Some(Ok((request, respond)))) => self.spawn(request, respond),
                    Ok(Some(Err(error))) => return failed(self.context, &error).await,
                    Ok(None) => return closing.unwrap_or(CloseReason::Client),
                    Err(_) if closing.is_some() => return CloseReason::Stopping,
                    Err(_) if self.streams.is_empty() => {
                        self.connection.graceful_shutdown();
                        closing = Some(CloseReason::IdleTimeout);
                    }
                    Err(_) => {}
                },
                Some(ended) = self.streams.join_next() => match ended {
                    Ok(Outcome::Answered) => {}
                    Ok(Outcome::Bad) => self.bad += 1,
                    Ok(Outcome::NotRecorded) => return CloseReason::NotRecorded,
                    Ok(Outcome::Failed) | Err(_) => return CloseReason::Internal,
                },
                () = stopping(&mut stop), if closing.is_none() => {
                    self.connection.graceful_shutdown();
                    closing = Some(CloseReason::Stopping);
                }
            }
            if self.bad >= self.context.sensor.limits.stream_resets && closing.is_none() {
                self.connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                closing = Some(CloseReason::Server);
            }
            deadline = Instant::now() + if closing.is_some() { DRAIN } else { idle };
        }
    }

    fn spawn(&mut self, request: http::Request<RecvStream>, respond: SendResponse<Bytes>) {
        let stream = Stream {
            context: self.context.clone(),
            state: Arc::clone(&self.state),
            respond,
        };
        self.streams.spawn(stream.serve(request));
    }
}

/// One request and its answer.
struct Stream {
    context: Context,
    state: Arc<Mutex<ConnectionState>>,
    respond: SendResponse<Bytes>,
}

impl Stream {
    async fn serve(mut self, request: http::Request<RecvStream>) -> Outcome {
        let (number, time) = (self.context.meter.next_request(), Timestamp::now());
        let (parts, body) = request.into_parts();
        let (request, refusal) = convert::request(&parts, &self.context.sensor.limits);
        let mut asking = Asking {
            number,
            time,
            begun: Instant::now(),
            request,
        };
        if let Some(refusal) = refusal {
            let response = refusal.response();
            let (sent, answer) = convert::response(&response, false, Timestamp::now());
            let events = self
                .context
                .refused(refusal, asking.request.head, asking.number, answer);
            return self.record_and_send(events, sent, body_of(response, false)).await;
        }
        if let Err(outcome) = self.body(body, &mut asking).await {
            return outcome;
        }
        let asked = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            self.context.ask(&asking, &mut state)
        };
        let Some((response, observed)) = asked else {
            let events = self.context.events(asking, Vec::new(), None);
            return match self.context.recorder.record(events).await {
                Ok(()) => Outcome::Failed,
                Err(_) => Outcome::NotRecorded,
            };
        };
        if let Some(reason) = reset(&asking.request, &response) {
            let events = self.context.events(asking, observed, None);
            if self.context.recorder.record(events).await.is_err() {
                return Outcome::NotRecorded;
            }
            self.respond.send_reset(reason);
            return Outcome::Answered;
        }
        let head = asking.request.method == b"HEAD";
        let (sent, answer) = convert::response(&response, head, Timestamp::now());
        let body = body_of(response, head);
        let events = self.context.events(asking, observed, Some(answer));
        self.record_and_send(events, sent, body).await
    }

    /// Reads the body, up to the limit on bodies. What never ends is recorded here.
    async fn body(&self, mut from: RecvStream, asking: &mut Asking) -> Result<(), Outcome> {
        if from.is_end_stream() {
            return Ok(());
        }
        let limits = &self.context.sensor.limits;
        // The crate has checked that it is a number.
        let declared = asking.request.header("content-length").map(Text::from_bytes);
        if declared.is_some_and(|length| {
            length
                .as_str()
                .parse()
                .is_ok_and(|length: u64| length > limits.body)
        }) {
            asking.request.complete = false;
            return Ok(());
        }
        let mut body = Body::new(&self.context.sensor.keep, limits.body_in_memory);
        let begin = Instant::now();
        let mut outcome = Ok(());
        loop {
            let deadline = begin + limits.body_wait + limits.time_for(body.bytes());
            match timeout_at(deadline, from.data()).await {
                Ok(None) => break,
                Ok(Some(Ok(bytes))) => {
                    // 16 KiB, as long as a frame may be, is what may be written at once.
                    if body.write(&bytes).is_err() {
                        outcome = Err(Outcome::NotRecorded);
                        break;
                    }
                    if body.bytes() > limits.body {
                        asking.request.complete = false;
                        break;
                    }
                    // Fails only where the stream is gone, which the next read says.
                    let _ = from.flow_control().release_capacity(bytes.len());
                }
                Ok(Some(Err(_))) | Err(_) => {
                    outcome = Err(Outcome::Bad);
                    break;
                }
            }
        }
        let bytes = body.bytes();
        let (start, content) = body.finish().await;
        asking.request.body = start;
        asking.request.content = content.unwrap_or_else(|_| {
            outcome = Err(Outcome::NotRecorded);
            Content {
                bytes,
                ..Content::default()
            }
        });
        if outcome.is_err() {
            asking.request.complete = false;
            let unanswered = Asking {
                request: std::mem::take(&mut asking.request),
                ..*asking
            };
            let events = self.context.events(unanswered, Vec::new(), None);
            if self.context.recorder.record(events).await.is_err() {
                return Err(Outcome::NotRecorded);
            }
        }
        outcome
    }

    async fn record_and_send(
        &mut self,
        events: Vec<imker_event::SensorEvent>,
        head: http::Response<()>,
        body: Bytes,
    ) -> Outcome {
        if self.context.recorder.record(events).await.is_err() {
            return Outcome::NotRecorded;
        }
        let limits = &self.context.sensor.limits;
        let limit = limits.send_wait + limits.time_for(body.len() as u64);
        let Ok(stream) = self.respond.send_response(head, body.is_empty()) else {
            return Outcome::Bad;
        };
        if body.is_empty() {
            return Outcome::Answered;
        }
        match timeout(limit, send(stream, body)).await {
            Ok(Ok(())) => Outcome::Answered,
            Ok(Err(_)) => Outcome::Bad,
            Err(_) => {
                self.respond.send_reset(Reason::CANCEL);
                Outcome::Bad
            }
        }
    }
}

/// Sends as much as the client's windows allow, and waits for the rest.
async fn send(mut stream: SendStream<Bytes>, mut body: Bytes) -> Result<(), h2::Error> {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let Some(room) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
            return Err(Reason::CANCEL.into());
        };
        let part = body.split_to(room?.min(body.len()));
        stream.send_data(part, body.is_empty())?;
    }
    Ok(())
}

fn body_of(response: Response, head: bool) -> Bytes {
    if head || matches!(response.status, 204 | 304) {
        return Bytes::new();
    }
    match response.body {
        std::borrow::Cow::Borrowed(body) => Bytes::from_static(body),
        std::borrow::Cow::Owned(body) => Bytes::from(body),
    }
}

/// Whether a stream is reset instead of answered.
fn reset(request: &Request, response: &Response) -> Option<Reason> {
    // IIS cannot do Windows authentication over HTTP/2 and falls back to HTTP/1.1 (Microsoft, "HTTP/2 on IIS"). That
    // it does so when the client sends its first token is assumed.
    let windows = request.header("authorization").is_some_and(|value| {
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"negotiate") || scheme.eq_ignore_ascii_case(b"ntlm")
    });
    if windows {
        return Some(Reason::HTTP_1_1_REQUIRED);
    }
    (response.after == After::Reset).then_some(Reason::CANCEL)
}

#[cfg(test)]
mod tests;
