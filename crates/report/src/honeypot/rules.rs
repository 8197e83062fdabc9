//! Who wrote the rules that matched.

use std::collections::HashMap;

use imker_detect::BUILT_IN_RULES;
use imker_intel::Evaluation;
use imker_sigma::{Origin, Rule, RuleError, RuleSetBuilder};

/// Names author and source of Imker's own rules in an evaluation, as the Detection Rule License asks: events name rules
/// by id and title alone.
///
/// # Errors
/// None but a defect of Imker's own rules.
pub fn name_rules(evaluation: &mut Evaluation) -> Result<(), RuleError> {
    let mut builder = RuleSetBuilder::new();
    builder.add_files(BUILT_IN_RULES, Origin::BuiltIn)?;
    let rules = builder.build()?;
    let by_id: HashMap<&str, &Rule> = rules
        .rules()
        .iter()
        .map(|rule| (rule.id.as_str(), rule))
        .collect();
    for row in &mut evaluation.rules.entries {
        if let Some(rule) = by_id.get(row.rule.as_str()) {
            row.author = rule.author.clone();
            row.source = Some(rule.source.clone());
        }
    }
    Ok(())
}
