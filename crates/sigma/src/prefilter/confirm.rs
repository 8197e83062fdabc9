//! A second look at candidate lines, for more than the one fragment that pointed to them.

use std::collections::HashMap;

use memchr::memmem::Finder;

use super::run::is_often_escaped;
use super::{Requirement, RuleBits};

/// Shorter literals stand in most lines by chance.
const SHORTEST: usize = 3;

/// What rules require beyond the fragment that points to them, as far as literals without bytes that are often
/// escaped tell: these stand byte for byte in the line as logged or decoded.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    /// In lower case, each once.
    literals: Vec<Finder<'static>>,
    /// By rule; `None` where nothing is left to ask.
    rules: Vec<Option<Check>>,
}

/// A requirement over places in [`Confirmation::literals`], cheap and telling ones first.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Check {
    Literal(usize),
    All(Vec<Check>),
    Any(Vec<Check>),
}

/// Memory of what the current line holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The line as logged, and decoded where that was necessary, in lower case, apart by line feeds.
    text: Vec<u8>,
    /// By literal: the last line that it was searched for in, and whether it stood there.
    asked: Vec<(u64, bool)>,
    line: u64,
}

impl Confirmation {
    /// `anchors` are the runs, by rule, of which one stands in each candidate line.
    pub fn new<'a>(requirements: &[Requirement], anchors: impl Iterator<Item = Vec<&'a [u8]>>) -> Self {
        let mut literals = Literals::default();
        let rules = requirements
            .iter()
            .zip(anchors)
            .map(|(requirement, anchors)| literals.check(requirement, &anchors))
            .collect();
        let literals = literals
            .list
            .iter()
            .map(|literal| Finder::new(literal).into_owned());
        Self {
            literals: literals.collect(),
            rules,
        }
    }

    /// Takes the rules out of `bits` that a line cannot match.
    ///
    /// `decoded` is the line without the escapes that may hide a literal, where it has any.
    pub fn withdraw(&self, line: &[u8], decoded: &[Vec<u8>], held: &mut Held, bits: &mut RuleBits) {
        held.asked.resize(self.literals.len(), (0, false));
        held.line += 1;
        held.text.clear();
        for word in 0..bits.0.len() {
            let mut open = bits.0[word];
            while open != 0 {
                let bit = open.trailing_zeros();
                open &= open - 1;
                if let Some(check) = &self.rules[word * 64 + bit as usize] {
                    held.fill(line, decoded);
                    if !self.holds(check, held) {
                        bits.0[word] &= !(1 << bit);
                    }
                }
            }
        }
    }

    fn holds(&self, check: &Check, held: &mut Held) -> bool {
        match check {
            Check::All(parts) => parts.iter().all(|part| self.holds(part, held)),
            Check::Any(parts) => parts.iter().any(|part| self.holds(part, held)),
            Check::Literal(place) => {
                let (line, stands) = &mut held.asked[*place];
                if *line != held.line {
                    *line = held.line;
                    *stands = self.literals[*place].find(&held.text).is_some();
                }
                *stands
            }
        }
    }
}

impl Held {
    /// Takes up the line, unless that was done.
    fn fill(&mut self, line: &[u8], decoded: &[Vec<u8>]) {
        if !self.text.is_empty() {
            return;
        }
        for text in std::iter::once(line).chain(decoded.iter().map(Vec::as_slice)) {
            self.text.extend_from_slice(text);
            self.text.push(b'\n');
        }
        self.text.make_ascii_lowercase();
    }
}

/// Literals, each once, whoever needs it.
#[derive(Debug, Default)]
struct Literals {
    list: Vec<Box<[u8]>>,
    places: HashMap<Box<[u8]>, usize>,
}

impl Literals {
    fn add(&mut self, literal: &[u8]) -> usize {
        if let Some(place) = self.places.get(literal) {
            return *place;
        }
        self.list.push(literal.into());
        self.places.insert(literal.into(), self.list.len() - 1);
        self.list.len() - 1
    }

    fn check(&mut self, requirement: &Requirement, anchors: &[&[u8]]) -> Option<Check> {
        match requirement {
            Requirement::Nothing => None,
            Requirement::Literal(literal) => {
                let literal = literal.to_ascii_lowercase();
                let pieces = literal
                    .split(|byte| !byte.is_ascii() || is_often_escaped(*byte) || *byte == b'%')
                    .filter(|piece| piece.len() >= SHORTEST && !is_implied(piece, anchors));
                all(pieces.map(|piece| Check::Literal(self.add(piece))).collect())
            }
            Requirement::All(children) => {
                let mut parts: Vec<_> = children
                    .iter()
                    .filter_map(|child| self.check(child, anchors))
                    .collect();
                parts.sort_by_key(|part| self.cost(part, anchors));
                parts.dedup();
                all(parts)
            }
            Requirement::Any(children) => {
                let parts = children.iter().map(|child| self.check(child, anchors));
                Some(Check::Any(parts.collect::<Option<_>>()?))
            }
        }
    }

    /// Low for what is quick to ask and likely to be missing.
    fn cost(&self, check: &Check, anchors: &[&[u8]]) -> usize {
        match check {
            Check::Literal(place) => {
                let literal = &self.list[*place];
                let known = anchors.iter().any(|anchor| is_in(literal, anchor));
                100 * usize::from(known) + 10 + 20 / literal.len()
            }
            Check::All(parts) | Check::Any(parts) => parts.iter().map(|part| self.cost(part, anchors)).sum(),
        }
    }
}

fn all(mut parts: Vec<Check>) -> Option<Check> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Check::All(parts)),
    }
}

/// Whether the literal stands in every candidate line: in the only anchor.
fn is_implied(literal: &[u8], anchors: &[&[u8]]) -> bool {
    matches!(anchors, [only] if is_in(literal, only))
}

fn is_in(literal: &[u8], text: &[u8]) -> bool {
    text.windows(literal.len()).any(|window| window == literal)
}
