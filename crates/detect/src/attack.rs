//! One attack as it grows.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use imker_sigma::RuleIndex;
use jiff::Timestamp;

use crate::attribution::{self, Flaw, PATH_CONFUSION, PROXYNOTSHELL, PROXYSHELL};
use crate::digest::Digest;
use crate::model::{Attack, BuildSeen, Outcome, ServerId, Stage, Verdict};
use crate::names::Names;
use crate::rulebook::RuleBook;
use crate::sample::{Budget, Kept, Sample, evidence};
use crate::tables::{ChainId, StageId, StageKind};

/// Addresses kept of one attack.
const CLIENTS: usize = 100;
/// Webshell paths kept of one attack.
const WEBSHELLS: usize = 50;
/// Rules of a stage for which lines are kept; further ones are named.
const SAMPLED_RULES: usize = 12;

#[derive(Debug)]
struct StageSum {
    outcomes: BTreeMap<Outcome, u64>,
    first: Timestamp,
    last: Timestamp,
    first_success: Option<Timestamp>,
    rules: BTreeSet<RuleIndex>,
    samples: BTreeMap<RuleIndex, Sample>,
}

impl StageSum {
    fn join(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.first_success = self.first_success.into_iter().chain(other.first_success).min();
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.rules.extend(other.rules);
        for (rule, sample) in other.samples {
            if self.samples.len() < SAMPLED_RULES || self.samples.contains_key(&rule) {
                self.samples.entry(rule).or_default().join(sample);
            }
        }
    }
}

/// Requests of the shared URL shape without user and build: the build at that time names their flaw.
#[derive(Debug, Default)]
struct Unattributed {
    times: BTreeSet<Timestamp>,
    cves: BTreeSet<String>,
}

/// Times kept of them, by server.
const UNATTRIBUTED_TIMES: usize = 64;

#[derive(Debug)]
pub(crate) struct AttackBuilder {
    chain: ChainId,
    pub own: Option<usize>,
    clients: Vec<IpAddr>,
    clients_not_listed: u64,
    servers: BTreeSet<ServerId>,
    pub first: Timestamp,
    pub last: Timestamp,
    pub first_success: Option<Timestamp>,
    /// By kind of stage, whether it succeeded.
    succeeded: BTreeSet<StageKind>,
    stages: BTreeMap<StageId, StageSum>,
    cves: BTreeSet<String>,
    unattributed: BTreeMap<ServerId, Unattributed>,
    techniques: BTreeSet<String>,
    webshells: BTreeSet<String>,
}

impl AttackBuilder {
    pub fn new(digest: &Digest<'_>) -> Self {
        Self {
            chain: digest.chain,
            own: digest.own,
            clients: Vec::new(),
            clients_not_listed: 0,
            servers: BTreeSet::new(),
            first: digest.time,
            last: digest.time,
            first_success: None,
            succeeded: BTreeSet::new(),
            stages: BTreeMap::new(),
            cves: BTreeSet::new(),
            unattributed: BTreeMap::new(),
            techniques: BTreeSet::new(),
            webshells: BTreeSet::new(),
        }
    }

    /// `is_new`: the client is not known to have taken part before.
    pub fn add(&mut self, digest: &Digest<'_>, is_new: bool, book: &RuleBook, budget: &Budget) {
        self.first = self.first.min(digest.time);
        self.last = self.last.max(digest.time);
        self.servers
            .extend(digest.servers.iter().map(|(server, _)| *server));
        if self.own != digest.own {
            self.own = None;
        }
        if let Some(client) = digest.client
            && !self.clients.contains(&client)
        {
            match self.clients.len() < CLIENTS {
                true => self.clients.push(client),
                false => self.clients_not_listed += u64::from(is_new),
            }
        }
        if let Some(shell) = digest.shell
            && self.webshells.len() < WEBSHELLS
        {
            self.webshells.insert(shell.to_owned());
        }
        if digest.succeeded() {
            self.first_success.get_or_insert(digest.time);
            self.succeeded.insert(digest.kind);
        }
        self.name(digest, book);
        let stage = self.in_chain(digest, book);
        self.count(stage, digest, book, budget);
    }

