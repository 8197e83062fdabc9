//! `[[domain]]` and `[[host]]`: who is simulated where.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imker_event::Service;
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::addresses::{Addresses, Item, numbered};
use super::domain::{Domain, DomainSection, domains};
use super::taken::Taken;
use crate::document::{Document, DocumentError};
use crate::persona::certificate::CertificateSource;
use crate::persona::checked::{DnsName, NetbiosName};
use crate::persona::template::Template;
use crate::persona::{Persona, built_in_names};

/// The most hosts that one process simulates.
const HOSTS_MAX: usize = 1024;

/// The seed of `examples/honeypot.toml`: ASCII for `the example's seed, loopback only`.
const EXAMPLE_SEED: [u8; 32] = *b"the example's seed,loopback only";

/// A simulated host.
#[derive(Debug, Clone)]
pub struct Host {
    /// The line of the configuration that its addresses are in.
    pub line: usize,
    /// Who it is.
    pub persona: Arc<Persona>,
    /// Where it listens.
    pub listens: Vec<Listen>,
    /// Where its certificate comes from.
    pub certificate: CertificateSource,
    /// A folder of static files that take the place of ours.
    pub resources: Option<PathBuf>,
    /// Whether connections begin with a header of the PROXY protocol.
    pub proxy_protocol: ProxyProtocol,
    /// Networks whose PROXY headers and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// A place to listen at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listen {
    /// Address and TCP port.
    pub address: SocketAddr,
    /// What is spoken there.
    pub service: Service,
}

/// Whether connections from trusted proxies begin with a header of HAProxy's PROXY protocol, version 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyProtocol {
    /// They do not.
    #[default]
    Off,
    /// They do, or are closed. Connections from elsewhere are served without one, under their own address.
    Trusted,
}

/// `[[host]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostSection {
    pub name: Spanned<NetbiosName>,
    persona: Spanned<String>,
    domain: Option<Spanned<DnsName>>,
    pub addresses: Spanned<Vec<Spanned<Item>>>,
    #[serde(default = "default_https")]
    pub https: Vec<Spanned<u16>>,
    #[serde(default = "default_http")]
    pub http: Vec<Spanned<u16>>,
    external_name: Option<DnsName>,
    internal_address: Option<Spanned<IpAddr>>,
    #[serde(default)]
    certificate: CertificateSection,
    resources: Option<PathBuf>,
    #[serde(default)]
    proxy_protocol: ProxyProtocol,
    #[serde(default)]
    trusted_proxies: Vec<Item>,
}

fn default_https() -> Vec<Spanned<u16>> {
    vec![Spanned::new(0..0, 443)]
}

fn default_http() -> Vec<Spanned<u16>> {
    vec![Spanned::new(0..0, 80)]
}

/// `certificate = { pem = "...", key = "..." }` or `{ pkcs12 = "...", password = "..." }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CertificateSection {
    pem: Option<Spanned<PathBuf>>,
    key: Option<PathBuf>,
    pkcs12: Option<Spanned<PathBuf>>,
    password: Option<String>,
}

/// All hosts, each with its own addresses.
pub(super) fn hosts(
    document: &Document,
    domain_sections: Vec<DomainSection>,
    sections: Vec<HostSection>,
) -> Result<Vec<Host>, DocumentError> {
    if sections.is_empty() {
        return Err(document.error(
            None,
            "there is no [[host]]",
            "add one; `imker honeypot init` writes a whole file",
        ));
    }
    let mut domains = domains(document, domain_sections)?;
    let mut hosts = Vec::new();
    let mut taken = Taken::default();
    for section in sections {
        let domain = section.domain(document, &mut domains)?;
        let template = section.template(document)?;
        section.check(document, domain)?;
        let addresses = Addresses::new(document, &section.addresses, HOSTS_MAX - hosts.len())?;
        for index in 0..addresses.hosts() {
            let name = taken.name(document, &section, domain, index)?;
            let listens = taken.listens(document, &section, &addresses.of(index), &name)?;
            let persona = section.persona(&template, domain, &name, index);
            hosts.push(Host {
                line: document.line(section.addresses.span().start),
                persona: Arc::new(persona),
                listens,
                certificate: section.certificate.source(document)?,
                resources: section
                    .resources
                    .as_deref()
                    .map(|folder| document.resolve(folder)),
                proxy_protocol: section.proxy_protocol,
                trusted_proxies: section.trusted_proxies.iter().map(|item| item.net()).collect(),
            });
            domain.hosts += 1;
        }
    }
    Ok(hosts)
}

