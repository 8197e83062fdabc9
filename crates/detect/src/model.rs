//! What goes in (sightings, file coverage) and what comes out (findings).

use std::collections::BTreeMap;
use std::sync::Arc;

use imker_event::{Text, WebRequest};
use imker_sigma::{Level, Origin, Rule, RuleIndex};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A server among those whose logs are read; names are settled when reading ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub u32);

/// Which log saw a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vantage {
    /// IIS, site `Default Web Site` (W3SVC1): `c-ip` is the client or a balancer.
    FrontEnd,
    /// Exchange's HttpProxy log.
    Proxy,
    /// IIS, site `Exchange Back End` (W3SVC2, ports 81 and 444): `c-ip` is the front end.
    BackEnd,
    /// HTTP.sys's HTTPERR log: refused before any site.
    HttpErr,
}

/// The kind of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// IIS W3C extended log.
    Iis,
    /// HTTP.sys HTTPERR log.
    HttpErr,
    /// Exchange HttpProxy CSV log.
    HttpProxy,
}

/// Where a line stands. In an archive, `file` is `archive!member` and `offset` counts unpacked bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Path as the user would write it.
    pub file: Arc<str>,
    /// Line number, from 1.
    pub line: u64,
    /// Byte offset of the line's first byte.
    pub offset: u64,
}

/// A logged request that at least one rule matched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// The request.
    pub request: WebRequest,
    /// The rules that it matched, ascending.
    pub rules: Vec<RuleIndex>,
    /// Whose log it is.
    pub server: ServerId,
    /// Which log.
    pub vantage: Vantage,
    /// Where it stands.
    pub place: Place,
    /// The line as logged.
    pub line: Text,
}

/// Lines of one kind of log that matched nothing but a rule for ordinary traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrdinaryCount {
    /// The rule.
    pub rule: RuleIndex,
    /// Whose logs they are.
    pub server: ServerId,
    /// Which logs.
    pub vantage: Vantage,
    /// Lines.
    pub count: u64,
}

/// What one log file covers.
#[derive(Debug, Clone, PartialEq)]
pub struct FileCoverage {
    /// Whose log it is.
    pub server: ServerId,
    /// Kind of log.
    pub kind: LogKind,
    /// Site or protocol within the kind: `W3SVC1`, `W3SVC2`, `Autodiscover`; empty where unknown.
    pub source: Arc<str>,
    /// The file.
    pub file: Arc<str>,
    /// Unpacked bytes read.
    pub bytes: u64,
    /// Lines read, directives included.
    pub lines: u64,
    /// First and last event; `None` in a log without events.
    pub span: Option<Span>,
    /// Whether an event lies in the time asked for.
    pub in_window: bool,
    /// Pairs of neighbouring events further apart than the smallest gap asked for.
    pub gaps: Vec<Span>,
    /// Places where the clock went back.
    pub clock_back: Vec<ClockBack>,
    /// UTC days with events, ascending.
    pub days: Vec<Date>,
    /// Builds seen in HttpProxy rows.
    pub builds: Vec<BuildSeen>,
}

/// A stretch of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Span {
    /// Start.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// End.
    #[schemars(with = "String")]
    pub to: Timestamp,
}

/// The clock going back within a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockBack {
    /// The line after the jump.
    #[serde(flatten)]
    pub place: Place,
    /// Time before the jump.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Time after it.
    #[schemars(with = "String")]
    pub to: Timestamp,
}

/// A build that served requests in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BuildSeen {
    /// Four-part build, as in `15.1.2176.9`.
    pub build: String,
    /// Product, cumulative update and security update, where the build is known.
    pub name: Option<String>,
    /// First and last request served.
    #[serde(flatten)]
    pub span: Span,
}

/// How bad it is; the order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No attack in the logs that were read.
    NoTrace,
    /// Attacked; no step succeeded.
    Attempted,
    /// A probe succeeded; nothing followed.
    Vulnerable,
    /// A step beyond the probe succeeded.
    Exploited,
    /// A webshell answered.
    Compromised,
}

/// How far the evidence carries a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// One weak source.
    Low,
    /// One good source, or several weak ones.
    Medium,
    /// Evidence that fits together.
    High,
}

/// What became of a request, a stage or an attack; the order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Stopped before Exchange answered (request filtering, reset, proxy).
    Filtered,
    /// Exchange refused.
    Refused,
    /// The log does not tell.
    Unclear,
    /// It worked.
    Succeeded,
}

