//! Names as they are sent, taken apart.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use imker_event::{Credentials, Scheme, Secret, Text};
use serde_json::Value;

/// As lenient as the clients that attackers write: padding or none, left-over bits.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Domains that the operator called his own, as in `example.org` or `EXAMPLE`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnDomains(Vec<Box<str>>);

impl OwnDomains {
    /// Blanks and dots around the names do not count, nor does letter case.
    pub fn new<'a>(domains: impl IntoIterator<Item = &'a str>) -> Self {
        let folded = domains.into_iter().map(fold).filter(|domain| !domain.is_empty());
        Self(folded.collect())
    }

    /// Whether `domain` is one of them or lies below one: `mail.example.org` does below `example.org`,
    /// `notexample.org` does not.
    pub fn holds(&self, domain: &str) -> bool {
        let domain = fold(domain);
        let below = |own: &str| match domain.strip_suffix(own) {
            Some(rest) => rest.is_empty() || rest.ends_with('.'),
            None => false,
        };
        self.0.iter().any(|own| below(own))
    }
}

fn fold(domain: &str) -> Box<str> {
    domain.trim().trim_matches('.').to_lowercase().into_boxed_str()
}

/// An attempt to log on to `place` (a path) as `username`, which may be `DOMAIN\user`, a UPN (`user@domain`) or a bare
/// name.
pub fn credentials(
    scheme: Scheme,
    place: &str,
    username: &str,
    secret: Option<&str>,
    own_domains: &OwnDomains,
) -> Credentials {
    let domain = match username.split_once('\\') {
        Some((domain, _)) => Some(domain),
        None => username.rsplit_once('@').map(|(_, domain)| domain),
    };
    let domain = domain.filter(|domain| !domain.is_empty());
    // `DOMAIN\user@example.org` names two.
    let upn = username.rsplit_once('@').map(|(_, domain)| domain);
    Credentials {
        scheme,
        place: place.into(),
        username: username.into(),
        domain: domain.map(Text::from),
        secret: secret.map(|secret| Secret(secret.into())),
        own_domain: [domain, upn]
            .into_iter()
            .flatten()
            .any(|domain| own_domains.holds(domain)),
    }
}

/// Base64, however sloppy.
pub(super) fn decode(token: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(token).ok()
}

/// Name and password of `Basic` (RFC 7617), as UTF-8 or else Latin-1; what is no Base64 is read as it is. Without a
/// colon all of it may be the password, so it is taken for one.
pub(super) fn basic(token: &[u8]) -> (String, String) {
    let text = match decode(token).map(String::from_utf8) {
        Some(Ok(text)) => text,
        Some(Err(error)) => error.as_bytes().iter().copied().map(char::from).collect(),
        None => String::from_utf8_lossy(token).into_owned(),
    };
    // A colon behind Base64 that holds one itself, as in `YTpi:`, parts no name.
    let holds_both = |name: &str| decode(name.as_bytes()).is_some_and(|bytes| bytes.contains(&b':'));
    match text.split_once(':') {
        Some((name, password)) if !holds_both(name) => (name.to_owned(), password.to_owned()),
        _ => (String::new(), text),
    }
}

/// What a JSON Web Token (RFC 7519) claims, unproven; `None`: it is none.
pub(super) fn claims(token: &[u8]) -> Option<Value> {
    let payload = token.split(|byte| *byte == b'.').nth(1)?;
    let claims: Value = serde_json::from_slice(&BASE64_URL.decode(payload).ok()?).ok()?;
    claims.is_object().then_some(claims)
}

/// A bearer token, by the name of whom it claims to speak for.
pub(super) fn bearer(place: &[u8], token: &[u8], own_domains: &OwnDomains) -> Credentials {
    const NAMES: [&str; 5] = ["upn", "unique_name", "preferred_username", "smtp", "sub"];
    let claims = claims(token);
    let name = claims
        .as_ref()
        .and_then(|claims| NAMES.iter().find_map(|name| claims.get(name)?.as_str()))
        .unwrap_or_default();
    let (place, secret) = (String::from_utf8_lossy(place), String::from_utf8_lossy(token));
    credentials(Scheme::Bearer, &place, name, Some(&secret), own_domains)
}
