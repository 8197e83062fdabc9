//! What became of a request, from its status.

use imker_event::WebRequest;

use crate::attribution::PROXYSHELL;
use crate::model::{Outcome, Vantage};
use crate::tables::{GENERIC, StageKind};
use crate::uri::{self, Target};

/// Directories whose 200 proves that the path confusion worked: the answer comes from behind the log-on.
const ANSWERS_ONLY_INSIDE: [&str; 4] = ["powershell", "mapi", "ews", "autodiscover"];

/// A request as far as its outcome depends on it.
pub(crate) struct Asked<'a> {
    pub request: &'a WebRequest,
    pub target: &'a Target,
    pub vantage: Vantage,
    pub kind: StageKind,
    pub chain: &'a str,
    /// The stage's name in its chain.
    pub stage: &'a str,
    /// Whether a table of Imker places the rule that matched; else the rule is a stranger's.
    pub placed: bool,
}

/// Reads the outcome as `facts` of public write-ups have it: 401 and 400 are a guarded server's answers,
/// 404 and silence a filter's, 302 a vulnerable one's on the OWA probe, 200 a success behind the log-on.
pub(crate) fn outcome(asked: &Asked<'_>) -> Outcome {
    if asked.vantage == Vantage::HttpErr {
        return Outcome::Filtered;
    }
    let Some(status) = asked.request.status else {
        return Outcome::Unclear;
    };
    match status {
        404 => Outcome::Filtered,
        400..=499 => Outcome::Refused,
        200..=299 if answered(asked) => Outcome::Succeeded,
        302 if owa_probe(asked) => Outcome::Succeeded,
        _ => Outcome::Unclear,
    }
}

/// Whether a 2xx means that the step worked.
fn answered(asked: &Asked<'_>) -> bool {
    match asked.kind {
        StageKind::Other => false,
        StageKind::Webshell => is_webshell(asked),
        StageKind::Probe | StageKind::Exploit if asked.target.confused => {
            ANSWERS_ONLY_INSIDE.contains(&asked.target.directory())
                || asked.target.whole.contains("x-rps-cat")
        }
        StageKind::Probe => false,
        StageKind::Exploit => match (asked.chain, asked.stage) {
            (GENERIC, _) => false,
            // At the front end it is a request like any other, and who logged on gets an answer.
            (PROXYSHELL, _) => asked.vantage == Vantage::BackEnd,
            ("ProxyLogon", "ssrf") => proxied(asked),
            _ => true,
        },
    }
}

/// Whether anything shows that a back end answered. IIS itself answers for static files, but never a POST to one
/// (its static file handler says 405). 241 is the back end's answer to `proxyLogon.ecp`, `ServerInfo~` the back end
/// that a cookie named.
fn proxied(asked: &Asked<'_>) -> bool {
    let request = asked.request;
    let anchor = request.anchor_mailbox.as_ref();
    let posted = asked.vantage == Vantage::FrontEnd && request.method.as_str().eq_ignore_ascii_case("POST");
    asked.vantage == Vantage::BackEnd
        || posted && uri::script(request.uri_stem.as_str()).is_none()
        || request.status == Some(241)
        || request.backend_status.is_some()
        || anchor.is_some_and(|anchor| uri::fold(anchor.as_str()).starts_with("serverinfo~"))
}

/// A script that the product does not ship, in a place where attackers leave such.
fn is_webshell(asked: &Asked<'_>) -> bool {
    let stem = asked.request.uri_stem.as_str();
    uri::script(stem).is_some_and(|path| {
        !imker_exchange::is_shipped_script(&path)
            && (asked.placed || imker_exchange::is_writable_place(&path))
    })
}

/// A redirect to OWA's error page. Over port 80 it may be the redirect to HTTPS; a log without ports does not
/// tell; HttpProxy sees only what got as far as Exchange.
fn owa_probe(asked: &Asked<'_>) -> bool {
    let reached = match asked.vantage {
        Vantage::Proxy => true,
        Vantage::FrontEnd => asked.request.server_port.is_some_and(|port| port != 80),
        Vantage::BackEnd | Vantage::HttpErr => false,
    };
    asked.target.confused && asked.target.directory() == "owa" && reached
}

