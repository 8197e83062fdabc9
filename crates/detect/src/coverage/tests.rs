#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;
use crate::model::{Place, Span};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span {
        from: time(from),
        to: time(to),
    }
}

fn file(server: u32, name: &str, from: &str, to: &str) -> FileCoverage {
    let span = span(from, to);
    FileCoverage {
        server: ServerId(server),
        kind: LogKind::Iis,
        source: "W3SVC1".into(),
        file: name.into(),
        bytes: 1000,
        lines: 10,
        span: Some(span),
        in_window: true,
        gaps: Vec::new(),
        clock_back: Vec::new(),
        days: vec![days::of(span.from), days::of(span.to)],
        builds: Vec::new(),
    }
}

fn seen(build: &str, from: &str, to: &str) -> BuildSeen {
    BuildSeen {
        build: build.into(),
        name: None,
        span: span(from, to),
    }
}

fn book(files: &[FileCoverage]) -> CoverageBook {
    let mut book = CoverageBook::new(SignedDuration::from_hours(24));
    files.iter().cloned().for_each(|file| book.add(file));
    book
}

fn one(files: &[FileCoverage]) -> Coverage {
    let (mut logs, _) = book(files).of(ServerId(0));
    assert_eq!(logs.len(), 1);
    logs.remove(0)
}

#[test]
fn neighbouring_days_have_no_gap_and_a_missing_one_is_named() {
    let files = [
        file(0, "a", "2021-08-10T00:00:05Z", "2021-08-10T23:59:58Z"),
        file(0, "d", "2021-08-13T08:00:00Z", "2021-08-13T23:00:00Z"),
        file(0, "b", "2021-08-11T00:00:01Z", "2021-08-11T20:00:00Z"),
    ];
    let log = one(&files);
    assert_eq!((log.files, log.bytes, log.lines), (3, 3000, 30));
    assert_eq!(log.first, Some(time("2021-08-10T00:00:05Z")));
    assert_eq!(log.gaps, [span("2021-08-11T20:00:00Z", "2021-08-13T08:00:00Z")]);
    assert_eq!(log.days_without_events, ["2021-08-12".parse().unwrap()]);
    assert!(log.overlaps.is_empty());
    assert_eq!(log.not_listed, 0);
}

#[test]
fn a_gap_within_a_file_counts_unless_another_file_fills_it() {
    let mut long = file(0, "long", "2021-08-01T00:00:00Z", "2021-08-09T00:00:00Z");
    long.gaps = vec![
        span("2021-08-02T00:00:00Z", "2021-08-04T00:00:00Z"),
        span("2021-08-05T00:00:00Z", "2021-08-05T12:00:00Z"),
        span("2021-08-06T00:00:00Z", "2021-08-08T00:00:00Z"),
    ];
    let filler = file(0, "filler", "2021-08-02T12:00:00Z", "2021-08-03T12:00:00Z");
    let log = one(&[long, filler]);
    assert_eq!(log.gaps, [span("2021-08-06T00:00:00Z", "2021-08-08T00:00:00Z")]);
    assert_eq!(log.overlaps.len(), 1);
    assert_eq!(
        log.overlaps[0].span,
        span("2021-08-02T12:00:00Z", "2021-08-03T12:00:00Z")
    );
}

#[test]
fn overlaps_are_found_by_pair_within_one_log_only() {
    let files = [
        file(0, "a", "2021-08-10T00:00:00Z", "2021-08-10T12:00:00Z"),
        file(0, "b", "2021-08-10T11:00:00Z", "2021-08-10T20:00:00Z"),
        file(0, "c", "2021-08-10T11:30:00Z", "2021-08-10T11:40:00Z"),
        file(0, "d", "2021-08-10T20:00:00Z", "2021-08-10T21:00:00Z"),
        file(1, "e", "2021-08-10T00:00:00Z", "2021-08-10T23:00:00Z"),
    ];
    let pairs: Vec<_> = one(&files)
        .overlaps
        .iter()
        .map(|overlap| overlap.files.join("+"))
        .collect();
    assert_eq!(pairs, ["a+b", "a+c", "b+c"]);
}

#[test]
fn rows_out_of_order_at_a_change_of_files_are_no_overlap_in_proxy_logs() {
    let mut files = [
        file(0, "a", "2021-08-10T00:00:00Z", "2021-08-10T01:00:02Z"),
        file(0, "b", "2021-08-10T01:00:00Z", "2021-08-10T02:00:00Z"),
    ];
    assert_eq!(one(&files).overlaps.len(), 1);
    files.iter_mut().for_each(|file| file.kind = LogKind::HttpProxy);
    assert_eq!(one(&files).overlaps.len(), 0);
}

