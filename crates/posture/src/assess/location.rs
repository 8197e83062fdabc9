use std::net::IpAddr;

use crate::{Observation, Response};

/// Where a redirect leads.
pub(super) struct Location<'a> {
    /// Host and port; absent where it stays on the server.
    pub authority: Option<&'a str>,
    /// Path, with its first `/`.
    pub path: &'a str,
    /// Query, empty where there is none.
    pub query: &'a str,
}

const LOGON: &str = "/owa/auth/logon.aspx";
const ERROR: &str = "/owa/auth/errorfe.aspx";

impl<'a> Location<'a> {
    /// The `Location` of an answer (RFC 9110, 10.2.2), absolute or relative.
    pub fn of(response: &'a Response) -> Option<Self> {
        if !(300..400).contains(&response.status) {
            return None;
        }
        let text = response.header("Location")?.trim();
        let text = text.split('#').next().unwrap_or_default();
        let (before, query) = text.split_once('?').unwrap_or((text, ""));
        let rest = match before.split_once("//") {
            Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => rest,
            _ => {
                return Some(Self {
                    authority: None,
                    path: before,
                    query,
                });
            }
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        Some(Self {
            authority: Some(authority),
            path,
            query,
        })
    }

    /// Whether it stays on the server that was asked: it names no host, the target, an address that was asked, or one from
    /// within, for Exchange puts its own in place of a host that a request does not name.
    pub fn stays(&self, observation: &Observation) -> bool {
        let Some(host) = self.host() else { return true };
        match host.parse::<IpAddr>() {
            Ok(address) => {
                let mut asked = observation.visits.iter().map(|visit| visit.address.ip());
                is_internal(&address) || asked.any(|asked| asked == address)
            }
            Err(_) => host.eq_ignore_ascii_case(target_host(&observation.target)),
        }
    }

    /// Whether it is OWA's logon page.
    pub fn is_logon(&self) -> bool {
        self.path.eq_ignore_ascii_case(LOGON)
    }

    /// Whether it is the front end's error page.
    pub fn is_error(&self) -> bool {
        self.path.eq_ignore_ascii_case(ERROR)
    }

    /// Whether its query has a parameter, letter case aside.
    pub fn has(&self, parameter: &str) -> bool {
        let mut names = self
            .query
            .split('&')
            .map(|pair| pair.split('=').next().unwrap_or_default());
        names.any(|name| name.eq_ignore_ascii_case(parameter))
    }

    /// Its host, without port and brackets.
    pub fn host(&self) -> Option<&'a str> {
        let authority = self.authority?.rsplit('@').next()?;
        if let Some(rest) = authority.strip_prefix('[') {
            return rest.split(']').next();
        }
        authority.split(':').next()
    }
}

/// The host of a target in its short form, without brackets.
pub(super) fn target_host(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let end: &[char] = if rest.starts_with('[') {
        &[']']
    } else {
        &['/', ':']
    };
    rest.trim_start_matches('[').split(end).next().unwrap_or_default()
}

/// Whether nobody outside gets to an address (RFC 6890): it is for use within a network, on one host, or in examples.
fn is_internal(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = matches!(v4.octets(), [100, 64..=127, ..]);
            v4.is_private() || v4.is_link_local() || v4.is_loopback() || v4.is_documentation() || shared
        }
        IpAddr::V6(v6) => {
            let documentation = matches!(v6.segments(), [0x2001, 0xdb8, ..]);
            v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback() || documentation
        }
    }
}
