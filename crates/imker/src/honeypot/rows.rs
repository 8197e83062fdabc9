//! What lists show of sessions, sources, credentials and payloads.

use imker_honeypot::view::{Activity, Attacker, Credential, Payload, ReachedStage, Session};
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

/// The furthest stage of each chain that succeeded, with a tick, and in parentheses the furthest that was only tried
/// beyond it.
fn reached(activity: &Activity) -> String {
    let by_chain = activity.stages.chunk_by(|one, other| one.chain == other.chain);
    let shown = by_chain.filter_map(|stages| {
        let furthest = stages.iter().max_by_key(|stage| stage.order)?;
        let name = |stage: &ReachedStage| of_chain(&stage.chain, &stage.stage);
        let succeeded = stages.iter().filter(|stage| stage.succeeded);
        Some(match succeeded.max_by_key(|stage| stage.order) {
            None => name(furthest),
            Some(succeeded) if furthest.order > succeeded.order => {
                format!("{} ✓ ({})", name(succeeded), furthest.stage)
            }
            Some(succeeded) => format!("{} ✓", name(succeeded)),
        })
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn country(place: Option<&imker_event::ecs::Place>) -> String {
    place
        .and_then(|place| place.country_code.as_ref())
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_succeeded_is_not_hidden_by_what_was_only_tried() {
        let stage = |chain: &str, stage: &str, order, succeeded| ReachedStage {
            chain: chain.to_owned(),
            stage: stage.to_owned(),
            order,
            succeeded,
            first_seen: Timestamp::UNIX_EPOCH,
        };
        let shown = |stages: &[ReachedStage]| {
            reached(&Activity {
                stages: stages.to_vec(),
                ..Activity::default()
            })
        };
        let probe = |succeeded| stage("ProxyShell", "probe", 1, succeeded);
        let powershell = |succeeded| stage("ProxyShell", "powershell", 4, succeeded);
        assert_eq!(shown(&[]), "");
        assert_eq!(shown(&[probe(true)]), "ProxyShell probe ✓");
        assert_eq!(
            shown(&[probe(true), powershell(false)]),
            "ProxyShell probe ✓ (powershell)"
        );
        assert_eq!(
            shown(&[probe(false), powershell(true)]),
            "ProxyShell powershell ✓"
        );
        assert_eq!(
            shown(&[
                stage("OWASSRF", "probe", 1, false),
                probe(false),
                powershell(false)
            ]),
            "OWASSRF probe, ProxyShell powershell"
        );
    }
}
