//! What the verdict rests on: exposure, coverage, and what could not be read or answered.

use maud::{Markup, html};

use super::{Safe, heading, time};
use crate::charts;
use crate::coverage_text::holes;
use crate::language::Texts;
use crate::model::HuntReport;
use crate::names;

pub(super) fn exposure(texts: &Texts, report: &HuntReport) -> Markup {
    html! {
        (heading(texts, "section-exposure"))
        @match report.exposure.as_deref() {
            None => p.note { (texts.say("exposure-none")) },
            Some([]) => p.note { (texts.say("exposure-empty")) },
            Some(rows) => {
                p.note { (texts.say("exposure-note")) }
                div.scroll { table {
                    thead { tr {
                        th { (texts.say("column-server")) } th { (texts.say("column-directory")) }
                        th.n { (texts.say("column-public-successful")) } th.n { (texts.say("column-public-refused")) }
                        th.n { (texts.say("column-internal")) }
                    } }
                    tbody { @for row in rows { tr {
                        td { (Safe(&row.server)) } td { (Safe(&row.virtual_directory)) }
                        td.n { (texts.number(row.public_successful)) }
                        td.n { (texts.number(row.public_refused)) }
                        td.n { (texts.number(row.internal)) }
                    } } }
                } }
            }
        }
    }
}

pub(super) fn coverage(texts: &Texts, report: &HuntReport) -> Markup {
    let servers = &report.findings.servers;
    let legend = [
        ("covered", texts.say("chart-legend-covered")),
        ("hole-bar", texts.say("chart-legend-gap")),
    ];
    html! {
        (heading(texts, "section-coverage"))
        p.note { (texts.say("coverage-note")) }
        @if servers.iter().all(|server| server.coverage.is_empty()) {
            p { (texts.say("coverage-none")) }
        } @else {
            div.card { (charts::coverage(texts, report)) (charts::legend(&legend)) }
            div.scroll { table {
                thead { tr {
                    th { (texts.say("column-server")) } th { (texts.say("column-log")) }
                    th { (texts.say("column-first")) } th { (texts.say("column-last")) }
                    th.n { (texts.say("column-files")) } th.n { (texts.say("column-size")) } th.n { (texts.say("column-lines")) }
                } }
                tbody { @for server in servers { @for row in &server.coverage {
                    @let kind = texts.say(names::kind(row.kind));
                    tr {
                        td { (Safe(&server.name)) }
                        td { (kind) " " (Safe(&row.source)) }
                        td { @if let Some(first) = row.first { (time(texts, first)) } @else { (texts.say("coverage-empty")) } }
                        td { @if let Some(last) = row.last { (time(texts, last)) } }
                        td.n { (texts.number(row.files)) } td.n { (texts.bytes(row.bytes)) } td.n { (texts.number(row.lines)) }
                    }
                } } }
            } }
            @for server in servers { @for row in &server.coverage { @for hole in holes(texts, row) {
                p.hole { (Safe(&server.name)) ", " (texts.say(names::kind(row.kind))) " " (Safe(&row.source)) ": " (Safe(&hole)) }
            } } }
        }
        @let used = report.rules;
        p.note { (texts.say_with("rules-used", [
            ("built-in", used.built_in.into()), ("user", used.user.into()),
            ("indicators", used.indicators.into()), ("aside", used.set_aside.into()),
        ])) }
        @if used.refused > 0 {
            p.hole { (texts.say_with("rules-refused", [("count", used.refused.into())])) }
        }
    }
}

pub(super) fn unread(texts: &Texts, report: &HuntReport) -> Markup {
    html! {
        (heading(texts, "section-unread"))
        @if report.unread.is_empty() && report.unread_not_listed == 0 {
            p.note { (texts.say(if report.nothing_read { "unread-none-read" } else { "unread-none" })) }
        } @else {
            div.scroll { table.rules {
                thead { tr {
                    th { (texts.say("column-file")) } th.n { (texts.say("column-offset")) } th { (texts.say("column-reason")) }
                } }
                tbody { @for unread in &report.unread { tr {
                    td { code { (Safe(&unread.file)) } }
                    td.n.keep { (texts.number(unread.offset)) }
                    td {
                        (texts.say(names::unread(unread.reason)))
                        @if let Some(detail) = &unread.detail { br; span.dim { (Safe(detail)) } }
                    }
                } } }
            } }
            @if report.unread_not_listed > 0 {
                p { (texts.say_with("unread-not-listed", [("count", report.unread_not_listed.into())])) }
            }
        }
        @if !report.set_aside.is_empty() {
            (heading(texts, "section-set-aside"))
            p.note { (texts.say("set-aside-note")) }
            dl { @for (kind, count) in &report.set_aside {
                dt { (Safe(&texts.aside(kind))) } dd { (texts.number(*count)) }
            } }
        }
    }
}

pub(super) fn unanswered(texts: &Texts, report: &HuntReport) -> Markup {
    html! {
        @if !report.unanswered_rules.is_empty() {
            (heading(texts, "section-unanswered"))
            p.note { (texts.say("unanswered-note")) }
            ul { @for (rule, logs) in report.unanswered() { li {
                (Safe(&rule.title)) " "
                @match &rule.author {
                    Some(author) => (Safe(&texts.say_with("rule-by", [("author", author.as_str().into())]))),
                    None => { "(" (texts.say("rule-author-unknown")) ")" },
                }
                span.dim { " · " span.mono { (Safe(&rule.id)) } " · " span.mono { (Safe(&rule.source)) } }
                @for log in logs {
                    @let kind = texts.say(names::kind(log.kind));
                    " · " (texts.say_with("unanswered-files", [("count", log.files.into()), ("kind", kind.into())]))
                }
            } } }
        }
    }
}

pub(super) fn inputs(texts: &Texts, report: &HuntReport) -> Markup {
    html! {
        @if !report.inputs.is_empty() {
            (heading(texts, "section-inputs"))
            div.scroll { table.rules {
                thead { tr {
                    th { (texts.say("column-file")) } th.n { (texts.say("column-size")) }
                    th { (texts.say("column-modified")) } th { (texts.say("column-sha256")) }
                } }
                tbody { @for input in &report.inputs { tr {
                    td { code { (Safe(&input.file)) } }
                    td.n.keep { (texts.bytes(input.size)) }
                    td { @if let Some(modified) = input.modified { (time(texts, modified)) } }
                    td { span.mono { (Safe(&input.sha256)) } }
                } } }
            } }
            @if report.inputs_not_listed > 0 {
                p { (texts.say_with("inputs-not-listed", [("count", report.inputs_not_listed.into())])) }
            }
        }
    }
}
