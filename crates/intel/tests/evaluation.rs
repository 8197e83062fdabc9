//! The evaluation of a made-up week, and what holds for any events.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod week;

use std::io::BufReader;

use imker_event::ecs::{MAX_LINE, Secrets, to_json};
use imker_event::{Gap, GapReason, Kind, Recorded, Saw};
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
        let place = recorded.event.connection.as_ref().map(|_| Place {
            country_code: Some("DE".into()),
            ..Place::default()
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
    assert_eq!(
        evaluation.sources.entries[0].place.country_code.as_deref(),
        Some("DE")
    );
    assert_eq!(evaluation.credentials.without_secret, 6);
    assert!(evaluation.credentials.passwords.entries.is_empty());
    // Told once a file.
    let told: Vec<_> = evaluation
        .gaps
        .bad_lines
        .iter()
        .map(|bad| (bad.file.as_str(), bad.line, bad.further))
        .collect();
    assert_eq!(told, [("a.jsonl", 1, 4)]);
    let lines = json_lines(file.as_bytes(), "a.jsonl");
    let bad: Vec<u64> = lines.filter_map(Result::err).map(|bad| bad.line).collect();
    assert_eq!(bad, [1, 3, 4, good + 5, good + 6]);
}

#[test]
fn what_is_exported_is_selected_by_network_age_and_score() {
    let evaluation = week::evaluation();
    let names = |policy: &Policy| -> Vec<String> {
        let selection = select(&evaluation, policy);
        let left = selection.left_out;
        assert_eq!(
            selection.sources.len() as u64
                + left.special
                + left.allowed
                + left.old
                + left.low_score
                + left.not_listed,
            evaluation.totals.sources.count
        );
        selection
            .sources
            .iter()
            .map(|source| source.address.to_string())
            .collect()
    };
    assert!(names(&Policy::default()).is_empty());
    let mut policy = week::policy();
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
    let selection = select(&evaluation, &week::policy());
    let hostile = &selection.sources[0];
    assert_eq!(
        (hostile.cves.len(), hostile.ja3.len(), hostile.ja4.len()),
        (0, 0, 0)
    );
    assert_eq!(hostile.techniques, ["T1190"]);
}

#[test]
fn files_are_exported_without_names_of_the_honeypot_or_not_at_all() {
    let mut evaluation = week::evaluation();
    let policy = Policy {
        hidden: vec!["mail.example.org".to_owned()],
        ..week::policy()
    };
    evaluation.uploads.entries.truncate(1);
    evaluation.uploads.entries[0].names = vec!["mail.example.org.aspx".to_owned()];
    let selection = select(&evaluation, &policy);
    assert_eq!(selection.uploads[0].names, ["honeypot.invalid.aspx"]);
    evaluation.uploads.entries[0].secrets = true;
    assert!(select(&evaluation, &policy).uploads.is_empty());
}

#[test]
fn files_whose_hash_is_masked_are_counted_but_not_listed_as_one() {
    let mut file = String::new();
    for mut recorded in week::events() {
        if let Saw::Upload { secrets, .. } = &mut recorded.event.saw {
            *secrets = true;
        }
        file.push_str(&to_json(&recorded, None, Secrets::Masked).unwrap());
        file.push('\n');
    }
    let lines = json_lines(file.as_bytes(), "a.jsonl");
    let evaluation = evaluate(lines, &Options::new(week::at(9, 0, 0)), &mut |_| None);
    assert_eq!(evaluation.totals.uploads, week::evaluation().totals.uploads);
    assert_eq!(
        (evaluation.uploads.entries.len(), evaluation.uploads.not_listed),
        (0, 0)
    );
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

/// One sensor's events: a start, then a request of each time.
fn record(sensor: &str, times: &[jiff::Timestamp]) -> Vec<Recorded> {
    let template = week::events();
    let find = |kind| {
        template
            .iter()
            .find(|recorded| recorded.event.kind() == kind)
            .unwrap()
    };
    let kinds = std::iter::once(Kind::SensorStarted).chain(std::iter::repeat(Kind::WebRequest));
    (1..)
        .zip(times)
        .zip(kinds)
        .map(|((sequence, time), kind)| {
            let mut recorded = find(kind).clone();
            recorded.sequence = sequence;
            (recorded.event.sensor, recorded.event.time) = (sensor.into(), *time);
            recorded
        })
        .collect()
}

#[test]
fn new_is_only_what_a_whole_span_before_did_not_hold() {
    let compared = |begin: i64| {
        let events = record(
            "north",
            &[week::at(begin, 0, 0), week::at(-1, 0, 0), week::at(1, 0, 0)],
        );
        evaluate(week::documents(events), &week::options(), &mut week::place)
            .compared
            .unwrap()
            .complete
    };
    assert!(compared(-8));
    assert!(compared(-7));
    assert!(!compared(-6), "the record begins within the span before");
}

#[test]
fn two_sensors_of_one_name_are_told() {
    let mut events = record("north", &[week::at(0, 0, 0), week::at(1, 0, 0)]);
    events.extend(record(
        "north",
        &[week::at(2, 0, 0), week::at(3, 0, 0), week::at(4, 0, 0)],
    ));
    let evaluation = evaluate(week::documents(events.clone()), &week::options(), &mut |_| None);
    assert_eq!((evaluation.gaps.duplicates, evaluation.gaps.conflicting), (2, 1));
    assert!(!evaluation.gaps.is_complete());
    events.truncate(2);
    events.extend(events.clone());
    let evaluation = evaluate(week::documents(events), &week::options(), &mut |_| None);
    assert_eq!((evaluation.gaps.duplicates, evaluation.gaps.conflicting), (2, 0));
}

#[test]
fn a_sensor_that_is_silent_in_the_span_is_named() {
    let mut events = record("north", &[week::at(1, 0, 0)]);
    events.extend(record("south", &[week::at(-20, 0, 0)]));
    let evaluation = evaluate(week::documents(events), &week::options(), &mut |_| None);
    assert_eq!(evaluation.gaps.silent, ["south"]);
}

#[test]
fn recorded_losses_are_not_missing_a_second_time() {
    let mut events = record("north", &[week::at(1, 0, 0), week::at(2, 0, 0)]);
    let gap = Gap {
        reason: GapReason::Evicted,
        from: None,
        until: None,
        sequences: Some((3, 10)),
        lost: 8,
        sources: Vec::new(),
        of_others: 0,
    };
    let mut told = events[0].clone();
    (told.sequence, told.event.saw) = (11, Saw::Gap(gap));
    events.push(told.clone());
    told.sequence = 14;
    events.push(told);
    let evaluation = evaluate(week::documents(events), &week::options(), &mut |_| None);
    assert_eq!((evaluation.gaps.missing, evaluation.gaps.lost), (2, 16));
}

#[test]
fn behind_a_proxy_the_client_is_the_source_and_the_proxy_is_own() {
    let mut events = week::events();
    events.retain(|recorded| {
        matches!(
            recorded.event.saw,
            Saw::WebRequest(_) | Saw::Credentials(_) | Saw::StageReached(_)
        )
    });
    let client = "203.0.113.200".parse().unwrap();
    for recorded in &mut events {
        recorded.event.request = Some(1);
        if let Saw::WebRequest(received) = &mut recorded.event.saw {
            received.request.client = Some(client);
        }
    }
    let mut evaluator = Evaluator::new(week::options());
    events.iter().for_each(|recorded| evaluator.add(recorded, None));
    let own: Vec<_> = evaluator.own_addresses().collect();
    assert!(own.contains(&"192.0.2.10".parse().unwrap()), "{own:?}");
    assert!(own.contains(&"203.0.113.7".parse().unwrap()), "{own:?}");
    let evaluation = evaluator.finish(&mut |_| None);
    let row = &evaluation.sources.entries[0];
    assert_eq!((row.address, row.score), (client, 100));
    assert_eq!(row.requests, evaluation.totals.requests);
}