impl HostSection {
    fn domain<'d>(
        &self,
        document: &Document,
        domains: &'d mut [Domain],
    ) -> Result<&'d mut Domain, DocumentError> {
        let names: Vec<String> = domains
            .iter()
            .map(|domain| domain.section.dns_domain.get_ref().to_string())
            .collect();
        let found = match (&self.domain, domains.len()) {
            (None, 1) => Some(0),
            (None, _) => None,
            (Some(name), _) => names.iter().position(|known| **known == ***name.get_ref()),
        };
        let what = match &self.domain {
            None => format!(
                "{} belongs to none of {} domains",
                &**self.name.get_ref(),
                names.len()
            ),
            Some(name) => format!("there is no [[domain]] {}", &**name.get_ref()),
        };
        match found {
            Some(index) => Ok(&mut domains[index]),
            None => Err(document.error(
                Some(self.domain.as_ref().map_or(self.name.span(), Spanned::span)),
                what,
                if names.is_empty() {
                    "add a [[domain]]; `imker honeypot init` writes a whole file".to_owned()
                } else {
                    format!("set `domain` to one of {}", names.join(", "))
                },
            )),
        }
    }

    fn template(&self, document: &Document) -> Result<Template, DocumentError> {
        let name = self.persona.get_ref();
        if name.ends_with(".toml") {
            return Template::read(&document.resolve(Path::new(name)));
        }
        Template::built_in(name).unwrap_or_else(|| {
            let known: Vec<&str> = built_in_names().collect();
            Err(document.error(
                Some(self.persona.span()),
                format!("there is no persona `{}`", name.escape_debug()),
                format!("name a file that ends in .toml, or one of {}", known.join(", ")),
            ))
        })
    }

    /// What depends on more than one key.
    fn check(&self, document: &Document, domain: &Domain) -> Result<(), DocumentError> {
        let wrong =
            |span: Range<usize>, what: &str, remedy: &str| Err(document.error(Some(span), what, remedy));
        if self.proxy_protocol == ProxyProtocol::Trusted && self.trusted_proxies.is_empty() {
            return wrong(
                self.name.span(),
                "nobody is trusted with `proxy_protocol`",
                "name the load balancers in `trusted_proxies`",
            );
        }
        let outside = |item: &Spanned<Item>| !item.get_ref().net().addr().is_loopback();
        if domain.seed == EXAMPLE_SEED && self.addresses.get_ref().iter().any(outside) {
            return wrong(
                self.addresses.span(),
                "everybody knows the example's seed, and with it every name that comes of it",
                "let `imker honeypot init` write a configuration of your own",
            );
        }
        if self.https.is_empty() && self.http.is_empty() {
            return wrong(
                self.name.span(),
                "the host has no port",
                "give it `https` or `http` ports",
            );
        }
        Ok(())
    }

    fn persona(&self, template: &Template, domain: &Domain, name: &NetbiosName, index: usize) -> Persona {
        let shared = &domain.section;
        let dns_domain = Arc::clone(shared.dns_domain.get_ref());
        let internal_address = self
            .internal_address
            .as_ref()
            .and_then(|first| numbered(*first.get_ref(), index))
            .unwrap_or_else(|| domain.internal_address());
        Persona {
            name: self.persona.get_ref().as_str().into(),
            build: template.build,
            windows: template.windows,
            netbios_name: Arc::clone(name),
            netbios_domain: Arc::clone(&shared.netbios_domain),
            dns_forest: Arc::clone(shared.dns_forest.as_deref().unwrap_or(&dns_domain)),
            dns_domain,
            external_name: Arc::clone(self.external_name.as_ref().unwrap_or(&shared.external_name)),
            organisation: Arc::clone(&shared.organisation),
            language: Arc::clone(shared.language.get_ref()),
            time_zone: Arc::clone(&shared.time_zone),
            internal_address,
            mailboxes: Arc::clone(&domain.mailboxes),
            seed: domain.seed,
        }
    }
}

impl CertificateSection {
    fn source(&self, document: &Document) -> Result<CertificateSource, DocumentError> {
        match (&self.pem, &self.key, &self.pkcs12, &self.password) {
            (None, None, None, None) => Ok(CertificateSource::SelfSigned),
            (Some(pem), Some(key), None, None) => Ok(CertificateSource::Pem {
                certificate: document.resolve(pem.get_ref()),
                key: document.resolve(key),
            }),
            (None, None, Some(file), password) => Ok(CertificateSource::Pkcs12 {
                file: document.resolve(file.get_ref()),
                password: password.clone().unwrap_or_default(),
            }),
            (pem, _, pkcs12, _) => Err(document.error(
                pem.as_ref().or(pkcs12.as_ref()).map(Spanned::span),
                "`certificate` takes `pem` and `key`, or `pkcs12` and its `password`",
                "give one of the two pairs, or leave it out for a certificate like Exchange's own",
            )),
        }
    }
}
