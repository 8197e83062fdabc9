//! One request's way through site, detection and record; the same for HTTP/1 and HTTP/2.

use std::sync::Arc;

use imker_event::{Blob, CloseReason, Content, ReceivedRequest, Saw, SensorEvent, Service, Text, WebRequest};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use super::httpsys::Refusal;
use super::lately::sha256_of_answer;
use super::message::{Request, Response};
use super::state::ConnectionState;
use crate::connection::{ConnectionRecorder, Meter, client_of};
use crate::sensor::{Endpoint, Sensor};
use crate::site::Visit;

/// What serves one connection.
#[derive(Clone)]
pub struct Context {
    /// The sensor.
    pub sensor: Arc<Sensor>,
    /// What is played.
    pub endpoint: Arc<Endpoint>,
    /// What records.
    pub recorder: ConnectionRecorder,
    /// What counts.
    pub meter: Arc<Meter>,
}

/// A request on its way.
pub(super) struct Asking {
    /// Its number on the connection, from 1.
    pub(super) number: u32,
    /// When its head was complete.
    pub(super) time: Timestamp,
    /// When its first byte was seen.
    pub(super) begun: Instant,
    pub(super) request: Request,
}

/// An answer as it will be sent.
pub(super) struct Answer {
    pub(super) status: u16,
    /// IIS's substatus and Win32 status.
    pub(super) logged: (u16, u32),
    /// Status line and headers.
    pub(super) head: Vec<u8>,
    /// The body, by hash.
    pub(super) body: Content,
    /// The body's first bytes.
    pub(super) body_start: Blob,
    /// All bytes, as far as they are known.
    pub(super) bytes: u64,
}

/// An answer's body up to so many bytes is in its event.
const KEPT_WHOLE: usize = 4 * 1024;
/// Of a longer one, the first bytes. It is a page that the persona makes up anew, or a file that is the same for
/// everybody: its hash says which.
const KEPT_OF_LONGER: usize = 1024;

/// A body by hash, and its first bytes.
pub(super) fn answered_with(body: &[u8]) -> (Content, Blob) {
    let start = match body.len() {
        ..=KEPT_WHOLE => body,
        _ => &body[..KEPT_OF_LONGER],
    };
    let content = match body {
        [] => Content::default(),
        _ => Content {
            sha256: sha256_of_answer(body),
            bytes: body.len() as u64,
            kept: start.len() as u64,
        },
    };
    (content, Blob::from(start))
}

/// Ends when the sensor stops.
pub(crate) async fn stopping(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and the sensor with it.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What is run on a client's bytes; where it panics they must be recorded all the same.
fn guarded<T>(what: &str, run: impl FnOnce() -> T) -> Option<T> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    if done.is_err() {
        tracing::error!("the {what} failed on a request; it is on record, unanswered or undetected");
    }
    done.ok()
}

impl Context {
    /// Lets the site answer; what it observed goes into the record with the answer. `None` where it failed.
    pub(super) fn ask(&self, asking: &Asking, state: &mut ConnectionState) -> Option<(Response, Vec<Saw>)> {
        let connection = self.recorder.connection();
        let mut visit = Visit {
            now: asking.time,
            local: connection.destination,
            secure: connection.service == Service::Https,
            state,
            observed: Vec::new(),
        };
        let response = guarded("site", || self.endpoint.site.answer(&mut visit, &asking.request))?;
        Some((response, visit.observed))
    }

