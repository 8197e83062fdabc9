//! Golden heads of the answers that clients and scanners look at, for builds old and new, open and patched.

#![allow(clippy::unwrap_used)]

use imker_event::{Saw, Scheme};

use super::Resources;
use super::testing::{ask, ask_over, head, request, site};
use crate::auth::OwnDomains;
use crate::http::{ConnectionState, Request, Response, Version};
use crate::site::{Site as _, Visit};

/// A vulnerable and a patched build of each product where there are both.
const BUILDS: [&str; 5] = [
    "15.1.2176.9",
    "15.2.792.10",
    "15.0.1497.48",
    "15.2.1748.43",
    "15.2.2562.53",
];

fn golden(name: &str, requests: &[(&str, Request)]) {
    for build in BUILDS {
        let site = site(build);
        let mut all = String::new();
        for (title, request) in requests {
            let (response, _) = ask(&site, request);
            all.push_str(&format!("## {title}\n{}\n", head(&response)));
        }
        insta::assert_snapshot!(format!("{name}_{build}"), all);
    }
}

#[test]
fn front_door() {
    let mut without_host = request("GET", "/");
    without_host.headers.clear();
    without_host.version = Version::Http10;
    golden(
        "front_door",
        &[
            ("/", request("GET", "/")),
            ("/ of HTTP/1.0 without Host", without_host),
            ("/owa", request("GET", "/owa")),
            ("/owa/", request("GET", "/owa/")),
            (
                "logon.aspx",
                request(
                    "GET",
                    "/owa/auth/logon.aspx?url=https%3a%2f%2fmail.example.org%2fowa%2f&reason=0",
                ),
            ),
            (
                "auth.owa",
                request("POST", "/owa/auth.owa").with_body(b"username=EXAMPLE%5Cj.doe&password=x"),
            ),
            ("/owa/service", request("GET", "/owa/service/1")),
            ("service.svc", request("POST", "/owa/service.svc?action=FindItem")),
            ("/ecp/", request("GET", "/ecp/")),
            (
                "favicon",
                request("GET", "/owa/auth/Current/themes/resources/favicon.ico"),
            ),
            ("healthcheck", request("GET", "/OWA/healthcheck.htm")),
            (
                "export tool",
                request(
                    "GET",
                    "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application",
                ),
            ),
        ],
    );
}

#[test]
fn services() {
    golden(
        "services",
        &[
            (
                "autodiscover.xml",
                request("GET", "/autodiscover/autodiscover.xml"),
            ),
            (
                "autodiscover.xml, POST",
                request("POST", "/Autodiscover/Autodiscover.xml"),
            ),
            (
                "autodiscover.svc",
                request("POST", "/autodiscover/autodiscover.svc"),
            ),
            (
                "autodiscover.json",
                request(
                    "GET",
                    "/autodiscover/autodiscover.json?Email=j.doe%40example.org&Protocol=Ews",
                ),
            ),
            (
                "autodiscover.json, unknown",
                request(
                    "GET",
                    "/autodiscover/autodiscover.json?Email=a%40example.net&Protocol=ActiveSync&RedirectCount=1",
                ),
            ),
            (
                "autodiscover.json, protocol",
                request(
                    "GET",
                    "/autodiscover/autodiscover.json/v1.0/j.doe@example.org?Protocol=x",
                ),
            ),
            ("ews", request("GET", "/EWS/Exchange.asmx")),
            (
                "ews, Basic, which it does not offer",
                request("POST", "/EWS/Exchange.asmx").with("Authorization", "Basic YTpi"),
            ),
            (
                "autodiscover.xml, Basic",
                request("POST", "/autodiscover/autodiscover.xml").with("Authorization", "Basic YTpi"),
            ),
            ("mapi", request("POST", "/mapi/emsmdb/?MailboxId=x@example.org")),
            (
                "rpc",
                request("RPC_IN_DATA", "/rpc/rpcproxy.dll?ex01.corp.example.org:6001"),
            ),
            ("oab", request("GET", "/OAB/")),
            ("activesync", request("OPTIONS", "/Microsoft-Server-ActiveSync")),
            ("powershell", request("GET", "/PowerShell/")),
            ("api", request("GET", "/api/v2.0/me")),
        ],
    );
}

