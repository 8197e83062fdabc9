//! Logs in all their forms.

use imker_detect::Vantage;
use imker_sigma::{Origin, RuleIndex};

use super::*;

#[test]
fn one_server_with_every_kind_of_log() {
    let httperr = "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2021-08-12 10:00:00\r\n\
        #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename\r\n\
        2021-08-12 10:00:00 203.0.113.66 50123 192.0.2.10 443 HTTP/1.1 GET /looked-for/?a=b - 503 1 AppOffline MSExchange Pool\r\n\
        2021-08-12 10:00:01 203.0.113.7 50123 192.0.2.10 443 HTTP/1.1 GET / - 400 - Hostname -\r\n";
    let proxy_columns = "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,\
        Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,\
        AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,UrlQuery";
    let proxy_row = |time: &str, build: &str, stem: &str| {
        format!(
            "2021-08-12T{time}Z,0b1c2d3e-0000-4000-8000-00000000000a,15,1,{build},,Autodiscover,mail.example.org,{stem},,,,,,\
             \"a, \"\"quoted\"\" anchor\",curl/7.79 (x),203.0.113.7,EX01,200,200,,GET,?a=b\r\n"
        )
    };
    let proxy = format!(
        "{proxy_columns}\r\n#Software: Microsoft Exchange Server\r\n#Version: 15.01.2375.007\r\n#Log-type: HttpProxy Logs\r\n\
         #Date: 2021-08-12T10:00:00.000Z\r\n#Fields: {proxy_columns}\r\n{}{}{}",
        proxy_row("10:00:00.100", "2176,9", "/autodiscover/"),
        proxy_row("10:01:00.200", "2176,14", "/looked-for/y"),
        proxy_row("10:02:00.300", "2176,14", "/autodiscover/"),
    );
    let back_end = log_with_one_match().replace(" 443 ", " 444 ");
    let folder = tree(&[
        (
            "EX01/C/inetpub/logs/LogFiles/W3SVC1/u_ex210812.log",
            log_with_one_match().as_bytes(),
        ),
        (
            "EX01/C/inetpub/logs/LogFiles/W3SVC2/u_ex210812.log",
            back_end.as_bytes(),
        ),
        (
            "EX01/C/Windows/System32/LogFiles/HTTPERR/httperr1.log",
            httperr.as_bytes(),
        ),
        (
            "EX01/V15/Logging/HttpProxy/Autodiscover/HttpProxy_2021081210-1.LOG",
            proxy.as_bytes(),
        ),
        (
            "EX01/V15/Logging/OABGeneratorLog/x.LOG",
            b"#Software: Microsoft Exchange Server\n#Log-type: OAB Generator Log\n",
        ),
        ("EX01/C/Windows/notes.exe", b"MZ not a program"),
        (
            "EX02/u_ex210812.log",
            log_with_one_match()
                .replace("192.0.2.10", "192.0.2.11")
                .as_bytes(),
        ),
    ]);
    insta::assert_snapshot!(show(&read_tree(folder.path()), folder.path()));
}

#[test]
fn fields_change_within_a_file() {
    let short = "#Fields: date time c-ip cs-uri-stem sc-status\r\n";
    let log = format!(
        "{}{}{short}2021-08-12 11:00:00 203.0.113.66 /a 404\r\n2021-08-12 11:00:01 203.0.113.7 /looked-for/2 301\r\n{FIELDS}\r\n{}",
        head(),
        row("2021-08-12 10:00:00", "/looked-for/1", "203.0.113.7"),
        row("2021-08-12 12:00:00", "/looked-for/3", "203.0.113.7"),
    );
    let folder = tree(&[("u_ex210812.log", log.as_bytes())]);
    insta::assert_snapshot!(show(&read_tree(folder.path()), folder.path()));
}