/// A sentence in machine form; the report puts it into the reader's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Statement {
    /// Message id in the report's translation files.
    pub id: &'static str,
    /// Values for the message's placeholders.
    pub args: BTreeMap<&'static str, String>,
    /// The sentence, once a language is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Statement {
    /// A statement without arguments.
    pub fn new(id: &'static str) -> Self {
        Self {
            id,
            args: BTreeMap::new(),
            text: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // Literals and numbers are handed over as they are.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.insert(name, value.to_string());
        self
    }
}

/// A verdict with all that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// How far the evidence carries it.
    pub confidence: Confidence,
    /// Why.
    pub reasons: Vec<Statement>,
    /// What speaks against it.
    pub against: Vec<Statement>,
    /// What the logs read cannot show.
    pub cannot_show: Vec<Statement>,
    /// The times that matter.
    pub window: Window,
}

/// The times that matter for a verdict; `None` is "not seen".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Window {
    /// Since when the server is proven vulnerable (first probe that succeeded).
    #[schemars(with = "Option<String>")]
    pub vulnerable_from: Option<Timestamp>,
    /// Until when it is proven vulnerable.
    #[schemars(with = "Option<String>")]
    pub vulnerable_to: Option<Timestamp>,
    /// The first build seen without the fix.
    pub build_without_fix: Option<BuildSeen>,
    /// The first build seen with the fix.
    pub build_with_fix: Option<BuildSeen>,
    /// First attack, successful or not.
    #[schemars(with = "Option<String>")]
    pub first_attack: Option<Timestamp>,
    /// First step that succeeded.
    #[schemars(with = "Option<String>")]
    pub first_success: Option<Timestamp>,
    /// Last request of any attack.
    #[schemars(with = "Option<String>")]
    pub last_activity: Option<Timestamp>,
    /// The first event of any log: before that there is no data.
    #[schemars(with = "Option<String>")]
    pub no_data_before: Option<Timestamp>,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Findings {
    /// The worst verdict of any server.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// By server, by name.
    pub servers: Vec<ServerFindings>,
    /// Attacks, the worst and then the earliest first.
    pub attacks: Vec<Attack>,
    /// Attacks beyond the limit kept in memory; counted, not told apart.
    pub attacks_not_listed: u64,
    /// Known scanners and rules of level low or informational: noted, not attacks.
    pub reconnaissance: Vec<Reconnaissance>,
    /// Indicators that the user gave and that were seen.
    pub indicators: Vec<IndicatorSeen>,
    /// Ordinary requests that look alarming to readers of advisories.
    pub normal: Vec<NormalTraffic>,
    /// Correlation rules that fired.
    pub correlations: Vec<CorrelationFired>,
    /// Groups of requests left out to bound memory: some that fired and are not listed, some that were forgotten
    /// before it was clear whether they would.
    pub correlations_not_listed: u64,
    /// What to do now, in order.
    pub advice: Vec<Statement>,
}

/// What was found on one server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerFindings {
    /// Name.
    pub name: String,
    /// Verdict and reasons.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// What its logs cover, by kind and source.
    pub coverage: Vec<Coverage>,
    /// Patch level over time, from HttpProxy rows.
    pub builds: Vec<BuildSeen>,
}

/// What the logs of one kind and source cover.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Kind of log.
    pub kind: LogKind,
    /// Site or protocol: `W3SVC1`, `Autodiscover`; empty where unknown.
    pub source: String,
    /// Files.
    pub files: u64,
    /// Files with an event in the time asked for.
    pub files_in_window: u64,
    /// Unpacked bytes.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// First event.
    #[schemars(with = "Option<String>")]
    pub first: Option<Timestamp>,
    /// Last event.
    #[schemars(with = "Option<String>")]
    pub last: Option<Timestamp>,
    /// UTC days between first and last event without any.
    #[schemars(with = "Vec<String>")]
    pub days_without_events: Vec<Date>,
    /// Stretches without events longer than `--gap`.
    pub gaps: Vec<Span>,
    /// Files that tell of the same time.
    pub overlaps: Vec<Overlap>,
    /// Places where the clock went back.
    pub clock_back: Vec<ClockBack>,
    /// Entries left out of the lists above, each of which keeps the first 100.
    pub not_listed: u64,
}

/// Two files of one source that cover the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Overlap {
    /// The two files.
    pub files: [Arc<str>; 2],
    /// The time that both cover.
    #[serde(flatten)]
    pub span: Span,
}

