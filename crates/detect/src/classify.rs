//! What one logged line was taken for.

use std::net::IpAddr;

use imker_event::WebRequest;
use imker_exchange::Build;
use imker_sigma::RuleIndex;

use crate::attribution::{self, Flaw, PATH_CONFUSION, PROXYNOTSHELL, PROXYSHELL};
use crate::client;
use crate::detector::Settings;
use crate::model::{Outcome, Sighting, Vantage};
use crate::outcome::{Asked, outcome};
use crate::rulebook::RuleBook;
use crate::tables::StageId;
use crate::uri::{self, Target};

/// A step of an attack, as one line tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub stage: StageId,
    pub outcome: Outcome,
}

/// A line with all that was made of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub sighting: Sighting,
    pub target: Target,
    /// `None`: reconnaissance or an indicator only.
    pub step: Option<Step>,
    pub client: Option<IpAddr>,
    /// The owner's own check, as a place in the settings.
    pub own: Option<usize>,
    /// Whether a person had logged on.
    pub user: bool,
    /// Whether the build had the fix for the path confusion, where the line carries a build.
    pub fixed: Option<bool>,
    /// The script asked for.
    pub script: Option<String>,
}

impl Row {
    /// Bytes that the row holds in memory, roughly.
    pub fn weight(&self) -> usize {
        let texts = [
            &self.sighting.request.uri_query,
            &self.sighting.request.user_agent,
        ];
        let text: usize = texts
            .iter()
            .filter_map(|text| text.as_ref().map(|text| text.as_str().len()))
            .sum();
        size_of::<Self>() + 2 * self.sighting.line.as_str().len() + self.target.whole.len() + text
    }
}

/// What a line tells of a request, whoever sent it.
#[derive(Debug)]
pub(crate) struct Reading {
    pub target: Target,
    /// `None`: no rule of an attack matched.
    pub step: Option<Step>,
    /// Whether a person had logged on.
    pub user: bool,
    /// Whether the build had the fix for the path confusion, where the line carries a build.
    pub fixed: Option<bool>,
}

impl Reading {
    pub fn of(request: &WebRequest, rules: &[RuleIndex], vantage: Vantage, book: &RuleBook) -> Self {
        let target = Target::of(request);
        let user = request
            .username
            .as_ref()
            .is_some_and(|user| attribution::is_person(user.as_str(), vantage));
        let fixed = request
            .build
            .and_then(|build| attribution::has_fix(Build(build), PATH_CONFUSION));
        let step = book.stage(rules).map(|(stage, placed)| {
            let tables = &book.tables;
            let chain = tables.chain_of(stage);
            let kind = tables.kind(stage);
            let outcome = outcome(&Asked {
                request,
                target: &target,
                vantage,
                kind,
                chain,
                stage: &tables.stage(stage).name,
                placed,
            });
            let stage = match target.confused && &**chain == PROXYSHELL {
                true if is_proxynotshell(user, fixed, outcome) => {
                    tables.counterpart(stage, PROXYNOTSHELL).unwrap_or(stage)
                }
                _ => stage,
            };
            Step { stage, outcome }
        });
        Self {
            target,
            step,
            user,
            fixed,
        }
    }
}

pub(crate) fn classify(sighting: &Sighting, book: &RuleBook, settings: &Settings) -> Row {
    let request = &sighting.request;
    let Reading {
        target,
        step,
        user,
        fixed,
    } = Reading::of(request, &sighting.rules, sighting.vantage, book);
    let client = client::judge(request, sighting.vantage, settings);
    Row {
        target,
        step,
        client,
        own: client::own_scanner(request, client, settings),
        user,
        fixed,
        script: uri::script(request.uri_stem.as_str()),
        sighting: sighting.clone(),
    }
}

/// ProxyShell needs no user, and nothing of it works on a build with the fix; refused there, it is still an
/// attempt at ProxyShell.
fn is_proxynotshell(user: bool, fixed: Option<bool>, outcome: Outcome) -> bool {
    let shape = attribution::flaw(user, fixed) == Some(Flaw::ProxyNotShell);
    shape && (user || outcome == Outcome::Succeeded)
}
