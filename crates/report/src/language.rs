//! The languages of the reports. Every text that a person reads comes from `locales/`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use imker_detect::Statement;
use imker_posture::Reason;
use jiff::{SignedDuration, Timestamp};
use unic_langid::LanguageIdentifier;

/// A language that reports are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The language's tag (BCP 47), as HTML's `lang` attribute takes it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    const fn messages(self) -> &'static str {
        match self {
            Self::En => include_str!("../locales/en.ftl"),
            Self::De => include_str!("../locales/de.ftl"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A text that names none of the [`Language`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the languages are `en` and `de`")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a tag, letter case and region aside: `de`, `de_DE.UTF-8`, `EN-gb`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let primary = text.split(['-', '_', '.']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
            .ok_or(UnknownLanguage)
    }
}

/// The messages of one language, and how it writes numbers and times.
///
/// What comes out may hold hostile text from arguments: the outputs escape it.
pub(crate) struct Texts {
    language: Language,
    bundle: &'static FluentBundle<FluentResource>,
}

impl Texts {
    /// The messages of a language, which are read once.
    pub(crate) fn new(language: Language) -> Self {
        static READ: [OnceLock<FluentBundle<FluentResource>>; 2] = [const { OnceLock::new() }; 2];
        let read = match language {
            Language::En => &READ[0],
            Language::De => &READ[1],
        };
        let bundle = read.get_or_init(|| Self::read(language));
        Self { language, bundle }
    }

    fn read(language: Language) -> FluentBundle<FluentResource> {
        // Only decides on plurals; a test shows that both tags are read.
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Isolation marks would be invisible characters in terminals and CSV.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match language {
            Language::En => |value: &FluentValue<'_>, _: &_| number_in_text(value, ','),
            Language::De => |value: &FluentValue<'_>, _: &_| number_in_text(value, '.'),
        }));
        // A test shows that the files have no errors.
        let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(language.messages().to_owned());
        bundle.add_resource_overriding(resource);
        bundle
    }

    /// The message, or the id itself where there is no such message.
    pub(crate) fn say(&self, id: &str) -> String {
        self.find(id, None).unwrap_or_else(|| id.to_owned())
    }

    /// The message with arguments.
    pub(crate) fn say_with<'a, const N: usize>(
        &self,
        id: &str,
        args: [(&'a str, FluentValue<'a>); N],
    ) -> String {
        let args = FluentArgs::from_iter(args);
        self.find(id, Some(&args)).unwrap_or_else(|| id.to_owned())
    }

    /// The message with arguments whose number is not fixed.
    pub(crate) fn say_of(&self, id: &str, args: impl Iterator<Item = (&'static str, String)>) -> String {
        let args: FluentArgs<'_> = args.collect();
        self.find(id, Some(&args)).unwrap_or_else(|| id.to_owned())
    }

    /// The message for a name out of an open list (`stage-` and `mailbox_access`), or the name in plain words.
    pub(crate) fn name(&self, prefix: &str, name: &str) -> String {
        let words = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        let id = format!(
            "{prefix}-{}",
            words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
        );
        self.find(&id, None).unwrap_or_else(|| name.replace('_', " "))
    }

    /// A kind of file that was set aside; what stands behind a colon is the file's own word.
    pub(crate) fn aside(&self, kind: &str) -> String {
        match kind.split_once(": ") {
            Some((kind, own)) => format!("{}: {own}", self.name("aside", kind)),
            None => self.name("aside", kind),
        }
    }

    pub(crate) fn statement(&self, statement: &Statement) -> String {
        let args = statement.args.iter().map(|(name, value)| (*name, value.as_str()));
        self.sentence(statement.id, args)
    }

    /// A sentence of an assessment. Why a build does not tell ([`imker_exchange::Because`]) is a part of one.
    pub(crate) fn reason(&self, reason: &Reason) -> String {
        if reason.id.starts_with("because-") {
            let args = reason.args.iter().map(|(name, value)| match &**name {
                "what" => ("what", self.name("needs", value)),
                name => (name, value.clone()),
            });
            let args: FluentArgs<'_> = args.collect();
            let because = self
                .find(&reason.id, Some(&args))
                .unwrap_or_else(|| reason.id.to_string());
            return self.say_with("cve-unknown", [("because", because.into())]);
        }
        let args = reason.args.iter().map(|(name, value)| (&**name, value.as_str()));
        self.sentence(&reason.id, args)
    }

    fn sentence<'a>(&self, id: &str, args: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        let args = FluentArgs::from_iter(args.map(|(name, value)| (name, self.argument(name, value))));
        self.find(id, Some(&args)).unwrap_or_else(|| id.to_owned())
    }

    fn argument<'a>(&self, name: &str, value: &'a str) -> FluentValue<'a> {
        if let "stage" | "outcome" | "verdict" | "confidence" | "kind" | "vantage" | "fault" = name {
            return FluentValue::String(Cow::Owned(self.name(name, value)));
        }
        if let "count" | "filtered" | "refused" = name {
            return FluentValue::try_number(value);
        }
        match value.parse::<Timestamp>() {
            Ok(time) => FluentValue::String(Cow::Owned(format!("{} UTC", self.time(time)))),
            Err(_) => FluentValue::String(Cow::Borrowed(value)),
        }
    }

    fn find(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        Some(
            self.bundle
                .format_pattern(pattern, args, &mut Vec::new())
                .into_owned(),
        )
    }

    /// A number with its digits in groups of three.
    pub(crate) fn number(&self, number: u64) -> String {
        grouped(
            &number.to_string(),
            if self.language == Language::De { '.' } else { ',' },
        )
    }

    /// A number of bytes in the unit that fits (powers of 1000).
    pub(crate) fn bytes(&self, bytes: u64) -> String {
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
        if bytes < 1000 {
            return format!("{bytes} B");
        }
        let mut value = bytes as f64 / 1000.0;
        let mut unit = 0;
        while value >= 999.95 && unit + 1 < units.len() {
            value /= 1000.0;
            unit += 1;
        }
        let text = format!("{value:.1} {}", units[unit]);
        if self.language == Language::De {
            text.replace('.', ",")
        } else {
            text
        }
    }

    /// A time in UTC to the second, the same in every language so that it can be looked up in a log.
    pub(crate) fn time(&self, time: Timestamp) -> String {
        time.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// How long: days and hours, hours and minutes, or seconds.
    pub(crate) fn duration(&self, duration: SignedDuration) -> String {
        let seconds = duration.as_secs().unsigned_abs();
        let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => format!("{seconds} s"),
            (0, 0, _) => format!("{minutes} min"),
            (0, _, 0) => format!("{hours} h"),
            (0, _, _) => format!("{hours} h {minutes} min"),
            (_, 0, _) => format!("{} d", self.number(days)),
            _ => format!("{} d {hours} h", self.number(days)),
        }
    }
}

fn number_in_text(value: &FluentValue<'_>, separator: char) -> Option<String> {
    match value {
        FluentValue::Number(number) if number.value.fract() == 0.0 => {
            Some(grouped(&number.value.to_string(), separator))
        }
        _ => None,
    }
}

fn grouped(digits: &str, separator: char) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[path = "language_tests.rs"]
mod tests;
