//! Which requests belong to one attack.
//!
//! One client and one chain within [`IDLE`] are one attack, whatever the number of servers. A webshell that one
//! address brought and another uses is one attack, linked by the server and the script's path. What one client asked
//! of one webshell on one server is never split between attacks: what came before joins in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::attack::AttackBuilder;
use crate::attribution;
use crate::digest::Digest;
use crate::model::{Outcome, ServerId, Verdict};
use crate::rulebook::RuleBook;
use crate::sample::Budget;
use crate::tables::{ChainId, StageKind};

/// An attack that rested longer is over; what follows is another.
pub(crate) const IDLE: SignedDuration = SignedDuration::from_hours(24);
/// Attacks kept; of more, the least severe and then the latest are only counted.
const ATTACKS: usize = 1000;
/// Attacks not kept that can be told from one another, so that each is counted once.
const UNLISTED: usize = 100_000;
/// Clients that are assigned to their attacks at a time; of more, those that rest longest by attack are let go.
const ACTIVE: usize = 200_000;
/// Webshells and script paths not found that are remembered, by server and path.
const SHELLS: usize = 4096;

/// Which client asked for which webshell in which attack; of more, some are forgotten.
const USES: usize = 16_384;

/// Who acts, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    Client(IpAddr),
    /// Only back-end logs of this server tell of it.
    Unknown(ServerId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    actor: Actor,
    chain: ChainId,
    own: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AttackId(u64);

/// A stranger's attack before the owner's check, then by verdict and outcome.
type Severity = (bool, Verdict, Outcome);

fn severity(attack: &AttackBuilder, book: &RuleBook) -> Severity {
    (attack.own.is_none(), attack.verdict(), attack.outcome(book))
}

#[derive(Debug, Default)]
struct Shell {
    /// The attack that it belongs to, once it answered.
    attack: Option<AttackId>,
    /// When it was last not there.
    missing: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub(crate) struct AttackBook {
    attacks: BTreeMap<AttackId, AttackBuilder>,
    /// Attacks from the least severe on, of equals the latest first.
    ranks: BTreeSet<(Severity, Reverse<AttackId>)>,
    next: u64,
    active: BTreeMap<Key, AttackId>,
    shells: BTreeMap<(ServerId, String), Shell>,
    /// The attack that a client's requests for a script are part of; the path is hashed, for it may be long.
    uses: BTreeMap<(Actor, ServerId, u64), AttackId>,
    /// The last success of an exploit, by server.
    exploited: BTreeMap<ServerId, (AttackId, Timestamp)>,
    unlisted: BTreeMap<Key, Timestamp>,
    /// When those that are over were last taken out.
    cleared: Option<Timestamp>,
    /// The same of `active`.
    released: Option<Timestamp>,
    not_listed: u64,
    budget: Budget,
}

impl AttackBook {
    /// Adds a step. Whether a webshell's success followed the success of another step is returned.
    pub fn add(&mut self, digest: &Digest<'_>, book: &RuleBook) -> bool {
        let key = Key {
            actor: digest.client.map_or(Actor::Unknown(digest.server), Actor::Client),
            chain: attribution::family(digest.chain, &book.tables),
            own: digest.own,
        };
        let linked = self.linked(digest);
        let linked = self.with_earlier_use(&key, digest, linked, book);
        let id = linked.or_else(|| self.running(&key, digest.time));
        let Some(id) = id.or_else(|| self.begin(&key, digest, book)) else {
            self.remember(digest, None);
            return false;
        };
        let is_new = !self.takes_part(key.actor, id);
        self.assign(key, id, digest.time);
        self.note_use(&key, digest, id);
        let mut exploited = false;
        if let Some(attack) = self.attacks.get_mut(&id) {
            let before = severity(attack, book);
            attack.add(digest, is_new, book, &self.budget);
            exploited = attack.exploited();
            let after = severity(attack, book);
            if before != after {
                self.ranks.remove(&(before, Reverse(id)));
            }
            self.ranks.insert((after, Reverse(id)));
        }
        self.remember(digest, Some(id));
        exploited
    }

    /// Whether the actor is known to have a part in an attack.
    fn takes_part(&self, actor: Actor, id: AttackId) -> bool {
        let first = Key {
            actor,
            chain: ChainId::default(),
            own: None,
        };
        let own = self
            .active
            .range(first..)
            .take_while(|(key, _)| key.actor == actor);
        let mut own = own;
        own.any(|(_, other)| *other == id)
    }

    fn assign(&mut self, key: Key, id: AttackId, now: Timestamp) {
        if self.active.len() >= ACTIVE && !self.active.contains_key(&key) {
            if self
                .released
                .is_none_or(|before| now.duration_since(before) > IDLE / 4)
            {
                let attacks = &self.attacks;
                self.active.retain(|_, id| {
                    let attack = attacks.get(id);
                    attack.is_some_and(|attack| now.duration_since(attack.last) <= IDLE)
                });
                self.released = Some(now);
            }
            if self.active.len() >= ACTIVE {
                self.active.pop_first();
            }
        }
        self.active.insert(key, id);
    }

    /// The client's attack of this chain, if it goes on.
    fn running(&self, key: &Key, now: Timestamp) -> Option<AttackId> {
        let id = *self.active.get(key)?;
        let attack = self.attacks.get(&id)?;
        (now.duration_since(attack.last) <= IDLE).then_some(id)
    }

    /// The attack that a request for a webshell belongs to.
    fn linked(&self, digest: &Digest<'_>) -> Option<AttackId> {
        if digest.own.is_some() {
            return None;
        }
        let path = digest.shell?;
        let shell = self.shells.get(&(digest.server, path.to_owned()));
        if let Some(id) = shell.and_then(|shell| shell.attack)
            && self.attacks.contains_key(&id)
        {
            return Some(id);
        }
        let (id, when) = *self.exploited.get(&digest.server)?;
        let attack = self.attacks.get(&id)?;
        let same = digest
            .client
            .is_some_and(|client| attack.clients().contains(&client));
        // A script that was missing and now answers came by some way; a success before is that way.
        let appeared = shell.is_some_and(|shell| shell.missing.is_some()) && digest.succeeded();
        let follows = digest.time.duration_since(when) <= IDLE && digest.succeeded();
        let same = same && digest.time.duration_since(attack.last) <= IDLE;
        (same || appeared || follows).then_some(id)
    }

    /// The attack that a request for a webshell belongs to, after that which holds the client's earlier requests for
    /// it has joined in; one that has a success of its own stays as it is and takes the request.
    fn with_earlier_use(
        &mut self,
        key: &Key,
        digest: &Digest<'_>,
        linked: Option<AttackId>,
        book: &RuleBook,
    ) -> Option<AttackId> {
        let earlier = used(key, digest).and_then(|used| self.uses.get(&used).copied());
        let Some((earlier, attack)) = earlier.and_then(|id| Some((id, self.attacks.get(&id)?))) else {
            return linked;
        };
        match linked {
            Some(id) if id != earlier && !attack.exploited() => {
                self.join(earlier, id, book);
                linked
            }
            _ => Some(earlier),
        }
    }

    fn note_use(&mut self, key: &Key, digest: &Digest<'_>, id: AttackId) {
        let Some(used) = used(key, digest) else { return };
        if self.uses.len() >= USES && !self.uses.contains_key(&used) {
            self.uses.pop_first();
        }
        self.uses.insert(used, id);
    }

    /// Makes two attacks one.
    fn join(&mut self, from: AttackId, into: AttackId, book: &RuleBook) {
        let Some(joined) = self.attacks.remove(&from) else {
            return;
        };
        self.ranks.remove(&(severity(&joined, book), Reverse(from)));
        if let Some(attack) = self.attacks.get_mut(&into) {
            let before = severity(attack, book);
            attack.join(joined, book);
            self.ranks.remove(&(before, Reverse(into)));
            self.ranks.insert((severity(attack, book), Reverse(into)));
        }
        let shells = self.shells.values_mut().filter_map(|shell| shell.attack.as_mut());
        let exploits = self.exploited.values_mut().map(|(id, _)| id);
        let all = self.active.values_mut().chain(self.uses.values_mut());
        for id in all.chain(shells).chain(exploits).filter(|id| **id == from) {
            *id = into;
        }
    }

    fn remember(&mut self, digest: &Digest<'_>, id: Option<AttackId>) {
        if digest.own.is_some() {
            return;
        }
        if let (Some(id), StageKind::Exploit, true) = (id, digest.kind, digest.succeeded()) {
            for (server, outcome) in &digest.servers {
                if *outcome == Outcome::Succeeded {
                    self.exploited.insert(*server, (id, digest.time));
                }
            }
        }
        let Some(path) = digest.shell else { return };
        let answered = id.filter(|_| digest.succeeded());
        let missing = digest.request.primary().sighting.request.status == Some(404);
        if answered.is_none() && !missing {
            return;
        }
        let key = (digest.server, path.to_owned());
        if self.shells.len() >= SHELLS && !self.shells.contains_key(&key) {
            if answered.is_none() {
                return;
            }
            // A path that never answered gives way to one that does.
            if let Some(idle) = self.shells.iter().find(|(_, shell)| shell.attack.is_none()) {
                let idle = idle.0.clone();
                self.shells.remove(&idle);
            }
        }
        if self.shells.len() < SHELLS || self.shells.contains_key(&key) {
            let shell = self.shells.entry(key).or_default();
            shell.attack = shell.attack.or(answered);
            if missing {
                shell.missing = Some(digest.time);
            }
        }
    }

    /// Opens an attack; `None` where there is no room and it is no worse than those that are kept.
    fn begin(&mut self, key: &Key, digest: &Digest<'_>, book: &RuleBook) -> Option<AttackId> {
        let known = self.unlisted.get(key).copied();
        let goes_on = known.is_some_and(|last| digest.time.duration_since(last) <= IDLE);
        if self.attacks.len() >= ATTACKS {
            let new = (digest.own.is_none(), verdict(digest), digest.outcome);
            let least = self.ranks.first().filter(|(severity, _)| *severity < new);
            let Some(Reverse(least)) = least.map(|(_, id)| *id) else {
                self.count(*key, digest.time, goes_on);
                return None;
            };
            self.evict(least, book);
        }
        if goes_on {
            self.unlisted.remove(key);
            self.not_listed = self.not_listed.saturating_sub(1);
        }
        let id = AttackId(self.next);
        self.next += 1;
        self.attacks.insert(id, AttackBuilder::new(digest));
        Some(id)
    }

    fn evict(&mut self, id: AttackId, book: &RuleBook) {
        let Some(attack) = self.attacks.remove(&id) else {
            return;
        };
        self.ranks.remove(&(severity(&attack, book), Reverse(id)));
        let keys: Vec<Key> = self
            .active
            .iter()
            .filter(|(_, other)| **other == id)
            .map(|(key, _)| *key)
            .collect();
        for key in &keys {
            self.active.remove(key);
        }
        for shell in self.shells.values_mut().filter(|shell| shell.attack == Some(id)) {
            shell.attack = None;
        }
        self.exploited.retain(|_, (other, _)| *other != id);
        self.uses.retain(|_, other| *other != id);
        self.not_listed += 1;
        if let Some(key) = keys.first() {
            self.note(*key, attack.last);
        }
    }

    fn count(&mut self, key: Key, now: Timestamp, goes_on: bool) {
        if !goes_on {
            self.not_listed += 1;
        }
        self.note(key, now);
    }

    fn note(&mut self, key: Key, now: Timestamp) {
        if self.unlisted.len() >= UNLISTED && !self.unlisted.contains_key(&key) {
            if self
                .cleared
                .is_none_or(|before| now.duration_since(before) > IDLE / 4)
            {
                self.unlisted.retain(|_, last| now.duration_since(*last) <= IDLE);
                self.cleared = Some(now);
            }
            if self.unlisted.len() >= UNLISTED {
                self.unlisted.pop_first();
            }
        }
        self.unlisted.insert(key, now);
    }

    /// The attacks kept, and how many there were besides.
    pub fn finish(self) -> (Vec<AttackBuilder>, u64) {
        (self.attacks.into_values().collect(), self.not_listed)
    }
}

/// What tells a client's requests for one webshell on one server.
fn used(key: &Key, digest: &Digest<'_>) -> Option<(Actor, ServerId, u64)> {
    let path = digest.shell.filter(|_| digest.own.is_none())?;
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    Some((key.actor, digest.server, hasher.finish()))
}

/// The verdict that a step alone would give.
fn verdict(digest: &Digest<'_>) -> Verdict {
    match digest.kind {
        _ if !digest.succeeded() => Verdict::Attempted,
        StageKind::Webshell => Verdict::Compromised,
        StageKind::Exploit => Verdict::Exploited,
        StageKind::Probe => Verdict::Vulnerable,
        StageKind::Other => Verdict::Attempted,
    }
}
