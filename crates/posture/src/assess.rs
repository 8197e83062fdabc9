use crate::{Assessment, Observation, Reason, Verdict};

/// What follows from an observation and the tables of builds and fixes.
pub fn assess(observation: &Observation) -> Assessment {
    let _ = observation;
    Assessment {
        verdict: Verdict::Unknown,
        reason: Reason::new("verdict-unknown", []),
        exchange: None,
        front_ends: Vec::new(),
        findings: Vec::new(),
    }
}
