//! The evaluation as it is shown, stored and compared.

use std::collections::BTreeMap;
use std::net::IpAddr;

use imker_event::ecs::Place;
use imker_event::{GapReason, Kind, Scheme, Service};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lines::BadLine;

/// What the events of one or several sensors say together: the root of the JSON output.
///
/// Text of clients in it is cut to 512 bytes, otherwise as received: outputs escape it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// Name and version of this format: `imker-evaluation/1`.
    pub schema: String,
    /// Version of Imker.
    pub version: String,
    /// When the evaluation was made.
    #[schemars(with = "String")]
    pub created: Timestamp,
    /// Events before this were left out.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// Events from this on were left out.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// The first event.
    #[schemars(with = "Option<String>")]
    pub first: Option<Timestamp>,
    /// The last event.
    #[schemars(with = "Option<String>")]
    pub last: Option<Timestamp>,
    /// Sums.
    pub totals: Totals,
    /// Events by kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// Sensors, the busiest first.
    pub sensors: Listed<SensorRow>,
    /// Simulated hosts, the busiest first.
    pub hosts: Listed<HostRow>,
    /// Activity over time.
    pub activity: Activity,
    /// Source addresses, the furthest in an attack first, then the busiest.
    pub sources: Listed<SourceRow>,
    /// Countries of the sources that are kept; empty where places are not looked up.
    pub countries: Vec<CountryRow>,
    /// Networks (autonomous systems) of the sources that are kept.
    pub networks: Vec<NetworkRow>,
    /// Stages of attacks, by chain and order.
    pub stages: Vec<StageRow>,
    /// Stages beyond the limit of different ones, counted.
    pub stages_not_listed: u64,
    /// Rules that requests matched.
    pub rules: Listed<RuleRow>,
    /// What clients gave away of their programs.
    pub tools: Tools,
    /// Attempts to log on.
    pub credentials: CredentialsSeen,
    /// Paths asked for.
    pub paths: Listed<CountedRow>,
    /// Files sent.
    pub uploads: Listed<UploadRow>,
    /// Commands sent to webshells.
    pub commands: Listed<CountedRow>,
    /// What was not seen, or not read.
    pub gaps: Gaps,
    /// What is new since last time; absent where nothing could be compared.
    pub compared: Option<Comparison>,
}

impl Evaluation {
    /// Name and version of the format.
    pub const SCHEMA: &str = "imker-evaluation/1";
}

/// Sums over all events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Events, each counted once.
    pub events: u64,
    /// Events that sensors recorded of themselves.
    pub of_sensors: u64,
    /// Connections opened.
    pub connections: u64,
    /// Web requests, refused ones included.
    pub requests: u64,
    /// Requests that a rule for attacks matched.
    pub suspicious_requests: u64,
    /// Attempts to log on.
    pub credentials: u64,
    /// Files sent.
    pub uploads: u64,
    /// Commands sent to webshells.
    pub commands: u64,
    /// Stages reached, once for each session of a source.
    pub stages: u64,
    /// Source addresses.
    pub sources: Distinct,
    /// Source addresses that attempted a stage of an attack, sent a file or a command, among those listed.
    pub attackers: u64,
    /// Bytes received on connections that ended.
    pub bytes_received: u64,
    /// Bytes sent on connections that ended.
    pub bytes_sent: u64,
}

/// How many different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Distinct {
    /// How many.
    pub count: u64,
    /// Whether it is an estimate (standard error 6 %; 2 % for all sources).
    pub estimated: bool,
}

impl Distinct {
    /// An estimate, bounded by what is known otherwise.
    pub(crate) fn at_most(self, most: u64) -> Self {
        Self {
            count: if self.estimated {
                self.count.min(most)
            } else {
                self.count
            },
            ..self
        }
    }
}

/// The first entries of a ranking, and what stands behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listed<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// Further entries.
    pub not_listed: u64,
    /// The sum of their counts.
    pub count_not_listed: u64,
    /// Whether all counts are exact. Otherwise rare entries were dropped while counting, so that one that came back
    /// counts too little and `not_listed` may count it more than once.
    pub exact: bool,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            not_listed: 0,
            count_not_listed: 0,
            exact: true,
        }
    }
}

/// A sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SensorRow {
    /// Its name.
    pub sensor: String,
    /// Its events.
    pub events: u64,
    /// Web requests.
    pub requests: u64,
    /// Source addresses.
    pub sources: Distinct,
    /// Its first event.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Its last event.
    #[schemars(with = "String")]
    pub last: Timestamp,
    /// Sequence numbers that are missing between its events, those outside the span included, those of recorded losses
    /// not.
    pub missing: u64,
    /// Starts that no orderly stop came before, the first start aside: it was killed, or failed.
    pub unclean_starts: u64,
}

/// A simulated host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostRow {
    /// The sensor that plays it.
    pub sensor: String,
    /// Its name.
    pub host: String,
    /// Its persona.
    pub persona: String,
    /// Services that were spoken to.
    pub services: Vec<Service>,
    /// Its events.
    pub events: u64,
    /// Web requests.
    pub requests: u64,
    /// Source addresses.
    pub sources: Distinct,
    /// Its first event.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Its last event.
    #[schemars(with = "String")]
    pub last: Timestamp,
}

