//! What is new since last time.

use std::collections::HashSet;

use crate::model::{ComparedWith, Comparison, Evaluation, Fresh};

/// Entries named of each kind.
const NAMED: usize = 100;

pub(crate) fn compare(now: &Evaluation, before: &Evaluation, with: ComparedWith) -> Comparison {
    let tools = (&now.tools, &before.tools);
    let lists_whole = before.sources.not_listed == 0
        && tools.1.ja3.not_listed == 0
        && tools.1.ja4.not_listed == 0
        && tools.1.user_agents.not_listed == 0
        && before.rules.not_listed == 0
        && before.uploads.not_listed == 0
        && before.stages_not_listed == 0;
    let fresh = |list: fn(&Evaluation) -> Vec<String>| fresh(list(now), list(before));
    Comparison {
        with,
        since: before.since.or(before.first),
        until: before.until.or(before.last),
        complete: lists_whole && before.gaps.is_complete(),
        totals: before.totals,
        sensors: fresh(|of| values(&of.sensors.entries, |row| row.sensor.clone())),
        sources: fresh(|of| values(&of.sources.entries, |row| row.address.to_string())),
        stages: fresh(|of| values(&of.stages, |row| format!("{}/{}", row.chain, row.stage))),
        rules: fresh(|of| values(&of.rules.entries, |row| row.title.clone())),
        ja3: fresh(|of| values(&of.tools.ja3.entries, |row| row.value.clone())),
        ja4: fresh(|of| values(&of.tools.ja4.entries, |row| row.value.clone())),
        user_agents: fresh(|of| values(&of.tools.user_agents.entries, |row| row.value.clone())),
        uploads: fresh(|of| values(&of.uploads.entries, |row| row.sha256.clone())),
    }
}

fn values<T>(rows: &[T], value: impl Fn(&T) -> String) -> Vec<String> {
    rows.iter().map(value).collect()
}

fn fresh(now: Vec<String>, before: Vec<String>) -> Fresh {
    let before: HashSet<String> = before.into_iter().collect();
    let mut entries: Vec<String> = now.into_iter().filter(|value| !before.contains(value)).collect();
    let count = entries.len() as u64;
    entries.truncate(NAMED);
    Fresh { count, entries }
}
