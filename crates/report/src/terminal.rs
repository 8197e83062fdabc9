//! The report as text for a terminal: a verdict that fits on one screen, then what it rests on.

mod attacks;
pub(crate) mod line;
mod observations;
mod scope;
mod verdict;

use std::io;

use imker_detect::{Outcome, RuleNamed, Verdict};
use jiff::Timestamp;

use crate::language::{Language, Texts};
use crate::model::HuntReport;
use crate::names;
use line::{Line, Role, columns, wrap};

/// Entries of a list that the terminal shows; the JSON and the HTML report hold all.
const LISTED: usize = 20;

/// How the terminal report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Language of the texts.
    pub language: Language,
    /// Whether to write ANSI colours.
    pub colour: bool,
    /// Columns of the terminal; fewer than 60 are taken for 60.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            language: Language::En,
            colour: false,
            width: 80,
        }
    }
}

/// Writes the report. Log text in it is cut to the width, with control characters shown by code.
pub fn terminal(report: &HuntReport, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    verdict::first_screen(&mut page, report)?;
    verdict::servers(&mut page, report)?;
    attacks::attacks(&mut page, report)?;
    observations::observations(&mut page, report)?;
    scope::scope(&mut page, report)?;
    verdict::advice(&mut page, report)
}

/// Where lines go, and in which language and width.
pub(crate) struct Page<'o> {
    pub(crate) texts: Texts,
    pub(crate) width: usize,
    colour: bool,
    out: &'o mut dyn io::Write,
}

impl<'o> Page<'o> {
    pub(crate) fn new(style: &Style, out: &'o mut dyn io::Write) -> Self {
        Self {
            texts: Texts::new(style.language),
            width: style.width.max(60),
            colour: style.colour,
            out,
        }
    }

    /// Writes a line, cut to the width.
    pub(crate) fn line(&mut self, line: Line) -> io::Result<()> {
        line.cut(self.width).write(self.colour, self.out)
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        self.line(Line::new())
    }

    /// A section's heading, with a rule to the right edge.
    pub(crate) fn heading(&mut self, id: &str) -> io::Result<()> {
        let title = self.texts.say(id);
        let line = Line::new().then(Role::Heading, &title).then(Role::Dim, " ");
        let rule = "─".repeat(self.width.saturating_sub(columns(&title) + 1));
        self.blank()?;
        self.line(line.then(Role::Dim, &rule))
    }

    /// Text over as many lines as it takes.
    pub(crate) fn paragraph(&mut self, indent: usize, role: Role, text: &str) -> io::Result<()> {
        self.item(indent, "", role, text)
    }

    /// Text behind a mark, its further lines below its first.
    pub(crate) fn item(&mut self, indent: usize, mark: &str, role: Role, text: &str) -> io::Result<()> {
        let mark = if mark.is_empty() {
            String::new()
        } else {
            format!("{mark} ")
        };
        let inner = indent + mark.chars().count();
        for (place, part) in wrap(text, self.width.saturating_sub(inner)).iter().enumerate() {
            let line = if place == 0 {
                Line::indented(indent).then(if role == Role::Plain { Role::Dim } else { role }, &mark)
            } else {
                Line::indented(inner)
            };
            self.line(line.then(role, part))?;
        }
        Ok(())
    }

    /// Short texts side by side, as many on a line as fit.
    pub(crate) fn facts(&mut self, indent: usize, role: Role, facts: &[String]) -> io::Result<()> {
        let room = self.width.saturating_sub(indent);
        let mut line = String::new();
        for fact in facts {
            if !line.is_empty() && columns(&line) + 3 + columns(fact) > room {
                self.paragraph(indent, role, &std::mem::take(&mut line))?;
            }
            if !line.is_empty() {
                line.push_str(" · ");
            }
            line.push_str(fact);
        }
        self.paragraph(indent, role, &line)
    }

    /// A note in place of a section's content.
    pub(crate) fn note(&mut self, id: &str) -> io::Result<()> {
        let text = self.texts.say(id);
        self.paragraph(2, Role::Dim, &text)
    }

    /// Calls `write` with the first entries of a list, and tells how many are left.
    pub(crate) fn first<T>(
        &mut self,
        entries: &[T],
        limit: usize,
        mut write: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        entries
            .iter()
            .take(limit)
            .try_for_each(|entry| write(self, entry))?;
        self.left_out(entries.len().saturating_sub(limit))
    }

    pub(crate) fn left_out(&mut self, count: usize) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let text = self.texts.say_with("more-elsewhere", [("count", count.into())]);
        self.paragraph(4, Role::Dim, &text)
    }

    /// A rule by id, title, author and source, as the Detection Rule License asks.
    pub(crate) fn rule(&mut self, indent: usize, rule: &RuleNamed) -> io::Result<()> {
        let author = author(&self.texts, rule);
        self.item(indent, "•", Role::Plain, &format!("{} {}", rule.title, author))?;
        let origin = self.texts.say(names::origin(rule.origin));
        let level = self.texts.say(names::level(rule.level));
        self.facts(
            indent + 2,
            Role::Dim,
            &[level, format!("{} ({origin})", rule.source), rule.id.clone()],
        )
    }
}

pub(crate) fn span(texts: &Texts, from: Timestamp, to: Timestamp) -> String {
    if from == to {
        texts.time(from)
    } else {
        format!("{} – {}", texts.time(from), texts.time(to))
    }
}

fn author(texts: &Texts, rule: &RuleNamed) -> String {
    match &rule.author {
        Some(author) => texts.say_with("rule-by", [("author", author.as_str().into())]),
        None => format!("({})", texts.say("rule-author-unknown")),
    }
}

const fn verdict_look(verdict: Verdict) -> (&'static str, Role) {
    match verdict {
        Verdict::NoTrace => ("✔", Role::Good),
        Verdict::Attempted => ("▲", Role::Warning),
        Verdict::Vulnerable => ("▲", Role::Bad),
        Verdict::Exploited | Verdict::Compromised => ("✖", Role::Alarm),
    }
}

const fn outcome_look(outcome: Outcome) -> (&'static str, Role) {
    match outcome {
        Outcome::Filtered => ("○", Role::Dim),
        Outcome::Refused => ("○", Role::Good),
        Outcome::Unclear => ("◐", Role::Warning),
        Outcome::Succeeded => ("●", Role::Alarm),
    }
}
