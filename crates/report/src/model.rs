use std::collections::BTreeMap;

use imker_detect::{Classified, Findings, LogKind, RuleNamed, ServerFindings, Sighting, Verdict};
use imker_hunt::{Exposure, InputFile, Unread};
use imker_sigma::Rule;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The result of `imker hunt`: the root of its JSON output.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HuntReport {
    /// Name and version of this format: `imker-hunt/1`.
    pub schema: &'static str,
    /// Version of Imker.
    pub version: &'static str,
    /// When the report was made.
    #[schemars(with = "String")]
    pub created: Timestamp,
    /// What was asked for: paths as given.
    pub paths: Vec<String>,
    /// Requests before this were left out.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// Requests from this on were left out.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// All that was found.
    #[serde(flatten)]
    pub findings: Findings,
    /// Whether there was a web log with events, and everything that looked like one was read whole.
    pub complete: bool,
    /// Whether no event within `since` and `until` was read: the verdict `no_trace` then says nothing.
    pub nothing_read: bool,
    /// Log files of which no event lies within `since` and `until`.
    pub outside: u64,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// Further entries of that kind.
    pub unread_not_listed: u64,
    /// Files of other kinds, by kind.
    pub set_aside: BTreeMap<String, u64>,
    /// Which virtual directories were reached, where statistics were taken.
    pub exposure: Option<Vec<Exposure>>,
    /// Rules that some logs could not answer, because they lack columns.
    pub unanswered_rules: Vec<UnansweredRule>,
    /// Rules used.
    pub rules: RuleCounts,
    /// Input files, where hashes were asked for.
    pub inputs: Vec<InputFile>,
    /// Further ones, of which neither hash nor times are kept.
    pub inputs_not_listed: u64,
    /// Log files read.
    pub files: u64,
    /// Unpacked bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
}

/// A rule that logs of some kind could not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnansweredRule {
    /// The rule.
    pub rule: RuleNamed,
    /// The kind of log.
    pub kind: LogKind,
    /// Files of that kind that lack the columns.
    pub files: u64,
}

impl HuntReport {
    /// Name and version of the format.
    pub const SCHEMA: &str = "imker-hunt/1";

    /// The rules that some logs could not answer, each once, with the kinds of those logs.
    pub(crate) fn unanswered(&self) -> Vec<(&RuleNamed, Vec<&UnansweredRule>)> {
        let mut rules: Vec<(&RuleNamed, Vec<&UnansweredRule>)> = Vec::new();
        let mut places = BTreeMap::new();
        for unanswered in &self.unanswered_rules {
            let place = *places.entry(unanswered.rule.id.as_str()).or_insert(rules.len());
            if place == rules.len() {
                rules.push((&unanswered.rule, Vec::new()));
            }
            rules[place].1.push(unanswered);
        }
        rules
    }
}

/// Whether a verdict can rest on a server's logs: one of them holds a request that was asked for.
pub(crate) fn is_answered(server: &ServerFindings) -> bool {
    server.judgement.verdict > Verdict::NoTrace || server.coverage.iter().any(|log| log.files_in_window > 0)
}

/// How many rules were used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct RuleCounts {
    /// Detection rules shipped with Imker.
    pub built_in: u64,
    /// Detection rules that the user added.
    pub user: u64,
    /// The user's rules for other log sources, set aside.
    pub set_aside: u64,
    /// The user's rules that cannot be used; standard error names them.
    pub refused: u64,
    /// The user's indicators.
    pub indicators: u64,
}

/// A matched request with what is known of it: a record of the outputs that show every match.
#[derive(Debug, Clone, Copy)]
pub struct Match<'a> {
    /// The request.
    pub sighting: &'a Sighting,
    /// What it was taken for; `None`: not part of an attack's chain.
    pub classified: Option<&'a Classified>,
    /// The rules that it matched, in the order of the sighting.
    pub rules: &'a [&'a Rule],
    /// The server, by name.
    pub server: &'a str,
}
