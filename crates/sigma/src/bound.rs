//! Exact evaluation of rules on the rows of one log.

use crate::columns::{Columns, Row};
use crate::condition::{Possible, Truth};
use crate::fields::{Part, Vary, find_uri};
use crate::item::{Case, FieldId, Item, Link, Subject, Test, lies_in, says};
use crate::prefilter::RuleBits;
use crate::rule::RuleIndex;
use crate::ruleset::{Body, RuleSet};
use crate::variants::Texts;

/// Where the texts of a slot come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Line,
    Part(Part),
    Uri([Option<Part>; 2]),
}

/// Texts that several fields may share, each varied alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    source: Source,
    vary: Vary,
}

/// The slot of the line; it is always the first.
const LINE: Place = Place {
    own: None,
    slot: 0,
    partial: false,
};

/// Where a field stands in a log's columns.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The field's own column, if the log has it.
    own: Option<Part>,
    slot: usize,
    /// Whether a column is missing that could hold what is looked for.
    partial: bool,
}

/// A rule set with its fields resolved in the columns of one log.
#[derive(Debug)]
pub struct Bound {
    /// One a field of the rule set; `None` where the log lacks it.
    places: Vec<Option<Place>>,
    slots: Vec<Slot>,
    unanswerable: Vec<RuleIndex>,
}

impl Bound {
    pub(crate) fn new(rules: &RuleSet, columns: &Columns, plain: bool) -> Self {
        let vary = if plain { Vary::Text } else { Vary::Decoded };
        let mut bound = Self {
            places: Vec::new(),
            slots: vec![Slot {
                source: Source::Line,
                vary,
            }],
            unanswerable: Vec::new(),
        };
        for field in rules.fields.list() {
            let own = field.find(columns);
            let vary = if plain { Vary::Text } else { field.vary() };
            let place = if vary == Vary::Uri {
                let parts = find_uri(columns);
                let partial = parts.iter().any(Option::is_none);
                let source = if parts == [None, None] {
                    own.map(Source::Part)
                } else {
                    Some(Source::Uri(parts))
                };
                source.map(|source| Place {
                    own,
                    slot: bound.slot(Slot { source, vary }),
                    partial,
                })
            } else {
                own.map(|part| Place {
                    own,
                    slot: bound.slot(Slot {
                        source: Source::Part(part),
                        vary,
                    }),
                    partial: false,
                })
            };
            bound.places.push(place);
        }
        bound.unanswerable = bound.find_unanswerable(rules);
        bound
    }

    fn slot(&mut self, slot: Slot) -> usize {
        let known = self.slots.iter().position(|known| *known == slot);
        known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        })
    }

    fn find_unanswerable(&self, rules: &RuleSet) -> Vec<RuleIndex> {
        let mut dead = vec![false; rules.bodies.len()];
        for (at, body) in rules.bodies.iter().enumerate() {
            if let Body::Detection(condition) = body {
                dead[at] = !condition.possible(&|item| self.possible(item)).to_hold;
            }
        }
        // Correlations may refer to correlations, wherever these stand.
        loop {
            let before = dead.clone();
            for (at, body) in rules.bodies.iter().enumerate() {
                if let Body::Correlation(correlation) = body {
                    dead[at] = correlation.is_dead(&|rule| dead[rule.0 as usize]);
                }
            }
            if dead == before {
                break;
            }
        }
        (0..dead.len())
            .filter(|at| dead[*at])
            .map(|at| RuleIndex(at as u32))
            .collect()
    }

    /// What an item can become in such a log.
    fn possible(&self, item: &Item) -> Possible {
        let Subject::Field(field) = item.subject else {
            return Possible {
                to_hold: true,
                to_fail: true,
            };
        };
        let known = |test: &Test| match (self.places[field.0], test) {
            (None, _) => false,
            (Some(_), Test::Text(..)) => true,
            (Some(place), Test::OtherField(other, ..)) => {
                place.own.is_some() && self.places[other.0].is_some()
            }
            (Some(place), _) => place.own.is_some(),
        };
        let any = item.tests.iter().any(known);
        let all = item.tests.iter().all(known);
        let complete = self.places[field.0].is_some_and(|place| !place.partial);
        let (to_hold, to_fail) = match item.link {
            Link::Any => (any, all && complete),
            Link::All => (all, any && complete),
        };
        if item.negated {
            Possible {
                to_hold: to_fail,
                to_fail: to_hold,
            }
        } else {
            Possible { to_hold, to_fail }
        }
    }

    /// Rules that no line of such a log can answer, because columns are missing.
    pub fn unanswerable(&self) -> &[RuleIndex] {
        &self.unanswerable
    }

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
            truth = truth.max(match test {
                Test::Text(case, test) => {
                    let holds = self.texts(place.slot, *case).iter().any(|text| test.holds(text));
                    if holds {
                        Truth::True
                    } else {
                        Truth::False.or_unknown(place.partial)
                    }
                }
                test => self.other(place, test),
            });
            if truth == Truth::True {
                break;
            }
        }
        truth
    }

    fn all(&mut self, place: Place, tests: &[Test]) -> Truth {
        let mut truth = Truth::True;
        let is_text = |test: &&Test| matches!(test, Test::Text(..));
        for test in tests.iter().filter(|test| !is_text(test)) {
            truth = truth.min(self.other(place, test));
        }
        if truth == Truth::False || !tests.iter().any(|test| is_text(&test)) {
            return truth;
        }
        let mut variant = 0;
        while variant < self.texts(place.slot, Case::Kept).len() {
            let holds = tests.iter().all(|test| match test {
                Test::Text(case, test) => test.holds(self.texts(place.slot, *case).get(variant)),
                _ => true,
            });
            if holds {
                return truth;
            }
            variant += 1;
        }
        truth.min(Truth::False.or_unknown(place.partial))
    }

    /// A test on the field's own column as logged.
    fn other(&mut self, place: Place, test: &Test) -> Truth {
        let Some(own) = place.own else {
            return Truth::Unknown;
        };
        let value = own.of(self.row.values);
        let holds = match test {
            Test::Text(..) => false,
            Test::Empty => value.is_empty(),
            Test::Exists(expected) => value.is_empty() != *expected,
            Test::Number(comparison, number) => comparison.holds(value, *number),
            Test::Network(network) => lies_in(value, network),
            Test::Truthy(expected) => says(value, *expected),
            Test::OtherField(other, relation, case) => {
                return self.compare_fields(place, *other, &|text, other| relation.holds(text, other), *case);
            }
        };
        holds.into()
    }

    fn compare_fields(
        &mut self,
        place: Place,
        other: FieldId,
        holds: &dyn Fn(&[u8], &[u8]) -> bool,
        case: Case,
    ) -> Truth {
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
        // An empty value is compared with another empty one only: it says nothing of what others contain.
        let fits = |text: &[u8], other: &[u8]| text.is_empty() == other.is_empty() && holds(text, other);
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
