//! HTTP/1 on one connection.
//!
//! Of each request, the events are on disk before the first byte of the answer leaves. `100 Continue` is no answer,
//! but it tells a client that someone listens: the head that asks for it is recorded as
//! [`imker_event::Saw::WebRequestContinued`] before it is sent. What never becomes a whole request is recorded when the connection
//! ends.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use imker_event::{CloseReason, Content, SensorEvent};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::{Answer, Asking, Context, answered_with, stopping};
use super::body::Body;
use super::chunked::{Chunked, Step};
use super::fill::fill;
use super::httpsys::Refusal;
use super::limits::room_for;
use super::message::{After, Response};
use super::parse::{self, Framing, Head};
use super::state::ConnectionState;
use super::writer::{self, Asked, Encoded};

/// Serves HTTP/1 until the connection ends, and says why. `stop` becomes true, or its sender goes, when the sensor
/// stops: a request that has begun to arrive in full is still answered.
pub async fn serve<S>(stream: S, context: &Context, stop: watch::Receiver<bool>) -> CloseReason
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Http1 {
        stream,
        context,
        buffer: Vec::new(),
        state: ConnectionState::default(),
        stop,
    };
    loop {
        if let Err(reason) = connection.exchange().await {
            match reason {
                CloseReason::NotRecorded => context.meter.reset_on_drop(),
                // OpenSSL forgets a session whose connection ends without close_notify from our side.
                CloseReason::Client | CloseReason::IdleTimeout | CloseReason::Stopping => {
                    let _ = timeout(context.sensor.limits.linger, connection.stream.shutdown()).await;
                }
                _ => {}
            }
            return reason;
        }
    }
}

struct Http1<'c, S> {
    stream: S,
    context: &'c Context,
    /// Received and not yet understood.
    buffer: Vec<u8>,
    state: ConnectionState,
    stop: watch::Receiver<bool>,
}

/// Why a body did not end.
enum Broken {
    Refused(Refusal),
    Closed(CloseReason),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http1<'_, S> {
    /// One request and its answer.
    async fn exchange(&mut self) -> Result<(), CloseReason> {
        let (head, begun) = self.head().await?;
        // On the heap: connections that are idle should not pay for its size.
        Box::pin(self.respond(head, begun)).await
    }

    /// Reads what belongs to a head, and answers.
    async fn respond(&mut self, head: Head, begun: Instant) -> Result<(), CloseReason> {
        let number = self.context.meter.next_request();
        let mut asking = Asking {
            number,
            time: Timestamp::now(),
            begun,
            request: head.request,
        };
        asking.request.head = self.take(head.length);
        let mut keep_alive = head.keep_alive && number < self.context.sensor.limits.requests;
        if head.framing != Framing::Length(0) {
            keep_alive &= self
                .with_body(&mut asking, head.framing, head.expects_continue)
                .await?;
        }
        self.answer(asking, keep_alive).await
    }

    /// Reads until a head is complete; also when its first byte was there.
    async fn head(&mut self) -> Result<(Head, Instant), CloseReason> {
        let limits = &self.context.sensor.limits;
        let idle = Instant::now() + limits.idle;
        let (mut begun, mut seen) = (None, 0);
        loop {
            let goes_on = parse::goes_on(&self.buffer, seen, limits);
            seen = self.buffer.len();
            if !self.buffer.is_empty() && !goes_on {
                let begun = *begun.get_or_insert_with(Instant::now);
                match parse::head(&self.buffer, limits) {
                    Ok(Some(head)) => return Ok((head, begun)),
                    Ok(None) => {}
                    Err(refusal) => {
                        let received = self.take(self.buffer.len());
                        return Err(Box::pin(self.refuse_head(refusal, received)).await);
                    }
                }
            }
            let deadline = begun.map_or(idle, |begun| begun + limits.head_wait);
            let Err(reason) = self.more(deadline).await else {
                continue;
            };
            if begun.is_none() {
                return Err(reason);
            }
            // The words of HTTP.sys's error log.
            let (word, reason) = match reason {
                CloseReason::IdleTimeout => ("Timer_HeaderWait", CloseReason::SlowRequest),
                reason => ("Connection_Dropped", reason),
            };
            let events = self.context.dropped(None, word, std::mem::take(&mut self.buffer));
            self.context.record(events).await?;
            return Err(reason);
        }
    }

