use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use imker_event::{Recorded, Saw};

use super::events::{connection, request, stage};
use crate::sinks::w3c::folder_name;
use crate::sinks::{Sink, W3cSettings, W3cSink};

fn sink(folder: &Path, forwarded_for: bool) -> W3cSink {
    W3cSink::open(W3cSettings {
        max_age: Some(Duration::from_hours(12)),
        max_bytes: 2000,
        folder: folder.join("iis"),
        state: folder.join("w3c.json"),
        versions: BTreeMap::from([("ex02".to_owned(), "8.5")]),
        forwarded_for,
    })
    .unwrap()
}

fn change(mut recorded: Recorded, change: impl FnOnce(&mut imker_event::WebRequest)) -> Recorded {
    let Saw::WebRequest(received) = &mut recorded.event.saw else {
        panic!()
    };
    (received.win32_status, received.time_taken_ms) = (Some(5), Some(31));
    let Saw::WebRequest(received) = &mut recorded.event.saw else {
        panic!()
    };
    change(&mut received.request);
    recorded
}

#[test]
fn one_file_a_host_and_day() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (
        connection("198.51.100.7", "ex01"),
        connection("2001:db8::7", "ex02"),
    );
    let mut sink = sink(folder.path(), false);
    sink.deliver(&[
        request(1, &one, "/owa/", false),
        stage(2, &one, "probe", 1),
        change(
            request(3, &two, "/autodiscover/autodiscover.json", true),
            |request| {
                request.uri_query =
                    Some("@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org".into());
                request.substatus = Some(2);
                request.request_id = Some("0b1c2d3e-0000-4000-8000-00000000000a".into());
            },
        ),
        request(61, &one, "/ecp/", false),
    ])
    .unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join("iis").join(name)).unwrap();
    insta::assert_snapshot!(
        "hosts_and_days",
        [
            read("ex01/W3SVC1/u_ex261125.log"),
            read("ex02/W3SVC1/u_ex261125.log"),
            read("ex01/W3SVC1/u_ex261126.log"),
        ]
        .join("---\n")
        .replace('\r', "␍")
    );
}

#[test]
fn no_value_ends_its_field_or_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let one = connection("198.51.100.7", "ex01");
    let hostile = change(
        request(1, &one, "/a b\tc\r\n#Fields: x/ü\u{202e}\0", false),
        |request| {
            request.method = "G T".into();
            request.uri_query = Some("".into());
            request.username = Some("EXAMPLE\\j doe".into());
            request.user_agent = Some("a\u{7f} \"b\"".into());
            request.referer = Some("-".into());
            request.forwarded_for = Some("192.0.2.1, 192.0.2.2".into());
            request.status = None;
        },
    );
    sink(folder.path(), true).deliver(&[hostile]).unwrap();
    let log = fs::read_to_string(folder.path().join("iis/ex01/W3SVC1/u_ex261125.log")).unwrap();
    let rows: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        rows,
        ["2026-11-25 23:59:01 192.0.2.10 G+T \
        /a+b%09c%0D%0A#Fields:+x/%C3%BC%E2%80%AE%00 - 443 EXAMPLE\\j+doe 198.51.100.7 a%7F+\"b\" - - 0 5 31 192.0.2.1,+192.0.2.2"]
    );
    assert!(
        log.lines()
            .nth(3)
            .unwrap()
            .ends_with(" time-taken X-Forwarded-For")
    );
}

#[test]
fn a_hosts_name_is_no_path() {
    assert_eq!(folder_name("../../etc/x"), ".._.._etc_x");
    assert_eq!(
        [folder_name(".."), folder_name(""), folder_name("ex-01.example_1")],
        ["_", "_", "ex-01.example_1"]
    );
}

/// What the commands that read IIS logs make of ours.
#[test]
fn hunt_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let one = connection("198.51.100.7", "ex01");
    let mut sink = sink(folder.path(), false);
    for part in (1..=50).collect::<Vec<u64>>().chunks(10) {
        let batch: Vec<Recorded> = part
            .iter()
            .map(|sequence| {
                let path = if *sequence == 33 {
                    "/looked-for/x y"
                } else {
                    "/owa/"
                };
                request(*sequence, &one, path, false)
            })
            .collect();
        sink.deliver(&batch).unwrap();
    }
    let mut rules = imker_sigma::RuleSetBuilder::new();
    rules
        .add_indicator(&imker_sigma::Indicator::Path("/looked-for".into()), "test")
        .unwrap();
    let options = imker_hunt::Options::new(vec![folder.path().join("iis")]);
    let reading = imker_hunt::read(&options, &rules.build().unwrap(), &()).unwrap();
    assert_eq!((reading.files, reading.sightings.len()), (1, 1));
    assert!(
        reading.unread.is_empty() && reading.set_aside.is_empty(),
        "{:?}",
        reading.unread
    );
}

#[test]
fn the_oldest_days_go_when_logs_grow_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = sink(folder.path(), false);
    let one = connection("198.51.100.7", "ex01");
    for day in 0..5_u64 {
        let long = format!("/{}", "a".repeat(600));
        let on_day = |recorded| {
            change(recorded, |request| {
                request.time += jiff::SignedDuration::from_hours(24 * i64::try_from(day).unwrap());
            })
        };
        sink.deliver(&[on_day(request(day + 1, &one, &long, false))])
            .unwrap();
        sink.tend(None).unwrap();
    }
    let logs = fs::read_dir(folder.path().join("iis/ex01/W3SVC1")).unwrap();
    let mut names: Vec<_> = logs
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["u_ex261128.log", "u_ex261129.log"]);
}

#[test]
fn a_log_that_went_within_its_day_begins_with_directives_again() {
    let folder = tempfile::tempdir().unwrap();
    let one = connection("198.51.100.7", "ex01");
    let mut sink = sink(folder.path(), false);
    sink.deliver(&[request(1, &one, "/owa/", false)]).unwrap();
    sink.tend(Some(SystemTime::now() + Duration::from_hours(13)))
        .unwrap();
    sink.deliver(&[request(2, &one, "/ecp/", false), request(3, &one, "/ews/", false)])
        .unwrap();
    let logs = fs::read_dir(folder.path().join("iis/ex01/W3SVC1")).unwrap();
    let logs: Vec<_> = logs
        .map(|log| fs::read_to_string(log.unwrap().path()).unwrap())
        .collect();
    assert_eq!(logs.len(), 1);
    assert!(!logs[0].contains("/owa/"), "{}", logs[0]);
    assert!(logs[0].starts_with("#Software"), "{}", logs[0]);
    assert_eq!(logs[0].matches("#Fields").count(), 1, "{}", logs[0]);
}
