//! What must stand in a line for a rule to match: the prefilter's view of a condition.
//!
//! A requirement may be weaker than the condition, never stronger.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::condition::Condition;
use crate::item::Item;
use crate::prefilter::Requirement;

impl Requirement {
    /// The literal, cut at `?`: path and query stand in different columns.
    pub(crate) fn literal(literal: &[u8]) -> Self {
        Self::all(
            literal
                .split(|byte| *byte == b'?')
                .filter(|piece| !piece.is_empty())
                .map(|piece| Self::Literal(piece.into()))
                .collect(),
        )
    }

    /// All of these; nothing where there are none.
    pub(crate) fn all(mut parts: Vec<Self>) -> Self {
        parts.retain(|part| *part != Self::Nothing);
        match parts.len() {
            0 => Self::Nothing,
            1 => parts.remove(0),
            _ => Self::All(parts),
        }
    }

    /// Any of these; nothing where one requires nothing.
    pub(crate) fn any(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            0 => Self::Nothing,
            1 => parts.remove(0),
            _ if parts.contains(&Self::Nothing) => Self::Nothing,
            _ => Self::Any(parts),
        }
    }

    /// What a condition requires.
    pub(crate) fn of(condition: &Condition<Arc<Item>>) -> Self {
        let each = |parts: &[Condition<Arc<Item>>]| parts.iter().map(Self::of).collect();
        match condition {
            Condition::Leaf(item) => item.requirement.clone(),
            Condition::All(parts) => Self::all(each(parts)),
            Condition::Any(parts) => Self::any(each(parts)),
            Condition::AtLeast(0, _) => Self::Nothing,
            Condition::AtLeast(wanted, parts) if *wanted >= parts.len() => Self::all(each(parts)),
            Condition::AtLeast(_, parts) => Self::any(each(parts)),
            Condition::Not(_) => Self::Nothing,
        }
    }

    /// What a text requires that a regular expression matches.
    pub(crate) fn of_regex(hir: &Hir) -> Self {
        let mut run = Vec::new();
        let mut parts = Vec::new();
        collect(hir, &mut run, &mut parts);
        parts.push(Self::literal(&run));
        Self::all(parts)
    }

    /// What the text of an address in `network` requires.
    pub(crate) fn of_network(network: &IpNet) -> Self {
        let bits = usize::from(network.prefix_len());
        match network.network() {
            // The whole octets, as dotted decimals, also behind `::ffff:`.
            IpAddr::V4(address) => {
                let whole = bits / 8;
                let mut text = String::new();
                for octet in &address.octets()[..whole] {
                    text.push_str(&format!("{octet}."));
                }
                Self::literal(
                    if whole == 4 {
                        text.trim_end_matches('.')
                    } else {
                        &text
                    }
                    .as_bytes(),
                )
            }
            // The whole groups but zeros, which `::` may stand for, and the last two, which may be dotted.
            // A group may have leading zeros unless it has four digits.
            IpAddr::V6(address) => {
                let mut runs: Vec<String> = Vec::new();
                let mut open = false;
                for group in address.segments().into_iter().take((bits / 16).min(6)) {
                    match runs.last_mut() {
                        Some(run) if open && group >= 0x1000 => run.push_str(&format!(":{group:x}")),
                        _ if group != 0 => runs.push(format!("{group:x}")),
                        _ => {}
                    }
                    open = group != 0;
                }
                Self::all(runs.iter().map(|run| Self::literal(run.as_bytes())).collect())
            }
        }
    }
}

