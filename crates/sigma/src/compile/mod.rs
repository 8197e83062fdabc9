//! From a parsed Sigma rule to a condition over items.

mod encode;
mod modifiers;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Quantifier, SelectorPattern, SigmaRule, SigmaValue,
};

use self::modifiers::Modifiers;
use crate::condition::Condition;
use crate::fields::Field;
use crate::item::{FieldId, Item, Subject};

/// What cannot be compiled: the place in the rule, with `: ` behind it or empty, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) place: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(place: &str, message: impl Into<String>) -> Self {
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("{place}: ")
        };
        Self {
            place,
            message: message.into(),
        }
    }
}

/// The fields that rules name, each once.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

impl Fields {
    /// The field's place; added where it is new.
    pub(crate) fn intern(&mut self, name: &str) -> FieldId {
        let known = self.0.iter().position(|field| field.is(name));
        FieldId(known.unwrap_or_else(|| {
            self.0.push(Field::new(name));
            self.0.len() - 1
        }))
    }

    pub(crate) fn list(&self) -> &[Field] {
        &self.0
    }
}

/// The items that rules ask for, each once.
#[derive(Debug, Default)]
pub(crate) struct Items(HashMap<String, Arc<Item>>);

impl Items {
    /// The item that `key` and `values` stand for; compiled where it is new.
    fn intern(
        &mut self,
        key: &str,
        values: &[SigmaValue],
        compile: impl FnOnce() -> Result<Item, String>,
    ) -> Result<Arc<Item>, String> {
        let identity = format!("{key}: {values:?}");
        if let Some(known) = self.0.get(&identity) {
            return Ok(Arc::clone(known));
        }
        let item = Arc::new(Item {
            memo: Some(self.0.len()),
            ..compile()?
        });
        self.0.insert(identity, Arc::clone(&item));
        Ok(item)
    }
}

/// Compiles a rule's detection section; collects everything that is wrong with it.
pub(crate) fn compile(
    rule: &SigmaRule,
    fields: &mut Fields,
    items: &mut Items,
) -> Result<Condition<Arc<Item>>, Vec<Refusal>> {
    let mut compiler = Compiler {
        detections: &rule.detection,
        fields,
        items,
        refusals: Vec::new(),
    };
    if rule.detection.timeframe.is_some() {
        compiler.refuse(
            "timeframe",
            "aggregation in a detection rule is not supported: write a correlation rule",
        );
    }
    let conditions = rule
        .detection
        .conditions
        .iter()
        .filter_map(|expr| compiler.condition(expr))
        .collect::<Vec<_>>();
    if conditions.is_empty() && compiler.refusals.is_empty() {
        compiler.refuse("condition", "there is none");
    }
    match compiler.refusals {
        refusals if refusals.is_empty() => {
            let mut condition = Condition::any(conditions);
            condition.order(&|item: &Arc<Item>| item.cost());
            Ok(condition)
        }
        refusals => Err(refusals),
    }
}

struct Compiler<'a> {
    detections: &'a Detections,
    fields: &'a mut Fields,
    items: &'a mut Items,
    refusals: Vec<Refusal>,
}

