#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use std::path::PathBuf;

use imker_event::{Kind, Recorded, Saw};
use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::sinks::tests::events::{
    closed, connection, credentials, hello, recorded, request, stage, time, upload,
};
use crate::sinks::{Sink, SqliteSettings, SqliteSink};

/// Two attackers, of which one goes through a chain.
fn scenario() -> Vec<Recorded> {
    let (one, two) = (
        connection("198.51.100.7", "ex01"),
        connection("2001:db8::7", "ex02"),
    );
    vec![
        recorded(1, &one, Saw::ConnectionOpened {}),
        hello(2, &one, "t13d1516h2_8daaf6152771_b186095e22b6"),
        request(3, &one, "/autodiscover/autodiscover.json", true),
        stage(4, &one, "probe", 1),
        recorded(5, &two, Saw::ConnectionOpened {}),
        request(6, &two, "/owa/", false),
        credentials(7, &two, "Summer2026!"),
        stage(8, &one, "legacy-dn", 2),
        upload(9, &one),
        closed(10, &one),
        request(11, &two, "/ecp/", false),
    ]
}

fn written(events: &[Recorded]) -> (TempDir, PathBuf, ViewWriter) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view.sqlite");
    let mut writer = ViewWriter::open(&path).unwrap();
    writer.append(events, None).unwrap();
    (folder, path, writer)
}

fn all<T>(stream: Result<Stream<T>, ViewError>) -> Vec<T> {
    stream.unwrap().collect::<Result<_, _>>().unwrap()
}