    /// Takes in another attack, which began before or after.
    pub fn join(&mut self, other: Self, book: &RuleBook) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.first_success = self.first_success.into_iter().chain(other.first_success).min();
        for client in other.clients {
            if self.clients.contains(&client) {
                continue;
            }
            match self.clients.len() < CLIENTS {
                true => self.clients.push(client),
                false => self.clients_not_listed += 1,
            }
        }
        self.clients_not_listed += other.clients_not_listed;
        self.servers.extend(other.servers);
        self.succeeded.extend(other.succeeded);
        let own_chain = self.chain;
        for (stage, sum) in other.stages {
            let stage = match attribution::family(other.chain, &book.tables) == self.family(book) {
                true => {
                    let name = book.tables.chain_name(own_chain);
                    book.tables.counterpart(stage, name).unwrap_or(stage)
                }
                false => stage,
            };
            match self.stages.entry(stage) {
                Entry::Occupied(mine) => mine.into_mut().join(sum),
                Entry::Vacant(free) => {
                    free.insert(sum);
                }
            }
        }
        self.cves.extend(other.cves);
        self.techniques.extend(other.techniques);
        for (server, unknown) in other.unattributed {
            let mine = self.unattributed.entry(server).or_default();
            mine.cves.extend(unknown.cves);
            mine.times.extend(unknown.times);
            while mine.times.len() > UNATTRIBUTED_TIMES {
                mine.times.pop_last();
            }
        }
        self.webshells.extend(other.webshells);
        while self.webshells.len() > WEBSHELLS {
            self.webshells.pop_last();
        }
    }

    /// The digest's stage in the attack's own chain. Who logs on is first refused without a user: such an attack
    /// counts as ProxyNotShell from the first request with a user on, unless ProxyShell worked before.
    fn in_chain(&mut self, digest: &Digest<'_>, book: &RuleBook) -> StageId {
        let tables = &book.tables;
        if digest.chain == self.chain || attribution::family(digest.chain, tables) != self.family(book) {
            return digest.stage;
        }
        let renamed = |stage: StageId, chain: ChainId| {
            tables
                .counterpart(stage, tables.chain_name(chain))
                .unwrap_or(stage)
        };
        let worked = self.stages.values().any(|sum| sum.first_success.is_some());
        if worked || &**tables.chain_name(self.chain) != PROXYSHELL {
            return renamed(digest.stage, self.chain);
        }
        self.chain = digest.chain;
        let stages = std::mem::take(&mut self.stages).into_iter();
        self.stages = stages
            .map(|(stage, sum)| (renamed(stage, digest.chain), sum))
            .collect();
        digest.stage
    }

    fn family(&self, book: &RuleBook) -> ChainId {
        attribution::family(self.chain, &book.tables)
    }

    fn name(&mut self, digest: &Digest<'_>, book: &RuleBook) {
        let infos = || digest.rules.iter().filter_map(|index| book.get(*index));
        self.techniques
            .extend(infos().flat_map(|info| info.techniques.iter().cloned()));
        let mut cves: BTreeSet<String> = infos().flat_map(|info| info.cves.iter().cloned()).collect();
        if digest.shared_shape {
            let Some(flaw) = attribution::flaw(digest.user, digest.fixed) else {
                let unknown = self.unattributed.entry(digest.server).or_default();
                unknown.cves.extend(cves);
                if unknown.times.len() < UNATTRIBUTED_TIMES {
                    unknown.times.insert(digest.time);
                }
                return;
            };
            attribution::name(&mut cves, flaw, digest.user);
        }
        self.cves.extend(cves);
    }

    fn count(&mut self, stage: StageId, digest: &Digest<'_>, book: &RuleBook, budget: &Budget) {
        let stage = self.stages.entry(stage).or_insert_with(|| StageSum {
            outcomes: BTreeMap::new(),
            first: digest.time,
            last: digest.time,
            first_success: None,
            rules: BTreeSet::new(),
            samples: BTreeMap::new(),
        });
        stage.first = stage.first.min(digest.time);
        stage.last = stage.last.max(digest.time);
        *stage.outcomes.entry(digest.outcome).or_default() += 1;
        if digest.succeeded() {
            stage.first_success.get_or_insert(digest.time);
        }
        let name = &book.tables.stage(digest.stage).name;
        let rows = Kept::request(digest.request, name, digest.outcome, budget);
        for rule in &digest.rules {
            stage.rules.insert(*rule);
            if stage.samples.len() < SAMPLED_RULES || stage.samples.contains_key(rule) {
                stage.samples.entry(*rule).or_default().add(&rows, digest.outcome);
            }
        }
    }

    /// The verdict that this attack alone would give.
    pub fn verdict(&self) -> Verdict {
        match self.succeeded.last() {
            Some(StageKind::Webshell) => Verdict::Compromised,
            Some(StageKind::Exploit) => Verdict::Exploited,
            Some(StageKind::Probe) => Verdict::Vulnerable,
            Some(StageKind::Other) | None => Verdict::Attempted,
        }
    }

    pub fn clients(&self) -> &[IpAddr] {
        &self.clients
    }

    /// Whether a step that leaves something behind succeeded.
    pub fn exploited(&self) -> bool {
        self.succeeded.contains(&StageKind::Exploit)
    }

    /// Stages in the chain's order, webshells last.
    fn ordered<'a>(&'a self, book: &RuleBook) -> Vec<(StageId, &'a StageSum)> {
        let mut stages: Vec<_> = self.stages.iter().map(|(id, sum)| (*id, sum)).collect();
        stages.sort_by_key(|(id, _)| place(*id, book));
        stages
    }

    /// The furthest outcome of the furthest stage.
    pub fn outcome(&self, book: &RuleBook) -> Outcome {
        let furthest = self.stages.iter().max_by_key(|(id, _)| place(**id, book));
        furthest
            .and_then(|(_, sum)| sum.outcomes.keys().next_back().copied())
            .unwrap_or(Outcome::Filtered)
    }

    pub fn finish(
        &self,
        book: &RuleBook,
        names: &Names,
        label: impl Fn(usize) -> Option<String>,
        builds: &BTreeMap<ServerId, Vec<BuildSeen>>,
    ) -> Attack {
        let stages = self.ordered(book);
        let samples = stages.iter().flat_map(|(_, sum)| sum.samples.values());
        let clients: Vec<String> = self.clients.iter().map(ToString::to_string).collect();
        let mut servers: Vec<String> = self.servers.iter().map(|server| names.of(*server)).collect();
        servers.sort();
        Attack {
            number: 0,
            chain: book.tables.chain_name(self.chain).to_string(),
            client: clients.first().cloned(),
            own_scanner: self.own.and_then(label),
            clients,
            clients_not_listed: self.clients_not_listed,
            servers,
            outcome: self.outcome(book),
            verdict: self.verdict(),
            first: self.first,
            last: self.last,
            stages: stages.iter().map(|(id, sum)| stage(*id, sum, book)).collect(),
            cves: self.cves(book, builds).into_iter().collect(),
            techniques: self.techniques.iter().cloned().collect(),
            webshells: self.webshells.iter().cloned().collect(),
            evidence: evidence(samples.flat_map(Sample::rows), book, names),
            bytes_sent_after_success: None,
            requests_per_hour_max: None,
        }
    }

    /// CVEs, those of the shared shape by the build that the logs show for the time; where they show none, the
    /// flaw of the attack's chain.
    fn cves(&self, book: &RuleBook, builds: &BTreeMap<ServerId, Vec<BuildSeen>>) -> BTreeSet<String> {
        let mut all = self.cves.clone();
        let otherwise = match &**book.tables.chain_name(self.chain) {
            PROXYNOTSHELL => Flaw::ProxyNotShell,
            _ => Flaw::ProxyShell,
        };
        for (server, unknown) in &self.unattributed {
            for time in &unknown.times {
                let seen = builds
                    .get(server)
                    .and_then(|builds| attribution::build_at(builds, *time, PATH_CONFUSION));
                let fixed = seen.and_then(|(_, fixed)| fixed);
                let mut cves = unknown.cves.clone();
                attribution::name(
                    &mut cves,
                    attribution::flaw(false, fixed).unwrap_or(otherwise),
                    false,
                );
                all.extend(cves);
            }
        }
        all
    }
}

/// Where a stage stands among those of an attack.
fn place(id: StageId, book: &RuleBook) -> (bool, u32, StageId) {
    let stage = book.tables.stage(id);
    (stage.kind == StageKind::Webshell, stage.order, id)
}

fn stage(id: StageId, sum: &StageSum, book: &RuleBook) -> Stage {
    let named = |index: &RuleIndex| book.get(*index).map(|info| info.named.clone());
    Stage {
        name: book.tables.stage(id).name.to_string(),
        outcome: sum
            .outcomes
            .keys()
            .next_back()
            .copied()
            .unwrap_or(Outcome::Unclear),
        count: sum.outcomes.values().sum(),
        outcomes: sum.outcomes.clone(),
        first: sum.first,
        last: sum.last,
        first_success: sum.first_success,
        rules: sum.rules.iter().filter_map(named).collect(),
    }
}
