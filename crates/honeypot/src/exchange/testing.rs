//! A persona and a client for tests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use imker_event::Saw;
use jiff::Timestamp;

use super::ExchangeSite;
use crate::http::{ConnectionState, Header, Request, Response, Version, content_of};
use crate::persona::{Mailbox, Persona, Windows};
use crate::site::{Site as _, Visit};

/// A persona with everything but the build fixed.
pub(crate) fn persona(build: &str) -> Persona {
    let build: imker_exchange::Build = build.parse().unwrap_or(imker_exchange::Build([0; 4]));
    Persona {
        name: "test".into(),
        build,
        windows: Windows::named(if build.0[..2] == [15, 0] {
            "Windows Server 2012 R2"
        } else {
            "Windows Server 2019"
        })
        .unwrap_or(&Windows::ALL[0]),
        netbios_name: "EX01".into(),
        netbios_domain: "EXAMPLE".into(),
        dns_domain: "corp.example.org".into(),
        dns_forest: "corp.example.org".into(),
        external_name: "mail.example.org".into(),
        organisation: "First Organization".into(),
        language: "en-US".into(),
        time_zone: "Etc/UTC".into(),
        internal_address: IpAddr::V4(Ipv4Addr::new(10, 20, 0, 11)),
        mailboxes: [Mailbox {
            account: "j.doe".into(),
            display_name: "J. Doe".into(),
            address: "j.doe@example.org".into(),
        }]
        .into(),
        seed: [7; 32],
    }
}

/// A site of a build.
pub(crate) fn site(build: &str) -> ExchangeSite {
    ExchangeSite::new(Arc::new(persona(build)))
}

/// A request of HTTP/1.1 to `mail.example.org`.
pub(crate) fn request(method: &str, target: &str) -> Request {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.as_bytes().to_vec())),
        None => (target, None),
    };
    Request {
        version: Version::Http11,
        method: method.as_bytes().to_vec(),
        target: target.as_bytes().to_vec(),
        path: path.as_bytes().to_vec(),
        query,
        headers: vec![header("Host", "mail.example.org")],
        head: Vec::new(),
        body: Vec::new(),
        content: content_of(b"", 0),
        complete: true,
    }
}

/// A header.
pub(crate) fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.as_bytes().to_vec(),
        value: value.as_bytes().to_vec(),
    }
}

impl Request {
    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push(header(name, value));
        self
    }

    /// The same with a body.
    pub(crate) fn with_body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.content = content_of(body, body.len() as u64);
        self
    }
}

/// Asks a site over TLS at a fixed time.
pub(crate) fn ask(site: &ExchangeSite, request: &Request) -> (Response, Vec<Saw>) {
    ask_over(site, request, true)
}

/// Asks a site at a fixed time.
pub(crate) fn ask_over(site: &ExchangeSite, request: &Request, secure: bool) -> (Response, Vec<Saw>) {
    let mut state = ConnectionState::default();
    let mut visit = Visit {
        now: Timestamp::constant(1_629_000_538, 0),
        local: SocketAddr::from(([192, 0, 2, 10], 443)),
        secure,
        state: &mut state,
        observed: Vec::new(),
    };
    let response = site.answer(&mut visit, request);
    (response, visit.observed)
}

/// Status line and headers as they are sent, GUIDs replaced, without what the writer adds.
pub(crate) fn head(response: &Response) -> String {
    let mut head = format!("{} {}\n", response.status, response.reason);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {}\n", without_guids(value)));
    }
    head.push_str(&format!("[{} bytes]\n", response.body.len()));
    head
}

fn without_guids(text: &str) -> String {
    let mut rest = text;
    let mut out = String::new();
    while !rest.is_empty() {
        let candidate = rest.get(..36).filter(|guid| uuid::Uuid::try_parse(guid).is_ok());
        let step = match candidate {
            Some(_) => {
                out.push_str("{guid}");
                36
            }
            None => {
                let c = rest.chars().next().unwrap_or_default();
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[step..];
    }
    out
}
