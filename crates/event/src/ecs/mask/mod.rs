use std::borrow::Cow;

use crate::{Blob, Saw, SensorEvent, Text};

mod body;
mod head;
mod names;
mod pairs;
mod wbxml;

/// What stands where a secret was.
pub const MASKED: &str = "[masked]";

/// Takes secrets out of an event: the secret of [`Saw::Credentials`], the NTLM response, `Authorization` and
/// `Proxy-Authorization` in heads (the scheme stays), and whatever has a name that speaks of a secret (it contains
/// `pass`, `pwd`, `secret`, `token`, `credential` or `apikey`, is `auth`, or begins with `cadata`, as the cookies do
/// in which OWA keeps a password): headers, cookies, parameters of queries and forms, members of JSON, elements and
/// attributes of XML, passwords in WBXML, parts of `multipart/form-data`.
///
/// A body from which something was taken loses its hash too, for whoever knows the rest could try passwords against
/// it; so does an upload that is such a body and no script. Compressed bodies and the other uploads, which are named by their hash
/// alone, are left.
pub fn mask(event: &mut SensorEvent) {
    match &mut event.saw {
        Saw::Credentials(credentials) => {
            credentials.secret = None;
            replace_text(&mut credentials.place);
        }
        Saw::NtlmAuthenticate(message) => message.raw = Blob::default(),
        Saw::WebRequest(received) => {
            replace(&mut received.head, head::masked_with_rest);
            if replace(&mut received.body_start, body::masked) {
                received.body.sha256 = Text::default();
            }
            let request = &mut received.request;
            replace_text(&mut request.uri_stem);
            for text in [&mut request.uri_query, &mut request.referer]
                .into_iter()
                .flatten()
            {
                replace_text(text);
            }
        }
        // Answers repeat what they redirect from.
        Saw::WebResponse {
            head,
            body,
            body_start,
            ..
        } => {
            replace(head, head::masked);
            if replace(body_start, pairs::in_markup) {
                body.sha256 = Text::default();
            }
        }
        Saw::WebRequestRefused { received: head, .. }
        | Saw::WebRequestContinued { head }
        | Saw::TlsFailed { received: head, .. } => {
            replace(head, head::masked_with_rest);
        }
        Saw::Command { script, .. } => replace_text(script),
        Saw::Upload {
            name,
            content,
            secrets,
        } => {
            if let Some(name) = name {
                replace_text(name);
            }
            if *secrets {
                content.sha256 = Text::default();
            }
        }
        // Named one by one, so that whoever adds a kind asks whether it holds secrets.
        Saw::SensorStarted { .. }
        | Saw::SensorStopped {}
        | Saw::Gap(_)
        | Saw::ConnectionOpened {}
        | Saw::ConnectionClosed { .. }
        | Saw::TlsHello(_)
        | Saw::TlsEstablished { .. }
        | Saw::NtlmNegotiate { .. }
        | Saw::StageReached(_) => {}
    }
}

/// Whether [`mask`] takes anything from this body of a request.
pub fn holds_secrets(body: &[u8]) -> bool {
    matches!(body::masked(body), Cow::Owned(_))
}

/// A path or query (without the question mark) in which the values of parameters that are named like secrets are
/// masked, as [`mask`] does it.
pub fn mask_query(query: &str) -> Cow<'_, str> {
    match pairs::in_query(query.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(query),
        Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
    }
}

fn replace_text(text: &mut Text) {
    if let Cow::Owned(masked) = mask_query(text.as_str()) {
        *text = Text::from(&*masked);
    }
}

/// Whether anything was masked.
fn replace(blob: &mut Blob, mask: fn(&[u8]) -> Cow<'_, [u8]>) -> bool {
    let Cow::Owned(masked) = mask(&blob.0) else {
        return false;
    };
    blob.0 = masked;
    true
}

/// One masking after another.
fn then<'t>(text: Cow<'t, [u8]>, mask: fn(&[u8]) -> Cow<'_, [u8]>) -> Cow<'t, [u8]> {
    match text {
        Cow::Borrowed(text) => mask(text),
        Cow::Owned(text) => {
            let masked = match mask(&text) {
                Cow::Owned(masked) => Some(masked),
                Cow::Borrowed(_) => None,
            };
            Cow::Owned(masked.unwrap_or(text))
        }
    }
}

/// Text in which some places are replaced by [`MASKED`].
struct Copy<'t> {
    text: &'t [u8],
    masked: Vec<u8>,
    copied: usize,
}

impl<'t> Copy<'t> {
    fn of(text: &'t [u8]) -> Self {
        Self {
            text,
            masked: Vec::new(),
            copied: 0,
        }
    }

    /// Masks `from..to`, which lies behind what was masked before; nothing where it is empty.
    fn mask(&mut self, from: usize, to: usize) {
        if from < self.copied || from >= to {
            return;
        }
        self.masked.extend_from_slice(&self.text[self.copied..from]);
        self.masked.extend_from_slice(MASKED.as_bytes());
        self.copied = to;
    }

    fn finish(mut self) -> Cow<'t, [u8]> {
        if self.copied == 0 {
            return Cow::Borrowed(self.text);
        }
        self.masked.extend_from_slice(&self.text[self.copied..]);
        Cow::Owned(self.masked)
    }
}
