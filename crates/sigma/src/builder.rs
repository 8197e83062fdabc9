use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, mpsc};
use std::{mem, thread};

use schemars::JsonSchema;
use serde::Serialize;

use crate::compile::{Fields, Items, Refusal, compile};
use crate::condition::Condition;
use crate::correlate::Correlation;
use crate::error::RuleError;
use crate::item::Item;
use crate::metadata;
use crate::parse::{Document, Parsed, SetAside, parse};
use crate::prefilter::{Prefilter, Requirement};
use crate::rule::{Origin, Rule, RuleIndex};
use crate::ruleset::{Body, RuleSet};

/// What a rule file added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Added {
    /// Detection rules compiled.
    pub rules: usize,
    /// Correlation rules compiled.
    pub correlations: usize,
    /// Rules for log sources other than web servers, set aside.
    pub set_aside: usize,
}

/// What became of a rule file, document by document.
#[derive(Debug, Clone, Default)]
pub struct FileReport {
    /// What was added.
    pub added: Added,
    /// What was left out, though nothing is wrong with it.
    pub set_aside: Vec<SetAside>,
    /// Why rules could not be used.
    pub errors: Vec<RuleError>,
    /// Slips in rules that are used.
    pub warnings: Vec<RuleError>,
}

/// An indicator that the user looks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Indicator {
    /// A client's address or network, in CIDR notation where it is a network.
    Address(String),
    /// A user agent, or a part of one.
    UserAgent(String),
    /// A path or a part of a URI.
    Path(String),
}

/// A correlation rule whose references are not resolved yet.
type Unresolved = (RuleIndex, Box<rsigma_parser::CorrelationRule>);

/// Collects rules.
#[derive(Debug, Default)]
pub struct RuleSetBuilder {
    rules: Vec<Rule>,
    /// One a rule; `None` for correlation rules, which wait in `correlations`.
    conditions: Vec<Option<Condition<Arc<Item>>>>,
    correlations: Vec<Unresolved>,
    fields: Fields,
    items: Items,
    /// Rules by id and by name, lower case.
    names: HashMap<String, RuleIndex>,
    /// Ids and names of rules that were set aside, lower case.
    foreign: HashSet<String>,
}

impl RuleSetBuilder {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all rules of one YAML text; `source` is the file's path or the built-in file's name.
    /// Adds none where one of them cannot be used; [`Self::add_file`] tells more.
    pub fn add_yaml(&mut self, yaml: &str, source: &str, origin: Origin) -> Result<Added, RuleError> {
        self.add_whole(parse(yaml), source, origin)
    }

