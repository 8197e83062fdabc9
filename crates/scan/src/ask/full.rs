//! What a full scan asks beyond a quick one.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use imker_posture::{Check, Fault, FaultKind, TlsVersions};

use super::asking::Asking;
use super::tls::{self, NoTls, Offer};
use super::{connection, read};

impl Asking<'_> {
    /// Everything, of one address.
    pub(super) async fn full(&mut self, address: SocketAddr) -> Result<(), Fault> {
        for check in Check::ALL {
            if check == Check::Ntlm && !self.offers_ntlm(address) {
                continue;
            }
            // Where URL Rewrite, or something before Exchange, aborts one of these, nothing else shall be to blame.
            if matches!(check, Check::ProxyLogon | Check::ProxyNotShell) {
                self.connection = None;
            }
            self.request(address, check, false).await?;
        }
        self.further_servers(address).await?;
        self.connection = None;
        self.tls_versions(address).await;
        Ok(())
    }

    fn offers_ntlm(&self, address: SocketAddr) -> bool {
        let ews = self.responses(address).find(|(check, _)| *check == Check::Ews);
        ews.is_some_and(|(_, response)| {
            let mut offers = response
                .headers_named("WWW-Authenticate")
                .filter_map(|offer| offer.split(' ').next());
            offers
                .any(|scheme| scheme.eq_ignore_ascii_case("NTLM") || scheme.eq_ignore_ascii_case("Negotiate"))
        })
    }

    /// Behind a balancer, each new connection may lead to another server: both checks for ProxyShell are asked again,
    /// until some connections in a row have shown none that is new.
    async fn further_servers(&mut self, address: SocketAddr) -> Result<(), Fault> {
        if !self
            .responses(address)
            .any(|(_, response)| read::is_exchange(response))
        {
            return Ok(());
        }
        let (mut known, mut in_vain) = (self.front_ends(address), 0);
        for _ in 0..self.limits().fresh {
            if in_vain >= self.limits().fresh_in_vain {
                break;
            }
            self.connection = None;
            self.request(address, Check::PsOwa, false).await?;
            self.request(address, Check::PsNspi, false).await?;
            let now = self.front_ends(address);
            in_vain = if now.len() > known.len() { 0 } else { in_vain + 1 };
            known = now;
        }
        Ok(())
    }

    fn front_ends(&self, address: SocketAddr) -> BTreeSet<String> {
        let names = self
            .responses(address)
            .filter_map(|(_, response)| response.header("X-FEServer"));
        names.map(str::to_ascii_uppercase).collect()
    }

    /// One handshake for each version that was not spoken already.
    async fn tls_versions(&mut self, address: SocketAddr) {
        let visits = self.seen.visits.iter().filter(|visit| visit.address == address);
        let known: BTreeSet<_> = visits
            .filter_map(|visit| Some(visit.tls.as_ref()?.version))
            .collect();
        if known.is_empty() {
            return;
        }
        self.seen.tls_versions.push(TlsVersions {
            address,
            spoken: Vec::new(),
            refused: Vec::new(),
        });
        let (asker, name) = (self.asker, self.destination.name());
        for version in tls::VERSIONS {
            let spoken = match known.contains(&version) {
                true => Ok(()),
                false => connection::tls(
                    &asker.contexts,
                    address,
                    name,
                    Offer::Only(version),
                    self.limits(),
                )
                .await
                .map(drop)
                .map_err(NoTls::fault),
            };
            let Some(versions) = self.seen.tls_versions.last_mut() else {
                return;
            };
            match spoken {
                Ok(()) => versions.spoken.push(version),
                // Schannel resets what it does not speak, without an alert.
                Err(fault) if matches!(fault.kind, FaultKind::Tls | FaultKind::Reset | FaultKind::Closed) => {
                    versions.refused.push(version);
                }
                Err(_) => {}
            }
        }
    }
}