/// Requests that belong together: one chain, one actor, one stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attack {
    /// Number within this report, from 1.
    pub number: u32,
    /// Name of the chain: `ProxyShell`, `ProxyLogon`, `Webshell`, `Generic`, ...
    pub chain: String,
    /// The address that began; `None` where only back-end logs tell of it.
    pub client: Option<String>,
    /// Addresses that took part, `client` first; at most 100.
    pub clients: Vec<String>,
    /// Further ones.
    pub clients_not_listed: u64,
    /// Label given by `--own-scanner`, where one fits every client.
    pub own_scanner: Option<String>,
    /// Servers attacked, by name.
    pub servers: Vec<String>,
    /// The furthest outcome of the furthest stage.
    pub outcome: Outcome,
    /// The verdict that this attack alone would give.
    pub verdict: Verdict,
    /// First request.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Last request.
    #[schemars(with = "String")]
    pub last: Timestamp,
    /// Stages, in the chain's order.
    pub stages: Vec<Stage>,
    /// CVEs, from rules and, where a URL shape is shared, from user name and build.
    pub cves: Vec<String>,
    /// MITRE ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Paths of webshells asked for.
    pub webshells: Vec<String>,
    /// Lines: first, last and a sample by stage and rule.
    pub evidence: Vec<Evidence>,
    /// Bytes sent to the attackers after the first success, where logged and counted.
    pub bytes_sent_after_success: Option<u64>,
    /// The most requests that the attackers made in an hour after the first success.
    pub requests_per_hour_max: Option<u64>,
}

/// One stage of an attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stage {
    /// Stage name, from the stage table: `probe`, `mailbox_access`, `powershell`, `webshell`, ...
    pub name: String,
    /// The furthest outcome of its requests.
    pub outcome: Outcome,
    /// Distinct requests; one that several logs saw counts once.
    pub count: u64,
    /// Distinct requests by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// First request.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Last request.
    #[schemars(with = "String")]
    pub last: Timestamp,
    /// First request that succeeded.
    #[schemars(with = "Option<String>")]
    pub first_success: Option<Timestamp>,
    /// Rules that matched.
    pub rules: Vec<RuleNamed>,
}

/// A rule as every output names it (Detection Rule License 1.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct RuleNamed {
    /// Rule id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Author.
    pub author: Option<String>,
    /// Severity.
    pub level: Level,
    /// Who brought it.
    pub origin: Origin,
    /// File, or name of the built-in file.
    pub source: String,
}

impl From<&Rule> for RuleNamed {
    fn from(rule: &Rule) -> Self {
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            author: rule.author.clone(),
            level: rule.level,
            origin: rule.origin,
            source: rule.source.clone(),
        }
    }
}

/// A line that supports a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// When.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Server, by name.
    pub server: String,
    /// Which log.
    pub vantage: Vantage,
    /// Client address, as judged (after `X-Forwarded-For`, where trusted).
    pub client: Option<String>,
    /// Stage.
    pub stage: String,
    /// What became of the request.
    pub outcome: Outcome,
    /// HTTP status.
    pub status: Option<u16>,
    /// Rule ids that matched.
    pub rules: Vec<String>,
    /// The line as logged: hostile text. `line` is the place's number.
    #[serde(rename = "text")]
    pub line: Text,
}

/// A known scanner, or a rule of level low or informational, by client.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reconnaissance {
    /// Rule.
    pub rule: RuleNamed,
    /// Client.
    pub client: Option<String>,
    /// Label given by `--own-scanner`.
    pub own_scanner: Option<String>,
    /// Distinct requests.
    pub count: u64,
    /// First and last request.
    #[serde(flatten)]
    pub span: Span,
    /// An example.
    pub example: Evidence,
}

/// An indicator from the user's list that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct IndicatorSeen {
    /// The indicator, as given.
    pub indicator: String,
    /// The list that it came from.
    pub source: String,
    /// Clients (at most 20).
    pub clients: Vec<String>,
    /// Requests.
    pub count: u64,
    /// First and last request.
    #[serde(flatten)]
    pub span: Span,
    /// Examples: first and last.
    pub evidence: Vec<Evidence>,
}

/// Ordinary requests that look alarming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NormalTraffic {
    /// Rule that knows the traffic as ordinary.
    pub rule: RuleNamed,
    /// Requests.
    pub count: u64,
    /// Why it is ordinary.
    pub why: Statement,
}

/// A correlation rule that fired.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CorrelationFired {
    /// Rule.
    pub rule: RuleNamed,
    /// Values of its `group-by` fields.
    pub group: BTreeMap<String, String>,
    /// Requests that took part.
    pub count: u64,
    /// First and last request that took part.
    #[serde(flatten)]
    pub span: Span,
}
