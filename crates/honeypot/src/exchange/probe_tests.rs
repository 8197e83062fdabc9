//! What checks for vulnerabilities decide, over every published build: open exactly where the tables say so.

#![allow(clippy::unwrap_used)]

use imker_exchange::{Fix, fix};

use super::testing::{ask, request, site};
use crate::http::{Request, Response};

/// Published builds from 2013 on.
fn builds() -> impl Iterator<Item = &'static str> {
    include_str!("../../../../data/exchange_builds.csv")
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .filter(|build| build.starts_with("15."))
}

fn is_open(build: &str, cve: &str) -> bool {
    fix(build.parse().unwrap(), cve) == Fix::Open
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    let header = response.headers.iter().find(|(known, _)| known == name);
    header.map(|(_, value)| &**value)
}

/// Forms in which checks send the path confusion to a back end.
fn confusions(target: &str) -> Vec<Request> {
    let get = |target: String| request("GET", &target);
    vec![
        get(format!(
            "/autodiscover/autodiscover.json?@test.com{target}?&Email=autodiscover/autodiscover.json%3F@test.com"
        )),
        get(format!(
            "/Autodiscover/Autodiscover.json?@Foo.var{target}?&email=autodiscover/autodiscover.json%3f@foo.VAR"
        )),
        get(format!(
            "/autodiscover/autodiscover.json?%40test.com{target}?&Email=autodiscover/autodiscover.json%253F%40test.com"
        )),
        get(format!(
            "/autodiscover%2fautodiscover.json?a@test.com{target}?&Email=autodiscover/autodiscover.json?a@test.com"
        )),
        get(format!("/Autodiscover/autodiscover.json?a=x@test.com{target}"))
            .with("Cookie", "a=1; Email=Autodiscover/autodiscover.json?a=x@test.com"),
    ]
}

