//! Makes hostile text harmless: what an attacker wrote into a log must not act on who reads it.

use std::borrow::Cow;

/// Whether a character can act on a terminal, hide, or reorder text around it: control characters
/// (ANSI sequences begin with one), line separators, bidirectional controls (CVE-2021-42574),
/// characters without width, and tags.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text in which every unsafe character is shown by its code, as in `\x1b` or `\u{202e}`.
///
/// Backslashes stay single: Windows paths and domain users would be unreadable otherwise.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            c if is_unsafe(c) && c < '\u{100}' => shown.push_str(&format!("\\x{:02x}", c as u32)),
            c if is_unsafe(c) => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A CSV cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"): a cell that begins
/// with `=`, `+`, `-`, `@`, a tab or a line break, blanks and quotes before it aside, gets an
/// apostrophe in front. Full-width forms of the signs count as well: Excel folds them.
///
/// The same holds behind a semicolon: where the system's list separator is one, as in German, Excel
/// begins a new cell there, quotes or not.
pub fn cell(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    if !text.split(';').any(begins_formula) {
        return shown;
    }
    let parts = text.split(';').map(|part| {
        let mark = if begins_formula(part) { "'" } else { "" };
        format!("{mark}{}", visible(part))
    });
    Cow::Owned(parts.collect::<Vec<_>>().join(";"))
}

fn begins_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start_matches([' ', '\u{a0}', '\u{3000}', '"'])
            .starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// Text for a Markdown message: unsafe characters shown by code, punctuation that Markdown or HTML
/// could read as markup behind a backslash (CommonMark, section 2.4).
pub fn markdown(text: &str) -> String {
    let shown = visible(text);
    let mut escaped = String::with_capacity(shown.len() + 16);
    for c in shown.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c => {
                if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ';' | '/' | '%' | '\'') {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn control_and_bidi_characters_are_shown_by_code() {
        assert_eq!(visible("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
        assert_eq!(
            visible("a\u{202e}b\u{200b}c\u{9b}31m"),
            "a\\u{202e}b\\u{200b}c\\x9b31m"
        );
        assert_eq!(visible("one\r\n\ttwo"), "one\\r\\n\\ttwo");
        assert!(matches!(visible(r"CORP\müller"), Cow::Borrowed(_)));
    }

    #[test]
    fn formulas_become_text() {
        for formula in [
            "=cmd",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "\u{ff1d}1",
        ] {
            assert!(cell(formula).starts_with('\''), "{formula:?}");
        }
        assert_eq!(cell("agent;=1;b; @2"), "agent;'=1;b;' @2");
        assert_eq!(cell("a;\"\"=1"), "a;'\"\"=1");
        assert_eq!(cell("a; b"), "a; b");
        assert_eq!(cell("GET"), "GET");
        assert_eq!(cell("a=b"), "a=b");
    }

    #[test]
    fn markdown_shows_markup() {
        assert_eq!(
            markdown("[x](http://a) <b> `c`"),
            "\\[x\\]\\(http\\://a\\) &lt;b&gt; \\`c\\`"
        );
    }
}
