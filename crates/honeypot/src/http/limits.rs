use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What HTTP may cost. The defaults are HTTP.sys's and IIS's where they have one.
///
/// Sources: Microsoft, "Http.sys registry settings for Windows" (KB 820129); IIS, `system.applicationHost/webLimits`
/// and `requestFiltering/requestLimits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Request line and headers, in bytes (`MaxRequestBytes`).
    pub head: usize,
    /// The URL or one header, in bytes (`MaxFieldLength`).
    pub field: usize,
    /// One segment of a path, in bytes (`UrlSegmentMaxLength`).
    pub url_segment: usize,
    /// Segments of a path (`UrlSegmentMaxCount`).
    pub url_segments: usize,
    /// A body's bytes that are kept in memory and go into the event; a longer body goes to the quarantine as well.
    pub body_in_memory: usize,
    /// A body in bytes (`maxAllowedContentLength`). What declares or becomes more is answered without waiting for
    /// the rest, and the connection is closed.
    pub body: u64,
    /// How long a connection may say nothing (`connectionTimeout`).
    pub idle: Duration,
    /// How long a head may take from its first byte (`headerWaitTimeout`).
    pub head_wait: Duration,
    /// How long a body may take beside the time that `min_rate` gives it.
    pub body_wait: Duration,
    /// How long an answer may take beside the time that `min_rate` gives it.
    pub send_wait: Duration,
    /// Bytes a second (`minBytesPerSecond`).
    pub min_rate: u32,
    /// Requests on one connection; the answer to the last one closes it, over HTTP/2 with those that are on their way.
    pub requests: u32,
    /// How long and how much is read and thrown away after an answer that came before the request's end, so that the
    /// client sees the answer and not a reset.
    pub linger: Duration,
    /// See `linger`; in bytes.
    pub linger_bytes: u64,
    /// Streams at once on one HTTP/2 connection.
    pub streams: u32,
    /// What answers of HTTP/1 may hold together while their clients do not take them, in KiB; a connection beyond it is
    /// reset.
    pub http1_memory: u32,
    /// What heads, bodies and answers of all HTTP/2 streams of the sensor may hold together, in KiB; a stream beyond it is
    /// refused. A few bytes of HPACK make a head of any length, and a window of 0 holds an answer back.
    pub http2_memory: u32,
    /// Streams that the client reset before their answer, or that broke the protocol, after which an HTTP/2
    /// connection is ended with GOAWAY (CVE-2023-44487).
    pub stream_resets: u32,
}

impl Limits {
    /// How long that many bytes may take at the lowest rate allowed.
    pub(crate) fn time_for(&self, bytes: u64) -> Duration {
        Duration::from_secs(bytes / u64::from(self.min_rate.max(1)))
    }
}

/// Room for so many bytes, if what shares this memory, counted in KiB, leaves it.
pub(super) fn room_for(memory: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let kib = u32::try_from(bytes.div_ceil(1024)).ok()?;
    Arc::clone(memory).try_acquire_many_owned(kib).ok()
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 16 * 1024,
            field: 16 * 1024,
            url_segment: 260,
            url_segments: 255,
            body_in_memory: 8 * 1024,
            body: 30_000_000,
            idle: Duration::from_secs(120),
            head_wait: Duration::from_secs(120),
            body_wait: Duration::from_secs(120),
            send_wait: Duration::from_secs(120),
            min_rate: 240,
            requests: u32::MAX,
            linger: Duration::from_secs(2),
            linger_bytes: 256 * 1024,
            streams: 100,
            http1_memory: 64 * 1024,
            http2_memory: 64 * 1024,
            stream_resets: 200,
        }
    }
}