#[test]
fn proxyshell_by_owa() {
    let mut counts = [0; 3];
    for build in builds() {
        let site = site(build);
        for request in confusions("/owa/") {
            let (response, _) = ask(&site, &request);
            let body = String::from_utf8_lossy(&response.body);
            let named =
                body.contains("Microsoft.Exchange.Clients.Owa2.Server.Core.OwaADUserNotFoundException");
            let what = format!("{build} {}", String::from_utf8_lossy(&request.target));
            if is_open(build, "CVE-2021-34473") {
                counts[0] += 1;
                assert_eq!(response.status, 302, "{what}");
                assert!(
                    named
                        && header(&response, "Location")
                            .unwrap()
                            .starts_with("/owa/auth/errorfe.aspx?httpCode="),
                    "{what}"
                );
                assert!(header(&response, "X-OWA-Error").is_some(), "{what}");
            } else if build.starts_with("15.0.") {
                counts[1] += 1;
                assert!(response.status == 400 && !named, "{what}: {}", response.status);
            } else {
                counts[2] += 1;
                assert!(response.status == 401 && !named, "{what}: {}", response.status);
                assert_eq!(
                    header(&response, "X-CalculatedBETarget"),
                    Some("ex01.corp.example.org"),
                    "{what}"
                );
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn proxyshell_by_nspi() {
    for build in builds() {
        let site = site(build);
        for request in confusions("/mapi/nspi/") {
            let (response, _) = ask(&site, &request);
            let body = String::from_utf8_lossy(&response.body);
            let open = is_open(build, "CVE-2021-34473");
            assert_eq!(response.status == 200, open, "{build}");
            assert_eq!(
                body.contains("<title>Exchange MAPI/HTTP Connectivity Endpoint</title>"),
                open,
                "{build}"
            );
            if open {
                assert!(
                    body.contains(&format!("Version: {build}<br>Vdir Path: /mapi/nspi/")),
                    "{build}: {body}"
                );
                assert!(body.contains("User: NT AUTHORITY\\SYSTEM"), "{build}");
            }
        }
    }
}

#[test]
fn other_back_ends_give_nothing_away() {
    for target in [
        "/ews/exchange.asmx",
        "/powershell/",
        "/autodiscover/autodiscover.xml",
        "/ecp/",
        "/nothing/",
    ] {
        for method in ["GET", "POST"] {
            let mut request = confusions(target).swap_remove(0);
            request.method = method.as_bytes().to_vec();
            let (response, _) = ask(&site("15.1.2176.9"), &request);
            assert!(
                matches!(response.status, 401 | 404 | 500),
                "{method} {target}: {}",
                response.status
            );
        }
    }
}

#[test]
fn proxylogon() {
    let check = |backend: &str| {
        let cookies = format!(
            "X-AnonResource=true; X-AnonResource-Backend={backend}/ecp/default.flt?~3; X-BEResource=localhost/owa/auth/logon.aspx?~3;"
        );
        request("GET", "/owa/auth/x.js").with("Cookie", &cookies)
    };
    let by_ecp = request("GET", "/ecp/y.js").with("Cookie", "X-BEResource=localhost~1942062522");
    let mut open_builds = 0;
    for build in builds() {
        let site = site(build);
        let open = is_open(build, "CVE-2021-26855");
        open_builds += usize::from(open);
        for request in [check("localhost"), by_ecp.clone()] {
            let (response, _) = ask(&site, &request);
            let target = header(&response, "X-CalculatedBETarget");
            assert_eq!(target == Some("localhost"), open, "{build}");
            assert_eq!(response.status == 500, open, "{build}");
        }
        let (response, _) = ask(&site, &check("Callback.example.net"));
        assert_eq!(
            header(&response, "X-CalculatedBETarget") == Some("callback.example.net"),
            open,
            "{build}"
        );
        let (response, _) = ask(&site, &request("GET", "/owa/auth/x.js"));
        assert_eq!(response.status, 404, "{build}");
    }
    assert!(open_builds > 50, "{open_builds}");
}

#[test]
fn proxynotshell() {
    let check = request(
        "GET",
        "/autodiscover/autodiscover.json?a@foo.var/owa/?&Email=autodiscover/autodiscover.json?a@foo.var&Protocol=XYZ&FooProtocol=Powershell",
    );
    for build in builds() {
        let (response, _) = ask(&site(build), &check);
        let vulnerable =
            response.status == 302 && !String::from_utf8_lossy(&response.body).contains("Protocol");
        let open = is_open(build, "CVE-2022-41040") || is_open(build, "CVE-2021-34473");
        assert_eq!(vulnerable, open, "{build}");
    }
}

#[test]
fn proxytoken() {
    let check = request(
        "GET",
        "/ecp/x@example.net/PersonalSettings/HomePage.aspx?showhelp=false",
    );
    for build in builds() {
        let site = site(build);
        let (response, _) = ask(&site, &check.clone().with("Cookie", "SecurityToken=x"));
        let open = is_open(build, "CVE-2021-33766");
        let body = String::from_utf8_lossy(&response.body);
        assert_eq!(response.status, if open { 403 } else { 302 }, "{build}");
        assert_eq!(
            body.contains("<span id=\"msgCode\">403</span>") && body.contains("function signOut() {"),
            open,
            "{build}"
        );
        let all: String = response
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        assert_eq!(
            all.contains("Microsoft.Exchange.Data.Storage.ObjectNotFoundException"),
            open,
            "{build}"
        );
        assert_eq!(all.contains("X-BEResource="), open, "{build}");
        let (response, _) = ask(&site, &check);
        assert_eq!(response.status, 302, "{build}: no cookie");
    }
}

/// The three places that a build is read from agree, and none gives away more than the real one.
#[test]
fn builds_can_be_read() {
    for build in builds() {
        let site = site(build);
        let (owa, _) = ask(&site, &request("GET", "/owa/"));
        let version = header(&owa, "X-OWA-Version");
        assert_eq!(
            version.is_some(),
            fix(build.parse().unwrap(), "CVE-2021-31196") == Fix::Fixed,
            "{build}"
        );
        assert!(version.is_none_or(|version| version == build), "{build}");
        let (tool, _) = ask(
            &site,
            &request(
                "GET",
                "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application",
            ),
        );
        assert!(
            String::from_utf8_lossy(&tool.body).contains(&format!("version=\"{build}\"")),
            "{build}"
        );
        let three = build.rsplit_once('.').unwrap().0;
        for (path, status) in [(three, 200), (build, 404)] {
            let (icon, _) = ask(
                &site,
                &request("GET", &format!("/owa/auth/{path}/themes/resources/favicon.ico")),
            );
            assert_eq!(icon.status, status, "{path}");
        }
    }
}