    /// Reads the body into the request; whether the connection can be used after it.
    async fn with_body(
        &mut self,
        asking: &mut Asking,
        framing: Framing,
        waits: bool,
    ) -> Result<bool, CloseReason> {
        let limits = &self.context.sensor.limits;
        let mut body = Body::new(&self.context.sensor.keep, limits.body_in_memory);
        let too_long = matches!(framing, Framing::Length(length) if length > limits.body);
        if waits && !too_long && self.buffer.is_empty() {
            self.send_continue(asking).await?;
        }
        let mut chunked = Chunked::default();
        let mut ended = self.body(framing, &mut body, &mut chunked).await;
        let bytes = body.bytes();
        let (start, content) = body.finish().await;
        let request = &mut asking.request;
        request.body = start;
        request.content = content.unwrap_or_else(|_| {
            ended = Err(Broken::Closed(CloseReason::NotRecorded));
            Content {
                bytes,
                ..Content::default()
            }
        });
        request.head.extend_from_slice(&chunked.beside);
        request.complete = matches!(ended, Ok(true));
        let Err(broken) = ended else {
            return Ok(request.complete);
        };
        request.head.append(&mut self.buffer);
        let unanswered = Asking {
            request: std::mem::take(request),
            ..*asking
        };
        match broken {
            Broken::Refused(refusal) => Err(self.refuse_body(refusal, unanswered).await),
            Broken::Closed(reason) => {
                let events = self.context.events(unanswered, Vec::new(), None);
                self.context.record(events).await?;
                Err(reason)
            }
        }
    }

    async fn send_continue(&mut self, asking: &Asking) -> Result<(), CloseReason> {
        self.context.record(vec![self.context.continued(asking)]).await?;
        self.send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Bytes::new())
            .await
    }

    /// Reads a body to its end, or to where it is longer than is waited for; whether all of it came.
    async fn body(
        &mut self,
        framing: Framing,
        body: &mut Body,
        chunked: &mut Chunked,
    ) -> Result<bool, Broken> {
        let limits = &self.context.sensor.limits;
        let begin = Instant::now();
        loop {
            let (used, step) = match framing {
                Framing::Length(length) => {
                    let left = usize::try_from(length - body.bytes()).unwrap_or(usize::MAX);
                    let used = left.min(self.buffer.len());
                    let written = body.write(&self.buffer[..used]).map_err(|_| NOT_KEPT);
                    (used, written.map(|()| used == left))
                }
                Framing::Chunked => decode(chunked, &self.buffer, body),
            };
            self.skip(used);
            let ended = step?;
            let too_long = match framing {
                Framing::Length(length) => length > limits.body,
                Framing::Chunked => body.bytes() > limits.body,
            };
            if ended || too_long {
                return Ok(ended);
            }
            let deadline = begin + limits.body_wait + limits.time_for(body.bytes());
            if let Err(reason) = self.more(deadline).await {
                return Err(Broken::Closed(match reason {
                    CloseReason::IdleTimeout => CloseReason::SlowRequest,
                    reason => reason,
                }));
            }
        }
    }

    /// Lets the site answer, records, and sends.
    async fn answer(&mut self, asking: Asking, keep_alive: bool) -> Result<(), CloseReason> {
        let Some((response, observed)) = self.context.ask(&asking, &mut self.state) else {
            let events = self.context.events(asking, Vec::new(), None);
            self.context.record(events).await?;
            return Err(CloseReason::Internal);
        };
        if response.after == After::Reset {
            let mut events = self.context.events(asking, observed, None);
            if !self.buffer.is_empty() {
                events.extend(
                    self.context
                        .dropped(None, AFTER_CLOSE, std::mem::take(&mut self.buffer)),
                );
            }
            self.context.record(events).await?;
            self.context.meter.reset_on_drop();
            return Err(CloseReason::Server);
        }
        let asked = Asked::of(&asking.request, keep_alive && !*self.stop.borrow());
        let incomplete = !asking.request.complete;
        let encoded = writer::encode(&response, asked, Timestamp::now());
        let answer = told(&response, &encoded);
        drop(response);
        let mut events = self.context.events(asking, observed, Some(answer));
        if encoded.close && !self.buffer.is_empty() {
            events.extend(
                self.context
                    .dropped(None, AFTER_CLOSE, std::mem::take(&mut self.buffer)),
            );
        }
        self.context.record(events).await?;
        self.send(encoded.head, encoded.body).await?;
        if encoded.close {
            return Err(self.end(incomplete).await);
        }
        Ok(())
    }

    /// Answers a head as HTTP.sys by itself.
    async fn refuse_head(&mut self, refusal: Refusal, received: Vec<u8>) -> CloseReason {
        let context = self.context;
        let number = context.meter.next_request();
        let asked = Asked::of_refused(&received);
        let events = |answer| context.refused(refusal, received, number, answer);
        self.refuse(refusal, asked, events).await
    }

    /// The same within a body.
    async fn refuse_body(&mut self, refusal: Refusal, asking: Asking) -> CloseReason {
        let context = self.context;
        let asked = Asked::of(&asking.request, false);
        let events = |answer| context.events(asking, Vec::new(), Some(answer));
        self.refuse(refusal, asked, events).await
    }

    async fn refuse(
        &mut self,
        refusal: Refusal,
        asked: Asked,
        events: impl FnOnce(Answer) -> Vec<SensorEvent>,
    ) -> CloseReason {
        let response = refusal.response();
        let encoded = writer::encode(&response, asked, Timestamp::now());
        let events = events(told(&response, &encoded));
        drop(response);
        let sent = match self.context.record(events).await {
            Ok(()) => self.send(encoded.head, encoded.body).await,
            Err(reason) => Err(reason),
        };
        match sent {
            Ok(()) => self.end(true).await,
            Err(reason) => reason,
        }
    }

    /// Sends an answer. What the client does not take at once waits only while all such answers leave room for it.
    async fn send(&mut self, mut head: Vec<u8>, mut body: Bytes) -> Result<(), CloseReason> {
        let sensor = &self.context.sensor;
        let limit = sensor.limits.send_wait + sensor.limits.time_for((head.len() + body.len()) as u64);
        // In one write and one record of TLS, as far as that goes.
        let room = RECORD.saturating_sub(head.len()).min(body.len());
        head.extend_from_slice(&body.split_to(room));
        let held = head.len() + if body.is_unique() { body.len() } else { 0 };
        let stream = &mut self.stream;
        let mut sending = pin!(async move {
            stream.write_all(&head).await?;
            drop(head);
            stream.write_all(&body).await?;
            stream.flush().await
        });
        let begun = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await;
        let sent = match begun {
            Poll::Ready(sent) => Some(sent),
            Poll::Pending => match room_for(&sensor.http1_memory, held) {
                Some(_room) => timeout(limit, sending).await.ok(),
                None => None,
            },
        };
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(CloseReason::Reset),
            None => {
                self.context.meter.reset_on_drop();
                Err(CloseReason::SlowReader)
            }
        }
    }

    /// Ends the connection in order. Where the client may still be sending, what comes is read for a while: closing a socket
    /// with unread bytes resets it, and the client may lose the answer. As much of it as a head may have is recorded.
    async fn end(&mut self, unread: bool) -> CloseReason {
        let limits = &self.context.sensor.limits;
        let mut late = Vec::new();
        let ending = async {
            self.stream.shutdown().await?;
            let mut left = if unread { limits.linger_bytes } else { 0 };
            while left > 0 {
                let read = fill(&mut self.stream, &mut self.buffer).await?;
                let room = limits.head.saturating_sub(late.len()).min(read);
                late.extend_from_slice(&self.buffer[..room]);
                self.buffer.clear();
                left = if read == 0 {
                    0
                } else {
                    left.saturating_sub(read as u64)
                };
            }
            io::Result::Ok(())
        };
        // However it ends, the answer is out.
        let _ = timeout(limits.linger, ending).await;
        if !late.is_empty() {
            let events = self.context.dropped(None, AFTER_CLOSE, late);
            if let Err(reason) = self.context.record(events).await {
                return reason;
            }
        }
        CloseReason::Server
    }

    /// Waits for more bytes.
    async fn more(&mut self, deadline: Instant) -> Result<(), CloseReason> {
        let filling = timeout_at(deadline, fill(&mut self.stream, &mut self.buffer));
        tokio::select! {
            biased;
            filled = filling => match filled {
                Ok(Ok(0)) => Err(CloseReason::Client),
                Ok(Ok(_)) => Ok(()),
                Ok(Err(_)) => Err(CloseReason::Reset),
                Err(_) => Err(CloseReason::IdleTimeout),
            },
            () = stopping(&mut self.stop) => Err(CloseReason::Stopping),
        }
    }

    /// Takes the buffer's first bytes out.
    fn take(&mut self, length: usize) -> Vec<u8> {
        if length == self.buffer.len() {
            return std::mem::take(&mut self.buffer);
        }
        self.buffer.drain(..length).collect()
    }

    /// Drops the buffer's first bytes.
    fn skip(&mut self, length: usize) {
        if length == self.buffer.len() {
            self.buffer.clear();
        } else {
            self.buffer.drain(..length);
        }
    }
}

