//! The texts that a field's value may stand for: decoded, with blanks, folded in case.

use crate::decode::percent_decode;

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

    /// Adds the concatenation of `pieces`.
    pub(crate) fn add(&mut self, pieces: &[&[u8]]) {
        pieces
            .iter()
            .for_each(|piece| self.bytes.extend_from_slice(piece));
        self.ends.push(self.bytes.len());
    }

    /// Adds the last text percent-decoded once and twice, as far as that changes it.
    pub(crate) fn add_decoded(&mut self, spare: &mut Vec<u8>) {
        for _ in 0..2 {
            let last = self.get(self.len() - 1);
            if memchr::memchr(b'%', last).is_none() || !percent_decode(last, spare) {
                return;
            }
            self.add(&[spare]);
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
            fold(text, &mut self.bytes);
            self.ends.push(self.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

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
