//! The second reading: all that suspects did from their first success on.

use std::collections::BTreeMap;

use imker_detect::{Suspect, SuspectTraffic, Vantage};
use imker_sigma::{Indicator, RuleSetBuilder};

use crate::model::Options;
use crate::read::{Error, Hunt, Progress};
use crate::scan::{Purpose, Sizes, Traffic};
use crate::time::Millis;

/// See [`crate::follow`].
pub(crate) fn follow(
    options: &Options,
    suspects: &[Suspect],
    progress: &dyn Progress,
    sizes: Sizes,
) -> Result<Vec<SuspectTraffic>, Error> {
    let mut builder = RuleSetBuilder::new();
    let mut since = Vec::new();
    let mut rules = Vec::new();
    for suspect in suspects {
        let indicator = Indicator::Address(suspect.client.to_string());
        let Ok(rule) = builder.add_indicator(&indicator, "suspects") else {
            continue;
        };
        rules.push((rule, suspect));
        since.push(suspect.since.as_millisecond());
    }
    let Ok(set) = builder.build() else {
        return Ok(Vec::new());
    };
    let hunt = Hunt::new(options, &set, progress, Purpose::Follow(since), sizes);
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    hunt.run()?;
    let tally = hunt.tally();
    let mut by_rule: BTreeMap<_, ByHour> = BTreeMap::new();
    for ((rule, vantage, hour), traffic) in &tally.traffic {
        by_rule
            .entry(*rule)
            .or_default()
            .entry((*vantage, *hour))
            .or_default()
            .add(*traffic);
    }
    let traffic = rules
        .into_iter()
        .filter_map(|(rule, suspect)| traffic_of(suspect, by_rule.get(&rule)?));
    Ok(traffic.collect())
}

type ByHour = BTreeMap<(Vantage, Millis), Traffic>;

/// Adds up a suspect's requests. One request stands in several logs: the front end's count where there are any.
fn traffic_of(suspect: &Suspect, hours: &ByHour) -> Option<SuspectTraffic> {
    let seen_by = |vantage| {
        hours
            .iter()
            .filter(move |((by, _), _)| *by == vantage)
            .map(|(_, traffic)| *traffic)
    };
    let vantage = [Vantage::FrontEnd, Vantage::Proxy]
        .into_iter()
        .find(|vantage| seen_by(*vantage).next().is_some())?;
    let bytes = |vantage| {
        seen_by(vantage)
            .filter_map(|traffic| traffic.bytes)
            .reduce(|left, right| left + right)
    };
    Some(SuspectTraffic {
        client: suspect.client,
        requests: seen_by(vantage).map(|traffic| traffic.requests).sum(),
        requests_per_hour_max: seen_by(vantage)
            .map(|traffic| traffic.requests)
            .max()
            .unwrap_or_default(),
        bytes_sent: bytes(vantage).or_else(|| bytes(Vantage::Proxy)),
    })
}
