//! Which lines may match which rules, told from bytes alone.
//!
//! A rule's condition implies that some literals stand in the line; fragments of these literals are
//! searched for in raw bytes. Lines in which percent-encoding could hide a literal are decoded and searched
//! again. The prefilter may name a line in vain; it never leaves one out.

mod choice;
mod run;
mod sample;
mod scan;
mod search;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use crate::RuleIndex;
use choice::{Needle, Window, choose, windows};
use sample::Sample;
use scan::{DECODE, DIRECTIVE, FIRST_ANCHORS};
use search::{Entry, Searcher};

/// What must stand in a line for a rule to match.
///
/// Literals are compared without regard to ASCII case, in the line as logged or percent-decoded once or twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// Nothing that a literal could tell.
    Nothing,
    /// This literal.
    Literal(Box<[u8]>),
    /// All of these.
    All(Vec<Requirement>),
    /// One of these.
    Any(Vec<Requirement>),
}

/// A set of rules, one bit each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleBits(Vec<u64>);

impl RuleBits {
    /// The empty set, with room for `rules` rules.
    pub fn none(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)])
    }

    /// Adds a rule.
    pub fn insert(&mut self, rule: RuleIndex) {
        self.0[rule.0 as usize / 64] |= 1 << (rule.0 % 64);
    }

    /// Whether the rule is in the set.
    pub fn contains(&self, rule: RuleIndex) -> bool {
        self.0[rule.0 as usize / 64] >> (rule.0 % 64) & 1 == 1
    }

    /// Whether no rule is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The rules, ascending.
    pub fn iter(&self) -> impl Iterator<Item = RuleIndex> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                (word != 0).then(|| {
                    let bit = word.trailing_zeros();
                    word &= word - 1;
                    RuleIndex(at as u32 * 64 + bit)
                })
            })
        })
    }
}

/// A line that the prefilter points out.
#[derive(Debug)]
pub enum Pointed<'a> {
    /// A line that starts with `#`.
    Directive,
    /// A line that may match these rules.
    Candidate(&'a RuleBits),
}

/// What a scan saw beside the lines that it pointed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Line feeds.
    pub newlines: u64,
    /// The smallest byte value; 255 in an empty text. Below 9 the text is not a plain log.
    pub lowest: u8,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            newlines: 0,
            lowest: u8::MAX,
        }
    }
}

/// Reusable memory of a scan; one a thread.
#[derive(Debug, Default)]
pub struct ScanScratch {
    bits: RuleBits,
    decoded: [Vec<u8>; 2],
}

/// The literals of all rules, compiled.
#[derive(Debug)]
pub struct Prefilter {
    searcher: Searcher,
    /// By entry: what to verify around a hit.
    anchors: Vec<Vec<Anchor>>,
    runs: Vec<Run>,
    needles: Vec<Vec<Needle>>,
    unfiltered: Vec<RuleIndex>,
    /// `unfiltered` as a set.
    base: RuleBits,
}

/// Bytes to verify, and the rules that they point to.
#[derive(Debug)]
struct Run {
    /// In lower case.
    bytes: Box<[u8]>,
    rules: Vec<RuleIndex>,
}

/// Where a run stands, seen from a hit.
#[derive(Debug)]
struct Anchor {
    run: usize,
    /// A byte of the run.
    index: usize,
    /// Where that byte starts, counted from the hit.
    ahead: usize,
}

/// Characters that lower-casing or case folding turns into `k`, `i` or `s`: no literal need stand in a line with one.
const FOLDED: [&str; 3] = ["\u{212a}", "\u{130}", "\u{17f}"];

impl Prefilter {
    /// Compiles one requirement a rule, in the order of [`RuleIndex`].
    pub(crate) fn new(requirements: &[Requirement]) -> Self {
        let sample = Sample::ordinary();
        let all: Vec<RuleIndex> = (0..requirements.len() as u32).map(RuleIndex).collect();
        let mut unfiltered = Vec::new();
        let mut base = RuleBits::none(requirements.len());
        let mut needles = Vec::new();
        let mut runs = Runs::default();
        for (&rule, requirement) in all.iter().zip(requirements) {
            match choose(requirement, sample) {
                Some((_, chosen)) => {
                    chosen
                        .iter()
                        .for_each(|needle| runs.add(&needle.run, needle.part, &[rule]));
                    needles.push(chosen);
                }
                None => {
                    unfiltered.push(rule);
                    base.insert(rule);
                    needles.push(Vec::new());
                }
            }
        }
        for character in FOLDED {
            runs.add(character.as_bytes(), (0, character.len()), &all);
        }
        let (others, anchors) = runs.entries(sample);
        let searcher = Searcher::new(&escapes(), &others, sample.frequency());
        Self {
            searcher,
            anchors,
            runs: runs.runs,
            needles,
            unfiltered,
            base,
        }
    }

