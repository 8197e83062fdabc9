use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use imker_event::{Content, SensorEvent};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use super::convert::{self, Unread};
use super::frames::Fields;
use super::inbound::Received;
use crate::http::answer::{Asking, Context};
use crate::http::body::Body;
use crate::http::limits::room_for;
use crate::http::message::{After, Request, Response};
use crate::http::parse;
use crate::http::state::ConnectionState;

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    /// The client reset it, or it came or went too slowly.
    Bad,
    NotRecorded,
    /// The site panicked.
    Failed,
}

/// One request and its answer.
pub(super) struct Stream {
    pub(super) context: Context,
    pub(super) state: Arc<Mutex<ConnectionState>>,
    pub(super) respond: SendResponse<Bytes>,
    pub(super) received: Received,
}

impl Stream {
    pub(super) async fn serve(mut self, fields: Fields, body: RecvStream) -> Outcome {
        let outcome = self.exchange(fields, body).await;
        let stream = self.respond.stream_id().as_u32();
        self.received.lock().frames.close(stream);
        outcome
    }

    async fn exchange(&mut self, fields: Fields, body: RecvStream) -> Outcome {
        let (number, time, begun) = (
            self.context.meter.next_request(),
            Timestamp::now(),
            Instant::now(),
        );
        let limits = &self.context.sensor.limits;
        let (request, read) = convert::request(fields, limits);
        let Some(mut memory) = self.room(3 * request.head.len() + limits.body_in_memory) else {
            return self
                .drop_stream(number, "HTTP/2: no memory", request.head, Reason::REFUSED_STREAM)
                .await;
        };
        match read {
            Ok(()) => {}
            Err(unread @ Unread::Malformed) => {
                return self
                    .drop_stream(number, unread.reason(), request.head, Reason::PROTOCOL_ERROR)
                    .await;
            }
            Err(Unread::Refused(refusal)) => {
                let response = refusal.response();
                let head = request.method == b"HEAD";
                let (sent, answer) = convert::response(&response, head, Timestamp::now());
                let events = self.context.refused(refusal, request.head, number, answer);
                return self.record_and_send(events, sent, body_of(response, head)).await;
            }
        }
        let mut asking = Asking {
            number,
            time,
            begun,
            request,
        };
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
        let held = match response.body.is_unique() {
            true => response.body.len(),
            false => 0,
        };
        let reset = match self.room(held) {
            Some(room) => {
                memory.merge(room);
                reset(&asking.request, &response)
            }
            None => Some(Reason::REFUSED_STREAM),
        };
        if let Some(reason) = reset {
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

    /// Room for so many bytes of this stream, if all streams of the sensor leave it.
    fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        room_for(&self.context.sensor.http2_memory, bytes)
    }

    /// Records what is no request, and resets the stream.
    async fn drop_stream(&mut self, number: u32, why: &str, head: Vec<u8>, reason: Reason) -> Outcome {
        let events = self.context.dropped(Some(number), why, head);
        if self.context.recorder.record(events).await.is_err() {
            return Outcome::NotRecorded;
        }
        self.respond.send_reset(reason);
        Outcome::Bad
    }

    /// Reads the body, up to the limit on bodies. What never ends is recorded here.
    async fn body(&mut self, mut from: RecvStream, asking: &mut Asking) -> Result<(), Outcome> {
        let sensor = Arc::clone(&self.context.sensor);
        let limits = &sensor.limits;
        let declared = asking.request.header("content-length");
        let declared = declared.and_then(|length| parse::number(length).ok());
        if from.is_end_stream() {
            asking.request.complete = declared.unwrap_or(0) == 0;
            return Ok(());
        }
        if declared.is_some_and(|length| length > limits.body) {
            asking.request.complete = false;
            return Ok(());
        }
        let expect = asking.request.header("expect");
        if expect.is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue")) {
            let recorded = self.context.record(vec![self.context.continued(asking)]).await;
            recorded.map_err(|_| Outcome::NotRecorded)?;
            let mut head = http::Response::new(());
            *head.status_mut() = http::StatusCode::CONTINUE;
            // Fails only where the stream is gone, which the next read says.
            let _ = self.respond.send_informational(head);
        }
        let mut body = Body::new(&self.context.sensor.keep, limits.body_in_memory);
        let begin = Instant::now();
        let mut outcome = Ok(());
        loop {
            let deadline = begin + limits.body_wait + limits.time_for(body.bytes());
            match timeout_at(deadline, from.data()).await {
                Ok(ended) if self.is_end(ended.as_ref()) => {
                    asking.request.complete = declared.is_none_or(|length| length == body.bytes());
                    break;
                }
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
                _ => {
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

    /// Whether a body came in full. Where the client's end is behind it, the crate says only that; where the crate objects to
    /// what came, it does not hand out all before it.
    fn is_end(&self, read: Option<&Result<Bytes, h2::Error>>) -> bool {
        let stream = self.respond.stream_id().as_u32();
        match read {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_io() && self.received.lock().frames.is_ended(stream),
        }
    }

    async fn record_and_send(
        &mut self,
        events: Vec<SensorEvent>,
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
    response.body
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
