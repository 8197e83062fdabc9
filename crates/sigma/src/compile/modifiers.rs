//! Which modifiers may stand together, and what they say.

use rsigma_parser::Modifier;

use crate::item::{Comparison, Link, Relation};

/// How an item compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Text(Relation),
    Regex {
        ignore_case: bool,
        multi_line: bool,
        dot_all: bool,
    },
    Network,
    Exists,
    OtherField(Relation),
    Number(Comparison),
}

/// Base64, as a whole or at any offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base64 {
    Whole,
    AnyOffset,
}

/// UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    LittleEndian,
    BigEndian,
    WithMark,
}

/// The modifiers of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modifiers {
    pub(super) operator: Operator,
    pub(super) link: Link,
    pub(super) cased: bool,
    pub(super) negated: bool,
    pub(super) windash: bool,
    pub(super) expand: bool,
    pub(super) wide: Option<Wide>,
    pub(super) base64: Option<Base64>,
}

impl Default for Modifiers {
    fn default() -> Self {
        Self {
            operator: Operator::Text(Relation::Equals),
            link: Link::Any,
            cased: false,
            negated: false,
            windash: false,
            expand: false,
            wide: None,
            base64: None,
        }
    }
}

impl Modifiers {
    /// Reads the modifiers in the order in which the rule writes them.
    pub(super) fn read(list: &[Modifier]) -> Result<Self, String> {
        let mut own = Self::default();
        let mut operator: Option<Operator> = None;
        let mut flags: Vec<Modifier> = Vec::new();
        for modifier in list {
            let named = match modifier {
                Modifier::Contains => Operator::Text(Relation::Contains),
                Modifier::StartsWith => Operator::Text(Relation::StartsWith),
                Modifier::EndsWith => Operator::Text(Relation::EndsWith),
                Modifier::Re => Operator::Regex {
                    ignore_case: false,
                    multi_line: false,
                    dot_all: false,
                },
                Modifier::Cidr => Operator::Network,
                Modifier::Exists => Operator::Exists,
                Modifier::FieldRef => Operator::OtherField(Relation::Equals),
                Modifier::Gt => Operator::Number(Comparison::Greater),
                Modifier::Gte => Operator::Number(Comparison::GreaterOrEqual),
                Modifier::Lt => Operator::Number(Comparison::Less),
                Modifier::Lte => Operator::Number(Comparison::LessOrEqual),
                other => {
                    own.read_other(*other, &mut flags)?;
                    continue;
                }
            };
            operator = Some(match (operator, named) {
                (None, named) => named,
                (Some(Operator::OtherField(Relation::Equals)), Operator::Text(relation)) => {
                    Operator::OtherField(relation)
                }
                _ => {
                    return Err(format!(
                        "`{}` cannot stand with another comparison",
                        name(*modifier)
                    ));
                }
            });
        }
        own.operator = operator.unwrap_or(own.operator);
        own.set_flags(&flags)?;
        own.check()?;
        Ok(own)
    }

    fn read_other(&mut self, modifier: Modifier, flags: &mut Vec<Modifier>) -> Result<(), String> {
        match modifier {
            Modifier::All => self.link = Link::All,
            Modifier::Cased => self.cased = true,
            Modifier::Neq => self.negated = true,
            Modifier::WindAsh => self.windash = true,
            Modifier::Expand => self.expand = true,
            Modifier::IgnoreCase | Modifier::Multiline | Modifier::DotAll => flags.push(modifier),
            Modifier::Base64 | Modifier::Base64Offset => {
                let kind = if modifier == Modifier::Base64 {
                    Base64::Whole
                } else {
                    Base64::AnyOffset
                };
                if self.base64.replace(kind).is_some() {
                    return Err("base64 can be applied once".into());
                }
            }
            Modifier::Wide | Modifier::Utf16be | Modifier::Utf16 => {
                let kind = match modifier {
                    Modifier::Wide => Wide::LittleEndian,
                    Modifier::Utf16be => Wide::BigEndian,
                    _ => Wide::WithMark,
                };
                if self.wide.replace(kind).is_some() {
                    return Err("UTF-16 can be applied once".into());
                }
                if self.base64.is_some() {
                    return Err(format!("`{}` must stand before base64", name(modifier)));
                }
            }
            part => return Err(format!("the timestamp part `{}` is not supported", name(part))),
        }
        Ok(())
    }

    fn set_flags(&mut self, flags: &[Modifier]) -> Result<(), String> {
        if let Operator::Regex {
            ignore_case,
            multi_line,
            dot_all,
        } = &mut self.operator
        {
            *ignore_case = flags.contains(&Modifier::IgnoreCase);
            *multi_line = flags.contains(&Modifier::Multiline);
            *dot_all = flags.contains(&Modifier::DotAll);
        } else if let Some(flag) = flags.first() {
            return Err(format!("`{}` is a flag of `re`", name(*flag)));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let changes_text = self.windash || self.expand || self.wide.is_some() || self.base64.is_some();
        if changes_text && !matches!(self.operator, Operator::Text(_)) {
            return Err("modifiers that change a text need a comparison of texts".into());
        }
        if self.base64 == Some(Base64::AnyOffset)
            && matches!(
                self.operator,
                Operator::Text(Relation::StartsWith | Relation::EndsWith)
            )
        {
            return Err(
                "`base64offset` is searched for anywhere: `startswith` and `endswith` do not fit".into(),
            );
        }
        Ok(())
    }

    /// The same for keywords, which are searched for.
    pub(super) fn for_keywords(mut self) -> Self {
        if self.operator == Operator::Text(Relation::Equals) {
            self.operator = Operator::Text(Relation::Contains);
        }
        self
    }
}

/// The modifier as rules write it.
pub(super) fn name(modifier: Modifier) -> &'static str {
    match modifier {
        Modifier::Contains => "contains",
        Modifier::StartsWith => "startswith",
        Modifier::EndsWith => "endswith",
        Modifier::All => "all",
        Modifier::Base64 => "base64",
        Modifier::Base64Offset => "base64offset",
        Modifier::Wide => "wide",
        Modifier::Utf16be => "utf16be",
        Modifier::Utf16 => "utf16",
        Modifier::WindAsh => "windash",
        Modifier::Re => "re",
        Modifier::Cidr => "cidr",
        Modifier::Cased => "cased",
        Modifier::Exists => "exists",
        Modifier::Expand => "expand",
        Modifier::FieldRef => "fieldref",
        Modifier::Gt => "gt",
        Modifier::Gte => "gte",
        Modifier::Lt => "lt",
        Modifier::Lte => "lte",
        Modifier::Neq => "neq",
        Modifier::IgnoreCase => "i",
        Modifier::Multiline => "m",
        Modifier::DotAll => "s",
        Modifier::Minute => "minute",
        Modifier::Hour => "hour",
        Modifier::Day => "day",
        Modifier::Week => "week",
        Modifier::Month => "month",
        Modifier::Year => "year",
    }
}
