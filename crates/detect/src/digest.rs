//! A joined request, boiled down to what grouping and verdict need.

use std::collections::BTreeSet;
use std::net::IpAddr;

use imker_sigma::RuleIndex;
use jiff::Timestamp;

use crate::attribution;
use crate::classify::Step;
use crate::join::Request;
use crate::model::{Outcome, ServerId, Vantage};
use crate::rulebook::{Role, RuleBook};
use crate::tables::{ChainId, StageId, StageKind};

/// A step of an attack.
#[derive(Debug)]
pub(crate) struct Digest<'a> {
    pub request: &'a Request,
    pub time: Timestamp,
    pub stage: StageId,
    pub chain: ChainId,
    pub kind: StageKind,
    pub outcome: Outcome,
    pub client: Option<IpAddr>,
    /// The owner's own check, as a place in the settings; never a success beyond a probe.
    pub own: Option<usize>,
    /// The server nearest to the client.
    pub server: ServerId,
    /// Every server whose logs tell of the request, with the outcome by its own rows.
    pub servers: Vec<(ServerId, Outcome)>,
    /// Attack rules that matched any row, ascending.
    pub rules: BTreeSet<RuleIndex>,
    /// The script asked for, in a webshell stage.
    pub shell: Option<&'a str>,
    /// Whether the path confusion's shape needs user or build to name its flaw.
    pub shared_shape: bool,
    /// Whether a person had logged on.
    pub user: bool,
    /// Whether the build had the fix, where a row carries a build.
    pub fixed: Option<bool>,
    /// Whether another log tells the same success.
    pub corroborated: bool,
    /// Whether the back end's status tells otherwise.
    pub contradicted: bool,
}

impl<'a> Digest<'a> {
    /// `None` where no row is a step of an attack.
    pub fn of(request: &'a Request, book: &RuleBook) -> Option<Self> {
        let Step { stage, outcome } = request.step()?;
        let primary = request.primary();
        let kind = book.tables.kind(stage);
        let mut servers: Vec<(ServerId, Outcome)> = Vec::new();
        for row in &request.rows {
            let server = row.sighting.server;
            if servers.iter().all(|(known, _)| *known != server) {
                servers.push((server, request.outcome(|row| row.sighting.server == server)));
            }
        }
        let chain = book.tables.chain_of(stage);
        let family = [attribution::PROXYSHELL, attribution::PROXYNOTSHELL].contains(&&**chain);
        let attack_rules = request.rows.iter().flat_map(|row| {
            book.with_role(&row.sighting.rules, |role| matches!(role, Role::Attack(_)))
                .map(|(index, _)| index)
        });
        let succeeded = outcome == Outcome::Succeeded;
        let own = request.rows.iter().find_map(|row| row.own);
        Some(Self {
            request,
            time: request.time,
            stage,
            chain: book.tables.stage(stage).chain,
            kind,
            outcome,
            client: request.client(),
            // Anyone can send a user agent and many share an address: a label must not make a break-in harmless.
            own: own.filter(|_| !succeeded || kind <= StageKind::Probe),
            server: primary.sighting.server,
            servers,
            rules: attack_rules.collect(),
            shell: primary
                .script
                .as_deref()
                .filter(|path| kind == StageKind::Webshell && !imker_exchange::is_shipped_script(path)),
            shared_shape: family && request.rows.iter().any(|row| row.target.confused),
            user: request.rows.iter().any(|row| row.user),
            fixed: request.rows.iter().find_map(|row| row.fixed),
            corroborated: succeeded && corroborated(request),
            contradicted: succeeded && contradicted(request),
        })
    }

    /// Whether only back-end logs tell of it.
    pub fn back_end_only(&self) -> bool {
        self.request
            .rows
            .iter()
            .all(|row| row.sighting.vantage == Vantage::BackEnd)
    }

    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Succeeded
    }
}

/// Two kinds of log, or the proxy's two statuses, agree on a success.
fn corroborated(request: &Request) -> bool {
    let good = |status: Option<u16>| status.is_some_and(|status| status < 400);
    let rows = || request.rows.iter().map(|row| &row.sighting);
    let vantages: BTreeSet<Vantage> = rows()
        .filter(|row| good(row.request.status))
        .map(|row| row.vantage)
        .collect();
    vantages.len() > 1 || rows().any(|row| good(row.request.status) && good(row.request.backend_status))
}

/// The back end failed or refused what the client was told had worked.
fn contradicted(request: &Request) -> bool {
    request.rows.iter().map(|row| &row.sighting).any(|row| {
        let back_end = match row.vantage {
            Vantage::BackEnd => row.request.status,
            _ => row.request.backend_status,
        };
        back_end.is_some_and(|status| status >= 400)
    })
}
