//! Correlation rules on requests in order of time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::rules;
use imker_event::WebRequest;
use imker_sigma::{Correlator, Fired, Origin, RuleIndex, RuleSet, RuleSetBuilder};
use jiff::{SignedDuration, Timestamp};

const START: &str = "2021-08-12T10:00:00Z";

/// Two rules, `probe` (place 0) and `shell` (place 1), and the given correlation (place 2).
fn with(correlation: &str) -> String {
    let rule = |name: &str| {
        format!(
            "title: {name}\nname: {name}\nid: id-{name}\nlogsource:\n  category: webserver\ndetection:\n  s:\n    cs-uri-query|contains: {name}\n  condition: s\n---\n"
        )
    };
    let correlation: String = correlation.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "{}{}title: Together\nid: id-together\ncorrelation:\n{correlation}",
        rule("probe"),
        rule("shell")
    )
}

/// A request `second` seconds after the start by client `203.0.113.<client>`.
fn request(second: i64, client: u8, path: &str) -> WebRequest {
    let time: Timestamp = START.parse().unwrap();
    let mut request = WebRequest::new(time + SignedDuration::from_secs(second), "GET", path);
    request.client = Some([203, 0, 113, client].into());
    request
}

/// What fires when requests `(second, client, path, matched rules)` come in this order.
fn fired(rules: &RuleSet, requests: &[(i64, u8, &str, &[u32])]) -> Vec<Fired> {
    let mut correlator = Correlator::new(rules);
    for (second, client, path, matched) in requests {
        let matched: Vec<RuleIndex> = matched.iter().copied().map(RuleIndex).collect();
        correlator.observe(&request(*second, *client, path), &matched);
    }
    assert_eq!(correlator.forgotten(), 0);
    let (fired, unlisted) = correlator.finish();
    assert_eq!(unlisted, 0);
    fired
}

fn summary(fired: &[Fired]) -> Vec<(String, u64, i64, i64)> {
    let start: Timestamp = START.parse().unwrap();
    let second = |time: Timestamp| (time.as_second()) - start.as_second();
    fired
        .iter()
        .map(|fired| {
            let group = fired
                .group
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>();
            (
                group.join(" "),
                fired.count,
                second(fired.first),
                second(fired.last),
            )
        })
        .collect()
}

#[test]
fn counts_requests_in_a_sliding_window() {
    let rules = rules(&with(
        "type: event_count\nrules: probe\ngroup-by: c-ip\ntimespan: 10s\ncondition:\n  gte: 3",
    ));
    let hits = |seconds: &[i64]| {
        let requests: Vec<_> = seconds
            .iter()
            .map(|second| (*second, 1, "/", &[0_u32][..]))
            .collect();
        summary(&fired(&rules, &requests))
    };
    assert_eq!(hits(&[0, 5, 11]), []);
    assert_eq!(
        hits(&[0, 5, 10]),
        [("c-ip=203.0.113.1".into(), 3, 0, 10)],
        "both ends belong to the window"
    );
    assert_eq!(
        hits(&[0, 20, 22, 24, 26, 90]),
        [("c-ip=203.0.113.1".into(), 4, 20, 26)]
    );
    let two = fired(
        &rules,
        &[
            (0, 1, "/", &[0]),
            (1, 2, "/", &[0]),
            (2, 1, "/", &[0]),
            (3, 2, "/", &[0]),
        ],
    );
    assert_eq!(two, [], "each client counts for itself");
}

#[test]
fn a_request_counts_once_for_all_its_rules() {
    let rules = rules(&with(
        "type: event_count\nrules:\n  - probe\n  - id-shell\ntimespan: 10s\ncondition:\n  gte: 2",
    ));
    assert_eq!(summary(&fired(&rules, &[(0, 1, "/", &[0, 1])])), []);
    assert_eq!(
        summary(&fired(&rules, &[(0, 1, "/", &[0, 1]), (1, 2, "/", &[1])])),
        [(String::new(), 2, 0, 1)]
    );
}

