//! What a request is, by the Sigma rules that `imker hunt` reads logs with.
//!
//! A request is looked at as the line that IIS would log of it, and as the W3C sink writes it: what is found here, a
//! hunt through that log finds too. Three more columns follow, which IIS logs only where it is told to: `cs-host`,
//! `cs(Cookie)`, `X-Forwarded-For`.
//!
//! Correlation rules look at several requests; they are left to who reads the events.

mod line;
mod reached;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use imker_detect::{BUILT_IN_RULES, Outcome, Stages, Vantage, is_ordinary};
use imker_event::{Connection, Detection, ReceivedRequest, Saw, Service, Stage, WebRequest};
use imker_exchange::Build;
use imker_sigma::{
    Bound, Columns, Format, Level, Origin, Pointed, Row, RuleError, RuleIndex, RuleSet, RuleSetBuilder,
    ScanScratch, Scratch,
};

use crate::http::Request;
use crate::site::Detect;
use line::Headers;
use reached::Reached;

/// Looks for attacks in single requests. One serves all hosts and threads.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    bound: Bound,
    stages: Stages,
    /// By rule; `None` for rules that tell nothing by themselves.
    detections: Vec<Option<Detection>>,
    reached: Reached,
    /// By persona.
    builds: HashMap<Arc<str>, Build>,
    /// Memory that is not in use; at most as many as there were threads looking at once.
    tools: Mutex<Vec<Tools>>,
}

#[derive(Debug, Default)]
struct Tools {
    scan: ScanScratch,
    evaluate: Scratch,
    matched: Vec<RuleIndex>,
}

/// Rules that a request matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches(Vec<RuleIndex>);

impl Matches {
    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Engine {
    /// Looks with these rules: the built-in ones and the operator's, as `imker hunt` puts them together.
    pub fn new(rules: RuleSet) -> Self {
        let tells = |at: usize| {
            let index = RuleIndex(at as u32);
            rules.generates(index) && !rules.is_correlation(index)
        };
        let detections = rules.rules().iter().enumerate().map(|(at, rule)| {
            tells(at).then(|| Detection {
                rule: rule.id.as_str().into(),
                title: rule.title.as_str().into(),
                level: level(rule.level).into(),
                cves: rule.cves().map(Arc::from).collect(),
                techniques: rule.techniques().map(Arc::from).collect(),
                ordinary: is_ordinary(rule),
            })
        });
        Self {
            detections: detections.collect(),
            bound: rules.bind(&Columns::new(Format::W3c, line::names())),
            stages: Stages::new(&rules),
            reached: Reached::default(),
            builds: HashMap::new(),
            tools: Mutex::default(),
            rules,
        }
    }

    /// Looks with the built-in rules alone.
    ///
    /// # Errors
    /// None but a defect of Imker's own rules.
    pub fn built_in() -> Result<Self, RuleError> {
        let mut builder = RuleSetBuilder::new();
        builder.add_files(BUILT_IN_RULES, Origin::BuiltIn)?;
        Ok(Self::new(builder.build()?))
    }

    /// Tells what builds personas play, by their names: looking sets them in requests that carry none, and
    /// knows by them which flaw a request was meant for.
    #[must_use]
    pub fn knowing(mut self, builds: impl IntoIterator<Item = (Arc<str>, Build)>) -> Self {
        self.builds.extend(builds);
        self
    }

    /// Takes a stage of a [`visit`] for told, as it was by an earlier run.
    pub(crate) fn remember(&self, visit: &Arc<str>, stage: &Stage) {
        self.reached.is_new(visit, stage);
    }

    /// The rules that a request matches, with its status, and headers where they are at hand.
    pub fn matches(&self, request: &WebRequest, headers: Option<&Request>) -> Matches {
        let line = line::of(request, &Headers::of(request, headers));
        let mut tools = self.lock().pop().unwrap_or_default();
        let Tools {
            scan,
            evaluate,
            matched,
        } = &mut tools;
        let mut found = Vec::new();
        self.rules
            .prefilter()
            .scan(line.as_bytes(), scan, &mut |_, pointed| {
                let Pointed::Candidate(candidates) = pointed else {
                    return;
                };
                let values: Vec<&[u8]> = line::values(&line).collect();
                let row = Row {
                    line: line.as_bytes(),
                    values: &values,
                };
                self.bound
                    .evaluate(&self.rules, row, candidates, evaluate, matched);
                found.append(matched);
            });
        self.lock().push(tools);
        Matches(found)
    }

    /// What these rules say of themselves. Rules that feed correlations alone are left out.
    pub fn detections(&self, matches: &Matches) -> Vec<Detection> {
        let known = matches
            .0
            .iter()
            .filter_map(|rule| self.detections.get(rule.0 as usize)?.clone());
        known.collect()
    }

    /// The stage of an attack that a request stands for, by its matches.
    ///
    /// It succeeded where its status says so to `imker hunt`: as a server of that build would have answered. The build
    /// in the request, where it is set, tells ProxyShell from ProxyNotShell. Over plain HTTP a redirect tells nothing.
    pub fn stage(&self, matches: &Matches, request: &WebRequest, service: Service) -> Option<Stage> {
        if matches.is_empty() {
            return None;
        }
        let on_port_80;
        let request = match service {
            Service::Http => {
                on_port_80 = WebRequest {
                    server_port: Some(80),
                    ..request.clone()
                };
                &on_port_80
            }
            _ => request,
        };
        let seen = self.stages.of(&matches.0, request, Vantage::FrontEnd)?;
        Some(Stage {
            chain: seen.chain,
            stage: seen.stage,
            order: seen.order,
            succeeded: seen.outcome == Outcome::Succeeded,
            cves: seen.cves.into_iter().map(Arc::from).collect(),
            techniques: seen.techniques.into_iter().map(Arc::from).collect(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Tools>> {
        self.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Detect for Engine {
    /// [`Saw::StageReached`] comes once for each session, client and stage, and once more where the stage first succeeds after
    /// it had failed.
    fn look(&self, connection: &Connection, request: &Request, received: &mut ReceivedRequest) -> Vec<Saw> {
        if received.request.build.is_none() {
            let build = self.builds.get(&connection.persona);
            received.request.build = build.map(|Build(parts)| *parts);
        }
        let matches = self.matches(&received.request, Some(request));
        received.detections = self.detections(&matches);
        let stage = self.stage(&matches, &received.request, connection.service);
        let client = received.request.client.unwrap_or(connection.source.ip());
        let visit = visit(connection, client);
        let new = stage.filter(|stage| self.reached.is_new(&visit, stage));
        new.map(Saw::StageReached).into_iter().collect()
    }
}

/// Whom stages are told of: a session, or its client where a proxy lets many share one.
pub(crate) fn visit(connection: &Connection, client: IpAddr) -> Arc<str> {
    let client = client.to_canonical();
    if client == connection.source.ip().to_canonical() {
        return Arc::clone(&connection.session);
    }
    format!("{} {client}", connection.session).into()
}

/// As Sigma's specification names it.
const fn level(level: Level) -> &'static str {
    match level {
        Level::Informational => "informational",
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
        Level::Critical => "critical",
    }
}
