//! Lines of styled text whose width is known.

use std::io;

use anstyle::{AnsiColor, Style as Ansi};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::escape;

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Dim,
    Strong,
    Heading,
    Good,
    Warning,
    Bad,
    Alarm,
}

impl Role {
    const fn ansi(self) -> Ansi {
        match self {
            Self::Plain => Ansi::new(),
            Self::Dim => Ansi::new().dimmed(),
            Self::Strong => Ansi::new().bold(),
            Self::Heading => AnsiColor::Cyan.on_default().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Alarm => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// One line. Text is escaped as it enters, so that nothing hostile can reach the terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pieces: Vec<(Role, String)>,
    width: usize,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A line that begins with blanks.
    pub(crate) fn indented(by: usize) -> Self {
        Self::new().then(Role::Plain, &" ".repeat(by))
    }

    /// Adds text.
    #[must_use]
    pub(crate) fn then(mut self, role: Role, text: &str) -> Self {
        let text = escape::visible(text);
        self.width += text.width();
        self.pieces.push((role, text.into_owned()));
        self
    }

    /// Adds blanks up to a column, one at least.
    #[must_use]
    pub(crate) fn tab(self, column: usize) -> Self {
        let blanks = column.saturating_sub(self.width).max(1);
        self.then(Role::Plain, &" ".repeat(blanks))
    }

    /// Adds text that ends at a column.
    #[must_use]
    pub(crate) fn right(self, role: Role, text: &str, column: usize) -> Self {
        let start = column.saturating_sub(escape::visible(text).width());
        self.tab(start).then(role, text)
    }

    /// Cut to a width, with `…` where something is missing.
    #[must_use]
    pub(crate) fn cut(self, width: usize) -> Self {
        if self.width <= width {
            return self;
        }
        let mut kept = Self::new();
        for (role, text) in self.pieces {
            let room = width.saturating_sub(kept.width);
            if text.width() < room {
                kept = kept.then(role, &text);
                continue;
            }
            return kept.then(role, &cut(&text, room, true));
        }
        kept
    }

    pub(crate) fn write(&self, colour: bool, out: &mut dyn io::Write) -> io::Result<()> {
        let last = self
            .pieces
            .iter()
            .rposition(|(_, text)| !text.trim_end().is_empty());
        for (place, (role, text)) in self.pieces.iter().enumerate() {
            let text = match last {
                Some(last) if place == last => text.trim_end(),
                Some(last) if place < last => text,
                _ => break,
            };
            if colour && *role != Role::Plain {
                let style = role.ansi();
                write!(out, "{style}{text}{style:#}")?;
            } else {
                out.write_all(text.as_bytes())?;
            }
        }
        out.write_all(b"\n")
    }
}

/// The start of `text` that fits into `width`; `always` marks the cut even where the text fits.
fn cut(text: &str, width: usize, always: bool) -> String {
    if text.width() <= width && !always {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used >= width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    escape::visible(text).width()
}

/// Text cut to a width.
pub(crate) fn fit(text: &str, width: usize) -> String {
    cut(&escape::visible(text), width, false)
}

/// Text broken at blanks into lines of at most `width`; words longer than that are broken too.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = escape::visible(text);
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if word.width() <= width {
            line.push_str(word);
            continue;
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn wraps_at_blanks_and_breaks_long_words() {
        assert_eq!(wrap("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("abcdefghijklmnop", 8), ["abcdefgh", "ijklmnop"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn cuts_by_width_not_by_bytes() {
        assert_eq!(fit("漢字漢字", 5), "漢字…");
        assert_eq!(fit("müller", 6), "müller");
        let mut out = Vec::new();
        Line::new()
            .then(Role::Bad, "abcdef")
            .cut(4)
            .write(true, &mut out)
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\x1b[31mabc…\x1b[0m\n");
    }
}