#[cfg(test)]
mod tests {
    use super::*;

    use Outcome::{Filtered, Refused, Succeeded, Unclear};
    use StageKind::{Exploit, Probe, Webshell};
    use Vantage::{BackEnd, FrontEnd, HttpErr, Proxy};

    fn of(url: &str, status: u16, port: u16, vantage: Vantage, kind: StageKind, chain: &str) -> Outcome {
        let (stem, query) = url.split_once('?').unwrap_or((url, ""));
        let mut request = WebRequest::new(jiff::Timestamp::UNIX_EPOCH, "GET", stem);
        request.uri_query = (!query.is_empty()).then(|| query.into());
        request.status = (status != 0).then_some(status);
        request.server_port = (port != 0).then_some(port);
        let target = Target::of(&request);
        let placed = chain != GENERIC;
        let stage = if chain == "ProxyLogon" { "ssrf" } else { "" };
        outcome(&Asked {
            request: &request,
            target: &target,
            vantage,
            kind,
            chain,
            stage,
            placed,
        })
    }

    const OWA: &str = "/autodiscover/autodiscover.json?@example.org/owa/?&Email=a";
    const NSPI: &str = "/autodiscover/autodiscover.json?@example.org/mapi/nspi/?&Email=a";
    const POWERSHELL: &str = "/autodiscover/autodiscover.json?@example.org/powershell/?X-Rps-CAT=aW5lcnQ=";
    const AUTODISCOVER: &str = "/autodiscover/autodiscover.json?@example.org/autodiscover/autodiscover.xml?=";

    #[test]
    fn statuses_of_the_path_confusion() {
        for (url, status, port, vantage, kind, expected) in [
            (OWA, 302, 443, FrontEnd, Probe, Succeeded),
            (OWA, 302, 80, FrontEnd, Probe, Unclear),
            (OWA, 302, 0, FrontEnd, Probe, Unclear),
            (OWA, 302, 0, Proxy, Probe, Succeeded),
            (OWA, 302, 444, BackEnd, Probe, Unclear),
            (OWA, 200, 443, FrontEnd, Probe, Unclear),
            (OWA, 401, 443, FrontEnd, Probe, Refused),
            (OWA, 400, 443, FrontEnd, Probe, Refused),
            (OWA, 403, 443, FrontEnd, Probe, Refused),
            (OWA, 444, 443, FrontEnd, Probe, Refused),
            (OWA, 404, 443, FrontEnd, Probe, Filtered),
            (OWA, 500, 443, FrontEnd, Probe, Unclear),
            (OWA, 0, 443, FrontEnd, Probe, Unclear),
            (OWA, 400, 443, HttpErr, Probe, Filtered),
            (NSPI, 200, 443, FrontEnd, Probe, Succeeded),
            (NSPI, 200, 0, Proxy, Probe, Succeeded),
            (NSPI, 302, 443, FrontEnd, Probe, Unclear),
            (POWERSHELL, 200, 443, FrontEnd, Exploit, Succeeded),
            (POWERSHELL, 302, 443, FrontEnd, Exploit, Unclear),
            (POWERSHELL, 500, 443, FrontEnd, Exploit, Unclear),
            (POWERSHELL, 401, 443, FrontEnd, Exploit, Refused),
            (AUTODISCOVER, 200, 443, FrontEnd, Exploit, Succeeded),
            (
                "/powershell?X-Rps-CAT=aW5lcnQ=",
                200,
                444,
                BackEnd,
                Exploit,
                Succeeded,
            ),
        ] {
            let got = of(url, status, port, vantage, kind, "ProxyShell");
            assert_eq!(got, expected, "{url} {status} {port} {vantage:?}");
        }
    }

    #[test]
    fn a_stranger_rule_and_a_plain_probe_succeed_by_no_status() {
        assert_eq!(
            of("/owa/auth/x.js", 200, 443, FrontEnd, Probe, "ProxyLogon"),
            Unclear
        );
        assert_eq!(of("/shop?id=1", 200, 443, FrontEnd, Exploit, GENERIC), Unclear);
    }

