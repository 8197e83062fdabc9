//! Folders, links, names.

use super::*;
use crate::Error;

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let folder = tree(&[]);
    let missing = folder.path().join("missing");
    let result = read_in(&options(&missing), &rules(), &(), Sizes::default());
    assert!(matches!(result, Err(Error::Path { path, .. }) if path == missing));
}

#[test]
fn a_file_named_twice_is_read_once() {
    let folder = tree(&[("sub/a.log", log_with_one_match().as_bytes())]);
    let file = folder.path().join("sub/a.log");
    let paths = vec![file.clone(), folder.path().to_owned(), folder.path().join("sub")];
    let reading = read_in(&Options::new(paths), &rules(), &(), Sizes::default()).unwrap();
    assert_eq!((reading.files, reading.sightings.len()), (1, 1));
    let reading = read_in(&Options::new(vec![file]), &rules(), &(), Sizes::default()).unwrap();
    assert_eq!(reading.files, 1);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = tree(&[("a.log", log_with_one_match().as_bytes())]);
    let folder = tree(&[("b.log", log_with_one_match().as_bytes())]);
    symlink(outside.path(), folder.path().join("folder")).unwrap();
    symlink(outside.path().join("a.log"), folder.path().join("c.log")).unwrap();
    symlink(folder.path().join("b.log"), folder.path().join("d.log")).unwrap();
    symlink("nowhere", folder.path().join("e.log")).unwrap();
    let reading = read_tree(folder.path());
    assert_eq!((reading.files, reading.sightings.len()), (1, 1));
    let set_aside: Vec<_> = reading
        .set_aside
        .iter()
        .map(|(kind, count)| format!("{kind}: {count}"))
        .collect();
    assert_eq!(
        set_aside,
        [
            "broken symbolic link: 1",
            "symbolic link out of the tree: 2",
            "symbolic link within the tree: 1"
        ]
    );
    // A link that the user names is followed.
    let link = folder.path().join("folder");
    assert_eq!(read_tree(&link).files, 1);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tree(&[
        ("a.log", log_with_one_match().as_bytes()),
        ("b.log", log_with_one_match().as_bytes()),
    ]);
    let file = folder.path().join("a.log");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&file).is_ok() {
        return imker_testing::left_out("this user may read everything");
    }
    let reading = read_tree(folder.path());
    assert_eq!((reading.files, reading.unread.len()), (1, 1));
    assert_eq!(reading.unread[0].reason, crate::UnreadReason::Permission);
}

#[test]
fn names_that_the_user_gives_come_first() {
    let folder = tree(&[
        ("EX01/W3SVC1/a.log", log_with_one_match().as_bytes()),
        ("EX02/W3SVC1/a.log", log_with_one_match().as_bytes()),
    ]);
    let servers = vec![("mail".to_owned(), folder.path().join("EX02"))];
    let options = Options {
        servers,
        ..options(folder.path())
    };
    let reading = read_in(&options, &rules(), &(), Sizes::default()).unwrap();
    assert_eq!(reading.servers, ["EX01".into(), "mail".into()]);
}

#[test]
fn inputs_are_identified_where_asked_for() {
    let folder = tree(&[("a.log", log_with_one_match().as_bytes()), ("notes.txt", b"text")]);
    let options = Options {
        hash: true,
        ..options(folder.path())
    };
    let reading = read_in(&options, &rules(), &(), Sizes::default()).unwrap();
    assert_eq!(reading.inputs.len(), 1);
    assert_eq!(reading.inputs[0].size, log_with_one_match().len() as u64);
    assert_eq!(reading.inputs[0].sha256.len(), 64);
    assert!(reading.inputs[0].modified.is_some());
}

#[test]
fn rules_that_a_log_cannot_answer_are_counted() {
    let short = "#Fields: date time cs-uri-stem sc-status\n2021-08-12 10:00:00 /a 200\n";
    let folder = tree(&[
        ("a.log", short.as_bytes()),
        ("b.log", short.as_bytes()),
        ("c.log", log_with_one_match().as_bytes()),
    ]);
    let reading = read_tree(folder.path());
    let counts: Vec<_> = reading
        .unanswerable
        .iter()
        .map(|rule| (rule.rule.0, rule.files))
        .collect();
    assert_eq!(counts, [(1, 2)]);
}

#[test]
fn suspects_are_followed() {
    use imker_detect::Suspect;
    let fields = FIELDS.replace("time-taken", "sc-bytes");
    let mut log = format!("{fields}\r\n");
    for minute in 0..90 {
        let client = if minute % 2 == 0 {
            "203.0.113.66"
        } else {
            "203.0.113.6"
        };
        log += &row(
            &format!("2021-08-12 {:02}:{:02}:00", 10 + minute / 60, minute % 60),
            "/owa/",
            client,
        );
    }
    let proxy = "DateTime,RequestId,UrlStem,ProxyAction,ClientIpAddress\n\
        2021-08-12T10:00:00.100Z,1,/a,Proxy,203.0.113.66\n";
    let folder = tree(&[
        ("W3SVC1/a.log", log.as_bytes()),
        ("HttpProxy/Owa/b.log", proxy.as_bytes()),
    ]);
    let suspect = |client: &str| Suspect {
        client: client.parse().unwrap(),
        since: "2021-08-12T10:30:00Z".parse().unwrap(),
    };
    let suspects = [suspect("203.0.113.66"), suspect("198.51.100.1")];
    let traffic = crate::follow(&options(folder.path()), &suspects, &()).unwrap();
    assert_eq!(traffic.len(), 1);
    assert_eq!(
        (
            traffic[0].requests,
            traffic[0].requests_per_hour_max,
            traffic[0].bytes_sent
        ),
        (30, 15, Some(450))
    );
}

#[test]
fn a_name_for_what_is_not_read_is_an_error() {
    let log = log_with_one_match();
    let folder = tree(&[
        ("logs/EX02/W3SVC1/a.log", log.as_bytes()),
        ("other/a.log", log.as_bytes()),
    ]);
    let named = |path: &str| {
        let options = Options {
            servers: vec![("mail".to_owned(), folder.path().join(path))],
            ..options(&folder.path().join("logs"))
        };
        read_in(&options, &rules(), &(), Sizes::default())
    };
    for path in ["other", "missing", "logs/EX03"] {
        let error = named(path).unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Option {
                    option: "--server",
                    ..
                }
            ),
            "{path}"
        );
        assert!(error.to_string().starts_with("--server: `mail="), "{error}");
    }
    for path in [
        "logs",
        "",
        "logs/EX02",
        "other/../logs/EX02",
        "logs/EX02/W3SVC1/a.log",
    ] {
        assert_eq!(named(path).unwrap().servers, ["mail".into()], "{path}");
    }
}

/// Writes a log as soon as the file is found.
struct Grows<'p>(&'p Path);

impl crate::Progress for Grows<'_> {
    fn found(&self, bytes: u64) {
        if bytes == 0 {
            fs::write(self.0, log_with_one_match()).unwrap();
        }
    }
}

#[test]
fn a_log_that_was_empty_when_it_was_found_is_read() {
    let folder = tree(&[("u_ex210812.log", b"")]);
    let log = folder.path().join("u_ex210812.log");
    for stats in [None, Some(true), Some(false)] {
        let options = Options {
            stats,
            ..options(folder.path())
        };
        let reading = read_in(&options, &rules(), &Grows(&log), Sizes::default()).unwrap();
        assert_eq!((reading.files, reading.lines), (1, 14), "{stats:?}");
        fs::write(&log, "").unwrap();
    }
}
