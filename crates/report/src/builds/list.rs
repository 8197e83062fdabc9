//! Releases as a list.

use std::io;

use imker_exchange::{Cve, Release, first_fixed_in, latest, product};
use jiff::civil::Date;
use serde::Serialize;

use crate::escape;
use crate::json::Escaping;
use crate::terminal::line::{Line, Role, columns};
use crate::terminal::{Page, Style};

/// A release as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedRelease {
    /// Its build.
    pub build: String,
    /// `Exchange 2016`.
    pub product: String,
    /// `CU19`.
    pub cu: String,
    /// `Mar21SU`; empty for the cumulative update itself.
    pub update: String,
    /// `2021-03-02`, or its month.
    pub date: String,
    /// `KB5000871`; empty where there is none.
    pub kb: String,
    /// Whether it rests on more than a single source that could not be checked.
    pub verified: bool,
    /// Whether it is the product's newest cumulative update with the newest update that everybody gets.
    pub newest: bool,
    /// Whether only those get it who pay for Extended Security Updates.
    pub paid: bool,
    /// Chains of attacks of which it was first to have a fix.
    pub chains: Vec<&'static str>,
    /// All CVEs that it was first to have the fix for.
    pub cves: Vec<&'static str>,
}

impl From<&Release> for ListedRelease {
    fn from(release: &Release) -> Self {
        let cves: Vec<Cve> = first_fixed_in(release.build).collect();
        let mut chains: Vec<&str> = Vec::new();
        for chain in cves.iter().filter_map(|cve| cve.chain) {
            if !chains.contains(&chain) {
                chains.push(chain);
            }
        }
        let public_until =
            product(release.build).map_or(Date::MAX, |product| product.public_until(Date::MAX));
        let newest = latest(&release.product, public_until).map(|latest| latest.update.build);
        Self {
            build: release.build.to_string(),
            product: release.product.clone(),
            cu: release.cumulative_update.clone(),
            update: release.update.clone(),
            date: release.date.clone(),
            kb: release.kb.clone(),
            verified: release.verified,
            newest: newest == Some(release.build),
            paid: release.date > public_until.to_string(),
            chains,
            cves: cves.iter().map(|cve| cve.id).collect(),
        }
    }
}

/// Writes releases as lines of text with a heading.
pub fn text(releases: &[ListedRelease], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(style, out);
    let name = |release: &ListedRelease| {
        [&*release.product, &release.cu, &release.update]
            .join(" ")
            .trim_end()
            .to_owned()
    };
    let heads = ["build", "release", "date", "kb", "note", "first-to-fix"]
        .map(|column| page.texts.say(&format!("builds-column-{column}")));
    let mut widths = heads.each_ref().map(|head| columns(head));
    let rows: Vec<[String; 6]> = releases
        .iter()
        .map(|release| {
            let note = match release {
                release if release.newest => page.texts.say("builds-note-newest"),
                release if !release.verified => page.texts.say("builds-note-unverified"),
                release if release.paid => page.texts.say("builds-note-paid"),
                _ => String::new(),
            };
            [
                release.build.clone(),
                name(release),
                release.date.clone(),
                release.kb.clone(),
                note,
                release.chains.join(", "),
            ]
        })
        .collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = columns(cell).max(*width);
        }
    }
    let line = |cells: &[String; 6], role| {
        let mut line = Line::new();
        let mut column = 0;
        for (cell, width) in cells.iter().zip(widths) {
            if column > 0 {
                line = line.tab(column);
            }
            line = line.then(role, cell);
            column += width + 2;
        }
        line
    };
    page.line(line(&heads, Role::Heading))?;
    rows.iter().try_for_each(|row| page.line(line(row, Role::Plain)))
}

/// Writes releases as CSV (RFC 4180) that is safe for spreadsheets.
pub fn csv(releases: &[ListedRelease], out: &mut dyn io::Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    csv.write_record([
        "build", "product", "cu", "update", "date", "kb", "verified", "newest", "paid", "chains", "cves",
    ])?;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    for release in releases {
        let cells = [
            release.build.clone(),
            release.product.clone(),
            release.cu.clone(),
            release.update.clone(),
            release.date.clone(),
            release.kb.clone(),
            yes(release.verified),
            yes(release.newest),
            yes(release.paid),
            release.chains.join(" "),
            release.cves.join(" "),
        ];
        csv.write_record(cells.iter().map(|cell| escape::cell(cell).into_owned()))?;
    }
    csv.flush()
}

/// Writes releases as an indented JSON array.
pub fn json(releases: &[ListedRelease], out: &mut dyn io::Write) -> io::Result<()> {
    let formatter = Escaping(serde_json::ser::PrettyFormatter::new());
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, formatter);
    releases.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
