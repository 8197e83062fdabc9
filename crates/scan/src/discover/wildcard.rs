//! Domains that have an answer for every name.

use std::net::IpAddr;

use super::{FoundHost, Resolver, Way, aliases};

/// What a domain answers for names that nobody has made up before (RFC 4592).
#[derive(Debug, Default)]
pub(super) struct Wildcard {
    pub(super) addresses: Vec<IpAddr>,
    alias: Option<String>,
}

impl Wildcard {
    /// Two names, for the addresses of a wildcard may take turns.
    pub(super) async fn of(resolver: &Resolver, domain: &str) -> Self {
        let mut wildcard = Self::default();
        for _ in 0..2 {
            let name = format!("{}.{domain}", uuid::Uuid::new_v4().simple());
            let aliases = aliases(resolver, &name).await.unwrap_or_default();
            wildcard.alias = aliases.into_iter().next().or(wildcard.alias);
            let addresses = resolver.resolve(&name).await.unwrap_or_default();
            wildcard.addresses.extend(addresses);
        }
        wildcard.addresses.sort_unstable();
        wildcard.addresses.dedup();
        wildcard
    }

    /// Whether a host is there for no reason but the wildcard.
    pub(super) fn explains(&self, host: &FoundHost) -> bool {
        let only_common = host.ways.iter().all(|way| *way == Way::CommonName);
        let same_alias = self.alias.is_some() && host.aliases.first() == self.alias.as_ref();
        let same_addresses = !host.addresses.is_empty()
            && host
                .addresses
                .iter()
                .all(|address| self.addresses.contains(address));
        only_common && (same_alias || same_addresses)
    }
}
