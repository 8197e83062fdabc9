//! SPNEGO (RFC 4178): what HTTP's `Negotiate` carries (RFC 4559).
//!
//! Windows also takes and sends a bare NTLM message in its place.

use crate::der::{APPLICATION_0, ENUMERATED, Elements, OBJECT_ID, OCTET_STRING, SEQUENCE, context, element};
use crate::error::Error;
use crate::message::message_type;

/// 1.3.6.1.5.5.2.
const SPNEGO: &[u8] = b"\x2b\x06\x01\x05\x05\x02";
/// 1.3.6.1.4.1.311.2.2.10.
const NTLMSSP: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
/// 1.2.840.113554.1.2.2.
const KERBEROS: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
/// 1.2.840.48018.1.2.2: what Windows 2000 took it for.
const MS_KERBEROS: &[u8] = b"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";
/// 1.3.6.1.4.1.311.2.2.30: NEGOEX.
const NEGOEX: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e";

/// Mechanisms of a list that are read.
const MECHANISMS: usize = 32;

/// A mechanism to authenticate by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// NTLM.
    Ntlm,
    /// Kerberos, by either of its numbers.
    Kerberos,
    /// NEGOEX ([MS-NEGOEX]).
    NegoEx,
    /// Another.
    Other,
}

impl Mechanism {
    fn of(id: &[u8]) -> Self {
        match id {
            NTLMSSP => Self::Ntlm,
            KERBEROS | MS_KERBEROS => Self::Kerberos,
            NEGOEX => Self::NegoEx,
            _ => Self::Other,
        }
    }
}

/// How far a negotiation got (`NegState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Done.
    AcceptCompleted,
    /// More is to come.
    AcceptIncomplete,
    /// Refused.
    Reject,
    /// As accept-incomplete, and a MIC is asked for.
    RequestMic,
}

/// What a token carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// A mechanism's own message without SPNEGO: NTLM's, or Kerberos's in the framing of RFC 2743.
    Bare(Mechanism, &'a [u8]),
    /// NegTokenInit: the client's first.
    Init {
        /// Mechanisms, the preferred one first; at most 32.
        mechanisms: Vec<Mechanism>,
        /// The first one's first message.
        message: Option<&'a [u8]>,
    },
    /// NegTokenResp: all others.
    Response {
        /// How far it got.
        state: Option<State>,
        /// The mechanism chosen.
        mechanism: Option<Mechanism>,
        /// The mechanism's message.
        message: Option<&'a [u8]>,
    },
}

impl<'a> Token<'a> {
    /// Reads a token.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if message_type(bytes).is_some() {
            return Ok(Self::Bare(Mechanism::Ntlm, bytes));
        }
        match Elements(bytes).next()? {
            Some((APPLICATION_0, content)) => {
                let mut framed = Elements(content);
                let id = framed.expect(OBJECT_ID, "no mechanism in the frame")?;
                if id != SPNEGO {
                    return Ok(Self::Bare(Mechanism::of(id), framed.0));
                }
                Self::init(framed.expect(context(0), "no NegTokenInit in the frame")?)
            }
            // Some clients leave the frame of RFC 2743 out.
            Some((tag, content)) if tag == context(0) => Self::init(content),
            Some((tag, content)) if tag == context(1) => Self::response(content),
            _ => Err(Error::Der("neither NegTokenInit nor NegTokenResp")),
        }
    }

    fn init(content: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Elements(Elements(content).expect(SEQUENCE, "NegTokenInit is no sequence")?);
        let (mut mechanisms, mut message) = (Vec::new(), None);
        while let Some((tag, content)) = fields.next()? {
            if tag == context(0) {
                let list = Elements(content).expect(SEQUENCE, "mechTypes is no sequence")?;
                let mut list = Elements(list);
                while !list.0.is_empty() && mechanisms.len() < MECHANISMS {
                    let id = list.expect(OBJECT_ID, "mechTypes holds more than mechanisms")?;
                    mechanisms.push(Mechanism::of(id));
                }
            } else if tag == context(2) {
                message = Some(Elements(content).expect(OCTET_STRING, "mechToken is no octet string")?);
            }
        }
        Ok(Self::Init { mechanisms, message })
    }

    fn response(content: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Elements(Elements(content).expect(SEQUENCE, "NegTokenResp is no sequence")?);
        let (mut state, mut mechanism, mut message) = (None, None, None);
        while let Some((tag, content)) = fields.next()? {
            let mut content = Elements(content);
            if tag == context(0) {
                state = match content.expect(ENUMERATED, "negState is no enumeration")? {
                    [0] => Some(State::AcceptCompleted),
                    [1] => Some(State::AcceptIncomplete),
                    [2] => Some(State::Reject),
                    [3] => Some(State::RequestMic),
                    _ => return Err(Error::Der("negState has no such value")),
                };
            } else if tag == context(1) {
                mechanism = Some(Mechanism::of(
                    content.expect(OBJECT_ID, "supportedMech is no mechanism")?,
                ));
            } else if tag == context(2) {
                message = Some(content.expect(OCTET_STRING, "responseToken is no octet string")?);
            }
        }
        Ok(Self::Response {
            state,
            mechanism,
            message,
        })
    }

    /// The NTLM message in it.
    pub fn ntlm(&self) -> Option<&'a [u8]> {
        let message = match self {
            Self::Bare(_, message) => Some(*message),
            Self::Init { message, .. } | Self::Response { message, .. } => *message,
        };
        message.filter(|message| message_type(message).is_some())
    }
}

/// NegTokenInit that offers NTLM alone, with its NEGOTIATE message: a client's first token.
pub fn init(negotiate: &[u8]) -> Vec<u8> {
    let mechanisms = element(SEQUENCE, &element(OBJECT_ID, NTLMSSP));
    let fields = [
        element(context(0), &mechanisms),
        element(context(2), &element(OCTET_STRING, negotiate)),
    ];
    let token = element(context(0), &element(SEQUENCE, &fields.concat()));
    element(APPLICATION_0, &[element(OBJECT_ID, SPNEGO), token].concat())
}

/// NegTokenResp of a server: accept-incomplete, NTLM, and its CHALLENGE message, where the client sent a message to
/// answer.
pub fn challenge(challenge: Option<&[u8]>) -> Vec<u8> {
    let mut fields = element(context(0), &element(ENUMERATED, &[1]));
    fields.extend(element(context(1), &element(OBJECT_ID, NTLMSSP)));
    if let Some(challenge) = challenge {
        fields.extend(element(context(2), &element(OCTET_STRING, challenge)));
    }
    element(context(1), &element(SEQUENCE, &fields))
}

/// NegTokenResp of a client: its AUTHENTICATE message.
pub fn authenticate(authenticate: &[u8]) -> Vec<u8> {
    let field = element(context(2), &element(OCTET_STRING, authenticate));
    element(context(1), &element(SEQUENCE, &field))
}
