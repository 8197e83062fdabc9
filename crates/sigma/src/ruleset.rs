use std::sync::Arc;

use crate::bound::Bound;
use crate::columns::{Columns, Row};
use crate::compile::Fields;
use crate::condition::Condition;
use crate::correlate::Correlation;
use crate::evaluate::Scratch;
use crate::item::Item;
use crate::prefilter::{Prefilter, RuleBits};
use crate::rule::{Rule, RuleIndex};

/// What a rule does.
#[derive(Debug)]
pub(crate) enum Body {
    Detection(Condition<Arc<Item>>),
    Correlation(Box<Correlation>),
    /// A correlation over rules for other log sources: no web log answers it.
    Foreign,
}

/// Rules compiled into one matcher.
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) rules: Vec<Rule>,
    pub(crate) bodies: Vec<Body>,
    pub(crate) fields: Fields,
    pub(crate) generates: Vec<bool>,
    pub(crate) prefilter: Prefilter,
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
    pub fn generates(&self, index: RuleIndex) -> bool {
        self.generates[index.0 as usize]
    }

    /// Whether the rule is a correlation rule, which no line matches by itself.
    pub fn is_correlation(&self, index: RuleIndex) -> bool {
        !matches!(self.bodies[index.0 as usize], Body::Detection(_))
    }

    /// The prefilter over all rules.
    pub fn prefilter(&self) -> &Prefilter {
        &self.prefilter
    }

    /// Resolves the rules' fields in a log's columns.
    pub fn bind(&self, columns: &Columns) -> Bound {
        Bound::new(self, columns, false)
    }

    /// Like [`Self::bind`], but every field has one variant, its own column as logged: Sigma to the letter.
    #[doc(hidden)]
    pub fn bind_plain(&self, columns: &Columns) -> Bound {
        Bound::new(self, columns, true)
    }

    /// The rules that a row matches, ascending; for single rows, as it binds the rules anew.
    pub fn matches(&self, columns: &Columns, row: Row<'_>) -> Vec<RuleIndex> {
        let mut candidates = RuleBits::none(self.rules.len());
        (0..self.rules.len()).for_each(|rule| candidates.insert(RuleIndex(rule as u32)));
        let mut matched = Vec::new();
        self.bind(columns)
            .evaluate(self, row, &candidates, &mut Scratch::default(), &mut matched);
        matched
    }
}
