use std::io::{BufReader, Read};

use super::examples::example;
use crate::ecs::{MAX_LINE, Reader, Secrets, Unreadable, to_json};
use crate::{Kind, Recorded};

fn line(kind: Kind) -> String {
    to_json(&example(kind), None, Secrets::Kept).unwrap()
}

#[test]
fn what_is_no_event_is_told_in_its_place() {
    let newer = line(Kind::Upload).replace("\"kind\":\"upload\"", "\"kind\":\"not-yet-known\"");
    let malformed = line(Kind::Upload).replace("\"content\"", "\"contents\"");
    let input = [
        &line(Kind::Command),
        "",
        "{\"imker",
        "{}",
        &newer,
        &malformed,
        &"x".repeat(MAX_LINE + 1),
        &line(Kind::StageReached),
    ]
    .join("\n");
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for read in Reader::new(input.as_bytes()) {
        match read {
            Ok(document) => events.push(document.recorded),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(events, [example(Kind::Command), example(Kind::StageReached)]);
    let lines: Vec<u64> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
    assert!(matches!(errors[0].reason, Unreadable::NotJson(_)));
    assert!(matches!(errors[1].reason, Unreadable::NotAnEvent));
    assert_eq!(
        errors[2].to_string(),
        "line 5: unknown kind of event `not-yet-known`: a newer version wrote it"
    );
    assert!(matches!(errors[3].reason, Unreadable::Malformed(_)));
    assert!(matches!(errors[4].reason, Unreadable::TooLong));
}

#[test]
fn small_blocks_and_a_last_line_without_end() {
    let input = format!("{}\r\n{}", line(Kind::Command), line(Kind::Gap));
    let reader = Reader::new(BufReader::with_capacity(7, input.as_bytes()));
    let read: Vec<Recorded> = reader.map(|read| read.unwrap().recorded).collect();
    assert_eq!(read, [example(Kind::Command), example(Kind::Gap)]);
}

#[test]
fn an_input_that_fails_ends_with_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let input = format!("{}\n", line(Kind::Command));
    let read: Vec<_> = Reader::new(BufReader::new(input.as_bytes().chain(Broken))).collect();
    assert_eq!(read.len(), 2);
    assert!(matches!(&read[1], Err(error) if error.line == 2 && matches!(error.reason, Unreadable::Io(_))));
}
