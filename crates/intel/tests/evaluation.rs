//! The evaluation of a made-up week, and what holds for any events.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod week;

use std::io::BufReader;

use imker_event::Recorded;
use imker_event::ecs::{self, MAX_LINE, Secrets, to_json};
use imker_intel::*;
use jiff::SignedDuration;
use proptest::prelude::*;

#[test]
fn the_week() {
    insta::assert_json_snapshot!(week::evaluation());
}

#[test]
fn an_evaluation_is_read_back_and_compared_with() {
    let evaluation = week::evaluation();
    let json = serde_json::to_vec(&evaluation).unwrap();
    let read = previous(json.as_slice()).unwrap();
    assert_eq!(read, evaluation);
    let options = Options {
        previous: Some(read.into()),
        ..week::options()
    };
    let again = evaluate(week::documents(week::events()), &options, &mut week::place);
    let compared = again.compared.unwrap();
    assert_eq!(compared.with, ComparedWith::Evaluation);
    for fresh in [
        &compared.sources,
        &compared.stages,
        &compared.ja4,
        &compared.user_agents,
        &compared.sensors,
    ] {
        assert_eq!(fresh.count, 0, "{fresh:?}");
    }
    let other = br#"{"schema":"imker-hunt/1"}"#;
    assert!(matches!(
        previous(other.as_slice()),
        Err(UnreadableEvaluation::Schema { .. })
    ));
    assert!(matches!(
        previous(b"{".as_slice()),
        Err(UnreadableEvaluation::Json(_))
    ));
}

#[test]
fn json_lines_name_what_is_bad_and_go_on() {
    let mut file = String::new();
    for recorded in week::events() {
        let place = recorded.event.connection.as_ref().map(|_| ecs::Place {
            country_code: Some("DE".into()),
            ..ecs::Place::default()
        });
        file.push_str(&to_json(&recorded, place.as_ref(), Secrets::Masked).unwrap());
        file.push('\n');
    }
    let good = file.lines().count() as u64;
    let long = "x".repeat(MAX_LINE + 100_000);
    let deep = "[".repeat(10_000);
    let file = format!("{{}}\n\n{long}\n{deep}\n{file}\u{0}not json\n{{\"imker\":{{\"sequence\":1}}}}");
    let lines = json_lines(BufReader::with_capacity(4096, file.as_bytes()), "a.jsonl");
    let evaluation = evaluate(lines, &Options::new(week::at(9, 0, 0)), &mut |_| None);
    assert_eq!(evaluation.totals.events, good);
    assert_eq!(evaluation.countries.len(), 1);
    assert_eq!(evaluation.sources.entries[0].place.country.as_deref(), Some("DE"));
    assert_eq!(evaluation.credentials.without_secret, 6);
    assert!(evaluation.credentials.passwords.entries.is_empty());
    let places: Vec<u64> = evaluation.gaps.bad_lines.iter().map(|bad| bad.line).collect();
    assert_eq!(places, [1, 3, 4, good + 5, good + 6]);
    assert!(evaluation.gaps.bad_lines.iter().all(|bad| bad.file == "a.jsonl"));
}

#[test]
fn what_is_exported_is_selected_by_network_age_and_score() {
    let evaluation = week::evaluation();
    let names = |policy: &Policy| -> Vec<String> {
        let selection = select(&evaluation, policy);
        let left = selection.left_out;
        assert_eq!(
            selection.sources.len() as u64 + left.allowed + left.old + left.low_score + left.not_listed,
            evaluation.totals.sources.count
        );
        selection
            .sources
            .iter()
            .map(|source| source.address.to_string())
            .collect()
    };
    let mut policy = Policy::default();
    // 10.0.0.5 is private, 192.0.2.55 only guessed passwords.
    assert_eq!(
        names(&policy),
        [
            "192.0.2.66",
            "203.0.113.7",
            "203.0.113.66",
            "203.0.113.99",
            "2001:db8::bad"
        ]
    );
    policy.age = SignedDuration::from_hours(3 * 24);
    assert_eq!(names(&policy), ["192.0.2.66", "203.0.113.66", "2001:db8::bad"]);
    policy.allowed = vec!["203.0.113.0/25".parse().unwrap()];
    assert_eq!(names(&policy), ["192.0.2.66", "2001:db8::bad"]);
    policy.min_score = 101;
    assert!(names(&policy).is_empty());
    let selection = select(&evaluation, &Policy::default());
    let hostile = &selection.sources[0];
    assert_eq!(
        (hostile.cves.len(), hostile.ja3.len(), hostile.ja4.len()),
        (0, 0, 0)
    );
    assert_eq!(hostile.techniques, ["T1190"]);
}

