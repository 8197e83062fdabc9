//! `/Autodiscover`: the XML and SOAP services ask for a log-on, the JSON service (version 2) does not.

use std::fmt::Write as _;

use super::ask::Ask;
use super::confusion;
use super::form;
use super::reply::Reply;
use crate::auth::Schemes;
use crate::http::Response;

/// The build that brought version 2: 2016 CU3 (msxfaq.de, "Autodiscover V2").
const VERSION_2: [u16; 4] = [15, 1, 544, 27];

/// Protocols of Autodiscover version 2 with the path that each is served at.
const PROTOCOLS: [(&str, &str); 4] = [
    ("Rest", "/api"),
    ("ActiveSync", "/Microsoft-Server-ActiveSync"),
    ("Ews", "/EWS/Exchange.asmx"),
    ("AutodiscoverV1", "/Autodiscover/Autodiscover.xml"),
];

/// `rest` is the path below the virtual directory, in lower case.
pub(super) fn answer(ask: &mut Ask<'_>, rest: &str) -> Response {
    if rest == "/autodiscover.json" || rest.starts_with("/autodiscover.json/") {
        if let Some(response) = confusion::answer(ask) {
            return response;
        }
        if ask.persona().build.0 >= VERSION_2 {
            return json(ask);
        }
    }
    let posted = ask.method() == b"POST";
    ask.unauthorised_by_service(Schemes::AUTODISCOVER, |mut reply| {
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
/// An address without a mailbox gets an error on premises too (msxfaq.de, "Autodiscover Redirect"); only hybrid servers
/// send it on to Exchange Online. The error texts are those of Exchange Online. Assumed: the status of that error, and
/// that nothing but the listed protocols is known on premises.
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
    let Some((_, path)) = known else {
        let text = format!(
            "The given protocol value '{}' is invalid. Supported values are '{}'",
            protocol.chars().take(64).collect::<String>(),
            PROTOCOLS.map(|(name, _)| name).join(",")
        );
        return error(ask, 400, "InvalidProtocol", &text);
    };
    let persona = ask.persona();
    let is_mailbox = |mailbox: &crate::persona::Mailbox| mailbox.address.eq_ignore_ascii_case(&email);
    if !persona.mailboxes.iter().any(is_mailbox) {
        return error(ask, 404, "UserNotFound", "The given User is not found");
    }
    // The protocol is repeated as it was spelt.
    let url = format!("https://{}{path}", persona.external_name);
    let body = format!("{{\"Protocol\":\"{protocol}\",\"Url\":\"{url}\"}}");
    Reply::managed(ask, 200)
        .of_back_end(ask, "/autodiscover")
        .body("application/json; charset=utf-8", body.into_bytes())
        .build()
}

fn error(ask: &Ask<'_>, status: u16, code: &str, message: &str) -> Response {
    let body = format!(
        "{{\"ErrorCode\":\"{code}\",\"ErrorMessage\":\"{}\"}}",
        json_escaped(message)
    );
    let mut reply = Reply::managed(ask, status).of_back_end(ask, "/autodiscover");
    reply.mark("jsonerror", "true");
    reply
        .body("application/json; charset=utf-8", body.into_bytes())
        .build()
}

/// Text inside a string of JSON, as .NET's serialiser writes it: what HTML gives a meaning is escaped as well.
fn json_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '\'' | '<' | '>' | '&') {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
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
