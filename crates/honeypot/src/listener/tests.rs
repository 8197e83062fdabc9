#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use imker_event::{CloseReason, Kind, Saw, SensorEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::connection::AdmissionLimits;
use crate::http::{Limits, Refusal, Request, Response};
use crate::site::{Site, Visit};
use crate::testing::{Options, Running, start};

use Kind::*;

/// What one answered request leaves.
const ANSWERED: [Kind; 3] = [WebRequest, Command, WebResponse];

fn seconds(seconds: f32) -> Duration {
    Duration::from_secs_f32(seconds)
}

/// Whom the requests came from.
fn clients(events: &[SensorEvent]) -> Vec<String> {
    let clients = events.iter().filter_map(|event| match &event.saw {
        Saw::WebRequest(received) => received.request.client,
        _ => None,
    });
    clients.map(|client| client.to_string()).collect()
}

fn kinds(parts: &[&[Kind]]) -> Vec<Kind> {
    parts.concat()
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_recorded() {
    let running = start(Options::default());
    let sent = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nhost: h\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answer = running.exchange(sent).await;
    let bodies: Vec<_> = answer.lines().filter(|line| line.ends_with(" bytes")).collect();
    assert_eq!(
        bodies,
        ["GET /a, 0 bytes", "POST /b, 3 bytes", "GET /c, 0 bytes",]
    );
    assert_eq!(answer.matches("Connection: close").count(), 1);
    let (seen, reason) = running.kinds().await;
    assert_eq!(
        seen,
        kinds(&[
            &[ConnectionOpened],
            &ANSWERED,
            &ANSWERED,
            &ANSWERED,
            &[ConnectionClosed]
        ])
    );
    assert_eq!(reason, CloseReason::Server);
    let events = running.events(1).await;
    let numbers: Vec<_> = events.iter().filter_map(|event| event.request).collect();
    assert_eq!(numbers, [1, 1, 1, 2, 2, 2, 3, 3, 3]);
    let Saw::WebRequest(second) = &events[4].saw else {
        panic!()
    };
    assert_eq!(
        second.head.0,
        b"POST /b HTTP/1.1\r\nhost: h\r\nContent-Length: 3\r\n\r\n"
    );
    assert_eq!(
        (second.body_start.0.as_slice(), second.body.kept),
        (b"abc".as_slice(), 3)
    );
    assert_eq!(second.request.status, Some(200));
    let Saw::ConnectionClosed {
        bytes_received,
        bytes_sent,
        requests,
        ..
    } = events.last().unwrap().saw
    else {
        panic!()
    };
    assert_eq!((bytes_sent, requests), (answer.len() as u64, 3));
    assert_eq!(bytes_received, sent.len() as u64);
}

#[tokio::test]
async fn what_http_sys_refuses() {
    let running = start(Options::default());
    let answer = running.exchange(b"JRMI\0\x02K").await;
    assert!(
        answer.contains("Bad Request - Invalid Verb") && answer.contains("Server: Microsoft-HTTPAPI/2.0")
    );
    let (seen, reason) = running.kinds().await;
    assert_eq!(
        seen,
        [ConnectionOpened, WebRequestRefused, WebResponse, ConnectionClosed]
    );
    assert_eq!(reason, CloseReason::Server);
}

#[tokio::test]
async fn no_body_is_sent_to_head() {
    for head in [
        "HEAD /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
        "\r\nHEAD / HTTP/1.1\r\nHo st: h\r\n\r\n",
    ] {
        let running = start(Options::default());
        let answer = running.exchange(head.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\r\nContent-Length: 3"), "{answer}");
    }
}

#[tokio::test]
async fn a_broken_chunk_is_refused_with_all_that_came() {
    let running = start(Options::default());
    let long = [
        b"2710;a=b\r\n".to_vec(),
        vec![b'x'; 10_000],
        b"\r\nzz\r\n".to_vec(),
    ]
    .concat();
    for chunks in [b"3\r\nabcd", &*long] {
        let head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = running.exchange(&[head, chunks].concat()).await;
        assert!(answer.contains("The request is badly formed."), "{answer}");
    }
    let events = running.events(2).await;
    let kinds: Vec<_> = events[..4].iter().map(SensorEvent::kind).collect();
    let expected = [ConnectionOpened, WebRequest, WebResponse, ConnectionClosed];
    assert_eq!(kinds, expected);
    let seen: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.saw {
            Saw::WebRequest(seen) => Some((seen, event.request)),
            _ => None,
        })
        .collect();
    let lengths = seen.iter().map(|(seen, number)| {
        (
            seen.body.bytes,
            seen.body_complete,
            seen.request.status,
            seen.body.sha256.as_str().len(),
            *number,
        )
    });
    let expected = [
        (3, false, Some(400), 64, Some(1)),
        (10_000, false, Some(400), 64, Some(1)),
    ];
    assert_eq!(lengths.collect::<Vec<_>>(), expected);
    assert!(seen[0].0.head.0.ends_with(b"\r\n\r\nd"));
    assert!(seen[1].0.head.0.ends_with(b"\r\n\r\n2710;a=b\r\n\r\nzz\r\n"));
}

#[tokio::test]
async fn an_unfinished_chunk_is_recorded() {
    let running = start(Options::default());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(&[&head[..], b"user=a"].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    let events = running.events(1).await;
    let Saw::WebRequest(seen) = &events[1].saw else {
        panic!("{events:#?}")
    };
    assert_eq!(
        (&*seen.head.0, seen.body_complete),
        (&[&head[..], b"user=a"].concat()[..], false)
    );
}

#[tokio::test]
async fn what_follows_the_last_request_is_recorded() {
    let running = start(Options::default());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let last = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let rest = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    stream.write_all(&[&last[..], rest].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer.matches("HTTP/1.1").count(), 1);
    let events = running.events(1).await;
    let kinds: Vec<_> = events.iter().map(SensorEvent::kind).collect();
    let refused = [WebRequestRefused, ConnectionClosed];
    assert_eq!(kinds, self::kinds(&[&[ConnectionOpened], &ANSWERED, &refused]));
    let Saw::WebRequestRefused { received, .. } = &events[4].saw else {
        panic!()
    };
    assert_eq!(received.0, rest);
    // Also what comes while the end of a refused request is waited for.
    let running = start(Options::default());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"\0").await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    stream.write_all(b"more").await.unwrap();
    stream.shutdown().await.unwrap();
    let events = running.events(1).await;
    let Saw::WebRequestRefused { reason, received, .. } = &events[3].saw else {
        panic!("{events:#?}")
    };
    assert_eq!((reason.as_str(), &*received.0), ("AfterClose", &b"more"[..]));
}

#[tokio::test]
async fn a_trusted_proxy_is_no_source() {
    let running = start(Options {
        admission: AdmissionLimits {
            connections: 10,
            per_source: 1,
        },
        trusted: vec!["127.0.0.1/32"],
        ..Options::default()
    });
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        open.push(stream);
    }
}

