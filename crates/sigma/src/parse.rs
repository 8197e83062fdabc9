//! Rule files: YAML documents, told apart by what they are for.

use rsigma_parser::{CorrelationRule, LogSource, SigmaCollection, SigmaRule, parse_sigma_yaml};
use yaml_serde::Value;

use crate::compile::Refusal;

/// The size that a rule file may have, in bytes.
const MAX_FILE: usize = 2 << 20;

/// How deep parentheses, and how long a chain of `not`, a condition may have.
const MAX_NESTING: usize = 60;

/// How many brackets may be open: the YAML parser takes quadratic time for nested ones.
const MAX_BRACKETS: usize = 500;

/// A document that is used.
#[derive(Debug)]
pub(crate) enum Document {
    Rule(Box<SigmaRule>),
    Correlation(Box<CorrelationRule>),
}

/// A document that is left out, though nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The rule's title.
    pub title: String,
    /// Why it is left out.
    pub reason: String,
}

/// What a rule file holds.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) documents: Vec<Document>,
    pub(crate) set_aside: Vec<SetAside>,
    /// Ids and names of detection rules that are set aside, lower case: correlations may refer to them.
    pub(crate) foreign: Vec<String>,
    pub(crate) errors: Vec<Refusal>,
    /// Slips that leave a rule usable.
    pub(crate) warnings: Vec<Refusal>,
}

/// Reads a rule file.
pub(crate) fn parse(yaml: &str) -> Parsed {
    let mut parsed = Parsed::default();
    if yaml.len() > MAX_FILE {
        parsed.errors.push(Refusal::new(
            "",
            format!("the file exceeds {} MiB", MAX_FILE >> 20),
        ));
        return parsed;
    }
    let yaml = yaml.strip_prefix('\u{feff}').unwrap_or(yaml);
    if !may_be_ours(yaml) {
        let value = |line: &str, key: &str| {
            line.strip_prefix(key)
                .map(|value| value.trim().trim_matches(['\'', '"']).to_owned())
        };
        let names = yaml
            .lines()
            .filter_map(|line| value(line, "id:").or_else(|| value(line, "name:")));
        parsed.foreign.extend(names.map(|name| name.to_lowercase()));
        let title = yaml
            .lines()
            .find_map(|line| value(line, "title:"))
            .unwrap_or_default();
        parsed.set_aside.push(SetAside {
            title,
            reason: "its log source is no web server".into(),
        });
        return parsed;
    }
    // A collection action reaches over documents: such a file is parsed in one piece.
    let joined = yaml.lines().any(|line| line.starts_with("action:"));
    for (line, text) in documents(yaml) {
        if !joined && let Some((title, collection)) = read_at_once(text) {
            let place = at(line, title);
            parsed.take(Ok(collection), place.trim_end_matches(": "));
            continue;
        }
        match guard(text) {
            Ok(None) => {}
            Ok(Some(_)) if joined => {}
            Ok(Some(title)) => {
                let place = at(line, title);
                parsed.take(parse_sigma_yaml(text), place.trim_end_matches(": "));
            }
            Err(message) => {
                let place = if line > 1 {
                    format!("document at line {line}")
                } else {
                    String::new()
                };
                parsed.errors.push(Refusal::new(&place, message));
            }
        }
    }
    if joined && parsed.errors.is_empty() {
        parsed.take(parse_sigma_yaml(yaml), "");
    }
    parsed
}

fn at(line: usize, title: String) -> String {
    if line > 1 {
        format!("line {line}: {title}")
    } else {
        title
    }
}

/// A document of one rule without any slip, with its title, where its text shows that no condition nests too deep
/// and brackets are few: so that most files are parsed once.
fn read_at_once(text: &str) -> Option<(String, SigmaCollection)> {
    let many = |sign: char| text.matches(sign).nth(MAX_NESTING).is_some();
    let hidden = ["\\x", "\\u", "\\U"];
    let nests = ['(', '[', '{'].into_iter().any(many) || text.matches("not").nth(MAX_NESTING).is_some();
    if nests || hidden.iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let collection = parse_sigma_yaml(text).ok()?;
    let only = collection.len() == 1 && collection.errors.is_empty();
    let rule = collection.rules.first().map(|rule| &rule.title);
    let correlation = collection.correlations.first().map(|rule| &rule.title);
    let title = rule.or(correlation)?.clone();
    only.then_some((title, collection))
}

/// Whether a file can hold a rule for web servers, or one that refers to such: told from words, so that
/// thousands of others need not be parsed.
fn may_be_ours(yaml: &str) -> bool {
    let lower = yaml.to_ascii_lowercase();
    !yaml.contains("logsource")
        || lower.contains("webserver")
        || lower.contains("iis")
        || yaml.contains("correlation")
}

/// The documents of a stream, each with the number of its first line. A line that starts with `---`
/// separates them wherever it stands (YAML 1.2.2, 9.1.2).
fn documents(yaml: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut start_line, mut at) = (0, 1, 0);
    for (number, line) in yaml.split_inclusive('\n').enumerate() {
        let behind = line.strip_prefix("---").map(str::trim_end);
        if at > start && behind.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
            documents.push((start_line, &yaml[start..at]));
            (start, start_line) = (at, number + 1);
        }
        at += line.len();
    }
    documents.push((start_line, &yaml[start..]));
    documents
}

