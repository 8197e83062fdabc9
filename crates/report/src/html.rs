//! The report as one HTML page: no script, nothing from elsewhere, opens from disk and prints.

mod attacks;
mod scope;
mod verdict;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imker_detect::RuleNamed;
use jiff::Timestamp;
use maud::{DOCTYPE, Escaper, Markup, PreEscaped, Render, html};
use sha2::{Digest as _, Sha256};

use crate::coverage_text;
use crate::escape::visible;
use crate::language::{Language, Texts};
use crate::model::HuntReport;
use crate::names;

const CSS: &str = include_str!("html/report.css");

/// Writes the report as a page that loads nothing: its Content-Security-Policy allows its own style
/// sheet, by hash, and nothing else.
pub fn html(report: &HuntReport, language: Language, out: &mut dyn io::Write) -> io::Result<()> {
    let texts = &Texts::new(language);
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            (document_head(report.version, &texts.say("title")))
            body {
                (head(texts, report))
                (navigation(texts))
                main {
                    (verdict::section(texts, report))
                    (verdict::advice(texts, report))
                    (attacks::timeline(texts, report))
                    (attacks::section(texts, report))
                    (attacks::observations(texts, report))
                    (scope::exposure(texts, report))
                    (scope::coverage(texts, report))
                    (scope::unread(texts, report))
                    (scope::unanswered(texts, report))
                    (scope::inputs(texts, report))
                }
                footer {
                    p { (texts.say_with("created", [("time", texts.time(report.created).into()), ("version", report.version.into())])) }
                }
            }
        }
    };
    out.write_all(page.into_string().as_bytes())
}

/// The `head` of a page that loads nothing.
pub(crate) fn document_head(version: &str, title: &str) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(CSS))
    );
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="referrer" content="no-referrer";
            meta name="generator" content={ "Imker " (Safe(version)) };
            title { "Imker: " (title) }
            style { (PreEscaped(CSS)) }
        }
    }
}

fn head(texts: &Texts, report: &HuntReport) -> Markup {
    let summary = texts.say_with(
        "read-summary",
        [
            ("files", report.files.into()),
            ("size", texts.bytes(report.bytes).into()),
            ("lines", report.lines.into()),
            ("servers", report.findings.servers.len().into()),
        ],
    );
    html! {
        header {
            h1 { span { "⬡" } " Imker · " (texts.say("title")) }
            p { (summary) ". " (texts.say("utc-note")) }
            @if let Some(only) = coverage_text::only(texts, report) { p.hole { (only) } }
            @if !report.paths.is_empty() {
                p { (texts.say("paths")) ": " @for (place, path) in report.paths.iter().enumerate() {
                    @if place > 0 { ", " }
                    code { (Safe(path)) }
                } }
            }
        }
    }
}

const SECTIONS: [&str; 6] = [
    "section-verdict",
    "section-advice",
    "section-timeline",
    "section-attacks",
    "section-exposure",
    "section-coverage",
];

fn navigation(texts: &Texts) -> Markup {
    html! {
        nav { @for section in SECTIONS { a href={ "#" (section) } { (texts.say(section)) } } }
    }
}

pub(crate) fn heading(texts: &Texts, section: &str) -> Markup {
    html! { h2 id=(section) { (texts.say(section)) } }
}

/// Text that may be hostile: unsafe characters shown by code, then markup escaped.
pub(crate) struct Safe<'a>(pub(crate) &'a str);

impl Render for Safe<'_> {
    fn render_to(&self, buffer: &mut String) {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = Escaper::new(buffer).write_str(&visible(self.0));
    }
}

pub(crate) fn time(texts: &Texts, time: Timestamp) -> Markup {
    html! { time datetime=(time) { (texts.time(time)) } }
}

pub(crate) fn span(texts: &Texts, from: Timestamp, to: Timestamp) -> Markup {
    html! { (time(texts, from)) @if from != to { " – " (time(texts, to)) } }
}

/// Rules by title, author, id and source, as the Detection Rule License asks.
fn rules<'a>(texts: &Texts, rules: impl IntoIterator<Item = &'a RuleNamed>) -> Markup {
    html! {
        div.scroll { table.rules {
            thead { tr {
                th { (texts.say("column-rule")) } th { (texts.say("column-author")) }
                th { (texts.say("column-level")) } th { (texts.say("column-source")) }
            } }
            tbody { @for rule in rules { tr {
                td { (Safe(&rule.title)) br; span.mono { (Safe(&rule.id)) } }
                td { @match &rule.author {
                    Some(author) => (Safe(author)),
                    None => span.dim { (texts.say("rule-author-unknown")) },
                } }
                td.keep { (texts.say(names::level(rule.level))) }
                td { span.mono { (Safe(&rule.source)) } br; span.dim { (texts.say(names::origin(rule.origin))) } }
            } } }
        } }
    }
}