    #[test]
    fn a_forged_request_worked_where_a_back_end_answered() {
        let ssrf = |stage, vantage, change: fn(&mut WebRequest)| {
            let mut request = WebRequest::new(jiff::Timestamp::UNIX_EPOCH, "POST", "/ecp/y.js");
            request.status = Some(200);
            change(&mut request);
            outcome(&Asked {
                request: &request,
                target: &Target::of(&request),
                vantage,
                kind: Exploit,
                chain: "ProxyLogon",
                stage,
                placed: true,
            })
        };
        let plain: fn(&mut WebRequest) = |_| ();
        let anchor: fn(&mut WebRequest) = |request| {
            request.anchor_mailbox = Some("ServerInfo~a]@ex01.example.org:444/mapi/emsmdb?#".into());
        };
        let mailbox: fn(&mut WebRequest) = |request| {
            request.anchor_mailbox = Some("Smtp~anna@example.org".into());
        };
        for (vantage, change, expected) in [
            (FrontEnd, plain, Succeeded),
            (FrontEnd, |request| request.method = "GET".into(), Unclear),
            (
                FrontEnd,
                |request| request.uri_stem = "/ecp/default.aspx/y.js".into(),
                Unclear,
            ),
            (Proxy, plain, Unclear),
            (Proxy, mailbox, Unclear),
            (Proxy, anchor, Succeeded),
            (Proxy, |request| request.backend_status = Some(200), Succeeded),
            (FrontEnd, |request| request.status = Some(241), Succeeded),
            (BackEnd, plain, Succeeded),
        ] {
            assert_eq!(ssrf("ssrf", vantage, change), expected, "{vantage:?}");
        }
        assert_eq!(ssrf("write_file", FrontEnd, plain), Succeeded);
    }

    #[test]
    fn the_back_ends_shape_proves_nothing_at_the_front_end() {
        for url in [
            "/mapi/emsmdb/?Email=autodiscover/autodiscover.json%3F@example.org",
            "/powershell?X-Rps-CAT=aW5lcnQ=",
            "/owa/auth/logon.aspx?url=/autodiscover/autodiscover.json?@example.org/powershell/&X-Rps-CAT=aW5lcnQ=",
        ] {
            for (vantage, expected) in [(FrontEnd, Unclear), (Proxy, Unclear), (BackEnd, Succeeded)] {
                let got = of(url, 200, 443, vantage, Exploit, "ProxyShell");
                assert_eq!(got, expected, "{url} {vantage:?}");
            }
        }
        let nspi = "/mapi/nspi/?Email=autodiscover/autodiscover.json%3F@example.org";
        assert_eq!(of(nspi, 200, 443, FrontEnd, Probe, "ProxyShell"), Unclear);
    }

    #[test]
    fn a_probe_in_another_spelling_succeeds_all_the_same() {
        for query in [
            "a=@&b@example.org/mapi/nspi/",
            "%u0040example.org%u002fmapi%u002fnspi%u002f",
            "@example.org\\mapi\\nspi\\",
            "a=1&CorrelationID=1&@example.org/mapi/nspi/?&CorrelationID=<empty>;&cafeReqId=00000000;",
        ] {
            let url = format!("/autodiscover/autodiscover.json?{query}");
            assert_eq!(
                of(&url, 200, 443, FrontEnd, Probe, "ProxyShell"),
                Succeeded,
                "{url}"
            );
        }
    }

    #[test]
    fn a_webshell_answers_with_success_only() {
        let shell = "/aspnet_client/check.aspx";
        for (url, status, chain, expected) in [
            (shell, 200, "Webshell", Succeeded),
            (shell, 204, "Webshell", Succeeded),
            (shell, 302, "Webshell", Unclear),
            (shell, 404, "Webshell", Filtered),
            (shell, 401, "Webshell", Refused),
            (shell, 500, "Webshell", Unclear),
            ("/aspnet_client/note.txt", 200, "Webshell", Unclear),
            (shell, 200, GENERIC, Succeeded),
            ("/shop/a/index.aspx", 200, GENERIC, Unclear),
        ] {
            assert_eq!(
                of(url, status, 443, FrontEnd, Webshell, chain),
                expected,
                "{url} {status} {chain}"
            );
        }
    }
}
