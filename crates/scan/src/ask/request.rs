use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imker_ntlm::{Flags, Negotiate};
use imker_posture::Check;

use super::Scheme;

/// Longest contact in a user agent.
const CONTACT: usize = 200;

/// The cookies of Microsoft's own check for CVE-2021-26855 (CSS-Exchange, `http-vuln-cve2021-26855.nse`): the back end
/// that they name is the server itself, at pages that anybody may open.
const BACK_END_IS_LOCALHOST: &str = "X-AnonResource=true; X-AnonResource-Backend=localhost/ecp/default.flt?~3; X-BEResource=localhost/owa/auth/logon.aspx?~3;";

/// The contact cannot stand in a user agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the contact must be a mail address or URL of up to {CONTACT} printable ASCII characters without `(` or `)`"
)]
pub struct BadContact;

/// The user agent: `Imker/0.1.0 (Exchange check; +security@example.org)`.
///
/// # Errors
/// The contact is too long, or could end the header or its comment (RFC 9110, section 5.6.5).
pub fn user_agent(contact: Option<&str>) -> Result<String, BadContact> {
    let version = env!("CARGO_PKG_VERSION");
    let Some(contact) = contact else {
        return Ok(format!("Imker/{version} (Exchange check)"));
    };
    let printable = |byte: u8| byte.is_ascii_graphic() && !b"()\\\"".contains(&byte);
    match !contact.is_empty() && contact.len() <= CONTACT && contact.bytes().all(printable) {
        true => Ok(format!("Imker/{version} (Exchange check; +{contact})")),
        false => Err(BadContact),
    }
}

/// All bytes of a request. None has a body.
///
/// ```
/// use imker_posture::Check;
/// let bytes = imker_scan::ask::request_bytes(Check::Logon, "mail.example.org", "Imker");
/// assert_eq!(
///     bytes,
///     "GET /owa/auth/logon.aspx HTTP/1.1\r\nHost: mail.example.org\r\nUser-Agent: Imker\r\nAccept: */*\r\n\r\n"
/// );
/// ```
pub fn request_bytes(check: Check, host: &str, user_agent: &str) -> String {
    let target = check.request_target();
    let mut bytes =
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\nAccept: */*\r\n");
    match check {
        Check::ProxyLogon => {
            let _ = write!(bytes, "Cookie: {BACK_END_IS_LOCALHOST}\r\n");
        }
        Check::Ntlm => {
            let _ = write!(bytes, "Authorization: NTLM {}\r\n", STANDARD.encode(negotiate()));
        }
        _ => {}
    }
    bytes.push_str("\r\n");
    bytes
}

/// The value of `Host` (RFC 9110, section 7.2): the port only where it is not the scheme's.
pub(super) fn host(name: Option<&str>, address: SocketAddr, scheme: Scheme) -> String {
    let mut host = match (name, address.ip()) {
        (Some(name), _) => name.to_owned(),
        (None, IpAddr::V4(ip)) => ip.to_string(),
        (None, IpAddr::V6(ip)) => format!("[{ip}]"),
    };
    if address.port() != scheme.port() {
        let _ = write!(host, ":{}", address.port());
    }
    host
}

/// NTLM's first message, without names or version: it asks for the challenge, in which the server names itself.
fn negotiate() -> Vec<u8> {
    let flags =
        Flags::UNICODE | Flags::OEM | Flags::REQUEST_TARGET | Flags::NTLM | Flags::EXTENDED_SESSION_SECURITY;
    Negotiate {
        flags,
        domain: None,
        workstation: None,
        version: None,
    }
    .encode()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_request_byte_for_byte() {
        let agent = user_agent(Some("security@example.org")).unwrap();
        let mut all = String::new();
        for check in Check::ALL {
            let bytes = request_bytes(check, "mail.example.org", &agent);
            assert!(bytes.ends_with("\r\n\r\n"));
            writeln!(all, "# {check}\n{}", bytes.replace("\r\n", "\n")).unwrap();
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn the_contact_stays_within_its_comment() {
        for contact in [
            "",
            "a b",
            "x)",
            "x\r\nCookie: y",
            "ä@example.org",
            &"x".repeat(201),
        ] {
            assert_eq!(user_agent(Some(contact)), Err(BadContact), "{contact}");
        }
        assert!(user_agent(Some("https://example.org/scans?x=%20")).is_ok());
        assert!(user_agent(None).is_ok());
    }

    #[test]
    fn the_host_is_a_name_or_an_address() {
        let shown = |name, address: &str, scheme| host(name, address.parse().unwrap(), scheme);
        let name = Some("mail.example.org");
        assert_eq!(shown(name, "192.0.2.1:443", Scheme::Https), "mail.example.org");
        assert_eq!(shown(name, "192.0.2.1:443", Scheme::Http), "mail.example.org:443");
        assert_eq!(shown(None, "192.0.2.1:8443", Scheme::Https), "192.0.2.1:8443");
        assert_eq!(shown(None, "[2001:db8::1]:80", Scheme::Http), "[2001:db8::1]");
    }
}
