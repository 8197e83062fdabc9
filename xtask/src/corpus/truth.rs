//! What is true of a corpus: the attacks in it, and what `imker hunt` should say.

use serde::{Deserialize, Serialize};

/// What is in a corpus; `truth.json` beside it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Truth {
    pub seed: u64,
    /// Bytes, lines and files of the logs, unpacked.
    pub bytes: u64,
    pub lines: u64,
    pub files: u64,
    /// First and last event.
    pub first: String,
    pub last: String,
    /// Expected for the server.
    pub verdict: Verdict,
    /// In order of their first request.
    pub attacks: Vec<Attack>,
}

/// A verdict's name, as in `imker hunt --format json`; the order is the order of severity.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    #[default]
    NoTrace,
    Attempted,
    Vulnerable,
    Exploited,
    Compromised,
}

/// An outcome's name, as in `imker hunt --format json`; the order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Filtered,
    Refused,
    Unclear,
    Succeeded,
}

impl Outcome {
    /// What a status tells of a request that has the shape of an attack.
    pub fn of(status: u16) -> Self {
        match status {
            200..=399 => Self::Succeeded,
            404 => Self::Filtered,
            400..=499 => Self::Refused,
            _ => Self::Unclear,
        }
    }
}

/// One attack.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attack {
    /// The generator's name for it.
    pub kind: String,
    /// Chains that it may rightly be called; empty where it is mere reconnaissance.
    pub chains: Vec<String>,
    /// All addresses, the one that began first.
    pub clients: Vec<String>,
    /// Expected for this attack alone.
    pub verdict: Verdict,
    pub webshells: Vec<String>,
    /// In order of their first request.
    pub stages: Vec<Stage>,
    pub lines: Vec<Line>,
}

/// One stage of an attack.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stage {
    /// As in the project's table of stages.
    pub name: String,
    /// Requests.
    pub count: u64,
    /// The furthest outcome.
    pub outcome: Outcome,
    pub first: String,
    pub last: String,
}

/// Where a line of an attack stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// Below the corpus's folder.
    pub file: String,
    /// From 1.
    pub line: u64,
}
