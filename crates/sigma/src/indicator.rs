//! Rules made from indicators.

use std::sync::Arc;

use crate::builder::{Indicator, RuleSetBuilder};
use crate::compile::Refusal;
use crate::condition::Condition;
use crate::error::RuleError;
use crate::item::{Case, Item, Link, Subject, Test, TextTest, network};
use crate::prefilter::Requirement;
use crate::rule::{Level, Origin, Rule, RuleIndex};

use crate::variants::folded;

/// The shortest part of a user agent or path that is looked for, in bytes.
const MIN_LENGTH: usize = 3;

impl RuleSetBuilder {
    /// Adds a rule made from an indicator; `source` is the list that it came from. An indicator that is
    /// there already gives the rule that is there.
    pub fn add_indicator(&mut self, indicator: &Indicator, source: &str) -> Result<RuleIndex, RuleError> {
        let (kind, value) = match indicator {
            Indicator::Address(value) => ("address", value),
            Indicator::UserAgent(value) => ("user agent", value),
            Indicator::Path(value) => ("path", value),
        };
        let value = value.trim();
        let fail = |message: String| RuleError {
            source_name: source.to_owned(),
            place: format!("{kind}: "),
            message,
        };
        let id = format!("indicator/{}/{value}", kind.replace(' ', "-"));
        if let Some(known) = self.named(&id) {
            return Ok(known);
        }
        let condition = match indicator {
            Indicator::Address(_) => self.client(value),
            Indicator::UserAgent(_) => self.contains("cs-user-agent", value),
            Indicator::Path(_) => self.contains("cs-uri-query", value),
        };
        let rule = Rule {
            id,
            title: format!("Indicator: {kind} {value}"),
            author: None,
            level: Level::Medium,
            status: None,
            description: None,
            tags: Vec::new(),
            references: Vec::new(),
            false_positives: Vec::new(),
            license: None,
            origin: Origin::Indicator,
            source: source.to_owned(),
        };
        let condition = condition.map_err(fail)?;
        self.push(rule, None, Some(condition)).map_err(|refusals| {
            fail(
                refusals
                    .into_iter()
                    .map(|Refusal { message, .. }| message)
                    .collect(),
            )
        })
    }

    fn client(&mut self, value: &str) -> Result<Condition<Arc<Item>>, String> {
        let network = network(value)
            .ok_or_else(|| format!("`{value}` is neither an address nor a network in CIDR notation"))?;
        let item = |field: &str| {
            Condition::Leaf(Arc::new(Item {
                subject: Subject::Field(self.fields().intern(field)),
                link: Link::Any,
                tests: vec![Test::Network(network)],
                negated: false,
                requirement: Requirement::of_network(&network),
                key: format!("{field}|cidr").into(),
                memo: None,
            }))
        };
        Ok(Condition::Any(["c-ip", "X-Forwarded-For"].map(item).into()))
    }

    fn contains(&mut self, field: &str, value: &str) -> Result<Condition<Arc<Item>>, String> {
        if value.len() < MIN_LENGTH {
            return Err(format!(
                "`{value}` is too short to be looked for: {MIN_LENGTH} characters at least"
            ));
        }
        Ok(Condition::Leaf(Arc::new(Item {
            subject: Subject::Field(self.fields().intern(field)),
            link: Link::Any,
            tests: vec![Test::Text(
                Case::Folded,
                TextTest::contains(&folded(value.as_bytes())),
            )],
            negated: false,
            requirement: Requirement::literal(value.as_bytes()),
            key: format!("{field}|contains").into(),
            memo: None,
        })))
    }
}
