use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use imker_sigma::{Correlator, RuleIndex, RuleSet};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::classify::classify;
use crate::coverage::CoverageBook;
use crate::digest::Digest;
use crate::findings::{self, Observed};
use crate::group::AttackBook;
use crate::join::{Joiner, Request};
use crate::model::{Findings, OrdinaryCount, Outcome, Sighting};
use crate::names::Names;
use crate::rulebook::{Role, RuleBook};
use crate::side::Aside;
use crate::tables::Tables;
use crate::tally::Tallies;

/// The owner's own checks: labelled, never hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnScanner {
    /// Requests from this network.
    Network(IpNet),
    /// Requests whose user agent contains this, letter case aside.
    UserAgent(String),
}

/// What the user said about the network and the report.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The owner's own checks.
    pub own_scanners: Vec<OwnScanner>,
    /// Proxies whose `X-Forwarded-For` is believed, read from right to left.
    pub trusted_proxies: Vec<IpNet>,
}

/// What one sighting was taken for, for outputs that show every match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// Chain, as in [`Attack::chain`](crate::Attack::chain).
    pub chain: Arc<str>,
    /// Stage, as in [`Stage::name`](crate::Stage::name).
    pub stage: Arc<str>,
    /// What became of the request.
    pub outcome: Outcome,
    /// The client as judged.
    pub client: Option<IpAddr>,
}

/// A client some of whose requests succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspect {
    /// The client.
    pub client: IpAddr,
    /// Its first success.
    pub since: Timestamp,
}

/// All that a suspect did from its first success on, told by a second reading of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuspectTraffic {
    /// The client.
    pub client: IpAddr,
    /// Requests, matched by rules or not.
    pub requests: u64,
    /// The most requests in one clock hour.
    pub requests_per_hour_max: u64,
    /// Bytes sent to it; `None` where no log carries them.
    pub bytes_sent: Option<u64>,
}

/// Clients that [`Detector::suspects`] names at most.
const SUSPECTS: usize = 1000;

/// Puts attacks together from sightings in order of time.
///
/// Correlation rules see each request once, with the client as judged; lines that are known as ordinary and match
/// nothing else are counted by log and do not reach them.
///
/// Memory is bounded whatever the input: a request waits a minute for the rows of other logs, and at most 4096
/// requests wait; 1000 attacks are kept, the rest counted, and the verdict rests on all of them; an attack keeps
/// 100 clients, and of each stage and rule the first two requests, the first success and the last.
#[derive(Debug)]
pub struct Detector<'r> {
    correlator: Option<Correlator<'r>>,
    joiner: Joiner,
    observed: Observed,
    suspects: BTreeMap<IpAddr, Timestamp>,
}

impl<'r> Detector<'r> {
    /// A detector for `servers`, in the order of [`ServerId`](crate::ServerId).
    pub fn new(rules: &'r RuleSet, settings: Settings, servers: Vec<Arc<str>>) -> Self {
        let book = RuleBook::new(rules.rules(), Tables::built_in(), |index| rules.generates(index));
        Self {
            correlator: Some(Correlator::new(rules)),
            ..Self::with_book(book, settings, servers)
        }
    }

    pub(crate) fn with_book(book: RuleBook, settings: Settings, servers: Vec<Arc<str>>) -> Self {
        Self {
            correlator: None,
            joiner: Joiner::default(),
            observed: Observed {
                book,
                settings,
                names: Names::new(servers),
                attacks: AttackBook::default(),
                tallies: Tallies::default(),
                aside: Aside::default(),
            },
            suspects: BTreeMap::new(),
        }
    }

    /// Takes a sighting; they come in ascending order of time. `None`: not part of an attack's chain.
    pub fn observe(&mut self, sighting: &Sighting) -> Option<Classified> {
        let Observed {
            book,
            settings,
            aside,
            ..
        } = &mut self.observed;
        let is_ordinary = book
            .with_role(&sighting.rules, |role| role != Role::Normal)
            .next()
            .is_none();
        if is_ordinary {
            aside.add_normal(sighting, book);
            return None;
        }
        let row = classify(sighting, book, settings);
        let classified = row.step.map(|step| {
            let tables = &book.tables;
            Classified {
                chain: tables.chain_of(step.stage).clone(),
                stage: tables.stage(step.stage).name.clone(),
                outcome: step.outcome,
                client: row.client,
            }
        });
        let mut ready = Vec::new();
        self.joiner.push(row, &mut ready);
        for request in ready {
            self.take(&request);
        }
        classified
    }

    /// Takes a count of lines that are known as ordinary and match nothing else, as [`is_ordinary`](crate::is_ordinary)
    /// tells; such lines need not be sightings.
    pub fn count_ordinary(&mut self, lines: &OrdinaryCount) {
        self.observed.aside.count_normal(lines);
    }

    fn take(&mut self, request: &Request) {
        if let Some(correlator) = &mut self.correlator {
            let rules: BTreeSet<RuleIndex> = request
                .rows
                .iter()
                .flat_map(|row| row.sighting.rules.iter().copied())
                .collect();
            let mut seen = request.primary().sighting.request.clone();
            seen.client = request.client();
            seen.time = request.time;
            correlator.observe(&seen, &rules.into_iter().collect::<Vec<_>>());
        }
        let Observed {
            book,
            attacks,
            tallies,
            aside,
            ..
        } = &mut self.observed;
        let Some(digest) = Digest::of(request, book) else {
            aside.add(request, Outcome::Unclear, book);
            return;
        };
        aside.add(request, digest.outcome, book);
        let exploited = attacks.add(&digest, book);
        tallies.add(&digest, exploited);
        if let Some(client) = digest.client.filter(|_| digest.succeeded())
            && self.suspects.len() < SUSPECTS
        {
            self.suspects.entry(client).or_insert(digest.time);
        }
    }

    fn flush(&mut self) {
        for request in self.joiner.drain() {
            self.take(&request);
        }
    }

    /// Clients that succeeded, for the second reading, the earliest first; to be asked after the last sighting.
    pub fn suspects(&mut self) -> Vec<Suspect> {
        self.flush();
        let mut suspects: Vec<Suspect> = self
            .suspects
            .iter()
            .map(|(client, since)| Suspect {
                client: *client,
                since: *since,
            })
            .collect();
        suspects.sort_by_key(|suspect| (suspect.since, suspect.client));
        suspects
    }

    /// The findings. `complete` is false where some of the logs could not be read.
    pub fn finish(mut self, coverage: &CoverageBook, traffic: &[SuspectTraffic], complete: bool) -> Findings {
        self.flush();
        let Self {
            correlator, observed, ..
        } = self;
        let fired = correlator
            .map(|correlator| findings::correlations(correlator, &observed.book))
            .unwrap_or_default();
        findings::findings(observed, fired, coverage, traffic, complete)
    }
}
