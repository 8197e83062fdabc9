//! The evaluation as one HTML page: no script, nothing from elsewhere, opens from disk and prints.

use std::io;

use imker_intel::{CountedRow, Evaluation, Listed};
use maud::{DOCTYPE, Markup, html};

use super::charts;
use super::words::{self, Weight};
use crate::charts::legend;
use crate::html::{Safe, document_head, heading, span, time};
use crate::language::{Language, Texts};

/// Entries of a list that the page shows; the JSON holds all.
const LISTED: usize = 50;

/// Fingerprints that it shows: a scanner of cipher suites alone has hundreds.
const FINGERPRINTS: usize = 10;

const SECTIONS: [&str; 8] = [
    "section-pot-new",
    "section-pot-activity",
    "section-pot-sources",
    "section-pot-countries",
    "section-pot-stages",
    "section-pot-tools",
    "section-pot-credentials",
    "section-pot-gaps",
];

/// Writes the evaluation as a page that loads nothing: its Content-Security-Policy allows its own style sheet, by hash,
/// and nothing else.
pub fn html(evaluation: &Evaluation, language: Language, out: &mut dyn io::Write) -> io::Result<()> {
    let texts = &Texts::new(language);
    let tools = &evaluation.tools;
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            (document_head(&evaluation.version, &texts.say("pot-title")))
            body {
                header {
                    h1 { span { "⬡" } " Imker · " (texts.say("pot-title")) }
                    p { (words::span(texts, evaluation)) ". " (texts.say("utc-note")) }
                }
                nav { @for section in SECTIONS { a href={ "#" (section) } { (texts.say(section)) } } }
                main {
                    (summary(texts, evaluation))
                    (compared(texts, evaluation))
                    (activity(texts, evaluation))
                    (sources(texts, evaluation))
                    (places(texts, evaluation))
                    (stages(texts, evaluation))
                    (heading(texts, "section-pot-tools"))
                    (counted(texts, "section-pot-user-agents", &tools.user_agents, LISTED))
                    (counted(texts, "section-pot-ja4", &tools.ja4, FINGERPRINTS))
                    (counted(texts, "section-pot-ja3", &tools.ja3, FINGERPRINTS))
                    (counted(texts, "section-pot-workstations", &tools.workstations, LISTED))
                    (credentials(texts, evaluation))
                    (heading(texts, "section-pot-sent"))
                    (counted(texts, "section-pot-commands", &evaluation.commands, LISTED))
                    (uploads(texts, evaluation))
                    (counted(texts, "section-pot-paths", &evaluation.paths, LISTED))
                    (rules(texts, evaluation))
                    (hosts(texts, evaluation))
                    (gaps(texts, evaluation))
                }
                footer {
                    p { (Safe(&texts.say_with("created", [("time", texts.time(evaluation.created).into()), ("version", evaluation.version.as_str().into())]))) }
                }
            }
        }
    };
    out.write_all(page.into_string().as_bytes())
}

fn summary(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let findings = words::findings(texts, evaluation);
    html! {
        @for (weight, finding) in &findings {
            p class=(match weight {
                Weight::Good => "state",
                Weight::Warning => "state incomplete",
                Weight::Bad => "state alarm",
            }) { (finding) }
        }
        div.figures { @for (name, value) in words::totals(texts, evaluation) {
            div { b { (value) } span { (name) } }
        } }
    }
}

fn compared(texts: &Texts, evaluation: &Evaluation) -> Markup {
    html! {
        (heading(texts, "section-pot-new"))
        @match &evaluation.compared {
            None => p.note { (texts.say("pot-not-compared")) },
            Some(compared) => {
                p.note { (words::compared_with(texts, compared)) }
                @if !compared.complete { p.hole { (texts.say("pot-compared-incomplete")) } }
                @let fresh = words::fresh(compared);
                @if fresh.iter().all(|(_, fresh)| fresh.count == 0) {
                    p { (texts.say("pot-nothing-new")) }
                }
                @for (id, fresh) in fresh { @if fresh.count > 0 {
                    h4 { (texts.say_with(id, [("count", fresh.count.into())])) }
                    ul.values { @for value in fresh.entries.iter().take(LISTED) { li { code { (Safe(&words::fresh_value(texts, id, value))) } } } }
                    @let more = fresh.count - fresh.entries.len().min(LISTED) as u64;
                    @if more > 0 { p.note { (texts.say_with("pot-more", [("count", more.into())])) } }
                } }
            }
        }
    }
}

