use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use imker_event::ecs::{Reader, Secrets};
use tempfile::TempDir;

use super::events::opened;
use crate::sinks::files::Files;
use crate::sinks::{JsonLinesSettings, JsonLinesSink, Sink};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn files(folder: &Path) -> Files {
    Files::open(folder.join("logs"), folder.join("cursors/x.json")).unwrap()
}

fn append(files: &mut Files, name: &str, text: &str, sequence: u64) {
    files.append(name, text.as_bytes());
    files.commit(sequence, None).unwrap();
}

#[test]
fn what_was_written_but_not_committed_is_cut_off() {
    let folder = folder();
    let mut sink = files(folder.path());
    append(&mut sink, "a/1.log", "one\n", 1);
    append(&mut sink, "b.log", "two\n", 2);
    // A crash after part of the next commit, which goes on with one file and begins another.
    sink.keep_lengths(["a/1.log".to_owned(), "c.log".to_owned()].iter())
        .unwrap();
    drop(sink);
    fs::write(folder.path().join("logs/a/1.log"), "one\nthr").unwrap();
    fs::write(folder.path().join("logs/c.log"), "fo").unwrap();

    let mut sink = files(folder.path());
    assert_eq!(sink.position(), 2);
    sink.append("a/1.log", b"three\n");
    append(&mut sink, "c.log", "four\n", 4);
    let read = |name: &str| fs::read_to_string(folder.path().join("logs").join(name)).unwrap();
    assert_eq!(
        [read("a/1.log"), read("b.log"), read("c.log")],
        ["one\nthree\n", "two\n", "four\n"]
    );
    assert_eq!(files(folder.path()).position(), 4);
}

#[test]
fn the_cursor_of_the_same_name_is_let_alone() {
    let folder = folder();
    let mut sink = files(folder.path());
    // What the spool writes before it renames it to `cursors/x`.
    let cursor = folder.path().join("cursors/x.new");
    fs::write(&cursor, "cursor").unwrap();
    append(&mut sink, "a.log", "one\n", 1);
    assert_eq!(fs::read_to_string(cursor).unwrap(), "cursor");
}

#[test]
fn a_failed_commit_leaves_nothing_behind_for_the_next_try() {
    let folder = folder();
    let mut sink = files(folder.path());
    append(&mut sink, "a.log", "one\n", 1);
    // The second file of the commit cannot be made.
    fs::create_dir(folder.path().join("logs/b.log")).unwrap();
    sink.append("a.log", b"two\n");
    sink.append("b.log", b"two\n");
    assert!(sink.commit(2, None).is_err());
    fs::remove_dir(folder.path().join("logs/b.log")).unwrap();
    sink.append("a.log", b"two\n");
    append(&mut sink, "b.log", "two\n", 2);
    assert_eq!(
        fs::read_to_string(folder.path().join("logs/a.log")).unwrap(),
        "one\ntwo\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("logs/b.log")).unwrap(),
        "two\n"
    );
}

#[test]
fn a_file_moved_away_or_shortened_by_someone_else_is_gone_on_with() {
    let folder = folder();
    let mut sink = files(folder.path());
    append(&mut sink, "a.log", "one\n", 1);
    fs::rename(
        folder.path().join("logs/a.log"),
        folder.path().join("logs/a.log.1"),
    )
    .unwrap();
    append(&mut sink, "a.log", "two\n", 2);
    assert_eq!(
        fs::read_to_string(folder.path().join("logs/a.log")).unwrap(),
        "two\n"
    );
    fs::write(folder.path().join("logs/a.log"), "").unwrap();
    let mut sink = files(folder.path());
    append(&mut sink, "a.log", "three\n", 3);
    assert_eq!(
        fs::read_to_string(folder.path().join("logs/a.log")).unwrap(),
        "three\n"
    );
}

