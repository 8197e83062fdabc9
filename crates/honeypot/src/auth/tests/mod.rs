#![allow(clippy::unwrap_used, clippy::disallowed_types)]

mod clients;
mod exchange;

use std::sync::Arc;

use imker_event::Content;
use imker_exchange::Build;

use super::*;
use crate::http::{Header, Request, Version};
use crate::persona::{Mailbox, Persona, Windows};

fn persona() -> Persona {
    Persona {
        name: "test".into(),
        build: Build([15, 1, 2176, 9]),
        windows: Windows::named("Windows Server 2016").unwrap(),
        netbios_name: "EX01".into(),
        netbios_domain: "EXAMPLE".into(),
        dns_domain: "corp.example.org".into(),
        dns_forest: "example.org".into(),
        external_name: "mail.example.org".into(),
        organisation: "First Organization".into(),
        language: "en-US".into(),
        time_zone: "Etc/UTC".into(),
        internal_address: "10.20.0.11".parse().unwrap(),
        mailboxes: [Mailbox {
            account: Arc::from("j.doe"),
            display_name: Arc::from("J. Doe"),
            address: Arc::from("j.doe@example.org"),
        }]
        .into(),
        seed: [7; 32],
    }
}

fn own_domains() -> OwnDomains {
    OwnDomains::new(["Example.ORG.", "EXAMPLE", " "])
}

/// A request whose headers are given as lines.
fn request(path: &str, headers: &[&str]) -> Request {
    let headers = headers.iter().map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        Header {
            name: name.into(),
            value: value.trim().into(),
        }
    });
    Request {
        version: Version::Http11,
        method: b"GET".to_vec(),
        target: path.into(),
        path: path.into(),
        query: None,
        headers: headers.collect(),
        head: Vec::new(),
        body: Vec::new(),
        content: Content::default(),
        complete: true,
    }
}

/// Asks with a fixed clock.
fn ask(schemes: Schemes, state: &mut State, headers: &[&str]) -> Decision {
    let request = request("/EWS/Exchange.asmx", headers);
    let asked = Asked {
        persona: &persona(),
        schemes,
        own_domains: &own_domains(),
        request: &request,
        now: "2021-08-12T10:15:00Z".parse().unwrap(),
    };
    check(&asked, state)
}

/// The headers, one a line.
fn lines(decision: &Decision) -> Vec<String> {
    let lines = decision
        .windows
        .iter()
        .chain(&decision.basic)
        .chain(&decision.diagnostics);
    lines.map(|(name, value)| format!("{name}: {value}")).collect()
}
