//! Golden files of results of a scan, and what holds for all of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read and write small files where they are told to"
)]
#![allow(
    clippy::disallowed_types,
    reason = "nmap's own tools read what is written for them"
)]

mod servers;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use imker_report::scan::{CsvRows, HostRow, HtmlPage, Json, JsonRows, NmapXml, Sarif, Single, Table, schema};
use imker_report::{Language, Style};
use servers::{Host, head, hosts, written};

fn style(language: Language, width: usize) -> Style {
    Style {
        language,
        colour: false,
        width,
    }
}

fn table(hosts: &[Host], language: Language, width: usize) -> String {
    written(hosts, |out| Table::new(&head(), &style(language, width), out))
}

fn single(host: usize, language: Language, width: usize, detailed: bool) -> String {
    let hosts = &hosts()[host..=host];
    let style = style(language, width);
    written(hosts, |out| Single::new(&head(), &style, detailed, out))
}

fn json(hosts: &[Host], language: Language) -> String {
    written(hosts, |out| Json::new(&head(), language, out))
}

fn rows(hosts: &[Host]) -> String {
    written(hosts, |out| Ok(JsonRows::new(Language::En, out)))
}

fn html(hosts: &[Host], language: Language) -> String {
    written(hosts, |out| Ok(HtmlPage::new(&head(), language, out)))
}

fn nmap(hosts: &[Host], language: Language) -> String {
    written(hosts, |out| NmapXml::new(&head(), language, out))
}

#[test]
fn table_in_english() {
    insta::assert_snapshot!(table(&hosts(), Language::En, 150));
}

#[test]
fn table_in_german_narrow() {
    insta::assert_snapshot!(table(&hosts(), Language::De, 80));
}

#[test]
fn a_vulnerable_server_in_english() {
    insta::assert_snapshot!(single(0, Language::En, 100, false));
}

#[test]
fn a_vulnerable_server_in_detail() {
    insta::assert_snapshot!(single(0, Language::En, 100, true));
}

#[test]
fn a_server_with_two_front_ends_in_german() {
    insta::assert_snapshot!(single(2, Language::De, 80, false));
}

#[test]
fn a_server_that_is_no_exchange() {
    insta::assert_snapshot!(single(4, Language::En, 80, false));
}

#[test]
fn csv() {
    insta::assert_snapshot!(written(&hosts(), |out| CsvRows::new(Language::En, out)));
}

/// Behind one balancer: each with its own build and certificate, under the host's verdict.
#[test]
fn each_front_end_has_a_row() {
    let (mut observation, _) = hosts().swap_remove(2);
    let first = observation.visits[0].tls.as_mut().unwrap();
    first.certificate.as_mut().unwrap().subject = "mbx1.example.com".into();
    let host = [servers::assessed(observation)];
    let table = written(&host, |out| CsvRows::new(Language::En, out));
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let records: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    let cells = |column: &str| records.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    assert_eq!(cells("verdict"), ["vulnerable"; 2]);
    assert_eq!(cells("front_end"), ["MBX2", "MBX1"]);
    assert_eq!(cells("build"), ["15.1.2507.6", "15.1.2507.66"]);
    assert_eq!(cells("certificate"), ["owa.example.com", "mbx1.example.com"]);
    assert_ne!(records[0]["open_by_build"], records[1]["open_by_build"]);

    let page = html(&host, Language::En);
    let rows = page.split("section-scan-hosts").nth(2).unwrap();
    assert!(rows.contains("rowspan=\"2\"") && rows.find("MBX2") < rows.find("15.1.2507.66"));
}

