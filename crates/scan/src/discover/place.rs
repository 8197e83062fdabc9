//! Whose a host is, as far as names tell.

/// Whose a host is, as far as names tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPlace {
    /// Its name, and what it is an alias for, lie in the domain.
    Own,
    /// Its name, or the name it is an alias for, lies elsewhere: to be asked only when confirmed.
    Foreign {
        /// That name.
        name: String,
    },
    /// It lies with Exchange Online: not affected, and not asked.
    ExchangeOnline {
        /// The name that tells.
        name: String,
        /// The domain of Exchange Online in which that name lies.
        domain: &'static str,
    },
}

/// Exchange Online may stand anywhere in the chain of aliases; whose the host is, its end says.
pub(super) fn place(domain: &str, name: &str, aliases: &[String]) -> HostPlace {
    let mut chain = std::iter::once(name).chain(aliases.iter().map(String::as_str));
    let online = chain
        .clone()
        .filter(|name| !lies_in(name, domain))
        .find_map(|name| Some((name, domain_of(name)?)));
    match (online, chain.find(|name| !lies_in(name, domain))) {
        (Some((name, domain)), _) => HostPlace::ExchangeOnline {
            name: name.to_owned(),
            domain,
        },
        (None, Some(name)) => HostPlace::Foreign {
            name: name.to_owned(),
        },
        (None, None) => HostPlace::Own,
    }
}

/// Domains of Exchange Online's front ends and mail servers. Microsoft, "External Domain Name System records for
/// Microsoft 365" (autodiscover, MX) and "Office 365 URLs and IP address ranges" for its four clouds; `mx.microsoft` from
/// "How SMTP DNS-based Authentication of Named Entities works"; `outlook.de`, the German cloud that closed in 2021, still
/// stands in zones. An assumption all the same: names say where a host is meant to be, not what answers there.
const DOMAINS: [&str; 10] = [
    "outlook.com",
    "office.com",
    "office365.com",
    "onmicrosoft.com",
    "mx.microsoft",
    "office365.us",
    "onmicrosoft.us",
    "outlook.cn",
    "onmschina.cn",
    "outlook.de",
];

/// The domain by which a name is told to lie with Exchange Online.
fn domain_of(name: &str) -> Option<&'static str> {
    DOMAINS.into_iter().find(|domain| lies_in(name, domain))
}

/// Whether a name is a domain or lies below it; both in lower case.
fn lies_in(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|start| start.is_empty() || start.ends_with('.'))
}