fn activity(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let step = jiff::SignedDuration::from_secs(i64::try_from(evaluation.activity.step_seconds).unwrap_or(0));
    html! {
        (heading(texts, "section-pot-activity"))
        @if evaluation.activity.steps.is_empty() {
            p { (texts.say("pot-no-events")) }
        } @else {
            div.card {
                (charts::activity(texts, evaluation))
                (legend(&[
                    ("covered", texts.say_with("pot-legend-requests", [("step", texts.duration(step).into())])),
                    ("succeeded", texts.say("pot-legend-stages")),
                ]))
            }
        }
    }
}

fn sources(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let list = &evaluation.sources;
    html! {
        (heading(texts, "section-pot-sources"))
        @if list.entries.is_empty() { p { (texts.say("pot-none")) } } @else {
            div.card {
                (charts::sources(texts, evaluation))
                (legend(&[
                    ("succeeded", texts.say("pot-legend-through")),
                    ("unclear", texts.say("pot-legend-refused")),
                    ("covered", texts.say("pot-legend-other")),
                ]))
            }
            p.note { (texts.say("pot-score-note")) }
            div.scroll { table {
                thead { tr {
                    th.n { (texts.say("column-pot-score")) } th { (texts.say("column-pot-address")) }
                    th { (texts.say("column-pot-place")) } th { (texts.say("section-pot-stages")) }
                    th.n { (texts.say("column-requests")) } th.n { (texts.say("column-pot-days")) }
                    th { (texts.say("column-first")) " – " (texts.say("column-last")) }
                } }
                tbody { @for source in list.entries.iter().take(LISTED) { tr {
                    td.n { span class={ "badge " (badge(source.score)) } { (source.score) } }
                    td { span.mono { (source.address) } }
                    td { (Safe(&words::place(&source.place))) }
                    td { (Safe(&words::stages(texts, source))) @if !source.cves.is_empty() { br; span.dim { (Safe(&source.cves.join(", "))) } } }
                    td.n { (texts.number(source.requests)) } td.n { (texts.number(source.days.into())) }
                    td { (span(texts, source.first, source.last)) }
                } } }
            } }
            (more(texts, list, LISTED))
        }
    }
}

const fn badge(score: u8) -> &'static str {
    match score {
        80.. => "succeeded",
        50..80 => "unclear",
        _ => "filtered",
    }
}

fn places(texts: &Texts, evaluation: &Evaluation) -> Markup {
    html! {
        (heading(texts, "section-pot-countries"))
        @if evaluation.countries.is_empty() { p.note { (texts.say("pot-no-places")) } } @else {
            div.card {
                (charts::countries(texts, evaluation))
                (legend(&[
                    ("unclear", texts.say("pot-attackers")),
                    ("covered", texts.say("pot-legend-other")),
                ]))
            }
            div.scroll { table {
                thead { tr {
                    th { (texts.say("column-pot-network")) } th { (texts.say("column-pot-organisation")) }
                    th.n { (texts.say("column-pot-sources")) } th.n { (texts.say("column-requests")) }
                } }
                tbody { @for row in evaluation.networks.iter().take(LISTED) { tr {
                    td { "AS" (row.asn) } td { (Safe(row.organisation.as_deref().unwrap_or_default())) }
                    td.n { (texts.number(row.sources)) } td.n { (texts.number(row.requests)) }
                } } }
            } }
            @let further = evaluation.networks.len().saturating_sub(LISTED);
            @if further > 0 { p.note { (texts.say_with("pot-more", [("count", further.into())])) } }
        }
    }
}

