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

/// A correlation rule, its references resolved.
#[derive(Debug)]
pub(crate) struct Correlation {
    rules: Vec<RuleIndex>,
}

impl Correlation {
    pub(crate) fn resolve(
        rule: &rsigma_parser::CorrelationRule,
        names: &std::collections::HashMap<String, RuleIndex>,
    ) -> Result<Self, crate::compile::Refusal> {
        let find = |name: &String| {
            names.get(&name.to_lowercase()).copied().ok_or_else(|| {
                crate::compile::Refusal::new(
                    "rules",
                    format!("there is no rule with the id or name `{name}`"),
                )
            })
        };
        Ok(Self {
            rules: rule.rules.iter().map(find).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = RuleIndex> + '_ {
        self.rules.iter().copied()
    }

    pub(crate) fn is_dead(&self, dead: &impl Fn(RuleIndex) -> bool) -> bool {
        self.rules.iter().all(|rule| dead(*rule))
    }
}
