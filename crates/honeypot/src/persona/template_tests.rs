#![allow(clippy::unwrap_used)]

use imker_exchange::{Fix, fix};

use super::*;

fn error(text: &str) -> String {
    Template::parse(&Document::new(Path::new("own.toml"), text))
        .unwrap_err()
        .to_string()
}

fn own(product: &str, build: &str, windows: &str, more: &str) -> String {
    format!(
        "product = \"{product}\"\nbuild = \"{build}\"\nwindows = \"{windows}\"\nlanguage = \"en-US\"\n\
         time_zone = \"America/Chicago\"\nhost_names = [\"EX01\"]\n{more}"
    )
}

/// Also holds the comments in the files to what the tables say.
#[test]
fn what_comes_with_the_program_is_possible() {
    let rows: Vec<String> = built_in().map(|(name, what)| format!("{name}: {what}")).collect();
    assert_eq!(rows.len(), BUILT_IN.len());
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn every_file_comes_with_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../personas");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".toml").map(str::to_owned)
        })
        .collect();
    files.sort();
    let mut built_in: Vec<&str> = built_in_names().collect();
    built_in.sort_unstable();
    assert_eq!(files, built_in);
}

#[test]
fn the_subscription_edition_was_never_open_to_proxyshell() {
    let mut builds = 0;
    for row in
        csv::Reader::from_reader(include_str!("../../../../data/exchange_builds.csv").as_bytes()).records()
    {
        let row = row.unwrap();
        if &row[1] == "Exchange SE" {
            builds += 1;
            for cve in ["CVE-2021-34473", "CVE-2021-34523", "CVE-2021-31207"] {
                assert_eq!(fix(row[0].parse().unwrap(), cve), Fix::Fixed, "{} {cve}", &row[0]);
            }
        }
    }
    assert!(builds >= 10);
}

#[test]
fn impossible_personas_are_refused() {
    let errors = [
        error(&own("Exchange 2010", "14.3.123.4", "Windows Server 2008 R2", "")),
        error(&own("Exchange 2016", "15.2.858.5", "Windows Server 2016", "")),
        error(&own("Exchange SE", "15.2.1748.43", "Windows Server 2025", "")),
        error(&own("Exchange 2016", "15.1.2176.11", "Windows Server 2016", "")),
        error(&own("Exchange 2016", "15.1.2176", "Windows Server 2016", "")),
        error(&own("Exchange 2016", "15.3.1.1", "Windows Server 2016", "")),
        error(&own("Exchange 2016", "15.1.2176.9", "Windows Server 2019", "")),
        error(&own("Exchange 2016", "15.1.466.34", "Windows Server 2016", "")),
        error(&own("Exchange 2019", "15.2.858.5", "Windows NT 4.0", "")),
        error(&own("Exchange 2016", "15.1.225.16", "Windows Server 2012", "")),
        error(&own(
            "Exchange 2013",
            "15.0.1497.12",
            "Windows Server 2012 R2",
            "http2 = true\n",
        )),
        error(&own(
            "Exchange SE",
            "15.2.2562.17",
            "Windows Server 2022",
            "vulnerable = [\"CVE-2021-34473\"]\n",
        )),
        error(&own("Exchange SE", "15.2.2562.17", "Windows Server 2022", "").replace("EX01", "exchange 01")),
        error("product = \"Exchange 2016\"\n"),
        error("product = \n"),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn every_file_of_the_folder_comes_with_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../personas");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let mut built_in: Vec<&str> = built_in_names().collect();
    built_in.sort_unstable();
    assert_eq!(names, built_in);
}