/// Activity over time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// Length of a step in seconds: an hour, a day, a week, or longer.
    pub step_seconds: u64,
    /// Steps with events, ascending.
    pub steps: Vec<Step>,
}

/// A step in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its begin.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Events in it.
    pub events: u64,
    /// Web requests in it.
    pub requests: u64,
    /// Stages reached in it.
    pub stages: u64,
}

/// A source address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceRow {
    /// The address; of requests through a trusted proxy for HTTP, whom that names.
    pub address: IpAddr,
    /// Where it is, where that was looked up.
    pub place: Place,
    /// Its first event.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Its last event.
    #[schemars(with = "String")]
    pub last: Timestamp,
    /// Days (UTC) with events, up to 400.
    pub days: u32,
    /// Its events.
    pub events: u64,
    /// Connections opened.
    pub connections: u64,
    /// Web requests.
    pub requests: u64,
    /// Requests that a rule for attacks matched.
    pub suspicious_requests: u64,
    /// Attempts to log on.
    pub credentials: u64,
    /// Files sent.
    pub uploads: u64,
    /// Commands sent to webshells.
    pub commands: u64,
    /// How far it went, from 0 to 100.
    ///
    /// 0 connected; 10 attempted to log on; 30 matched a rule for attacks; 50 attempted the first stage of an attack;
    /// 60 attempted a further one; 80 succeeded in a first stage; 100 succeeded in a further one, sent a file or a command.
    pub score: u8,
    /// Stages of attacks.
    pub stages: Vec<SourceStage>,
    /// CVEs that these stages name.
    pub cves: Vec<String>,
    /// ATT&CK techniques that these stages name.
    pub techniques: Vec<String>,
    /// Simulated hosts that it spoke to; eight at most.
    pub hosts: Vec<String>,
    /// Ports that it connected to; eight at most.
    pub ports: Vec<u16>,
    /// User agents; four at most.
    pub user_agents: Vec<String>,
    /// JA3; four at most.
    pub ja3: Vec<String>,
    /// JA4; four at most.
    pub ja4: Vec<String>,
    /// Whether one of these lists is cut.
    pub lists_cut: bool,
    /// Its first requests that a rule for attacks matched; two at most.
    pub samples: Vec<Sample>,
}

/// A stage that a source reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceStage {
    /// The chain.
    pub chain: String,
    /// The stage.
    pub stage: String,
    /// Whether it succeeded at least once.
    pub succeeded: bool,
}

/// A request as an example; values of its query that are named like secrets are left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// When.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The client's port.
    pub source_port: u16,
    /// The port that it connected to.
    pub port: u16,
    /// Whether over TLS.
    pub tls: bool,
    /// The version of HTTP.
    pub version: String,
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// User agent.
    pub user_agent: Option<String>,
    /// Status answered.
    pub status: Option<u16>,
}

/// A country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountryRow {
    /// Its code; absent for the addresses of which no country is known.
    pub country: Option<String>,
    /// Source addresses.
    pub sources: u64,
    /// Of these, those that attempted a stage of an attack, sent a file or a command.
    pub attackers: u64,
    /// Web requests.
    pub requests: u64,
}

/// An autonomous system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkRow {
    /// Its number.
    pub asn: u32,
    /// Its organisation.
    pub organisation: Option<String>,
    /// Source addresses.
    pub sources: u64,
    /// Web requests.
    pub requests: u64,
}

/// A stage of a chain of attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageRow {
    /// The chain.
    pub chain: String,
    /// The stage.
    pub stage: String,
    /// Its place in the chain.
    pub order: u32,
    /// Sessions that reached it in vain.
    pub refused: u64,
    /// Sessions in which it succeeded.
    pub succeeded: u64,
    /// Source addresses.
    pub sources: Distinct,
    /// First reached.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Last reached.
    #[schemars(with = "String")]
    pub last: Timestamp,
    /// CVEs; 32 at most.
    pub cves: Vec<String>,
    /// ATT&CK techniques; 32 at most.
    pub techniques: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleRow {
    /// Sigma's id.
    pub rule: String,
    /// Title.
    pub title: String,
    /// Author, where the rule is at hand when the evaluation is written.
    pub author: Option<String>,
    /// File, or name of the built-in file, likewise.
    pub source: Option<String>,
    /// Level.
    pub level: String,
    /// Whether it knows ordinary traffic.
    pub ordinary: bool,
    /// Requests that it matched.
    pub count: u64,
    /// Source addresses.
    pub sources: Distinct,
}

/// What clients gave away of their programs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tools {
    /// JA3 of ClientHellos.
    pub ja3: Listed<CountedRow>,
    /// JA4 of ClientHellos.
    pub ja4: Listed<CountedRow>,
    /// User agents of requests.
    pub user_agents: Listed<CountedRow>,
    /// Workstations named in NTLM.
    pub workstations: Listed<CountedRow>,
}