#[test]
fn ranges_of_counts() {
    let rules = rules(&with(
        "type: event_count\nrules: probe\ntimespan: 10s\ncondition:\n  gt: 1\n  lte: 2",
    ));
    let all: Vec<_> = (0..5).map(|second| (second, 1, "/", &[0_u32][..])).collect();
    assert_eq!(
        summary(&fired(&rules, &all)),
        [(String::new(), 2, 0, 1)],
        "fires at the second request alone"
    );
}

#[test]
fn counts_different_values() {
    let rules = rules(&with(
        "type: value_count\nrules: probe\ngroup-by: c-ip\ntimespan: 1m\ncondition:\n  gte: 3\n  field: cs-uri-stem",
    ));
    let same = fired(
        &rules,
        &[
            (0, 1, "/a", &[0]),
            (1, 1, "/a", &[0]),
            (2, 1, "/b", &[0]),
            (3, 1, "/a", &[0]),
        ],
    );
    assert_eq!(same, []);
    let three = fired(
        &rules,
        &[(0, 1, "/a", &[0]), (1, 1, "/b", &[0]), (2, 1, "/c", &[0])],
    );
    assert_eq!(summary(&three), [("c-ip=203.0.113.1".into(), 3, 0, 2)]);
    let late = fired(
        &rules,
        &[(0, 1, "/a", &[0]), (30, 1, "/b", &[0]), (61, 1, "/c", &[0])],
    );
    assert_eq!(late, []);
}

#[test]
fn rules_together_in_any_order() {
    let rules = rules(&with(
        "type: temporal\nrules:\n  - probe\n  - shell\ngroup-by: c-ip\ntimespan: 10s",
    ));
    let one = [("c-ip=203.0.113.1".to_string(), 2, 0, 10)];
    assert_eq!(
        summary(&fired(&rules, &[(0, 1, "/", &[0]), (10, 1, "/", &[1])])),
        one
    );
    assert_eq!(
        summary(&fired(&rules, &[(0, 1, "/", &[1]), (10, 1, "/", &[0])])),
        one
    );
    assert_eq!(fired(&rules, &[(0, 1, "/", &[0]), (11, 1, "/", &[1])]), []);
    assert_eq!(fired(&rules, &[(0, 1, "/", &[0]), (1, 2, "/", &[1])]), []);
}

#[test]
fn rules_together_by_condition() {
    let rules = rules(&with(
        "type: temporal\nrules:\n  - probe\n  - shell\ntimespan: 10s\ncondition: shell and not probe",
    ));
    assert_eq!(fired(&rules, &[(0, 1, "/", &[0]), (5, 1, "/", &[1])]), []);
    assert_eq!(
        summary(&fired(&rules, &[(0, 1, "/", &[0]), (20, 1, "/", &[1])])),
        [(String::new(), 1, 20, 20)]
    );
}

#[test]
fn rules_in_order() {
    let rules = rules(&with(
        "type: temporal_ordered\nrules:\n  - probe\n  - shell\ntimespan: 10s",
    ));
    assert_eq!(
        summary(&fired(&rules, &[(0, 1, "/", &[0]), (10, 1, "/", &[1])])),
        [(String::new(), 2, 0, 10)]
    );
    assert_eq!(fired(&rules, &[(0, 1, "/", &[1]), (10, 1, "/", &[0])]), []);
    assert_eq!(
        summary(&fired(&rules, &[(5, 1, "/", &[1]), (5, 1, "/", &[0])])),
        [(String::new(), 2, 5, 5)],
        "one instant"
    );
    let late = fired(
        &rules,
        &[(0, 1, "/", &[0]), (5, 1, "/", &[1]), (12, 1, "/", &[1])],
    );
    assert_eq!(
        summary(&late),
        [(String::new(), 2, 0, 5)],
        "at 12 the probe is out of the window"
    );
}

