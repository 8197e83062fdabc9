use std::collections::BTreeMap;

use imker_event::WebRequest;
use jiff::Timestamp;

use crate::rule::RuleIndex;
use crate::ruleset::RuleSet;

/// A correlation rule that fired for one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The correlation rule.
    pub rule: RuleIndex,
    /// Values of its `group-by` fields.
    pub group: BTreeMap<String, String>,
    /// Requests that took part, over all windows in which it fired.
    pub count: u64,
    /// First request that took part.
    pub first: Timestamp,
    /// Last request that took part.
    pub last: Timestamp,
}

/// Evaluates correlation rules over matches in order of time.
#[derive(Debug)]
pub struct Correlator<'r> {
    _rules: &'r RuleSet,
}

impl<'r> Correlator<'r> {
    /// A correlator for the correlation rules of `rules`.
    pub fn new(rules: &'r RuleSet) -> Self {
        Self { _rules: rules }
    }

    /// Takes a request and the rules that it matched; requests come in ascending order of time.
    pub fn observe(&mut self, _request: &WebRequest, _matched: &[RuleIndex]) {}

    /// What fired, by rule and group; a bounded number, the rest counted.
    pub fn finish(self) -> (Vec<Fired>, u64) {
        (Vec::new(), 0)
    }
}