#[test]
fn encodings_and_line_ends_do_not_matter() {
    let log = log_with_one_match().replace("Mozilla/5.0", "Bücherwurm/\u{1f41d}");
    let utf16 = |to_bytes: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(log.encode_utf16())
            .flat_map(to_bytes)
            .collect()
    };
    let expected_line = log.lines().position(|line| line.contains("looked-for")).unwrap() as u64 + 1;
    let at = log
        .find(log.lines().nth(expected_line as usize - 1).unwrap())
        .unwrap();
    let units = log[..at].encode_utf16().count() as u64;
    for (name, bytes, offset) in [
        ("CRLF", log.clone().into_bytes(), at as u64),
        (
            "LF",
            log.replace("\r\n", "\n").into_bytes(),
            at as u64 - (expected_line - 1),
        ),
        ("UTF-8 mark", format!("\u{feff}{log}").into_bytes(), at as u64 + 3),
        ("UTF-16 LE", utf16(u16::to_le_bytes, true), 2 * units + 2),
        ("UTF-16 BE", utf16(u16::to_be_bytes, true), 2 * units + 2),
        (
            "UTF-16 LE without mark",
            utf16(u16::to_le_bytes, false),
            2 * units,
        ),
    ] {
        let folder = tree(&[("a.log", &bytes)]);
        let reading = read_tree(folder.path());
        assert!(reading.is_complete(), "{name}: {:?}", reading.unread);
        let sightings: Vec<_> = reading.sightings.iter().unwrap().map(Result::unwrap).collect();
        assert_eq!(sightings.len(), 1, "{name}");
        assert_eq!(
            (sightings[0].place.line, sightings[0].place.offset),
            (expected_line, offset),
            "{name}"
        );
        assert_eq!(
            sightings[0].request.user_agent.as_ref().unwrap().as_str(),
            "Bücherwurm/\u{1f41d}",
            "{name}"
        );
        assert_eq!(reading.lines, log.lines().count() as u64, "{name}");
    }
}

#[test]
fn columns_can_be_given() {
    let log = log_with_one_match().replace(&head(), "");
    let folder = tree(&[("a.log", log.as_bytes())]);
    let reading = read_tree(folder.path());
    assert_eq!(
        show(&reading, folder.path())
            .lines()
            .filter(|line| line.starts_with("unread"))
            .collect::<Vec<_>>(),
        ["unread a.log@0 NoFields -"]
    );
    let fields = FIELDS["#Fields: ".len()..]
        .split(' ')
        .map(str::to_owned)
        .collect();
    let options = Options {
        fields: Some(fields),
        ..options(folder.path())
    };
    let reading = read_in(&options, &rules(), &(), Sizes::default()).unwrap();
    assert!(reading.is_complete());
    assert_eq!(reading.sightings.len(), 1);
}

#[test]
fn since_and_until_bound_the_requests() {
    let other = format!("{}{}", head(), row("2021-08-11 00:00:00", "/owa/", "203.0.113.7"));
    let folder = tree(&[
        ("a.log", log_with_one_match().as_bytes()),
        ("b.log", other.as_bytes()),
        ("c.log", head().as_bytes()),
    ]);
    for (since, until, expected) in [
        ("2021-08-12T10:07:00Z", "2021-08-12T10:07:01Z", (1, 1)),
        ("2021-08-12T10:07:01Z", "2021-08-13T00:00:00Z", (0, 1)),
        ("2021-08-01T00:00:00Z", "2021-08-12T10:07:00Z", (0, 0)),
        ("2021-08-12T10:07:01Z", "2021-08-12T10:07:02Z", (0, 2)),
        ("2031-08-01T00:00:00Z", "2031-08-13T00:00:00Z", (0, 2)),
        ("2021-08-11T00:00:00Z", "2021-08-11T00:00:01Z", (0, 1)),
    ] {
        let (since, until) = (since.parse().ok(), until.parse().ok());
        let options = Options {
            since,
            until,
            ..options(folder.path())
        };
        let reading = read_in(&options, &rules(), &(), Sizes::default()).unwrap();
        assert_eq!((reading.sightings.len(), reading.outside), expected, "{since:?}");
        assert_eq!(reading.window, (since, until));
        assert_eq!(reading.has_events(), expected.1 < 2, "{since:?}");
    }
    assert!(read_tree(folder.path()).has_events());
    let empty = tree(&[("c.log", head().as_bytes())]);
    assert!(!read_tree(empty.path()).has_events());
}

#[test]
fn a_log_without_dates_takes_the_day_of_its_directive() {
    let log = "#Software: Microsoft Internet Information Services 10.0\n#Date: 2021-08-12 00:00:00\n\
        #Fields: time c-ip cs-uri-stem\n23:59:59 203.0.113.7 /looked-for/1\n#Date: 2021-08-13 00:00:00\n00:00:01 203.0.113.7 /looked-for/2\n";
    let folder = tree(&[("a.log", log.as_bytes())]);
    let reading = read_tree(folder.path());
    let times: Vec<_> = reading
        .sightings
        .iter()
        .unwrap()
        .map(|sighting| sighting.unwrap().request.time.to_string())
        .collect();
    assert_eq!(times, ["2021-08-12T23:59:59Z", "2021-08-13T00:00:01Z"]);
}