#[test]
fn errors() {
    golden(
        "errors",
        &[
            ("no such file", request("GET", "/nothing.txt")),
            ("no such script", request("GET", "/aspnet_client/x.aspx")),
            ("directory", request("GET", "/aspnet_client/")),
            ("directory without slash", request("GET", "/owa/auth")),
            (
                "four parts",
                request("GET", "/owa/auth/15.1.2176.9/themes/resources/favicon.ico"),
            ),
            ("dangerous path", request("GET", "/owa/auth/%3Cx%3E.aspx")),
            ("PUT", request("PUT", "/x.txt").with_body(b"inert")),
            ("OPTIONS", request("OPTIONS", "/aspnet_client/")),
            ("TRACE", request("TRACE", "/x.txt")),
            ("other directory without slash", request("GET", "/aspnet_client")),
            ("errorfe", request("GET", "/owa/auth/errorFE.aspx?httpCode=500")),
        ],
    );
}

#[test]
fn checks() {
    golden(
        "checks",
        &[
            ("PS-OWA", request("GET", "/autodiscover/autodiscover.json?@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org")),
            ("PS-NSPI", request("GET", "/autodiscover/autodiscover.json?@example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@example.org")),
            ("PNS", request("GET", "/autodiscover/autodiscover.json?a@foo.var/owa/?&Email=autodiscover/autodiscover.json?a@foo.var&Protocol=XYZ&FooProtocol=Powershell")),
            (
                "ProxyLogon",
                request("GET", "/owa/auth/x.js").with(
                    "Cookie",
                    "X-AnonResource=true; X-AnonResource-Backend=localhost/ecp/default.flt?~3; X-BEResource=localhost/owa/auth/logon.aspx?~3;",
                ),
            ),
            (
                "ProxyToken",
                request("GET", "/ecp/x@example.net/PersonalSettings/HomePage.aspx?showhelp=false").with("Cookie", "SecurityToken=x"),
            ),
        ],
    );
}

#[test]
fn plain_http() {
    let site = site("15.1.2176.9");
    let mut all = String::new();
    for target in [
        "/",
        "/test",
        "/ecp",
        "/owa/",
        "/owa/auth/logon.aspx",
        "/ews/exchange.asmx",
        "/powershell/",
    ] {
        let (response, _) = ask_over(&site, &request("GET", target), false);
        all.push_str(&format!("## {target}\n{}\n", head(&response)));
    }
    insta::assert_snapshot!(all);
}

/// What one host says in one place it says in all.
#[test]
fn pages_before_the_log_on_name_the_same_product() {
    for (build, title) in [("15.0.1497.48", "Outlook Web App"), ("15.1.2176.9", "Outlook")] {
        let site = site(build);
        for page in [
            "logon.aspx",
            "logoff.aspx",
            "errorFE.aspx",
            "expiredpassword.aspx",
        ] {
            let (response, _) = ask(&site, &request("GET", &format!("/owa/auth/{page}")));
            let body = String::from_utf8(response.body.into()).unwrap();
            assert!(
                body.contains(&format!("<title>{title}</title>")),
                "{build} {page}"
            );
            // Whatever a page refers to is there.
            for file in body
                .split(['"', '?'])
                .filter(|part| part.starts_with("/owa/auth/15."))
            {
                let (response, _) = ask(&site, &request("GET", file));
                assert_eq!(response.status, 200, "{build} {page} {file}");
            }
        }
    }
}

#[test]
fn static_files_are_asked_for_in_parts_and_again() {
    let site = site("15.1.2176.9");
    let icon = request("GET", "/owa/auth/15.1.2176/themes/resources/favicon.ico");
    let (whole, _) = ask(&site, &icon);
    let header = |response: &Response, name: &str| {
        let found = response.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.to_string()).unwrap_or_default()
    };
    let modified = header(&whole, "Last-Modified");
    // Some days before CU19 came out, on 2020-12-15, not with its security update.
    assert!(modified.contains(" 2020 "), "{modified}");
    for (name, value, status) in [
        ("If-Modified-Since", &*modified, 304),
        ("If-Modified-Since", "Tue, 01 Jan 2019 00:00:00 GMT", 200),
        ("If-Modified-Since", "yesterday", 200),
        ("If-None-Match", &header(&whole, "ETag"), 304),
        ("If-None-Match", "\"x\"", 200),
        ("Range", "bytes=0-0", 206),
        ("Range", "bytes=-1", 206),
        ("Range", "bytes=929-99999999999999999999", 200),
        ("Range", "bytes=930-", 416),
        ("Range", "bytes=5-4", 200),
        ("Range", "bytes=0-1,3-4", 200),
        ("Range", "lines=1-2", 200),
    ] {
        let (response, _) = ask(&site, &icon.clone().with(name, value));
        assert_eq!(response.status, status, "{name}: {value}");
    }
    let (part, _) = ask(&site, &icon.clone().with("Range", "bytes=1-3"));
    assert_eq!(
        (&*part.body, &*header(&part, "Content-Range")),
        (&whole.body[1..4], "bytes 1-3/930")
    );
    let (other, _) = ask(
        &site,
        &icon.clone().with("Range", "bytes=1-3").with("If-Range", "\"x\""),
    );
    assert_eq!(other.status, 200);
}