fn stages(texts: &Texts, evaluation: &Evaluation) -> Markup {
    html! {
        (heading(texts, "section-pot-stages"))
        @if evaluation.stages.is_empty() { p { (texts.say("pot-no-stages")) } } @else {
            p.note { (texts.say("pot-stages-note")) }
            div.card {
                (charts::stages(texts, evaluation))
                (legend(&[
                    ("succeeded", texts.say("pot-legend-succeeded")),
                    ("refused", texts.say("pot-legend-in-vain")),
                ]))
            }
            div.scroll { table {
                thead { tr {
                    th { (texts.say("column-stage")) } th.n { (texts.say("pot-legend-succeeded")) }
                    th.n { (texts.say("pot-legend-in-vain")) } th.n { (texts.say("column-pot-sources")) }
                    th { (texts.say("cves")) } th { (texts.say("techniques")) } th { (texts.say("column-last")) }
                } }
                tbody { @for row in &evaluation.stages { tr {
                    td { (Safe(&words::stage(texts, row))) }
                    td.n { (texts.number(row.succeeded)) } td.n { (texts.number(row.refused)) }
                    td.n { (words::distinct(texts, row.sources)) }
                    td { (Safe(&row.cves.join(", "))) } td { (Safe(&row.techniques.join(", "))) }
                    td { (time(texts, row.last)) }
                } } }
            } }
        }
    }
}

fn credentials(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let credentials = &evaluation.credentials;
    let accounts = &credentials.accounts;
    html! {
        (heading(texts, "section-pot-credentials"))
        @if accounts.entries.is_empty() { p { (texts.say("pot-none")) } } @else {
            p.note { (texts.say("pot-masked-note")) }
            @if credentials.without_secret > 0 {
                p.note { (texts.say_with("pot-without-secret", [("count", credentials.without_secret.into())])) }
            }
            p { @for (place, (scheme, count)) in credentials.schemes.iter().enumerate() {
                @if place > 0 { " · " } (words::scheme(*scheme)) ": " (texts.number(*count))
            } }
            div.scroll { table.rules {
                thead { tr {
                    th { (texts.say("column-pot-account")) } th.n { (texts.say("column-pot-attempts")) }
                    th.n { (texts.say("column-pot-passwords")) } th.n { (texts.say("column-pot-sources")) }
                    th { (texts.say("column-pot-scheme")) } th { (texts.say("column-last")) }
                } }
                tbody { @for row in accounts.entries.iter().take(LISTED) { tr {
                    td {
                        code { (Safe(&words::account(&row.username, row.domain.as_deref()))) }
                        @if row.own_domain { " " span.badge.compromised { (texts.say("pot-reset")) } }
                    }
                    td.n { (texts.number(row.count)) } td.n { (words::distinct(texts, row.passwords)) }
                    td.n { (words::distinct(texts, row.sources)) } td { (words::schemes(&row.schemes)) }
                    td { (time(texts, row.last)) }
                } } }
            } }
            (more(texts, accounts, LISTED))
            (counted(texts, "section-pot-passwords", &credentials.passwords, LISTED))
        }
    }
}

fn uploads(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let list = &evaluation.uploads;
    html! {
        h3 { (texts.say("section-pot-uploads")) }
        @if list.entries.is_empty() { p.note { (texts.say("pot-none")) } } @else {
            div.scroll { table.rules {
                thead { tr {
                    th { (texts.say("column-sha256")) } th.n { (texts.say("column-size")) }
                    th.n { (texts.say("column-pot-count")) } th.n { (texts.say("column-pot-sources")) } th { (texts.say("column-last")) }
                } }
                tbody { @for row in list.entries.iter().take(LISTED) { tr {
                    td {
                        span.mono { (Safe(&row.sha256)) }
                        @for name in &row.names { br; code { (Safe(name)) } }
                        @if !row.whole { br; span.dim { (texts.say("pot-upload-cut")) } }
                    }
                    td.n { (texts.bytes(row.bytes)) } td.n { (texts.number(row.count)) }
                    td.n { (words::distinct(texts, row.sources)) } td { (time(texts, row.last)) }
                } } }
            } }
            (more(texts, list, LISTED))
        }
    }
}

