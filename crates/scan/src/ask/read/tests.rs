//! Every row of what servers are known to answer without a log-on, as bytes, and what is read from it.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imker_ntlm::{Challenge, Flags, ServerNames, Version, spnego};
use imker_posture::{Answer, Checks, Observation, Vantage, Visit, assess};
use proptest::prelude::*;

use super::super::http::{Body, Head, ResponseReader};
use super::*;

/// Reads an answer as it comes over the wire.
fn answer(check: Check, bytes: &[u8]) -> Response {
    let mut reader = ResponseReader::new(32 * 1024, 128 * 1024);
    reader.push(bytes).unwrap();
    reader.end().unwrap();
    let (head, body, fault) = reader.finish().unwrap();
    assert_eq!(fault, None);
    read(check, &head, &body)
}

/// The table "unauthenticated answers" of our facts: public probes of a 2019 CU15 server, OpenVAS's OWA detection,
/// Microsoft's defaults for virtual directories, and write-ups of both checks for ProxyShell.
const ROWS: &[(&str, Check, &str)] = &[
    (
        "root, HTTP/1.0 without Host: the internal address and name",
        Check::Root,
        "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: https://10.0.0.7/owa/\nServer: Microsoft-IIS/10.0\nX-FEServer: EX01",
    ),
    (
        "/owa/",
        Check::Owa,
        "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: https://mail.example.org/owa/auth/logon.aspx?url=https%3a%2f%2fmail.example.org%2fowa%2f&reason=0\nX-OWA-Version: 15.2.1748.10\nX-FEServer: EX01",
    ),
    (
        "logon page since 2013",
        Check::Logon,
        "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nSet-Cookie: ClientId=ABCDEF; path=/; secure\n\n<!DOCTYPE html>\n<!-- Copyright (c) 2011 Microsoft Corporation.  All rights reserved. -->\n<!-- OwaPage = ASP.auth_logon_aspx -->\n<html><head>\n<link rel=\"shortcut icon\" href=\"/owa/auth/15.2.1748/themes/resources/favicon.ico\" type=\"image/x-icon\">\n<title>Outlook</title>",
    ),
    (
        "logon page of 2010",
        Check::Logon,
        "HTTP/1.1 200 OK\nX-OWA-Version: 14.3.169.1\n\n<!-- OwaPage = ASP.auth_logon_aspx --><link href=\"/owa/14.3.169.1/themes/resources/logon.css\"><TITLE>\n Outlook\n Web App </TITLE>",
    ),
    (
        "a four-part folder",
        Check::Logon,
        "HTTP/1.1 404 Not Found\nContent-Length: 0\nServer: Microsoft-IIS/10.0",
    ),
    (
        "/ecp/",
        Check::Ecp,
        "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: https://mail.example.org/owa/auth/logon.aspx?url=https%3a%2f%2fmail.example.org%2fecp%2f&reason=0\nX-FEServer: EX01",
    ),
    (
        "broken OWA",
        Check::Owa,
        "HTTP/1.1 302 Found\nX-Powered-By: ASP.NET\nContent-Length: 152\nLocation: /owa/auth/errorFE.aspx?httpCode=500\n\n<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href=\"/owa/auth/errorFE.aspx?httpCode=500\">here</a>.</h2>\r\n</body></html>\r\n\r\n",
    ),
    (
        "/autodiscover/autodiscover.xml",
        Check::Autodiscover,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\nWWW-Authenticate: Basic realm=\"mail.example.org\"\nX-SOAP-Enabled: True\nX-WSSecurity-Enabled: True\nX-WSSecurity-For: None\nX-OAuth-Enabled: True\nX-OWA-Version: 15.2.1748.10",
    ),
    (
        "the same of 2016, before July 2021",
        Check::Autodiscover,
        "HTTP/1.1 401 Unauthorized\nCache-Control: private\nContent-Length: 0\nServer: Microsoft-IIS/8.5\nrequest-id: 0f0e0d0c-0b0a-0908-0706-050403020100\nX-CasErrorCode: UnauthenticatedRequest\nX-AspNet-Version: 4.0.30319\nX-FEServer: EX01\nX-Powered-By: ASP.NET",
    ),
    (
        "the same, asked by POST",
        Check::Autodiscover,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nX-CasErrorCode: UnauthenticatedRequest\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\nWWW-Authenticate: Basic realm=\"mail.example.org\"\nX-SOAP-Enabled: True\nX-WSSecurity-Enabled: True\nX-WSSecurity-For: None\nX-OAuth-Enabled: True",
    ),
    (
        "autodiscover.json, a protocol of the server",
        Check::Autodiscover,
        "HTTP/1.1 200 OK\nContent-Type: application/json; charset=utf-8\nContent-Length: 69\n\n{\"Protocol\":\"EWS\",\"Url\":\"https://mail.example.org/EWS/Exchange.asmx\"}",
    ),
    (
        "autodiscover.json, an unknown user",
        Check::Autodiscover,
        "HTTP/1.1 404 Not Found\njsonerror: true\nContent-Length: 73\n\n{\"ErrorCode\":\"UserNotFound\",\"ErrorMessage\":\"The given User is not found\"}",
    ),
    (
        "autodiscover.json, another protocol",
        Check::Autodiscover,
        "HTTP/1.1 400 Bad Request\njsonerror: true\nContent-Length: 78\n\n{\"ErrorCode\":\"ProtocolNotSupported\",\"ErrorMessage\":\"The given protocol is bad\"}",
    ),
    (
        "/ews/exchange.asmx",
        Check::Ews,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\nX-WSSecurity-Enabled: True\nX-OAuth-Enabled: True",
    ),
    (
        "/mapi/emsmdb",
        Check::Mapi,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM",
    ),
    (
        "/OAB/",
        Check::Oab,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM",
    ),
    (
        "/rpc/",
        Check::Rpc,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\nWWW-Authenticate: Basic realm=\"mail.example.org\"",
    ),
    (
        "/powershell, all methods off (assumed)",
        Check::PowerShell,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nX-FEServer: EX01",
    ),
    (
        "/Microsoft-Server-ActiveSync",
        Check::ActiveSync,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"mail.example.org\"",
    ),
    (
        "the same, with an empty token",
        Check::ActiveSync,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"mail.example.org\"\nX-MS-Diagnostics: 2000001;reason=\"The token is empty\"\nx-owa-version: 15.2.1748.10\nX-FEServer: EX01",
    ),
    (
        "/owa/service/1 and folders of /ecp/",
        Check::Ecp,
        "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: https://mail.example.org/owa/auth/logon.aspx?replaceCurrent=1&url=https%3a%2f%2fmail.example.org%2fecp%2fcurrent%2f\nX-OWA-Version: 15.2.1748.10\nX-FEServer: EX01",
    ),
    (
        "an error of ECP's front end",
        Check::Ecp,
        "HTTP/1.1 500 Internal Server Error\nX-AspNet-Version: 4.0.30319\nX-Powered-By: ASP.NET\nX-FEServer: EX01\n\n<html><head><title>Runtime Error</title></head></html>",
    ),
    (
        "the export tool's manifest",
        Check::ExportTool,
        "HTTP/1.1 200 OK\n\n<?xml version=\"1.0\"?><asmv1:assembly manifestVersion=\"1.0\"><assemblyIdentity name=\"microsoft.exchange.ediscovery.exporttool.application\" version=\"15.2.986.5\" publicKeyToken=\"b1d1a6c45aa418ce\" language=\"neutral\" /></asmv1:assembly>",
    ),
    (
        "a check for ProxyShell, guarded by 2019",
        Check::PsNspi,
        "HTTP/1.1 401 Unauthorized\ncache-control: private\nserver: Microsoft-IIS/10.0\nrequest-id: 0f0e0d0c-0b0a-0908-0706-050403020100\nx-calculatedbetarget: ex19-01.domain.corp\nx-aspnet-version: 4.0.30319\nx-owa-version: 15.2.986.14\nwww-authenticate: Negotiate\nwww-authenticate: NTLM\nwww-authenticate: Basic realm=\"mail.domain.corp\"\nx-powered-by: ASP.NET\nx-feserver: EX19-01\ncontent-length: 0",
    ),
    (
        "a check for ProxyShell, guarded by 2013",
        Check::PsOwa,
        "HTTP/1.1 400 Bad Request\nContent-Length: 0\nX-FEServer: EX01",
    ),
    (
        "a check for ProxyShell, vulnerable, MAPI",
        Check::PsNspi,
        "HTTP/1.1 200 OK\nContent-Type: text/html\nRequest-Id: 0f0e0d0c\nX-CalculatedBETarget: ex01.corp.example.org\nX-ServerApplication: Exchange/15.01.2176.009\nX-DiagInfo: EX01\nX-BEServer: EX01\nSet-Cookie: X-BackEndCookie=; path=/autodiscover\nX-FEServer: EX01\n\n<html>\n<head>\n<title>Exchange MAPI/HTTP Connectivity Endpoint</title>\n</head>\n<body>\n<p>Exchange MAPI/HTTP Connectivity Endpoint<br><br>Version: 15.1.2176.9<br>Vdir Path: /mapi/nspi/<br><br></p><p><b>User:</b> NT AUTHORITY\\SYSTEM</p></body></html>",
    ),
    (
        "a check for ProxyShell, vulnerable, OWA",
        Check::PsOwa,
        "HTTP/1.1 302 Found\nContent-Length: 0\nX-OWA-Error: Microsoft.Exchange.Clients.Owa2.Server.Core.OwaADUserNotFoundException\nLocation: /owa/auth/errorfe.aspx?httpCode=500&msg=2099558169&owaError=Microsoft.Exchange.Clients.Owa2.Server.Core.OwaADUserNotFoundException&owaVer=15.2.595.3&be=LABMAIL01&ts=132549456528243605&fe=LABMAIL01",
    ),
    (
        "X-OWA-Version blanked",
        Check::Autodiscover,
        "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nX-OWA-Version: \nX-FEServer: EX01",
    ),
    (
        "ProxyLogon's check, vulnerable",
        Check::ProxyLogon,
        "HTTP/1.1 200 OK\nContent-Length: 0\nX-CalculatedBETarget: localhost\nX-FEServer: EX01",
    ),
];

