//! Correlation rules, their references resolved.

use std::collections::HashMap;

use rsigma_parser::{
    ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType, WindowMode,
};

use super::request::RequestField;
use crate::compile::Refusal;
use crate::rule::RuleIndex;

/// The greatest number that a condition may compare a count with: windows remember that many entries.
pub(crate) const MAX_THRESHOLD: u64 = 10_000;

/// A correlation rule.
#[derive(Debug)]
pub(crate) struct Correlation {
    /// The rules that it refers to, in order.
    pub(crate) rules: Vec<RuleIndex>,
    pub(crate) group_by: Vec<GroupField>,
    /// The window's length, in milliseconds.
    pub(crate) span: i64,
    pub(crate) measure: Measure,
}

/// A `group-by` field.
#[derive(Debug)]
pub(crate) struct GroupField {
    /// The field or alias, as the rule writes it.
    pub(crate) name: String,
    /// One a referenced rule.
    pub(crate) fields: Vec<RequestField>,
}

/// What is looked for in the requests of a window.
#[derive(Debug)]
pub(crate) enum Measure {
    /// So many requests.
    Count(Threshold),
    /// So many different values of these fields together.
    Values(Vec<RequestField>, Threshold),
    /// So many of the referenced rules, in any order.
    Rules(Threshold),
    /// Referenced rules after a condition over their places.
    Condition(RuleCondition),
    /// All referenced rules one after the other; a further condition over their places.
    Ordered(Option<RuleCondition>),
}

/// Comparisons of a count, all of which must hold.
#[derive(Debug)]
pub(crate) struct Threshold(Vec<(ConditionOperator, u64)>);

impl Threshold {
    pub(crate) fn holds(&self, count: usize) -> bool {
        let count = count as u64;
        self.0.iter().all(|(operator, number)| match operator {
            ConditionOperator::Lt => count < *number,
            ConditionOperator::Lte => count <= *number,
            ConditionOperator::Gt => count > *number,
            ConditionOperator::Gte => count >= *number,
            ConditionOperator::Eq => count == *number,
            ConditionOperator::Neq => count != *number,
        })
    }

    /// From this count on the threshold holds or fails for good.
    pub(crate) fn ceiling(&self) -> usize {
        let greatest = self.0.iter().map(|(_, number)| *number).max().unwrap_or_default();
        greatest.min(MAX_THRESHOLD) as usize + 1
    }
}

/// A condition over the places of rules in [`Correlation::rules`].
#[derive(Debug)]
pub(crate) enum RuleCondition {
    Rule(usize),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

impl RuleCondition {
    pub(crate) fn holds(&self, fired: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Rule(place) => fired(*place),
            Self::All(parts) => parts.iter().all(|part| part.holds(fired)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(fired)),
            Self::Not(inner) => !inner.holds(fired),
        }
    }
}

impl Correlation {
    /// Resolves the references of a rule; `names` holds ids and names in lower case.
    pub(crate) fn resolve(
        rule: &CorrelationRule,
        names: &HashMap<String, RuleIndex>,
    ) -> Result<Self, Refusal> {
        let refuse = |place: &str, message: String| Err(Refusal::new(place, message));
        if rule.window != WindowMode::Sliding {
            let window = rule.window.as_str();
            return refuse("window", format!("`{window}` is not supported: windows slide"));
        }
        if rule.rules.is_empty() {
            return refuse("rules", "there is none".into());
        }
        let find = |name: &String| {
            names.get(&name.to_lowercase()).copied().ok_or_else(|| {
                let message = format!("no rule for web servers has the id or name `{name}`");
                Refusal::new("rules", message)
            })
        };
        let rules = rule.rules.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let group_by = rule
            .group_by
            .iter()
            .map(|name| group_field(rule, name))
            .collect::<Result<_, _>>()?;
        let span = i64::try_from(rule.timespan.seconds)
            .unwrap_or(i64::MAX)
            .saturating_mul(1000);
        Ok(Self {
            measure: measure(rule)?,
            rules,
            group_by,
            span,
        })
    }

    /// Whether the rule cannot fire where the rules for which `dead` holds never match.
    pub(crate) fn is_dead(&self, dead: &impl Fn(RuleIndex) -> bool) -> bool {
        let alive = |place: usize| !dead(self.rules[place]);
        match &self.measure {
            Measure::Count(_) | Measure::Values(..) => !(0..self.rules.len()).any(alive),
            Measure::Rules(threshold) => {
                let alive = (0..self.rules.len()).filter(|place| alive(*place)).count();
                !(1..=alive).any(|count| threshold.holds(count))
            }
            Measure::Ordered(_) => !(0..self.rules.len()).all(alive),
            Measure::Condition(_) => !(0..self.rules.len()).any(alive),
        }
    }
}

