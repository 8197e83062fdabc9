//! Detection items: a field and what its value is compared with.

use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use memchr::memmem::Finder;

use crate::expression::Expression;
use crate::pattern::Pattern;
use crate::prefilter::Requirement;

/// A field's place in the rule set's list of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FieldId(pub(crate) usize);

/// What an item looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Field(FieldId),
    /// The whole line, for keywords.
    Line,
}

/// How the values of an item are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Any,
    /// All on one and the same variant of the field.
    All,
}

/// A field, or the line, and the values that it is compared with.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) subject: Subject,
    pub(crate) link: Link,
    pub(crate) tests: Vec<Test>,
    /// `neq`: the item holds where its comparison does not.
    pub(crate) negated: bool,
    /// What must stand in a line for the item to hold.
    pub(crate) requirement: Requirement,
    /// The key in the rule, for explanations.
    pub(crate) key: Box<str>,
    /// Where its truth is kept while a line is evaluated, if several rules may ask for it.
    pub(crate) memo: Option<usize>,
}

impl Item {
    /// The fields that it looks at.
    pub(crate) fn fields(&self) -> impl Iterator<Item = FieldId> + '_ {
        let own = match self.subject {
            Subject::Field(field) => Some(field),
            Subject::Line => None,
        };
        let others = self.tests.iter().filter_map(|test| match test {
            Test::OtherField(other, ..) => Some(*other),
            _ => None,
        });
        own.into_iter().chain(others)
    }

    /// What the item costs, roughly: cheap ones are asked first.
    pub(crate) fn cost(&self) -> u32 {
        let text = |test: &TextTest| match test {
            TextTest::Equals(_) | TextTest::StartsWith(_) | TextTest::EndsWith(_) => 4,
            _ => 8,
        };
        let tests: u32 = self
            .tests
            .iter()
            .map(|test| match test {
                Test::Text(_, test) => text(test),
                Test::Expression(_) => 20,
                _ => 1,
            })
            .sum();
        if self.subject == Subject::Line {
            tests + 40
        } else {
            tests
        }
    }
}

/// Whether letter case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Folded,
    Kept,
}

/// A comparison with one value.
#[derive(Debug)]
pub(crate) enum Test {
    /// On each variant of the field's text.
    Text(Case, TextTest),
    /// On each variant of the field's text, letter case as the expression says.
    Expression(Box<Expression>),
    /// Empty: `null`, `''` and `'-'`.
    Empty,
    /// Not empty (`true`) or empty (`false`).
    Exists(bool),
    Number(Comparison, f64),
    Network(IpNet),
    Truthy(bool),
    OtherField(FieldId, Relation, Case),
}

impl Test {
    /// Whether the test looks at each variant of a text.
    pub(crate) fn is_of_text(&self) -> bool {
        matches!(self, Self::Text(..) | Self::Expression(_))
    }

    /// Whether it holds for every text with a part for which it holds.
    pub(crate) fn grows(&self) -> bool {
        match self {
            Self::Text(_, test) => test.grows(),
            Self::Expression(expression) => expression.grows(),
            _ => false,
        }
    }
}

/// A comparison of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A comparison of two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

impl Relation {
    pub(crate) fn holds(self, text: &[u8], other: &[u8]) -> bool {
        match self {
            Self::Equals => text == other,
            Self::Contains => memchr::memmem::find(text, other).is_some(),
            Self::StartsWith => text.starts_with(other),
            Self::EndsWith => text.ends_with(other),
        }
    }
}

/// A comparison of one text.
#[derive(Debug)]
pub(crate) enum TextTest {
    Equals(Box<[u8]>),
    StartsWith(Box<[u8]>),
    EndsWith(Box<[u8]>),
    Contains(Box<Finder<'static>>),
    ContainsAny(AhoCorasick),
    Pattern(Pattern),
    AnyOf(Vec<Self>),
}

impl TextTest {
    pub(crate) fn contains(literal: &[u8]) -> Self {
        Self::Contains(Box::new(Finder::new(literal).into_owned()))
    }

    pub(crate) fn holds(&self, text: &[u8]) -> bool {
        match self {
            Self::Equals(literal) => text == &**literal,
            Self::StartsWith(literal) => text.starts_with(literal),
            Self::EndsWith(literal) => text.ends_with(literal),
            Self::Contains(finder) => finder.find(text).is_some(),
            Self::ContainsAny(automaton) => automaton.is_match(text),
            Self::Pattern(pattern) => pattern.matches(text),
            Self::AnyOf(tests) => tests.iter().any(|test| test.holds(text)),
        }
    }

