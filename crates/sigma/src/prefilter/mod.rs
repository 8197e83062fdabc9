//! Which lines may match which rules, told from bytes alone.
//!
//! A rule's condition implies that some literals stand in the line; fragments of these literals are
//! searched for in raw bytes. Lines in which percent-encoding could hide a literal are decoded and searched
//! again. The prefilter may name a line in vain; it never leaves one out.

mod choice;
mod confirm;
mod run;
mod sample;
mod scan;
mod search;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use crate::RuleIndex;
use choice::{Chooser, Part, Window, parts};
use confirm::{Confirmation, Held};
use sample::Sample;
use search::{Choice, Searcher};

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

impl Seen {
    /// Adds what was seen in another part of the text.
    fn add(&mut self, other: Self) {
        self.newlines += other.newlines;
        self.lowest = self.lowest.min(other.lowest);
    }
}

/// Reusable memory of a scan; one a thread.
#[derive(Debug, Default)]
pub struct ScanScratch {
    bits: RuleBits,
    /// Whether the current line holds a character of [`FOLDED`].
    folded: bool,
    decoded: [Vec<u8>; 2],
    held: Held,
}

/// The literals of all rules, compiled.
#[derive(Debug)]
pub struct Prefilter {
    searcher: Searcher,
    /// What the searcher reports at a line feed before `#`.
    directive: u32,
    /// By what the searcher reports, less the families: what to verify around a hit.
    anchors: Vec<Vec<Anchor>>,
    runs: Vec<Run>,
    /// The first of the runs, at the end of `runs`, that are characters of [`FOLDED`].
    first_folded: usize,
    confirmation: Confirmation,
    /// By rule, places in `runs`.
    rule_runs: Vec<Vec<usize>>,
    unfiltered: Vec<RuleIndex>,
    /// `unfiltered` as a set.
    base: RuleBits,
}

/// Bytes to verify, and the rules that they point to.
#[derive(Debug)]
struct Run {
    /// In lower case.
    bytes: Box<[u8]>,
    /// What is searched for.
    part: Part,
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
    /// Does what [`Self::new`] waits for and no rule changes; for another thread.
    pub(crate) fn prepare() {
        Sample::ordinary();
    }

    /// Compiles one requirement a rule, in the order of [`RuleIndex`].
    pub(crate) fn new(requirements: &[Requirement]) -> Self {
        let sample = Sample::ordinary();
        let all: Vec<RuleIndex> = (0..requirements.len() as u32).map(RuleIndex).collect();
        let mut wanted = Wanted::default();
        let mut rule_runs = vec![Vec::new(); requirements.len()];
        let mut unfiltered = Vec::new();
        let mut base = RuleBits::none(requirements.len());
        let chosen = Chooser::new(sample).choose(requirements);
        for ((&rule, chosen), places) in all.iter().zip(chosen).zip(&mut rule_runs) {
            match chosen {
                Some(runs) => places.extend(runs.into_iter().map(|run| wanted.add(run, &[rule]))),
                None => {
                    unfiltered.push(rule);
                    base.insert(rule);
                }
            }
        }
        let first_folded = wanted.runs.len();
        for character in FOLDED {
            wanted.add(character.as_bytes().into(), &all);
        }

        let mut demands = vec![vec![Choice {
            windows: vec![b"\n#".to_vec()],
            rate: 0.0,
        }]];
        let parts: Vec<Vec<Part>> = wanted.runs.iter().map(|(run, _)| parts(run, sample)).collect();
        demands.extend(
            parts
                .iter()
                .map(|parts| parts.iter().map(|part| part.choice(sample)).collect()),
        );
        let (searcher, mut found) = Searcher::new(&escapes(), &demands, sample.traffic());

        let directive = found.remove(0).ids[0];
        let mut anchors: Vec<Vec<Anchor>> = Vec::new();
        let mut runs = Vec::new();
        for ((run, (bytes, rules)), (mut parts, found)) in wanted
            .runs
            .into_iter()
            .enumerate()
            .zip(parts.into_iter().zip(found))
        {
            let part = parts.swap_remove(found.option);
            for (&Window { index, ahead, .. }, id) in part.windows.iter().zip(found.ids) {
                let place = (id - FAMILIES) as usize;
                anchors.resize_with(anchors.len().max(place + 1), Vec::new);
                anchors[place].push(Anchor { run, index, ahead });
            }
            runs.push(Run { bytes, part, rules });
        }
        let anchors_of = |places: &Vec<usize>| places.iter().map(|run| &*runs[*run].bytes).collect();
        let confirmation = Confirmation::new(requirements, rule_runs.iter().map(anchors_of));
        Self {
            searcher,
            directive,
            anchors,
            runs,
            first_folded,
            confirmation,
            rule_runs,
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
        let runs = self.rule_runs[rule.0 as usize].iter().map(|run| &self.runs[*run]);
        runs.map(|run| run.part.describe(&run.bytes)).collect()
    }

    /// What to verify around a hit.
    fn anchors(&self, id: u32) -> &[Anchor] {
        &self.anchors[(id - FAMILIES) as usize]
    }

    /// Whether the anchor's run stands around a hit at `at`.
    fn verify(&self, anchor: &Anchor, text: &[u8], at: usize) -> bool {
        let run = &self.runs[anchor.run];
        run::stands(&run.bytes, anchor.index, text, at + anchor.ahead)
    }

    /// Takes note of a run that stands in the current line.
    fn note(&self, anchor: &Anchor, bits: &mut RuleBits, folded: &mut bool) {
        *folded |= anchor.run >= self.first_folded;
        self.runs[anchor.run]
            .rules
            .iter()
            .for_each(|&rule| bits.insert(rule));
    }
}

/// Runs, each once, whoever needs it.
#[derive(Debug, Default)]
struct Wanted {
    runs: Vec<(Box<[u8]>, Vec<RuleIndex>)>,
    places: HashMap<Box<[u8]>, usize>,
}

impl Wanted {
    fn add(&mut self, run: Box<[u8]>, rules: &[RuleIndex]) -> usize {
        let place = *self.places.entry(run).or_insert_with_key(|run| {
            self.runs.push((run.clone(), Vec::new()));
            self.runs.len() - 1
        });
        self.runs[place].1.extend_from_slice(rules);
        place
    }
}

/// The number of families of [`escapes`].
const FAMILIES: u32 = 6;

/// Escapes of letters, digits, `.`, `/`, `-` and `%`, and `%u`: lines with one are decoded.
///
/// Each family is a product of half bytes or nearly so; together they would let `%3A` or `%5C` pass.
fn escapes() -> [Vec<Vec<u8>>; FAMILIES as usize] {
    let family = |firsts: &[u8], seconds: &[u8]| {
        let escapes = firsts
            .iter()
            .flat_map(|first| seconds.iter().map(|second| vec![b'%', *first, *second]));
        escapes.collect()
    };
    [
        family(b"2", b"5def"),
        family(b"3", b"0123456789"),
        family(b"46", b"123456789abcdef"),
        family(b"57", b"0123456789"),
        family(b"57", b"a"),
        family(b"u", b"0123456789abcdef"),
    ]
}
