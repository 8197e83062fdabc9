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
    fn what_is_verified_names_its_source() {
        for (name, text) in [
            ("builds", include_str!("../../../data/exchange_builds.csv")),
            ("fixes", include_str!("../../../data/exchange_fixes.csv")),
            (
                "virtual directories",
                include_str!("../../../data/virtual_directories.csv"),
            ),
            ("shipped files", include_str!("../../../data/shipped_files.csv")),
        ] {
            for (index, row) in rows::<Sourced>(text).unwrap().into_iter().enumerate() {
                assert!(
                    row.verified == YesNo::No || row.source.contains('.'),
                    "{name}, row {}",
                    index + 2
                );
            }
        }
    }
}
