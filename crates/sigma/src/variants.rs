//! The texts that a field's value may stand for: decoded, with blanks, folded in case.

/// Percent-decodes into `out`: `%XX` (RFC 3986) and `%uXXXX` (IIS); what is no such escape stays.
/// Says whether anything was decoded.
pub(crate) fn percent_decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    let mut decoded = false;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if let Some(byte) = hex(rest.get(1..3)) {
            out.push(byte as u8);
            rest = &rest[3..];
            decoded = true;
        } else if let Some((char, length)) = unicode_escape(rest) {
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[length..];
            decoded = true;
        } else {
            out.push(b'%');
            rest = &rest[1..];
        }
    }
    out.extend_from_slice(rest);
    decoded
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(*digit).to_digit(16)?)
    })
}

/// The character of the `%uXXXX` that `text` starts with, and the bytes that it takes; two for a pair of
/// surrogates, U+FFFD for half a pair.
fn unicode_escape(text: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let marked =
            text.get(at) == Some(&b'%') && text.get(at + 1).is_some_and(|u| u.eq_ignore_ascii_case(&b'u'));
        if marked {
            hex(text.get(at + 2..at + 6))
        } else {
            None
        }
    };
    let high = unit(0)?;
    if let (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) = (high, unit(6)) {
        let pair = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return Some((char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), 12));
    }
    Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

/// Folds `text` in case into `out`: ASCII letters, and other letters where the text is UTF-8. A letter
/// beyond ASCII never becomes an ASCII one (as the Kelvin sign would), so that an ASCII text can be
/// searched for in bytes without decoding them.
pub(crate) fn fold(text: &[u8], out: &mut Vec<u8>) {
    if text.is_ascii() {
        let start = out.len();
        out.extend_from_slice(text);
        out[start..].make_ascii_lowercase();
        return;
    }
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars() {
            let mut push = |char: char| out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            if char.is_ascii() {
                push(char.to_ascii_lowercase());
            } else if char.to_lowercase().any(|lower| lower.is_ascii()) {
                push(char);
            } else {
                char.to_lowercase().for_each(push);
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
}

/// [`fold`]ed copy.
pub(crate) fn folded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    fold(text, &mut out);
    out
}

/// Texts one after the other in one buffer, so that a line needs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Adds a text that `write` appends; dropped again where `write` says `false`.
    fn add_with(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let start = self.bytes.len();
        let keep = write(&mut self.bytes);
        if keep {
            self.ends.push(self.bytes.len());
        } else {
            self.bytes.truncate(start);
        }
        keep
    }

    /// Adds the concatenation of `pieces`.
    pub(crate) fn add(&mut self, pieces: &[&[u8]]) {
        self.add_with(|out| {
            pieces.iter().for_each(|piece| out.extend_from_slice(piece));
            true
        });
    }

    /// Adds the last text percent-decoded once and twice, as far as that changes it.
    pub(crate) fn add_decoded(&mut self, spare: &mut Vec<u8>) {
        for _ in 0..2 {
            spare.clear();
            spare.extend_from_slice(self.get(self.len() - 1));
            if memchr::memchr(b'%', spare).is_none() || !self.add_with(|out| percent_decode(spare, out)) {
                return;
            }
        }
    }

    /// Adds the last text with `+` as a blank, where it has one.
    pub(crate) fn add_blanks(&mut self, spare: &mut Vec<u8>) {
        spare.clear();
        spare.extend_from_slice(self.get(self.len() - 1));
        if memchr::memchr(b'+', spare).is_some() {
            spare
                .iter_mut()
                .filter(|byte| **byte == b'+')
                .for_each(|byte| *byte = b' ');
            self.add(&[spare]);
        }
    }

    /// Becomes the folded copies of `texts`.
    pub(crate) fn fold_from(&mut self, texts: &Self) {
        self.clear();
        for text in texts.iter() {
            self.add_with(|out| {
                fold(text, out);
                true
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let mut out = Vec::new();
        percent_decode(text.as_bytes(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn escapes_are_decoded_and_others_kept() {
        assert_eq!(decoded("a%2fb%2Fc"), "a/b/c");
        assert_eq!(decoded("%u002e%U002E%u00e4"), "..ä");
        assert_eq!(decoded("%ud83d%ude00|%ud83d|%ude00"), "😀|\u{fffd}|\u{fffd}");
        assert_eq!(decoded("%|%2|%zz|%u12|%%41"), "%|%2|%zz|%u12|%A");
        assert_eq!(decoded("%252e"), "%2e");
        assert_eq!(decoded("%+1%-1"), "%+1%-1");
    }

    #[test]
    fn folding_keeps_ascii_ascii() {
        let fold = |text: &str| String::from_utf8(folded(text.as_bytes())).unwrap();
        assert_eq!(fold("ÄRGER/Owa"), "ärger/owa");
        assert_eq!(fold("\u{212a}\u{130}"), "\u{212a}\u{130}");
        assert_eq!(folded(b"A\xffB"), b"a\xffb");
    }

    #[test]
    fn variants_are_added_only_where_they_differ() {
        let mut texts = Texts::default();
        let mut spare = Vec::new();
        let list = |texts: &Texts| {
            texts
                .iter()
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .collect::<Vec<_>>()
        };
        texts.add(&[b"/a", b"?", b"%2540"]);
        texts.add_decoded(&mut spare);
        assert_eq!(list(&texts), ["/a?%2540", "/a?%40", "/a?@"]);
        texts.clear();
        texts.add(&[b"100%"]);
        texts.add_decoded(&mut spare);
        texts.add(&[b"a+b"]);
        texts.add_blanks(&mut spare);
        assert_eq!(list(&texts), ["100%", "a+b", "a b"]);
        let mut folded = Texts::default();
        texts.clear();
        texts.add(&[b"AbC"]);
        folded.fold_from(&texts);
        assert_eq!(list(&folded), ["abc"]);
    }
}