#[test]
fn icons_differ_between_domains() {
    let icon = |seed| {
        let mut persona = super::testing::persona("15.1.2176.9");
        persona.seed = seed;
        let site = super::ExchangeSite::new(std::sync::Arc::new(persona));
        let request = request("GET", "/owa/auth/15.1.2176/themes/resources/favicon.ico");
        ask(&site, &request).0.body.to_vec()
    };
    let (one, other) = (icon([1; 32]), icon([2; 32]));
    assert_ne!(one, other);
    // Length of the picture, then its place.
    assert_eq!(one[14..18], u32::try_from(one.len() - 22).unwrap().to_le_bytes());
    assert_eq!(one[18..22], 22_u32.to_le_bytes());
    let chunk = &one[55..74];
    assert_eq!(&chunk[..10], b"\0\0\0\x07tIME\x07\xe4", "of 2020");
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..15]);
    assert_eq!(chunk[15..], sum.sum().to_be_bytes());
}

#[test]
fn lent_files_take_the_place_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let lend = |name: &str, at: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, b"lent").unwrap();
        let at: jiff::Timestamp = at.parse().unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        let since = std::time::Duration::from_secs(at.as_second().unsigned_abs());
        file.set_modified(std::time::UNIX_EPOCH + since).unwrap();
    };
    lend("favicon.ico", "2020-11-30T10:00:02Z");
    lend("more.png", "2026-01-01T00:00:00Z");
    let site = site("15.1.2176.9").with_resources(Resources::read(folder.path()).unwrap());
    let get = |name: &str| {
        ask(
            &site,
            &request("GET", &format!("/owa/auth/15.1.2176/themes/resources/{name}")),
        )
        .0
    };
    for (name, modified) in [
        ("Favicon.ico", "Mon, 30 Nov 2020 10:00:02 GMT"),
        ("more.png", " 2020 "),
    ] {
        let response = get(name);
        assert_eq!(&*response.body, b"lent");
        assert!(!response.body.is_unique(), "each answer holds a copy");
        assert!(
            response.headers.iter().any(|(_, value)| value.contains(modified)),
            "{name}: {:?}",
            response.headers
        );
    }
    assert_eq!(get("sign_in_arrow.png").status, 200);
}

#[test]
fn autodiscover_version_2() {
    let target = |email: &str, protocol: &str| {
        request(
            "GET",
            &format!("/autodiscover/autodiscover.json?Email={email}&Protocol={protocol}"),
        )
    };
    let answer = |build: &str, request: &Request| {
        let (response, _) = ask(&site(build), request);
        (response.status, String::from_utf8(response.body.into()).unwrap())
    };
    let known = "j.doe@example.org";
    assert_eq!(
        answer("15.1.2176.9", &target(known, "EWS")),
        (
            200,
            "{\"Protocol\":\"EWS\",\"Url\":\"https://mail.example.org/EWS/Exchange.asmx\"}".to_owned()
        )
    );
    let (status, body) = answer("15.1.2176.9", &target("nobody@example.org", "ActiveSync"));
    assert!(
        status == 404 && body.contains("\"ErrorCode\":\"UserNotFound\""),
        "{body}"
    );
    let (status, body) = answer("15.1.2176.9", &target(known, "%3Czq%3E'"));
    assert!(
        status == 400 && body.contains("\\u0027\\u003czq\\u003e\\u0027\\u0027 is invalid"),
        "{body}"
    );
    // Before 2016 CU3 there is none.
    assert_eq!(answer("15.0.1497.48", &target(known, "EWS")).0, 401);
    assert_eq!(answer("15.1.466.34", &target(known, "EWS")).0, 401);
}

