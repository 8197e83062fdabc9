//! The words of `WWW-Authenticate`.

use super::HeaderLine;
use super::check::Asked;
use super::credentials::claims;

const NAME: &str = "WWW-Authenticate";

/// A scheme, with or without a token.
pub(super) fn line(value: impl Into<String>) -> HeaderLine {
    (NAME.into(), value.into().into())
}

/// `Basic` with the realm that IIS uses where none is configured: the host that the client asked.
pub(super) fn basic(asked: &Asked<'_>) -> HeaderLine {
    line(format!("Basic realm=\"{}\"", host(asked)))
}

/// OAuth's parameters, as Exchange tells them to a client that sent a token; on-premises captures show client and
/// token types like this. That the issuer is the server itself where no hybrid is configured is [unverified].
pub(super) fn bearer(asked: &Asked<'_>) -> HeaderLine {
    const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";
    let realm = asked
        .persona
        .mailboxes
        .first()
        .and_then(|mailbox| mailbox.address.split_once('@'))
        .map_or(&*asked.persona.dns_domain, |(_, domain)| domain);
    line(format!(
        "Bearer client_id=\"{EXCHANGE}\", trusted_issuers=\"{EXCHANGE}@{realm}\", \
         token_types=\"app_asserted_user_v1 service_asserted_app_v1\", error=\"invalid_token\""
    ))
}

/// `x-ms-diagnostics` ([MS-XOAUTH]). To the empty token only ActiveSync is known to send one.
pub(super) fn diagnostics(asked: &Asked<'_>, token: &[u8]) -> Option<HeaderLine> {
    let value = if !token.is_empty() && claims(token).is_none() {
        "2000001;reason=\"OAuth token submitted with the request cannot be parsed.\";\
         error_category=\"invalid_token\""
            .to_owned()
    } else if !token.is_empty() {
        "2000003;reason=\"The audience claim value is invalid 'aud'.\";error_category=\"invalid_resource\""
            .to_owned()
    } else if !asked.schemes.windows {
        format!(
            "4000000;reason=\"Flighting is not enabled for domain '{}'.\";error_category=\"oauth_not_available\"",
            host(asked)
        )
    } else {
        return None;
    };
    Some(("x-ms-diagnostics".into(), value.into()))
}

/// The host that the client asked, without port, as far as it could be one; else the server's own address.
fn host(asked: &Asked<'_>) -> String {
    let is_of_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let value = asked.request.header("Host").unwrap_or_default();
    let host = value.split(|byte| *byte == b':').next().unwrap_or_default();
    match !host.is_empty() && host.len() <= 255 && host.iter().all(is_of_host) {
        true => String::from_utf8_lossy(host).into_owned(),
        false => asked.persona.internal_address.to_string(),
    }
}