fn sequences(view: &View, filter: &Filter) -> Vec<u64> {
    let condition = Condition::of_events(filter);
    let sql = format!(
        "SELECT sequence FROM events WHERE {} ORDER BY sequence",
        condition.sql()
    );
    let mut statement = view.database.prepare(&sql).unwrap();
    let rows = statement.query_map(rusqlite::params_from_iter(&condition.values), |row| count(row, 0));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn events_by_all_filters() {
    let (_folder, path, _writer) = written(&scenario());
    let view = View::open(path).unwrap();
    let any = Filter::default;
    assert!(sequences(&view, &any()).into_iter().eq(1..=11));
    assert_eq!(
        sequences(
            &view,
            &Filter {
                since: Some(time(4)),
                until: Some(time(7)),
                ..any()
            }
        ),
        [4, 5, 6]
    );
    assert_eq!(
        sequences(
            &view,
            &Filter {
                since: Some(time(100)),
                ..any()
            }
        ),
        [0; 0]
    );
    assert_eq!(
        sequences(
            &view,
            &Filter {
                sources: vec!["2001:db8::/32".parse().unwrap()],
                ..any()
            }
        ),
        [5, 6, 7, 11]
    );
    let two_nets = vec![
        "198.51.100.0/30".parse().unwrap(),
        "198.51.100.7/32".parse().unwrap(),
    ];
    assert_eq!(
        sequences(
            &view,
            &Filter {
                sources: two_nets,
                until: Some(time(3)),
                ..any()
            }
        ),
        [1, 2]
    );
    assert_eq!(
        sequences(
            &view,
            &Filter {
                sources: vec!["0.0.0.0/0".parse().unwrap()],
                ..any()
            }
        )
        .len(),
        7
    );
    assert_eq!(
        sequences(
            &view,
            &Filter {
                sources: vec!["::/0".parse().unwrap()],
                ..any()
            }
        )
        .len(),
        11
    );
    assert_eq!(
        sequences(
            &view,
            &Filter {
                host: Some("ex02".into()),
                ..any()
            }
        ),
        [5, 6, 7, 11]
    );
    let kinds = vec![Kind::WebRequest, Kind::Upload];
    assert_eq!(sequences(&view, &Filter { kinds, ..any() }), [3, 6, 9, 11]);
    assert_eq!(
        sequences(
            &view,
            &Filter {
                session: Some("session-2001:".into()),
                ..any()
            }
        ),
        [5, 6, 7, 11]
    );
    assert_eq!(view.position().unwrap(), Some(11));
}

#[test]
fn sessions_and_attackers_with_what_they_did() {
    let (_folder, path, _writer) = written(&scenario());
    let view = View::open(path).unwrap();
    let sessions = all(view.sessions(&Filter::default()));
    let attackers = all(view.attackers(&Filter::default()));
    assert_eq!((sessions.len(), attackers.len()), (2, 2));
    let (session, attacker) = (&sessions[0], &attackers[0]);
    assert_eq!(
        (session.id.as_str(), session.source),
        ("session-198.51.100.7", attacker.source)
    );
    assert_eq!((session.first_seen, session.last_seen), (time(1), time(10)));
    assert_eq!(
        (attacker.first_seen, attacker.last_seen, attacker.sessions),
        (time(1), time(10), 1)
    );
    let mut expected = Activity {
        events: 7,
        connections: 1,
        requests: 1,
        attacks: 1,
        credentials: 0,
        payloads: 1,
        stages: vec![],
        hosts: vec!["ex01".into()],
        user_agents: vec!["agent 1.0".into()],
        ja4: vec!["t13d1516h2_8daaf6152771_b186095e22b6".into()],
    };
    for (order, name, at) in [(1, "probe", 4), (2, "legacy-dn", 8)] {
        let (chain, stage) = ("ProxyShell".into(), name.into());
        expected.stages.push(ReachedStage {
            chain,
            stage,
            order,
            succeeded: true,
            first_seen: time(at),
        });
    }
    assert_eq!(session.activity, expected);
    assert_eq!(attacker.activity, expected);

    // Of an attacker, only what was asked for counts; a session is always whole.
    let late = Filter {
        since: Some(time(9)),
        ..Filter::default()
    };
    let attackers = all(view.attackers(&late));
    let numbers: Vec<_> = attackers
        .iter()
        .map(|a| (a.activity.events, a.activity.requests, a.activity.payloads))
        .collect();
    assert_eq!(numbers, [(2, 0, 1), (1, 1, 0)]);
    assert_eq!(all(view.sessions(&late)), sessions);
    let filters = [
        Filter {
            until: Some(time(5)),
            ..Filter::default()
        },
        Filter {
            host: Some("ex01".into()),
            ..Filter::default()
        },
        Filter {
            session: Some(session.id.clone()),
            ..Filter::default()
        },
        Filter {
            sources: vec![session.source.into()],
            ..Filter::default()
        },
    ];
    for filter in filters {
        assert_eq!(all(view.sessions(&filter)), sessions[..1], "{filter:?}");
        assert_eq!(all(view.attackers(&filter)).len(), 1, "{filter:?}");
    }
}

#[test]
fn credentials_and_payloads() {
    let (_folder, path, _writer) = written(&scenario());
    let view = View::open(path).unwrap();
    let found = all(view.credentials(&Filter::default()));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (
            found[0].scheme.as_str(),
            found[0].username.as_str(),
            found[0].own_domain
        ),
        ("basic", "j.doe", true)
    );
    assert_eq!(found[0].secret.as_ref().unwrap().0.as_str(), "Summer2026!");
    assert!(!format!("{:?}", found[0]).contains("Summer2026!"));
    let found = all(view.payloads(&Filter::default()));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].sequence, found[0].kind, found[0].bytes),
        (9, Kind::Upload, 9000)
    );
    assert_eq!(found[0].name.as_deref(), Some("inert.aspx"));
}

#[test]
fn a_stream_that_is_dropped_ends_and_one_that_is_read_slowly_stays_of_its_instant() {
    let one = connection("198.51.100.7", "ex01");
    let uploads = |from: u64, to: u64| {
        (from..=to)
            .map(|sequence| upload(sequence, &one))
            .collect::<Vec<_>>()
    };
    let (_folder, path, mut writer) = written(&uploads(1, 2000));
    let view = View::open(path).unwrap();
    let mut stream = view.payloads(&Filter::default()).unwrap();
    assert_eq!(stream.next().unwrap().unwrap().sequence, 1);
    drop(stream);
    let mut stream = view.payloads(&Filter::default()).unwrap();
    assert_eq!(stream.next().unwrap().unwrap().sequence, 1);
    writer.append(&uploads(2001, 2100), None).unwrap();
    assert_eq!(stream.count(), 1999);
    assert_eq!(all(view.payloads(&Filter::default())).len(), 2100);
}