#[test]
fn versions_of_tls_and_mail_services_are_shown() {
    let (mut observation, _) = hosts().swap_remove(0);
    let mut submission = observation.smtp[0].clone();
    (submission.address, submission.tls) = (
        Some("192.0.2.10:587".parse().unwrap()),
        observation.visits[0].tls.clone(),
    );
    observation.smtp.push(submission);
    let host = [servers::assessed(observation)];
    let detailed = written(&host, |out| {
        Single::new(&head(), &style(Language::En, 200), true, out)
    });
    let page = html(&host, Language::En);
    for expected in [
        "192.0.2.10:443: speaks TLSv1.0, TLSv1.1, TLSv1.2 · refuses TLSv1.3",
        "192.0.2.10:25: 220 ex01.corp.example.org Microsoft ESMTP MAIL Service ready · no STARTTLS",
        "ready · STARTTLS: mail.example.org · until 2026-12-18 · TLSv1.2 ECDHE-RSA",
    ] {
        assert!(detailed.contains(expected), "{expected}: {detailed}");
        assert!(page.contains(expected), "{expected}: {page}");
    }
    let table = written(&host, |out| CsvRows::new(Language::En, out));
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let row: BTreeMap<String, String> = reader.deserialize().next().unwrap().unwrap();
    assert_eq!(row["tls_versions"], "TLSv1.0|TLSv1.1|TLSv1.2");
    let banner = "220 ex01.corp.example.org Microsoft ESMTP MAIL Service ready";
    assert_eq!(row["smtp_banner"], format!("{banner}|{banner}"));
}

#[test]
fn a_row_of_json() {
    let row: serde_json::Value = serde_json::from_str(rows(&hosts()).lines().nth(3).unwrap()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&row).unwrap());
}

#[test]
fn rows_hold_all_that_was_observed_and_are_read_back() {
    let hosts = hosts();
    let rows = rows(&hosts);
    assert_eq!(rows.lines().count(), hosts.len());
    for (line, (observation, assessment)) in rows.lines().zip(&hosts) {
        let row: HostRow<'_> = serde_json::from_str(line).unwrap();
        assert!(row.reason.text.is_some());
        assert_eq!(row.verdict, assessment.verdict);
        assert_eq!(row.observation(), *observation);
    }
}

#[test]
fn the_document_holds_the_rows_and_keeps_to_the_committed_schema() {
    let schema = schema();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/imker-scan-1.schema.json");
    if std::env::var_os("IMKER_WRITE_SCHEMA").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(
        committed == text,
        "write it anew: IMKER_WRITE_SCHEMA=1 cargo test -p imker-report --test scan"
    );

    let validator = jsonschema::validator_for(&serde_json::to_value(&schema).unwrap()).unwrap();
    for hosts in [hosts(), Vec::new()] {
        let document: serde_json::Value = serde_json::from_str(&json(&hosts, Language::De)).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert_eq!(document["hosts"].as_array().unwrap().len(), hosts.len());
        assert_eq!(document["end"]["summary"]["hosts"], hosts.len());
    }
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "imker-scan/1" })));
}

#[test]
fn html_in_english() {
    insta::assert_snapshot!(html(&hosts(), Language::En));
}

#[test]
fn html_in_german() {
    insta::assert_snapshot!(html(&hosts(), Language::De));
}

#[test]
fn html_without_hosts() {
    let page = html(&[], Language::En);
    assert!(page.contains("Nobody was asked") && !page.contains("No host is open"));
    insta::assert_snapshot!(page);
}

/// What the picture shows stands below it in numbers, and no two verdicts that differ in what to do look alike.
#[test]
fn builds_are_told_without_the_picture() {
    let page = html(&hosts(), Language::En);
    let patches = page.split("id=\"section-scan-patches\"").nth(1).unwrap();
    let (picture, table) = patches.split_once("<table").unwrap();
    assert!(picture.contains("role=\"img\""));
    let row = "<th class=\"name\" scope=\"row\">Exchange 2016 CU23</th><td class=\"n\">1</td>";
    assert!(table.split("</table>").next().unwrap().contains(row), "{table}");
    assert!(!page.contains("<th>") && !page.contains("<th class=\"n\">"));
    assert!(page.contains("<nav aria-label=") && page.contains("href=\"#section-scan-notes\""));
    for class in [
        "succeeded",
        "unpatched",
        "unclear",
        "guarded",
        "refused",
        "filtered",
    ] {
        assert!(
            picture.contains(&format!("<rect class=\"{class}\" width")),
            "{class}"
        );
    }
}

/// Writes the pages where someone wants to look at them.
#[test]
fn pages_to_look_at() {
    let Some(folder) = std::env::var_os("IMKER_WRITE_PAGES") else {
        return;
    };
    for language in Language::ALL {
        let page = html(&hosts(), language);
        std::fs::write(Path::new(&folder).join(format!("scan-{language}.html")), page).unwrap();
    }
}

