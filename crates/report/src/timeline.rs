//! Every match as a row of a CSV timeline (RFC 4180).

use std::io;

use imker_event::Text;
use imker_sigma::Rule;

use crate::escape;
use crate::model::Match;
use crate::names;

const COLUMNS: [&str; 22] = [
    "time",
    "server",
    "vantage",
    "client",
    "source",
    "chain",
    "stage",
    "outcome",
    "status",
    "method",
    "path",
    "query",
    "user",
    "user_agent",
    "rule_ids",
    "rule_titles",
    "rule_authors",
    "rule_sources",
    "file",
    "line_number",
    "offset",
    "line",
];

/// Writes matches as rows, each as it comes. No cell is taken for a formula, and none holds control
/// characters or line breaks. Several rules of a match stand in one cell, separated by ` | `.
#[derive(Debug)]
pub struct Timeline<W: io::Write> {
    csv: csv::Writer<W>,
}

impl<W: io::Write> Timeline<W> {
    /// Rows into `out`, below a row of column names.
    pub fn new(out: W) -> io::Result<Self> {
        let mut csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        csv.write_record(COLUMNS).map_err(as_io)?;
        Ok(Self { csv })
    }

    /// Writes one match.
    pub fn write(&mut self, matched: &Match<'_>) -> io::Result<()> {
        let (sighting, classified) = (matched.sighting, matched.classified);
        let request = &sighting.request;
        let address = |address: Option<std::net::IpAddr>| address.map(|address| address.to_string());
        let client = classified
            .and_then(|classified| classified.client)
            .or(request.client);
        let text = |text: &Option<Text>| text.as_ref().map(Text::to_string);
        let rules = |value: fn(&Rule) -> &str| {
            let values: Vec<&str> = matched.rules.iter().map(|rule| value(rule)).collect();
            Some(values.join(" | "))
        };
        let row: [Option<String>; COLUMNS.len()] = [
            Some(request.time.to_string()),
            Some(matched.server.to_owned()),
            Some(names::vantage_value(sighting.vantage).to_owned()),
            address(client),
            address(request.client),
            classified.map(|classified| classified.chain.to_string()),
            classified.map(|classified| classified.stage.to_string()),
            classified.map(|classified| names::outcome_value(classified.outcome).to_owned()),
            request.status.map(|status| status.to_string()),
            Some(request.method.to_string()),
            Some(request.uri_stem.to_string()),
            text(&request.uri_query),
            text(&request.username),
            text(&request.user_agent),
            rules(|rule| &rule.id),
            rules(|rule| &rule.title),
            rules(|rule| rule.author.as_deref().unwrap_or_default()),
            rules(|rule| &rule.source),
            Some(sighting.place.file.to_string()),
            Some(sighting.place.line.to_string()),
            Some(sighting.place.offset.to_string()),
            Some(sighting.line.to_string()),
        ];
        let cells = row
            .iter()
            .map(|cell| escape::cell(cell.as_deref().unwrap_or_default()).into_owned());
        self.csv.write_record(cells).map_err(as_io)
    }

    /// Gives the writer back, flushed.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(|error| error.into_error())
    }
}

/// The disk's or pipe's own error, so that its kind stays known.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