#[test]
fn what_is_delivered_again_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view.sqlite");
    let settings = SqliteSettings {
        path: path.clone(),
        retention: Retention::default(),
        max_bytes: u64::MAX,
    };
    let events = scenario();
    let mut sink = SqliteSink::open(settings.clone(), None).unwrap();
    assert_eq!(sink.position(), Some(0));
    sink.deliver(&events[..6]).unwrap();
    sink.deliver(&events[3..8]).unwrap();
    drop(sink);
    let mut sink = SqliteSink::open(settings, None).unwrap();
    assert_eq!(sink.position(), Some(8));
    sink.deliver(&events).unwrap();
    let view = View::open(path).unwrap();
    assert!(sequences(&view, &Filter::default()).into_iter().eq(1..=11));
    assert_eq!(all(view.attackers(&Filter::default()))[0].activity.events, 7);
}

#[test]
fn each_class_of_data_has_its_time() {
    let (_folder, path, mut writer) = written(&scenario());
    let day = SignedDuration::from_hours(24);
    let view = View::open(&path).unwrap();
    let bytes = || std::fs::read(&path).unwrap();
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let retention = Retention {
        events_days: Some(30),
        credentials_days: Some(7),
        payloads_days: Some(3),
    };

    assert_eq!(
        writer.expire(&retention, time(0) + day).unwrap(),
        Expired::default()
    );

    let expired = writer.expire(&retention, time(10) + day * 3).unwrap();
    assert_eq!(
        expired,
        Expired {
            payloads: 1,
            ..Expired::default()
        }
    );
    assert!(holds(&bytes(), "Summer2026!"));

    let expired = writer.expire(&retention, time(12) + day * 7).unwrap();
    assert_eq!(
        expired,
        Expired {
            credentials: 1,
            ..Expired::default()
        }
    );
    assert!(!holds(&bytes(), "Summer2026!"), "overwritten in the file");
    assert_eq!(all(view.credentials(&Filter::default()))[0].secret, None);
    assert_eq!(all(view.payloads(&Filter::default())), []);
    assert_eq!(
        writer.expire(&retention, time(12) + day * 8).unwrap(),
        Expired::default(),
        "nothing is done twice"
    );

    let expired = writer.expire(&retention, time(11) + day * 30).unwrap();
    assert_eq!(expired.events, 10);
    assert_eq!(sequences(&view, &Filter::default()), [11]);
    assert_eq!(all(view.attackers(&Filter::default())).len(), 1);
    assert_eq!(all(view.sessions(&Filter::default())).len(), 1);
    assert_eq!(
        view.position().unwrap(),
        Some(11),
        "what went does not come again"
    );
}

#[test]
fn where_sources_are_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let geo = crate::sinks::GeoIp::open(&crate::sinks::tests::geo::settings(folder.path())).unwrap();
    let path = folder.path().join("view.sqlite");
    ViewWriter::open(&path)
        .unwrap()
        .append(&scenario(), Some(&geo))
        .unwrap();
    let attackers = all(View::open(&path).unwrap().attackers(&Filter::default()));
    let place = attackers[0].place.as_ref().unwrap();
    assert_eq!(
        (place.city.as_deref(), place.location),
        (Some("Example City"), Some((50.5, -8.25)))
    );
    assert_eq!(attackers[1].place.as_ref().unwrap().as_number, Some(64_496));
}