/// Refuses what the parser of conditions would recurse into too deep; gives the title, `None` for an
/// empty document.
fn guard(text: &str) -> Result<Option<String>, String> {
    let brackets = text
        .bytes()
        .filter(|byte| matches!(byte, b'[' | b']' | b'{' | b'}'));
    let opens = |open: usize, byte| {
        if matches!(byte, b'[' | b'{') {
            open + 1
        } else {
            open.saturating_sub(1)
        }
    };
    let deepest = brackets.scan(0, |open, byte| {
        *open = opens(*open, byte);
        Some(*open)
    });
    if deepest.max().is_some_and(|deepest| deepest > MAX_BRACKETS) {
        return Err(format!("more than {MAX_BRACKETS} brackets are open at once"));
    }
    let value: Value = yaml_serde::from_str(text).map_err(|error| format!("no valid YAML: {error}"))?;
    if value.is_null() {
        return Ok(None);
    }
    if too_deep(&value) {
        return Err(format!("a condition is nested deeper than {MAX_NESTING} levels"));
    }
    Ok(Some(
        value
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    ))
}

fn too_deep(value: &Value) -> bool {
    match value {
        Value::Mapping(map) => map.iter().any(|(key, value)| {
            (key.as_str() == Some("condition") && strings(value).any(nests_too_deep)) || too_deep(value)
        }),
        Value::Sequence(list) => list.iter().any(too_deep),
        _ => false,
    }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_sequence().map(Vec::as_slice).unwrap_or_default();
    value
        .as_str()
        .into_iter()
        .chain(list.iter().filter_map(Value::as_str))
}

fn nests_too_deep(condition: &str) -> bool {
    let (mut depth, mut deepest, mut negations) = (0_usize, 0, 0);
    for char in condition.chars() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let mut run = 0;
    for word in condition.split(|char: char| char.is_whitespace() || char == '(' || char == ')') {
        match word {
            "" => continue,
            "not" => run += 1,
            _ => run = 0,
        }
        negations = negations.max(run);
    }
    deepest > MAX_NESTING || negations > MAX_NESTING
}

impl Parsed {
    fn take(&mut self, collection: rsigma_parser::error::Result<SigmaCollection>, place: &str) {
        let collection = match collection {
            Ok(collection) => collection,
            Err(error) => {
                self.errors.push(Refusal::new(place, error.to_string()));
                return;
            }
        };
        // The parser reports slips and failures alike; where it made a rule of the one document, they are slips.
        let one = !place.is_empty() && collection.len() == 1;
        let reports = if one { &mut self.warnings } else { &mut self.errors };
        reports.extend(collection.errors.iter().map(|error| Refusal::new(place, error)));
        for rule in collection.rules {
            if rsigma_parser::is_unsupported(rule.sigma_version) {
                self.errors.push(Refusal::new(
                    &rule.title,
                    "it is written for a newer version of Sigma",
                ));
                continue;
            }
            match foreign(&rule.logsource) {
                None => self.documents.push(Document::Rule(Box::new(rule))),
                Some(reason) => {
                    let names = [&rule.id, &rule.name].into_iter().flatten();
                    self.foreign.extend(names.map(|name| name.to_lowercase()));
                    self.set_aside.push(SetAside {
                        title: rule.title,
                        reason,
                    });
                }
            }
        }
        for rule in collection.correlations {
            self.documents.push(Document::Correlation(Box::new(rule)));
        }
        for filter in collection.filters {
            let reason = "filter rules, which change other rules, are not supported".into();
            self.set_aside.push(SetAside {
                title: filter.title,
                reason,
            });
        }
    }
}

/// Why a rule for this log source is none for the logs of IIS; `None` if it is one.
fn foreign(source: &LogSource) -> Option<String> {
    let is = |value: &Option<String>, names: &[&str]| {
        value
            .as_deref()
            .is_some_and(|value| names.iter().any(|name| value.eq_ignore_ascii_case(name)))
    };
    let fits = |value: &Option<String>, names: &[&str]| value.is_none() || is(value, names);
    let web = is(&source.category, &["webserver"]);
    let iis = is(&source.product, &["iis"]) || is(&source.service, &["iis"]);
    let fits = fits(&source.category, &["webserver"])
        && fits(&source.product, &["iis", "windows", "exchange"])
        && fits(&source.service, &["iis", "exchange"]);
    if (web || iis) && fits {
        return None;
    }
    let named = [
        ("category", &source.category),
        ("product", &source.product),
        ("service", &source.service),
    ];
    let named: Vec<_> = named
        .iter()
        .filter_map(|(key, value)| Some(format!("{key} {}", value.as_ref()?)))
        .collect();
    Some(if named.is_empty() {
        "no log source".into()
    } else {
        format!("log source: {}", named.join(", "))
    })
}
