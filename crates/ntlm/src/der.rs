//! As much of DER (X.690) as SPNEGO needs: one-byte tags, definite lengths up to 32 bits.

use crate::error::Error;

pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const OBJECT_ID: u8 = 0x06;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[APPLICATION 0]`, constructed.
pub(crate) const APPLICATION_0: u8 = 0x60;

/// `[n]`, constructed.
pub(crate) const fn context(n: u8) -> u8 {
    0xa0 | n
}

/// Elements one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a>(pub &'a [u8]);

impl<'a> Elements<'a> {
    /// The next element: tag and content; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Error> {
        let Some((&tag, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        if tag & 0x1f == 0x1f {
            return Err(Error::Der("a tag of several bytes"));
        }
        let (&first, rest) = rest.split_first().ok_or(Error::Der("cut off before a length"))?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let (digits, rest) = rest
                    .split_at_checked(count)
                    .ok_or(Error::Der("cut off in a length"))?;
                let length = digits
                    .iter()
                    .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
                (usize::try_from(length).unwrap_or(usize::MAX), rest)
            }
            _ => return Err(Error::Der("an indefinite length, or one of more than 32 bits")),
        };
        let (content, rest) = rest
            .split_at_checked(length)
            .ok_or(Error::Der("an element longer than what holds it"))?;
        self.0 = rest;
        Ok(Some((tag, content)))
    }

    /// The content of the next element, which must have this tag.
    pub fn expect(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], Error> {
        match self.next()? {
            Some((found, content)) if found == tag => Ok(content),
            _ => Err(Error::Der(what)),
        }
    }
}

/// An element.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        length @ 0..=0x7f => bytes.push(length as u8),
        length => {
            let digits = (length as u64).to_be_bytes();
            let digits = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
            bytes.push(0x80 | digits.len() as u8);
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}
