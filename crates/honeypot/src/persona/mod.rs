//! Who a simulated host is: everything it says on any port follows from its persona.

use std::net::IpAddr;
use std::sync::Arc;

use imker_exchange::{Build, Fix, Release, cumulative_update, fix, release};
use jiff::civil::Date;

pub use template::{built_in, built_in_names};
pub(crate) use windows::filetime;
pub use windows::{TlsVersion, Windows};
pub use words::languages;

pub mod certificate;
pub(crate) mod checked;
pub(crate) mod derive;
pub(crate) mod names;
mod supported;
pub(crate) mod template;
mod windows;
mod words;

/// A simulated Exchange server.
#[derive(Debug, Clone)]
pub struct Persona {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Exchange's build.
    pub build: Build,
    /// The Windows it runs on.
    pub windows: &'static Windows,
    /// NetBIOS name of the host, upper case, at most 15 characters, as in `EX01`.
    pub netbios_name: Arc<str>,
    /// NetBIOS name of the domain, upper case, as in `EXAMPLE`.
    pub netbios_domain: Arc<str>,
    /// DNS name of the Active Directory domain, as in `corp.example.org`.
    pub dns_domain: Arc<str>,
    /// DNS name of the forest.
    pub dns_forest: Arc<str>,
    /// What clients outside call the server, as in `mail.example.org`.
    pub external_name: Arc<str>,
    /// Exchange's organisation name, as in `First Organization`.
    pub organisation: Arc<str>,
    /// OWA's language where the client asks for none that is known: a BCP 47 tag, as in `de-DE`.
    pub language: Arc<str>,
    /// IANA name of the time zone, as in `Europe/Berlin`.
    pub time_zone: Arc<str>,
    /// The address that the server itself believes to have, as in `10.20.0.11`.
    pub internal_address: IpAddr,
    /// Users with mailboxes.
    pub mailboxes: Arc<[Mailbox]>,
    /// Random bytes that all hosts of the domain share. They are secret: take values from [`Persona::derive`] and
    /// [`Persona::derive_for_domain`], never these bytes.
    pub seed: [u8; 32],
}

/// A user with a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// `sAMAccountName`, as in `j.doe`.
    pub account: Arc<str>,
    /// Display name.
    pub display_name: Arc<str>,
    /// Primary SMTP address.
    pub address: Arc<str>,
}

impl Persona {
    /// The host's DNS name, as in `EX01.corp.example.org`.
    pub fn fqdn(&self) -> String {
        format!("{}.{}", self.netbios_name, self.dns_domain)
    }

    /// Build, Windows and the chains of attacks that the build is open to, as in `Exchange 2019 CU8 on Windows Server
    /// 2019, open to ProxyLogon, ProxyOracle, ProxyShell, ProxyToken, ProxyNotShell, OWASSRF`.
    pub fn description(&self) -> String {
        template::description(self.build, self.windows)
    }

    /// Whether the build is open to a flaw; unknown counts as not.
    pub fn is_open_to(&self, cve: &str) -> bool {
        fix(self.build, cve) == Fix::Open
    }

    /// The day that the build came out; the first of the month where only that is known.
    pub fn released(&self) -> Option<Date> {
        release(self.build).and_then(day)
    }

    /// The day that the build's cumulative update came out.
    pub fn cumulative_update_released(&self) -> Option<Date> {
        cumulative_update(self.build).and_then(day)
    }

    /// `15.1.2176.9`, as in `X-OWA-Version`.
    pub fn build_short(&self) -> String {
        self.build.to_string()
    }

    /// `15.01.2176.009`, as in `X-ServerApplication`.
    pub fn build_padded(&self) -> String {
        let [major, minor, build, revision] = self.build.0;
        format!("{major:02}.{minor:02}.{build:04}.{revision:03}")
    }

    /// `15.1.2176`, as in OWA's paths.
    pub fn build_path(&self) -> String {
        let [major, minor, build, _] = self.build.0;
        format!("{major}.{minor}.{build}")
    }
}

fn day(release: &Release) -> Option<Date> {
    let date = &release.date;
    date.parse().or_else(|_| format!("{date}-01").parse()).ok()
}
