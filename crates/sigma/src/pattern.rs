//! Texts with wildcards, as Sigma writes them: `*` for any text, `?` for one character.

use memchr::memmem;
use rsigma_parser::{SigmaString, SpecialChar, StringPart};

/// A piece of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(Vec<u8>),
    OneChar,
}

/// A pattern: segments with any text between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Vec<Vec<Piece>>,
}

impl Pattern {
    /// The pattern of a Sigma text, its literals passed through `change`.
    pub(crate) fn new(text: &SigmaString, change: impl Fn(&str) -> Vec<u8>) -> Self {
        let mut segments = vec![Vec::new()];
        for part in &text.parts {
            let last = segments.len() - 1;
            match part {
                StringPart::Plain(plain) => segments[last].push(Piece::Literal(change(plain))),
                StringPart::Special(SpecialChar::WildcardSingle) => segments[last].push(Piece::OneChar),
                StringPart::Special(SpecialChar::WildcardMulti) => segments.push(Vec::new()),
            }
        }
        Self { segments }
    }

    /// Allows any text before.
    pub(crate) fn open_start(mut self) -> Self {
        if self.segments.first().is_some_and(|segment| !segment.is_empty()) {
            self.segments.insert(0, Vec::new());
        }
        self
    }

    /// Allows any text behind.
    pub(crate) fn open_end(mut self) -> Self {
        if self.segments.last().is_some_and(|segment| !segment.is_empty()) {
            self.segments.push(Vec::new());
        }
        self
    }

    /// Whether every text matches.
    pub(crate) fn is_anything(&self) -> bool {
        self.segments.len() > 1 && self.segments.iter().all(Vec::is_empty)
    }

    /// The literal that the pattern asks a text to contain, where it asks no more.
    pub(crate) fn as_contained(&self) -> Option<&[u8]> {
        match &self.segments[..] {
            [start, middle, end] if start.is_empty() && end.is_empty() => match &middle[..] {
                [Piece::Literal(literal)] => Some(literal),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the pattern matches every text with a part that it matches.
    pub(crate) fn grows(&self) -> bool {
        let is_open = |segment: Option<&Vec<Piece>>| segment.is_some_and(Vec::is_empty);
        self.segments.len() > 1
            && is_open(self.segments.first())
            && is_open(self.segments.last())
            && !self
                .segments
                .iter()
                .flatten()
                .any(|piece| *piece == Piece::OneChar)
    }

    /// The literals, all of which stand in a text that matches.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(&literal[..]),
            Piece::OneChar => None,
        })
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let [first, middle @ .., last] = &self.segments[..] else {
            return self
                .segments
                .first()
                .is_some_and(|only| match_start(only, text) == Some(text.len()));
        };
        let Some(start) = match_start(first, text) else {
            return false;
        };
        let Some(end) = match_end(last, text) else {
            return false;
        };
        let mut at = start;
        for segment in middle {
            match find(segment, text, at) {
                Some(end) => at = end,
                None => return false,
            }
        }
        at <= end
    }
}

/// The end of the segment where `text` starts with it.
fn match_start(segment: &[Piece], text: &[u8]) -> Option<usize> {
    segment.iter().try_fold(0, |at, piece| match piece {
        Piece::Literal(literal) => text[at..].starts_with(literal).then(|| at + literal.len()),
        Piece::OneChar => (at < text.len()).then(|| at + char_length(&text[at..])),
    })
}

/// The start of the segment where `text` ends with it.
fn match_end(segment: &[Piece], text: &[u8]) -> Option<usize> {
    segment
        .iter()
        .rev()
        .try_fold(text.len(), |end, piece| match piece {
            Piece::Literal(literal) => text[..end].ends_with(literal).then(|| end - literal.len()),
            Piece::OneChar => (end > 0).then(|| end - last_char_length(&text[..end])),
        })
}

/// The end of the segment's first match at or behind `from`.
fn find(segment: &[Piece], text: &[u8], from: usize) -> Option<usize> {
    let Some(Piece::Literal(anchor)) = segment.first() else {
        // A segment that starts with `?` is tried at every character.
        let mut at = from;
        while at <= text.len() {
            if let Some(length) = match_start(segment, &text[at..]) {
                return Some(at + length);
            }
            at += text
                .get(at..)
                .map_or(1, |rest| if rest.is_empty() { 1 } else { char_length(rest) });
        }
        return None;
    };
    let finder = memmem::Finder::new(anchor);
    let mut at = from;
    while let Some(offset) = finder.find(text.get(at..)?) {
        at += offset;
        if let Some(length) = match_start(segment, &text[at..]) {
            return Some(at + length);
        }
        at += 1;
    }
    None
}

/// Bytes of the character that `text` starts with; one where it is not UTF-8.
fn char_length(text: &[u8]) -> usize {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let whole = text
        .get(..length)
        .is_some_and(|bytes| str::from_utf8(bytes).is_ok());
    if whole { length } else { 1 }
}

/// Bytes of the character that `text` ends with; one where it is not UTF-8.
fn last_char_length(text: &[u8]) -> usize {
    (2..=4.min(text.len()))
        .find(|length| {
            let bytes = &text[text.len() - length..];
            bytes[0] >= 0xc2 && char_length(bytes) == *length
        })
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(&SigmaString::new(text), |plain| plain.as_bytes().to_vec())
    }

    #[test]
    fn wildcards_match_whole_texts() {
        let holds = |wildcard: &str, text: &str| pattern(wildcard).matches(text.as_bytes());
        assert!(holds("/owa/*.aspx", "/owa/auth/x.aspx"));
        assert!(!holds("/owa/*.aspx", "/owa/auth/x.aspx2"));
        assert!(!holds("a*a", "a"));
        assert!(holds("a*a", "aa"));
        assert!(holds("a?c", "aäc"));
        assert!(!holds("a??c", "aäc"));
        assert!(holds("*b?d*", "abcbädx"));
        assert!(holds("*?", "ä"));
        assert!(!holds("*?", ""));
        assert!(holds("*", ""));
        assert!(!holds("ab*ba", "aba"));
        assert!(holds(r"a\*b", "a*b"));
        assert!(!holds(r"a\*b", "axb"));
    }

    #[test]
    fn open_ends_make_contains() {
        let open = pattern("b*d").open_start().open_end();
        assert!(open.matches(b"abcde"));
        assert!(!open.matches(b"adcb"));
        assert_eq!(open.literals().collect::<Vec<_>>(), [b"b", b"d"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn agrees_with_a_regular_expression(wildcard in "[ab?*ä]{0,7}", text in "[abä]{0,9}") {
            let mut expression = String::from("(?s)^");
            for char in wildcard.chars() {
                match char {
                    '*' => expression.push_str(".*"),
                    '?' => expression.push('.'),
                    other => expression.push(other),
                }
            }
            expression.push('$');
            let expected = regex::Regex::new(&expression).unwrap().is_match(&text);
            prop_assert_eq!(pattern(&wildcard).matches(text.as_bytes()), expected);
        }
    }
}
