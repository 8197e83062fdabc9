//! Tables embedded in the program, or read in their place.

use std::rc::Rc;

use serde::de::DeserializeOwned;

/// A table that does not hold what it should: which table or file, which line of it, what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}, row {row}: {what}")]
pub struct TableError {
    table: String,
    row: u64,
    what: String,
}

impl TableError {
    /// The table or file.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// `row` is counted in lines, the header being the first.
    pub(crate) fn new(table: &str, row: u64, what: impl Into<String>) -> Self {
        Self {
            table: table.to_owned(),
            row,
            what: what.into(),
        }
    }
}

/// A line of a table's file, the header being line 1, and what stands in it.
pub(crate) type Numbered<R> = (u64, R);

/// A row, and where it stands.
pub(crate) struct Placed<R> {
    pub table: Rc<str>,
    pub line: u64,
    pub row: R,
}

impl<R> Placed<R> {
    /// Something is wrong with it.
    pub fn wrong(&self, what: impl Into<String>) -> TableError {
        TableError::new(&self.table, self.line, what)
    }
}

/// The rows of a CSV table with a header line, each with its place.
pub(crate) fn placed<R: DeserializeOwned>(table: &str, text: &str) -> Result<Vec<Placed<R>>, TableError> {
    let table: Rc<str> = table.into();
    let placed = |(line, row)| Placed {
        table: Rc::clone(&table),
        line,
        row,
    };
    Ok(rows(&table, text)?.into_iter().map(placed).collect())
}

/// The rows of a CSV table with a header line.
pub(crate) fn rows<R: DeserializeOwned>(table: &str, text: &str) -> Result<Vec<Numbered<R>>, TableError> {
    let wrong = |error: &csv::Error| {
        let row = error.position().map_or(1, csv::Position::line);
        let what = match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => {
                format!("{len} columns where the header names {expected_len}")
            }
            _ => error.to_string(),
        };
        TableError::new(table, row, what)
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| wrong(&error))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = record.deserialize(Some(&header)).map_err(|error| wrong(&error))?;
        rows.push((line, row));
    }
    Ok(rows)
}

/// An embedded table, which the unit tests have loaded before.
#[expect(
    clippy::expect_used,
    reason = "the table is part of the program and loaded by its tests"
)]
pub(crate) fn embedded<T>(table: Result<T, TableError>) -> T {
    table.expect("an embedded table is whole")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::Deserialize;

    use super::*;
    use crate::release::YesNo;

    #[derive(Deserialize)]
    struct Sourced {
        verified: YesNo,
        source: String,
    }

    #[test]
    fn errors_name_the_line() {
        let told = |text| {
            rows::<Sourced>("t.csv", text)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told("verified,source\n\nyes,a\nmaybe,b\n"),
            "t.csv, row 4: unknown variant `maybe`, expected `yes` or `no`"
        );
        assert_eq!(
            told("verified,source\nyes\n"),
            "t.csv, row 2: 1 columns where the header names 2"
        );
        assert_eq!(told("verified\nyes\n"), "t.csv, row 2: missing field `source`");
    }

    #[test]
    fn what_is_verified_names_its_source() {
        for (name, text) in [
            ("builds", include_str!("../../../data/exchange_builds.csv")),
            ("products", include_str!("../../../data/exchange_products.csv")),
            ("fixes", include_str!("../../../data/exchange_fixes.csv")),
            (
                "virtual directories",
                include_str!("../../../data/virtual_directories.csv"),
            ),
            ("shipped files", include_str!("../../../data/shipped_files.csv")),
        ] {
            for (line, row) in rows::<Sourced>(name, text).unwrap() {
                assert!(
                    row.verified == YesNo::No || row.source.contains('.'),
                    "{name}, row {line}"
                );
            }
        }
    }
}
