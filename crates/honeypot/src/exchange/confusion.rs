//! The path confusion of ProxyShell (CVE-2021-34473) and ProxyNotShell (CVE-2022-41040): a request to
//! `autodiscover.json` that the front end sends elsewhere.
//!
//! For `autodiscover.json`, the front end takes the mailbox from `Email` (query or cookie) and, on builds without the
//! fix, cuts that text out of the address before it hands the request to the back end, with its own identity. So
//! `/autodiscover/autodiscover.json?@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org` reaches
//! `/owa/`. (Orange Tsai, "ProxyShell", ZDI blog, 2021-08-18.)
//!
//! Answered here is the first step only, what checks look at. Back ends that take more than an empty request answer as
//! they do to an empty or foreign one; the chain behind them is not played.

use super::ask::Ask;
use super::errors;
use super::form::{self, percent_decoded, url_encoded};
use super::reply::Reply;
use crate::auth::Schemes;
use crate::http::Response;
use crate::persona::filetime;

/// CVE of the path confusion before log-on.
const PROXYSHELL: &str = "CVE-2021-34473";
/// CVE of the same after log-on.
const PROXYNOTSHELL: &str = "CVE-2022-41040";
/// What OWA's back end says of a caller without a mailbox, such as the computer's own account.
const NO_SUCH_USER: &str = "Microsoft.Exchange.Clients.Owa2.Server.Core.OwaADUserNotFoundException";

/// Answers a request with path confusion; `None` where it is none.
pub(super) fn answer(ask: &mut Ask<'_>) -> Option<Response> {
    let target = target(ask)?;
    let persona = ask.persona();
    if persona.is_open_to(PROXYSHELL) {
        return Some(back_end(ask, &target));
    }
    if persona.is_open_to(PROXYNOTSHELL) && is_proxynotshell_check(ask) {
        // Scanners count on a redirect that does not repeat the query (nuclei-templates pull request 8595, CronUp's
        // nmap script). That a build with the fixes for ProxyShell sends one is an assumption: it asks for a log-on
        // first where the query names no protocol.
        let location = "/owa/auth/errorFE.aspx?httpCode=500".to_owned();
        return Some(Reply::managed(ask, 302).redirect(location).build());
    }
    Some(refused(ask))
}

/// What a build with the fix answers: 2013 a 400; later products ask for a log-on, after they have found the back end.
fn refused(ask: &mut Ask<'_>) -> Response {
    if ask.is_2013() {
        return Reply::managed(ask, 400).build();
    }
    refused_by_back_end(ask)
}

/// The path that the back end is asked for, in lower case and decoded: `/owa/`, `/mapi/nspi/`, ...
fn target(ask: &Ask<'_>) -> Option<String> {
    // Decoded twice, so that it does not matter how often `?` and `@` were encoded.
    let plain = |bytes: &[u8]| {
        let bytes = percent_decoded(&percent_decoded(bytes, false), false);
        String::from_utf8_lossy(&bytes).to_lowercase()
    };
    let in_query = form::value(ask.query(), "Email").map(String::into_bytes);
    let in_cookie = ask.cookie("Email").map(<[u8]>::to_vec);
    let mut url = ask.path.lower.clone();
    url.push('?');
    url.push_str(&plain(ask.query()));
    [in_query, in_cookie].into_iter().flatten().find_map(|email| {
        let email = plain(&email);
        let email = email.trim_start_matches('/');
        if !email.contains('@') {
            return None;
        }
        let rest = url.strip_prefix('/')?.strip_prefix(email)?;
        let path = rest.split(['?', '&']).next().unwrap_or_default();
        path.starts_with('/').then(|| path.to_owned())
    })
}

/// Whether the query names a protocol, and PowerShell, as checks for CVE-2022-41040 do.
fn is_proxynotshell_check(ask: &Ask<'_>) -> bool {
    let query = ask.query().to_ascii_lowercase();
    memchr::memmem::find(&query, b"protocol=").is_some()
        && memchr::memmem::find(&query, b"powershell").is_some()
}

