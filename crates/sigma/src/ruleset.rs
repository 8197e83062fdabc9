use schemars::JsonSchema;
use serde::Serialize;

use crate::columns::{Columns, Row};
use crate::error::RuleError;
use crate::prefilter::{Prefilter, RuleBits};
use crate::rule::{Origin, Rule, RuleIndex};

/// What a rule file added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Added {
    /// Detection rules compiled.
    pub rules: usize,
    /// Correlation rules compiled.
    pub correlations: usize,
    /// Rules for log sources other than web servers, set aside.
    pub set_aside: usize,
}

/// An indicator that the user looks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Indicator {
    /// A client's address or network, in CIDR notation where it is a network.
    Address(String),
    /// A user agent, or a part of one.
    UserAgent(String),
    /// A path or a part of a URI.
    Path(String),
}

/// Collects rules.
#[derive(Debug, Default)]
pub struct RuleSetBuilder {
    rules: Vec<Rule>,
}

impl RuleSetBuilder {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all rules of one YAML text; `source` is the file's path or the built-in file's name.
    pub fn add_yaml(&mut self, _yaml: &str, _source: &str, _origin: Origin) -> Result<Added, RuleError> {
        Ok(Added::default())
    }

    /// Adds a rule made from an indicator; `source` is the list that it came from.
    pub fn add_indicator(&mut self, _indicator: &Indicator, _source: &str) -> Result<RuleIndex, RuleError> {
        Ok(RuleIndex(0))
    }

    /// Compiles the matcher; fails where a correlation names a rule that is not there.
    pub fn build(self) -> Result<RuleSet, RuleError> {
        Ok(RuleSet { rules: self.rules, prefilter: Prefilter::new(&[]) })
    }
}

/// Rules compiled into one matcher.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    prefilter: Prefilter,
}

impl RuleSet {
    /// All rules; a [`RuleIndex`] is a place in this list.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule.
    pub fn rule(&self, index: RuleIndex) -> &Rule {
        &self.rules[index.0 as usize]
    }

    /// Whether a match of the rule counts for itself: not so for rules that only feed correlations.
    pub fn generates(&self, _index: RuleIndex) -> bool {
        true
    }

    /// The prefilter over all rules.
    pub fn prefilter(&self) -> &Prefilter {
        &self.prefilter
    }

    /// Resolves the rules' fields in a log's columns.
    pub fn bind(&self, _columns: &Columns) -> Bound {
        Bound {}
    }
}

/// A rule set with its fields resolved in the columns of one log.
#[derive(Debug)]
pub struct Bound {}

/// Reusable memory of an evaluation; one a thread.
#[derive(Debug, Default)]
pub struct Scratch {}

impl Bound {
    /// Evaluates the candidate rules exactly; `matched` is cleared, then takes the rules that match, ascending.
    pub fn evaluate(
        &self,
        _rules: &RuleSet,
        _row: Row<'_>,
        _candidates: &RuleBits,
        _scratch: &mut Scratch,
        matched: &mut Vec<RuleIndex>,
    ) {
        matched.clear();
    }

    /// Rules that no line of such a log can answer, because columns are missing.
    pub fn unanswerable(&self) -> &[RuleIndex] {
        &[]
    }
}
