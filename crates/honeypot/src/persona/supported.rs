//! Which Exchange runs on which Windows.

use std::sync::OnceLock;

use imker_exchange::{Build, Release};
use serde::Deserialize;

/// A product on a Windows, as `data/exchange_on_windows.csv` has it.
#[derive(Debug, Deserialize)]
struct Row {
    product: String,
    windows: String,
    from_build: String,
}

fn rows() -> &'static [(Row, Build)] {
    static TABLE: OnceLock<Vec<(Row, Build)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        #[expect(
            clippy::expect_used,
            reason = "the table is part of the program and loaded by its tests"
        )]
        parse(include_str!("../../../../data/exchange_on_windows.csv")).expect("an embedded table is whole")
    })
}

fn parse(text: &str) -> Result<Vec<(Row, Build)>, Box<dyn std::error::Error>> {
    let mut rows = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Row>() {
        let row = row?;
        let build = row.from_build.parse()?;
        rows.push((row, build));
    }
    Ok(rows)
}

/// Names of the Windows that a release of Exchange runs on, oldest first.
pub(super) fn windows_for(release: &Release) -> impl Iterator<Item = &'static str> {
    rows()
        .iter()
        .filter(|(row, from)| row.product == release.product && release.build >= *from)
        .map(|(row, _)| row.windows.as_str())
}

/// Products that there can be personas of.
pub(super) fn products() -> Vec<&'static str> {
    let mut names: Vec<&str> = rows().iter().map(|(row, _)| row.product.as_str()).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use imker_exchange::release;

    use super::*;
    use crate::persona::Windows;

    #[test]
    fn first_builds_are_published_ones_of_the_product() {
        assert_eq!(
            products(),
            ["Exchange 2013", "Exchange 2016", "Exchange 2019", "Exchange SE"]
        );
        for (row, build) in rows() {
            assert_eq!(release(*build).unwrap().product, row.product, "{row:?}");
        }
    }

    #[test]
    fn what_is_verified_names_its_source() {
        let text = include_str!("../../../../data/exchange_on_windows.csv");
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            let row = row.unwrap();
            assert!(
                &row[3] == "no" || &row[3] == "yes" && row[5].contains('.'),
                "{row:?}"
            );
        }
    }

    #[test]
    fn every_windows_is_known_with_the_iis_and_http_that_it_has() {
        for (row, _) in rows() {
            let windows = Windows::named(&row.windows).unwrap_or_else(|| panic!("{row:?}"));
            let iis = match windows.version {
                (6, 1, _) => "7.5",
                (6, 2, _) => "8.0",
                (6, 3, _) => "8.5",
                _ => "10.0",
            };
            assert_eq!(windows.iis, iis, "{row:?}");
            assert_eq!(windows.http2, windows.version.0 >= 10, "{row:?}");
        }
    }

    #[test]
    fn support_begins_with_a_cumulative_update() {
        let runs_on =
            |build: &str| -> Vec<&str> { windows_for(release(build.parse().unwrap()).unwrap()).collect() };
        assert_eq!(
            runs_on("15.1.466.34"),
            ["Windows Server 2012", "Windows Server 2012 R2"]
        );
        assert!(runs_on("15.1.544.27").contains(&"Windows Server 2016"));
        assert_eq!(runs_on("15.2.858.5"), ["Windows Server 2019"]);
        assert_eq!(
            runs_on("15.2.1118.7"),
            ["Windows Server 2019", "Windows Server 2022"]
        );
        assert!(!runs_on("15.0.775.38").contains(&"Windows Server 2012 R2"));
        assert_eq!(runs_on("15.2.2562.17").len(), 3);
        assert!(runs_on("15.1.225.16").is_empty(), "a preview");
    }
}
