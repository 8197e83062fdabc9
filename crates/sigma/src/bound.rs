//! Where the rules' fields stand in the columns of one log.

use crate::columns::Columns;
use crate::condition::Possible;
use crate::fields::{Part, Vary, find_uri};
use crate::item::{Item, Link, Subject, Test};
use crate::rule::RuleIndex;
use crate::ruleset::{Body, RuleSet};

/// Where the texts of a slot come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Line,
    Part(Part),
    Uri([Option<Part>; 2]),
}

/// Texts that several fields may share, each varied alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) source: Source,
    pub(crate) vary: Vary,
}

/// The slot of the line; it is always the first.
pub(crate) const LINE: Place = Place {
    own: None,
    slot: 0,
    partial: false,
};

/// Where a field stands in a log's columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The field's own column, if the log has it.
    pub(crate) own: Option<Part>,
    pub(crate) slot: usize,
    /// Whether a column is missing that could hold what is looked for.
    pub(crate) partial: bool,
}

/// A rule set with its fields resolved in the columns of one log.
#[derive(Debug)]
pub struct Bound {
    /// One a field of the rule set; `None` where the log lacks it.
    pub(crate) places: Vec<Option<Place>>,
    pub(crate) slots: Vec<Slot>,
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
            dead[at] = match body {
                Body::Detection(condition) => !condition.possible(&|item| self.possible(item)).to_hold,
                Body::Correlation(_) => false,
                Body::Foreign => true,
            };
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
            (Some(_), Test::Text(..) | Test::Expression(_)) => true,
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
}
