//! What IIS and Exchange answer, path by path.
//!
//! Everything follows from the persona: its build decides which paths exist, which headers are sent, and which checks
//! for vulnerabilities find it open ([`crate::persona::Persona::is_open_to`]). No log-on ever succeeds, nothing that a
//! client sends is executed or connected to, and nothing of it is repeated without escapes. Sources of headers and their
//! order stand with the module that sends them; what no public source shows is marked as an assumption there.

mod activesync;
mod ask;
mod assets;
mod autodiscover;
mod confusion;
mod ecp;
mod errors;
mod ews;
mod forgery;
mod form;
mod healthcheck;
mod locale;
mod logon;
mod mapi;
mod oab;
mod owa;
mod path;
mod powershell;
mod reply;
mod resources;
mod rpc;
mod template;
mod token;
mod upload;
mod webshell;

use std::sync::Arc;

use bytes::Bytes;
use imker_exchange::{Fix, fix};
use jiff::Timestamp;
use jiff::tz::TimeZone;
pub use resources::{Resources, ResourcesError};
pub use upload::files_in;

use self::ask::Ask;
use self::path::Path;
use self::reply::Reply;
use crate::auth::{OwnDomains, Schemes};
use crate::http::{Request, Response};
use crate::persona::Persona;
use crate::site::{Site, Visit};

/// The web sites of a simulated Exchange server.
#[derive(Debug)]
pub struct ExchangeSite {
    persona: Arc<Persona>,
    own_domains: OwnDomains,
    /// `Server`.
    server: String,
    /// `X-OWA-Version`, on builds that send it with every answer.
    owa_version: Option<String>,
    /// Of static files.
    marks: assets::Marks,
    icon: Bytes,
    /// When the build came out.
    released: Timestamp,
    resources: Resources,
}

impl ExchangeSite {
    /// The site of a persona.
    pub fn new(persona: Arc<Persona>) -> Self {
        let marks = assets::Marks::new(&persona);
        Self {
            own_domains: OwnDomains::default(),
            server: format!("Microsoft-IIS/{}", persona.windows.iis),
            owa_version: sends_owa_version(&persona).then(|| persona.build_short()),
            icon: assets::icon(&marks).into(),
            marks,
            released: persona
                .released()
                .and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok())
                .unwrap_or(Timestamp::MAX),
            resources: Resources::default(),
            persona,
        }
    }

    /// Serves these files in place of ours.
    #[must_use]
    pub fn with_resources(mut self, resources: Resources) -> Self {
        self.resources = resources;
        self
    }

    /// Flags log-ons to these domains as the operator's own.
    #[must_use]
    pub fn with_own_domains(mut self, own_domains: OwnDomains) -> Self {
        self.own_domains = own_domains;
        self
    }
}

impl Site for ExchangeSite {
    fn answer(&self, visit: &mut Visit<'_>, request: &Request) -> Response {
        let path = Path::new(&request.path);
        let mut ask = Ask {
            site: self,
            request,
            path: &path,
            now: visit.now,
            secure: visit.secure,
            own_domains: &self.own_domains,
            state: visit.state,
            saw: &mut visit.observed,
            asked_to_log_on: false,
        };
        webshell::observe(&mut ask);
        upload::observe(&mut ask);
        let response = route(&mut ask);
        ask.observe_credentials();
        response
    }
}

fn route(ask: &mut Ask<'_>) -> Response {
    let path = ask.path;
    let (vdir, rest) = path.split_first();
    let managed = matches!(
        vdir,
        "owa" | "ecp" | "ews" | "autodiscover" | "microsoft-server-activesync"
    );
    if path.is_dangerous() {
        return if managed {
            errors::bad_request(ask)
        } else {
            errors::not_found(ask)
        };
    }
    // TLS is required of the whole site but for `PowerShell`; OWA's and ECP's redirect to the form comes first.
    if !ask.secure && vdir != "powershell" {
        return plain(ask, vdir, rest);
    }
    if rest == "/healthcheck.htm" && is_virtual_directory(vdir) {
        return healthcheck::answer(ask);
    }
    match vdir {
        "" => to_owa(ask),
        "owa" => owa::answer(ask, rest),
        "ecp" => ecp::answer(ask, rest),
        "ews" => ews::answer(ask),
        "autodiscover" => autodiscover::answer(ask, rest),
        "mapi" => mapi::answer(ask),
        "rpc" => rpc::answer(ask),
        "oab" => oab::answer(ask),
        "microsoft-server-activesync" => activesync::answer(ask),
        "powershell" => powershell::answer(ask),
        // REST, from 2016 on.
        "api" if !ask.is_2013() => ask.unauthorised(Schemes::EWS).build(),
        "aspnet_client" => match rest.trim_end_matches('/') {
            "" | "/system_web" | "/system_web/4_0_30319" => directory(ask),
            _ => errors::not_found(ask),
        },
        _ => errors::not_found(ask),
    }
}

/// A directory without a default document; IIS leads its name without `/` to the one with it.
fn directory(ask: &Ask<'_>) -> Response {
    if ask.path.text.ends_with('/') || !ask.reads() {
        return errors::no_list(ask);
    }
    let location = format!("{}{}/", ask.origin(), ask.path.text);
    let escaped = form::html_escaped(&location).into_owned();
    let body = format!(
        "<head><title>Document Moved</title></head>\n<body><h1>Object Moved</h1>This document may be found <a HREF=\"{escaped}\">here</a></body>"
    );
    let mut reply = Reply::iis(ask, 301).body("text/html; charset=UTF-8", body.into_bytes());
    reply.location = Some(location);
    reply.build()
}

/// Directories that load balancers ask for their health.
fn is_virtual_directory(vdir: &str) -> bool {
    matches!(
        vdir,
        "owa"
            | "ecp"
            | "ews"
            | "mapi"
            | "oab"
            | "rpc"
            | "autodiscover"
            | "microsoft-server-activesync"
            | "powershell"
    )
}

/// `/`: to OWA. Without `Host` (HTTP/1.0) the address is the one that the server itself has.
fn to_owa(ask: &Ask<'_>) -> Response {
    let mut reply = Reply::front(ask, 302);
    reply.reason = Some("Moved Temporarily");
    reply.cache_control = Some("no-cache");
    reply.pragma = Some("no-cache");
    reply.location = Some(format!("https://{}/owa/", ask.host()));
    reply.request_id = false;
    reply.owa_version = None;
    reply.without_powered_by().build()
}

/// Plain HTTP. OWA and ECP lead to the form over HTTPS; credentials sent to the form's target are recorded, as the
/// request is.
fn plain(ask: &mut Ask<'_>, vdir: &str, rest: &str) -> Response {
    match vdir {
        "owa" if rest == "/auth.owa" => {
            owa::observe(ask);
            errors::forbidden(ask)
        }
        "owa" | "ecp" if ask.reads() && !rest.starts_with("/auth/") && rest != "/healthcheck.htm" => {
            owa::demand_log_on(ask)
        }
        _ => errors::forbidden(ask),
    }
}

/// Whether a build sends `X-OWA-Version` with every answer: those from the July 2021 updates on (CERT.at's
/// exchange-scans), which are the ones that fix CVE-2021-31196.
fn sends_owa_version(persona: &Persona) -> bool {
    fix(persona.build, "CVE-2021-31196") == Fix::Fixed
}

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod probe_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