impl Compiler<'_> {
    fn refuse(&mut self, place: &str, message: impl Into<String>) {
        let refusal = Refusal::new(place, message);
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    fn condition(&mut self, expr: &ConditionExpr) -> Option<Condition<Arc<Item>>> {
        match expr {
            ConditionExpr::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
                parts.into_iter().collect::<Option<_>>().map(Condition::all)
            }
            ConditionExpr::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
                parts.into_iter().collect::<Option<_>>().map(Condition::any)
            }
            ConditionExpr::Not(inner) => Some(Condition::Not(Box::new(self.condition(inner)?))),
            ConditionExpr::Identifier(name) => match self.detections.named.get(name) {
                Some(detection) => self.detection(name, detection),
                None => {
                    self.refuse("condition", format!("there is no detection named `{name}`"));
                    None
                }
            },
            ConditionExpr::Selector { quantifier, pattern } => self.selector(quantifier, pattern),
        }
    }

    fn selector(
        &mut self,
        quantifier: &Quantifier,
        pattern: &SelectorPattern,
    ) -> Option<Condition<Arc<Item>>> {
        // The parser keeps detections unordered; sorted, a rule compiles alike each time.
        let mut selected: Vec<(&String, &Detection)> = self
            .detections
            .named
            .iter()
            .filter(|(name, _)| pattern.matches_detection_name(name))
            .collect();
        selected.sort_by_key(|(name, _)| *name);
        let wanted = match quantifier {
            Quantifier::Any => 1,
            Quantifier::All => selected.len(),
            Quantifier::Count(count) => usize::try_from(*count).unwrap_or(usize::MAX),
        };
        if selected.is_empty() || wanted == 0 || wanted > selected.len() {
            let found = selected.len();
            self.refuse(
                "condition",
                format!("`{quantifier} of {pattern}` cannot hold: {found} detections fit"),
            );
            return None;
        }
        let parts: Vec<_> = selected
            .into_iter()
            .map(|(name, detection)| self.detection(name, detection))
            .collect();
        let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
        Some(match wanted {
            1 => Condition::any(parts),
            _ if wanted == parts.len() => Condition::all(parts),
            _ => Condition::AtLeast(wanted, parts),
        })
    }

    fn detection(&mut self, name: &str, detection: &Detection) -> Option<Condition<Arc<Item>>> {
        let parts: Vec<_> = match detection {
            Detection::AllOf(items) => items.iter().map(|item| self.item(item)).collect(),
            Detection::AnyOf(parts) | Detection::And(parts) => {
                parts.iter().map(|part| self.detection(name, part)).collect()
            }
            Detection::Keywords(values) => vec![self.keywords(name, Modifiers::default(), values)],
            Detection::ArrayMatch { .. } | Detection::Conditional { .. } => {
                self.refuse(name, "arrays are not supported: a web log's fields have none");
                return None;
            }
        };
        if parts.is_empty() {
            self.refuse(name, "it is empty");
            return None;
        }
        let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
        let any = matches!(detection, Detection::AnyOf(_));
        Some(if any {
            Condition::any(parts)
        } else {
            Condition::all(parts)
        })
    }

    fn keywords(
        &mut self,
        name: &str,
        modifiers: Modifiers,
        values: &[SigmaValue],
    ) -> Option<Condition<Arc<Item>>> {
        let modifiers = modifiers.for_keywords();
        let compiled = value::compile(&modifiers, values, Subject::Line, name, self.fields);
        self.take(name, compiled.map(Arc::new))
    }

    fn item(&mut self, item: &DetectionItem) -> Option<Condition<Arc<Item>>> {
        let key = key_of(item);
        let modifiers = match Modifiers::read(&item.field.modifiers) {
            Ok(modifiers) => modifiers,
            Err(message) => {
                self.refuse(&key, message);
                return None;
            }
        };
        let Some(name) = &item.field.name else {
            return self.keywords(&key, modifiers, &item.values);
        };
        let name = rsigma_parser::fieldpath::unescape_brackets(name);
        let subject = Subject::Field(self.fields.intern(&name));
        let compiled = self.items.intern(&key, &item.values, || {
            value::compile(&modifiers, &item.values, subject, &key, self.fields)
        });
        self.take(&key, compiled)
    }

    fn take(&mut self, key: &str, compiled: Result<Arc<Item>, String>) -> Option<Condition<Arc<Item>>> {
        match compiled {
            Ok(item) => Some(Condition::Leaf(item)),
            Err(message) => {
                self.refuse(key, message);
                None
            }
        }
    }
}

/// The item's key as the rule writes it.
fn key_of(item: &DetectionItem) -> String {
    let mut key = item.field.name.clone().unwrap_or_default();
    for modifier in &item.field.modifiers {
        key.push('|');
        key.push_str(modifiers::name(*modifier));
    }
    key
}
