//! What a result of a scan holds.

use std::borrow::Cow;

use imker_posture::{
    Assessment, Checks, Fault, Finding, FrontEnd, Observation, Reason, SmtpVisit, TlsVersions, Vantage,
    Verdict, Visit,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::summary::Summary;

/// Name and version of the format.
pub(super) const SCHEMA: &str = "imker-scan/1";

/// A whole result, as its JSON holds it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanResult<'a> {
    /// `imker-scan/1`.
    pub schema: &'static str,
    /// How it came about.
    pub scan: ScanHead,
    /// Hosts, in the order in which their answers were complete.
    pub hosts: Vec<HostRow<'a>>,
    /// What comes after them.
    pub end: ScanEnd,
}

/// How a scan came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanHead {
    /// Version of Imker.
    pub version: String,
    /// When it began.
    #[schemars(with = "String")]
    pub created: Timestamp,
    /// Who gave permission, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised: Option<String>,
    /// The address that the user agent names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// From where was asked.
    pub vantage: Vantage,
    /// How much was asked.
    pub checks: Checks,
}

/// What comes after the hosts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanEnd {
    /// Whether every target was asked.
    pub complete: bool,
    /// When it ended.
    #[schemars(with = "String")]
    pub finished: Timestamp,
    /// How long it was asked, in milliseconds; where a scan was interrupted, in its last run.
    pub took_ms: u64,
    /// The hosts, counted.
    pub summary: Summary,
    /// Targets that were named or found and not asked: of those left out by address and by name 1,000 each at most, and
    /// all hosts outside the domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_asked: Vec<NotAsked>,
    /// How many more were left out.
    pub not_asked_more: u64,
}

/// A target that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotAsked {
    /// The target, or what was typed.
    pub target: String,
    /// Why not.
    pub why: WhyNot,
}

/// Why a target was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The list of exclusions has it.
    Excluded,
    /// It lies outside the mail domain, and nobody confirmed it.
    ForeignHost,
    /// Its address is of a kind that was to be skipped.
    SpecialRange,
}

impl WhyNot {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Excluded, Self::ForeignHost, Self::SpecialRange];

    /// Its name in outputs: `foreign_host`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::ForeignHost => "foreign_host",
            Self::SpecialRange => "special_range",
        }
    }
}

/// One host: what follows first, then what was observed. Nothing of either is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostRow<'a> {
    /// The target, in its short form.
    pub target: Cow<'a, str>,
    /// The worst that was found of any front end.
    pub verdict: Verdict,
    /// Why.
    pub reason: Cow<'a, Reason>,
    /// Whether an Exchange server answers; absent where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<bool>,
    /// Front ends that answered, the worst first.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub front_ends: Cow<'a, [FrontEnd]>,
    /// What else deserves attention, the worst first.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub findings: Cow<'a, [Finding]>,
    /// When it was first asked.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// How long all of it took, in milliseconds.
    pub took_ms: u64,
    /// How much was asked.
    pub checks: Checks,
    /// Connections, with each request's answer.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub visits: Cow<'a, [Visit]>,
    /// Which versions of TLS it speaks, where that was asked.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub tls_versions: Cow<'a, [TlsVersions]>,
    /// What its mail services said, where they were asked.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub smtp: Cow<'a, [SmtpVisit]>,
    /// Why it could not be asked, or not to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Cow<'a, Fault>>,
}

impl<'a> HostRow<'a> {
    /// The row of one host.
    pub fn of(observation: &'a Observation, assessment: &'a Assessment) -> Self {
        Self {
            target: Cow::Borrowed(&observation.target),
            verdict: assessment.verdict,
            reason: Cow::Borrowed(&assessment.reason),
            exchange: assessment.exchange,
            front_ends: Cow::Borrowed(&assessment.front_ends),
            findings: Cow::Borrowed(&assessment.findings),
            started: observation.started,
            took_ms: observation.took_ms,
            checks: observation.checks,
            visits: Cow::Borrowed(&observation.visits),
            tls_versions: Cow::Borrowed(&observation.tls_versions),
            smtp: Cow::Borrowed(&observation.smtp),
            fault: observation.fault.as_ref().map(Cow::Borrowed),
        }
    }

    /// The observation in it.
    pub fn observation(self) -> Observation {
        Observation {
            target: self.target.into_owned(),
            started: self.started,
            took_ms: self.took_ms,
            checks: self.checks,
            visits: self.visits.into_owned(),
            tls_versions: self.tls_versions.into_owned(),
            smtp: self.smtp.into_owned(),
            fault: self.fault.map(Cow::into_owned),
        }
    }
}