#[test]
fn aliases_name_fields_by_rule() {
    let rules = rules(&with(
        "type: temporal\nrules:\n  - probe\n  - shell\ngroup-by: who\ntimespan: 10s\naliases:\n  who:\n    probe: cs-uri-stem\n    shell: cs-method",
    ));
    let one = summary(&fired(&rules, &[(0, 1, "GET", &[0]), (1, 1, "/", &[1])]));
    assert_eq!(one, [("who=GET".into(), 2, 0, 1)]);
}

#[test]
fn correlations_of_correlations() {
    let yaml = with("type: event_count\nrules: probe\ngroup-by: c-ip\ntimespan: 10s\ncondition:\n  gte: 2")
        + "---\ntitle: Chain\ncorrelation:\n  type: temporal_ordered\n  rules:\n    - id-together\n    - shell\n  group-by: c-ip\n  timespan: 1m\n";
    let rules = rules(&yaml);
    let got = fired(&rules, &[(0, 1, "/", &[0]), (1, 1, "/", &[0]), (9, 1, "/", &[1])]);
    assert_eq!(
        got.iter().map(|fired| fired.rule).collect::<Vec<_>>(),
        [RuleIndex(3)],
        "the inner one feeds alone"
    );
    assert_eq!(summary(&got), [("c-ip=203.0.113.1".into(), 2, 1, 9)]);
    assert_eq!(fired(&rules, &[(0, 1, "/", &[0]), (9, 1, "/", &[1])]), []);
}

#[test]
fn rules_that_feed_correlations_count_alone_only_if_asked() {
    let event_count = "type: event_count\nrules: probe\ntimespan: 10s\ncondition:\n  gte: 3";
    let generates = |yaml: &str| {
        let rules = rules(yaml);
        (0..3)
            .map(|rule| rules.generates(RuleIndex(rule)))
            .collect::<Vec<_>>()
    };
    assert_eq!(generates(&with(event_count)), [false, true, true]);
    assert_eq!(
        generates(&(with(event_count) + "generate: true\n")),
        [true, true, true]
    );
    let set = rules(&with(event_count));
    assert!(set.is_correlation(RuleIndex(2)) && !set.is_correlation(RuleIndex(0)));
}

#[test]
fn nobody_silences_the_rules_of_others() {
    let mut builder = RuleSetBuilder::new();
    let yaml = with("type: event_count\nrules: probe\ntimespan: 10s\ncondition:\n  gte: 3");
    let (shipped, own) = yaml.split_at(yaml.rfind("title: Together").unwrap());
    builder.add_yaml(shipped, "shipped.yml", Origin::BuiltIn).unwrap();
    builder.add_yaml(own, "own.yml", Origin::User).unwrap();
    assert!(builder.build().unwrap().generates(RuleIndex(0)));
}

#[test]
fn what_cannot_be_correlated_is_refused() {
    let refusal = |correlation: &str| {
        let mut builder = RuleSetBuilder::new();
        let added = builder.add_yaml(&with(correlation), "test.yml", Origin::User);
        added
            .map(|_| builder)
            .and_then(RuleSetBuilder::build)
            .expect_err(correlation)
            .to_string()
    };
    let common = "rules: probe\ntimespan: 10s\n";
    let refused = |correlation: &str, why: &str| {
        let refusal = refusal(correlation);
        assert!(
            refusal.starts_with("test.yml: Together: ") && refusal.contains(why),
            "{refusal}"
        );
    };
    refused(
        "type: event_count\nrules: absent\ntimespan: 10s\ncondition:\n  gte: 3",
        "`absent`",
    );
    refused(
        &format!("type: event_count\n{common}group-by: cs-cookie\ncondition:\n  gte: 3"),
        "`cs-cookie`",
    );
    refused(
        &format!("type: event_count\n{common}condition:\n  gte: 20000"),
        "20000 is more than",
    );
    refused(
        &format!("type: value_sum\n{common}condition:\n  gte: 3\n  field: sc-bytes"),
        "value_sum",
    );
    refused(
        &format!("type: value_count\n{common}condition:\n  gte: 3"),
        "needs a `field`",
    );
    refused(
        &format!("type: event_count\n{common}window: tumbling\ncondition:\n  gte: 3"),
        "windows slide",
    );
    refused(
        &format!("type: temporal\n{common}condition: shell"),
        "none of the rules",
    );
    refused(
        "type: event_count\nrules: id-together\ntimespan: 10s\ncondition:\n  gte: 3",
        "refers to itself",
    );
}

