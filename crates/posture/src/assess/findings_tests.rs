#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::testing::{answer, observation};
use super::{Vantage, assess};
use crate::{Assessment, Reason};

fn findings(assessment: &Assessment) -> Vec<String> {
    let told = |reason: &Reason| {
        let args: Vec<&str> = reason.args.values().map(String::as_str).collect();
        format!("{} {}", reason.id, args.join("; ")).trim_end().to_owned()
    };
    assessment
        .findings
        .iter()
        .map(|finding| told(&finding.what))
        .collect()
}

#[test]
fn findings_of_an_old_server() {
    let mut seen = observation(
        "ps_owa 401 X-FEServer=EX01 build=owa_version:15.1.2176.9 build=owa_version:15.1.2176.12 | ews 401 WWW-Authenticate=NTLM WWW-Authenticate=Basic_realm=\"x\" | ecp 302 Location=/owa/auth/logon.aspx?url=x | power_shell 401 | root 302 Location=https://10.1.2.3/owa/ | oab !timeout
         ps_owa 401 X-FEServer=EX02 build=owa_version:15.2.2562.53",
    );
    let tls = serde_json::json!({
        "version": "TLSv1.0", "cipher": "AES128-SHA",
        "certificate": {
            "subject": "mail.example.com", "issuer": "mail.example.com", "names": ["*.example.com"],
            "not_before": "2020-01-01T00:00:00Z", "not_after": "2026-11-01T00:00:00Z", "self_signed": true, "sha256": "00",
        },
    });
    seen.visits
        .iter_mut()
        .for_each(|visit| visit.tls = Some(serde_json::from_value(tls.clone()).unwrap()));
    seen.smtp = vec![
        serde_json::from_value(serde_json::json!({
            "service": "smtp", "address": "192.0.2.10:25", "banner": "220 mail", "extensions": ["SIZE"],
        }))
        .unwrap(),
    ];
    insta::assert_snapshot!(findings(&assess(&seen, Vantage::Internet)).join("\n"), @r"
    finding-certificate-expired 2026-11-01; mail.example.com
    finding-out-of-support 2025-10-14; Exchange 2016
    finding-certificate-self-signed mail.example.com
    finding-certificate-name mail.example.org; mail.example.com
    finding-old-tls TLSv1.0
    finding-smtp-without-tls
    finding-disclosures-disagree 15.1.2176.12, 15.1.2176.9
    finding-several-builds 15.1.2176.9, 15.2.2562.53; 2
    finding-basic EWS
    finding-ecp 302
    finding-powershell 401
    finding-addresses-leaked 10.1.2.3
    finding-names-leaked ex01, ex02
    finding-unanswered oab
    ");
    insta::assert_snapshot!(findings(&assess(&seen, Vantage::Internal)).join("\n"), @r"
    finding-certificate-expired 2026-11-01; mail.example.com
    finding-out-of-support 2025-10-14; Exchange 2016
    finding-certificate-self-signed mail.example.com
    finding-certificate-name mail.example.org; mail.example.com
    finding-old-tls TLSv1.0
    finding-smtp-without-tls
    finding-disclosures-disagree 15.1.2176.12, 15.1.2176.9
    finding-several-builds 15.1.2176.9, 15.2.2562.53; 2
    finding-basic EWS
    finding-unanswered oab
    ");
}

#[test]
fn certificates_fit_names_and_wildcards() {
    let table = [
        ("mail.example.org", "mail.example.org", true),
        ("mail.example.org", "MAIL.example.ORG", true),
        ("mail.example.org:8443", "*.example.org", true),
        ("https://mail.example.org", "mail.example.org", true),
        ("a.mail.example.org", "*.example.org", false),
        ("example.org", "*.example.org", false),
        ("mail.example.org", "autodiscover.example.org", false),
        ("192.0.2.10", "mail.example.org", true),
        ("[2001:db8::1]:443", "mail.example.org", true),
    ];
    for (target, name, fits) in table {
        let mut seen = observation("logon 404");
        seen.target = target.into();
        let tls = serde_json::json!({
            "version": "TLSv1.3", "cipher": "x",
            "certificate": { "subject": "x", "issuer": "y", "names": [name], "self_signed": false, "sha256": "00" },
        });
        seen.visits[0].tls = Some(serde_json::from_value(tls).unwrap());
        seen.visits[0].answers[0] = answer("logon 200 mark=logon_page");
        let told = findings(&assess(&seen, Vantage::Internet));
        assert_eq!(
            !told.iter().any(|one| one.starts_with("finding-certificate-name")),
            fits,
            "{target} {name}"
        );
    }
}

/// Two addresses of a name: the first is patched.
#[test]
fn what_could_not_be_asked_is_told_and_leaves_nothing_good() {
    let patched = "ps_owa 401 X-FEServer=EX01 build=owa_version:15.2.2562.53";
    let open = "ps_owa 302 Location=/owa/auth/errorfe.aspx?httpCode=500";
    let elsewhere = "ps_owa 404 | ps_nspi 404 | logon 404";
    let full = crate::Checks::Full;
    let quick = crate::Checks::Quick;
    let address = "finding-incomplete-address 192.0.2.11:443; ";
    for (visit, checks, fault, detail, verdict, told) in [
        (
            patched,
            full,
            "connect_timeout",
            "192.0.2.11:443",
            "unknown host-incomplete",
            format!("{address}connect_timeout"),
        ),
        (
            patched,
            full,
            "refused",
            "192.0.2.11:443: refused",
            "fixed host-fixed",
            format!("{address}refused"),
        ),
        (
            patched,
            full,
            "unreachable",
            "[2001:db8::1]:443: x",
            "fixed host-fixed",
            "finding-incomplete-address [2001:db8::1]:443; unreachable".into(),
        ),
        (
            patched,
            full,
            "timeout",
            "",
            "unknown host-incomplete",
            "finding-incomplete timeout".into(),
        ),
        (
            patched,
            full,
            "not_http",
            "192.0.2.11:443: x",
            "fixed host-fixed",
            format!("{address}not_http"),
        ),
        (
            patched,
            quick,
            "reset",
            "",
            "fixed host-fixed",
            "finding-incomplete reset".into(),
        ),
        (
            open,
            full,
            "connect_timeout",
            "192.0.2.11:443",
            "vulnerable host-check-succeeded",
            format!("{address}connect_timeout"),
        ),
        (
            elsewhere,
            full,
            "connect_timeout",
            "192.0.2.11:443",
            "unknown host-incomplete",
            format!("{address}connect_timeout"),
        ),
    ] {
        let mut seen = observation(visit);
        seen.checks = checks;
        let fault = serde_json::json!({ "kind": fault, "detail": detail });
        seen.fault = Some(serde_json::from_value(fault).unwrap());
        let assessment = assess(&seen, Vantage::Internet);
        let (name, reason) = (assessment.verdict.name(), &assessment.reason.id);
        assert_eq!(format!("{name} {reason}"), verdict, "{told}");
        assert!(findings(&assessment).contains(&told), "{told}");
    }
    let none = findings(&assess(&observation(patched), Vantage::Internet));
    assert!(!none.iter().any(|one| one.starts_with("finding-incomplete")));
}
