//! Logs that cannot be read whole.

use super::*;

fn unread(reading: &Reading, folder: &TempDir) -> Vec<String> {
    show(reading, folder.path())
        .lines()
        .filter(|line| line.starts_with("unread"))
        .map(str::to_owned)
        .collect()
}

/// A log with `middle` after the row that is looked for, and another such row behind it.
fn around(middle: &[u8]) -> Vec<u8> {
    let end = row("2021-08-12 10:10:00", "/looked-for/behind", "203.0.113.7");
    [log_with_one_match().as_bytes(), middle, end.as_bytes()].concat()
}

#[test]
fn stretches_are_named_and_the_rest_is_read() {
    let start = log_with_one_match().len();
    let binary: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let long = [vec![b'x'; 2 << 20], vec![b'\n']].concat();
    let nuls = [
        vec![0; 5000],
        row("2021-08-12 10:09:30", "/looked-for/after", "203.0.113.7").into_bytes(),
    ]
    .concat();
    let many_nuls = [
        vec![0; 3 << 20],
        row("2021-08-12 10:09:30", "/looked-for/after", "203.0.113.7").into_bytes(),
    ]
    .concat();
    for (name, middle, reason, matches) in [
        (
            "torn",
            &b"2021-08-12 10:09:30 192.0.2.10 GET /looked-for/torn\r\n"[..],
            "Torn -",
            3,
        ),
        ("binary", &[&binary[..], b"\n"].concat(), "Binary -", 2),
        ("long", &long, "LineTooLong -", 2),
        ("nuls", &nuls, "Binary -", 3),
        ("many nuls", &many_nuls, "Binary -", 3),
    ] {
        let folder = tree(&[("a.log", &around(middle))]);
        let reading = read_tree(folder.path());
        assert_eq!(
            unread(&reading, &folder),
            [format!("unread a.log@{start} {reason}")],
            "{name}"
        );
        assert_eq!(reading.sightings.len(), matches, "{name}");
        let last = reading.sightings.iter().unwrap().last().unwrap().unwrap();
        let lines = around(middle).iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(last.place.line, lines, "{name}");
        assert_eq!(reading.lines, lines, "{name}");
    }
}

#[test]
fn the_end_of_a_live_log_is_no_damage() {
    let log = log_with_one_match();
    let cut = &log.as_bytes()[..log.len() - 30];
    for (name, log) in [
        ("unfinished line", cut.to_vec()),
        ("NULs", [log.as_bytes(), &[0; 70_000]].concat()),
        ("many NULs", [log.as_bytes(), &vec![0; 3 << 20]].concat()),
        ("unfinished line and NULs", [cut, &[0; 100]].concat()),
        ("unfinished line and many NULs", [cut, &vec![0; 3 << 20]].concat()),
    ] {
        let folder = tree(&[("a.log", &log)]);
        let reading = read_tree(folder.path());
        assert_eq!(unread(&reading, &folder), Vec::<String>::new(), "{name}");
        assert_eq!((reading.sightings.len(), reading.lines), (1, 14), "{name}");
    }
}

#[test]
fn rows_before_the_first_fields_are_named() {
    let rows = row("2021-08-12 09:00:00", "/looked-for/early", "203.0.113.7");
    let folder = tree(&[("a.log", format!("{rows}{}", log_with_one_match()).as_bytes())]);
    let reading = read_tree(folder.path());
    assert_eq!(unread(&reading, &folder), ["unread a.log@0 NoFields -"]);
    assert_eq!(reading.sightings.len(), 1);
}

#[test]
fn a_quote_that_is_never_closed_is_torn() {
    let log = "DateTime,RequestId,UrlStem,ProxyAction,AnchorMailbox\n\
        2021-08-12T10:00:00.100Z,1,/a,Proxy,x\n2021-08-12T10:00:01.100Z,1,/b,Proxy,\"x\n2021-08-12T10:00:02.100Z,1,/looked-for,Proxy,x\n";
    let folder = tree(&[("a.log", log.as_bytes())]);
    let reading = read_tree(folder.path());
    assert_eq!(unread(&reading, &folder), ["unread a.log@91 Torn -"]);
    assert_eq!(reading.sightings.len(), 1);
}

#[test]
fn unread_stretches_are_listed_up_to_a_limit() {
    let mut log = head();
    for minute in 0..1500 {
        log += &row("2021-08-12 10:00:00", &format!("/{minute}"), "203.0.113.7");
        log += "torn line\r\n";
    }
    let folder = tree(&[("a.log", log.as_bytes())]);
    let reading = read_tree(folder.path());
    assert_eq!((reading.unread.len(), reading.unread_not_listed), (1000, 500));
}

/// Bytes in which readers of logs and archives meet what they look for.
fn noise() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        Just(head().into_bytes()),
        Just(row("2021-08-12 10:00:00", "/looked-for", "203.0.113.66").into_bytes()),
        Just(
            b"DateTime,RequestId,UrlStem,ProxyAction\r\n\"2021\"\",\"\n2021-08-12T10:00:00Z,/looked-for,\"\n"
                .to_vec()
        ),
        Just(b"#Fields:\n#Fields: \xff date\n#Date: 9999-99-99\n".to_vec()),
        Just(vec![0; 600]),
        Just(b"\x1f\x8b\x08\0\0\0\0\0\0\0".to_vec()),
        Just(b"\x28\xb5\x2f\xfd".to_vec()),
        Just(b"PK\x03\x04".to_vec()),
        Just(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff".to_vec()),
        Just(b"\xff\xfe#\0S\0".to_vec()),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 50, ..Default::default() })]

    #[test]
    fn no_bytes_stop_the_reader(bytes in noise()) {
        crate::fuzzing::read_whole(&bytes, &rules());
    }
}