#[test]
fn memory_is_bounded_under_a_flood_of_clients() {
    let rules = rules(&with(
        "type: event_count\nrules: probe\ngroup-by: c-ip\ntimespan: 30d\ncondition:\n  gte: 2",
    ));
    let mut correlator = Correlator::new(&rules);
    let mut request = request(0, 1, "/");
    for client in 0..80_000_u32 {
        request.client = Some(std::net::Ipv4Addr::from(client).into());
        correlator.observe(&request, &[RuleIndex(0)]);
    }
    assert!(correlator.forgotten() > 0);
    correlator.observe(&request, &[RuleIndex(0)]);
    assert_eq!(correlator.finish().0.len(), 1, "the latest is still known");
}

mod against_rsigma {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rsigma_eval::{CorrelationConfig, CorrelationEngine, JsonEvent, ProcessResultExt};
    use serde_json::json;

    use super::*;

    /// Seconds and clients.
    type Firings = BTreeSet<(i64, String)>;

    /// When each engine fires for which client, on requests that match by their query.
    fn both(yaml: &str, requests: &[(i64, u8, u8)]) -> (Firings, Firings) {
        let rules = rules(yaml);
        let mut engine = CorrelationEngine::new(CorrelationConfig::default());
        engine
            .add_collection(&rsigma_parser::parse_sigma_yaml(yaml).unwrap())
            .unwrap();
        let (mut own, mut theirs) = (Firings::new(), Firings::new());
        for end in 1..=requests.len() {
            // A firing at the last request shows as an entry whose last request it is.
            let mut correlator = Correlator::new(&rules);
            for (second, client, rule) in &requests[..end] {
                correlator.observe(&request(*second, *client, "/"), &[RuleIndex(u32::from(*rule))]);
            }
            let (second, client, _) = requests[end - 1];
            let time = request(second, client, "/").time;
            let name = format!("203.0.113.{client}");
            let here = correlator
                .finish()
                .0
                .into_iter()
                .any(|fired| fired.last == time && fired.group.get("c-ip") == Some(&name));
            if here {
                own.insert((second, name));
            }
        }
        for (second, client, rule) in requests {
            let name = format!("203.0.113.{client}");
            let query = if *rule == 0 { "probe" } else { "shell" };
            let event = json!({ "cs-uri-query": query, "c-ip": name });
            let result = engine.process_event_at(&JsonEvent::borrow(&event), 1_000_000 + second);
            if result.correlations().next().is_some() {
                theirs.insert((*second, name));
            }
        }
        (own, theirs)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn fires_when_rsigma_fires(
            steps in proptest::collection::vec((0_i64..7, 1_u8..3, 0_u8..2), 1..14),
            kind in 0_usize..4,
        ) {
            let correlation = [
                "type: event_count\nrules: probe\ngroup-by:\n  - c-ip\ntimespan: 10s\ncondition:\n  gte: 3",
                "type: temporal\nrules:\n  - probe\n  - shell\ngroup-by:\n  - c-ip\ntimespan: 10s\ncondition: probe and shell",
                "type: temporal_ordered\nrules:\n  - probe\n  - shell\ngroup-by:\n  - c-ip\ntimespan: 10s",
                "type: temporal_ordered\nrules:\n  - shell\n  - probe\ngroup-by:\n  - c-ip\ntimespan: 15s",
            ][kind];
            let mut second = 0;
            let requests: Vec<_> = steps
                .into_iter()
                .map(|(step, client, rule)| {
                    second += step;
                    (second, client, rule)
                })
                .collect();
            let (own, theirs) = both(&with(correlation), &requests);
            prop_assert_eq!(own, theirs);
        }
    }
}