#[test]
fn passwords_are_nowhere() {
    let json = serde_json::to_string(&week::evaluation()).unwrap();
    assert!(!json.contains(week::PASSWORD));
    assert!(!json.contains("anna::"));
    assert!(json.contains("W… (17)"));
}

/// Events of the week, some twice, in any order.
fn shuffled() -> impl Strategy<Value = (Vec<Recorded>, Vec<Recorded>)> {
    let all = week::events();
    let indices = prop::collection::vec(0..all.len(), 0..200);
    let single = all.clone();
    indices.prop_map(move |indices| {
        let mut seen = std::collections::BTreeSet::new();
        let repeated: Vec<Recorded> = indices.iter().map(|place| single[*place].clone()).collect();
        let once = repeated
            .iter()
            .filter(|event| seen.insert(event.id()))
            .cloned()
            .collect();
        (repeated, once)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn repeats_and_order_change_nothing((repeated, mut once) in shuffled()) {
        let evaluate = |events: Vec<Recorded>| evaluate(week::documents(events), &week::options(), &mut week::place);
        let mut with_repeats = evaluate(repeated.clone());
        prop_assert_eq!(with_repeats.gaps.duplicates, (repeated.len() - once.len()) as u64);
        with_repeats.gaps.duplicates = 0;
        prop_assert_eq!(&with_repeats, &evaluate(once.clone()));
        once.reverse();
        prop_assert_eq!(&with_repeats, &evaluate(once));
    }

    #[test]
    fn totals_are_the_sum_of_the_parts((events, _) in shuffled(), limit in 1usize..6) {
        let options = Options { sources: limit, listed: limit, ..week::options() };
        let evaluation = evaluate(week::documents(events), &options, &mut week::place);
        let totals = evaluation.totals;
        prop_assert_eq!(evaluation.kinds.values().sum::<u64>(), totals.events);
        prop_assert_eq!(evaluation.activity.steps.iter().map(|step| step.events).sum::<u64>(), totals.events);
        let of_sensors: u64 = evaluation.sensors.entries.iter().map(|row| row.events).sum();
        prop_assert_eq!(of_sensors + evaluation.sensors.count_not_listed, totals.events);
        let of_sources: u64 = evaluation.sources.entries.iter().map(|row| row.events).sum();
        prop_assert_eq!(of_sources + evaluation.sources.count_not_listed + totals.of_sensors, totals.events);
        let of_paths: u64 = evaluation.paths.entries.iter().map(|row| row.count).sum();
        prop_assert_eq!(of_paths + evaluation.paths.count_not_listed, totals.requests);
        prop_assert_eq!(evaluation.stages.iter().map(|row| row.refused + row.succeeded).sum::<u64>(), totals.stages);
        let of_accounts: u64 = evaluation.credentials.accounts.entries.iter().map(|row| row.count).sum();
        prop_assert_eq!(of_accounts + evaluation.credentials.accounts.count_not_listed, totals.credentials);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..2000), text in ".*", time in -377_705_023_201i64..253_402_207_200) {
        let read = |bytes: &[u8]| evaluate(json_lines(bytes, "any"), &week::options(), &mut |_| None);
        read(&bytes);
        let mut recorded = week::events();
        for event in &mut recorded {
            event.event.time = jiff::Timestamp::from_second(time).unwrap();
            event.event.sensor = text.as_str().into();
        }
        let document = serde_json::json!({ "imker": recorded[0] }).to_string();
        prop_assert_eq!(read(document.as_bytes()).gaps.bad_lines.len(), 0);
        evaluate(week::documents(recorded), &Options { until: None, ..week::options() }, &mut |_| None);
    }
}
