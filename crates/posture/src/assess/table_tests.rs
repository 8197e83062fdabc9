#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use super::testing::of;
use crate::{Assessment, CveFinding, CveVerdict, FixStatus, Reason, Verdict, reasons};

const ERRORFE: &str = "Location=/owa/auth/errorfe.aspx?httpCode=500";
const ABSOLUTE: &str = "Location=https://192.0.2.10/OWA/Auth/errorFE.aspx?HTTPCODE=500&msg=1";
const FE: &str = "X-FEServer=EX01";

/// `vulnerable open cve-check-owa` of one CVE.
fn cve(assessment: &Assessment, id: &str) -> String {
    let front_end = assessment.front_ends.first().expect("a front end");
    let finding = front_end.cves.iter().find(|finding| finding.id == id).expect(id);
    let name = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    let verdict = name(serde_json::to_value(finding.verdict).unwrap());
    let status = name(serde_json::to_value(finding.status).unwrap());
    format!("{verdict} {status} {}", finding.reason.id)
}

#[test]
fn proxyshell_by_its_checks() {
    let logon = "logon 200 mark=logon_page";
    let table: Vec<(String, &str)> = vec![
        (
            format!("ps_owa 302 {ERRORFE}"),
            "vulnerable unknown cve-check-owa",
        ),
        (
            format!("ps_owa 302 {ABSOLUTE}"),
            "vulnerable unknown cve-check-owa",
        ),
        (
            "ps_owa 302 Location=https://mail.example.org/owa/auth/errorfe.aspx?httpCode=500".into(),
            "vulnerable unknown cve-check-owa",
        ),
        (
            "ps_owa 302 Location=https://10.0.0.7/owa/auth/errorfe.aspx?httpCode=500".into(),
            "vulnerable unknown cve-check-owa",
        ),
        (
            "ps_owa 302 Location=https://mail2.example.org/owa/auth/errorfe.aspx?httpCode=500".into(),
            "unknown unknown check-redirect",
        ),
        (
            "ps_owa 302 Location=/owa/auth/errorfe.aspx".into(),
            "unknown unknown check-redirect",
        ),
        (
            "ps_owa 302 Location=/owa/auth/errorfe.aspx?code=500".into(),
            "unknown unknown check-redirect",
        ),
        (
            "ps_owa 302 Location=/owa/auth/logon.aspx?url=x".into(),
            "unknown unknown check-redirect",
        ),
        (
            "ps_owa 302 Location=https://login.example.org/".into(),
            "unknown unknown check-redirect",
        ),
        (format!("ps_owa 301 {ERRORFE}"), "unknown unknown check-redirect"),
        (format!("ps_nspi 302 {ERRORFE}"), "unknown unknown check-redirect"),
        (
            "ps_nspi 200 mark=mapi_page".into(),
            "vulnerable unknown cve-check-mapi",
        ),
        (
            "ps_nspi 200 title=Exchange_MAPI/HTTP_Connectivity_Endpoint".into(),
            "vulnerable unknown cve-check-mapi",
        ),
        ("ps_nspi 200".into(), "unknown unknown check-status"),
        ("ps_owa 200".into(), "unknown unknown check-status"),
        (format!("ps_owa 401 {FE}"), "guarded unknown check-refused"),
        (format!("ps_owa 400 {FE}"), "guarded unknown check-refused"),
        (
            "ps_owa 401 X-CalculatedBETarget=ex01.corp.example.org".into(),
            "guarded unknown check-refused",
        ),
        ("ps_owa 401".into(), "unknown unknown check-bare-refusal"),
        ("ps_owa 400".into(), "unknown unknown check-bare-refusal"),
        ("ps_owa 404".into(), "filtered unknown check-stopped"),
        (format!("ps_owa 404 {FE}"), "filtered unknown check-stopped"),
        ("ps_owa !reset".into(), "filtered unknown check-fault"),
        ("ps_owa !closed".into(), "filtered unknown check-fault"),
        ("ps_owa !timeout".into(), "unknown unknown check-fault"),
        ("ps_owa 403".into(), "unknown unknown check-status"),
        (format!("ps_owa 500 {FE}"), "unknown unknown check-status"),
        ("ps_owa 503".into(), "unknown unknown check-status"),
        // Both together: one success outweighs all, then a refusal by Exchange.
        (
            format!("ps_owa 401 {FE} | ps_nspi 200 mark=mapi_page"),
            "vulnerable unknown cve-check-mapi",
        ),
        (
            format!("ps_owa 302 {ERRORFE} | ps_nspi 404"),
            "vulnerable unknown cve-check-owa",
        ),
        (
            format!("ps_owa 401 {FE} | ps_nspi 500"),
            "guarded unknown check-refused",
        ),
        ("ps_owa 404 | ps_nspi 503".into(), "unknown unknown check-status"),
        // A broken OWA sends everything to that page; only what its back end says of the caller tells then.
        (
            format!("ps_owa 302 {ERRORFE} | owa 302 {ERRORFE}"),
            "unknown unknown check-broken-owa",
        ),
        (
            format!(
                "ps_owa 302 {ERRORFE} X-OWA-Error=Microsoft.Exchange.Clients.Owa2.Server.Core.OwaADUserNotFoundException | owa 302 {ERRORFE}"
            ),
            "vulnerable unknown cve-check-owa",
        ),
        (
            format!("ps_owa 302 {ERRORFE} mark=no_such_user | owa 302 {ERRORFE}"),
            "vulnerable unknown cve-check-owa",
        ),
        (String::new(), "unknown unknown cve-no-build"),
    ];
    for (text, expected) in table {
        let text = if text.is_empty() {
            logon.to_owned()
        } else {
            format!("{text} | {logon}")
        };
        assert_eq!(cve(&of(&text), "CVE-2021-34473"), expected, "{text}");
    }
}