    /// As [`Self::add_yaml`] for each of `files`, sources and texts; stops where one cannot be used.
    ///
    /// Another thread parses half of the files and gets ready what [`Self::build`] needs.
    pub fn add_files(&mut self, files: &[(&str, &str)], origin: Origin) -> Result<Added, RuleError> {
        let (own, others) = files.split_at(files.len() / 2);
        let parsed = |(source, yaml): &(_, &str)| (*source, parse(yaml));
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            scope.spawn(move || {
                // Nobody receives any more where a rule was refused.
                let _ = others.iter().map(parsed).all(|file| sender.send(file).is_ok());
                drop(sender);
                Prefilter::prepare();
            });
            let mut files = own.iter().map(parsed).chain(receiver);
            files.try_fold(Added::default(), |sum, (source, file)| {
                let added = self.add_whole(file, source, origin)?;
                Ok(Added {
                    rules: sum.rules + added.rules,
                    correlations: sum.correlations + added.correlations,
                    set_aside: sum.set_aside + added.set_aside,
                })
            })
        })
    }

    fn add_whole(&mut self, file: Parsed, source: &str, origin: Origin) -> Result<Added, RuleError> {
        let kept = self.rules.len();
        let mut report = self.add_parsed(file, source, origin);
        if report.errors.is_empty() {
            return Ok(report.added);
        }
        self.rules.truncate(kept);
        self.conditions.truncate(kept);
        self.correlations.retain(|(index, _)| (index.0 as usize) < kept);
        self.names.retain(|_, index| (index.0 as usize) < kept);
        Err(report.errors.swap_remove(0))
    }

    /// Adds the rules of one YAML text that can be used, and reports on the others.
    pub fn add_file(&mut self, yaml: &str, source: &str, origin: Origin) -> FileReport {
        self.add_parsed(parse(yaml), source, origin)
    }

    fn add_parsed(&mut self, parsed: Parsed, source: &str, origin: Origin) -> FileReport {
        self.foreign.extend(parsed.foreign);
        let error = |refusal: Refusal| RuleError {
            source_name: source.to_owned(),
            place: refusal.place,
            message: refusal.message,
        };
        let mut report = FileReport {
            added: Added {
                set_aside: parsed.set_aside.len(),
                ..Added::default()
            },
            set_aside: parsed.set_aside,
            errors: parsed.errors.into_iter().map(error).collect(),
            warnings: parsed.warnings.into_iter().map(error).collect(),
        };
        let many = parsed.documents.len() > 1;
        for (number, document) in parsed.documents.into_iter().enumerate() {
            let unnamed = if many {
                format!("{source}#{}", number + 1)
            } else {
                source.to_owned()
            };
            let added = match document {
                Document::Rule(rule) => self.add_rule(&rule, unnamed, source, origin).map(|slips| {
                    report.warnings.extend(slips.into_iter().map(error));
                    &mut report.added.rules
                }),
                Document::Correlation(rule) => self
                    .add_correlation(rule, unnamed, source, origin)
                    .map(|()| &mut report.added.correlations),
            };
            match added {
                Ok(count) => *count += 1,
                Err(refusals) => report.errors.extend(refusals.into_iter().map(error)),
            }
        }
        report
    }

    /// Adds a rule; the result holds the slips in it.
    pub(crate) fn add_rule(
        &mut self,
        rule: &rsigma_parser::SigmaRule,
        unnamed: String,
        source: &str,
        origin: Origin,
    ) -> Result<Vec<Refusal>, Vec<Refusal>> {
        let named = |mut refusal: Refusal| {
            refusal.place.insert_str(0, &format!("{}: ", rule.title));
            refusal
        };
        let condition = compile(rule, &mut self.fields, &mut self.items)
            .map_err(|refusals| refusals.into_iter().map(named).collect::<Vec<_>>())?;
        let slips = self.unknown_fields(&condition).into_iter().map(|field| {
            let message = format!("no web log carries the field `{field}`");
            named(Refusal::new("", message))
        });
        let slips = slips.collect();
        let about = metadata::of_rule(rule, unnamed, source, origin);
        self.push(about, rule.name.as_deref(), Some(condition))?;
        Ok(slips)
    }

    /// The fields of a condition that only a log with columns of its own could carry.
    fn unknown_fields(&self, condition: &Condition<Arc<Item>>) -> BTreeSet<&str> {
        let mut unknown = BTreeSet::new();
        condition.leaves(&mut |item| {
            let fields = item.fields().map(|field| &self.fields.list()[field.0]);
            unknown.extend(fields.filter(|field| !field.is_known()).map(|field| &*field.name));
        });
        unknown
    }

    fn add_correlation(
        &mut self,
        rule: Box<rsigma_parser::CorrelationRule>,
        unnamed: String,
        source: &str,
        origin: Origin,
    ) -> Result<(), Vec<Refusal>> {
        let about = metadata::of_correlation(&rule, unnamed, source, origin);
        let index = self.push(about, rule.name.as_deref(), None)?;
        self.correlations.push((index, rule));
        Ok(())
    }

    /// Adds a rule; refuses an id or a name that is taken.
    pub(crate) fn push(
        &mut self,
        rule: Rule,
        name: Option<&str>,
        condition: Option<Condition<Arc<Item>>>,
    ) -> Result<RuleIndex, Vec<Refusal>> {
        let index = RuleIndex(u32::try_from(self.rules.len()).unwrap_or(u32::MAX));
        let keys: Vec<String> = [Some(&*rule.id), name]
            .into_iter()
            .flatten()
            .map(str::to_lowercase)
            .collect();
        for key in &keys {
            if let Some(taken) = self.names.get(key) {
                let other = &self.rules[taken.0 as usize];
                let message = format!(
                    "`{key}` already names the rule `{}` of {}; rename one of them or leave it out",
                    other.title, other.source
                );
                return Err(vec![Refusal::new(&rule.title, message)]);
            }
        }
        self.names.extend(keys.into_iter().map(|key| (key, index)));
        self.rules.push(rule);
        self.conditions.push(condition);
        Ok(index)
    }

    /// The rule of this id or name.
    pub(crate) fn named(&self, name: &str) -> Option<RuleIndex> {
        self.names.get(&name.to_lowercase()).copied()
    }

    pub(crate) fn fields(&mut self) -> &mut Fields {
        &mut self.fields
    }

    /// Compiles the matcher; fails where a correlation names a rule that is not there.
    pub fn build(mut self) -> Result<RuleSet, RuleError> {
        let requirement = |condition: &Option<Condition<Arc<Item>>>| match condition {
            Some(condition) => Requirement::of(condition),
            // A correlation rule is never looked for in a line.
            None => Requirement::Any(Vec::new()),
        };
        let requirements: Vec<_> = self.conditions.iter().map(requirement).collect();
        let mut resolved = HashMap::new();
        let mut silent = vec![false; self.rules.len()];
        let mut heard = vec![false; self.rules.len()];
        for (index, rule) in mem::take(&mut self.correlations) {
            let about = &self.rules[index.0 as usize];
            if rule
                .rules
                .iter()
                .any(|name| self.foreign.contains(&name.to_lowercase()))
            {
                continue;
            }
            let correlation =
                Correlation::resolve(&rule, &self.names).map_err(|refusal| about.refuse(refusal))?;
            for referred in correlation.rules.iter().map(|rule| rule.0 as usize) {
                // Nobody silences another's rules.
                let own = self.rules[referred].origin == about.origin;
                let flags = if rule.generate || !own {
                    &mut heard
                } else {
                    &mut silent
                };
                flags[referred] = true;
            }
            resolved.insert(index, Box::new(correlation));
        }
        refuse_circles(&self.rules, &resolved)?;
        let generates = silent
            .into_iter()
            .zip(heard)
            .map(|(silent, heard)| heard || !silent)
            .collect();
        let body = |(at, condition)| match condition {
            Some(condition) => Body::Detection(condition),
            None => resolved
                .remove(&RuleIndex(at as u32))
                .map_or(Body::Foreign, Body::Correlation),
        };
        let bodies = self.conditions.into_iter().enumerate().map(body).collect();
        let prefilter = Prefilter::new(&requirements);
        Ok(RuleSet {
            rules: self.rules,
            bodies,
            fields: self.fields,
            generates,
            prefilter,
        })
    }
}

impl Rule {
    fn refuse(&self, refusal: Refusal) -> RuleError {
        let place = format!("{}: {}", self.title, refusal.place);
        RuleError {
            source_name: self.source.clone(),
            place,
            message: refusal.message,
        }
    }
}

/// Refuses correlations that refer to themselves, also by way of others.
fn refuse_circles(
    rules: &[Rule],
    correlations: &HashMap<RuleIndex, Box<Correlation>>,
) -> Result<(), RuleError> {
    let mut open: Vec<RuleIndex> = correlations.keys().copied().collect();
    open.sort();
    loop {
        let before = open.len();
        let still = open.clone();
        open.retain(|index| correlations[index].rules.iter().any(|rule| still.contains(rule)));
        match open.first() {
            None => return Ok(()),
            Some(index) if open.len() == before => {
                let refusal = Refusal::new(
                    "rules",
                    "the correlation refers to itself, perhaps by way of others",
                );
                return Err(rules[index.0 as usize].refuse(refusal));
            }
            Some(_) => {}
        }
    }
}
