//! Host names in one form.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::WhyBad;

/// Lower-case ASCII without a dot at the end. Underscores are let through: Windows' names have them.
pub(super) fn canonical(text: &str) -> Result<String, WhyBad> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return Err(WhyBad::NoHost);
    }
    if is_range(text) {
        return Err(WhyBad::Range);
    }
    let plain = text.is_ascii() && !text.split('.').any(|label| starts_with_xn(label.as_bytes()));
    let name: Cow<'_, str> = if plain {
        text.into()
    } else {
        Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::URL,
                Hyphens::Allow,
                DnsLength::Verify,
            )
            .map_err(|_| WhyBad::Name)?
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(WhyBad::Name);
    }
    // RFC 1123 2.1: the last label of a name is never a number, so that addresses can be told from names.
    if name.rsplit('.').next().is_some_and(is_number) {
        return Err(WhyBad::Address);
    }
    Ok(name.to_ascii_lowercase())
}

fn starts_with_xn(label: &[u8]) -> bool {
    label
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"))
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    (1..=63).contains(&bytes.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Also `0x7f`, which resolvers of C libraries take for an address's part.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    label.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `192.0.2.1-20` and `192.0.2.*`, which nmap understands.
fn is_range(name: &str) -> bool {
    name.bytes().any(|byte| matches!(byte, b'-' | b'*'))
        && name.bytes().filter(|byte| *byte == b'.').count() == 3
        && name
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'*'))
}