#[tokio::test]
async fn halves_are_recorded_and_not_answered() {
    for (bytes, kind) in [
        (b"".as_slice(), None),
        (b"GET / HT", Some(WebRequestRefused)),
        (
            b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
            Some(WebRequest),
        ),
        (
            b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
            Some(WebRequest),
        ),
    ] {
        let running = start(Options::default());
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        while stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {}
        assert!(answer.is_empty());
        let (seen, reason) = running.kinds().await;
        let expected: Vec<_> = [Some(ConnectionOpened), kind, Some(ConnectionClosed)]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!((seen, reason), (expected, CloseReason::Client));
        if kind == Some(WebRequest) {
            let events = running.events(1).await;
            let Saw::WebRequest(half) = &events[1].saw else {
                panic!()
            };
            assert!(!half.body_complete && half.body_start.0 == b"abc" && half.request.status.is_none());
        }
    }
}

#[tokio::test]
async fn what_comes_too_slowly_ends() {
    for (bytes, reason, last) in [
        (b"".as_slice(), CloseReason::IdleTimeout, ConnectionOpened),
        (b"GET /", CloseReason::SlowRequest, WebRequestRefused),
        (
            b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
            CloseReason::SlowRequest,
            WebRequest,
        ),
    ] {
        let limits = Limits {
            idle: seconds(0.2),
            head_wait: seconds(0.2),
            body_wait: seconds(0.2),
            ..Limits::default()
        };
        let running = start(Options {
            limits,
            ..Options::default()
        });
        assert_eq!(running.exchange(bytes).await, "");
        let (seen, why) = running.kinds().await;
        assert_eq!((why, seen[seen.len() - 2]), (reason, last));
    }
}

