//! What rules say of themselves.

use rsigma_parser::{CorrelationRule, SigmaRule, Status};

use crate::rule::{Level, Origin, Rule};

/// The metadata of a detection rule; `unnamed` is its id where it has none.
pub(crate) fn of_rule(rule: &SigmaRule, unnamed: String, source: &str, origin: Origin) -> Rule {
    Rule {
        id: rule.id.clone().unwrap_or(unnamed),
        title: rule.title.clone(),
        author: rule.author.clone(),
        level: level(rule.level),
        status: rule.status.map(status),
        description: rule.description.clone(),
        tags: rule.tags.clone(),
        references: rule.references.clone(),
        false_positives: rule.falsepositives.clone(),
        license: rule.license.clone(),
        origin,
        source: source.to_owned(),
    }
}

/// The metadata of a correlation rule; `unnamed` is its id where it has none.
pub(crate) fn of_correlation(rule: &CorrelationRule, unnamed: String, source: &str, origin: Origin) -> Rule {
    Rule {
        id: rule.id.clone().unwrap_or(unnamed),
        title: rule.title.clone(),
        author: rule.author.clone(),
        level: level(rule.level),
        status: rule.status.map(status),
        description: rule.description.clone(),
        tags: rule.tags.clone(),
        references: rule.references.clone(),
        false_positives: rule.falsepositives.clone(),
        license: rule.license.clone(),
        origin,
        source: source.to_owned(),
    }
}

fn level(level: Option<rsigma_parser::Level>) -> Level {
    match level {
        Some(rsigma_parser::Level::Informational) => Level::Informational,
        Some(rsigma_parser::Level::Low) => Level::Low,
        Some(rsigma_parser::Level::Medium) | None => Level::Medium,
        Some(rsigma_parser::Level::High) => Level::High,
        Some(rsigma_parser::Level::Critical) => Level::Critical,
    }
}

fn status(status: Status) -> String {
    let status = match status {
        Status::Stable => "stable",
        Status::Test => "test",
        Status::Experimental => "experimental",
        Status::Deprecated => "deprecated",
        Status::Unsupported => "unsupported",
    };
    status.into()
}
