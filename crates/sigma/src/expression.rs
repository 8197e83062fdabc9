//! Regular expressions, compiled when a line first asks for them.

use std::sync::OnceLock;

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::prefilter::Requirement;

/// The size that a compiled regular expression may have, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// Up to this estimate of its states an expression stays far below [`MAX_SIZE`], and its compilation can wait.
const SMALL: usize = 4000;

/// So many literals are searched for at most in place of one part of an expression.
const MOST_ALTERNATIVES: usize = 8;

/// What the modifiers of `re` say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

/// A regular expression that searches texts.
#[derive(Debug)]
pub(crate) struct Expression {
    source: Box<str>,
    flags: Flags,
    /// `None` inside where it cannot be compiled, which [`Expression::new`] rules out.
    compiled: OnceLock<Option<Regex>>,
    /// Whether it matches every text with a part that it matches: it asks for no
    /// start, end or word boundary.
    grows: bool,
    needs: Needs,
}

/// What a matching text of ASCII contains, in lower case: one literal of each set, one set behind the other.
#[derive(Debug)]
struct Needs {
    sets: Vec<Vec<Finder<'static>>>,
    /// The set that is quickest to look for and likeliest to be missing.
    rarest: usize,
}

impl Expression {
    /// Reads an expression; tells also what it requires of a line. Says why where it cannot be used.
    pub(crate) fn new(source: &str, flags: Flags) -> Result<(Self, Requirement), String> {
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .build()
            .parse(source)
            .map_err(|error| refusal(source, &error))?;
        let requirement = Requirement::of_regex(&hir);
        let expression = Self {
            source: source.into(),
            flags,
            compiled: OnceLock::new(),
            grows: hir.properties().look_set().is_empty(),
            needs: Needs::new(&requirement),
        };
        if states(&hir) > SMALL {
            let regex = compile(source, flags).map_err(|error| refusal(source, &error))?;
            return Ok((
                Self {
                    compiled: OnceLock::from(Some(regex)),
                    ..expression
                },
                requirement,
            ));
        }
        Ok((expression, requirement))
    }

    /// Whether it matches every text with a part that it matches.
    pub(crate) fn grows(&self) -> bool {
        self.grows
    }

    /// Whether it matches somewhere in `text`, of which `folded` is the copy folded in case.
    pub(crate) fn matches(&self, text: &[u8], folded: &[u8]) -> bool {
        let compiled = || {
            self.compiled
                .get_or_init(|| compile(&self.source, self.flags).ok())
                .as_ref()
        };
        // Beyond ASCII there are characters that an expression takes for ASCII letters.
        if folded.is_ascii() {
            return self.needs.stand_in(folded) && compiled().is_some_and(|regex| regex.is_match(text));
        }
        // A stray byte, as `%ff` decoded, must not stop `.` or `[^/]`: it counts as one character.
        compiled().is_some_and(|regex| match str::from_utf8(text) {
            Ok(_) => regex.is_match(text),
            Err(_) => regex.is_match(String::from_utf8_lossy(text).as_bytes()),
        })
    }
}

fn compile(source: &str, flags: Flags) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_all)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .build()
}

fn refusal(source: &str, error: &dyn std::fmt::Display) -> String {
    let error = error.to_string();
    let last = error.lines().last().unwrap_or_default().trim();
    format!("the regular expression cannot be used ({last}): `{source}`")
}

impl Needs {
    fn new(requirement: &Requirement) -> Self {
        let parts = match requirement {
            Requirement::All(parts) => &parts[..],
            other => std::slice::from_ref(other),
        };
        let sets: Vec<_> = parts.iter().filter_map(alternatives).collect();
        let rarest = (0..sets.len())
            .min_by_key(|set| rank(&sets[*set]))
            .unwrap_or_default();
        let finders = |set: Vec<Vec<u8>>| {
            set.iter()
                .map(|literal| Finder::new(literal).into_owned())
                .collect()
        };
        Self {
            sets: sets.into_iter().map(finders).collect(),
            rarest,
        }
    }

    fn stand_in(&self, folded: &[u8]) -> bool {
        let has_one = |set: &Vec<Finder<'_>>| set.iter().any(|literal| literal.find(folded).is_some());
        if !self.sets.get(self.rarest).is_none_or(has_one) {
            return false;
        }
        let mut at = 0;
        self.sets.iter().all(|set| {
            let ends = set.iter().filter_map(|literal| {
                let start = literal.find(&folded[at..])?;
                Some(at + start + literal.needle().len())
            });
            let first = ends.min();
            at = first.unwrap_or(at);
            first.is_some()
        })
    }
}