#[cfg(unix)]
#[test]
fn files_with_secrets_are_their_owners() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    append(&mut files(folder.path()), "a.log", "one\n", 1);
    let mode = fs::metadata(folder.path().join("logs/a.log"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

fn settings(folder: &Path) -> JsonLinesSettings {
    JsonLinesSettings {
        folder: folder.join("events"),
        state: folder.join("cursors/jsonl.json"),
        max_bytes: 20_000,
        keep: 3,
        max_age: Some(Duration::from_secs(60 * 60)),
        secrets: Secrets::Kept,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("events")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn json_lines_hold_each_event_once_whatever_is_delivered_again() {
    let folder = folder();
    let events = opened(60);
    let mut sink = JsonLinesSink::open(
        JsonLinesSettings {
            keep: 100,
            ..settings(folder.path())
        },
        None,
    )
    .unwrap();
    let state = folder.path().join("cursors/jsonl.json");
    let mut before = None;
    for (batch, events) in events.chunks(7).enumerate() {
        if batch % 3 == 2 {
            // A crash before the position was kept: the batch comes again.
            drop(sink);
            fs::write(&state, before.take().unwrap()).unwrap();
            sink = JsonLinesSink::open(
                JsonLinesSettings {
                    keep: 100,
                    ..settings(folder.path())
                },
                None,
            )
            .unwrap();
            let position = usize::try_from(sink.position().unwrap()).unwrap();
            assert_eq!(position, (batch - 1) * 7);
            sink.deliver(&opened(60)[position..position + 7]).unwrap();
        }
        before = fs::read(&state).ok();
        sink.deliver(events).unwrap();
    }
    let names = names(folder.path());
    assert!(names.len() > 2, "{names:?}");
    let mut read = Vec::new();
    for name in names {
        let file = fs::read(folder.path().join("events").join(&name)).unwrap();
        read.extend(Reader::new(&*file).map(|document| document.unwrap().recorded));
        assert!(file.len() < 22_000, "{name}");
    }
    assert_eq!(read, events);
}

#[test]
fn an_old_file_that_cannot_be_deleted_brings_no_event_twice() {
    let folder = folder();
    // A folder in the place of an old file.
    fs::create_dir_all(folder.path().join("events/events-00000000000000000000.jsonl/x")).unwrap();
    let mut sink = JsonLinesSink::open(
        JsonLinesSettings {
            keep: 1,
            ..settings(folder.path())
        },
        None,
    )
    .unwrap();
    sink.deliver(&opened(3)).unwrap();
    assert_eq!(sink.position(), Some(3));
}

#[test]
fn json_lines_come_once_where_a_commit_that_begins_a_file_fails() {
    let events = opened(40);
    let begin = |folder: &Path| {
        let mut sink = JsonLinesSink::open(settings(folder), None).unwrap();
        sink.deliver(&events[..10]).unwrap();
        sink
    };
    let dry = folder();
    begin(dry.path()).deliver(&events[10..]).unwrap();
    let second = &names(dry.path())[1];
    for minutes in [0, 20] {
        let folder = folder();
        let mut sink = begin(folder.path());
        let in_the_way = folder.path().join("events").join(second);
        fs::create_dir(&in_the_way).unwrap();
        sink.deliver(&events[10..]).unwrap_err();
        fs::remove_dir(&in_the_way).unwrap();
        // By then the next try may go to another file.
        sink.tend(Some(SystemTime::now() + Duration::from_mins(minutes)))
            .unwrap();
        sink.deliver(&events[10..]).unwrap();
        let read = |name| fs::read(folder.path().join("events").join(name)).unwrap();
        let lines = names(folder.path())
            .into_iter()
            .flat_map(read)
            .collect::<Vec<u8>>();
        let documents = Reader::new(&*lines).map(|document| document.unwrap().recorded);
        assert_eq!(documents.collect::<Vec<_>>(), events, "after {minutes} minutes");
    }
}

#[test]
fn old_json_lines_go() {
    let folder = folder();
    let mut sink = JsonLinesSink::open(settings(folder.path()), None).unwrap();
    for batch in opened(200).chunks(9) {
        sink.deliver(batch).unwrap();
    }
    let names = names(folder.path());
    assert_eq!(names.len(), 3, "{names:?}");
    let last = fs::read_to_string(folder.path().join("events").join(&names[2])).unwrap();
    assert!(last.contains("\"sensor-1-200\""));

    let old = folder.path().join("events").join(&names[0]);
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60))
        .unwrap();
    sink.tend(None).unwrap();
    assert_eq!(self::names(folder.path()), names, "the clock cannot be believed");
    sink.tend(Some(SystemTime::now())).unwrap();
    assert_eq!(self::names(folder.path()), names[1..], "its time is over");
}

#[test]
fn no_line_outlives_its_time_in_a_file_that_is_still_written_to() {
    let folder = folder();
    let minutes = |minutes| Some(SystemTime::now() + Duration::from_mins(minutes));
    let open = || JsonLinesSink::open(settings(folder.path()), None).unwrap();
    let (events, mut sink) = (opened(8), open());
    sink.deliver(&events[..2]).unwrap();
    sink.tend(minutes(6)).unwrap();
    sink = open();
    sink.deliver(&events[2..4]).unwrap();
    assert_eq!(names(folder.path()).len(), 1, "it is young");
    sink.tend(minutes(7)).unwrap();
    sink = open();
    sink.deliver(&events[4..6]).unwrap();
    assert_eq!(names(folder.path()).len(), 2, "an hour's ninth is over");
    sink.tend(Some(SystemTime::now() - Duration::from_hours(1)))
        .unwrap();
    sink.deliver(&events[6..]).unwrap();
    assert_eq!(
        names(folder.path()).len(),
        3,
        "it was begun by a clock that was ahead"
    );

    // Nothing comes any more.
    sink.tend(minutes(52)).unwrap();
    assert_eq!(names(folder.path()).len(), 3);
    sink.tend(minutes(54)).unwrap();
    assert_eq!(names(folder.path()), [""; 0]);
}