    /// The events of a request: itself, what was observed and detected, and its answer, where it gets one.
    pub(super) fn events(
        &self,
        asking: Asking,
        observed: Vec<Saw>,
        answer: Option<Answer>,
    ) -> Vec<SensorEvent> {
        let Asking {
            number,
            time,
            begun,
            request,
        } = asking;
        let mut received = self.received(time, &request);
        if let Some(answer) = &answer {
            received.request.status = Some(answer.status);
            received.request.substatus = Some(answer.logged.0);
            received.request.bytes_sent = Some(answer.bytes);
            received.win32_status = Some(answer.logged.1);
            received.time_taken_ms = u64::try_from(begun.elapsed().as_millis()).ok();
        }
        let detected = guarded("detection", || {
            let connection = self.recorder.connection();
            self.sensor.detect.look(connection, &request, &mut received)
        });
        let detected = detected.unwrap_or_default();
        received.head = Blob(request.head);
        received.body_start = Blob(request.body);
        let mut events = Vec::with_capacity(2 + observed.len() + detected.len());
        events.push(
            self.recorder
                .event(time, Some(number), Saw::WebRequest(Box::new(received))),
        );
        for saw in observed.into_iter().chain(detected) {
            events.push(self.recorder.event(time, Some(number), saw));
        }
        if let Some(answer) = answer {
            events.push(self.answered(number, answer));
        }
        events
    }

    /// The events of a request that HTTP.sys refuses.
    pub(super) fn refused(
        &self,
        refusal: Refusal,
        received: Vec<u8>,
        number: u32,
        answer: Answer,
    ) -> Vec<SensorEvent> {
        let saw = Saw::WebRequestRefused {
            reason: refusal.reason().into(),
            status: Some(answer.status),
            received: Blob(received),
        };
        vec![
            self.recorder.event(Timestamp::now(), Some(number), saw),
            self.answered(number, answer),
        ]
    }

    /// The event of a head whose sender waits for `100 Continue`.
    pub(super) fn continued(&self, asking: &Asking) -> SensorEvent {
        let saw = Saw::WebRequestContinued {
            head: Blob(asking.request.head.clone()),
        };
        self.recorder.event(asking.time, Some(asking.number), saw)
    }

    /// The event of bytes that never became a request; they get a number unless they have one.
    pub(super) fn dropped(&self, number: Option<u32>, reason: &str, received: Vec<u8>) -> Vec<SensorEvent> {
        let number = number.unwrap_or_else(|| self.meter.next_request());
        let saw = Saw::WebRequestRefused {
            reason: reason.into(),
            status: None,
            received: Blob(received),
        };
        vec![self.recorder.event(Timestamp::now(), Some(number), saw)]
    }

    /// Records; what is not on disk must not be answered.
    pub(super) async fn record(&self, events: Vec<SensorEvent>) -> Result<(), CloseReason> {
        let recorded = self.recorder.record(events).await;
        recorded.map_err(|_| CloseReason::NotRecorded)
    }

    fn answered(&self, number: u32, answer: Answer) -> SensorEvent {
        let saw = Saw::WebResponse {
            status: answer.status,
            head: Blob(answer.head),
            body: answer.body,
            body_start: answer.body_start,
        };
        self.recorder.event(Timestamp::now(), Some(number), saw)
    }

    /// The request as a log would tell of it.
    fn received(&self, time: Timestamp, request: &Request) -> ReceivedRequest {
        let connection = self.recorder.connection();
        let field = |name| request.header(name).map(Text::from_bytes);
        let forwarded_for: Vec<&[u8]> = request.headers("x-forwarded-for").collect();
        let client = client_of(
            connection.source.ip(),
            forwarded_for.iter().copied(),
            &self.endpoint.trusted,
        );
        ReceivedRequest {
            request: WebRequest {
                time,
                client: Some(client),
                forwarded_for: (!forwarded_for.is_empty())
                    .then(|| Text::from_bytes(&forwarded_for.join(&b", "[..]))),
                method: Text::from_bytes(&request.method),
                uri_stem: Text::from_bytes(&request.path),
                uri_query: request.query.as_deref().map(Text::from_bytes),
                username: None,
                user_agent: field("user-agent"),
                referer: field("referer"),
                host: field("host"),
                status: None,
                substatus: None,
                backend_status: None,
                bytes_sent: None,
                server_address: Some(connection.destination.ip()),
                server_port: Some(connection.destination.port()),
                request_id: None,
                anchor_mailbox: None,
                build: None,
            },
            version: request.version.name().into(),
            head: Blob::default(),
            body: request.content.clone(),
            body_start: Blob::default(),
            win32_status: None,
            time_taken_ms: None,
            body_complete: request.complete,
            detections: Vec::new(),
        }
    }
}