#[test]
fn other_versions_are_told_apart() {
    let (folder, path, writer) = written(&[]);
    let missing = View::open(folder.path().join("missing"));
    assert!(matches!(missing, Err(ViewError::Missing(_))));
    for (version, newer) in [(0, false), (schema::VERSION + 1, true)] {
        writer
            .database
            .pragma_update(None, "user_version", version)
            .unwrap();
        let opened = View::open(&path);
        assert!(matches!(opened, Err(ViewError::Newer { .. })) == newer);
        assert!(matches!(opened, Err(ViewError::Older { .. })) != newer);
    }
    assert!(matches!(ViewWriter::open(&path), Err(ViewError::Newer { .. })));
}

#[test]
fn a_view_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view.sqlite");
    let database = Connection::open(&path).unwrap();
    database.execute_batch(schema::MIGRATIONS[0]).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    database
        .execute_batch(
            "INSERT INTO payloads VALUES (1, 1, NULL, NULL, NULL, 'upload', 'inert.aspx', 'cd', 9000, 9000);
             INSERT INTO position VALUES (1, 1);",
        )
        .unwrap();
    drop(database);
    assert!(matches!(View::open(&path), Err(ViewError::Older { .. })));
    let connection = connection("198.51.100.7", "ex01");
    let mut writer = ViewWriter::open(&path).unwrap();
    writer.append(&[upload(2, &connection)], None).unwrap();
    let payloads = all(View::open(&path).unwrap().payloads(&Filter::default()));
    let shown: Vec<_> = payloads.iter().map(|row| (row.sequence, row.cut)).collect();
    assert_eq!(shown, [(1, false), (2, false)]);
}

/// No question that commands ask may scan all events, where an index can help.
#[test]
fn filters_use_indices() {
    let (_folder, _path, writer) = written(&scenario());
    let plan = |sql: &str| -> String {
        let mut statement = writer
            .database
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    for (asked, index) in [
        (
            "SELECT min(sequence), max(sequence) FROM events WHERE time >= 1 AND time < 2",
            "events_time",
        ),
        (
            "SELECT count(*) FROM events WHERE session = 'x'",
            "events_session",
        ),
        (
            "SELECT count(*) FROM requests WHERE source BETWEEN x'00' AND x'00'",
            "requests_source",
        ),
    ] {
        assert!(plan(asked).contains(index), "{asked}: {}", plan(asked));
    }
}

#[test]
fn a_view_that_is_too_large_loses_its_oldest_events() {
    let (_folder, path, mut writer) = written(&[]);
    let one = connection("198.51.100.7", "ex01");
    let events: Vec<_> = (1..=5000)
        .map(|sequence| request(sequence, &one, "/owa/", true))
        .collect();
    let mut sizes = Vec::new();
    for batch in events.chunks(200) {
        writer.append(batch, None).unwrap();
        writer.shrink(512 << 10).unwrap();
        let size = |end: &str| {
            std::fs::metadata(format!("{}{end}", path.display()))
                .unwrap()
                .len()
        };
        sizes.push(size("") + size("-wal"));
    }
    assert!(sizes.iter().all(|&size| size < 6 << 20), "{sizes:?}");
    let view = View::open(&path).unwrap();
    let left = sequences(&view, &Filter::default());
    assert!((500..4900).contains(&left.len()), "{}", left.len());
    assert!(left.iter().copied().eq(5001 - left.len() as u64..=5000));
    assert_eq!(view.position().unwrap(), Some(5000));
    let requests: i64 = writer
        .database
        .query_row("SELECT count(*) FROM requests", [], |row| row.get(0))
        .unwrap();
    assert_eq!(requests, i64::try_from(left.len()).unwrap());
}

#[cfg(unix)]
#[test]
fn a_view_is_its_owners() {
    #[expect(clippy::disallowed_types, reason = "asks who may read")]
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path, _writer) = written(&scenario());
    for end in ["", "-wal", "-shm"] {
        let metadata = std::fs::metadata(format!("{}{end}", path.display())).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{end}");
    }
}

