use std::borrow::Cow;

use crate::{Blob, Saw, SensorEvent, Text};

/// What stands where a secret was.
pub const MASKED: &str = "[masked]";

/// Takes secrets out of an event: the secret of [`Saw::Credentials`], the NTLM response, `Authorization` and
/// `Proxy-Authorization` in heads (the scheme stays), and form parameters, in queries and bodies, whose name contains
/// `pass`, `pwd`, `secret` or `token`.
///
/// A body from which a password was taken loses its hash too, for whoever knows the form could try passwords against
/// it. Bodies in other forms than that of HTML forms, and uploads, which are named by their hash alone, are left.
pub fn mask(event: &mut SensorEvent) {
    match &mut event.saw {
        Saw::Credentials(credentials) => credentials.secret = None,
        Saw::NtlmAuthenticate(message) => message.raw = Blob::default(),
        Saw::WebRequest(received) => {
            replace(&mut received.head, mask_head);
            if replace(&mut received.body_start, mask_form) {
                received.body.sha256 = Text::default();
            }
            for text in [&mut received.request.uri_query, &mut received.request.referer]
                .into_iter()
                .flatten()
            {
                if let Cow::Owned(masked) = mask_form(text.as_str().as_bytes()) {
                    *text = Text::from_bytes(&masked);
                }
            }
        }
        Saw::WebRequestRefused { received: head, .. }
        | Saw::WebRequestContinued { head }
        | Saw::TlsFailed { received: head, .. } => {
            replace(head, mask_head);
        }
        // Named one by one, so that whoever adds a kind asks whether it holds secrets.
        Saw::SensorStarted { .. }
        | Saw::SensorStopped {}
        | Saw::Gap(_)
        | Saw::ConnectionOpened {}
        | Saw::ConnectionClosed { .. }
        | Saw::TlsHello(_)
        | Saw::TlsEstablished { .. }
        | Saw::WebResponse { .. }
        | Saw::NtlmNegotiate { .. }
        | Saw::Command { .. }
        | Saw::Upload { .. }
        | Saw::StageReached(_) => {}
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

/// Masks a request's head: parameters in its first line and its `Referer`, and credentials in its headers, folded
/// lines (RFC 9112, section 5.2) included.
fn mask_head(head: &[u8]) -> Cow<'_, [u8]> {
    let mut masked = Vec::with_capacity(head.len());
    let mut changed = false;
    let mut folded_secret = false;
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let folded = number > 0 && line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        folded_secret &= folded;
        if folded_secret {
            changed = true;
            continue;
        }
        match secret_at(line) {
            Some(from) if number > 0 => {
                masked.extend_from_slice(&line[..from]);
                masked.extend_from_slice(MASKED.as_bytes());
                masked.extend_from_slice(&line[line.trim_ascii_end().len()..]);
                (changed, folded_secret) = (true, true);
            }
            _ => {
                let line = mask_form(line);
                changed |= matches!(line, Cow::Owned(_));
                masked.extend_from_slice(&line);
            }
        }
    }
    if changed {
        Cow::Owned(masked)
    } else {
        Cow::Borrowed(head)
    }
}

/// Where the secret begins in a header line that carries credentials: after the scheme, where there is one.
fn secret_at(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii();
    if !name.eq_ignore_ascii_case(b"authorization") && !name.eq_ignore_ascii_case(b"proxy-authorization") {
        return None;
    }
    let value = line[colon + 1..].trim_ascii();
    let value_at = line.len() - line[colon + 1..].trim_ascii_start().len();
    let scheme = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let has_scheme = value.get(scheme).is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    Some(if has_scheme {
        value_at + scheme + 1
    } else {
        value_at
    })
}

/// Masks the values of form parameters (`application/x-www-form-urlencoded`) whose names speak of secrets.
fn mask_form(form: &[u8]) -> Cow<'_, [u8]> {
    let is_end = |byte: &u8| matches!(byte, b'&' | b'?' | b';' | b'#') || byte.is_ascii_whitespace();
    let mut masked = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while at < form.len() {
        let end = form[at..]
            .iter()
            .position(is_end)
            .map_or(form.len(), |length| at + length);
        let equals = memchr::memchr(b'=', &form[at..end]).map(|length| at + length);
        if let Some(equals) = equals.filter(|equals| equals + 1 < end && is_secret(&form[at..*equals])) {
            masked.extend_from_slice(&form[copied..=equals]);
            masked.extend_from_slice(MASKED.as_bytes());
            copied = end;
        }
        at = end + 1;
    }
    if copied == 0 {
        return Cow::Borrowed(form);
    }
    masked.extend_from_slice(&form[copied..]);
    Cow::Owned(masked)
}

/// Whether a parameter's name, percent-encoding undone, speaks of a secret.
fn is_secret(name: &[u8]) -> bool {
    let hex = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut decoded = String::new();
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        let escaped = match (byte, name.get(at + 1), name.get(at + 2)) {
            (b'%', Some(high), Some(low)) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        let (byte, length) = escaped.map_or((*byte, 1), |(high, low)| (high << 4 | low, 3));
        decoded.push(char::from(byte.to_ascii_lowercase()));
        at += length;
    }
    ["pass", "pwd", "secret", "token"]
        .iter()
        .any(|word| decoded.contains(word))
}
