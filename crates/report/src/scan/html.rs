//! A fleet as one HTML page: no script, nothing from elsewhere, opens from disk and prints.

use std::collections::BinaryHeap;
use std::io;

use imker_posture::{Assessment, Checks, CveVerdict, Observation, Verdict};
use maud::{DOCTYPE, Markup, html};

use super::services::services;
use super::terminal::{checks, most, vantage};
use super::{ScanEnd, ScanHead, ScanWriter, Summary, Verdicts, charts, words};
use crate::html::{Safe, document_head, heading};
use crate::language::{Language, Texts};

/// Hosts in the page's table, the worst ones; the JSON holds all.
const ROWS: usize = 1000;

/// Entries of another list.
const LISTED: usize = 50;

const SECTIONS: [&str; 7] = [
    "section-scan-patches",
    "section-scan-cves",
    "section-scan-products",
    "section-scan-networks",
    "section-scan-hosts",
    "section-scan-not-asked",
    "section-scan-notes",
];

/// Keeps the worst hosts and writes the page at the end. Its Content-Security-Policy allows its own style sheet, by
/// hash, and nothing else.
pub struct HtmlPage<W> {
    out: W,
    head: ScanHead,
    language: Language,
    texts: Texts,
    /// The best of the kept ones on top, to be dropped for a worse one.
    worst: BinaryHeap<Row>,
    met: u64,
}

/// What the page tells of a host. Ordered so that the best, and of these the last, is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    rank: (std::cmp::Reverse<Verdict>, u64),
    target: String,
    /// The worst first; where there is none, one without name and build, for the host's reason.
    front_ends: Vec<FrontEndRow>,
    findings: Vec<String>,
    services: Vec<(String, String)>,
}

/// What the page tells of a front end.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct FrontEndRow {
    name: String,
    release: String,
    build: String,
    reason: String,
    install: Option<String>,
}

impl<W: io::Write> HtmlPage<W> {
    /// Nothing is written before the end.
    pub fn new(head: &ScanHead, language: Language, out: W) -> Self {
        Self {
            out,
            head: head.clone(),
            language,
            texts: Texts::new(language),
            worst: BinaryHeap::new(),
            met: 0,
        }
    }

    fn row(
        &self,
        rank: (std::cmp::Reverse<Verdict>, u64),
        observation: &Observation,
        assessment: &Assessment,
    ) -> Row {
        let texts = &self.texts;
        let mut front_ends: Vec<FrontEndRow> = assessment
            .front_ends
            .iter()
            .map(|front_end| FrontEndRow {
                name: front_end.name.clone().unwrap_or_default(),
                release: front_end.release.clone().unwrap_or_default(),
                build: front_end.build.map(|build| build.to_string()).unwrap_or_default(),
                reason: texts.reason(&front_end.reason),
                install: front_end.install.as_ref().map(|install| texts.reason(install)),
            })
            .collect();
        if front_ends.is_empty() {
            front_ends.push(FrontEndRow::default());
        }
        front_ends[0].reason = texts.reason(&assessment.reason);
        Row {
            rank,
            target: observation.target.clone(),
            front_ends,
            findings: assessment
                .findings
                .iter()
                .take(12)
                .map(|finding| texts.reason(&finding.what))
                .collect(),
            services: services(texts, observation),
        }
    }
}

impl<W: io::Write> ScanWriter for HtmlPage<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let rank = (std::cmp::Reverse(assessment.verdict), self.met);
        self.met += 1;
        if self.worst.len() == ROWS && self.worst.peek().is_some_and(|best| best.rank <= rank) {
            return Ok(());
        }
        let row = self.row(rank, observation, assessment);
        self.worst.push(row);
        if self.worst.len() > ROWS {
            self.worst.pop();
        }
        Ok(())
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        let rows = std::mem::take(&mut self.worst).into_sorted_vec();
        let (texts, head, summary) = (&self.texts, &self.head, &end.summary);
        let created = texts.say_with(
            "created",
            [
                ("time", texts.time(head.created).into()),
                ("version", head.version.as_str().into()),
            ],
        );
        let products = summary
            .products
            .iter()
            .map(|(name, verdicts)| (name.clone(), *verdicts));
        let products: Vec<_> = products.collect();
        let page = html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                (document_head(&head.version, &texts.say("scan-title")))
                body {
                    header {
                        h1 { span { "⬡" } " Imker · " (texts.say("scan-title")) }
                        p { (texts.time(head.created)) ". " (texts.say("utc-note")) }
                        p { (texts.say(vantage(head))) " · " (texts.say(checks(head))) }
                        @if let Some(who) = &head.authorised { p { (Safe(&texts.say_with("scan-authorised", [("who", who.as_str().into())]))) } }
                        @if let Some(who) = &head.contact { p { (Safe(&texts.say_with("scan-contact", [("who", who.as_str().into())]))) } }
                    }
                    nav aria-label=(texts.say("navigation")) { @for section in SECTIONS { a href={ "#" (section) } { (texts.say(section)) } } }
                    main {
                        (states(texts, end))
                        (verdicts(texts, &summary.verdicts))
                        (patches(texts, summary))
                        (cves(texts, summary))
                        (heading(texts, "section-scan-products"))
                        (counted(texts, "column-scan-product", &products, 0))
                        (networks(texts, summary))
                        (hosts(texts, &rows, summary.hosts))
                        (not_asked(texts, end))
                        (notes(texts, head))
                    }
                    footer { p { (Safe(&created)) } }
                }
            }
        };
        self.out.write_all(page.into_string().as_bytes())?;
        self.out.flush()
    }
}

