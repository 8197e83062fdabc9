//! `NTLM` ([MS-NTHT]) and `Negotiate` (RFC 4559).
//!
//! Exchange turns IIS's kernel-mode authentication off (`useKernelMode="false"` in its `applicationHost.config`), so
//! the challenge comes in a 401 of IIS, not of HTTP.sys: the scheme asked for with its token, then the other scheme.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imker_event::{Blob, Credentials, NtlmAuthenticate, Saw, Secret, Text};
use imker_ntlm::{
    Authenticate, AvId, Challenge, Error, MessageType, Negotiate, NtResponse, ServerNames, Version,
    message_type, spnego,
};
use uuid::Uuid;

use super::check::{Asked, Decision, State, Step};
use super::credentials::{credentials, decode};
use super::offer;
use crate::persona::filetime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Negotiate,
    Ntlm,
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Ntlm => "NTLM",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Negotiate => Self::Ntlm,
            Self::Ntlm => Self::Negotiate,
        }
    }
}

/// How an NTLM message is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapping {
    Bare,
    Spnego,
}

impl Wrapping {
    fn wrap(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Bare => message.to_vec(),
            Self::Spnego => spnego::challenge(Some(message)),
        }
    }
}

pub(super) fn check(asked: &Asked<'_>, scheme: Scheme, token: &[u8], state: &mut State) -> Decision {
    let unread = |kind| {
        let sent = String::from_utf8_lossy(token);
        let place = String::from_utf8_lossy(&asked.request.path);
        let sent = credentials(kind, &place, "", Some(&sent), asked.own_domains);
        Decision::new(asked, Step::Refused, vec![Saw::Credentials(sent)])
    };
    let Some(bytes) = decode(token) else {
        return unread(match scheme {
            Scheme::Ntlm => imker_event::Scheme::Ntlm,
            Scheme::Negotiate => imker_event::Scheme::Kerberos,
        });
    };
    if scheme == Scheme::Ntlm || message_type(&bytes).is_some() {
        let read = ntlm(asked, scheme, Wrapping::Bare, &bytes, state);
        return read.unwrap_or_else(|_| unread(imker_event::Scheme::Ntlm));
    }
    match spnego::Token::parse(&bytes) {
        Ok(token) => match (token.ntlm(), &token) {
            (Some(message), _) => {
                let read = ntlm(asked, scheme, Wrapping::Spnego, message, state);
                read.unwrap_or_else(|_| unread(imker_event::Scheme::Ntlm))
            }
            // The client lists mechanisms and waits for the choice.
            (
                None,
                spnego::Token::Init {
                    mechanisms,
                    message: None,
                },
            ) if mechanisms.contains(&spnego::Mechanism::Ntlm) => {
                go_on(asked, scheme, &spnego::challenge(None), Vec::new())
            }
            _ => unread(imker_event::Scheme::Kerberos),
        },
        Err(_) => unread(imker_event::Scheme::Kerberos),
    }
}

fn ntlm(
    asked: &Asked<'_>,
    scheme: Scheme,
    wrapping: Wrapping,
    message: &[u8],
    state: &mut State,
) -> Result<Decision, Error> {
    match message_type(message) {
        Some(MessageType::Authenticate) => {
            let read = Authenticate::parse(message)?;
            let saw = captured(asked, &read, state.challenge.take(), message);
            Ok(Decision::new(asked, Step::Refused, saw))
        }
        Some(MessageType::Challenge) => Err(Error::Type {
            message: "NEGOTIATE_MESSAGE",
            found: 2,
        }),
        Some(MessageType::Negotiate) | None => {
            let read = Negotiate::parse(message)?;
            let nonce = random();
            state.challenge = Some(nonce);
            let challenge = challenge(asked, &read, nonce);
            let saw = Saw::NtlmNegotiate {
                flags: read.flags.0,
                domain: read.domain.as_deref().map(Text::from),
                workstation: read.workstation.as_deref().map(Text::from),
                version: read.version.map(|version| Text::from(&*version.to_string())),
            };
            Ok(go_on(
                asked,
                scheme,
                &wrapping.wrap(&challenge.encode()),
                vec![saw],
            ))
        }
    }
}

/// A 401 with a token.
fn go_on(asked: &Asked<'_>, scheme: Scheme, token: &[u8], saw: Vec<Saw>) -> Decision {
    let mut decision = Decision::new(asked, Step::Continue, saw);
    decision.windows = vec![
        offer::line(format!("{} {}", scheme.name(), STANDARD.encode(token))),
        offer::line(scheme.other().name()),
    ];
    decision
}

fn challenge(asked: &Asked<'_>, read: &Negotiate, nonce: [u8; 8]) -> Challenge {
    let persona = asked.persona;
    let fqdn = persona.fqdn();
    let (major, minor, build) = persona.windows.version;
    let names = ServerNames {
        netbios_domain: &persona.netbios_domain,
        netbios_computer: &persona.netbios_name,
        dns_domain: &persona.dns_domain,
        dns_computer: &fqdn,
        dns_tree: &persona.dns_forest,
    };
    let version = Version::new(major, minor, build);
    Challenge::answering(read.flags, &names, nonce, filetime(asked.now), version)
}

/// 64 random bits. A UUID has six bits that are not; folded, each meets a random one.
fn random() -> [u8; 8] {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    (high ^ low.rotate_left(8)).to_le_bytes()
}

fn captured(asked: &Asked<'_>, read: &Authenticate, nonce: Option<[u8; 8]>, message: &[u8]) -> Vec<Saw> {
    let pairs = match &read.nt_response {
        NtResponse::V2 {
            client: Some(client), ..
        } => Some(&client.pairs),
        _ => None,
    };
    let target = pairs.and_then(|pairs| pairs.text(AvId::TARGET_NAME));
    let authenticate = NtlmAuthenticate {
        flags: read.flags.0,
        domain: Text::from(&*read.domain),
        user: Text::from(&*read.user),
        workstation: Text::from(&*read.workstation),
        version: read.version.map(|version| Text::from(&*version.to_string())),
        challenge: nonce.map(|nonce| Text::from(&*format!("{:016x}", u64::from_be_bytes(nonce)))),
        target: target.as_deref().map(Text::from),
        v2: matches!(read.nt_response, NtResponse::V2 { .. }),
        raw: Blob(message.to_vec()),
    };
    // A cut line would be worth nothing; the message is recorded in any case.
    let line = nonce.and_then(|nonce| read.hashcat(nonce));
    let line = line.filter(|line| line.len() <= Text::MAX);
    let place = String::from_utf8_lossy(&asked.request.path);
    let sent = credentials(
        imker_event::Scheme::Ntlm,
        &place,
        &read.user,
        None,
        asked.own_domains,
    );
    let of_domain = |domain: &str| asked.own_domains.holds(domain);
    let credentials = Credentials {
        own_domain: sent.own_domain || of_domain(&read.domain),
        domain: match read.domain.is_empty() {
            true => sent.domain,
            false => Some(Text::from(&*read.domain)),
        },
        secret: line.map(|line| Secret(Text::from(&*line))),
        ..sent
    };
    vec![
        Saw::NtlmAuthenticate(Box::new(authenticate)),
        Saw::Credentials(credentials),
    ]
}
