//! A table, one row a source.

use std::io;

use imker_intel::{Selected, Selection};

use crate::escape::cell;

const COLUMNS: [&str; 19] = [
    "address",
    "country",
    "asn",
    "organisation",
    "first_seen",
    "last_seen",
    "expires",
    "days",
    "connections",
    "requests",
    "suspicious_requests",
    "logon_attempts",
    "score",
    "stages",
    "cves",
    "techniques",
    "ja3",
    "ja4",
    "user_agents",
];

/// Writes RFC 4180 with a head; lists within a cell are parted by `|`. No cell is taken for a formula, see [`cell`].
pub fn csv(selection: &Selection<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(out);
    table.write_record(COLUMNS)?;
    for source in &selection.sources {
        let cells = row(source);
        table.write_record(cells.iter().map(|text| cell(text).into_owned()))?;
    }
    table.flush()
}

fn row(source: &Selected<'_>) -> [String; COLUMNS.len()] {
    let row = source.row;
    let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or_default().to_owned();
    let stages = row.stages.iter().map(|reached| {
        let outcome = if reached.succeeded { "succeeded" } else { "refused" };
        format!("{}/{}:{outcome}", reached.chain, reached.stage)
    });
    [
        source.address.to_string(),
        text(&row.place.country_code),
        row.place
            .as_number
            .map(|number| number.to_string())
            .unwrap_or_default(),
        text(&row.place.as_organisation),
        row.first.to_string(),
        row.last.to_string(),
        source.expires.to_string(),
        row.days.to_string(),
        row.connections.to_string(),
        row.requests.to_string(),
        row.suspicious_requests.to_string(),
        row.credentials.to_string(),
        row.score.to_string(),
        stages.collect::<Vec<_>>().join("|"),
        source.cves.join("|"),
        source.techniques.join("|"),
        source.ja3.join("|"),
        source.ja4.join("|"),
        source.user_agents.join("|"),
    ]
}