fn states(texts: &Texts, end: &ScanEnd) -> Markup {
    let verdicts = &end.summary.verdicts;
    html! {
        @if verdicts.open() > 0 {
            p.state.alarm { (texts.say_with("scan-state-open", [("count", verdicts.open().into())])) }
        }
        @if verdicts.untold() > 0 {
            p.state.incomplete { (texts.say_with("scan-state-untold", [("count", verdicts.untold().into())])) }
        }
        @if end.summary.hosts == 0 {
            p.state.incomplete { (texts.say("scan-state-nobody")) }
        } @else if verdicts.open() == 0 && verdicts.untold() == 0 {
            p.state { (texts.say("scan-state-good")) }
        }
        @if !end.complete { p.state.incomplete { (texts.say("scan-incomplete")) } }
    }
}

fn verdicts(texts: &Texts, verdicts: &Verdicts) -> Markup {
    html! {
        div.figures {
            div { b { (texts.number(verdicts.sum())) } span { (texts.say("column-scan-hosts")) } }
            @for (verdict, count) in verdicts.iter() {
                div { b { (texts.number(count)) } span { (words::verdict(texts, verdict)) } }
            }
        }
        (charts::verdicts(texts, verdicts))
        dl { @for (verdict, _) in verdicts.iter() {
            dt { span.badge.(badge(verdict)) { (words::verdict(texts, verdict)) } }
            dd { (texts.name("scan-meaning", verdict.name())) }
        } }
    }
}

fn patches(texts: &Texts, summary: &Summary) -> Markup {
    let (drawn, left_out) = charts::drawn(&summary.releases);
    let beyond = left_out + summary.releases_more;
    html! {
        (heading(texts, "section-scan-patches"))
        @if summary.releases.is_empty() { p { (texts.say("scan-no-builds")) } } @else {
            p.note { (texts.say("scan-patches-note")) }
            div.card { (charts::patches(texts, &drawn)) (charts::key(texts)) }
            (charts::numbers(texts, &drawn))
            @if beyond > 0 { p.note { (texts.say_with("scan-more", [("count", beyond.into())])) } }
        }
    }
}

fn cves(texts: &Texts, summary: &Summary) -> Markup {
    const SHOWN: [CveVerdict; 5] = [
        CveVerdict::Vulnerable,
        CveVerdict::Unknown,
        CveVerdict::Filtered,
        CveVerdict::Guarded,
        CveVerdict::Fixed,
    ];
    html! {
        (heading(texts, "section-scan-cves"))
        @if summary.cves.is_empty() { p { (texts.say("scan-none")) } } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "CVE" } th scope="col" { (texts.say("column-scan-chain")) }
                    @for verdict in SHOWN { th.n scope="col" { (words::cve_verdict(texts, verdict)) } }
                } }
                tbody { @for (id, counts) in &summary.cves { tr {
                    td { span.mono { (id) } }
                    td { (imker_exchange::chain_of(id).unwrap_or_default()) }
                    @for verdict in SHOWN { td.n { (texts.number(counts.get(&verdict).copied().unwrap_or(0))) } }
                } } }
            } }
        }
    }
}

fn networks(texts: &Texts, summary: &Summary) -> Markup {
    let open = summary
        .networks
        .iter()
        .filter(|(_, verdicts)| verdicts.open() > 0);
    let rows = most(open.map(|(name, verdicts)| (name.clone(), *verdicts)));
    html! {
        (heading(texts, "section-scan-networks"))
        (counted(texts, "column-scan-network", &rows, summary.networks_more))
    }
}