/// Literals in lower case, one of which is required; `None` where there is no short list of them.
fn alternatives(requirement: &Requirement) -> Option<Vec<Vec<u8>>> {
    match requirement {
        Requirement::Nothing => None,
        Requirement::Literal(literal) => literal.is_ascii().then(|| vec![literal.to_ascii_lowercase()]),
        Requirement::All(parts) => parts.iter().filter_map(alternatives).min_by_key(|set| rank(set)),
        Requirement::Any(parts) => {
            let mut union = parts
                .iter()
                .map(alternatives)
                .collect::<Option<Vec<_>>>()?
                .concat();
            union.sort_unstable();
            union.dedup();
            (union.len() <= MOST_ALTERNATIVES).then_some(union)
        }
    }
}

/// Low for what is quick to search for and likely to be missing.
fn rank(literals: &[Vec<u8>]) -> (usize, std::cmp::Reverse<usize>) {
    let shortest = literals.iter().map(Vec::len).min().unwrap_or_default();
    (literals.len(), std::cmp::Reverse(shortest))
}

/// A high estimate of an automaton's states.
fn states(hir: &Hir) -> usize {
    // A range of characters beyond ASCII may need some twenty states in UTF-8.
    let range = |end: char| if end.is_ascii() { 1 } else { 24 };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().iter().map(|part| range(part.end())).sum(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Capture(capture) => states(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            let once = states(&repetition.sub).saturating_add(2);
            once.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().fold(1, |sum: usize, sub| {
            sum.saturating_add(states(sub)).saturating_add(1)
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::variants::folded;

    fn matches(source: &str, text: &[u8]) -> bool {
        let flags = Flags {
            ignore_case: true,
            ..Flags::default()
        };
        let (expression, _) = Expression::new(source, flags).unwrap();
        expression.matches(text, &folded(text))
    }

    #[test]
    fn what_is_needed_stops_no_match() {
        assert!(matches("json.*@x", b"/JSON?a@X"));
        assert!(!matches("json.*@x", b"/@x/json"));
        assert!(!matches("json.*@x", b"/json?a"));
        assert!(matches("json/(ow+a|e.*ws|x/mapi)", b"/json/OWWA"));
        assert!(!matches("json/(ow+a|e.*ws|x/mapi)", b"/json/mapi"));
        assert!(matches("ab+c.*b", b"abbcxb"));
        assert!(!matches("/x/[^?]*@[^?]*/json", b"/x/json?a@b"));
        assert!(matches("/x/[^?]*@[^?]*/json", b"/x/json?a@b/x/c@d/json"));
        assert!(matches("a.a", b"aaa"));
        assert!(!matches("a.*a", b"ab"));
        assert!(matches("task", "ta\u{17f}\u{212a}".as_bytes()));
        assert!(matches("ä.json", "/Ä\u{fffd}JSON".as_bytes()));
        assert!(matches("a[^/]b", b"a\xffb"));
    }

    #[test]
    fn what_waits_to_be_compiled_can_be() {
        for piece in [".", "[^a]", "(?s:.)", "x", r"\pL", "(a|b)", "k", "[a-zä-ü]"] {
            for greedy in ["", "*", "{3}", "{1,9}", "+?"] {
                let piece = format!("{piece}{greedy}");
                let mut source = piece.clone();
                let parse = |source: &str| regex_syntax::Parser::new().parse(source).unwrap();
                let times = SMALL / states(&parse(&piece)).max(1);
                source.extend(std::iter::repeat_n(&*piece, times.saturating_sub(1)));
                for ignore_case in [false, true] {
                    let flags = Flags {
                        ignore_case,
                        ..Flags::default()
                    };
                    assert!(compile(&source, flags).is_ok(), "{piece}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_needed_changes_no_result(
            atoms in vec(select(vec!["ab", "A", ".*", "(a|b@)", "[^a]*", "(ab|ba)+", "@", "b{2}", "(a*b)?", "(a(b|@))"]), 1..7),
            text in vec(select(b"abAB@".to_vec()), 0..12),
        ) {
            let source = atoms.concat();
            let expected = RegexBuilder::new(&source).case_insensitive(true).build().unwrap().is_match(&text);
            prop_assert_eq!(matches(&source, &text), expected, "{}", source);
        }
    }
}