#[test]
fn a_missing_page_is_asp_net_s_404() {
    for path in [
        "/aspnet_client/x.aspx",
        "/owa/auth/x.ASPX",
        "/ecp/auth/%3bx.ashx",
        "/x.asmx",
    ] {
        let (response, _) = ask(&site("15.2.858.5"), &request("GET", path));
        let aspnet = response
            .headers
            .iter()
            .any(|(name, _)| name == "X-AspNet-Version");
        assert!(response.status == 404 && aspnet, "{path}");
        assert!(!response.body.is_empty(), "{path}");
    }
    let (response, _) = ask(&site("15.2.858.5"), &request("GET", "/x.html"));
    assert_eq!((response.status, response.body.len()), (404, 0));
}

#[test]
fn runtime_errors_have_the_length_of_a_published_one() {
    let token = request("POST", "/ecp/a@example.org/x").with("Cookie", "SecurityToken=x");
    let (response, _) = ask(&site("15.2.792.10"), &token);
    assert_eq!((response.status, response.body.len()), (500, 3493));
}

/// As Microsoft's list of IIS's codes has them.
#[test]
fn what_iis_logs_beside_the_status() {
    let site = site("15.1.2176.9");
    let log_on = |value| request("GET", "/ews/exchange.asmx").with("Authorization", value);
    for (request, secure, logged) in [
        (request("GET", "/"), true, (302, 0, 0)),
        (request("GET", "/x.txt"), true, (404, 0, 2)),
        (request("GET", "/x.aspx"), true, (404, 0, 0)),
        (request("GET", "/x%2541"), true, (404, 11, 0)),
        (request("GET", "/x:y"), true, (404, 0, 123)),
        (request("GET", "/aspnet_client/"), true, (403, 14, 0)),
        (request("GET", "/"), false, (403, 4, 5)),
        (request("GET", "/ews/exchange.asmx"), false, (403, 4, 5)),
        (request("PUT", "/x.aspx"), true, (405, 0, 1)),
        (request("GET", "/ews/exchange.asmx"), true, (401, 2, 5)),
        (
            log_on("NTLM TlRMTVNTUAABAAAAB4IIAA=="),
            true,
            (401, 1, 2_148_074_254),
        ),
        (log_on("NTLM x"), true, (401, 1, 2_148_074_252)),
    ] {
        let (response, _) = ask_over(&site, &request, secure);
        let found = (response.status, response.substatus, response.win32_status);
        assert_eq!(found, logged, "{}", request.target.escape_ascii());
    }
}

#[test]
fn redirects_have_the_length_of_published_ones() {
    let site = site("15.2.858.5");
    let mut at_address = request("GET", "/ecp");
    at_address.headers[0].value = b"10.10.67.15".to_vec();
    let (response, _) = ask(&site, &at_address);
    assert_eq!(response.body.len(), 205);
}

#[test]
fn log_on_is_recorded_and_refused() {
    let site = site("15.2.1748.43");
    let form = b"destination=https%3A%2F%2Fmail.example.org%2Fecp%2F&flags=4&username=EXAMPLE%5Cj.doe&password=&passwordText=p%26w&isUtf8=1";
    for secure in [true, false] {
        let (response, saw) = ask_over(&site, &request("POST", "/owa/auth.owa").with_body(form), secure);
        let [Saw::Credentials(credentials)] = &*saw else {
            panic!("{saw:?}");
        };
        assert_eq!(credentials.scheme, Scheme::Forms);
        assert_eq!(credentials.place.as_str(), "/owa/auth.owa");
        assert_eq!(credentials.username.as_str(), "EXAMPLE\\j.doe");
        assert_eq!(credentials.secret.as_ref().unwrap().0.as_str(), "p&w");
        if secure {
            let (_, location) = response
                .headers
                .iter()
                .find(|(name, _)| name == "Location")
                .unwrap();
            assert_eq!(
                location,
                "https://mail.example.org/owa/auth/logon.aspx?replaceCurrent=1&reason=2&url=https%3a%2f%2fmail.example.org%2fecp%2f"
            );
        } else {
            assert_eq!(response.status, 403);
        }
    }
    let elsewhere =
        request("POST", "/owa/auth.owa").with_body(b"destination=https%3A%2F%2Fexample.net%2F&username=a");
    let (response, _) = ask(&site, &elsewhere);
    assert!(
        response
            .headers
            .iter()
            .all(|(_, value)| !value.contains("example.net"))
    );
}

