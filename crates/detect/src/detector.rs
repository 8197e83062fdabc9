use std::net::IpAddr;
use std::sync::Arc;

use imker_sigma::RuleSet;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::coverage::CoverageBook;
use crate::model::{Findings, Outcome, Sighting};

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

/// Puts attacks together from sightings in order of time.
#[derive(Debug)]
pub struct Detector<'r> {
    _rules: &'r RuleSet,
    _settings: Settings,
    _servers: Vec<Arc<str>>,
}

impl<'r> Detector<'r> {
    /// A detector for `servers`, in the order of [`ServerId`](crate::ServerId).
    pub fn new(rules: &'r RuleSet, settings: Settings, servers: Vec<Arc<str>>) -> Self {
        Self {
            _rules: rules,
            _settings: settings,
            _servers: servers,
        }
    }

    /// Takes a sighting; they come in ascending order of time. `None`: not part of an attack's chain.
    pub fn observe(&mut self, _sighting: &Sighting) -> Option<Classified> {
        None
    }

    /// Clients that succeeded, for the second reading; a bounded number, the earliest first.
    pub fn suspects(&self) -> Vec<Suspect> {
        Vec::new()
    }

    /// The findings. `complete` is false where the logs could not be read whole.
    pub fn finish(self, coverage: &CoverageBook, traffic: &[SuspectTraffic], complete: bool) -> Findings {
        let _ = (coverage, traffic, complete);
        unimplemented_findings()
    }
}

fn unimplemented_findings() -> Findings {
    use crate::model::{Confidence, Judgement, Verdict, Window};
    Findings {
        judgement: Judgement {
            verdict: Verdict::NoTrace,
            confidence: Confidence::Low,
            reasons: Vec::new(),
            against: Vec::new(),
            cannot_show: Vec::new(),
            window: Window::default(),
        },
        servers: Vec::new(),
        attacks: Vec::new(),
        attacks_not_listed: 0,
        reconnaissance: Vec::new(),
        indicators: Vec::new(),
        normal: Vec::new(),
        correlations: Vec::new(),
        advice: Vec::new(),
    }
}
