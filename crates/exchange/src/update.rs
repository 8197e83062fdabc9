//! Newer tables in place of the embedded ones.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::flaws::{self, Flaws};
use crate::product::{self, Product};
use crate::release::{self, Releases};
use crate::table::TableError;

/// Bytes of a table that are read; the embedded ones have less than a hundredth.
const LARGEST: u64 = 16 << 20;

/// Why a newer table was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// It cannot be read.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is larger than a table can be.
    #[error("{file}: larger than {} MiB, so no table of builds, fixes or products", LARGEST >> 20)]
    TooLarge {
        /// The file.
        file: String,
    },
    /// It is not text in UTF-8.
    #[error("{file}: not UTF-8; save it as CSV in UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
    },
    /// Its header is that of no table.
    #[error(
        "{file}, row 1: no header of a table; a table of builds has the columns build and own_month_only, one of fixes \
         first_fixed_build, one of products first_build, between commas"
    )]
    NoHeader {
        /// The file.
        file: String,
    },
    /// A row is wrong.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Rows that come with the program do not fit to the newer ones.
    #[error(
        "{files}: a row contradicts a table that it does not replace; correct it, or replace that row as well: {error}"
    )]
    Contradiction {
        /// The files.
        files: String,
        /// The row that comes with the program.
        error: TableError,
    },
    /// Something was looked up before.
    #[error("tables can only be updated before the first of them is used")]
    InUse,
}

/// Takes over newer tables, in the columns of `exchange_builds.csv`, `exchange_fixes.csv` or `exchange_products.csv`
/// (`data/README.md`), for the rest of the program's life. Which one a file is follows from its header.
///
/// A build or product takes the place of the one with the same number or name, the rows of a CVE for a product that of all
/// its rows for that product; what a file does not name stays as it is, a chain or condition left empty as well. Files are checked as the embedded tables are, and against each other:
/// either all are taken over, or none.
///
/// # Errors
///
/// Files that cannot be read, are above 16 MiB or hold a row that is wrong; and a table that was already used.
pub fn update_tables<P: AsRef<Path>>(files: &[P]) -> Result<(), UpdateError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut texts = Vec::new();
    for file in files {
        texts.push(read(file.as_ref())?);
    }
    let Tables {
        products,
        releases,
        flaws,
    } = Tables::updated(&texts)?;
    let unused = product::TABLE.set(products).is_ok()
        && release::TABLE.set(releases).is_ok()
        && flaws::TABLE.set(flaws).is_ok();
    unused.then_some(()).ok_or(UpdateError::InUse)
}

/// A table's file.
struct Text {
    file: String,
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Products,
    Builds,
    Fixes,
}

fn read(path: &Path) -> Result<Text, UpdateError> {
    let file = path.display().to_string();
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "behind `take`, which ends at LARGEST")]
    let read = File::open(path).and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(source) => Err(UpdateError::Read { file, source }),
        Ok(length) if length as u64 > LARGEST => Err(UpdateError::TooLarge { file }),
        Ok(_) => match String::from_utf8(bytes) {
            Ok(text) => Text::new(file, text),
            Err(_) => Err(UpdateError::NotUtf8 { file }),
        },
    }
}

impl Text {
    fn new(file: String, text: String) -> Result<Self, UpdateError> {
        // Spreadsheets write the mark in front.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let header = text.lines().next().unwrap_or_default();
        let has = |name: &str| header.split(',').any(|column| column.trim_matches('"') == name);
        let kind = if has("first_fixed_build") {
            Kind::Fixes
        } else if has("first_build") {
            Kind::Products
        } else if has("build") && has("own_month_only") {
            Kind::Builds
        } else {
            return Err(UpdateError::NoHeader { file });
        };
        Ok(Self { file, kind, text })
    }
}

/// All tables that tell what builds are and have.
struct Tables {
    products: Vec<Product>,
    releases: Releases,
    flaws: Flaws,
}

impl Tables {
    /// Rows are merged first and checked once: one of the program that is replaced contradicts nothing.
    fn updated(files: &[Text]) -> Result<Self, UpdateError> {
        let of = |kind: Kind| files.iter().filter(move |file| file.kind == kind);
        let mut products = product::parse(product::NAME, product::TEXT)?;
        for file in of(Kind::Products) {
            product::replace(&mut products, product::parse(&file.file, &file.text)?);
        }
        let mut rows = release::Rows::read(release::NAME, release::TEXT)?;
        for file in of(Kind::Builds) {
            rows.replace(release::Rows::read(&file.file, &file.text)?);
        }
        let releases =
            Releases::of(rows, &products).map_err(|error| wrong(error, files, &[Kind::Products]))?;
        let mut rows = flaws::Rows::read(flaws::NAME, flaws::TEXT)?;
        for file in of(Kind::Fixes) {
            rows.replace(flaws::Rows::read(&file.file, &file.text)?);
        }
        let flaws = Flaws::of(rows, &products, &releases)
            .map_err(|error| wrong(error, files, &[Kind::Products, Kind::Builds]))?;
        Ok(Self {
            products,
            releases,
            flaws,
        })
    }
}