#[test]
fn builds_and_checks_together() {
    let open = "build=owa_version:15.1.2176.9";
    let april = "build=owa_version:15.1.2176.12";
    let fixed = "build=owa_version:15.2.2562.53";
    let table: Vec<(String, &str, &str)> = vec![
        (
            format!("logon 200 {open}"),
            "CVE-2021-34473",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa 401 {FE} {open}"),
            "CVE-2021-34473",
            "guarded open cve-guarded-unpatched",
        ),
        (
            format!("ps_owa 401 {FE} {open}"),
            "CVE-2021-34523",
            "guarded open cve-behind-guarded",
        ),
        (
            format!("ps_owa 401 {FE} {open}"),
            "CVE-2021-31207",
            "guarded open cve-behind-guarded",
        ),
        (
            format!("ps_owa 401 {FE} {open}"),
            "CVE-2021-26855",
            "fixed fixed cve-fixed",
        ),
        (
            format!("ps_owa 401 {FE} {open}"),
            "CVE-2022-41080",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa 404 | logon 200 {open}"),
            "CVE-2021-34473",
            "filtered open cve-filtered-unpatched",
        ),
        (
            format!("ps_owa 404 | logon 200 {open}"),
            "CVE-2021-34523",
            "filtered open cve-behind-filtered",
        ),
        (
            format!("ps_owa 503 | logon 200 {open}"),
            "CVE-2021-34473",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa 401 {FE} {april}"),
            "CVE-2021-34473",
            "fixed fixed cve-fixed",
        ),
        (
            format!("ps_owa 401 {FE} {april}"),
            "CVE-2021-31207",
            "guarded open cve-behind-fixed",
        ),
        (
            format!("ps_owa 404 | logon 200 {fixed}"),
            "CVE-2021-34473",
            "fixed fixed cve-fixed",
        ),
        (
            format!("ps_owa 302 {ERRORFE} {fixed}"),
            "CVE-2021-34473",
            "vulnerable fixed cve-contradiction",
        ),
        (
            format!("ps_owa 302 {ERRORFE} {open}"),
            "CVE-2021-34473",
            "vulnerable open cve-check-owa",
        ),
        // The March update for old cumulative updates, and three parts that do not tell.
        (
            "logon 200 build=owa_version:15.1.1591.18".into(),
            "CVE-2021-26855",
            "fixed fixed cve-fixed",
        ),
        (
            "logon 200 build=owa_version:15.1.1591.18".into(),
            "CVE-2021-34473",
            "vulnerable open cve-open-by-build",
        ),
        (
            "logon 200 build=logon_page:15.1.2176".into(),
            "CVE-2021-34473",
            "unknown unknown because-some-builds",
        ),
        (
            format!("ps_owa 401 {FE} | logon 200 build=logon_page:15.1.2176"),
            "CVE-2021-34473",
            "guarded unknown check-refused",
        ),
        (
            "logon 200 build=logon_page:15.1.2308".into(),
            "CVE-2021-34473",
            "fixed fixed cve-fixed-three-parts",
        ),
        (
            "logon 200 build=logon_page:15.1.2106".into(),
            "CVE-2021-34473",
            "vulnerable open cve-open-by-build",
        ),
        (
            "logon 200 build=owa_version:15.3.1.1".into(),
            "CVE-2021-34473",
            "unknown unknown because-no-product",
        ),
        (
            "logon 200 build=owa_version:15.2.65535.1".into(),
            "CVE-2021-34473",
            "unknown unknown because-newer-than-tables",
        ),
        (
            "logon 200 build=owa_version:15.1.9999.0".into(),
            "CVE-2022-41080",
            "unknown unknown because-newer-than-tables",
        ),
        // The export tool's manifest is a lower bound.
        (
            "export_tool 200 build=export_tool:15.1.2242.8".into(),
            "CVE-2021-34473",
            "fixed fixed cve-fixed",
        ),
        (
            "export_tool 200 build=export_tool:15.1.2242.4".into(),
            "CVE-2021-34473",
            "unknown unknown because-some-builds",
        ),
        (
            "export_tool 200 build=export_tool:15.1.2507.6 | logon 200 build=owa_version:15.1.2507.66".into(),
            "CVE-2022-41080",
            "fixed fixed cve-fixed",
        ),
        // Disclosures that disagree: the one that lacks most, not the lower one.
        (
            "logon 200 build=owa_version:15.1.2176.14 | ps_nspi 200 build=mapi_page:15.1.2242.4".into(),
            "CVE-2021-34473",
            "vulnerable open cve-open-by-build",
        ),
        // ProxyLogon.
        (
            "proxy_logon 500 X-CalculatedBETarget=LOCALHOST X-FEServer=EX01".into(),
            "CVE-2021-26855",
            "vulnerable unknown cve-check-proxylogon",
        ),
        (
            "proxy_logon 500 X-CalculatedBETarget=localhost build=owa_version:15.1.2176.9".into(),
            "CVE-2021-26855",
            "vulnerable fixed cve-contradiction",
        ),
        (
            format!("proxy_logon 404 {FE} | logon 200 build=owa_version:15.1.2176.2"),
            "CVE-2021-26855",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("proxy_logon 404 {FE} | logon 200 build=owa_version:15.1.2176.2"),
            "CVE-2021-27065",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("proxy_logon 404 {FE} | logon 200 build=logon_page:15.1.2176"),
            "CVE-2021-26855",
            "unknown unknown because-some-builds",
        ),
        (
            format!("proxy_logon 404 {FE} | logon 200 build=owa_version:15.0.1497.2"),
            "CVE-2021-26855",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("proxy_logon 404 {FE} | logon 200 mark=logon_page"),
            "CVE-2021-26855",
            "unknown unknown check-status",
        ),
        (
            format!("proxy_logon 404 {FE} | logon 200 mark=logon_page"),
            "CVE-2021-27065",
            "unknown unknown cve-no-build",
        ),
        (
            "proxy_logon 404 | logon 200 build=owa_version:15.1.2176.2".into(),
            "CVE-2021-26855",
            "vulnerable open cve-open-by-build",
        ),
        // ProxyNotShell: a cut connection is Microsoft's mitigation where other path confusion is answered.
        (
            format!("ps_owa 401 {FE} {open} | proxy_not_shell !reset"),
            "CVE-2022-41040",
            "guarded open cve-mitigated",
        ),
        (
            format!("ps_owa 401 {FE} {open} | proxy_not_shell !reset"),
            "CVE-2022-41082",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa 401 {FE} {open} | proxy_not_shell !reset"),
            "CVE-2022-41080",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa !reset | proxy_not_shell !reset | logon 200 {open}"),
            "CVE-2022-41040",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa 401 {FE} {open} | proxy_not_shell 302 {ERRORFE}"),
            "CVE-2022-41040",
            "vulnerable open cve-open-by-build",
        ),
        (
            format!("ps_owa 401 {FE} {fixed} | proxy_not_shell !reset"),
            "CVE-2022-41040",
            "fixed fixed cve-fixed",
        ),
    ];
    for (text, id, expected) in table {
        assert_eq!(cve(&of(&text), id), expected, "{id}: {text}");
    }
}

