//! What happened to each server, whether or not the attack is among those that are listed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::digest::Digest;
use crate::model::{Outcome, ServerId, Verdict};
use crate::tables::{StageId, StageKind};

/// Webshell paths named for a server.
const SHELLS: usize = 20;

/// Steps of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    pub outcomes: BTreeMap<Outcome, u64>,
    pub first_success: Option<Timestamp>,
    pub last_success: Option<Timestamp>,
}

impl Steps {
    fn add(&mut self, outcome: Outcome, time: Timestamp) {
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome == Outcome::Succeeded {
            self.first_success = Some(self.first_success.map_or(time, |first| first.min(time)));
            self.last_success = Some(self.last_success.map_or(time, |last| last.max(time)));
        }
    }

    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }
}

/// What happened to one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Strangers' steps.
    pub steps: BTreeMap<StageKind, Steps>,
    /// The owner's own checks, of which only probes succeed.
    pub own: BTreeMap<StageKind, Steps>,
    pub first_attack: Option<Timestamp>,
    pub last_activity: Option<Timestamp>,
    /// Stages that succeeded, webshells aside, with the number of requests and the first.
    pub stages: BTreeMap<StageId, (u64, Timestamp)>,
    /// Stages in which an own check succeeded.
    own_stages: BTreeSet<StageId>,
    pub shells: BTreeSet<String>,
    /// Whether a webshell answered after another step of its attack had succeeded.
    pub shell_after_exploit: bool,
    /// Successes that a second log tells of.
    pub corroborated: u64,
    /// Successes that the back end's status speaks against.
    pub contradicted: u64,
    /// Successes of steps that only back-end logs tell of.
    pub back_end_only: u64,
}

impl Tally {
    fn add(&mut self, digest: &Digest<'_>, outcome: Outcome, exploited: bool) {
        if digest.own.is_some() {
            self.own.entry(digest.kind).or_default().add(outcome, digest.time);
            if outcome == Outcome::Succeeded {
                self.own_stages.insert(digest.stage);
            }
            return;
        }
        self.steps
            .entry(digest.kind)
            .or_default()
            .add(outcome, digest.time);
        self.first_attack = Some(
            self.first_attack
                .map_or(digest.time, |first| first.min(digest.time)),
        );
        self.last_activity = Some(
            self.last_activity
                .map_or(digest.time, |last| last.max(digest.time)),
        );
        if outcome != Outcome::Succeeded {
            return;
        }
        self.corroborated += u64::from(digest.corroborated);
        self.contradicted += u64::from(digest.contradicted);
        self.back_end_only += u64::from(digest.back_end_only());
        if digest.kind == StageKind::Webshell {
            self.shell_after_exploit |= exploited;
            if self.shells.len() < SHELLS {
                self.shells.extend(digest.shell.map(str::to_owned));
            }
        } else {
            let (count, first) = self.stages.entry(digest.stage).or_insert((0, digest.time));
            *count += 1;
            *first = digest.time.min(*first);
        }
    }

    /// Stages that succeeded, webshells aside, own checks included.
    pub fn succeeded(&self) -> impl Iterator<Item = StageId> + '_ {
        self.stages.keys().chain(&self.own_stages).copied()
    }

    fn success(&self, kind: StageKind) -> bool {
        self.steps
            .get(&kind)
            .is_some_and(|steps| steps.first_success.is_some())
    }

    /// An own check's probe that succeeds proves a server vulnerable.
    pub fn verdict(&self) -> Verdict {
        let own = self.own.values().any(|steps| steps.first_success.is_some());
        match () {
            () if self.success(StageKind::Webshell) => Verdict::Compromised,
            () if self.success(StageKind::Exploit) => Verdict::Exploited,
            () if self.success(StageKind::Probe) || own => Verdict::Vulnerable,
            () if !self.steps.is_empty() => Verdict::Attempted,
            () => Verdict::NoTrace,
        }
    }

    pub fn count(&self, outcome: Outcome) -> u64 {
        self.steps.values().map(|steps| steps.count(outcome)).sum()
    }

    /// First and last success of a step that needs the flaw, own checks included.
    pub fn vulnerable(&self) -> Option<(Timestamp, Timestamp)> {
        let flaw = |(kind, _): &(&StageKind, &Steps)| **kind != StageKind::Webshell;
        let steps = || {
            self.steps
                .iter()
                .chain(&self.own)
                .filter(flaw)
                .map(|(_, steps)| steps)
        };
        let first = steps().filter_map(|steps| steps.first_success).min()?;
        let last = steps().filter_map(|steps| steps.last_success).max()?;
        Some((first, last))
    }

    /// First success of a stranger.
    pub fn first_success(&self) -> Option<Timestamp> {
        self.steps.values().filter_map(|steps| steps.first_success).min()
    }
}

/// By server.
#[derive(Debug, Default)]
pub(crate) struct Tallies(BTreeMap<ServerId, Tally>);

impl Tallies {
    /// `exploited`: whether the attack had an exploit's success.
    pub fn add(&mut self, digest: &Digest<'_>, exploited: bool) {
        for (server, outcome) in &digest.servers {
            self.0
                .entry(*server)
                .or_default()
                .add(digest, *outcome, exploited);
        }
    }

    pub fn of(&self, server: ServerId) -> Tally {
        self.0.get(&server).cloned().unwrap_or_default()
    }
}
