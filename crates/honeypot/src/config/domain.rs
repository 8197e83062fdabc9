//! `[[domain]]`: what all hosts of an Active Directory domain share.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::document::{Document, DocumentError};
use crate::persona::checked::{DnsName, LanguageTag, NetbiosName, OrganisationName, TimeZoneName};
use crate::persona::derive::derive;
use crate::persona::names::mailboxes;
use crate::persona::{Mailbox, languages};

/// The most users of a domain.
const USERS_MAX: usize = 2000;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainSection {
    pub dns_domain: Spanned<DnsName>,
    pub netbios_domain: NetbiosName,
    pub dns_forest: Option<DnsName>,
    pub organisation: OrganisationName,
    pub mail_domain: DnsName,
    pub external_name: DnsName,
    pub language: Spanned<LanguageTag>,
    pub time_zone: TimeZoneName,
    pub users: Spanned<usize>,
    pub seed: Spanned<String>,
}

/// A domain with the people in it.
pub(super) struct Domain {
    pub section: DomainSection,
    pub seed: [u8; 32],
    pub mailboxes: Arc<[Mailbox]>,
    /// Hosts so far.
    pub hosts: u32,
}

/// All domains, each with its people.
pub(super) fn domains(
    document: &Document,
    sections: Vec<DomainSection>,
) -> Result<Vec<Domain>, DocumentError> {
    let mut domains: Vec<Domain> = Vec::new();
    for section in sections {
        let name = &section.dns_domain;
        if domains
            .iter()
            .any(|other| other.section.dns_domain.get_ref() == name.get_ref())
        {
            return Err(document.error(
                Some(name.span()),
                format!("there are two tables for the domain {}", &**name.get_ref()),
                "describe a domain once: all its hosts share it",
            ));
        }
        domains.push(Domain::new(document, section)?);
    }
    Ok(domains)
}

impl Domain {
    fn new(document: &Document, section: DomainSection) -> Result<Self, DocumentError> {
        let language = section.language.get_ref();
        if !languages().any(|known| known == &***language) {
            let known: Vec<&str> = languages().collect();
            return Err(document.error(
                Some(section.language.span()),
                format!("there are no names in {}", &**language),
                format!("take one of {}", known.join(", ")),
            ));
        }
        let users = *section.users.get_ref();
        if users > USERS_MAX {
            return Err(document.error(
                Some(section.users.span()),
                format!("{users} users are too many"),
                format!("take at most {USERS_MAX}"),
            ));
        }
        let seed = parse_seed(section.seed.get_ref()).ok_or_else(|| {
            document.error(
                Some(section.seed.span()),
                "`seed` is not 64 hexadecimal digits",
                "take what `imker honeypot init` or `openssl rand -hex 32` writes",
            )
        })?;
        let mailboxes = mailboxes(&seed, language, users, &section.mail_domain).into();
        Ok(Self {
            section,
            seed,
            mailboxes,
            hosts: 0,
        })
    }

    /// An address in the domain's private network (RFC 1918), which its seed chooses; hosts count up.
    pub fn internal_address(&self) -> IpAddr {
        let [second, third, ..] = derive(&self.seed, &["internal network"]);
        let block = u32::from(Ipv4Addr::new(10, second, third & 0xf0, 0));
        let (subnet, host) = (self.hosts / 200, self.hosts % 200);
        Ipv4Addr::from(block + (subnet << 8) + 11 + host).into()
    }
}

fn parse_seed(text: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(seed)
}