/// A row of the program fits no more to the tables that it refers to; any other is wrong by itself.
fn wrong(error: TableError, files: &[Text], referred: &[Kind]) -> UpdateError {
    if ![release::NAME, flaws::NAME].contains(&error.table()) {
        return error.into();
    }
    let names = files.iter().filter(|file| referred.contains(&file.kind));
    let names: Vec<&str> = names.map(|file| &*file.file).collect();
    UpdateError::Contradiction {
        files: names.join(", "),
        error,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::Build;
    use crate::flaws::Line;

    const BUILDS: &str =
        "build,product,cumulative_update,update,date,kb,own_month_only,verified,note,source\n";
    const FIXES: &str =
        "cve,chain,product,cumulative_update,first_fixed_build,kb,also_needs,verified,note,source\n";

    fn updated(files: &[(&str, String)]) -> Result<Tables, UpdateError> {
        let texts: Result<Vec<_>, _> = files
            .iter()
            .map(|(file, text)| Text::new((*file).to_owned(), text.clone()))
            .collect();
        Tables::updated(&texts?)
    }

    fn told(files: &[(&str, String)]) -> String {
        updated(files).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_tables_replace_themselves() {
        let tables = updated(&[
            ("fixes.csv", flaws::TEXT.to_owned()),
            ("builds.csv", format!("\u{feff}{}", release::TEXT)),
            ("products.csv", product::TEXT.to_owned()),
        ])
        .unwrap();
        assert_eq!(tables.products, product::products());
        assert!(tables.releases.iter().eq(crate::releases()));
        assert_eq!(tables.flaws.iter().count(), flaws::flaws().iter().count());
    }

    #[test]
    fn newer_rows_are_added_and_replace() {
        let builds = format!(
            "{BUILDS}15.2.2562.53,Exchange SE,RTM,Sep26SUv2,2026-10-03,KB1,no,yes,,a.b\n\
             15.2.2562.60,Exchange SE,RTM,Nov26SU,2026-11-10,KB2,no,yes,,a.b\n"
        );
        let fixes = format!(
            "{FIXES}CVE-2026-99999,,Exchange SE,RTM,15.2.2562.60,KB2,,yes,,a.b\n\
             CVE-2021-34473,ProxyShell,Exchange 2013,CU23,15.0.1497.18,KB5003435,,yes,,a.b\n"
        );
        let tables = updated(&[("fixes.csv", fixes), ("builds.csv", builds)]).unwrap();
        let build = |text: &str| text.parse::<Build>().unwrap();
        let replaced = tables.releases.get(build("15.2.2562.53")).unwrap();
        assert_eq!((&*replaced.date, &*replaced.kb), ("2026-10-03", "KB1"));
        assert_eq!(tables.releases.iter().count(), crate::releases().count() + 1);
        assert_eq!(tables.flaws.get("CVE-2026-99999").unwrap().lines().len(), 1);
    }

    /// Exchange 2016 CU19 and Exchange 2013 CU23 before ProxyShell's fixes, after a row for 2013 alone.
    #[test]
    fn a_row_for_one_product_leaves_the_others_and_the_chain() {
        let update = |rows: &str| updated(&[("fixes.csv", format!("{FIXES}{rows}"))]).unwrap();
        let firsts = |tables: &Tables, cve: &str, name: &str| -> Vec<String> {
            let product = tables
                .products
                .iter()
                .find(|product| product.name == name)
                .unwrap();
            match tables.flaws.get(cve).unwrap().line(product) {
                Some(Line::Updates(updates)) => {
                    updates.iter().map(|update| update.first.to_string()).collect()
                }
                _ => Vec::new(),
            }
        };
        let (cve, row) = (
            "CVE-2021-34473",
            "Exchange 2013,CU23,15.0.1497.18,KB5003435,,yes,,a.b\n",
        );
        for (chain, expected) in [
            ("", "ProxyShell"),
            ("ProxyShell", "ProxyShell"),
            ("ProxyX", "ProxyX"),
        ] {
            let tables = update(&format!("{cve},{chain},{row}"));
            assert_eq!(firsts(&tables, cve, "Exchange 2013"), ["15.0.1497.18"]);
            assert_eq!(
                firsts(&tables, cve, "Exchange 2016"),
                ["15.1.2176.12", "15.1.2242.8"]
            );
            let chained: Vec<_> = tables.flaws.chained().filter(|(id, _)| *id == cve).collect();
            assert_eq!(chained, [(cve, expected)]);
        }
        let needs = |tables: &Tables| tables.flaws.get("CVE-2024-21410").unwrap().also_needs.clone();
        let kept = update("CVE-2024-21410,,Exchange SE,RTM,15.2.2562.17,,,yes,,a.b\n");
        assert_eq!(needs(&kept), needs(&update("")));
        assert!(needs(&kept).contains("Extended Protection"));
    }

    #[test]
    fn errors_name_the_file_the_row_and_the_remedy() {
        let wrong = format!("{FIXES}CVE-2026-99999,,Exchange SE,RTM,15.2.2562.60,KB2,,yes,,a.b\n");
        assert_eq!(
            told(&[("f.csv", wrong)]),
            "f.csv, row 2: 15.2.2562.60 is no published build: it must stand in the table of builds"
        );
        let unknown = format!("{FIXES}CVE-2026-99999,,Exchange 2025,RTM,15.2.2562.53,KB2,,yes,,a.b\n");
        assert_eq!(
            told(&[("f.csv", unknown)]),
            "f.csv, row 2: unknown product `Exchange 2025`: there are Exchange 2010, Exchange 2013, Exchange 2016, \
             Exchange 2019, Exchange SE"
        );
        let columns = "build,own_month_only\n15.2.2562.60,no\n".to_owned();
        assert_eq!(
            told(&[("b.csv", columns)]),
            "b.csv, row 2: missing field `product`"
        );
        let moved = format!("{BUILDS}15.2.2562.53,Exchange SE,CU1,Sep26SUv2,2026-10-02,KB1,no,yes,,a.b\n");
        let contradiction = told(&[("b.csv", moved)]);
        assert!(
            contradiction
                .starts_with("b.csv: a row contradicts a table that it does not replace; correct it,")
                && contradiction
                    .ends_with(": 15.2.2562.53 is Exchange SE CU1 Sep26SUv2, not of Exchange SE RTM"),
            "{contradiction}"
        );
        // Another file has nothing to do with it; and the remedy helps.
        let moved = "15.2.2562.53,Exchange SE,CU1,Sep26SUv2,2026-10-02,KB1,no,yes,,a.b\n";
        let builds = ("b.csv", format!("{BUILDS}{moved}"));
        let other = (
            "f.csv",
            format!("{FIXES}CVE-2026-99999,,Exchange SE,RTM,15.2.2562.17,KB2,,yes,,a.b\n"),
        );
        assert!(told(&[builds.clone(), other]).starts_with("b.csv: "));
        let of_program = csv::Reader::from_reader(flaws::TEXT.as_bytes())
            .into_records()
            .map(Result::unwrap);
        let affected: BTreeSet<String> = of_program
            .filter(|row| &row[4] == "15.2.2562.53")
            .map(|row| {
                format!(
                    "{},{},Exchange SE,CU1,15.2.2562.53,KB1,{},yes,,a.b\n",
                    &row[0], &row[1], &row[6]
                )
            })
            .collect();
        let replaced = ("f.csv", FIXES.to_owned() + &Vec::from_iter(affected).concat());
        assert!(updated(&[builds, replaced]).is_ok());
        let semicolons = BUILDS.replace(',', ";");
        assert!(told(&[("b.csv", semicolons)]).starts_with("b.csv, row 1: no header"));
        let row = "15.2.2562.60,Exchange SE,RTM,Nov26SU,2026-11-10,KB2,no,yes,,a.b\n";
        assert_eq!(
            told(&[("b.csv", format!("{BUILDS}{row}{row}"))]),
            "b.csv, row 3: 15.2.2562.60 is out of order or there twice: builds stand in ascending order, each once"
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let told = |path: &str| update_tables(&[path]).unwrap_err().to_string();
        assert_eq!(told("/no/such.csv"), "/no/such.csv: cannot be read");
        assert!(update_tables::<&str>(&[]).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Cells out of place, quotes, other builds: an error, or a table.
        #[test]
        fn any_rows_are_read_or_refused(
            cells in prop::collection::vec("(15\\.[012]\\.[0-9]{1,5}\\.[0-9]{1,5}|Exchange (2016|SE)|CU1|yes|no|2021-0[1-9]|\\PC{0,6}|\")", 0..30),
            columns in 1_usize..12,
            fixes in any::<bool>(),
        ) {
            let rows: Vec<String> = cells.chunks(columns).map(|row| row.join(",")).collect();
            let header = if fixes { FIXES } else { BUILDS };
            let _ = updated(&[("t.csv", format!("{header}{}", rows.join("\n")))]);
        }
    }
}