#[test]
fn ordinary_requests_are_counted_and_no_more() {
    let mut builder = RuleSetBuilder::new();
    builder
        .add_indicator(&Indicator::Path("/looked-for".into()), "test")
        .unwrap();
    let rule = "title: Ordinary\nid: 7c9e6679-7425-40de-944b-e07fc1f90ae7\nlevel: informational\n\
                tags: [imker.normal.owa]\nlogsource: {category: webserver}\n\
                detection:\n  part: {cs-uri-stem|contains: '/owa'}\n  condition: part\n";
    builder.add_yaml(rule, "ordinary.yml", Origin::BuiltIn).unwrap();
    let rules = builder.build().unwrap();
    let place = rules.rules().iter().position(|rule| rule.title == "Ordinary");
    let ordinary = RuleIndex(place.unwrap() as u32);
    let mut log = log_with_one_match();
    // Matched by another rule as well.
    log += &row("2021-08-12 10:20:00", "/looked-for/owa", "203.0.113.7");
    let back_end = log_with_one_match().replace(" 443 ", " 444 ");
    let folder = tree(&[
        ("EX01/W3SVC1/a.log", log.as_bytes()),
        ("EX01/W3SVC1/b.log", log_with_one_match().as_bytes()),
        ("EX01/W3SVC2/c.log", back_end.as_bytes()),
        // Its sites are told row by row, and its binary line is read in parts.
        (
            "EX02/d.log",
            (log_with_one_match() + &back_end + "\0\x01\n").as_bytes(),
        ),
    ]);
    let sizes = Sizes {
        chunk: 256,
        block: 512,
        unit: 512,
    };
    for (since, one) in [(None, 9), ("2021-08-12T10:05:00Z".parse().ok(), 4)] {
        for sizes in [sizes, Sizes::default()] {
            let options = Options {
                since,
                ..options(folder.path())
            };
            let reading = read_in(&options, &rules, &(), sizes).unwrap();
            let counts: Vec<_> = reading
                .ordinary
                .iter()
                .map(|lines| (lines.rule, lines.server.0, lines.vantage, lines.count))
                .collect();
            let line = |server, vantage, count| (ordinary, server, vantage, count);
            assert_eq!(
                counts,
                [
                    line(0, Vantage::FrontEnd, 2 * one),
                    line(0, Vantage::BackEnd, one),
                    line(1, Vantage::FrontEnd, one),
                    line(1, Vantage::BackEnd, one),
                ]
            );
            assert_eq!(reading.sightings.len(), 6);
        }
    }
}

#[test]
fn columns_that_cannot_be_right_are_refused() {
    let folder = tree(&[]);
    for (fields, missing) in [
        ("time cs-uri-stem", "no column `date`;"),
        ("date cs-method", "no column `time`;"),
        (
            "date time c-ip",
            "no column `cs-uri-stem` (or `cs-uri` or `cs-method`);",
        ),
        ("RequestId UrlStem", "no column `DateTime`;"),
        ("", "no column `date` and no column `time` and no column"),
    ] {
        let options = Options {
            fields: Some(fields.split_whitespace().map(str::to_owned).collect()),
            ..options(folder.path())
        };
        let error = read_in(&options, &rules(), &(), Sizes::default()).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&format!("--fields: {missing}")), "{message}");
    }
}

#[test]
fn columns_that_do_not_fit_the_rows_are_noticed() {
    let right = &FIELDS["#Fields: ".len()..];
    let short = right.replace(" time-taken", "");
    let long = format!("{right} extra");
    let swapped = right.replace("date time", "time date");
    let rows: String = (0..3000)
        .map(|_| row("2021-08-12 10:00:00", "/owa/", "203.0.113.7"))
        .collect();
    // A surplus value now and then is no reason to doubt the columns that a log itself names.
    let surplus = row("2021-08-12 10:00:00", "/owa/ /owa/", "203.0.113.7");
    let odd = format!("{}{surplus}{rows}", head());
    let wrong = format!("#Fields: {short}\n{rows}");
    for stats in [true, false] {
        let read = |log: &str, fields: Option<&str>| {
            let folder = tree(&[("a.log", log.as_bytes())]);
            let options = Options {
                fields: fields.map(|fields| fields.split(' ').map(str::to_owned).collect()),
                stats: Some(stats),
                ..options(folder.path())
            };
            let reading = read_in(&options, &rules(), &(), Sizes::default()).unwrap();
            let unread = reading.unread.iter();
            unread
                .map(|unread| (unread.offset, unread.reason))
                .collect::<Vec<_>>()
        };
        let torn = |offset| vec![(offset, crate::UnreadReason::Torn)];
        assert_eq!(read(&rows, Some(right)), [], "{stats}");
        assert_eq!(read(&odd, None), [], "{stats}");
        for fields in [&short, &long, &swapped] {
            assert_eq!(read(&rows, Some(fields)), torn(0), "{stats} {fields}");
        }
        assert_eq!(read(&wrong, None), torn(10 + short.len() as u64), "{stats}");
    }
}
