//! Newer tables are taken over once in a process, before anything is looked up.

#![allow(clippy::unwrap_used)]

use imker_posture::{CveVerdict, FixStatus, Observation, Vantage, Verdict, assess};
use serde_json::json;

#[test]
fn a_chain_that_a_newer_table_names_decides_like_the_others() {
    let table = concat!(env!("CARGO_TARGET_TMPDIR"), "/fixes.csv");
    let rows = "cve,chain,product,cumulative_update,first_fixed_build,kb,also_needs,verified\n\
                CVE-2026-99999,ProxyNext,Exchange SE,RTM,15.2.2562.53,KB5129955,,yes\n";
    std::fs::write(table, rows).unwrap();
    imker_exchange::update_tables(&[table]).unwrap();
    for (build, verdict, status) in [
        ("15.2.2562.17", CveVerdict::Vulnerable, FixStatus::Open),
        ("15.2.2562.53", CveVerdict::Fixed, FixStatus::Fixed),
    ] {
        let assessment = assess(&disclosing(build), Vantage::Internet);
        let front_end = &assessment.front_ends[0];
        let next = front_end.cves.last().unwrap();
        assert_eq!(
            (next.id.as_str(), next.alias.as_str(), next.verdict, next.status),
            ("CVE-2026-99999", "ProxyNext", verdict, status)
        );
        assert_eq!(
            assessment.verdict == Verdict::Vulnerable,
            status == FixStatus::Open
        );
        assert!(!front_end.further_open.contains(&next.id));
    }
}

fn disclosing(build: &str) -> Observation {
    let response = json!({
        "status": 200, "body_bytes": 0, "headers": [], "marks": ["logon_page"],
        "builds": [{ "place": "owa_version", "build": build }],
    });
    let answer = json!({ "check": "logon", "took_ms": 1, "response": response });
    serde_json::from_value(json!({
        "target": "mail.example.org", "started": "2026-11-30T10:00:00Z", "took_ms": 1, "checks": "full",
        "visits": [{ "address": "192.0.2.10:443", "answers": [answer] }],
    }))
    .unwrap()
}