fn counted(texts: &Texts, name: &str, rows: &[(String, Verdicts)], further: u64) -> Markup {
    let beyond = rows.len().saturating_sub(LISTED) as u64 + further;
    html! {
        @if rows.is_empty() { p { (texts.say("scan-none")) } } @else {
            div.scroll { table.counted {
                thead { tr {
                    th scope="col" { (texts.say(name)) } th.n scope="col" { (texts.say("column-scan-hosts")) }
                    th.n scope="col" { (texts.say("column-scan-open")) } th.n scope="col" { (texts.say("column-scan-untold")) }
                } }
                tbody { @for (name, verdicts) in rows.iter().take(LISTED) { tr {
                    td { (Safe(name)) } td.n { (texts.number(verdicts.sum())) }
                    td.n { (texts.number(verdicts.open())) } td.n { (texts.number(verdicts.untold())) }
                } } }
            } }
            @if beyond > 0 { p.note { (texts.say_with("scan-more", [("count", beyond.into())])) } }
        }
    }
}

fn hosts(texts: &Texts, rows: &[Row], all: u64) -> Markup {
    let beyond = all.saturating_sub(rows.len() as u64);
    html! {
        (heading(texts, "section-scan-hosts"))
        @if beyond > 0 {
            p.note { (texts.say_with("scan-hosts-beyond", [("shown", rows.len().into()), ("count", beyond.into())])) }
        }
        div.scroll { table.rules {
            thead { tr {
                th scope="col" { (texts.say("column-scan-verdict")) } th scope="col" { (texts.say("column-scan-target")) }
                th scope="col" { (texts.say("column-scan-release")) } th scope="col" { (texts.say("column-scan-front-end")) }
                th scope="col" { (texts.say("column-scan-reason")) }
            } }
            tbody { @for row in rows { @for (place, front_end) in row.front_ends.iter().enumerate() { tr {
                @if place == 0 {
                    @let span = (row.front_ends.len() > 1).then_some(row.front_ends.len());
                    td.keep rowspan=[span] { span.badge.(badge(row.rank.0.0)) { (words::verdict(texts, row.rank.0.0)) } }
                    td.keep[row.target.len() <= 40] rowspan=[span] { b { (Safe(&row.target)) } }
                }
                td {
                    (Safe(&front_end.release))
                    @if !front_end.build.is_empty() { br; span.mono { (Safe(&front_end.build)) } }
                }
                td { (Safe(&front_end.name)) }
                td {
                    (Safe(&front_end.reason))
                    @if let Some(install) = &front_end.install { br; b { (Safe(install)) } }
                    @if place == 0 {
                        @for finding in &row.findings { br; span.dim { (Safe(finding)) } }
                        @for (place, told) in &row.services { br; span.dim { (Safe(place)) ": " (Safe(told)) } }
                    }
                }
            } } } }
        } }
    }
}

fn not_asked(texts: &Texts, end: &ScanEnd) -> Markup {
    let beyond = end.not_asked.len().saturating_sub(LISTED) as u64 + end.not_asked_more;
    html! {
        (heading(texts, "section-scan-not-asked"))
        @if end.not_asked.is_empty() && beyond == 0 { p { (texts.say("scan-none")) } } @else {
            div.scroll { table { tbody { @for one in end.not_asked.iter().take(LISTED) { tr {
                td { (Safe(&one.target)) } td { (texts.name("scan-why", one.why.name())) }
            } } } } }
            @if beyond > 0 { p.note { (texts.say_with("scan-more", [("count", beyond.into())])) } }
        }
    }
}

/// What was asked, what it shows and what it does not.
fn notes(texts: &Texts, head: &ScanHead) -> Markup {
    html! {
        (heading(texts, "section-scan-notes"))
        ul {
            li { (texts.say("scan-note-requests")) }
            li { (texts.say("scan-note-build")) }
            @if head.checks == Checks::Quick { li { (texts.say("scan-note-quick")) } }
            li { (texts.say("scan-note-law")) }
        }
    }
}

/// The style sheet's class for a verdict.
pub(super) const fn badge(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Vulnerable => "succeeded",
        Verdict::Unpatched => "unpatched",
        Verdict::Unknown => "unclear",
        Verdict::Guarded => "guarded",
        Verdict::Fixed => "refused",
        Verdict::Filtered | Verdict::Unreachable | Verdict::NotExchange | Verdict::NotAffected => "filtered",
    }
}
