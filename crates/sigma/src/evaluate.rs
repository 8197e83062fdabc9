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
    /// By slot and [`Extent`].
    slots: Vec<[SlotTexts; 2]>,
    /// By [`Item::memo`]: the last line that it was asked for in, and what held there.
    known: Vec<(u64, Truth)>,
    /// Lines evaluated.
    line: u64,
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

/// Which texts of a slot.
///
/// A test that holds for a text as soon as it holds for a part of it, as `contains` does, need not look at the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All that is there, of a URI path and query together; as logged and decoded.
    Whole,
    /// Path and query of a URI, each alone; as logged and decoded.
    Parts,
}

impl Scratch {
    fn start_line(&mut self, slots: usize) {
        self.line += 1;
        self.slots
            .resize_with(self.slots.len().max(slots), Default::default);
        for slot in self.slots.iter_mut().flatten() {
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
        let Some(memo) = item.memo else {
            return self.truth(item);
        };
        let Scratch { known, line, .. } = &mut *self.scratch;
        if known.len() <= memo {
            known.resize(memo + 1, (0, Truth::Unknown));
        }
        if known[memo].0 == *line {
            return known[memo].1;
        }
        let truth = self.truth(item);
        self.scratch.known[memo] = (self.scratch.line, truth);
        truth
    }

    fn truth(&mut self, item: &Item) -> Truth {
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
            truth = truth.max(if test.is_of_text() {
                let holds = self.any_text(place.slot, test.grows(), |line, extent, variant| {
                    line.holds(test, place.slot, extent, variant)
                });
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
        for test in tests.iter().filter(|test| !test.is_of_text()) {
            truth = truth.min(self.other(place, test));
        }
        let texts = tests.iter().filter(|test| test.is_of_text());
        if truth == Truth::False || texts.clone().next().is_none() {
            return truth;
        }
        let grow = texts.clone().all(Test::grows);
        let holds = self.any_text(place.slot, grow, |line, extent, variant| {
            texts
                .clone()
                .all(|test| line.holds(test, place.slot, extent, variant))
        });
        if holds {
            return truth;
        }
        truth.min(Truth::False.or_unknown(place.partial))
    }

    /// Whether something holds for one of the slot's texts; `grows` where whole texts tell.
    fn any_text(
        &mut self,
        slot: usize,
        grows: bool,
        mut holds: impl FnMut(&mut Self, Extent, usize) -> bool,
    ) -> bool {
        let extents = [Extent::Whole, Extent::Parts];
        extents[..if grows { 1 } else { 2 }].iter().any(|extent| {
            let variants = self.texts(slot, *extent, Case::Kept).len();
            (0..variants).any(|variant| holds(self, *extent, variant))
        })
    }

    /// Whether a test of texts holds for one of them.
    fn holds(&mut self, test: &Test, slot: usize, extent: Extent, variant: usize) -> bool {
        match test {
            Test::Text(case, test) => test.holds(self.texts(slot, extent, *case).get(variant)),
            Test::Expression(expression) => {
                self.texts(slot, extent, Case::Folded);
                let SlotTexts { kept, folded, .. } = &self.scratch.slots[slot][extent as usize];
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
        for (slot, extent) in [place.slot, other.slot]
            .into_iter()
            .flat_map(|slot| [(slot, Extent::Whole), (slot, Extent::Parts)])
        {
            self.texts(slot, extent, case);
        }
        let texts = |slot: usize| {
            let extents = self.scratch.slots[slot].iter();
            extents.flat_map(|texts| texts.of(case).iter())
        };
        // An empty value equals another empty one; of what others contain it says nothing.
        let fits = |text: &[u8], other: &[u8]| {
            relation.holds(text, other) && (relation == Relation::Equals || !other.is_empty())
        };
        let found = texts(place.slot).any(|text| texts(other.slot).any(|other| fits(text, other)));
        if found {
            Truth::True
        } else {
            Truth::False.or_unknown(place.partial || other.partial)
        }
    }

    /// The slot's texts, as logged or folded in case.
    fn texts(&mut self, slot: usize, extent: Extent, case: Case) -> &Texts {
        let Scratch { slots, spare, .. } = &mut *self.scratch;
        let texts = &mut slots[slot][extent as usize];
        if !texts.has_kept {
            texts.kept.clear();
            fill(&mut texts.kept, extent, self.bound.slots[slot], self.row, spare);
            texts.has_kept = true;
        }
        if case == Case::Folded && !texts.has_folded {
            texts.folded.fold_from(&texts.kept);
            texts.has_folded = true;
        }
        texts.of(case)
    }
}

impl SlotTexts {
    fn of(&self, case: Case) -> &Texts {
        match case {
            Case::Kept => &self.kept,
            Case::Folded => &self.folded,
        }
    }
}

impl Truth {
    fn or_unknown(self, unknown: bool) -> Self {
        if unknown { self.max(Self::Unknown) } else { self }
    }
}

fn fill(texts: &mut Texts, extent: Extent, slot: Slot, row: Row<'_>, spare: &mut Vec<u8>) {
    let mut add = |pieces: &[&[u8]]| {
        texts.add(pieces);
        match slot.vary {
            Vary::Text => {}
            Vary::UserAgent => texts.add_blanks(spare),
            Vary::Decoded | Vary::Uri => texts.add_decoded(spare),
        }
    };
    let [stem, query] = match slot.source {
        Source::Uri(parts) => parts.map(|part| part.map_or(&b""[..], |part| part.of(row.values))),
        Source::Line => [row.line, b""],
        Source::Part(part) => [part.of(row.values), b""],
    };
    match extent {
        Extent::Whole if query.is_empty() => add(&[stem]),
        Extent::Whole => add(&[stem, b"?", query]),
        Extent::Parts if query.is_empty() => {}
        Extent::Parts => {
            add(&[query]);
            if !stem.is_empty() {
                add(&[stem]);
            }
        }
    }
}
