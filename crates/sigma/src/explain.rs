//! What the matcher makes of a rule.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::item::{Item, Subject, Test};
use crate::rule::RuleIndex;
use crate::ruleset::{Body, RuleSet};

/// How a rule is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// The rule.
    pub rule: RuleIndex,
    /// Fields that it looks at, by the names in `data/fields.csv`; `line` stands for keywords.
    pub fields: Vec<String>,
    /// Keys of its detections with their modifiers, as in `cs-uri-query|contains|all`.
    pub items: Vec<String>,
    /// Fragments one of which a line must contain to be looked at closely.
    pub fragments: Vec<String>,
    /// Whether every line must be looked at closely, because the rule asks for no text. Such a rule slows
    /// the whole hunt down.
    pub unfiltered: bool,
    /// Rules that a correlation refers to.
    pub refers_to: Vec<RuleIndex>,
    /// Whether a match counts by itself, not only for correlations.
    pub generates: bool,
}

impl RuleSet {
    /// How a rule is looked for.
    pub fn explain(&self, rule: RuleIndex) -> Explanation {
        let mut fields = BTreeSet::new();
        let mut items = Vec::new();
        let mut refers_to = Vec::new();
        match &self.bodies[rule.0 as usize] {
            Body::Detection(condition) => condition.leaves(&mut |item| {
                self.fields_of(item, &mut fields);
                let key = item.key.to_string();
                if !items.contains(&key) {
                    items.push(key);
                }
            }),
            Body::Foreign => {}
            Body::Correlation(correlation) => {
                fields.extend(correlation.group_by.iter().map(|field| field.name.clone()));
                refers_to.clone_from(&correlation.rules);
            }
        }
        Explanation {
            rule,
            fields: fields.into_iter().collect(),
            items,
            fragments: self.prefilter().fragments(rule),
            unfiltered: self.prefilter().unfiltered().contains(&rule),
            refers_to,
            generates: self.generates(rule),
        }
    }

    fn fields_of(&self, item: &Item, fields: &mut BTreeSet<String>) {
        let name = |at: usize| self.fields.list()[at].canonical().to_owned();
        fields.insert(match item.subject {
            Subject::Field(field) => name(field.0),
            Subject::Line => "line".to_owned(),
        });
        for test in &item.tests {
            if let Test::OtherField(other, ..) = test {
                fields.insert(name(other.0));
            }
        }
    }
}
