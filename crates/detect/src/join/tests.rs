#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;
use crate::classify::classify;
use crate::detector::Settings;
use crate::testing::{Line, POWERSHELL, PROBE, book, line, rules};

const RUN: &str = "/autodiscover/autodiscover.json?@example.org/powershell/?X-Rps-CAT=aW5lcnQ=&Email=a";
const BEHIND: &str = "/powershell?X-Rps-CAT=aW5lcnQ=";

fn joined(lines: &[Line]) -> Vec<Request> {
    let book = book(&rules());
    let mut joiner = Joiner::default();
    let mut requests = Vec::new();
    for line in lines {
        joiner.push(classify(&line.0, &book, &Settings::default()), &mut requests);
    }
    requests.extend(joiner.drain());
    assert!(joiner.by_id.is_empty() && joiner.lacking.is_empty() && joiner.weight == 0);
    requests
}

/// Rows of each request, by the initials of their vantages.
fn shapes(lines: &[Line]) -> Vec<String> {
    let initial = |row: &Row| match row.sighting.vantage {
        Vantage::FrontEnd => 'F',
        Vantage::Proxy => 'P',
        Vantage::BackEnd => 'B',
        Vantage::HttpErr => 'E',
    };
    joined(lines)
        .iter()
        .map(|request| request.rows.iter().map(initial).collect())
        .collect()
}

fn front(clock: &str) -> Line {
    line(clock, RUN, 200, &[POWERSHELL])
}

fn proxy(clock: &str) -> Line {
    front(clock).at(Vantage::Proxy)
}

fn behind(clock: &str) -> Line {
    line(clock, BEHIND, 200, &[POWERSHELL])
        .at(Vantage::BackEnd)
        .from("10.0.0.5")
}

#[test]
fn rows_join_by_time_and_path_across_vantages() {
    for (lines, expected) in [
        (
            vec![front("10:00:00"), proxy("10:00:01"), behind("10:00:02")],
            vec!["FPB"],
        ),
        (
            vec![behind("10:00:00"), proxy("10:00:00"), front("10:00:01")],
            vec!["FPB"],
        ),
        (
            vec![
                front("10:00:00"),
                front("10:00:00").number(2),
                proxy("10:00:00"),
                proxy("10:00:00").number(2),
            ],
            vec!["FP", "FP"],
        ),
        (vec![front("10:00:00"), proxy("10:00:03")], vec!["F", "P"]),
        (
            vec![
                front("10:00:00"),
                line("10:00:00", "/owa/", 200, &[PROBE]).at(Vantage::Proxy),
            ],
            vec!["F", "P"],
        ),
        (vec![front("10:00:00"), proxy("10:00:00").on(1)], vec!["F", "P"]),
        (
            vec![front("10:00:00"), front("10:00:00").at(Vantage::HttpErr)],
            vec!["F", "E"],
        ),
    ] {
        assert_eq!(shapes(&lines), expected);
    }
}

#[test]
fn an_id_joins_across_servers_and_further_apart_in_time() {
    let id = "11111111-2222-3333-4444-555555555555";
    let lines = [front("10:00:00").id(id), behind("10:00:30").id(id).on(1)];
    assert_eq!(shapes(&lines), ["FB"]);
    let lines = [front("10:00:00").id(id), behind("10:02:30").id(id).on(1)];
    assert_eq!(shapes(&lines), ["F", "B"]);
}

#[test]
fn different_ids_never_join_and_a_forged_one_joins_no_rows_of_one_log() {
    assert_eq!(
        shapes(&[front("10:00:00").id("a"), proxy("10:00:00").id("b")]),
        ["F", "P"]
    );
    assert_eq!(
        shapes(&[front("10:00:00").id("a"), front("10:00:00").number(2).id("a")]),
        ["F", "F"]
    );
}

#[test]
fn a_back_end_elsewhere_is_found_by_the_address_of_its_front_end() {
    let at = |line: Line| line.with(|request| request.server_address = "10.0.0.5".parse().ok());
    assert_eq!(shapes(&[at(front("10:00:00")), behind("10:00:01").on(1)]), ["FB"]);
    let other = behind("10:00:01").on(1).from("10.0.0.6");
    assert_eq!(shapes(&[at(front("10:00:00")), other]), ["F", "B"]);
}

#[test]
fn a_copied_log_counts_once() {
    let twice = [front("10:00:00"), front("10:00:00").number(2)];
    let copy = |line: &Line| line.clone().file("backup/u_ex210812.log");
    let lines = [
        twice[0].clone(),
        twice[1].clone(),
        copy(&twice[0]),
        copy(&twice[1]),
    ];
    assert_eq!(shapes(&lines), ["F", "F"]);
}

#[test]
fn what_the_client_was_told_decides() {
    let outcome = |lines: &[Line]| joined(lines)[0].step().unwrap().outcome;
    let told = |line: Line, status| line.with(|request| request.status = Some(status));
    assert_eq!(
        outcome(&[told(front("10:00:00"), 401), behind("10:00:00")]),
        Outcome::Refused
    );
    assert_eq!(
        outcome(&[front("10:00:00"), told(behind("10:00:00"), 500)]),
        Outcome::Succeeded
    );
    assert_eq!(
        outcome(&[told(front("10:00:00"), 500), proxy("10:00:00")]),
        Outcome::Succeeded
    );
    assert_eq!(outcome(&[behind("10:00:00")]), Outcome::Succeeded);
}

#[test]
fn a_flood_leaves_in_order_and_within_bounds() {
    let book = book(&rules());
    let mut joiner = Joiner::default();
    let mut left = Vec::new();
    for number in 0..(OPEN_LIMIT as u64 * 2) {
        let row = classify(&front("10:00:00").number(number).0, &book, &Settings::default());
        joiner.push(row, &mut left);
        assert!(joiner.open.len() <= OPEN_LIMIT && joiner.weight <= OPEN_BYTES);
    }
    left.extend(joiner.drain());
    assert_eq!(left.len(), OPEN_LIMIT * 2);
    assert!(left.is_sorted_by_key(|request| request.rows[0].sighting.place.line));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However the rows of one second are mixed, every request comes out once, whole.
    #[test]
    fn requests_in_three_logs_come_out_once(
        mix in Just((0..6_u64).flat_map(|number| [0, 1, 2].map(|log| (number, log))).collect::<Vec<_>>())
            .prop_shuffle(),
    ) {
        let lines: Vec<Line> = mix
            .iter()
            .map(|(number, log)| {
                let url = format!("/autodiscover/autodiscover.json?@example.org/powershell/?n={number}");
                let row = line("10:00:00", &url, 200, &[POWERSHELL]).number(*number);
                match log {
                    0 => row,
                    1 => row.at(Vantage::Proxy).number(*number),
                    _ => behind("10:00:00").number(*number),
                }
            })
            .collect();
        let shapes = shapes(&lines);
        let rows: usize = shapes.iter().map(String::len).sum();
        prop_assert_eq!(rows, 18);
        prop_assert!(shapes.iter().all(|shape| shape == "FPB"), "{:?}", shapes);
    }
}
