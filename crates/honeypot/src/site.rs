//! What answers requests: the seam between HTTP and what is played on it.

use std::net::SocketAddr;

use imker_event::{Connection, ReceivedRequest, Saw};
use jiff::Timestamp;

use crate::http::{ConnectionState, Request, Response};

/// Web sites of one simulated host, seen from outside.
pub trait Site: Send + Sync {
    /// Answers a request that HTTP.sys would hand to IIS.
    ///
    /// It decides, it does not act: it reads no clock but [`Visit::now`], waits for nothing and opens nothing. What it
    /// learns from the request (credentials, commands, uploads) it adds to [`Visit::observed`]; that is recorded,
    /// together with request and answer, before the first byte of the answer leaves.
    fn answer(&self, visit: &mut Visit<'_>, request: &Request) -> Response;
}

/// The circumstances of a request.
#[derive(Debug)]
pub struct Visit<'c> {
    /// When the request's head was complete.
    pub now: Timestamp,
    /// Where the client connected to.
    pub local: SocketAddr,
    /// Whether the connection is over TLS.
    pub secure: bool,
    /// What sites remember of the connection from request to request.
    pub state: &'c mut ConnectionState,
    /// What was seen beyond request and answer, in order.
    pub observed: Vec<Saw>,
}

/// Looks at a request and its status before both are recorded.
pub trait Detect: Send + Sync {
    /// Sets `received.detections` and may return more to record, after what the site observed.
    ///
    /// `received.request.status` is the status about to be answered; it is absent where no answer will be given.
    fn look(&self, connection: &Connection, request: &Request, received: &mut ReceivedRequest) -> Vec<Saw>;
}

/// Detects nothing.
#[cfg(test)]
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDetection;

#[cfg(test)]
impl Detect for NoDetection {
    fn look(&self, _: &Connection, _: &Request, _: &mut ReceivedRequest) -> Vec<Saw> {
        Vec::new()
    }
}
