//! Tables embedded in the program.

use serde::de::DeserializeOwned;

/// An embedded table that does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// A row that is no CSV, or whose columns do not parse.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A row that contradicts another one or another table.
    #[error("{table}, row {row}: {what}")]
    Row {
        table: &'static str,
        row: usize,
        what: String,
    },
}

/// The rows of a CSV table with a header line.
pub(crate) fn rows<R: DeserializeOwned>(text: &str) -> Result<Vec<R>, TableError> {
    Ok(csv::Reader::from_reader(text.as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()?)
}

/// An embedded table, which the unit tests have loaded before.
#[expect(
    clippy::expect_used,
    reason = "the table is part of the program and loaded by its tests"
)]
pub(crate) fn embedded<T>(table: Result<T, TableError>) -> T {
    table.expect("an embedded table is whole")
}