fn back_end(ask: &mut Ask<'_>, target: &str) -> Response {
    let mut segments = target.split('/').filter(|segment| !segment.is_empty());
    match (segments.next(), segments.next()) {
        (Some("owa"), _) => no_such_user(ask),
        (Some("mapi"), Some(endpoint @ ("nspi" | "emsmdb"))) if ask.reads() => mapi(ask, endpoint),
        (Some("powershell"), _) => refused_by_back_end(ask),
        (Some("autodiscover"), _) => refused_by_back_end(ask),
        (Some(vdir @ ("ews" | "mapi" | "ecp")), _) => {
            let mut reply = Reply::managed(ask, 500).of_back_end(ask, "/autodiscover");
            reply.vary = Some("Accept-Encoding");
            errors::runtime_error(reply, &format!("/{vdir}"))
        }
        _ => errors::not_found(ask),
    }
}

/// OWA's back end sends the browser to its error page.
fn no_such_user(ask: &Ask<'_>) -> Response {
    let persona = ask.persona();
    let host = persona.netbios_name.to_string();
    let ticks = filetime(ask.now);
    // The parameters are those of published addresses of the page; the value of `msg` is an assumption.
    let location = format!(
        "/owa/auth/errorfe.aspx?httpCode=500&msg=-765910865&msgParam={}&owaError={NO_SUCH_USER}&owaVer={}&be={host}\
         &ts={ticks}&fe={host}&reqid={}&creqid=&cid=&inex=&rt=Form15&et=DefaultPage&pal=0&dag=DagNotFound&forest={}\
         &te=0&refurl={}",
        url_encoded("NT AUTHORITY\\SYSTEM"),
        persona.build_short(),
        uuid::Uuid::new_v4(),
        url_encoded(&persona.dns_forest),
        url_encoded(&format!("https://{}:444/owa/", persona.fqdn().to_lowercase())),
    );
    let mut reply = Reply::managed(ask, 302)
        .redirect(location)
        .of_back_end(ask, "/autodiscover");
    reply.mark("X-OWA-Error", NO_SUCH_USER);
    // OWA's back end tells its build along with an error, whatever the build.
    reply.owa_version = Some(persona.build_short());
    reply.build()
}

/// The page that MAPI's back end shows to browsers.
fn mapi(ask: &Ask<'_>, endpoint: &str) -> Response {
    let persona = ask.persona();
    let body = format!(
        "<html>\r\n<head>\r\n<title>Exchange MAPI/HTTP Connectivity Endpoint</title>\r\n</head>\r\n<body>\r\n\
         <p>Exchange MAPI/HTTP Connectivity Endpoint<br><br>Version: {}<br>Vdir Path: /mapi/{endpoint}/<br><br></p>\
         <p>User: NT AUTHORITY\\SYSTEM<br>UPN: <br>SID: S-1-5-18<br>Organization: <br>Authentication: Negotiate<br>\
         PUID: <br>TenantGuid: <br></p><p>Cafe: {fqdn}<br>Mailbox: {fqdn}</p>\r\n</body>\r\n</html>\r\n",
        persona.build_short(),
        fqdn = persona.fqdn(),
    );
    let mut reply = Reply::managed(ask, 200).body("text/html", body.into_bytes());
    reply.vary = Some("Accept-Encoding");
    reply.mark(
        "X-ServerApplication",
        format!("Exchange/{}", persona.build_padded()),
    );
    reply.of_back_end(ask, "/autodiscover").build()
}

/// What PowerShell's back end answers without a token for a user (`X-Rps-CAT`).
fn refused_by_back_end(ask: &mut Ask<'_>) -> Response {
    let target = ask.persona().fqdn().to_lowercase();
    ask.unauthorised_by_service(Schemes::AUTODISCOVER, |mut reply| {
        reply.calculated_be_target = Some(target);
        reply
    })
}