    /// Points out lines of `block`, which starts at a line's start, in ascending order, each once.
    /// A range excludes the line end (`\n` or `\r\n`); a last line without line end is a line too.
    pub fn scan(
        &self,
        block: &[u8],
        scratch: &mut ScanScratch,
        point: &mut impl FnMut(Range<usize>, Pointed<'_>),
    ) -> Seen {
        scan::scan(self, block, scratch, point)
    }

    /// Rules for which every line is a candidate.
    pub fn unfiltered(&self) -> &[RuleIndex] {
        &self.unfiltered
    }

    /// The fragments that point to a rule, for `--explain`.
    pub fn fragments(&self, rule: RuleIndex) -> Vec<String> {
        let sample = Sample::ordinary();
        self.needles[rule.0 as usize]
            .iter()
            .map(|needle| needle.describe(sample))
            .collect()
    }

    /// What to verify around a hit of an entry.
    fn anchors(&self, id: u32) -> &[Anchor] {
        &self.anchors[(id - FIRST_ANCHORS) as usize]
    }

    /// The rules of the anchor's run, if it stands around a hit at `at`.
    fn verify(&self, anchor: &Anchor, text: &[u8], at: usize) -> Option<&[RuleIndex]> {
        let run = &self.runs[anchor.run];
        run::stands(&run.bytes, anchor.index, text, at + anchor.ahead).then_some(&run.rules)
    }
}

/// Runs under construction: each once, whoever needs it.
#[derive(Debug, Default)]
struct Runs {
    runs: Vec<Run>,
    parts: Vec<(usize, usize)>,
    places: HashMap<Box<[u8]>, usize>,
}

impl Runs {
    fn add(&mut self, bytes: &[u8], part: (usize, usize), rules: &[RuleIndex]) {
        let place = *self.places.entry(bytes.into()).or_insert_with(|| {
            self.runs.push(Run {
                bytes: bytes.into(),
                rules: Vec::new(),
            });
            self.parts.push(part);
            self.runs.len() - 1
        });
        self.runs[place].rules.extend_from_slice(rules);
    }

    /// The entries that find the runs, and the anchors of each.
    fn entries(&self, sample: &Sample) -> (Vec<Entry>, Vec<Vec<Anchor>>) {
        let mut entries = vec![Entry::new(b"\n#", DIRECTIVE)];
        let mut anchors: Vec<Vec<Anchor>> = Vec::new();
        let mut ids = HashMap::new();
        for (run, (Run { bytes, .. }, &part)) in self.runs.iter().zip(&self.parts).enumerate() {
            for Window { bytes, index, ahead } in windows(bytes, part, sample) {
                let place = *ids.entry(bytes).or_insert_with_key(|bytes| {
                    entries.push(Entry::new(bytes, anchors.len() as u32 + FIRST_ANCHORS));
                    anchors.push(Vec::new());
                    anchors.len() - 1
                });
                anchors[place].push(Anchor { run, index, ahead });
            }
        }
        (entries, anchors)
    }
}

/// Escapes of letters, digits, `.`, `/`, `-` and `%`, and `%u`: lines with one are decoded.
///
/// Each family is a product of half bytes or nearly so; together they would let `%3A` or `%5C` pass.
fn escapes() -> Vec<Vec<Entry>> {
    let family = |firsts: &[u8], seconds: &[u8]| {
        let pairs = firsts
            .iter()
            .flat_map(|first| seconds.iter().map(move |second| [b'%', *first, *second]));
        pairs.map(|bytes| Entry::new(&bytes, DECODE)).collect()
    };
    vec![
        family(b"2", b"5def"),
        family(b"3", b"0123456789"),
        family(b"46", b"123456789abcdef"),
        family(b"57", b"0123456789"),
        family(b"57", b"a"),
        family(b"u", b"0123456789abcdef"),
    ]
}