/// What follows where this is all that was answered.
fn judged(check: Check, response: Response) -> String {
    let answer = Answer {
        check,
        took_ms: 1,
        response: Some(response),
        fault: None,
    };
    let observation = Observation {
        target: "mail.example.org".into(),
        started: jiff::Timestamp::constant(1_796_000_000, 0),
        took_ms: 1,
        checks: Checks::Quick,
        visits: vec![Visit {
            address: "192.0.2.10:443".parse().unwrap(),
            tls: None,
            answers: vec![answer],
        }],
        tls_versions: Vec::new(),
        smtp: Vec::new(),
        fault: None,
    };
    let assessment = assess(&observation, Vantage::Internet);
    let mut text = format!("{} {}", assessment.verdict.name(), assessment.reason.id);
    for front_end in assessment.front_ends {
        let name = front_end.name.as_deref().unwrap_or("a front end");
        let release = front_end.release.as_deref().unwrap_or("no build");
        write!(text, "; {name}: {release}").unwrap();
    }
    text
}

#[test]
fn every_known_answer() {
    let mut all = String::new();
    for (name, check, text) in ROWS {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let bytes = format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n"));
        let response = answer(*check, bytes.as_bytes());
        let text = serde_json::to_string_pretty(&response).unwrap();
        writeln!(all, "# {name}\n{text}\n{}\n", judged(*check, response)).unwrap();
    }
    insta::assert_snapshot!(all);
}

