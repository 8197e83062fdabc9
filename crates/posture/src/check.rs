use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Checks {
    /// One connection: both checks for ProxyShell, and the logon page.
    Quick,
    /// Everything.
    Full,
}

/// One request, as `docs/scan.md` shows it byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// ProxyShell (CVE-2021-34473), path confusion that leads to `/owa/`.
    PsOwa,
    /// ProxyShell (CVE-2021-34473), path confusion that leads to `/mapi/nspi/`.
    PsNspi,
    /// OWA's logon page.
    Logon,
    /// The web root.
    Root,
    /// `/owa/`.
    Owa,
    /// Manifest of the eDiscovery export tool, which tells the build.
    ExportTool,
    /// ProxyLogon (CVE-2021-26855), Microsoft's check: a cookie that names `localhost` as back end.
    ProxyLogon,
    /// ProxyNotShell (CVE-2022-41040): whether URL Rewrite aborts such requests.
    ProxyNotShell,
    /// `/autodiscover/autodiscover.xml`.
    Autodiscover,
    /// `/ews/exchange.asmx`.
    Ews,
    /// `/mapi/emsmdb/`.
    Mapi,
    /// `/OAB/`.
    Oab,
    /// `/rpc/rpcproxy.dll`.
    Rpc,
    /// `/Microsoft-Server-ActiveSync`.
    ActiveSync,
    /// `/ecp/`.
    Ecp,
    /// `/powershell/`.
    PowerShell,
    /// An NTLM negotiate message without names to a virtual directory that offers NTLM: the challenge tells the server's names.
    Ntlm,
}

impl Check {
    /// All checks, in the order in which a full scan asks.
    pub const ALL: [Self; 17] = [
        Self::PsOwa,
        Self::PsNspi,
        Self::Logon,
        Self::Root,
        Self::Owa,
        Self::ExportTool,
        Self::Autodiscover,
        Self::Ews,
        Self::Mapi,
        Self::Oab,
        Self::Rpc,
        Self::ActiveSync,
        Self::Ecp,
        Self::PowerShell,
        Self::Ntlm,
        Self::ProxyLogon,
        Self::ProxyNotShell,
    ];

    /// The checks of a quick scan.
    pub const QUICK: [Self; 3] = [Self::PsOwa, Self::PsNspi, Self::Logon];

    /// Its name in outputs: `ps_owa`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PsOwa => "ps_owa",
            Self::PsNspi => "ps_nspi",
            Self::Logon => "logon",
            Self::Root => "root",
            Self::Owa => "owa",
            Self::ExportTool => "export_tool",
            Self::ProxyLogon => "proxy_logon",
            Self::ProxyNotShell => "proxy_not_shell",
            Self::Autodiscover => "autodiscover",
            Self::Ews => "ews",
            Self::Mapi => "mapi",
            Self::Oab => "oab",
            Self::Rpc => "rpc",
            Self::ActiveSync => "active_sync",
            Self::Ecp => "ecp",
            Self::PowerShell => "power_shell",
            Self::Ntlm => "ntlm",
        }
    }

    /// The request target of its request line.
    pub const fn request_target(self) -> &'static str {
        match self {
            Self::PsOwa => {
                "/autodiscover/autodiscover.json?@imker.invalid/owa/?&Email=autodiscover/autodiscover.json%3F@imker.invalid"
            }
            Self::PsNspi => {
                "/autodiscover/autodiscover.json?@imker.invalid/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@imker.invalid"
            }
            Self::ProxyNotShell => {
                "/autodiscover/autodiscover.json?a@imker.invalid/owa/?&Email=autodiscover/autodiscover.json?a@imker.invalid&Protocol=XYZ&FooProtocol=Powershell"
            }
            Self::Logon => "/owa/auth/logon.aspx",
            Self::Root => "/",
            Self::Owa => "/owa/",
            Self::ExportTool => {
                "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application"
            }
            Self::ProxyLogon => "/owa/auth/x.js",
            Self::Autodiscover => "/autodiscover/autodiscover.xml",
            Self::Ews | Self::Ntlm => "/ews/exchange.asmx",
            Self::Mapi => "/mapi/emsmdb/",
            Self::Oab => "/OAB/",
            Self::Rpc => "/rpc/rpcproxy.dll",
            Self::ActiveSync => "/Microsoft-Server-ActiveSync",
            Self::Ecp => "/ecp/",
            Self::PowerShell => "/powershell/",
        }
    }

    /// The virtual directory that an answer says something about.
    pub const fn virtual_directory(self) -> Option<&'static str> {
        match self {
            Self::Owa => Some("owa"),
            Self::Ecp => Some("ecp"),
            Self::Autodiscover => Some("Autodiscover"),
            Self::Ews => Some("EWS"),
            Self::Mapi => Some("mapi"),
            Self::Oab => Some("OAB"),
            Self::Rpc => Some("Rpc"),
            Self::ActiveSync => Some("Microsoft-Server-ActiveSync"),
            Self::PowerShell => Some("PowerShell"),
            _ => None,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_those_of_outputs() {
        for check in Check::ALL {
            assert_eq!(serde_json::to_value(check).unwrap(), check.name());
        }
    }

    #[test]
    fn every_check_is_asked_once() {
        assert_eq!(Check::ALL.iter().collect::<BTreeSet<_>>().len(), Check::ALL.len());
        assert!(Check::ALL.starts_with(&Check::QUICK));
    }

    #[test]
    fn addresses_lie_under_invalid() {
        for check in Check::ALL {
            let domains = check.request_target().split('@').skip(1);
            for domain in domains {
                assert!(domain.starts_with("imker.invalid"), "{check}");
            }
        }
    }

    #[test]
    fn virtual_directories_are_known() {
        for check in Check::ALL {
            if let Some(name) = check.virtual_directory() {
                assert_eq!(
                    imker_exchange::virtual_directory(check.request_target()),
                    Some(name)
                );
            }
        }
    }
}
