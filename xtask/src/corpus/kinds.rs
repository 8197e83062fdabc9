//! The kinds of attack, in the shapes that public write-ups show (see `Stage` and the project's rules).
//! Everything that would do harm is left out: values are inert text.

use super::attack::{Campaign, Stage};
use super::truth::Verdict;

/// A kind of attack.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    /// Chains that it may rightly be called; none: not an attack.
    pub chains: &'static [&'static str],
    pub verdict: Verdict,
    pub run: fn(&mut Campaign<'_>),
}

const SHELL: &[&str] = &["ProxyShell"];
/// Without a user name the two share one shape, unless the build tells.
const EITHER_SHELL: &[&str] = &["ProxyShell", "ProxyNotShell"];

#[rustfmt::skip]
pub const KINDS: [Kind; 19] = [
    Kind { name: "proxyshell", chains: SHELL, verdict: Verdict::Compromised, run: proxyshell },
    Kind { name: "proxyshell-two-clients", chains: SHELL, verdict: Verdict::Compromised, run: two_clients },
    Kind { name: "proxyshell-probe", chains: SHELL, verdict: Verdict::Vulnerable, run: probe },
    Kind { name: "proxyshell-refused", chains: EITHER_SHELL, verdict: Verdict::Attempted, run: refused },
    Kind { name: "proxyshell-filtered", chains: EITHER_SHELL, verdict: Verdict::Attempted, run: filtered },
    Kind { name: "proxyshell-cookie", chains: SHELL, verdict: Verdict::Exploited, run: cookie },
    Kind { name: "proxyshell-encoded", chains: SHELL, verdict: Verdict::Exploited, run: encoded_once },
    Kind { name: "proxyshell-encoded-twice", chains: SHELL, verdict: Verdict::Exploited, run: encoded_twice },
    Kind { name: "proxyshell-mixed-case", chains: SHELL, verdict: Verdict::Exploited, run: mixed_case },
    Kind { name: "proxyshell-split", chains: SHELL, verdict: Verdict::Exploited, run: split },
    Kind { name: "proxynotshell", chains: &["ProxyNotShell"], verdict: Verdict::Exploited, run: proxynotshell },
    Kind { name: "proxynotshell-refused", chains: EITHER_SHELL, verdict: Verdict::Attempted, run: proxynotshell_refused },
    Kind { name: "proxylogon", chains: &["ProxyLogon"], verdict: Verdict::Exploited, run: proxylogon },
    Kind { name: "proxytoken", chains: &["ProxyToken"], verdict: Verdict::Attempted, run: proxytoken },
    Kind { name: "owassrf", chains: &["OWASSRF"], verdict: Verdict::Exploited, run: owassrf },
    Kind { name: "webshell", chains: &["Webshell"], verdict: Verdict::Compromised, run: webshell },
    Kind { name: "scanner-nuclei", chains: EITHER_SHELL, verdict: Verdict::Attempted, run: nuclei },
    Kind { name: "scanner-nmap", chains: EITHER_SHELL, verdict: Verdict::Attempted, run: nmap },
    Kind { name: "scanner-zgrab", chains: &[], verdict: Verdict::NoTrace, run: zgrab },
];

pub const JSON: &str = "/autodiscover/autodiscover.json";
/// Base64 of "This is inert text for tests."
const INERT: &str = "VGhpcyBpcyBpbmVydCB0ZXh0IGZvciB0ZXN0cy4=";

/// `@x` + `path` + `?` + what makes the front end take the whole for Autodiscover's address.
pub fn confused(domain: &str, path: &str) -> String {
    format!("@{domain}{path}?&Email=autodiscover/autodiscover.json%3F@{domain}")
}

fn command(domain: &str) -> String {
    format!("@{domain}/powershell/?X-Rps-CAT={INERT}&Email=autodiscover/autodiscover.json%3F@{domain}")
}