fn field(name: &str, place: &str) -> Result<RequestField, Refusal> {
    RequestField::named(name)
        .ok_or_else(|| Refusal::new(place, format!("the field `{name}` is not kept with requests")))
}

fn group_field(rule: &CorrelationRule, name: &str) -> Result<GroupField, Refusal> {
    let alias = rule.aliases.iter().find(|alias| alias.alias == name);
    let fields = rule.rules.iter().map(|reference| {
        let Some(alias) = alias else {
            return field(name, "group-by");
        };
        let own = alias
            .mapping
            .iter()
            .find(|(rule, _)| rule.eq_ignore_ascii_case(reference));
        let Some((_, own)) = own else {
            return Err(Refusal::new(
                "aliases",
                format!("`{name}` names no field of `{reference}`"),
            ));
        };
        field(own, "aliases")
    });
    Ok(GroupField {
        name: name.to_owned(),
        fields: fields.collect::<Result<_, _>>()?,
    })
}

fn measure(rule: &CorrelationRule) -> Result<Measure, Refusal> {
    let kind = rule.correlation_type;
    let refuse = |place: &str, message: String| Err(Refusal::new(place, message));
    match (&rule.condition, kind) {
        (
            CorrelationCondition::Threshold {
                predicates,
                field: fields,
                ..
            },
            _,
        ) => {
            if let Some((_, number)) = predicates.iter().find(|(_, number)| *number > MAX_THRESHOLD) {
                return refuse(
                    "condition",
                    format!("{number} is more than {MAX_THRESHOLD}, which is the most"),
                );
            }
            // The parser writes `gte: 1` where a temporal rule has no condition, which means all rules.
            let without = matches!(predicates[..], [(ConditionOperator::Gte, 1)]);
            let threshold = Threshold(predicates.clone());
            match kind {
                CorrelationType::EventCount => Ok(Measure::Count(threshold)),
                CorrelationType::ValueCount => {
                    let names = fields.as_deref().unwrap_or_default();
                    if names.is_empty() {
                        return refuse("condition", "`value_count` needs a `field`".into());
                    }
                    let fields = names
                        .iter()
                        .map(|name| field(name, "condition"))
                        .collect::<Result<_, _>>()?;
                    Ok(Measure::Values(fields, threshold))
                }
                CorrelationType::Temporal if without => {
                    let all = rule.rules.len() as u64;
                    Ok(Measure::Rules(Threshold(vec![(ConditionOperator::Gte, all)])))
                }
                CorrelationType::Temporal => Ok(Measure::Rules(threshold)),
                CorrelationType::TemporalOrdered if without => Ok(Measure::Ordered(None)),
                CorrelationType::TemporalOrdered => refuse(
                    "condition",
                    "`temporal_ordered` takes no numbers: all its rules must match".into(),
                ),
                other => refuse("type", format!("`{}` is not supported", other.as_str())),
            }
        }
        (CorrelationCondition::Extended(expr), CorrelationType::Temporal) => {
            Ok(Measure::Condition(rule_condition(expr, rule)?))
        }
        (CorrelationCondition::Extended(expr), CorrelationType::TemporalOrdered) => {
            Ok(Measure::Ordered(Some(rule_condition(expr, rule)?)))
        }
        (CorrelationCondition::Extended(_), other) => refuse(
            "condition",
            format!("`{}` needs numbers, as in `gte: 10`", other.as_str()),
        ),
    }
}

fn rule_condition(expr: &ConditionExpr, rule: &CorrelationRule) -> Result<RuleCondition, Refusal> {
    let each = |parts: &[ConditionExpr]| -> Result<Vec<_>, Refusal> {
        parts.iter().map(|part| rule_condition(part, rule)).collect()
    };
    match expr {
        ConditionExpr::And(parts) => Ok(RuleCondition::All(each(parts)?)),
        ConditionExpr::Or(parts) => Ok(RuleCondition::Any(each(parts)?)),
        ConditionExpr::Not(inner) => Ok(RuleCondition::Not(Box::new(rule_condition(inner, rule)?))),
        ConditionExpr::Identifier(name) => {
            let place = rule
                .rules
                .iter()
                .position(|reference| reference.eq_ignore_ascii_case(name));
            place.map(RuleCondition::Rule).ok_or_else(|| {
                Refusal::new(
                    "condition",
                    format!("`{name}` is none of the rules that the correlation refers to"),
                )
            })
        }
        ConditionExpr::Selector { .. } => Err(Refusal::new(
            "condition",
            "`of` does not fit here: name the rules".to_string(),
        )),
    }
}