fn rules(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let list = &evaluation.rules;
    html! {
        (heading(texts, "section-pot-rules"))
        @if list.entries.is_empty() { p { (texts.say("pot-none")) } } @else {
            div.scroll { table.rules {
                thead { tr {
                    th { (texts.say("column-rule")) } th { (texts.say("column-level")) }
                    th.n { (texts.say("column-requests")) } th.n { (texts.say("column-pot-sources")) }
                } }
                tbody { @for row in list.entries.iter().take(LISTED) { tr {
                    td { (Safe(&row.title)) @if row.ordinary { " (" (texts.say("pot-ordinary")) ")" } br; span.dim { (Safe(&words::author(texts, row))) } br; span.mono { (Safe(&row.rule)) @if let Some(source) = &row.source { " · " (Safe(source)) } } }
                    td { (Safe(&texts.name("level", &row.level))) }
                    td.n { (texts.number(row.count)) } td.n { (words::distinct(texts, row.sources)) }
                } } }
            } }
            (more(texts, list, LISTED))
        }
    }
}

fn hosts(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let list = &evaluation.hosts;
    html! {
        (heading(texts, "section-pot-hosts"))
        div.scroll { table {
            thead { tr {
                th { (texts.say("column-pot-sensor")) } th { (texts.say("column-pot-host")) } th { (texts.say("column-pot-persona")) }
                th.n { (texts.say("pot-events")) } th.n { (texts.say("column-requests")) } th.n { (texts.say("column-pot-sources")) }
                th { (texts.say("column-first")) " – " (texts.say("column-last")) }
            } }
            tbody { @for row in list.entries.iter().take(LISTED) { tr {
                td { (Safe(&row.sensor)) } td { (Safe(&row.host)) } td { (Safe(&row.persona)) }
                td.n { (texts.number(row.events)) } td.n { (texts.number(row.requests)) } td.n { (words::distinct(texts, row.sources)) }
                td { (span(texts, row.first, row.last)) }
            } } }
        } }
        (more(texts, list, LISTED))
    }
}

fn gaps(texts: &Texts, evaluation: &Evaluation) -> Markup {
    html! {
        (heading(texts, "section-pot-gaps"))
        @if evaluation.gaps.is_complete() { p { (texts.say("pot-gaps-none")) } }
        @for line in words::gaps(texts, evaluation) { p.hole { (Safe(&line)) } }
    }
}

fn counted(texts: &Texts, section: &str, list: &Listed<CountedRow>, shown: usize) -> Markup {
    html! {
        h3 id=(section) { (texts.say(section)) }
        @if list.entries.is_empty() { p.note { (texts.say("pot-none")) } } @else {
            div.scroll { table.rules.counted {
                thead { tr {
                    th { (texts.say("column-pot-value")) } th.n { (texts.say("column-pot-count")) }
                    th.n { (texts.say("column-pot-sources")) } th { (texts.say("column-last")) }
                } }
                tbody { @for row in list.entries.iter().take(shown) { tr {
                    td { code { (Safe(&row.value)) } } td.n { (texts.number(row.count)) }
                    td.n { (words::distinct(texts, row.sources)) } td { (time(texts, row.last)) }
                } } }
            } }
            (more(texts, list, shown))
        }
    }
}

/// What the page does not show, and what the evaluation itself does not list.
fn more<T>(texts: &Texts, list: &Listed<T>, shown: usize) -> Markup {
    let further = list.entries.len().saturating_sub(shown);
    html! {
        @if further > 0 { p.note { (texts.say_with("pot-more", [("count", further.into())])) } }
        @if list.not_listed > 0 {
            p.note { (texts.say_with("pot-not-listed", [("count", list.not_listed.into()), ("sum", list.count_not_listed.into())])) }
        }
    }
}
