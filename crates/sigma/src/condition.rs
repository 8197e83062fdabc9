//! Conditions in Kleene's three-valued logic.
//!
//! A log that lacks a column leaves items on it unknown, neither true nor false; a rule matches where its
//! condition is true. `not` of unknown is unknown: a filter on a field that the log does not carry
//! never makes a rule match.

/// A truth value, ordered: conjunction is the minimum, disjunction the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    False,
    Unknown,
    True,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

/// A condition over leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition<L> {
    Leaf(L),
    /// Never empty.
    All(Vec<Self>),
    /// Never empty.
    Any(Vec<Self>),
    /// At least so many of these.
    AtLeast(usize, Vec<Self>),
    Not(Box<Self>),
}

/// What a condition can become when its known leaves are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Possible {
    pub(crate) to_hold: bool,
    pub(crate) to_fail: bool,
}

impl<L> Condition<L> {
    /// The truth of the condition; leaves are asked only as far as needed.
    pub(crate) fn evaluate(&self, leaf: &mut impl FnMut(&L) -> Truth) -> Truth {
        match self {
            Self::Leaf(own) => leaf(own),
            Self::Not(inner) => !inner.evaluate(leaf),
            Self::All(parts) => {
                let mut truth = Truth::True;
                for part in parts {
                    truth = truth.min(part.evaluate(leaf));
                    if truth == Truth::False {
                        break;
                    }
                }
                truth
            }
            Self::Any(parts) => {
                let mut truth = Truth::False;
                for part in parts {
                    truth = truth.max(part.evaluate(leaf));
                    if truth == Truth::True {
                        break;
                    }
                }
                truth
            }
            Self::AtLeast(wanted, parts) => {
                let (mut held, mut open) = (0, 0);
                for part in parts {
                    match part.evaluate(leaf) {
                        Truth::True => held += 1,
                        Truth::Unknown => open += 1,
                        Truth::False => {}
                    }
                }
                match (held, held + open) {
                    (held, _) if held >= *wanted => Truth::True,
                    (_, at_most) if at_most >= *wanted => Truth::Unknown,
                    _ => Truth::False,
                }
            }
        }
    }

    /// What the condition can become, told from what its leaves can become.
    pub(crate) fn possible(&self, leaf: &impl Fn(&L) -> Possible) -> Possible {
        let count = |parts: &[Self], pick: fn(Possible) -> bool| {
            parts.iter().filter(|part| pick(part.possible(leaf))).count()
        };
        let (parts, wanted) = match self {
            Self::Leaf(own) => return leaf(own),
            Self::Not(inner) => {
                let Possible { to_hold, to_fail } = inner.possible(leaf);
                return Possible {
                    to_hold: to_fail,
                    to_fail: to_hold,
                };
            }
            Self::All(parts) => (parts, parts.len()),
            Self::Any(parts) => (parts, 1),
            Self::AtLeast(wanted, parts) => (parts, *wanted),
        };
        Possible {
            to_hold: count(parts, |part| part.to_hold) >= wanted,
            to_fail: count(parts, |part| part.to_fail) + wanted > parts.len(),
        }
    }

    /// Calls `visit` for every leaf.
    pub(crate) fn leaves<'a>(&'a self, visit: &mut impl FnMut(&'a L)) {
        match self {
            Self::Leaf(own) => visit(own),
            Self::Not(inner) => inner.leaves(visit),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().for_each(|part| part.leaves(visit));
            }
        }
    }

    /// Puts what costs less first, and filters last, which seldom decide; tells the cost of the whole.
    pub(crate) fn order(&mut self, cost: &impl Fn(&L) -> u32) -> u32 {
        match self {
            Self::Leaf(own) => cost(own),
            Self::Not(inner) => inner.order(cost),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                let costs = parts.drain(..).map(|mut part| (part.order(cost), part));
                let mut costs: Vec<_> = costs.collect();
                costs.sort_by_key(|(cost, part)| (matches!(part, Self::Not(_)), *cost));
                let total = costs.iter().map(|(cost, _)| *cost).sum();
                parts.extend(costs.into_iter().map(|(_, part)| part));
                total
            }
        }
    }

    /// All of these, without a needless level.
    pub(crate) fn all(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            parts.remove(0)
        } else {
            Self::All(parts)
        }
    }

    /// Any of these, without a needless level.
    pub(crate) fn any(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            parts.remove(0)
        } else {
            Self::Any(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Condition::{All, Any, AtLeast, Leaf};
    use super::*;

    const VALUES: [Truth; 3] = [Truth::False, Truth::Unknown, Truth::True];

    fn truth(condition: &Condition<Truth>) -> Truth {
        condition.evaluate(&mut |leaf| *leaf)
    }

    #[test]
    fn truth_tables() {
        use Truth::{False as F, True as T, Unknown as U};
        let table = |make: fn(Truth, Truth) -> Condition<Truth>| {
            VALUES.map(|left| VALUES.map(|right| truth(&make(left, right))))
        };
        assert_eq!(
            table(|a, b| All(vec![Leaf(a), Leaf(b)])),
            [[F, F, F], [F, U, U], [F, U, T]]
        );
        assert_eq!(
            table(|a, b| Any(vec![Leaf(a), Leaf(b)])),
            [[F, U, T], [U, U, T], [T, T, T]]
        );
        assert_eq!(
            VALUES.map(|value| truth(&Condition::Not(Box::new(Leaf(value))))),
            [T, U, F]
        );
    }

    #[test]
    fn counting_agrees_with_all_ways_to_fill_in_the_unknown() {
        for (first, second, third) in (0..27).map(|n| (VALUES[n / 9], VALUES[n / 3 % 3], VALUES[n % 3])) {
            let leaves = [first, second, third];
            for wanted in 1..=3 {
                let held = leaves.iter().filter(|leaf| **leaf == Truth::True).count();
                let open = leaves.iter().filter(|leaf| **leaf == Truth::Unknown).count();
                let expected = if held >= wanted {
                    Truth::True
                } else if held + open >= wanted {
                    Truth::Unknown
                } else {
                    Truth::False
                };
                assert_eq!(
                    truth(&AtLeast(wanted, leaves.map(Leaf).to_vec())),
                    expected,
                    "{wanted} of {leaves:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_possible_is_what_some_assignment_reaches() {
        let free = || Leaf(true);
        let missing = || Leaf(false);
        let not = |inner| Condition::Not(Box::new(inner));
        let can_hold = |condition: Condition<bool>| {
            condition
                .possible(&|known| Possible {
                    to_hold: *known,
                    to_fail: *known,
                })
                .to_hold
        };
        assert!(!can_hold(All(vec![free(), missing()])));
        assert!(!can_hold(All(vec![free(), not(missing())])));
        assert!(can_hold(Any(vec![free(), missing()])));
        assert!(!can_hold(not(Any(vec![free(), missing()]))));
        assert!(can_hold(not(All(vec![free(), missing()]))));
        assert!(can_hold(AtLeast(2, vec![free(), free(), missing()])));
        assert!(!can_hold(AtLeast(2, vec![free(), missing(), missing()])));
    }
}
