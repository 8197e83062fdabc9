//! A clock that jumps, by libfaketime: an hour ahead, an hour back, and months ahead over a restart.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use imker_event::Recorded;
use jiff::SignedDuration;

use crate::sensor::{
    Place, Sensor, ask_all, gaps, markers, numbered, once, record, requests_in_view, wait_for,
};

fn library() -> Option<PathBuf> {
    let folders = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
    ];
    let paths = folders.map(|folder| PathBuf::from(folder).join("faketime/libfaketimeMT.so.1"));
    paths.into_iter().find(|path| path.exists())
}

/// The wall clock follows a file; the monotonic clock is the system's.
fn play(place: &Place, library: &PathBuf) -> Sensor {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imker"));
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", place.path("offset"));
    command.env("FAKETIME_NO_CACHE", "1").env("NO_FAKE_STAT", "1");
    command
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    place.play_by(command)
}

fn set(place: &Place, offset: &str) {
    fs::write(place.path("offset"), format!("{offset}\n")).unwrap();
    thread::sleep(Duration::from_millis(50));
}

#[test]
fn a_clock_that_jumps_loses_and_doubles_nothing() {
    let Some(library) = library() else {
        return imker_testing::left_out("there is no libfaketime");
    };
    let place = Place::new("[[sink]]\nkind = \"w3c\"\nfolder = \"iis\"\n");
    set(&place, "+0");
    let sensor = play(&place, &library);
    let mut asked = Vec::new();
    for (label, offset) in [("even", "+0"), ("ahead", "+1h"), ("back", "-1h"), ("again", "+0")] {
        set(&place, offset);
        asked.push(numbered(label, 0..20));
        ask_all(&place, numbered(label, 0..20));
    }
    let payload = place.path("payload");
    fs::write(&payload, vec![b'x'; 40_000]).unwrap();
    let url = format!("http://{}/aspnet_client/inert.txt", place.http());
    let sent = Command::new("curl")
        .args(["--silent", "--upload-file"])
        .arg(&payload)
        .arg(url)
        .output();
    assert!(sent.unwrap().status.success());
    place.wait_for_json_line("again-19");
    sensor.stop();

    // Months ahead, for long enough that everything kept for its time is looked at.
    set(&place, "+100d");
    let sensor = play(&place, &library);
    asked.push(numbered("months", 0..20));
    ask_all(&place, numbered("months", 0..20));
    thread::sleep(Duration::from_secs(65));
    sensor.stop();
    set(&place, "+0");
    let sensor = play(&place, &library);
    asked.push(numbered("home", 0..20));
    ask_all(&place, numbered("home", 0..20));
    place.wait_for_json_line("home-19");
    wait_for("the view holds them", || requests_in_view(&place) == 121);
    sensor.stop();

    let (events, missing) = record(&place.path("disk/data"));
    assert_eq!((&missing[..], &gaps(&events)[..]), (&[][..], &[][..]));
    assert!(
        events
            .iter()
            .map(|event| event.sequence)
            .eq(1..=events.len() as u64)
    );
    assert_eq!(markers(&events), once(asked.concat()));
    assert_eq!(place.json_lines(), events);
    let span = |label: &str| first_time(&events, label) - first_time(&events, "even");
    for (label, hours) in [("ahead", 1), ("back", -1), ("months", 2400)] {
        let off = span(label) - SignedDuration::from_hours(hours);
        assert!(
            off.abs() < SignedDuration::from_mins(5),
            "the clock did not jump: {label} {off}"
        );
    }
    // A visit is a visit, whatever the clock says.
    assert_eq!(sessions(&events, &["even", "ahead", "back", "again"]).len(), 1);
    assert_eq!(w3c_lines(&place), 121);
    let payloads = place.imker(&["payloads", "--format", "jsonl"]);
    assert_eq!(payloads.lines().count(), 1, "a body that is an upload, once");
    let kept = fs::read_dir(place.path("disk/data/quarantine")).unwrap().count();
    assert_eq!(kept, 2, "the payload's folder, and that of what arrives");
}

fn of_label<'e>(events: &'e [Recorded], label: &'e str) -> impl Iterator<Item = &'e Recorded> {
    events.iter().filter(move |event| {
        markers(std::slice::from_ref(event))
            .keys()
            .any(|marker| marker.starts_with(label))
    })
}

fn first_time(events: &[Recorded], label: &str) -> SignedDuration {
    of_label(events, label)
        .next()
        .unwrap()
        .event
        .time
        .duration_since(jiff::Timestamp::UNIX_EPOCH)
}

fn sessions(events: &[Recorded], labels: &[&str]) -> BTreeSet<String> {
    let of_labels = labels.iter().flat_map(|label| of_label(events, label));
    of_labels
        .map(|event| event.event.connection.as_ref().unwrap().session.to_string())
        .collect()
}

fn w3c_lines(place: &Place) -> usize {
    let folder = place.path("iis");
    let files = walk(&folder)
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap());
    files
        .map(|text| text.lines().filter(|line| !line.starts_with('#')).count())
        .sum()
}

fn walk(folder: &PathBuf) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}
