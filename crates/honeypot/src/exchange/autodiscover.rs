//! `/Autodiscover`: the XML and SOAP services ask for a log-on, the JSON service (version 2) does not.

use super::ask::Ask;
use super::confusion;
use super::form::{self, url_encoded};
use super::reply::Reply;
use crate::auth::Schemes;
use crate::http::Response;

/// Protocols of Autodiscover version 2 with the path that each is served at.
const PROTOCOLS: [(&str, &str); 6] = [
    ("ActiveSync", "/Microsoft-Server-ActiveSync"),
    ("AutodiscoverV1", "/autodiscover/autodiscover.xml"),
    ("Ews", "/EWS/Exchange.asmx"),
    ("Rest", "/api"),
    ("SubstrateNotificationService", ""),
    ("Substrate", ""),
];

/// `rest` is the path below the virtual directory, in lower case.
pub(super) fn answer(ask: &mut Ask<'_>, rest: &str) -> Response {
    if rest == "/autodiscover.json" || rest.starts_with("/autodiscover.json/") {
        if let Some(response) = confusion::answer(ask) {
            return response;
        }
        return json(ask);
    }
    let posted = ask.method() == b"POST";
    ask.unauthorised(Schemes::AUTODISCOVER, |mut reply| {
        reply.cache_control = Some("private");
        reply.aspnet = true;
        reply.mark("X-SOAP-Enabled", "True");
        reply.mark("X-WSSecurity-Enabled", "True");
        reply.mark("X-WSSecurity-For", "None");
        reply.mark("X-OAuth-Enabled", "True");
        if posted {
            reply.mark("X-CasErrorCode", "UnauthenticatedRequest");
        }
        reply
    })
}

/// Version 2: `?Email=...&Protocol=...`, or the address in the path, as in `autodiscover.json/v1.0/user@example.org`.
///
/// The error texts are those that Exchange Online documents and sends; that servers on premises send the same, and
/// send clients who ask for an unknown address to Exchange Online, is an assumption.
fn json(ask: &Ask<'_>) -> Response {
    let query = ask.query();
    let in_path = ask.path.segments().find(|segment| segment.contains('@'));
    let Some(email) = form::value(query, "Email")
        .or_else(|| in_path.map(str::to_owned))
        .filter(|email| is_address(email))
    else {
        return error(
            ask,
            400,
            "MandatoryParameterMissing",
            "A valid smtp address must be provided",
        );
    };
    let Some(protocol) = form::value(query, "Protocol").filter(|protocol| !protocol.is_empty()) else {
        let text = "A valid value must be provided for the query parameter 'Protocol'";
        return error(ask, 400, "MandatoryParameterMissing", text);
    };
    let known = PROTOCOLS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&protocol));
    let Some((name, path)) = known else {
        let names: Vec<_> = PROTOCOLS.iter().map(|(name, _)| *name).collect();
        let text = format!(
            "The given protocol value is invalid. Supported values are '{}'",
            names.join(",")
        );
        return error(ask, 400, "InvalidProtocol", &text);
    };
    let persona = ask.persona();
    let is_mailbox = |mailbox: &crate::persona::Mailbox| mailbox.address.eq_ignore_ascii_case(&email);
    let mut reply = Reply::managed(ask, 200).of_back_end(ask, "/autodiscover");
    if persona.mailboxes.iter().any(is_mailbox) {
        let url = format!("https://{}{path}", persona.external_name);
        let body = format!("{{\"Protocol\":\"{name}\",\"Url\":\"{url}\"}}");
        return reply
            .body("application/json; charset=utf-8", body.into_bytes())
            .build();
    }
    reply.owa_version.clone_from(&ask.site.owa_version);
    reply
        .redirect(format!(
            "https://outlook.office365.com/autodiscover/autodiscover.json?Email={}&Protocol={name}&RedirectCount=1",
            url_encoded(&email)
        ))
        .build()
}

fn error(ask: &Ask<'_>, status: u16, code: &str, message: &str) -> Response {
    let body = format!("{{\"ErrorCode\":\"{code}\",\"ErrorMessage\":\"{message}\"}}");
    let mut reply = Reply::managed(ask, status).of_back_end(ask, "/autodiscover");
    reply.mark("jsonerror", "true");
    reply
        .body("application/json; charset=utf-8", body.into_bytes())
        .build()
}

/// One `@`, something before it, and a domain behind it.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain =
        |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '@' | '<' | '>' | '"' | '/' | '?');
    text.len() <= 320
        && !local.is_empty()
        && local.chars().all(plain)
        && domain.contains('.')
        && domain
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
}
