//! The answer to `Authorization`, or to its absence.

use std::borrow::Cow;

use imker_event::{Saw, Scheme};
use jiff::Timestamp;

use super::credentials::{basic, bearer, credentials};
use super::{OwnDomains, Schemes, offer, windows};
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The challenge sent last, until it is answered.
    pub(super) challenge: Option<[u8; 8]>,
}

/// A 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Why.
    pub step: Step,
    /// `WWW-Authenticate: Negotiate` and `NTLM`; before `X-Powered-By`.
    pub windows: Vec<HeaderLine>,
    /// `WWW-Authenticate: Bearer ...` to who sent a token, and `Basic ...`; after `X-FEServer`.
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

impl Step {
    /// Substatus and Win32 status in IIS's log: ERROR_ACCESS_DENIED, SEC_E_NO_CREDENTIALS (so is a handshake that
    /// goes on), SEC_E_LOGON_DENIED.
    const fn statuses(self) -> (u16, u32) {
        match self {
            Self::Asked => (2, 5),
            Self::Continue => (1, 0x8009_030e),
            Self::Refused => (1, 0x8009_030c),
        }
    }
}

impl Decision {
    /// A 401 that offers what the directory accepts.
    pub(super) fn new(asked: &Asked<'_>, step: Step, saw: Vec<Saw>) -> Self {
        let (substatus, win32_status) = step.statuses();
        Self {
            step,
            windows: match asked.schemes.windows {
                true => vec![offer::line("Negotiate"), offer::line("NTLM")],
                false => Vec::new(),
            },
            basic: match asked.schemes.basic {
                true => vec![offer::basic(asked)],
                false => Vec::new(),
            },
            diagnostics: None,
            substatus,
            win32_status,
            saw,
        }
    }
}

/// Reads what the client sent to log on, has it recorded, and refuses it.
///
/// A scheme that the directory does not accept is answered as if nothing had been sent, and recorded all the same.
pub fn check(asked: &Asked<'_>, state: &mut State) -> Decision {
    let Some(value) = asked.request.header("Authorization") else {
        return Decision::new(asked, Step::Asked, Vec::new());
    };
    let (scheme, token) = match value.iter().position(u8::is_ascii_whitespace) {
        Some(blank) => (&value[..blank], value[blank..].trim_ascii()),
        None => (value, &b""[..]),
    };
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    let before = state.challenge;
    if is("Bearer") {
        return oauth(asked, token);
    }
    let mut decision = if token.is_empty() {
        Decision::new(asked, Step::Asked, Vec::new())
    } else if is("NTLM") {
        windows::check(asked, windows::Scheme::Ntlm, token, state)
    } else if is("Negotiate") {
        windows::check(asked, windows::Scheme::Negotiate, token, state)
    } else if is("Basic") {
        let (username, secret) = basic(token);
        let place = String::from_utf8_lossy(&asked.request.path);
        let sent = credentials(Scheme::Basic, &place, &username, Some(&secret), asked.own_domains);
        Decision::new(asked, Step::Refused, vec![Saw::Credentials(sent)])
    } else {
        Decision::new(asked, Step::Asked, Vec::new())
    };
    let accepted = match is("Basic") {
        true => asked.schemes.basic,
        false => asked.schemes.windows,
    };
    if !accepted {
        if decision.step == Step::Continue {
            state.challenge = before;
        }
        decision = Decision::new(asked, Step::Asked, decision.saw);
    }
    decision
}

/// A token, or the bare word by which Outlook asks for OAuth's parameters.
fn oauth(asked: &Asked<'_>, token: &[u8]) -> Decision {
    let (step, saw) = match token {
        [] => (Step::Asked, Vec::new()),
        token => {
            let sent = bearer(&asked.request.path, token, asked.own_domains);
            (Step::Refused, vec![Saw::Credentials(sent)])
        }
    };
    let mut decision = Decision::new(asked, step, saw);
    if asked.schemes.oauth {
        decision.basic.insert(0, offer::bearer(asked));
        decision.diagnostics = offer::diagnostics(asked, token);
    }
    decision
}