#[test]
fn own_domains_are_flagged() {
    let own = site("15.1.2176.9").with_own_domains(OwnDomains::new(["example"]));
    for (name, flagged) in [("EXAMPLE%5Cj.doe", true), ("OTHER%5Cj.doe", false)] {
        let form = format!("username={name}&password=x");
        let (_, saw) = ask(&own, &request("POST", "/owa/auth.owa").with_body(form.as_bytes()));
        assert!(
            matches!(&*saw, [Saw::Credentials(credentials)] if credentials.own_domain == flagged),
            "{saw:?}"
        );
    }
}

#[test]
fn escapes_are_read_as_http_sys_reads_them() {
    let site = site("15.1.2176.9");
    let (form, _) = ask(&site, &request("GET", "/owa/%u0061uth/logon.aspx"));
    assert_eq!(form.status, 200);
    let (other, _) = ask(&site, &request("GET", "/owa/%e4"));
    assert_eq!(other.status, 302);
}

#[test]
fn credentials_are_recorded_wherever_they_are_sent() {
    let site = site("15.1.2176.9");
    for path in [
        "/",
        "/owa/",
        "/owa/auth/logon.aspx",
        "/ecp/",
        "/ews/healthcheck.htm",
        "/nothing",
        "/%3c",
        "/ews/",
        "/powershell",
    ] {
        for secure in [true, false] {
            let basic = request("GET", path).with("Authorization", "Basic YTpi");
            let (_, saw) = ask_over(&site, &basic, secure);
            let [Saw::Credentials(sent)] = &*saw else {
                panic!("{path}: {saw:?}");
            };
            assert_eq!(
                (sent.scheme, sent.username.as_str(), sent.place.as_str()),
                (Scheme::Basic, "a", path)
            );
        }
    }
}

#[test]
fn a_log_on_sent_to_another_place_leaves_the_handshake_alone() {
    let site = site("15.1.2176.9");
    let mut state = ConnectionState::default();
    let mut ask = |path: &str| {
        let mut visit = Visit {
            now: jiff::Timestamp::UNIX_EPOCH,
            local: ([192, 0, 2, 10], 443).into(),
            secure: true,
            state: &mut state,
            observed: Vec::new(),
        };
        let token = "NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==";
        let response = site.answer(&mut visit, &request("GET", path).with("Authorization", token));
        assert!(
            matches!(&*visit.observed, [Saw::NtlmNegotiate { .. }]),
            "{:?}",
            visit.observed
        );
        (response.status, format!("{:?}", state.log_on))
    };
    let (status, challenged) = ask("/ews/");
    assert_eq!(status, 401);
    assert_eq!(ask("/owa/"), (302, challenged));
}

