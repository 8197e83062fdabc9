//! WAP Binary XML, in which ActiveSync's commands are ([MS-ASWBXML]).

use std::borrow::Cow;

use super::Copy;

/// Version 1.3, no public identifier, UTF-8, no table of strings: what [MS-ASWBXML] section 2.1.2.1 prescribes.
const HEAD: [u8; 4] = [0x03, 0x01, 0x6a, 0x00];

/// Code page and token of elements with passwords: in Search, Settings and ItemOperations.
const PASSWORDS: [(u8, u8); 3] = [(15, 0x1f), (18, 0x15), (20, 0x15)];

/// Masks passwords; what is no such document stays.
pub(super) fn masked(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(&HEAD) {
        return Cow::Borrowed(body);
    }
    let mut copy = Copy::of(body);
    let (mut at, mut page, mut element) = (HEAD.len(), 0, (0, 0));
    while let Some(token) = body.get(at) {
        at += 1;
        match token {
            // SWITCH_PAGE
            0x00 => {
                page = body.get(at).copied().unwrap_or_default();
                at += 1;
            }
            // STR_I
            0x03 => {
                let rest = &body[at..];
                let end = at + memchr::memchr(0, rest).unwrap_or(rest.len());
                if PASSWORDS.contains(&element) {
                    copy.mask(at, end);
                }
                at = end + 1;
            }
            // OPAQUE, behind a length in groups of seven bits
            0xc3 => {
                let mut length = 0_usize;
                while let Some(byte) = body.get(at) {
                    at += 1;
                    length = length
                        .saturating_mul(128)
                        .saturating_add(usize::from(byte & 0x7f));
                    if byte & 0x80 == 0 {
                        break;
                    }
                }
                let end = at.saturating_add(length).min(body.len());
                if PASSWORDS.contains(&element) {
                    copy.mask(at, end);
                }
                at = end;
            }
            // END
            0x01 => element = (0, 0),
            tag => element = (page, tag & 0x3f),
        }
    }
    copy.finish()
}
