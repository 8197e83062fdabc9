//! The values of an item, compiled to tests.

use aho_corasick::AhoCorasick;
use rsigma_parser::{SigmaString, SigmaValue};

use super::Fields;
use super::encode;
use super::modifiers::{Base64, Modifiers, Operator};
use crate::expression::{Expression, Flags};
use crate::item::{Case, Comparison, Item, Link, Relation, Subject, Test, TextTest, network};
use crate::pattern::Pattern;
use crate::prefilter::Requirement;
use crate::variants::folded;

/// From so many literals on, a list is searched by one automaton.
const LONG_LIST: usize = 16;

/// Compiles an item; says why where that is refused.
pub(super) fn compile(
    modifiers: &Modifiers,
    values: &[SigmaValue],
    subject: Subject,
    key: &str,
    fields: &mut Fields,
) -> Result<Item, String> {
    if values.is_empty() {
        return Err("there is no value".into());
    }
    let searched = matches!(
        modifiers.operator,
        Operator::Text(Relation::Contains) | Operator::Regex { .. }
    );
    if subject == Subject::Line && !searched {
        return Err("keywords are searched for in the line: only `contains` and `re` fit".into());
    }
    let mut compiler = Values {
        modifiers,
        subject,
        fields,
        tests: Vec::new(),
        literals: Vec::new(),
    };
    let mut requirements = Vec::with_capacity(values.len());
    for value in values {
        requirements.push(compiler.value(value)?);
    }
    let requirement = match (modifiers.negated, modifiers.link) {
        (true, _) => Requirement::Nothing,
        (false, Link::Any) => Requirement::any(requirements),
        (false, Link::All) => Requirement::all(requirements),
    };
    let tests = compiler.finish()?;
    Ok(Item {
        subject,
        link: modifiers.link,
        tests,
        negated: modifiers.negated,
        requirement,
        key: key.into(),
        memo: None,
    })
}

struct Values<'a> {
    modifiers: &'a Modifiers,
    subject: Subject,
    fields: &'a mut Fields,
    tests: Vec<Test>,
    /// Literals to be contained, any of them.
    literals: Vec<Vec<u8>>,
}