#[tokio::test]
async fn who_does_not_read_is_reset() {
    let limits = Limits {
        send_wait: seconds(0.2),
        min_rate: u32::MAX,
        ..Limits::default()
    };
    let running = start(Options {
        limits,
        ..Options::default()
    });
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let (_, reason) = running.kinds().await;
    assert_eq!(reason, CloseReason::SlowReader);
}

#[tokio::test]
async fn answers_wait_for_their_clients_while_there_is_memory() {
    let limits = Limits {
        http1_memory: 1024,
        ..Limits::default()
    };
    let running = start(Options {
        limits,
        ..Options::default()
    });
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(running.kinds().await.1, CloseReason::SlowReader);
    // What a client takes at once needs none.
    let answer = running
        .exchange(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn long_answers_come_whole() {
    let running = start(Options::default());
    let answer = running
        .exchange(b"GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.len() == 8 << 20 && body.bytes().all(|byte| byte == b'x'));
}

#[tokio::test]
async fn nothing_is_answered_that_is_not_recorded() {
    let running = start(Options::default());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut answer = vec![0; 4096];
    assert!(stream.read(&mut answer).await.unwrap() > 0);
    running.store.fails.store(true, Ordering::Relaxed);
    stream
        .write_all(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let error = stream.read(&mut answer).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    // Nor is a connection whose beginning is not.
    for bytes in [b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n".as_slice(), b"\0"] {
        assert_eq!(running.exchange(bytes).await, "");
    }
}

#[tokio::test]
async fn a_site_may_reset_or_fail_and_the_end_is_recorded() {
    let running = start(Options::default());
    assert_eq!(
        running.exchange(b"GET /reset HTTP/1.1\r\nHost: h\r\n\r\n").await,
        ""
    );
    let (seen, reason) = running.kinds().await;
    assert_eq!(seen, [ConnectionOpened, WebRequest, Command, ConnectionClosed]);
    assert_eq!(reason, CloseReason::Server);
    let running = start(Options::default());
    assert_eq!(
        running.exchange(b"GET /panic HTTP/1.1\r\nHost: h\r\n\r\n").await,
        ""
    );
    assert_eq!(
        running.kinds().await,
        (
            vec![ConnectionOpened, WebRequest, ConnectionClosed],
            CloseReason::Internal
        )
    );
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_answered_and_closed() {
    let limits = Limits {
        body: 10,
        ..Limits::default()
    };
    let running = start(Options {
        limits,
        ..Options::default()
    });
    let length = running
        .exchange(b"RPC_IN_DATA / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\nabc")
        .await;
    let chunked = running
        .exchange(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n")
        .await;
    for (answer, bytes) in [(length, "3 bytes, incomplete"), (chunked, "11 bytes, incomplete")] {
        assert!(
            answer.contains("Connection: close") && answer.contains(bytes),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn too_many_are_turned_away_and_counted() {
    let admission = AdmissionLimits {
        connections: 10,
        per_source: 1,
    };
    let running = start(Options {
        admission,
        ..Options::default()
    });
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    for _ in 0..5 {
        assert_eq!(running.exchange(b"").await, "");
    }
    running.stop.send(true).unwrap();
    running.served.await.unwrap();
    let events = running.store.events.lock().unwrap();
    let reasons = events.iter().filter_map(|event| match event.saw {
        Saw::ConnectionClosed { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [CloseReason::TooMany, CloseReason::Stopping]
    );
    let Saw::Gap(gap) = &events.last().unwrap().saw else {
        panic!()
    };
    assert_eq!((gap.lost, gap.sources.len()), (4, 1));
    let ids: std::collections::HashSet<_> = events
        .iter()
        .flat_map(|event| &event.connection)
        .map(|c| &c.session)
        .collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn proxies_are_believed_if_trusted() {
    let options = |trusted| Options {
        trusted,
        proxy_protocol: true,
        ..Options::default()
    };
    let request = b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    let running = start(options(vec!["127.0.0.0/8"]));
    running.exchange(request).await;
    let events = running.events(1).await;
    assert_eq!(clients(&events), ["203.0.113.7"]);
    let connection = events[0].connection.clone().unwrap();
    assert_eq!(connection.source.to_string(), "203.0.113.7:4711");
    assert_eq!(connection.destination.to_string(), "198.51.100.1:443");
    assert_eq!(connection.proxy.unwrap().ip(), running.address.ip());

    let running = start(options(vec!["127.0.0.0/8", "203.0.113.0/24"]));
    running.exchange(request).await;
    assert_eq!(clients(&running.events(1).await), ["192.0.2.1"]);

    let running = start(options(vec![]));
    assert!(running.exchange(request).await.contains("400 Bad Request"));

    let running = start(options(vec!["127.0.0.0/8"]));
    assert_eq!(running.exchange(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await, "");
    let seen = running.kinds().await;
    assert_eq!(
        seen,
        (
            vec![ConnectionOpened, WebRequestRefused, ConnectionClosed],
            CloseReason::ProxyHeader
        )
    );
}

#[tokio::test]
async fn stopping_closes_idle_connections() {
    let running = start(Options::default());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    running.events(0).await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    running.stop.send(true).unwrap();
    running.served.await.unwrap();
    let events = running.store.events.lock().unwrap();
    let last = events.last().map(|event| event.saw.clone());
    assert!(
        matches!(
            last,
            Some(Saw::ConnectionClosed {
                reason: CloseReason::Stopping,
                ..
            })
        ),
        "{last:?}"
    );
}

#[tokio::test]
async fn curl_is_served() {
    let running = start(Options {
        trusted: vec!["127.0.0.1/32"],
        ..Options::default()
    });
    let url = format!("http://{}/a?b", running.address);
    for (arguments, parts) in [
        (
            &["--http1.0"][..],
            &[
                "HTTP/1.1 200 OK\r\n",
                "X-FEServer: EX01\r\n",
                "Connection: close\r\n",
            ][..],
        ),
        (&["--http1.1"], &["HTTP/1.1 200 OK\r\n", "GET /a?b, 0 bytes"]),
        (&["-X", "FOO"], &["FOO /a?b"]),
        (&["-I"], &["Content-Length: "]),
        (
            &["-H", "Transfer-Encoding: chunked", "-d", "abcdef"],
            &["POST /a?b", ", 6 bytes\n"],
        ),
        (
            &["-H", "Expect: 100-continue", "-d", "abc"],
            &["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", ", 3 bytes\n"],
        ),
        (
            &["-H", "X-Forwarded-For: 127.0.0.1, 198.51.100.9"],
            &["GET /a?b, 0 bytes"],
        ),
        (&["-X", "POST"], &["411 Length Required"]),
        (
            &["-H", "Host: a b"],
            &["400 Bad Request", "The request hostname is invalid."],
        ),
    ] {
        let arguments = [&["-sSi", "--max-time", "10", &url], arguments].concat();
        let Some(output) = Running::run("curl", &arguments).await else {
            return;
        };
        assert!(
            parts.iter().all(|part| output.contains(part)),
            "{arguments:?}\n{output}"
        );
    }
    let events = running.store.events.lock().unwrap();
    assert!(clients(&events).contains(&"198.51.100.9".to_owned()));
    let continued = events
        .iter()
        .position(|event| event.kind() == WebRequestContinued)
        .unwrap();
    assert_eq!(events[continued + 1].kind(), WebRequest);
    assert_eq!(events[continued + 1].request, events[continued].request);
}

#[tokio::test]
async fn curl_speaks_the_proxy_protocol() {
    let running = start(Options {
        trusted: vec!["127.0.0.1/32"],
        proxy_protocol: true,
        ..Options::default()
    });
    let url = format!("http://{}/", running.address);
    let arguments = ["-sS", "--max-time", "10", "--haproxy-protocol", &url];
    let Some(output) = Running::run("curl", &arguments).await else {
        return;
    };
    assert!(output.contains("GET /, 0 bytes"), "{output}");
    let events = running.events(1).await;
    assert!(
        events
            .iter()
            .all(|event: &SensorEvent| event.connection.as_ref().is_some_and(|c| c.proxy.is_some()))
    );
}

/// 10,000 idle connections are to fit into 300 MiB; a task holds its future for as long as it lives.
#[tokio::test]
async fn a_connection_takes_little_memory() {
    let listener = crate::listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    drop(client);
    let (sensor, endpoint, _) = crate::testing::sensor(Options::default());
    let permit = sensor.admission.enter().unwrap();
    let accepted = super::Accepted {
        stream,
        peer,
        time: jiff::Timestamp::now(),
        since: std::time::Instant::now(),
    };
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let future = super::serve::connection(accepted, sensor, endpoint, permit, stopped);
    let size = size_of_val(&future);
    assert!(size < 4096, "{size}");
}

/// Answers as HTTP.sys does by itself.
struct NoSite;

impl Site for NoSite {
    fn answer(&self, _: &mut Visit<'_>, _: &Request) -> Response {
        Refusal::Hostname.response()
    }
}

#[tokio::test]
async fn nmap_takes_it_for_http_sys() {
    let site = Some(Arc::new(NoSite) as Arc<dyn Site>);
    let running = start(Options {
        site,
        ..Options::default()
    });
    let port = running.address.port().to_string();
    let arguments = ["-Pn", "-n", "-sV", "-p", &port, "127.0.0.1"];
    let Some(output) = Running::run("nmap", &arguments).await else {
        return;
    };
    assert!(
        output.contains("Microsoft HTTPAPI httpd 2.0 (SSDP/UPnP)"),
        "{output}"
    );
}

#[tokio::test]
async fn an_ipv6_listener_leaves_the_port_to_ipv4() {
    let four = crate::listener::bind("0.0.0.0:0".parse().unwrap()).unwrap();
    let port = four.local_addr().unwrap().port();
    let six = crate::listener::bind(format!("[::]:{port}").parse().unwrap()).unwrap();
    let error = crate::listener::bind(four.local_addr().unwrap()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    let _client = TcpStream::connect(("::1", port)).await.unwrap();
    assert!(six.accept().await.unwrap().1.is_ipv6());
}

#[tokio::test]
async fn nmap_takes_it_for_iis() {
    let running = start(Options::default());
    let port = running.address.port().to_string();
    let arguments = ["-Pn", "-n", "-sV", "--version-light", "-p", &port, "127.0.0.1"];
    let Some(output) = Running::run("nmap", &arguments).await else {
        return;
    };
    assert!(output.contains("Microsoft IIS httpd 10.0"), "{output}");
}