#[test]
fn front_ends_by_name() {
    let two = format!("ps_owa 401 {FE} build=owa_version:15.2.2562.53\nps_owa 302 {ERRORFE} X-FEServer=ex02");
    let assessment = of(&two);
    let names: Vec<_> = assessment
        .front_ends
        .iter()
        .map(|one| (one.name.as_deref(), one.verdict.name()))
        .collect();
    assert_eq!(names, [(Some("EX02"), "vulnerable"), (Some("EX01"), "fixed")]);
    assert_eq!(assessment.verdict.name(), "vulnerable");

    let one = format!("ps_owa 401 {FE}\nlogon 200 build=owa_version:15.2.2562.53");
    let assessment = of(&one);
    assert_eq!(
        assessment.front_ends.len(),
        1,
        "a visit without a name joins the only one"
    );
    assert_eq!(assessment.verdict.name(), "fixed");

    let balancer = format!("{two}\nlogon 503");
    assert_eq!(
        of(&balancer).front_ends.len(),
        2,
        "a balancer's own page is no front end"
    );
}

/// Each front end's addresses and verdict, then the target's.
#[test]
fn answers_of_different_addresses_are_not_joined() {
    let patched = "build=owa_version:15.2.2562.53";
    let logon = "logon 200 mark=logon_page";
    for (text, expected) in [
        // Without names, one server is guarded, of another nothing is told.
        (
            format!("ps_owa 401 X-SOAP-Enabled=True | {logon}\n@192.0.2.11:443 ps_owa 503 | {logon}"),
            "10: unknown guarded; 11: unknown unknown; unknown host-unknown-no-build",
        ),
        (
            format!("{logon} {patched}\n@192.0.2.11:443 {logon}"),
            "11: unknown unknown; 10: fixed fixed; unknown host-unknown-no-build",
        ),
        // A nameless server beside a named one, at its address and at another.
        (
            format!("ps_owa 401 {FE} {patched}\n{logon}"),
            "10: fixed fixed; fixed host-fixed",
        ),
        (
            format!("ps_owa 401 {FE} {patched}\n@192.0.2.11:443 {logon}"),
            "11: unknown unknown; 10: fixed fixed; unknown host-unknown-no-build",
        ),
        // One server by two addresses, one of which leads another way.
        (
            format!("ps_owa 401 {FE}\n@192.0.2.11:443 ps_owa 503 {FE}"),
            "10 11: unknown unknown; unknown host-unknown-no-build",
        ),
        // No Exchange at the other address, or what cannot be told.
        (
            format!("ps_owa 401 {FE} {patched}\n@192.0.2.11:443 ps_owa 404 | logon 404"),
            "10: fixed fixed; fixed host-fixed",
        ),
        (
            format!("ps_owa 401 {FE} {patched}\n@192.0.2.11:443 ps_owa 503 | logon 503"),
            "10: fixed fixed; unknown host-untold-address",
        ),
    ] {
        let assessment = of(&text);
        let mut told: Vec<String> = Vec::new();
        for front_end in &assessment.front_ends {
            let last = front_end
                .addresses
                .iter()
                .map(|address| address.to_string()[8..10].to_owned());
            let cve = front_end
                .cves
                .iter()
                .find(|cve| cve.id == "CVE-2021-34473")
                .unwrap();
            let cve = serde_json::to_value(cve.verdict).unwrap();
            let (addresses, verdict) = (last.collect::<Vec<_>>().join(" "), front_end.verdict.name());
            told.push(format!("{addresses}: {verdict} {}", cve.as_str().unwrap()));
        }
        told.push(format!("{} {}", assessment.verdict.name(), assessment.reason.id));
        assert_eq!(told.join("; "), expected, "{text}");
    }
}

