//! The last segment of a sensor that was killed, torn or damaged before it is played again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use imker_event::GapReason;

use crate::sensor::{Place, ask_all, gaps, markers, numbered, once, record, requests_in_view, wait_for};

const SEGMENT: &str = "disk/data/spool/00000000000000000001.seg";

/// A sensor that answered thirty requests, which all sinks have, and was killed.
fn killed() -> Place {
    let place = Place::new("");
    let sensor = place.play();
    ask_all(&place, numbered("before", 0..30));
    place.wait_for_json_line("before-29");
    wait_for("the view holds them", || requests_in_view(&place) == 30);
    drop(sensor);
    place
}

/// Plays it again and asks ten times more.
fn play_again(place: &Place) {
    let sensor = place.play();
    ask_all(place, numbered("after", 0..10));
    place.wait_for_json_line("after-9");
    wait_for("the view holds them", || requests_in_view(place) == 40);
    sensor.stop();
}

fn all() -> Vec<String> {
    [numbered("before", 0..30), numbered("after", 0..10)].concat()
}

#[test]
fn a_torn_write_loses_nothing_and_brings_nothing_twice() {
    let place = killed();
    let (before, _) = record(&place.path("disk/data"));
    let mut bytes = fs::read(place.path(SEGMENT)).unwrap();
    // The beginning of a batch that was never acknowledged, and what a power cut makes of the rest.
    bytes.extend_from_within(40..1040);
    bytes.extend([0; 3000]);
    fs::write(place.path(SEGMENT), bytes).unwrap();
    play_again(&place);
    let (events, missing) = record(&place.path("disk/data"));
    assert_eq!((&missing[..], &gaps(&events)[..]), (&[][..], &[][..]));
    assert_eq!(events[..before.len()], before);
    assert_eq!(markers(&events), once(all()));
    assert_eq!(place.json_lines(), events);
    for folder in ["disk/data", "jsonl"] {
        is_its_owners(&place.path(folder));
    }
}

/// Nobody else may read or write any file of a folder.
fn is_its_owners(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, metadata) = entry
            .map(|entry| (entry.path(), entry.metadata().unwrap()))
            .unwrap();
        if metadata.is_dir() {
            is_its_owners(&path);
        } else {
            assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", path.display());
        }
    }
}

/// Damages the end of the record; whether the cursors are as old as a crash may leave them makes no difference.
fn damaged(forget_cursors: bool) {
    let place = killed();
    let (before, _) = record(&place.path("disk/data"));
    // The last events, such as a connection's end, may not have been passed on before the kill.
    let passed = place.json_lines();
    let mut bytes = fs::read(place.path(SEGMENT)).unwrap();
    let middle = bytes.len() * 6 / 10;
    bytes[middle] ^= 0x40;
    bytes.truncate(bytes.len() - 3000);
    fs::write(place.path(SEGMENT), bytes).unwrap();
    if forget_cursors {
        for cursor in ["jsonl", "_view"] {
            fs::remove_file(place.path("disk/data/cursors").join(cursor)).unwrap();
        }
    }
    play_again(&place);
    let (events, missing) = record(&place.path("disk/data"));
    let told: Vec<_> = gaps(&events)
        .iter()
        .map(|gap| (gap.reason, gap.sequences.unwrap()))
        .collect();
    let expected: Vec<_> = missing.iter().map(|range| (GapReason::Damaged, *range)).collect();
    assert_eq!(told, expected);
    assert!(missing.len() >= 2, "{missing:?}");
    // No number is given again, and nothing that sinks had is lost there or comes again.
    assert_eq!(missing.last().unwrap().1, before.last().unwrap().sequence);
    let held = passed.last().unwrap().sequence;
    let later = events.into_iter().filter(|event| event.sequence > held);
    let lines = place.json_lines();
    assert_eq!(lines, passed.into_iter().chain(later).collect::<Vec<_>>());
    assert_eq!(markers(&lines), once(all()));
}

#[test]
fn damage_is_told_once_and_takes_nothing_from_sinks() {
    damaged(false);
}

#[test]
fn sinks_take_what_comes_after_damage_that_their_cursors_do_not_know_of() {
    damaged(true);
}