fn challenge() -> Vec<u8> {
    let names = ServerNames {
        netbios_domain: "EXAMPLE",
        netbios_computer: "EX01",
        dns_domain: "corp.example.org",
        dns_computer: "EX01.corp.example.org",
        dns_tree: "corp.example.org",
    };
    Challenge::answering(
        Flags::UNICODE | Flags::NTLM | Flags::REQUEST_TARGET,
        &names,
        [1; 8],
        0,
        Version::new(10, 0, 17763),
    )
    .encode()
}

#[test]
fn a_challenge_names_its_server_bare_or_wrapped() {
    let bare = format!("NTLM {}", STANDARD.encode(challenge()));
    let wrapped = format!(
        "Negotiate {}",
        STANDARD.encode(spnego::challenge(Some(&challenge())))
    );
    for value in [bare, wrapped] {
        let head = format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: {value}\r\n\r\n"
        );
        let names = answer(Check::Ntlm, head.as_bytes()).ntlm.unwrap();
        assert_eq!(names.netbios_domain.as_deref(), Some("EXAMPLE"));
        assert_eq!(names.netbios_computer.as_deref(), Some("EX01"));
        assert_eq!(names.dns_domain.as_deref(), Some("corp.example.org"));
        assert_eq!(names.dns_computer.as_deref(), Some("EX01.corp.example.org"));
        assert_eq!(names.dns_forest.as_deref(), Some("corp.example.org"));
        assert_eq!(names.windows.as_deref(), Some("10.0.17763"));
    }
}

