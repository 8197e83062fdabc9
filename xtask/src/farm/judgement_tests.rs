//! Our script for nmap beside `imker scan`, before servers whose answers are fixed.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use imker_posture::{Checks, Vantage, assess};
use imker_scan::ask::{Asker, Destination, Plan, Scheme};
use socket2::SockRef;

use super::tests::nmap;
use crate::project;

/// Answers to PS-OWA, to PS-NSPI, to OWA and to its logon page, each `status|header|body`; what the script says.
type Case = ([&'static str; 4], &'static str);

const FE: &str = "401|X-FEServer: EX01";
const ERROR: &str = "302|Location: /owa/auth/errorFE.aspx?httpCode=500&msg=1";
const NAMED: &str =
    "302|Location: /owa/auth/errorfe.aspx?httpCode=500&owaError=Microsoft.Owa.OwaADUserNotFoundException";
const MAPI: &str = "200|X-FEServer: EX01|<title>Exchange MAPI/HTTP Connectivity Endpoint</title>";
const RESET: &str = "";

/// OWA and its logon page are well.
const fn checks(ps_owa: &'static str, ps_nspi: &'static str) -> [&'static str; 4] {
    [ps_owa, ps_nspi, FE, FE]
}

const CASES: [Case; 24] = [
    (checks(NAMED, FE), "vulnerable"),
    (checks(ERROR, FE), "vulnerable"),
    (
        checks(
            "302|Location: https://192.0.2.1:444/OWA/auth/ERRORFE.aspx?x=1&HTTPCODE=500#f",
            FE,
        ),
        "vulnerable",
    ),
    (
        checks("500|X-OWA-Error: a.OwaADUserNotFoundException", FE),
        "vulnerable",
    ),
    (checks("200||OwaADUserNotFoundException", FE), "vulnerable"),
    // Almost the same redirect.
    (checks("302|Location: /owa/auth/errorfe.aspx", "404"), "unknown"),
    (
        checks("302|Location: /owa/auth/errorfe.aspx?code=httpCode", "404"),
        "unknown",
    ),
    (
        checks("302|Location: /x?/owa/auth/errorfe.aspx?httpCode=500", "404"),
        "unknown",
    ),
    (
        checks("301|Location: /owa/auth/errorfe.aspx?httpCode=500", "404"),
        "unknown",
    ),
    (checks("404", ERROR), "unknown"),
    // A broken OWA.
    ([ERROR, "404", ERROR, FE], "unknown"),
    ([ERROR, "404", FE, ERROR], "unknown"),
    ([ERROR, FE, ERROR, ERROR], "guarded"),
    ([NAMED, "404", ERROR, ERROR], "vulnerable"),
    // The page of the other check.
    (checks(MAPI, "404"), "unknown"),
    (checks("404", MAPI), "vulnerable"),
    (checks(FE, MAPI), "vulnerable"),
    // Headers of Exchange's own, and others.
    (checks("400|X-SOAP-Enabled: True", "404"), "guarded"),
    (
        checks("401|WWW-Authenticate: NTLM", "401|Server: Microsoft-IIS/10.0"),
        "unknown",
    ),
    // What outweighs what.
    (checks("404", "401|X-OAuth-Enabled: True"), "guarded"),
    (checks("404", "404|X-FEServer: EX01"), "filtered"),
    (checks("404", "503"), "unknown"),
    (checks(RESET, FE), "guarded"),
    (checks(RESET, RESET), "unknown"),
];

/// A server that answers so, over one connection after another.
fn serve(listener: TcpListener, answers: [&'static str; 4]) {
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            thread::spawn(move || answer(stream, answers));
        }
    });
}

/// Answers one request, or resets.
fn answer(mut stream: TcpStream, [ps_owa, ps_nspi, owa, logon]: [&str; 4]) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
        // nmap tries TLS after a reset (content type 22 of RFC 8446, 5.1).
        if head[0] == 22 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let asked = head.split(' ').nth(1)?;
    let answer = match asked {
        _ if asked.contains("invalid/owa/") && !asked.contains("Powershell") => ps_owa,
        _ if asked.contains("invalid/mapi/nspi/") => ps_nspi,
        "/owa/" => owa,
        "/owa/auth/logon.aspx" => logon,
        _ => FE,
    };
    let mut parts = answer.split('|');
    let status = parts.next()?;
    if status.is_empty() {
        // Closed without lingering, a connection is reset.
        return SockRef::from(&stream).set_linger(Some(Duration::ZERO)).ok();
    }
    let (header, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let header = if header.is_empty() {
        String::new()
    } else {
        format!("{header}\r\n")
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Any\r\nContent-Length: {length}\r\nConnection: close\r\n{header}\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).ok()
}

/// What `imker scan` says of CVE-2021-34473.
async fn scanned(address: SocketAddr) -> String {
    let destination = Destination {
        target: address.to_string(),
        scheme: Some(Scheme::Http),
        name: None,
        addresses: vec![address.ip()],
        port: Some(address.port()),
    };
    let asker = Asker::new(Plan::new(Checks::Full)).unwrap();
    let assessment = assess(&asker.ask(&destination).await, Vantage::Internet);
    let cves = &assessment.front_ends[0].cves;
    let cve = cves.iter().find(|cve| cve.id == "CVE-2021-34473").unwrap();
    serde_json::to_value(cve.verdict)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_script_judges_as_the_scan_does() {
    if Command::new("nmap").arg("--version").output().is_err() {
        return imker_testing::not_installed("nmap");
    }
    let ip = |case: usize| Ipv4Addr::new(127, 0, 9, 1 + u8::try_from(case).unwrap());
    let mut port = 0;
    for (case, (answers, _)) in CASES.iter().enumerate() {
        let listener = TcpListener::bind((ip(case), port)).unwrap();
        port = listener.local_addr().unwrap().port();
        serve(listener, *answers);
    }
    let addresses: Vec<_> = (0..CASES.len()).map(ip).collect();
    let xml = nmap(port, &["--script-args", "vulns.showall"], &addresses);
    for (case, (answers, expected)) in CASES.iter().enumerate() {
        let address = format!("addr=\"{}\"", ip(case));
        let told = xml
            .split("<host ")
            .skip(1)
            .find(|host| host.contains(&address))
            .unwrap();
        let element = match *expected {
            "vulnerable" => "<elem key=\"state\">VULNERABLE</elem>".to_owned(),
            "guarded" => "<elem key=\"state\">NOT VULNERABLE</elem>".to_owned(),
            word => format!("<elem key=\"verdict\">{word}</elem>"),
        };
        assert!(told.contains(&element), "{answers:?}: {told}");
        // A reset is all that nmap's library does not tell.
        let of_scan = if answers[..2] == [RESET, RESET] {
            "filtered"
        } else {
            expected
        };
        let address = SocketAddr::from((ip(case), port));
        assert_eq!(scanned(address).await, of_scan, "{answers:?}");
    }
}

#[test]
fn the_script_knows_the_same_headers() {
    let strings = |file: &str, begin: &str, end: &str| -> Vec<String> {
        let text = std::fs::read_to_string(project::root().join(file)).unwrap();
        let list = text.split(begin).nth(1).unwrap().split(end).next().unwrap();
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let of_script = strings(
        "contrib/nmap/http-exchange-proxyshell.nse",
        "local OF_EXCHANGE = {",
        "}",
    );
    let of_scan = strings("crates/posture/src/assess/signs.rs", "const OWN_HEADERS", "];");
    assert!(of_scan.len() > 10);
    assert_eq!(of_script, of_scan);
}