#[test]
fn where_a_view_ends_is_known_without_opening_it() {
    let (folder, path, writer) = written(&scenario());
    assert_eq!(position_in(&path).unwrap(), 11);
    // A sensor that was killed leaves its log behind.
    std::mem::forget(writer);
    assert_eq!(position_in(&path).unwrap(), 11);
    assert_eq!(position_in(&folder.path().join("none")).unwrap(), 0);
}

#[test]
fn clients_behind_a_proxy_for_http_are_its_sources() {
    let proxy = connection("192.0.2.80", "ex01");
    let of = |sequence, number, client: &str, mut events: Vec<Recorded>| {
        for (at, recorded) in (sequence..).zip(&mut events) {
            (recorded.sequence, recorded.event.request) = (at, Some(number));
            if let Saw::WebRequest(received) = &mut recorded.event.saw {
                received.request.client = Some(client.parse().unwrap());
            }
        }
        events
    };
    let mut events = vec![recorded(1, &proxy, Saw::ConnectionOpened {})];
    let (one, two) = ("198.51.100.1", "198.51.100.2");
    let attack = vec![request(0, &proxy, "/a", true), stage(0, &proxy, "probe", 1)];
    events.extend(of(2, 1, one, attack));
    let logon = vec![request(0, &proxy, "/b", false), credentials(0, &proxy, "x")];
    events.extend(of(4, 2, two, logon));
    events.push(closed(6, &proxy));
    let (_folder, path, _writer) = written(&events);
    let view = View::open(path).unwrap();
    let shown: Vec<_> = all(view.attackers(&Filter::default()))
        .into_iter()
        .map(|row| {
            let Activity {
                requests,
                attacks,
                credentials,
                stages,
                hosts,
                ..
            } = row.activity;
            assert_eq!(hosts, ["ex01"]);
            let counts = (row.sessions, requests, attacks, credentials, stages.len());
            (row.source.to_string(), counts)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("192.0.2.80".to_owned(), (1, 0, 0, 0, 0)),
            (one.to_owned(), (1, 1, 1, 0, 1)),
            (two.to_owned(), (1, 1, 0, 1, 0)),
        ]
    );
    for source in ["192.0.2.80/32", "198.51.100.2/32"] {
        let sessions = all(view.sessions(&Filter {
            sources: vec![source.parse().unwrap()],
            ..Filter::default()
        }));
        assert_eq!(sessions.len(), 1, "{source}");
        assert_eq!(sessions[0].source.to_string(), "192.0.2.80");
        assert_eq!(
            sessions[0].clients,
            [one, two].map(|client| client.parse::<std::net::IpAddr>().unwrap())
        );
    }
}

#[test]
fn a_file_that_is_the_whole_body_is_one_payload() {
    let connection = connection("198.51.100.7", "ex01");
    let (mut body, mut file) = (request(1, &connection, "/a.aspx", false), upload(2, &connection));
    file.event.time = body.event.time;
    if let (Saw::WebRequest(received), Saw::Upload { content, .. }) = (&mut body.event.saw, &file.event.saw) {
        (received.body, received.body_complete) = (content.clone(), false);
    }
    let (_folder, path, _writer) = written(&[body, file, upload(3, &connection)]);
    let payloads = all(View::open(path).unwrap().payloads(&Filter::default()));
    let names: Vec<_> = payloads
        .iter()
        .map(|row| (row.kind, row.name.as_deref(), row.cut))
        .collect();
    // The mark of a body that did not come whole stays.
    assert_eq!(
        names,
        [true, false].map(|cut| (Kind::Upload, Some("inert.aspx"), cut))
    );
}

#[test]
fn hosts_are_named_in_any_letter_case() {
    let (_folder, path, _writer) = written(&scenario());
    let view = View::open(path).unwrap();
    assert_eq!(view.hosts().unwrap(), ["ex01", "ex02"]);
    let rows = |host: &str| {
        let host = Some(host.to_owned());
        sequences(
            &view,
            &Filter {
                host,
                ..Filter::default()
            },
        )
        .len()
    };
    assert_eq!((rows("EX02"), rows("Ex01"), rows("ex0")), (4, 7, 0));
}