/// The chain up to PowerShell, every step answered as by a server without the fix.
pub fn chain(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.clone();
    campaign.send(Stage::Probe, "GET", JSON, &confused(&domain, "/owa/"), 302);
    campaign.wait(20, 400);
    campaign.send(Stage::Probe, "GET", JSON, &confused(&domain, "/mapi/nspi/"), 200);
    campaign.wait(60, 1_200);
    for _ in 0..campaign.prng.between(2, 5) {
        campaign.send(
            Stage::MailboxList,
            "POST",
            JSON,
            &confused(&domain, "/ews/exchange.asmx"),
            200,
        );
    }
    campaign.send(
        Stage::LegacyDn,
        "POST",
        JSON,
        &confused(&domain, "/autodiscover/autodiscover.xml"),
        200,
    );
    campaign.send(Stage::Sid, "POST", JSON, &confused(&domain, "/mapi/emsmdb/"), 200);
    for _ in 0..campaign.prng.between(30, 60) {
        let status = if campaign.prng.chance(6) { 500 } else { 200 };
        campaign.send(Stage::Powershell, "POST", JSON, &command(&domain), status);
    }
}

fn proxyshell(campaign: &mut Campaign<'_>) {
    chain(campaign);
    let stem = format!("/aspnet_client/{}", campaign.script_name());
    campaign.webshell(&stem, 20);
}

fn two_clients(campaign: &mut Campaign<'_>) {
    chain(campaign);
    let stem = format!("/owa/auth/{}", campaign.script_name());
    campaign.webshell(&stem, 1);
    campaign.wait(600, 7_200);
    campaign.client = campaign.other.clone();
    campaign.agent = "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64;+rv:78.0)+Gecko/20100101+Firefox/78.0";
    for _ in 0..12 {
        campaign.wait(1, 200);
        campaign.send(Stage::Webshell, "POST", &stem, "", 200);
    }
}

pub fn probe(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.clone();
    campaign.send(Stage::Probe, "GET", JSON, &confused(&domain, "/owa/"), 302);
    campaign.send(Stage::Probe, "GET", JSON, &confused(&domain, "/mapi/nspi/"), 200);
}

/// The chain, every step answered with `status`.
pub fn stopped(campaign: &mut Campaign<'_>, status: u16) {
    let domain = campaign.domain.clone();
    campaign.send(
        Stage::Probe,
        "GET",
        JSON,
        &confused(&domain, "/mapi/nspi/"),
        status,
    );
    campaign.send(
        Stage::LegacyDn,
        "POST",
        JSON,
        &confused(&domain, "/autodiscover/autodiscover.xml"),
        status,
    );
    for _ in 0..3 {
        campaign.wait(1, 90);
        campaign.send(Stage::Powershell, "POST", JSON, &command(&domain), status);
    }
}

fn refused(campaign: &mut Campaign<'_>) {
    let status = campaign.prng.pick(&[401, 401, 400]);
    stopped(campaign, status);
}

fn filtered(campaign: &mut Campaign<'_>) {
    stopped(campaign, 404);
}

/// `Email=` travels in a cookie, which default fields do not log.
fn cookie(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.clone();
    campaign.send(Stage::Probe, "GET", JSON, &format!("@{domain}/mapi/nspi/?"), 200);
    for _ in 0..4 {
        campaign.wait(1, 30);
        campaign.send(
            Stage::Powershell,
            "POST",
            JSON,
            &format!("@{domain}/powershell/?X-Rps-CAT={INERT}"),
            200,
        );
    }
}

fn encoded_once(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.clone();
    for path in ["/autodiscover/autodiscover.xml", "/powershell/", "/powershell/"] {
        let stage = if path == "/powershell/" {
            Stage::Powershell
        } else {
            Stage::LegacyDn
        };
        let query = percent_encode(&confused(&domain, path), campaign);
        campaign.send(stage, "POST", JSON, &query, 200);
    }
}

fn encoded_twice(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.clone();
    for _ in 0..3 {
        let once = percent_encode(&confused(&domain, "/powershell/"), campaign);
        // IIS logs the path decoded once, the query as it came.
        campaign.send(
            Stage::Powershell,
            "POST",
            "/autodiscover/autodiscover%2ejson",
            &once.replace('%', "%25"),
            200,
        );
    }
}

/// Encodes what is no letter or digit, except the pairs' separators, and some letters too.
fn percent_encode(text: &str, campaign: &mut Campaign<'_>) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        let keep = matches!(byte, b'&' | b'=') || (byte.is_ascii_alphanumeric() && !campaign.prng.chance(12));
        if keep {
            out.push(char::from(byte));
        } else {
            super::traffic::put(&mut out, format_args!("%{byte:02x}"));
        }
    }
    out
}

