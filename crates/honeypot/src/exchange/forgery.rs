//! The request forgery of ProxyLogon (CVE-2021-26855): a cookie names the back end.
//!
//! On builds without the fix, static resources of OWA (`X-AnonResource=true`, `X-AnonResource-Backend`) and ECP
//! (`X-BEResource`) are fetched from the host that the cookie names, before any log-on. We never connect to it: every
//! host answers as one does whose Kerberos name is unknown, which is what Microsoft's check
//! (`http-vuln-cve2021-26855.nse`) and its like look for with `localhost`.

use super::ask::Ask;
use super::reply::Reply;
use crate::http::Response;

const PROXYLOGON: &str = "CVE-2021-26855";

/// Extensions of what the front end takes for a static resource.
const STATIC: [&str; 13] = [
    "css", "crx", "eot", "flt", "gif", "htm", "html", "ico", "jpg", "js", "png", "ttf", "woff",
];

/// Answers a forged request below `/owa/auth` or `/ecp`; `None` where it is none, or the build has the fix.
pub(super) fn answer(ask: &Ask<'_>) -> Option<Response> {
    let name = ask.path.segments().last()?;
    let (_, extension) = name.rsplit_once('.')?;
    if !STATIC.contains(&extension) || !ask.persona().is_open_to(PROXYLOGON) {
        return None;
    }
    let back_end = match ask.path.split_first() {
        ("owa", _) => {
            let anonymous = ask.cookie("X-AnonResource")?;
            anonymous
                .eq_ignore_ascii_case(b"true")
                .then(|| ask.cookie("X-AnonResource-Backend"))??
        }
        ("ecp", _) => ask.cookie("X-BEResource")?,
        _ => return None,
    };
    let host = host(back_end).unwrap_or_else(|| ask.persona().fqdn().to_lowercase());
    let body = format!("NegotiateSecurityContext failed with for host '{host}' with status 'TargetUnknown'");
    let mut reply = Reply::managed(ask, 500).body("text/html; charset=utf-8", body.into_bytes());
    reply.calculated_be_target = Some(host);
    Some(reply.build())
}

/// The host that a cookie such as `localhost/ecp/default.flt?~3` or `a]@ex01.example.org:444/x?#~1941962753` names, in
/// lower case; letters, digits, dots and hyphens alone.
fn host(cookie: &[u8]) -> Option<String> {
    let end = cookie.iter().position(|byte| b"/~?#".contains(byte));
    let authority = &cookie[..end.unwrap_or(cookie.len())];
    let begin = authority
        .iter()
        .rposition(|byte| *byte == b'@')
        .map_or(0, |at| at + 1);
    let host = authority[begin..].split(|byte| *byte == b':').next()?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let named = !host.is_empty() && host.len() <= 253 && host.iter().all(plain);
    named.then(|| String::from_utf8_lossy(host).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn finds_hosts() {
        for (cookie, expected) in [
            ("localhost/ecp/default.flt?~3", Some("localhost")),
            ("localhost~1942062522", Some("localhost")),
            (
                "a]@EX01.corp.example.org:444/mapi/?#~1",
                Some("ex01.corp.example.org"),
            ),
            ("callback.example.org/x?~3", Some("callback.example.org")),
            ("", None),
            ("a b/~3", None),
            ("<script>/~3", None),
        ] {
            assert_eq!(host(cookie.as_bytes()).as_deref(), expected, "{cookie}");
        }
    }
}