#[test]
fn lists_keep_the_first_hundred_and_count_the_rest() {
    let day = |number: i64| time("2021-01-01T00:00:00Z") + SignedDuration::from_hours(48 * number);
    let files: Vec<_> = (0..150)
        .map(|number| {
            let at = day(number).to_string();
            let mut file = file(0, &format!("{number:03}"), &at, &at);
            let place = Place {
                file: file.file.clone(),
                line: 7,
                offset: 0,
            };
            file.clock_back.push(ClockBack {
                place,
                from: day(number),
                to: day(number),
            });
            file
        })
        .collect();
    let log = one(&files);
    assert_eq!(
        (
            log.gaps.len(),
            log.days_without_events.len(),
            log.clock_back.len()
        ),
        (100, 100, 100)
    );
    assert_eq!(log.not_listed, 49 + 49 + 50);
    assert_eq!(&*log.clock_back[0].place.file, "000");
}

#[test]
fn builds_follow_each_other_and_a_downgrade_stays_visible() {
    let mut one = file(0, "a", "2021-08-10T00:00:00Z", "2021-08-12T00:00:00Z");
    one.builds = vec![
        seen("15.1.2176.9", "2021-08-10T00:00:00Z", "2021-08-10T12:00:00Z"),
        seen("15.1.2308.14", "2021-08-10T13:00:00Z", "2021-08-10T14:00:00Z"),
        seen("15.1.2176.9", "2021-08-10T15:00:00Z", "2021-08-11T09:00:00Z"),
    ];
    let mut other = file(0, "b", "2021-08-12T00:00:00Z", "2021-08-12T10:00:00Z");
    other.builds = vec![seen(
        "15.1.2176.9",
        "2021-08-12T00:00:00Z",
        "2021-08-12T10:00:00Z",
    )];
    let (_, builds) = book(&[other, one]).of(ServerId(0));
    let told: Vec<_> = builds
        .iter()
        .map(|seen| (seen.build.as_str(), seen.span.to.to_string()))
        .collect();
    assert_eq!(
        told.iter().map(|(build, _)| *build).collect::<Vec<_>>(),
        ["15.1.2176.9", "15.1.2308.14", "15.1.2176.9"]
    );
    assert_eq!(told[2].1, "2021-08-12T10:00:00Z");
}

#[test]
fn servers_that_become_one_are_merged() {
    let files = [
        file(0, "a", "2021-08-10T00:00:00Z", "2021-08-10T12:00:00Z"),
        file(1, "b", "2021-08-10T06:00:00Z", "2021-08-10T20:00:00Z"),
    ];
    let mut renamed = book(&files);
    renamed.rename_servers(|_| ServerId(0));
    let mut same = files.clone();
    same[1].server = ServerId(0);
    assert_eq!(renamed.of(ServerId(0)), book(&same).of(ServerId(0)));
    assert!(renamed.of(ServerId(1)).0.is_empty());
}

#[test]
fn an_empty_log_covers_nothing() {
    let mut empty = file(0, "a", "2021-08-10T00:00:00Z", "2021-08-10T12:00:00Z");
    empty.span = None;
    empty.days.clear();
    let log = one(&[empty]);
    assert_eq!((log.files, log.first, log.last), (1, None, None));
}

#[test]
fn absurd_dates_cost_neither_time_nor_memory() {
    let mut odd = file(0, "a", "-009999-01-03T00:00:00Z", "9999-12-30T00:00:00Z");
    odd.builds = vec![seen(
        "15.1.2176.9",
        "-009999-01-03T00:00:00Z",
        "9999-12-30T00:00:00Z",
    )];
    odd.gaps = vec![odd.span.unwrap()];
    let log = one(&[odd]);
    assert_eq!(log.days_without_events.len(), LISTED);
    assert_eq!(log.gaps.len(), 1);
}

prop_compose! {
    fn any_file()(
        server in 0..2_u32,
        name in "[a-c]",
        from in 0..2000_i64,
        length in 0..400_i64,
        hole in 0..400_i64,
        build in 0..3_u16,
    ) -> FileCoverage {
        let hour = |hours: i64| (time("2021-01-01T00:00:00Z") + SignedDuration::from_hours(hours)).to_string();
        let mut file = file(server, &name, &hour(from), &hour(from + length));
        if hole < length {
            file.gaps.push(span(&hour(from + hole / 2), &hour(from + hole)));
        }
        let place = Place { file: file.file.clone(), line: 1, offset: 0 };
        file.clock_back.push(ClockBack { place, from: time(&hour(from)), to: time(&hour(from)) });
        file.builds.push(seen(&format!("15.1.2176.{build}"), &hour(from), &hour(from + length)));
        file
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_files_does_not_matter(
        (files, shuffled) in proptest::collection::vec(any_file(), 1..24)
            .prop_flat_map(|files| (Just(files.clone()), Just(files).prop_shuffle())),
    ) {
        let (a, b) = (book(&files), book(&shuffled));
        for server in [ServerId(0), ServerId(1)] {
            prop_assert_eq!(a.of(server), b.of(server));
        }
    }
}
