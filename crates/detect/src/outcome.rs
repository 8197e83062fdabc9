//! What became of a request, from its status.

use imker_event::WebRequest;

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
        StageKind::Exploit => asked.chain != GENERIC,
    }
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
        outcome(&Asked {
            request: &request,
            target: &target,
            vantage,
            kind,
            chain,
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
        assert_eq!(
            of("/ecp/y.js", 200, 443, FrontEnd, Exploit, "ProxyLogon"),
            Succeeded
        );
        assert_eq!(of("/shop?id=1", 200, 443, FrontEnd, Exploit, GENERIC), Unclear);
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