#[test]
fn the_page_holds_the_worst_hosts_and_counts_the_others() {
    let two = hosts();
    let mut many: Vec<Host> = vec![two[4].clone(); 1200];
    many.push(two[0].clone());
    let page = html(&many, Language::En);
    let rows = page.split("section-scan-hosts").nth(2).unwrap();
    assert!(rows.find("mail.example.org").unwrap() < rows.find("www.example.org").unwrap());
    assert!(rows.contains("The 1,000 worst hosts; 201 more are in the JSON."));
}

#[test]
fn sarif() {
    let log = written(&hosts(), |out| Sarif::new(&head(), Language::En, out));
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        assert_eq!(
            rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"],
            result["ruleId"]
        );
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

/// The schema of OASIS is not kept here, see tests/schema.rs.
#[test]
fn sarif_keeps_to_the_schema_of_oasis() {
    let Some(path) = std::env::var_os("IMKER_SARIF_SCHEMA") else {
        return imker_testing::left_out("IMKER_SARIF_SCHEMA names no schema");
    };
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let log = written(&hosts(), |out| Sarif::new(&head(), Language::De, out));
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&log)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn nmap_xml() {
    insta::assert_snapshot!(nmap(&hosts(), Language::En));
}

/// nmap's own grammar, which permits `nmap` alone as the scanner.
#[test]
fn nmap_xml_keeps_to_the_dtd_of_nmap() {
    let dtd = Path::new("/usr/share/nmap/nmap.dtd");
    for (place, hosts) in [hosts(), hosts()[5..6].to_vec(), Vec::new()].iter().enumerate() {
        let xml = nmap(hosts, Language::De).replacen("scanner=\"imker\"", "scanner=\"nmap\"", 1);
        let path = std::env::temp_dir().join(format!("imker-dtd-{}-{place}.xml", std::process::id()));
        std::fs::write(&path, xml).unwrap();
        let checked = Command::new("xmllint")
            .args(["--noout", "--nonet", "--dtdvalid"])
            .arg(dtd)
            .arg(&path)
            .output();
        std::fs::remove_file(&path).unwrap();
        match checked {
            Err(_) => return imker_testing::not_installed("xmllint"),
            Ok(_) if !dtd.exists() => return imker_testing::not_installed("nmap"),
            Ok(checked) => {
                let told = String::from_utf8_lossy(&checked.stderr);
                assert!(checked.status.success(), "{told}");
            }
        }
    }
}

/// What nmap's own tools make of it: ndiff, and its style sheet with xsltproc.
#[test]
fn nmap_s_tools_read_it() {
    let folder = std::env::temp_dir().join(format!("imker-nmap-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (old, new) = (folder.join("old.xml"), folder.join("new.xml"));
    std::fs::write(&old, nmap(&hosts()[1..], Language::En)).unwrap();
    std::fs::write(&new, nmap(&hosts(), Language::En)).unwrap();
    match Command::new("ndiff").arg(&old).arg(&new).output() {
        Err(_) => imker_testing::left_out("ndiff is not installed"),
        Ok(output) => {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(
                text.contains("imker-exchange") && text.contains("CVE-2021-34473"),
                "{text}"
            );
        }
    }
    let sheet = Path::new("/usr/share/nmap/nmap.xsl");
    match Command::new("xsltproc").arg(sheet).arg(&new).output() {
        Err(_) => imker_testing::left_out("xsltproc is not installed"),
        Ok(_) if !sheet.exists() => imker_testing::left_out("nmap.xsl is not there"),
        Ok(output) => {
            let page = String::from_utf8(output.stdout).unwrap();
            assert!(
                output.status.success() && page.contains("imker-exchange"),
                "{page}"
            );
        }
    }
    let script = "import sys, xml.etree.ElementTree as e
r = e.parse(sys.argv[1]).getroot()
print(len(r.findall('host')), r.find('host/ports/port/script').get('id'))";
    match Command::new("python3").args(["-c", script]).arg(&new).output() {
        Err(_) => imker_testing::left_out("python3 is not installed"),
        Ok(output) => assert_eq!(
            String::from_utf8(output.stdout).unwrap().trim(),
            "10 imker-exchange"
        ),
    }
    std::fs::remove_dir_all(folder).unwrap();
}