fn mixed_case(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.to_uppercase();
    let query =
        format!("@{domain}/PowerShell/?x-rps-cat={INERT}&eMail=AutoDiscover/autodiscover.JSON%3f@{domain}");
    for _ in 0..3 {
        campaign.wait(1, 30);
        campaign.send(
            Stage::Powershell,
            "POST",
            "/AutoDiscover/AutoDiscover.Json",
            &query,
            200,
        );
    }
}

/// The first question mark came encoded: IIS logs it decoded, as part of the path.
fn split(campaign: &mut Campaign<'_>) {
    let domain = campaign.domain.clone();
    for _ in 0..3 {
        campaign.wait(1, 30);
        let stem = format!("{JSON}?@{domain}/powershell/");
        let query = format!("X-Rps-CAT={INERT}&Email=autodiscover/autodiscover.json%3F@{domain}");
        campaign.send(Stage::Powershell, "POST", &stem, &query, 200);
    }
}

fn not_shell(domain: &str) -> String {
    format!(
        "a@{domain}/powershell/?&Email=autodiscover/autodiscover.json?a@{domain}&Protocol=XYZ&FooProtocol=Powershell"
    )
}

fn proxynotshell(campaign: &mut Campaign<'_>) {
    campaign.user = "EXAMPLE\\karin.otto";
    let query = not_shell(&campaign.domain);
    for _ in 0..5 {
        campaign.wait(1, 60);
        campaign.send(Stage::Powershell, "POST", JSON, &query, 200);
    }
}

fn proxynotshell_refused(campaign: &mut Campaign<'_>) {
    let query = not_shell(&campaign.domain);
    for _ in 0..3 {
        campaign.wait(1, 60);
        campaign.send(Stage::Powershell, "GET", JSON, &query, 401);
    }
}

fn proxylogon(campaign: &mut Campaign<'_>) {
    campaign.agent = "ExchangeServicesClient/0.0.0.0";
    for stem in ["/ecp/y.js", "/ecp/y.js", "/ecp/default.flt", "/ecp/y.js"] {
        campaign.wait(1, 30);
        campaign.send(Stage::Ssrf, "POST", stem, "", 200);
    }
}

fn proxytoken(campaign: &mut Campaign<'_>) {
    let query = "msExchEcpCanary=aW5lcnQ.";
    for _ in 0..2 {
        campaign.send(
            Stage::RuleChange,
            "POST",
            "/ecp/karin.otto@example.org/RulesEditor/InboxRules.svc/NewObject",
            query,
            500,
        );
    }
}

fn owassrf(campaign: &mut Campaign<'_>) {
    campaign.user = "EXAMPLE\\olga.thiel";
    for _ in 0..4 {
        campaign.wait(1, 60);
        campaign.send(
            Stage::Powershell,
            "POST",
            "/owa/olga.thiel%40example.org/powershell",
            "",
            200,
        );
    }
}

fn webshell(campaign: &mut Campaign<'_>) {
    campaign.agent =
        "Mozilla/5.0+(Windows+NT+6.1;+WOW64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/60.0.3112.90";
    let stem = format!("/aspnet_client/system_web/{}", campaign.script_name());
    campaign.webshell(&stem, 8);
}

fn nuclei(campaign: &mut Campaign<'_>) {
    campaign.agent = "Nuclei+-+Open-source+project+(github.com/projectdiscovery/nuclei)";
    campaign.domain = "test.example.com".to_owned();
    for path in ["/owa/", "/mapi/nspi/"] {
        let query = confused(&campaign.domain, path);
        campaign.send(Stage::Probe, "GET", JSON, &query, 401);
    }
}

fn nmap(campaign: &mut Campaign<'_>) {
    campaign.agent = "Mozilla/5.0+(compatible;+Nmap+Scripting+Engine;+https://nmap.org/book/nse.html)";
    campaign.domain = "test.example.com".to_owned();
    let query = confused(&campaign.domain, "/owa/");
    campaign.send(Stage::Probe, "GET", JSON, &query, 400);
}

fn zgrab(campaign: &mut Campaign<'_>) {
    campaign.agent = "Mozilla/5.0+zgrab/0.x";
    campaign.send(Stage::Scan, "GET", "/owa/auth/logon.aspx", "", 200);
}
