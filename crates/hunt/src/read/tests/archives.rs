//! Packed logs, sound and hostile.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::*;
use crate::Limits;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        if name.starts_with("..") {
            // The library refuses to write such a name.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        } else {
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn lines_of(reading: &Reading, folder: &TempDir, starts: &[&str]) -> Vec<String> {
    let text = show(reading, folder.path());
    text.lines()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn packed_logs_are_read() {
    let log = log_with_one_match();
    let log = log.as_bytes();
    let many = [gzip(&log[..500]), gzip(&log[500..]), vec![0; 1000]].concat();
    let long = format!("EX01/{}/W3SVC1/u.log", "long/".repeat(40));
    let folder = tree(&[
        ("a.log.gz", &many),
        ("b.log.zst", &::zstd::encode_all(log, 3).unwrap()),
        (
            "c.zip",
            &zip(&[
                ("EX01/W3SVC2/u.log", log),
                ("notes.txt", b"some text"),
                ("in.log.gz", &gzip(log)),
            ]),
        ),
        ("d.tar", &tar(&[("../../u.log", log), (&long, log)])),
        (
            "e.tar.gz",
            &gzip(&tar(&[
                ("u.log.gz", &gzip(log)),
                ("inner.zip", &zip(&[("u.log", log)])),
            ])),
        ),
        ("f.zip", &zip(&[("inner.tar.gz", &gzip(&tar(&[("u.log", log)])))])),
    ]);
    insta::assert_snapshot!(
        lines_of(
            &read_tree(folder.path()),
            &folder,
            &["match", "unread", "set", "files"]
        )
        .join("\n")
    );
}

#[test]
fn archives_deeper_than_one_level_are_named() {
    let deep = zip(&[(
        "a.zip",
        &zip(&[("b.zip", &zip(&[("u.log", log_with_one_match().as_bytes())]))]),
    )]);
    let folder = tree(&[("deep.zip", &deep)]);
    assert_eq!(
        lines_of(&read_tree(folder.path()), &folder, &["match", "unread"]),
        ["unread deep.zip!a.zip!b.zip@0 TooDeep -"]
    );
}

#[test]
fn a_truncated_archive_is_used_as_far_as_it_goes() {
    let mut log = log_with_one_match();
    for minute in 0..2000 {
        log += &row(
            &format!("2021-08-12 11:{:02}:00", minute % 60),
            &format!("/owa/{}", minute * 7919 % 9973),
            "203.0.113.7",
        );
    }
    let packed = gzip(log.as_bytes());
    let archive = zip(&[("u.log", log.as_bytes()), ("v.log", log.as_bytes())]);
    let tarball = tar(&[("u.log", log.as_bytes()), ("v.log", log.as_bytes())]);
    let zstd = ::zstd::encode_all(log.as_bytes(), 3).unwrap();
    let folder = tree(&[
        ("a.gz", &packed[..packed.len() - 2000]),
        ("b.zip", &archive[..archive.len() * 2 / 3]),
        ("c.tar", &tarball[..tarball.len() * 2 / 3]),
        ("d.zst", &zstd[..zstd.len() - 500]),
        ("e.gz", &[&packed[..], b"garbage"].concat()),
        (
            "f.gz",
            &[
                &packed[..packed.len() / 2],
                &[0xff; 500],
                &packed[packed.len() / 2 + 500..],
            ]
            .concat(),
        ),
    ]);
    let found = lines_of(&read_tree(folder.path()), &folder, &["match", "unread"]);
    for name in ["a.gz", "b.zip!u.log", "c.tar!u.log", "d.zst", "e.gz", "f.gz"] {
        assert!(
            found.iter().any(|line| line.contains(&format!("{name}:12@"))),
            "{name} in {found:#?}"
        );
    }
    for (name, reason) in [
        ("a.gz@", "Truncated"),
        ("b.zip", "Truncated"),
        ("c.tar!v.log@", "Truncated"),
        ("d.zst@", "Truncated"),
        ("e.gz@", "Damaged"),
        ("f.gz@", "Damaged"),
    ] {
        let is_told = |line: &&String| line.starts_with(&format!("unread {name}")) && line.contains(reason);
        assert_eq!(found.iter().filter(is_told).count(), 1, "{name} in {found:#?}");
    }
}

#[test]
fn bombs_are_stopped() {
    let head = head();
    let mut bomb = head.clone().into_bytes();
    bomb.extend("x".repeat(100).as_bytes());
    let limits = Limits {
        unpacked: 300_000,
        members: 3,
        ..Limits::default()
    };
    let large = row("2021-08-12 10:00:00", "/owa/", "203.0.113.7").repeat(5000);
    let large = format!("{head}{large}");
    let folder = tree(&[
        ("a.gz", &gzip(large.as_bytes())),
        (
            "b.zip",
            &zip(&[
                ("1", &large.as_bytes()[..200_000]),
                ("2", &large.as_bytes()[..200_000]),
                ("3", head.as_bytes()),
            ]),
        ),
        (
            "c.tar",
            &tar(&[("1", b"a"), ("2", b"b"), ("3", b"c"), ("4", b"d"), ("5", b"e")]),
        ),
    ]);
    let options = Options {
        limits,
        ..options(folder.path())
    };
    let reading = read_in(&options, &rules(), &(), Sizes::default()).unwrap();
    assert_eq!(
        lines_of(&reading, &folder, &["unread"]),
        [
            "unread a.gz@300000 SizeLimit unpacked size",
            "unread b.zip!2@100000 SizeLimit unpacked size",
            "unread c.tar@3072 MemberLimit -",
        ]
    );
}

#[test]
fn what_is_named_like_an_archive_and_is_none_is_unread() {
    let log = log_with_one_match();
    let mut torn = gzip(log.as_bytes());
    torn[0] = 0;
    let mut wide = vec![0xff, 0xfe];
    wide.extend(&torn);
    let folder = tree(&[
        ("a.log.gz", &torn),
        ("b.TGZ", b""),
        ("c.zst", &wide),
        ("d.zip", b"<html>not found</html>"),
        ("e.tar", &[0; 1024]),
        ("f.tar", b"torn"),
        ("g.tar.gz", &gzip(b"torn")),
        ("h.txt.gz", &gzip(b"some text")),
        ("i.log.gz", log.as_bytes()),
        ("j.zip", &zip(&[("k.log.gz", &torn), ("l.txt", b"text")])),
        (
            "m.gz",
            b"#Software: Microsoft Exchange Server\n#Log-type: OAB Request Log\n",
        ),
    ]);
    let reading = read_tree(folder.path());
    assert_eq!(
        lines_of(&reading, &folder, &["unread", "set aside"]),
        [
            "unread a.log.gz@0 Damaged its name says gzip, its content does not",
            "unread b.TGZ@0 Damaged its name says gzip, its content does not",
            "unread c.zst@0 Damaged its name says zstd, its content does not",
            "unread d.zip@0 Damaged its name says zip, its content does not",
            "unread f.tar@0 Damaged its name says tar, its content does not",
            "unread g.tar.gz@0 Damaged its name says tar, its content does not",
            "unread j.zip!k.log.gz@0 Damaged its name says gzip, its content does not",
            "set aside Exchange log: OAB Request Log: 1",
            "set aside empty: 1",
            "set aside text: 2",
        ]
    );
    assert_eq!((reading.files, reading.sightings.len()), (1, 1));
}