/// A value, how often, by how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountedRow {
    /// The value.
    pub value: String,
    /// How often.
    pub count: u64,
    /// Source addresses.
    pub sources: Distinct,
    /// First seen.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Last seen.
    #[schemars(with = "String")]
    pub last: Timestamp,
}

/// Attempts to log on. Secrets themselves are not in an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CredentialsSeen {
    /// Attempts with names of the operator's own domains: those passwords are to be reset.
    pub own_domain: u64,
    /// Attempts whose secret is not in the events: there was none, or it was masked when they were written.
    pub without_secret: u64,
    /// Attempts by how they were sent.
    pub schemes: BTreeMap<Scheme, u64>,
    /// Accounts, those of own domains first.
    pub accounts: Listed<AccountRow>,
    /// Passwords, masked; those of own domains are not among them.
    pub passwords: Listed<CountedRow>,
}

/// An account that someone tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRow {
    /// The name, lower case.
    pub username: String,
    /// The domain, lower case.
    pub domain: Option<String>,
    /// Whether the domain is the operator's own: the password is to be reset.
    pub own_domain: bool,
    /// Attempts.
    pub count: u64,
    /// Different passwords.
    pub passwords: Distinct,
    /// How they were sent.
    pub schemes: Vec<Scheme>,
    /// Source addresses.
    pub sources: Distinct,
    /// First attempt.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Last attempt.
    #[schemars(with = "String")]
    pub last: Timestamp,
}

/// A file that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadRow {
    /// SHA-256, in hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Whether all of them are in quarantine.
    pub whole: bool,
    /// Whether it is a body with passwords or tokens in it; no export names those.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secrets: bool,
    /// Names that clients gave; eight at most.
    pub names: Vec<String>,
    /// Addresses that sent it; eight at most.
    pub addresses: Vec<IpAddr>,
    /// How often.
    pub count: u64,
    /// Source addresses.
    pub sources: Distinct,
    /// First sent.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Last sent.
    #[schemars(with = "String")]
    pub last: Timestamp,
}

/// What was not seen, or not read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Gaps {
    /// Losses that sensors recorded; 200 at most.
    pub recorded: Vec<RecordedGap>,
    /// Further ones.
    pub recorded_not_listed: u64,
    /// Events, or connections turned away, that sensors count as lost.
    pub lost: u64,
    /// Times at which a sensor did not run, from an orderly stop to the next start; 200 at most.
    pub stopped: Vec<Stopped>,
    /// Further ones.
    pub stopped_not_listed: u64,
    /// Sequence numbers missing, over all sensors; those of recorded losses aside.
    pub missing: u64,
    /// Lines that are no events, the first of each file; 100 at most.
    pub bad_lines: Vec<BadLine>,
    /// Lines of further files.
    pub bad_lines_not_listed: u64,
    /// Events that were read again (same sensor and sequence number) and not counted again.
    pub duplicates: u64,
    /// Events of records with so many holes that a repetition could not be told.
    pub duplicates_unchecked: u64,
    /// Of those not counted again, some whose time is another than before, as found by samples: two sensors have one
    /// name, or one began anew, and what the second recorded is not counted.
    pub conflicting: u64,
    /// Sensors with events, but none in the span; 200 at most.
    pub silent: Vec<String>,
    /// Events before `since` or from `until` on.
    pub outside: u64,
}

impl Gaps {
    /// Whether nothing is known to be missing.
    pub const fn is_complete(&self) -> bool {
        self.lost == 0
            && self.recorded.is_empty()
            && self.stopped.is_empty()
            && self.missing == 0
            && self.bad_lines.is_empty()
            && self.duplicates_unchecked == 0
            && self.conflicting == 0
    }
}

/// A loss that a sensor recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedGap {
    /// The sensor.
    pub sensor: String,
    /// When it was recorded.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Why.
    pub reason: GapReason,
    /// The first loss, where known.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// The last loss, where known.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// How many.
    pub lost: u64,
}

/// A time at which a sensor did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stopped {
    /// The sensor.
    pub sensor: String,
    /// When it stopped.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// When it started again; absent where it did not.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
}

/// What is new since last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What it was compared with.
    pub with: ComparedWith,
    /// Begin of the earlier span.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// End of the earlier span.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// Whether all that the earlier span held was there to compare with. Otherwise some of what is called new may not be.
    pub complete: bool,
    /// Sums of the earlier span.
    pub totals: Totals,
    /// Sensors that had no events then.
    pub sensors: Fresh,
    /// Source addresses.
    pub sources: Fresh,
    /// Stages, as `chain/stage`.
    pub stages: Fresh,
    /// Rules, by title.
    pub rules: Fresh,
    /// JA3.
    pub ja3: Fresh,
    /// JA4.
    pub ja4: Fresh,
    /// User agents.
    pub user_agents: Fresh,
    /// Files sent, by SHA-256.
    pub uploads: Fresh,
}

/// What an evaluation was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ComparedWith {
    /// An earlier evaluation that was handed over.
    Evaluation,
    /// The events of the span of the same length before.
    SpanBefore,
}

/// What was not there before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Fresh {
    /// How many among those listed.
    pub count: u64,
    /// The first 100 of them, in the order of the evaluation.
    pub entries: Vec<String>,
}