impl Values<'_> {
    fn case(&self) -> Case {
        if self.modifiers.cased {
            Case::Kept
        } else {
            Case::Folded
        }
    }

    fn push(&mut self, test: Test, requirement: Requirement) -> Result<Requirement, String> {
        self.tests.push(test);
        Ok(requirement)
    }

    fn value(&mut self, value: &SigmaValue) -> Result<Requirement, String> {
        match self.modifiers.operator {
            Operator::Text(relation) => self.text_value(value, relation),
            Operator::Regex { .. } => self.regex(&plain(value)?),
            Operator::Network => {
                let text = plain(value)?;
                let network =
                    network(&text).ok_or_else(|| format!("`{text}` is no network in CIDR notation"))?;
                self.push(Test::Network(network), Requirement::of_network(&network))
            }
            Operator::Exists => {
                let expected = match value {
                    SigmaValue::Bool(expected) => *expected,
                    other => match plain(other)?.to_ascii_lowercase().as_str() {
                        "true" | "yes" => true,
                        "false" | "no" => false,
                        other => return Err(format!("`exists` takes true or false, not `{other}`")),
                    },
                };
                self.push(Test::Exists(expected), Requirement::Nothing)
            }
            Operator::OtherField(relation) => {
                let other = self.fields.intern(&plain(value)?);
                self.push(
                    Test::OtherField(other, relation, self.case()),
                    Requirement::Nothing,
                )
            }
            Operator::Number(comparison) => {
                let text = plain(value)?;
                let number = text.parse().map_err(|_| format!("`{text}` is no number"))?;
                self.push(Test::Number(comparison, number), Requirement::Nothing)
            }
        }
    }

    fn text_value(&mut self, value: &SigmaValue, relation: Relation) -> Result<Requirement, String> {
        let number = match value {
            SigmaValue::String(text) => return self.text(text, relation),
            SigmaValue::Null if self.subject == Subject::Line => return Err("a line is never null".into()),
            SigmaValue::Null => return self.push(Test::Empty, Requirement::Nothing),
            SigmaValue::Bool(expected) if relation == Relation::Equals => {
                return self.push(Test::Truthy(*expected), Requirement::Nothing);
            }
            SigmaValue::Integer(number) => *number as f64,
            SigmaValue::Float(number) => *number,
            SigmaValue::Bool(_) => f64::NAN,
        };
        if relation == Relation::Equals {
            return self.push(Test::Number(Comparison::Equal, number), Requirement::Nothing);
        }
        self.text(&SigmaString::from_raw(&value.to_string()), relation)
    }

    fn text(&mut self, text: &SigmaString, relation: Relation) -> Result<Requirement, String> {
        let Some(literal) = text.as_plain() else {
            return self.pattern(text, relation);
        };
        if self.modifiers.expand && literal.matches('%').count() > 1 {
            return Err(format!(
                "placeholders as in `{literal}` are not supported: write their values out"
            ));
        }
        let mut spellings = Vec::new();
        for spelling in if self.modifiers.windash {
            encode::windash(&literal)?
        } else {
            vec![literal]
        } {
            let bytes = match self.modifiers.wide {
                Some(kind) => encode::wide(&spelling, kind),
                None => spelling.into_bytes(),
            };
            match self.modifiers.base64 {
                None => spellings.push(bytes),
                Some(kind) => {
                    spellings.extend(encode::base64(&bytes, kind).into_iter().map(String::into_bytes));
                }
            }
        }
        if spellings.is_empty() {
            return Err("the value is too short for `base64offset`".into());
        }
        let any_offset = self.modifiers.base64 == Some(Base64::AnyOffset);
        Ok(self.spellings(&spellings, if any_offset { Relation::Contains } else { relation }))
    }

    /// Adds one value's spellings, one of which must compare so.
    fn spellings(&mut self, spellings: &[Vec<u8>], relation: Relation) -> Requirement {
        let is_empty = |literal: &[u8]| relation == Relation::Equals && matches!(literal, b"" | b"-");
        let required = |literal: &Vec<u8>| {
            if is_empty(literal) {
                Requirement::Nothing
            } else {
                Requirement::literal(literal)
            }
        };
        let requirement = Requirement::any(spellings.iter().map(required).collect());
        let cased = self.modifiers.cased;
        let literals = spellings
            .iter()
            .map(|literal| if cased { literal.clone() } else { folded(literal) });
        let mut tests = Vec::new();
        for literal in literals {
            match relation {
                _ if is_empty(&literal) => self.tests.push(Test::Empty),
                Relation::Equals => tests.push(TextTest::Equals(literal.into())),
                Relation::StartsWith => tests.push(TextTest::StartsWith(literal.into())),
                Relation::EndsWith => tests.push(TextTest::EndsWith(literal.into())),
                Relation::Contains if self.modifiers.link == Link::Any => self.literals.push(literal),
                Relation::Contains => tests.push(TextTest::contains(&literal)),
            }
        }
        let case = self.case();
        match self.modifiers.link {
            Link::Any => self
                .tests
                .extend(tests.into_iter().map(|test| Test::Text(case, test))),
            Link::All if tests.len() > 1 => self.tests.push(Test::Text(case, TextTest::AnyOf(tests))),
            Link::All => self.tests.extend(tests.pop().map(|test| Test::Text(case, test))),
        }
        requirement
    }

    fn pattern(&mut self, text: &SigmaString, relation: Relation) -> Result<Requirement, String> {
        if self.modifiers.base64.is_some() || self.modifiers.wide.is_some() || self.modifiers.windash {
            return Err(format!(
                "`{text}` has wildcards, which cannot be encoded: escape them with `\\`"
            ));
        }
        let cased = self.modifiers.cased;
        let change = |plain: &str| {
            if cased {
                plain.as_bytes().to_vec()
            } else {
                folded(plain.as_bytes())
            }
        };
        let mut pattern = Pattern::new(text, change);
        if matches!(relation, Relation::Contains | Relation::EndsWith) {
            pattern = pattern.open_start();
        }
        if matches!(relation, Relation::Contains | Relation::StartsWith) {
            pattern = pattern.open_end();
        }
        // `*` alone asks for a value, whatever it is.
        if pattern.is_anything() && self.subject != Subject::Line {
            return self.push(Test::Exists(true), Requirement::Nothing);
        }
        let requirement = Requirement::all(pattern.literals().map(Requirement::literal).collect());
        match pattern.as_contained() {
            Some(literal) if self.modifiers.link == Link::Any => self.literals.push(literal.to_vec()),
            Some(literal) => {
                let test = Test::Text(self.case(), TextTest::contains(literal));
                self.tests.push(test);
            }
            None => self
                .tests
                .push(Test::Text(self.case(), TextTest::Pattern(pattern))),
        }
        Ok(requirement)
    }

    fn regex(&mut self, source: &str) -> Result<Requirement, String> {
        let Operator::Regex {
            ignore_case,
            multi_line,
            dot_all,
        } = self.modifiers.operator
        else {
            return Err("not a regular expression".into());
        };
        let flags = Flags {
            ignore_case,
            multi_line,
            dot_all,
        };
        let (expression, requirement) = Expression::new(source, flags)?;
        self.push(Test::Expression(Box::new(expression)), requirement)
    }

    fn finish(mut self) -> Result<Vec<Test>, String> {
        let case = self.case();
        if self.literals.len() < LONG_LIST {
            let tests = self
                .literals
                .iter()
                .map(|literal| Test::Text(case, TextTest::contains(literal)));
            self.tests.extend(tests);
        } else {
            let automaton = AhoCorasick::new(&self.literals).map_err(|error| error.to_string())?;
            self.tests
                .push(Test::Text(case, TextTest::ContainsAny(automaton)));
        }
        Ok(self.tests)
    }
}

/// A value as a text without wildcards.
fn plain(value: &SigmaValue) -> Result<String, String> {
    match value {
        SigmaValue::String(text) => text
            .as_plain()
            .ok_or_else(|| format!("`{text}` has wildcards, which do not fit here")),
        SigmaValue::Null => Err("null does not fit here".into()),
        other => Ok(other.to_string()),
    }
}