#[test]
fn log_on_page_is_what_scanners_expect() {
    for (build, title, path) in [
        ("15.0.1497.48", "Outlook Web App", "15.0.1497"),
        ("15.1.2176.9", "Outlook", "15.1.2176"),
        ("15.2.2562.53", "Outlook", "15.2.2562"),
    ] {
        let site = site(build);
        let page = |language: &str, query: &str| {
            let request =
                request("GET", &format!("/owa/auth/logon.aspx{query}")).with("Accept-Language", language);
            let (response, _) = ask(&site, &request);
            assert_eq!(response.status, 200);
            String::from_utf8(response.body.into()).unwrap()
        };
        let page_en = page("en-US,en;q=0.9", "");
        for mark in [
            &*format!("<title>{title}</title>"),
            "<!-- OwaPage = ASP.auth_logon_aspx -->",
            "{57A118C6-2DA9-419d-BE9A-F92B0F9A418B}",
            &format!("/owa/auth/{path}/themes/resources/favicon.ico"),
            "function IsOwaPremiumBrowser",
            "action=\"/owa/auth.owa\"",
            "name=\"destination\" value=\"https://mail.example.org/owa/\"",
            "name=\"flags\"",
            "name=\"forcedownlevel\"",
            "name=\"username\"",
            "name=\"password\"",
            "name=\"passwordText\"",
            "name=\"isUtf8\"",
            "signInHeader",
            "settings must allow scripts to run.",
        ] {
            assert!(page_en.contains(mark), "{build}: {mark}");
        }
        assert!(!page_en.contains("{{") && !page_en.contains(build), "{build}");
        assert!(
            (28_000..58_000).contains(&page_en.len()),
            "{} bytes",
            page_en.len()
        );
        assert!(!page_en.contains("signInErrorDiv"));
        assert!(
            page("de", "?reason=2").contains("Kennwort:")
                && page("de", "?reason=2").contains("signInErrorDiv")
        );
        assert!(page("fr-CH", "").contains("Mot de passe"));
        for (reason, text) in [("1", "signed out"), ("3", "timed out"), ("4", "has been changed")] {
            let page = page("en", &format!("?reason={reason}"));
            assert!(page.contains("signInErrorDiv") && page.contains(text), "{reason}");
        }
        assert!(!page("en", "?reason=9").contains("signInErrorDiv"));
        assert!(
            page("en", "?url=https%3a%2f%2fmail.example.org%2fecp%2f")
                .contains("<title>Exchange Admin Center</title>")
        );
    }
}

#[test]
fn commands_and_uploads_are_seen() {
    let site = site("15.1.2176.9");
    let shell = request("POST", "/aspnet_client/x.aspx?cmd=whoami&id=4")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .with_body(b"exec_code=Response.Write(1)");
    let (response, saw) = ask(&site, &shell);
    assert_eq!(response.status, 404);
    let commands: Vec<_> = saw
        .iter()
        .map(|saw| match saw {
            Saw::Command {
                script,
                parameter,
                command,
            } => (script.as_str(), parameter.as_str(), command.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    let script = "/aspnet_client/x.aspx";
    assert_eq!(
        commands,
        [
            (script, "cmd", "whoami"),
            (script, "exec_code", "Response.Write(1)")
        ]
    );
    let (_, saw) = ask(&site, &request("GET", "/owa/auth/logon.aspx?cmd=whoami"));
    assert_eq!(saw, []);

    let (response, saw) = ask(&site, &request("PUT", "/aspnet_client/x.txt").with_body(b"inert"));
    assert_eq!(response.status, 405);
    let [
        Saw::Upload {
            name: Some(name),
            content,
            secrets: false,
        },
    ] = &*saw
    else {
        panic!("{saw:?}");
    };
    assert_eq!((name.as_str(), content.bytes), ("x.txt", 5));

    let form =
        b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.aspx\"\r\n\r\ninert\r\n--b--\r\n";
    let upload = request("POST", "/ecp/x")
        .with("Content-Type", "multipart/form-data; boundary=b")
        .with_body(form);
    let (_, saw) = ask(&site, &upload);
    let [
        Saw::Upload {
            name: Some(name),
            content,
            secrets: false,
        },
    ] = &*saw
    else {
        panic!("{saw:?}");
    };
    assert_eq!((name.as_str(), content.bytes), ("a.aspx", 5));

    // What is told with the whole body's hash, and the body holds a password.
    let form = b"--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nSummer2026!\r\n--b\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"a.aspx\"\r\n\r\ninert";
    for upload in [
        request("PUT", "/x.txt").with_body(b"user=anna&password=Summer2026!"),
        request("POST", "/ecp/x")
            .with("Content-Type", "multipart/form-data; boundary=b")
            .with_body(form),
    ] {
        let (_, saw) = ask(&site, &upload);
        assert!(matches!(&*saw, [Saw::Upload { secrets: true, .. }]), "{saw:?}");
    }
    let script = request("PUT", "/aspnet_client/a.aspx").with_body(b"inert password=Summer2026!");
    let (_, saw) = ask(&site, &script);
    assert!(matches!(&*saw, [Saw::Upload { secrets: false, .. }]), "{saw:?}");
    let script =
        request("PUT", "/aspnet_client/a.aspx").with_body(b"<%@ Language=\"JScript\"%><%Response.Write(1)%>");
    let (_, saw) = ask(&site, &script);
    assert!(matches!(&*saw, [Saw::Upload { .. }]), "{saw:?}");
}
