use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imker_ntlm::spnego::Token;
use imker_ntlm::{AvId, Challenge};
use imker_posture::NtlmNames;

use super::super::http::Head;
use super::text;

/// Bytes of a token in Base64 that are read.
const TOKEN: usize = 8 * 1024;
/// Bytes of a name that are kept: DNS allows 253.
const NAME: usize = 255;

/// Names in the challenge of NTLM ([MS-NLMP] 2.2.1.2), bare or within SPNEGO (RFC 4559).
pub(super) fn names(head: &Head) -> Option<NtlmNames> {
    head.values("www-authenticate").find_map(of_header)
}

fn of_header(value: &[u8]) -> Option<NtlmNames> {
    let value = value.trim_ascii();
    let space = memchr::memchr(b' ', value)?;
    let (scheme, token) = (&value[..space], value[space..].trim_ascii());
    let carries = scheme.eq_ignore_ascii_case(b"ntlm") || scheme.eq_ignore_ascii_case(b"negotiate");
    if !carries || token.len() > TOKEN {
        return None;
    }
    let token = STANDARD.decode(token).ok()?;
    let challenge = Challenge::parse(Token::parse(&token).ok()?.ntlm()?).ok()?;
    let name = |id| {
        let name = challenge.target_info.text(id)?;
        (!name.is_empty()).then(|| text(name.as_bytes(), NAME))
    };
    Some(NtlmNames {
        netbios_domain: name(AvId::NB_DOMAIN_NAME),
        netbios_computer: name(AvId::NB_COMPUTER_NAME),
        dns_domain: name(AvId::DNS_DOMAIN_NAME),
        dns_computer: name(AvId::DNS_COMPUTER_NAME),
        dns_forest: name(AvId::DNS_TREE_NAME),
        windows: challenge.version.map(|version| version.to_string()),
    })
}
