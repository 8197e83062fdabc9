//! Exact evaluation of rules on the rows of a log.

use crate::bound::{Bound, LINE, Place, Slot, Source};
use crate::columns::Row;
use crate::condition::Truth;
use crate::fields::Vary;
use crate::item::{Case, FieldId, Item, Link, Relation, Subject, Test, lies_in, says};
use crate::prefilter::RuleBits;
use crate::rule::RuleIndex;
use crate::ruleset::{Body, RuleSet};
use crate::variants::Texts;

impl Bound {
    /// Evaluates the candidate rules exactly; `matched` is cleared, then takes the rules that match, ascending.
    pub fn evaluate(
        &self,
        rules: &RuleSet,
        row: Row<'_>,
        candidates: &RuleBits,
        scratch: &mut Scratch,
        matched: &mut Vec<RuleIndex>,
    ) {
        matched.clear();
        scratch.start_line(self.slots.len());
        let mut line = Line {
            bound: self,
            row,
            scratch,
        };
        for rule in candidates.iter() {
            if let Body::Detection(condition) = &rules.bodies[rule.0 as usize]
                && condition.evaluate(&mut |item| line.item(item)) == Truth::True
            {
                matched.push(rule);
            }
        }
    }
}

/// Reusable memory of an evaluation; one a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    slots: Vec<SlotTexts>,
    spare: Vec<u8>,
}

/// The texts of a slot in the current line, made when first asked for.
#[derive(Debug, Default)]
struct SlotTexts {
    kept: Texts,
    folded: Texts,
    has_kept: bool,
    has_folded: bool,
}

impl Scratch {
    fn start_line(&mut self, slots: usize) {
        self.slots
            .resize_with(self.slots.len().max(slots), SlotTexts::default);
        for slot in &mut self.slots {
            (slot.has_kept, slot.has_folded) = (false, false);
        }
    }
}

/// A row under evaluation.
struct Line<'a> {
    bound: &'a Bound,
    row: Row<'a>,
    scratch: &'a mut Scratch,
}

impl Line<'_> {
    fn item(&mut self, item: &Item) -> Truth {
        let place = match item.subject {
            Subject::Line => LINE,
            Subject::Field(field) => match self.bound.places[field.0] {
                Some(place) => place,
                None => return Truth::Unknown,
            },
        };
        let truth = match item.link {
            Link::Any => self.any(place, &item.tests),
            Link::All => self.all(place, &item.tests),
        };
        if item.negated { !truth } else { truth }
    }

    fn any(&mut self, place: Place, tests: &[Test]) -> Truth {
        let mut truth = Truth::False;
        for test in tests {
            truth = truth.max(if is_of_text(test) {
                let variants = self.texts(place.slot, Case::Kept).len();
                let holds = (0..variants).any(|variant| self.holds(test, place.slot, variant));
                Truth::from(holds).or_unknown(place.partial)
            } else {
                self.other(place, test)
            });
            if truth == Truth::True {
                break;
            }
        }
        truth
    }

    fn all(&mut self, place: Place, tests: &[Test]) -> Truth {
        let mut truth = Truth::True;
        for test in tests.iter().filter(|test| !is_of_text(test)) {
            truth = truth.min(self.other(place, test));
        }
        if truth == Truth::False || !tests.iter().any(is_of_text) {
            return truth;
        }
        let variants = self.texts(place.slot, Case::Kept).len();
        let holds = (0..variants).any(|variant| {
            let mut texts = tests.iter().filter(|test| is_of_text(test));
            texts.all(|test| self.holds(test, place.slot, variant))
        });
        if holds {
            return truth;
        }
        truth.min(Truth::False.or_unknown(place.partial))
    }

    /// Whether a test of texts holds for a variant of the slot's text.
    fn holds(&mut self, test: &Test, slot: usize, variant: usize) -> bool {
        match test {
            Test::Text(case, test) => test.holds(self.texts(slot, *case).get(variant)),
            Test::Expression(expression) => {
                self.texts(slot, Case::Folded);
                let SlotTexts { kept, folded, .. } = &self.scratch.slots[slot];
                expression.matches(kept.get(variant), folded.get(variant))
            }
            _ => false,
        }
    }

    /// A test on the field's own column as logged.
    fn other(&mut self, place: Place, test: &Test) -> Truth {
        let Some(own) = place.own else {
            return Truth::Unknown;
        };
        let value = own.of(self.row.values);
        let holds = match test {
            Test::Text(..) | Test::Expression(_) => false,
            Test::Empty => value.is_empty(),
            Test::Exists(expected) => value.is_empty() != *expected,
            Test::Number(comparison, number) => comparison.holds(value, *number),
            Test::Network(network) => lies_in(value, network),
            Test::Truthy(expected) => says(value, *expected),
            Test::OtherField(other, relation, case) => {
                return self.compare_fields(place, *other, *relation, *case);
            }
        };
        holds.into()
    }

    fn compare_fields(&mut self, place: Place, other: FieldId, relation: Relation, case: Case) -> Truth {
        let Some(other) = self.bound.places[other.0] else {
            return Truth::Unknown;
        };
        self.texts(place.slot, case);
        self.texts(other.slot, case);
        let slots = &self.scratch.slots;
        let pick = |slot: usize| {
            if case == Case::Kept {
                &slots[slot].kept
            } else {
                &slots[slot].folded
            }
        };
        // An empty value equals another empty one; of what others contain it says nothing.
        let fits = |text: &[u8], other: &[u8]| {
            relation.holds(text, other) && (relation == Relation::Equals || !other.is_empty())
        };
        let found = pick(place.slot)
            .iter()
            .any(|text| pick(other.slot).iter().any(|other| fits(text, other)));
        if found {
            Truth::True
        } else {
            Truth::False.or_unknown(place.partial || other.partial)
        }
    }

    /// The slot's texts, as logged or folded in case.
    fn texts(&mut self, slot: usize, case: Case) -> &Texts {
        let Scratch { slots, spare } = &mut *self.scratch;
        let texts = &mut slots[slot];
        if !texts.has_kept {
            texts.kept.clear();
            fill(&mut texts.kept, self.bound.slots[slot], self.row, spare);
            texts.has_kept = true;
        }
        if case == Case::Kept {
            return &texts.kept;
        }
        if !texts.has_folded {
            texts.folded.fold_from(&texts.kept);
            texts.has_folded = true;
        }
        &texts.folded
    }
}

impl Truth {
    fn or_unknown(self, unknown: bool) -> Self {
        if unknown { self.max(Self::Unknown) } else { self }
    }
}

/// Whether the test looks at each variant of a text.
fn is_of_text(test: &Test) -> bool {
    matches!(test, Test::Text(..) | Test::Expression(_))
}

fn fill(texts: &mut Texts, slot: Slot, row: Row<'_>, spare: &mut Vec<u8>) {
    let mut add = |pieces: &[&[u8]]| {
        texts.add(pieces);
        match slot.vary {
            Vary::Text => {}
            Vary::UserAgent => texts.add_blanks(spare),
            Vary::Decoded | Vary::Uri => texts.add_decoded(spare),
        }
    };
    match slot.source {
        Source::Line => add(&[row.line]),
        Source::Part(part) => add(&[part.of(row.values)]),
        Source::Uri(parts) => {
            let [stem, query] = parts.map(|part| part.map_or(&b""[..], |part| part.of(row.values)));
            if !query.is_empty() {
                add(&[stem, b"?", query]);
                add(&[query]);
            }
            if !stem.is_empty() || query.is_empty() {
                add(&[stem]);
            }
        }
    }
}
