//! What lists show of sessions, sources, credentials and payloads.

use imker_honeypot::view::{Activity, Attacker, Credential, Payload, Session};
use imker_report::honeypot::account;

use super::event_line::of_chain;
use super::list::{ONLY_CSV, Row, time};

impl Row for Session {
    const COLUMNS: &'static [(&'static str, usize)] = &[
        ("session", 36),
        ("first_seen", 23),
        ("last_seen", 23),
        ("source", 15),
        ("clients", 7),
        ("country", 7),
        ("requests", 8),
        ("logons", 6),
        ("hosts", 12),
        ("reached", 30),
        ("user_agents", 0),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            time(self.first_seen),
            time(self.last_seen),
            self.source.to_string(),
            self.clients
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            country(self.place.as_ref()),
            self.activity.requests.to_string(),
            self.activity.credentials.to_string(),
            self.activity.hosts.join(" "),
            reached(&self.activity),
            self.activity.user_agents.join(" | "),
        ]
    }
}

impl Row for Attacker {
    const COLUMNS: &'static [(&'static str, usize)] = &[
        ("source", 15),
        ("country", 7),
        ("first_seen", 23),
        ("last_seen", 23),
        ("sessions", 8),
        ("requests", 8),
        ("attacks", 7),
        ("logons", 6),
        ("reached", 30),
        ("user_agents", 0),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.source.to_string(),
            country(self.place.as_ref()),
            time(self.first_seen),
            time(self.last_seen),
            self.sessions.to_string(),
            self.activity.requests.to_string(),
            self.activity.attacks.to_string(),
            self.activity.credentials.to_string(),
            reached(&self.activity),
            self.activity.user_agents.join(" | "),
        ]
    }
}

impl Row for Credential {
    const COLUMNS: &'static [(&'static str, usize)] = &[
        ("time", 23),
        ("source", 15),
        ("host", 6),
        ("scheme", 8),
        ("place", 16),
        ("own_domain", 10),
        ("domain", ONLY_CSV),
        ("username", 24),
        ("secret", 0),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            time(self.time),
            self.source.map(|source| source.to_string()).unwrap_or_default(),
            self.host.clone().unwrap_or_default(),
            self.scheme.clone(),
            self.place.clone(),
            if self.own_domain { "yes: reset it" } else { "" }.to_owned(),
            self.domain.clone().unwrap_or_default(),
            self.username.clone(),
            self.secret
                .as_ref()
                .map(|secret| secret.0.to_string())
                .unwrap_or_default(),
        ]
    }

    fn text_cells(&self) -> Vec<String> {
        let account = account(&self.username, self.domain.as_deref());
        Self {
            username: account,
            ..self.clone()
        }
        .cells()
    }
}

impl Row for Payload {
    const COLUMNS: &'static [(&'static str, usize)] = &[
        ("time", 23),
        ("source", 15),
        ("host", 6),
        ("bytes", 10),
        ("cut", 3),
        ("kept", 10),
        ("sha256", 64),
        ("name", 0),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            time(self.time),
            self.source.map(|source| source.to_string()).unwrap_or_default(),
            self.host.clone().unwrap_or_default(),
            self.bytes.to_string(),
            if self.cut { "yes" } else { "" }.to_owned(),
            self.kept.to_string(),
            self.sha256.clone(),
            self.name.clone().unwrap_or_default(),
        ]
    }
}

/// The furthest stage of each chain; a tick where it succeeded.
fn reached(activity: &Activity) -> String {
    let mut furthest: Vec<&imker_honeypot::view::ReachedStage> = Vec::new();
    for stage in &activity.stages {
        match furthest.iter_mut().find(|other| other.chain == stage.chain) {
            Some(other) if other.order <= stage.order => *other = stage,
            Some(_) => {}
            None => furthest.push(stage),
        }
    }
    let shown = furthest.iter().map(|stage| {
        let tick = if stage.succeeded { " ✓" } else { "" };
        format!("{}{tick}", of_chain(&stage.chain, &stage.stage))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn country(place: Option<&imker_event::ecs::Place>) -> String {
    place
        .and_then(|place| place.country_code.as_ref())
        .map(ToString::to_string)
        .unwrap_or_default()
}
