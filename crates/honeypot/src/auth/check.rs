//! The answer to `Authorization`, or to its absence.

use std::borrow::Cow;

use imker_event::Saw;
use jiff::Timestamp;

use super::{OwnDomains, Schemes};
use crate::http::Request;
use crate::persona::Persona;

/// A header to send.
pub type HeaderLine = (Cow<'static, str>, Cow<'static, str>);

/// What is known of a request when its sender is to log on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The host.
    pub persona: &'a Persona,
    /// What the virtual directory accepts.
    pub schemes: Schemes,
    /// The operator's domains.
    pub own_domains: &'a OwnDomains,
    /// The request.
    pub request: &'a Request,
    /// The time told in NTLM's challenge.
    pub now: Timestamp,
}

/// What a connection remembers of a log-on; one a connection, dropped with it.
#[derive(Debug, Default)]
pub struct State {
    challenge: Option<[u8; 8]>,
}

/// A 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Why.
    pub step: Step,
    /// `WWW-Authenticate: Negotiate` and `NTLM`, and OAuth's; before `X-Powered-By`.
    pub windows: Vec<HeaderLine>,
    /// `WWW-Authenticate: Basic ...`; after `X-FEServer`.
    pub basic: Vec<HeaderLine>,
    /// `x-ms-diagnostics`, where a token was sent; after `request-id`.
    pub diagnostics: Option<HeaderLine>,
    /// IIS's substatus: 2 where nothing was sent, 1 where it was refused.
    pub substatus: u16,
    /// `sc-win32-status` in IIS's log.
    pub win32_status: u32,
    /// What to record, in this order.
    pub saw: Vec<Saw>,
}

/// How far a log-on got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// No credentials were sent.
    Asked,
    /// NTLM goes on: the 401 carries a challenge, and the connection has to stay open.
    Continue,
    /// Credentials were sent, recorded and refused.
    Refused,
}

/// Reads what the client sent to log on, and refuses it.
pub fn check(asked: &Asked<'_>, state: &mut State) -> Decision {
    let _ = (asked, &state.challenge);
    Decision {
        step: Step::Asked,
        windows: Vec::new(),
        basic: Vec::new(),
        diagnostics: None,
        substatus: 2,
        win32_status: 5,
        saw: Vec::new(),
    }
}