/// Why bytes were not read as a request that came behind the last answer.
const AFTER_CLOSE: &str = "AfterClose";

/// The most bytes of one record of TLS.
const RECORD: usize = 16 * 1024;

const NOT_KEPT: Broken = Broken::Closed(CloseReason::NotRecorded);

/// Decodes what is there of a chunked body: how many bytes that used, and whether the body ended.
fn decode(chunked: &mut Chunked, bytes: &[u8], body: &mut Body) -> (usize, Result<bool, Broken>) {
    let mut used = 0;
    loop {
        match chunked.decode(&bytes[used..]) {
            Ok((step, Step::Data(data))) => {
                used += step;
                if body.write(data).is_err() {
                    return (used, Err(NOT_KEPT));
                }
            }
            Ok((step, last)) => return (used + step, Ok(last == Step::End)),
            Err(refusal) => return (used, Err(Broken::Refused(refusal))),
        }
    }
}

fn told(response: &Response, encoded: &Encoded) -> Answer {
    let sent = !encoded.body.is_empty();
    let (body, body_start) = answered_with(if sent { &response.body } else { &[] });
    Answer {
        status: response.status,
        logged: (response.substatus, response.win32_status),
        head: encoded.head.clone(),
        body,
        body_start,
        bytes: (encoded.head.len() + encoded.body.len()) as u64,
    }
}