    fn grows(&self) -> bool {
        match self {
            Self::Contains(_) | Self::ContainsAny(_) => true,
            Self::Equals(_) | Self::StartsWith(_) | Self::EndsWith(_) => false,
            Self::Pattern(pattern) => pattern.grows(),
            Self::AnyOf(tests) => tests.iter().all(Self::grows),
        }
    }
}

impl Comparison {
    /// Whether the text is a number that compares so.
    pub(crate) fn holds(self, text: &[u8], number: f64) -> bool {
        let Some(value) = str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
        else {
            return false;
        };
        match self {
            Self::Equal => value == number,
            Self::Greater => value > number,
            Self::GreaterOrEqual => value >= number,
            Self::Less => value < number,
            Self::LessOrEqual => value <= number,
        }
    }
}

/// Whether the text says so: `true`, `1`, `yes` or `false`, `0`, `no`.
pub(crate) fn says(text: &[u8], expected: bool) -> bool {
    let any = |words: [&str; 3]| {
        words
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if expected {
        any(["true", "1", "yes"])
    } else {
        any(["false", "0", "no"])
    }
}

/// Whether an address in the text, which may be a list as in `X-Forwarded-For`, lies in the network.
pub(crate) fn lies_in(text: &[u8], network: &IpNet) -> bool {
    text.split(|byte| matches!(byte, b',' | b';' | b' ' | b'+'))
        .filter_map(|element| address(str::from_utf8(element).ok()?))
        .any(|address| network.contains(&address))
}

/// Reads a network in CIDR notation, or an address as the network of it alone.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Reads an address, with or without port, brackets or zone; `::ffff:` before dotted decimals is left out.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if text.matches(':').count() == 1 => text.split_once(':')?.0,
        None => text,
    };
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let address: IpAddr = bare.parse().ok()?;
    // Only the dotted form: its digits are what the prefilter looks for.
    Some(if bare.contains('.') {
        address.to_canonical()
    } else {
        address
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use rsigma_parser::SigmaString;

    use super::*;
    use crate::expression::Flags;
    use crate::variants::folded;

    #[test]
    fn numbers_in_texts() {
        assert!(Comparison::Equal.holds(b"200", 200.0));
        assert!(Comparison::Less.holds(b"199", 200.0));
        assert!(!Comparison::Greater.holds(b"", 1.0));
        assert!(!Comparison::GreaterOrEqual.holds(b"-", f64::NEG_INFINITY));
        assert!(says(b"True", true) && says(b"0", false) && !says(b"maybe", false));
    }

    #[test]
    fn addresses_in_many_dresses() {
        let network: IpNet = "203.0.113.0/24".parse().unwrap();
        for text in [
            "203.0.113.9",
            "10.0.0.1,+203.0.113.9",
            "203.0.113.9:4711",
            "::ffff:203.0.113.9",
            "[::ffff:203.0.113.9]:80",
        ] {
            assert!(lies_in(text.as_bytes(), &network), "{text}");
        }
        assert!(!lies_in(b"203.0.114.9", &network));
        assert!(!lies_in(b"", &network));
        let network: IpNet = "2001:db8::/32".parse().unwrap();
        assert!(lies_in(b"2001:DB8:0:0::5", &network));
        assert!(lies_in(b"2001:db8::5%12", &network));
        assert!(lies_in(b"[2001:db8::5]:443", &network));
    }

    /// Texts and parts of them in which the tests below find something now and then.
    fn text_and_part() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let piece = || vec(select(b"abAB?/%@ \xc3\xa4\xff".to_vec()), 0..8);
        (piece(), piece(), piece()).prop_map(|(before, part, after)| {
            ([&before, &part, &after].map(|piece| &piece[..]).concat(), part)
        })
    }

    proptest! {
        #[test]
        fn what_grows_holds_for_the_whole_where_it_holds_for_a_part((whole, part) in text_and_part()) {
            let flags = Flags { ignore_case: true, ..Flags::default() };
            let expression = |source| Test::Expression(Box::new(Expression::new(source, flags).unwrap().0));
            let pattern = |text| TextTest::Pattern(Pattern::new(&SigmaString::new(text), |plain| folded(plain.as_bytes())));
            let text = |test| Test::Text(Case::Folded, test);
            let tests = [
                (true, text(TextTest::contains(b"a/"))),
                (true, text(TextTest::ContainsAny(AhoCorasick::new(["b@", "a?"]).unwrap()))),
                (true, text(pattern("*a*b*"))),
                (false, text(pattern("a*b*"))),
                (false, text(pattern("*a*b"))),
                (false, text(pattern("*a?b*"))),
                (false, text(TextTest::AnyOf(vec![pattern("*a*"), TextTest::Equals(b"b"[..].into())]))),
                (true, expression("a[^/]*@")),
                (true, expression("ä.?b")),
                (false, expression("^a")),
                (false, expression("a$")),
                (false, expression(r"\bb")),
            ];
            for (grows, test) in tests {
                prop_assert_eq!(test.grows(), grows);
                let holds = |bytes: &[u8]| match &test {
                    Test::Text(_, test) => test.holds(&folded(bytes)),
                    Test::Expression(expression) => expression.matches(bytes, &folded(bytes)),
                    _ => false,
                };
                prop_assert!(!grows || !holds(&part) || holds(&whole), "{:?}", test);
            }
        }
    }
}
