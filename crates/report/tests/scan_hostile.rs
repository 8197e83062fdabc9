//! Nothing that a server answers acts on who reads a result.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod servers;

use imker_posture::{Header, Vantage, assess};
use imker_report::escape::is_unsafe;
use imker_report::scan::{
    CsvRows, HtmlPage, Json, JsonRows, NmapXml, Sarif, ScanHead, Single, Table, diff, diff_json, diff_text,
};
use imker_report::{Language, Style};
use proptest::prelude::*;
use servers::{Host, head, hosts, written};

/// The hosts with `text` wherever a server or the user can put text.
fn hosts_with(text: &str) -> Vec<Host> {
    let mut hosts = hosts();
    let own = || text.to_owned();
    for (observation, assessment) in &mut hosts {
        observation.target = own();
        for visit in &mut observation.visits {
            if let Some(tls) = &mut visit.tls {
                tls.cipher = own();
                if let Some(certificate) = &mut tls.certificate {
                    (certificate.subject, certificate.issuer) = (own(), own());
                    certificate.names = vec![own(), own()];
                }
            }
            for answer in &mut visit.answers {
                if let Some(fault) = &mut answer.fault {
                    fault.detail = Some(own());
                }
                if let Some(response) = &mut answer.response {
                    response.title = Some(own());
                    response.headers.push(Header {
                        name: "X-BEServer".into(),
                        value: own(),
                    });
                    response
                        .headers
                        .iter_mut()
                        .for_each(|header| header.value = own());
                    if let Some(ntlm) = &mut response.ntlm {
                        let names = [
                            &mut ntlm.dns_computer,
                            &mut ntlm.netbios_domain,
                            &mut ntlm.windows,
                        ];
                        names.into_iter().for_each(|name| *name = Some(own()));
                    }
                }
            }
        }
        for smtp in &mut observation.smtp {
            (smtp.banner, smtp.extensions) = (Some(own()), vec![own()]);
        }
        *assessment = assess(observation, Vantage::Internet);
    }
    hosts
}

fn head_with(text: &str) -> ScanHead {
    ScanHead {
        authorised: Some(text.into()),
        contact: Some(text.into()),
        version: text.into(),
        ..head()
    }
}

fn no_unsafe(output: &str, kept: &[char]) -> Result<(), TestCaseError> {
    let found = output.chars().find(|c| is_unsafe(*c) && !kept.contains(c));
    prop_assert!(found.is_none(), "{found:?}");
    Ok(())
}

/// Names of the elements of a page.
fn tags(page: &str) -> Vec<String> {
    let name = |tag: &str| tag.split(['>', ' ']).next().unwrap_or_default().to_owned();
    page.split('<').skip(1).map(name).collect()
}

fn hostile() -> impl Strategy<Value = String> {
    let bits = prop::sample::select(vec![
        "\x1b[31m",
        "\u{9b}2J",
        "\r\n",
        "\n",
        "\0",
        "\u{7f}",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{e0041}",
        "\u{fffe}",
        "\u{ffff}",
        "<script>",
        "</style>",
        "<!--",
        "]]>",
        "\"><img src=x onerror=a>",
        "'",
        "&lt;",
        "&#0;",
        "=1+1",
        "@SUM(A1)",
        "-1",
        "\t=1",
        "{ $x }",
        "[a](b)",
        "`",
        "漢字",
        "\\",
        "EX01",
    ]);
    prop::collection::vec(prop_oneof![bits.prop_map(str::to_owned), ".{0,4}"], 1..6)
        .prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_control_character_and_no_markup_survives(text in hostile()) {
        prop_assume!(!text.trim().is_empty());
        let (hosts, head) = (hosts_with(&text), head_with(&text));
        let harmless = hosts_with("x");
        for language in Language::ALL {
            let style = Style { language, colour: false, width: 120 };
            for shown in [
                written(&hosts, |out| Table::new(&head, &style, out)),
                written(&hosts, |out| Single::new(&head, &style, false, out)),
                written(&hosts, |out| Single::new(&head, &style, true, out)),
            ] {
                no_unsafe(&shown, &['\n'])?;
            }
            let page = written(&hosts, |out| Ok(HtmlPage::new(&head, language, out)));
            no_unsafe(&page, &['\n'])?;
            let other = written(&harmless, |out| Ok(HtmlPage::new(&head, language, out)));
            let known: std::collections::BTreeSet<String> = tags(&other).into_iter().collect();
            prop_assert!(tags(&page).iter().all(|tag| known.contains(tag)), "an element more");

            let xml = written(&hosts, |out| NmapXml::new(&head, language, out));
            no_unsafe(&xml, &['\n'])?;
            let not_in_xml = xml.contains(['\u{fffe}', '\u{ffff}']);
            prop_assert!(!not_in_xml);
            let elements = ["?xml", "!DOCTYPE", "nmaprun", "/nmaprun", "verbose", "debugging", "host", "/host",
                "status", "address", "hostscript", "/hostscript", "hostnames", "/hostnames", "hostname", "ports", "/ports", "port", "/port", "state",
                "service", "script", "/script", "elem", "/elem", "table", "/table", "runstats", "/runstats", "finished",
                "hosts"];
            for tag in tags(&xml) {
                prop_assert!(elements.contains(&tag.trim_end_matches('/')), "{tag}");
            }
            for log in [
                written(&hosts, |out| Json::new(&head, language, out)),
                written(&hosts, |out| Sarif::new(&head, language, out)),
            ] {
                no_unsafe(&log, &['\n'])?;
                prop_assert!(!log.contains(['<', '>']));
                let _: serde_json::Value = serde_json::from_str(&log).unwrap();
            }
        }
    }

    #[test]
    fn rows_stay_rows_and_no_cell_is_a_formula(text in hostile()) {
        let hosts = hosts_with(&text);
        let rows = written(&hosts, |out| Ok(JsonRows::new(Language::En, out)));
        no_unsafe(&rows, &['\n'])?;
        prop_assert_eq!(rows.lines().count(), hosts.len());
        let table = written(&hosts, |out| CsvRows::new(Language::De, out));
        no_unsafe(&table, &['\r', '\n'])?;
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        let front_ends = hosts.iter().map(|(_, assessment)| assessment.front_ends.len().max(1));
        prop_assert_eq!(records.len(), front_ends.sum::<usize>());
        for cell in records.iter().flatten() {
            prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
        }

        let old = written(&servers::hosts(), |out| Ok(JsonRows::new(Language::En, out)));
        if let Ok(changed) = diff(old.as_bytes(), rows.as_bytes()) {
            let mut out = Vec::new();
            diff_text(&changed, &Style::default(), &mut out).unwrap();
            diff_json(&changed, &mut out).unwrap();
            no_unsafe(&String::from_utf8(out).unwrap(), &['\n'])?;
        }
    }
}