#[test]
fn what_is_no_challenge_names_nothing() {
    for value in [
        "NTLM",
        "Negotiate",
        "NTLM x",
        "NTLM TlRMTVNTUAAC",
        "Basic realm=\"x\"",
    ] {
        let head = format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {value}\r\n\r\n");
        assert_eq!(answer(Check::Ntlm, head.as_bytes()).ntlm, None, "{value}");
    }
}

#[test]
fn a_logon_page_is_read_until_it_has_told_all() {
    let (_, _, page) = ROWS
        .iter()
        .find(|(name, ..)| *name == "logon page since 2013")
        .unwrap();
    let page = page.split_once("\n\n").unwrap().1.as_bytes();
    assert!(tells_all(page));
    assert!(!tells_all(&page[..page.len() - "</title>".len()]));
}

#[test]
fn pages_that_only_speak_of_exchange_disclose_no_build() {
    let path = "<a href=\"https://mail.example.org/owa/auth/15.1.2176/logon.aspx\">Mail</a>";
    let query = "owaVer=15.1.2176.9";
    for (status, body, builds) in [
        (200, path.to_owned(), 0),
        (200, query.to_owned(), 0),
        (404, format!("{path}{query}"), 0),
        (200, format!("<!-- OwaPage = ASP.auth_logon_aspx -->{path}"), 1),
        (302, query.to_owned(), 1),
    ] {
        let bytes = format!("HTTP/1.1 {status} Any\r\n\r\n{body}");
        let response = answer(Check::Logon, bytes.as_bytes());
        assert_eq!(response.builds.len(), builds, "{status} {body}");
    }
}

#[test]
fn headers_of_exchange_alone_are_kept_and_tell() {
    for name in OWN_HEADERS {
        let bytes = format!("HTTP/1.1 200 OK\r\nServer: x\r\n{name}: x\r\n\r\n");
        let response = answer(Check::Root, bytes.as_bytes());
        assert!(
            response.header(name).is_some() && is_exchange(&response),
            "{name}"
        );
    }
}

#[test]
fn text_is_cut_between_characters() {
    assert_eq!(text("aä".as_bytes(), 2), "a");
    assert_eq!(text("aä".as_bytes(), 3), "aä");
    assert_eq!(text(b"\xff\xff", 2).len(), 0);
    assert_eq!(text(b"\xff", 8), "\u{fffd}");
}

proptest! {
    #[test]
    fn whatever_is_read_is_bounded(
        headers in prop::collection::vec(("[A-Za-z-]{1,90}|Server|Location|X-FEServer|WWW-Authenticate", prop::collection::vec(any::<u8>(), 0..700)), 0..60),
        body in prop::collection::vec(any::<u8>(), 0..500),
        start in "(<title>)?(/owa/auth/[0-9.]{0,30}/)?(owaVer=[0-9.]{0,40})?",
    ) {
        let head = Head { status: 200, minor: 1, headers };
        let body = Body { content: [start.as_bytes(), &body].concat(), received: 3 };
        let response = read(Check::Ntlm, &head, &body);
        prop_assert!(response.headers.len() <= 40);
        prop_assert!(response.headers.iter().all(|header| header.value.len() <= 512));
        prop_assert!(response.title.is_none_or(|title| title.len() <= 256));
        prop_assert!(response.builds.len() <= 8);
    }
}
