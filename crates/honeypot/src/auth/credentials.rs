//! Names as they are sent, taken apart.

use imker_event::{Credentials, Scheme, Secret, Text};

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