/// Adds what `hir` requires to `parts`; `run` is the literal that may go on.
fn collect(hir: &Hir, run: &mut Vec<u8>, parts: &mut Vec<Requirement>) {
    let mut end_run = |run: &mut Vec<u8>, part: Requirement| {
        parts.push(Requirement::literal(run));
        parts.push(part);
        run.clear();
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => run.extend_from_slice(&literal.0),
        HirKind::Class(class) => match one_letter(class) {
            Some(letter) => run.push(letter),
            None => end_run(run, Requirement::Nothing),
        },
        HirKind::Capture(capture) => collect(&capture.sub, run, parts),
        HirKind::Concat(subs) => subs.iter().for_each(|sub| collect(sub, run, parts)),
        HirKind::Alternation(subs) => {
            end_run(
                run,
                Requirement::any(subs.iter().map(Requirement::of_regex).collect()),
            );
        }
        HirKind::Repetition(repetition) if repetition.min == 0 => end_run(run, Requirement::Nothing),
        HirKind::Repetition(repetition) => end_run(run, Requirement::of_regex(&repetition.sub)),
    }
}

/// The letter of a class that holds one ASCII letter in both cases and nothing else but what folds to it: the
/// Kelvin sign and the long s, lines with which need not hold any literal.
fn one_letter(class: &Class) -> Option<u8> {
    let mut letters: Vec<u32> = Vec::new();
    let mut add = |start: u32, end: u32| letters.extend((start..=end).take(4));
    match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .for_each(|range| add(range.start().into(), range.end().into())),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .for_each(|range| add(range.start().into(), range.end().into())),
    }
    let lower = match letters[..] {
        [_, lower] | [_, lower, 0x17f | 0x212a] => u8::try_from(lower).ok()?,
        _ => return None,
    };
    let cases = [lower.to_ascii_uppercase(), lower].map(u32::from);
    let folded: &[u32] = match lower {
        b's' => &[0x17f],
        b'k' => &[0x212a],
        _ => &[],
    };
    let is_letter = lower.is_ascii_lowercase() && letters[..2] == cases;
    (is_letter && (letters.len() == 2 || letters[2..] == *folded)).then_some(lower)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A short form: `lit`, `a&b`, `(a|b)`, `-`.
    fn show(requirement: &Requirement) -> String {
        let list = |parts: &[Requirement], sign: &str| parts.iter().map(show).collect::<Vec<_>>().join(sign);
        match requirement {
            Requirement::Nothing => "-".into(),
            Requirement::Literal(literal) => String::from_utf8_lossy(literal).into_owned(),
            Requirement::All(parts) => format!("({})", list(parts, "&")),
            Requirement::Any(parts) => format!("({})", list(parts, "|")),
        }
    }

    #[test]
    fn literals_of_regular_expressions() {
        let of = |expression: &str| {
            show(&Requirement::of_regex(
                &regex_syntax::Parser::new().parse(expression).unwrap(),
            ))
        };
        assert_eq!(of(r"^/owa/[a-z]+\.aspx$"), "(/owa/&.aspx)");
        assert_eq!(of("(?i)autodi"), "autodi");
        assert_eq!(of("(?i)takes"), "takes");
        assert_eq!(of("(?i)a[kKi]a[skK]"), "(a&a)");
        assert_eq!(of("a[sS\u{17f}]b[kK\u{17f}]"), "asb");
        assert_eq!(of("a(bc)d"), "abcd");
        assert_eq!(of("x(one|two)y"), "(x&(one|two)&y)");
        assert_eq!(of("x(one|.)y"), "(x&y)");
        assert_eq!(of("(ab)+c?"), "ab");
        assert_eq!(of("a*"), "-");
        assert_eq!(of(r"json\?@"), "(json&@)");
    }

    #[test]
    fn fragments_of_networks() {
        let of = |network: &str| show(&Requirement::of_network(&network.parse().unwrap()));
        assert_eq!(of("203.0.113.7/32"), "203.0.113.7");
        assert_eq!(of("203.0.113.0/24"), "203.0.113.");
        assert_eq!(of("203.0.112.0/20"), "203.0.");
        assert_eq!(of("0.0.0.0/0"), "-");
        assert_eq!(of("2001:db8::/32"), "(2001&db8)");
        assert_eq!(of("2001:1db8:0:5:a::1/128"), "(2001:1db8&5&a)");
        assert_eq!(of("::1/128"), "-");
    }
}
