//! What is noted beside attacks: reconnaissance, indicators, ordinary traffic.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use imker_sigma::RuleIndex;

use crate::join::Request;
use crate::model::{
    IndicatorSeen, NormalTraffic, OrdinaryCount, Outcome, Reconnaissance, RuleNamed, ServerId, Sighting,
    Span, Vantage,
};
use crate::names::Names;
use crate::rulebook::{Role, RuleBook};
use crate::sample::{Budget, Kept, evidence};
use crate::statements;

/// Entries of reconnaissance kept; further clients of a rule are added up without an address.
const RECONNAISSANCE: usize = 1000;
/// Indicators of which lines are kept.
const INDICATORS: usize = 1000;
/// Clients named of one indicator.
const CLIENTS: usize = 20;

#[derive(Debug)]
struct Noted {
    count: u64,
    span: Span,
    first: Arc<Kept>,
}

#[derive(Debug)]
struct Seen {
    count: u64,
    span: Span,
    clients: BTreeSet<IpAddr>,
    first: Vec<Arc<Kept>>,
    last: Vec<Arc<Kept>>,
}

type ReconKey = (RuleIndex, Option<IpAddr>, Option<usize>);

#[derive(Debug, Default)]
pub(crate) struct Aside {
    reconnaissance: BTreeMap<ReconKey, Noted>,
    indicators: BTreeMap<RuleIndex, Seen>,
    /// Rows by vantage; one request has one row in each.
    normal: BTreeMap<(RuleIndex, ServerId), BTreeMap<Vantage, u64>>,
    budget: Budget,
}

impl Aside {
    /// Counts a line that is ordinary and nothing else; such lines are too many to wait for their fellows.
    pub fn add_normal(&mut self, sighting: &Sighting, book: &RuleBook) {
        for (index, _) in book.with_role(&sighting.rules, |role| role == Role::Normal) {
            self.count_normal(&OrdinaryCount {
                rule: index,
                server: sighting.server,
                vantage: sighting.vantage,
                count: 1,
            });
        }
    }

    pub fn count_normal(&mut self, lines: &OrdinaryCount) {
        let rows = self.normal.entry((lines.rule, lines.server)).or_default();
        *rows.entry(lines.vantage).or_default() += lines.count;
    }

    pub fn add(&mut self, request: &Request, outcome: Outcome, book: &RuleBook) {
        let rules: BTreeSet<RuleIndex> = request
            .rows
            .iter()
            .flat_map(|row| row.sighting.rules.iter().copied())
            .collect();
        let own = request.rows.iter().find_map(|row| row.own);
        for index in rules {
            match book.get(index).map(|info| info.role) {
                Some(Role::Reconnaissance) => self.note((index, request.client(), own), request, outcome),
                Some(Role::Indicator) => self.see(index, request, outcome),
                _ => {}
            }
        }
    }

    fn note(&mut self, mut key: ReconKey, request: &Request, outcome: Outcome) {
        if self.reconnaissance.len() >= RECONNAISSANCE && !self.reconnaissance.contains_key(&key) {
            key.1 = None;
        }
        let time = request.time;
        let budget = &self.budget;
        let noted = self.reconnaissance.entry(key).or_insert_with(|| Noted {
            count: 0,
            span: Span { from: time, to: time },
            first: Kept::new(request.primary(), "reconnaissance".into(), outcome, budget),
        });
        noted.count += 1;
        noted.span.to = noted.span.to.max(time);
    }

    fn see(&mut self, index: RuleIndex, request: &Request, outcome: Outcome) {
        let time = request.time;
        let lines = self.indicators.len() < INDICATORS || self.indicators.contains_key(&index);
        let rows = || Kept::request(request, &"indicator".into(), outcome, &self.budget);
        let seen = self.indicators.entry(index).or_insert_with(|| Seen {
            count: 0,
            span: Span { from: time, to: time },
            clients: BTreeSet::new(),
            first: if lines { rows() } else { Vec::new() },
            last: Vec::new(),
        });
        if seen.count > 0 && !seen.first.is_empty() {
            seen.last = rows();
        }
        seen.count += 1;
        seen.span.to = seen.span.to.max(time);
        if seen.clients.len() < CLIENTS {
            seen.clients.extend(request.client());
        }
    }

    pub fn reconnaissance(
        &self,
        book: &RuleBook,
        names: &Names,
        label: impl Fn(usize) -> Option<String>,
    ) -> Vec<Reconnaissance> {
        let entry = |(key, noted): (&ReconKey, &Noted)| {
            let (index, client, own) = *key;
            Some(Reconnaissance {
                rule: book.get(index)?.named.clone(),
                client: client.map(|client| client.to_string()),
                own_scanner: own.and_then(&label),
                count: noted.count,
                span: noted.span,
                example: noted.first.evidence(book, names),
            })
        };
        self.reconnaissance.iter().filter_map(entry).collect()
    }

    pub fn indicators(&self, book: &RuleBook, names: &Names) -> Vec<IndicatorSeen> {
        let entry = |(index, seen): (&RuleIndex, &Seen)| {
            let named = &book.get(*index)?.named;
            Some(IndicatorSeen {
                indicator: as_given(named),
                source: named.source.clone(),
                clients: seen.clients.iter().map(ToString::to_string).collect(),
                count: seen.count,
                span: seen.span,
                evidence: evidence(seen.first.iter().chain(&seen.last), book, names),
            })
        };
        self.indicators.iter().filter_map(entry).collect()
    }

    /// Ordinary traffic: a request counts once on each server, however many logs saw it.
    pub fn normal(&self, book: &RuleBook) -> Vec<NormalTraffic> {
        let mut counts: BTreeMap<RuleIndex, u64> = BTreeMap::new();
        for ((index, _), rows) in &self.normal {
            *counts.entry(*index).or_default() += rows.values().max().copied().unwrap_or(0);
        }
        let entry = |(index, count): (RuleIndex, u64)| {
            let info = book.get(index)?;
            let why = statements::normal(info.normal.as_deref().unwrap_or_default(), &info.named.title);
            Some(NormalTraffic {
                rule: info.named.clone(),
                count,
                why,
            })
        };
        counts.into_iter().filter_map(entry).collect()
    }
}

/// An indicator as the user gave it; its rule's id is `indicator/<kind>/<value>`.
fn as_given(rule: &RuleNamed) -> String {
    let value = rule
        .id
        .strip_prefix("indicator/")
        .and_then(|rest| rest.split_once('/'));
    value.map_or_else(|| rule.title.clone(), |(_, value)| value.to_owned())
}
