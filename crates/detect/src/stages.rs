//! The stage that a request stands for, told at once and of it alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use imker_event::WebRequest;
use imker_sigma::{RuleIndex, RuleSet};

use crate::attribution::{self, PROXYNOTSHELL, PROXYSHELL};
use crate::classify::Reading;
use crate::model::{Outcome, Vantage};
use crate::rulebook::{Role, RuleBook};
use crate::tables::Tables;

/// What a request stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSeen {
    /// Chain, as in [`Attack::chain`](crate::Attack::chain).
    pub chain: Arc<str>,
    /// Stage, as in [`Stage::name`](crate::Stage::name).
    pub stage: Arc<str>,
    /// The stage's place in its chain.
    pub order: u32,
    /// What became of the request, by its status.
    pub outcome: Outcome,
    /// CVEs that the matching rules of attacks name, ascending. Where two flaws share the request's shape, those of the
    /// flaw that log-on and build point to; of both, where they are unknown.
    pub cves: Vec<String>,
    /// MITRE ATT&CK techniques that these rules name, ascending.
    pub techniques: Vec<String>,
}

/// Tells the stages of single requests, as [`Detector`](crate::Detector) does of lines; it joins nothing and remembers
/// nothing.
#[derive(Debug)]
pub struct Stages(RuleBook);

impl Stages {
    /// For the matches of these rules.
    pub fn new(rules: &RuleSet) -> Self {
        let book = RuleBook::new(rules.rules(), Tables::built_in(), |index| rules.generates(index));
        Self(book)
    }

    /// The stage of a request that `rules` match; `None`: no rule of an attack is among them.
    pub fn of(&self, rules: &[RuleIndex], request: &WebRequest, vantage: Vantage) -> Option<StageSeen> {
        let Self(book) = self;
        let reading = Reading::of(request, rules, vantage, book);
        let step = reading.step?;
        let tables = &book.tables;
        let chain = tables.chain_of(step.stage);
        let infos = || {
            book.with_role(rules, |role| matches!(role, Role::Attack(_)))
                .map(|(_, info)| info)
        };
        let mut cves: BTreeSet<String> = infos().flat_map(|info| info.cves.iter().cloned()).collect();
        if reading.target.confused
            && [PROXYSHELL, PROXYNOTSHELL].contains(&&**chain)
            && let Some(flaw) = attribution::flaw(reading.user, reading.fixed)
        {
            attribution::name(&mut cves, flaw, reading.user);
        }
        let techniques: BTreeSet<String> = infos().flat_map(|info| info.techniques.iter().cloned()).collect();
        let stage = tables.stage(step.stage);
        Some(StageSeen {
            chain: chain.clone(),
            stage: stage.name.clone(),
            order: stage.order,
            outcome: step.outcome,
            cves: cves.into_iter().collect(),
            techniques: techniques.into_iter().collect(),
        })
    }
}