#[test]
fn verdicts_of_front_ends() {
    let guard = "X-FEServer=EX01";
    let table: Vec<(String, &str)> = vec![
        (
            format!("ps_owa 401 {guard} build=owa_version:15.1.2507.66"),
            "fixed host-fixed",
        ),
        (
            format!("ps_owa 401 {guard} build=owa_version:15.1.2176.9"),
            "vulnerable host-open-by-build",
        ),
        (
            format!("ps_owa 302 {ERRORFE} build=owa_version:15.1.2176.9"),
            "vulnerable host-check-succeeded",
        ),
        (
            format!("ps_owa 401 {guard} | logon 200 build=logon_page:15.1.2507"),
            "unknown host-unknown",
        ),
        (format!("ps_owa 401 {guard}"), "unknown host-unknown-no-build"),
        (
            "logon 200 build=owa_version:14.3.513.0".into(),
            "unknown host-unknown",
        ),
        (
            "logon 200 build=owa_version:14.3.496.0".into(),
            "unpatched host-unpatched",
        ),
        (
            format!("ps_owa 401 {guard} build=owa_version:15.2.65535.1"),
            "unknown host-unknown",
        ),
    ];
    for (text, expected) in table {
        let assessment = of(&text);
        assert_eq!(
            format!("{} {}", assessment.verdict.name(), assessment.reason.id),
            expected,
            "{text}"
        );
    }
}

