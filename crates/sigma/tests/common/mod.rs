//! Rules and log lines for tests.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use imker_sigma::{Columns, Format, Origin, Row, RuleSet, RuleSetBuilder};

/// The columns of an IIS log.
pub const IIS: [&str; 14] = [
    "date",
    "time",
    "s-ip",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "s-port",
    "cs-username",
    "c-ip",
    "cs(User-Agent)",
    "cs(Referer)",
    "sc-status",
    "sc-bytes",
    "X-Forwarded-For",
];

/// A rule for web servers with this detection section, indented by two blanks.
pub fn rule(detection: &str) -> String {
    format!(
        "title: A rule\nlogsource:\n  category: webserver\ndetection:\n{}\n",
        detection
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
    )
}

/// Compiles YAML.
pub fn rules(yaml: &str) -> RuleSet {
    let mut builder = RuleSetBuilder::new();
    if let Err(error) = builder.add_yaml(yaml, "test.yml", Origin::User) {
        panic!("{error}\n{yaml}");
    }
    builder.build().unwrap()
}

/// Why YAML is refused.
pub fn refusal(yaml: &str) -> String {
    let mut builder = RuleSetBuilder::new();
    let error = builder.add_yaml(yaml, "test.yml", Origin::User).expect_err(yaml);
    error.to_string()
}

/// Compiles a rule of one selection.
pub fn selection(items: &str) -> RuleSet {
    let items: String = items.lines().map(|line| format!("    {line}\n")).collect();
    rules(&rule(&format!("selection:\n{items}condition: selection")))
}

/// Why a rule of one selection is refused.
pub fn selection_refusal(items: &str) -> String {
    let items: String = items.lines().map(|line| format!("    {line}\n")).collect();
    refusal(&rule(&format!("selection:\n{items}condition: selection")))
}

/// Whether any rule matches a line of a log in `format` with these columns.
pub fn matches_in(rules: &RuleSet, format: Format, fields: &[(&str, &str)]) -> bool {
    let columns = Columns::new(format, fields.iter().map(|(name, _)| *name));
    let values: Vec<&[u8]> = fields.iter().map(|(_, value)| value.as_bytes()).collect();
    let line = values.join(&b' ');
    !rules
        .matches(
            &columns,
            Row {
                line: &line,
                values: &values,
            },
        )
        .is_empty()
}

/// Whether any rule matches a line of an IIS log with all columns, of which these are not empty.
pub fn matches(rules: &RuleSet, fields: &[(&str, &str)]) -> bool {
    let all: Vec<(&str, &str)> = IIS
        .iter()
        .map(|name| {
            (
                *name,
                fields
                    .iter()
                    .find(|(field, _)| field == name)
                    .map_or("-", |(_, value)| value),
            )
        })
        .collect();
    for (field, _) in fields {
        assert!(IIS.contains(field), "no such column: {field}");
    }
    matches_in(rules, Format::W3c, &all)
}
