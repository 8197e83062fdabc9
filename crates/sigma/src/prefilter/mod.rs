//! Which lines may match which rules, told from bytes alone.
//!
//! A rule's condition implies that some literals stand in the line; fragments of these literals are
//! searched for in raw bytes. Lines in which percent-encoding could hide a literal are decoded and searched
//! again. The prefilter may name a line in vain; it never leaves one out.

use std::ops::Range;

use crate::RuleIndex;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Line feeds.
    pub newlines: u64,
    /// The smallest byte value; 255 in an empty text. Below 9 the text is not a plain log.
    pub lowest: u8,
}

/// Reusable memory of a scan; one a thread.
#[derive(Debug, Default)]
pub struct ScanScratch {
    #[allow(dead_code)]
    decoded: [Vec<u8>; 2],
}

/// The literals of all rules, compiled.
#[derive(Debug, Default)]
pub struct Prefilter {}

impl Prefilter {
    /// Compiles one requirement a rule, in the order of [`RuleIndex`].
    pub(crate) fn new(_requirements: &[Requirement]) -> Self {
        Self {}
    }

    /// Points out lines of `block`, which starts at a line's start, in ascending order, each once.
    /// A range excludes the line end (`\n` or `\r\n`); a last line without line end is a line too.
    pub fn scan(
        &self,
        _block: &[u8],
        _scratch: &mut ScanScratch,
        _point: &mut impl FnMut(Range<usize>, Pointed<'_>),
    ) -> Seen {
        Seen::default()
    }

    /// Rules for which every line is a candidate.
    pub fn unfiltered(&self) -> &[RuleIndex] {
        &[]
    }

    /// The fragments that point to a rule, for `--explain`.
    pub fn fragments(&self, _rule: RuleIndex) -> Vec<String> {
        Vec::new()
    }
}