/// Open by build, and as the checks say: guarded, or stopped before Exchange.
#[test]
fn what_is_unpatched_is_not_said_to_be_guarded_where_it_is_filtered() {
    let open = |verdict| CveFinding {
        id: "CVE-2021-34473".into(),
        alias: "ProxyShell".into(),
        verdict,
        status: FixStatus::Open,
        reason: Reason::new("cve-no-build", []),
        fixed_in: None,
        kb: None,
        evidence: Vec::new(),
    };
    for (verdicts, expected) in [
        (vec![CveVerdict::Guarded], "host-unpatched"),
        (vec![CveVerdict::Filtered], "host-unpatched-filtered"),
        (
            vec![CveVerdict::Guarded, CveVerdict::Filtered],
            "host-unpatched-filtered",
        ),
    ] {
        let cves: Vec<CveFinding> = verdicts.into_iter().map(open).collect();
        let (verdict, reason) = super::cves::verdict(&cves, None);
        assert_eq!((verdict, &*reason.id), (Verdict::Unpatched, expected));
    }
}

#[test]
fn every_sentence_is_listed_with_its_arguments() {
    let sources = [
        include_str!("../assess.rs"),
        include_str!("certificates.rs"),
        include_str!("cves.rs"),
        include_str!("findings.rs"),
        include_str!("install.rs"),
        include_str!("probes.rs"),
        include_str!("signs.rs"),
    ];
    let source = sources.concat();
    let quoted: BTreeSet<&str> = source.split('"').collect();
    let listed: BTreeSet<&str> = reasons::ALL.iter().map(|(id, _)| *id).collect();
    for id in &listed {
        assert!(quoted.contains(id), "{id} is never said");
    }
    for id in quoted {
        let is_id = ["host-", "check-", "cve-", "finding-", "install-"]
            .iter()
            .any(|prefix| id.starts_with(prefix));
        assert!(!is_id || listed.contains(id), "{id} is not listed");
    }
}

#[test]
fn an_entry_stands_before_what_lies_behind_it() {
    let ids: Vec<&str> = super::cves::chained().iter().map(|chained| chained.cve).collect();
    assert_eq!(
        ids,
        [
            "CVE-2021-26855",
            "CVE-2021-26857",
            "CVE-2021-26858",
            "CVE-2021-27065",
            "CVE-2021-31195",
            "CVE-2021-31196",
            "CVE-2021-33766",
            "CVE-2021-34473",
            "CVE-2021-34523",
            "CVE-2021-31207",
            "CVE-2022-41040",
            "CVE-2022-41080",
            "CVE-2022-41082",
        ]
    );
}
