#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use imker_event::{CloseReason, Kind, Saw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::connection::{ConnectionRecorder, Socket};
use crate::http::{After, Limits, Response};
use crate::sensor::{Established, Establishing, Tls};
use crate::testing::{Options, Running, start};

fn options() -> Options {
    Options {
        http2: true,
        ..Options::default()
    }
}

async fn client(running: &Running) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

fn request(path: &str) -> http::request::Builder {
    http::Request::builder().uri(format!("https://h:1{path}"))
}

async fn status(client: &SendRequest<Bytes>, request: http::Request<()>) -> Result<u16, h2::Error> {
    let mut client = client.clone().ready().await?;
    let (response, _) = client.send_request(request, true)?;
    Ok(response.await?.status().as_u16())
}

#[tokio::test]
async fn nothing_is_answered_that_is_not_recorded() {
    let running = start(options());
    let client = client(&running).await;
    let ask = |path: &str| request(path).body(()).unwrap();
    assert_eq!(status(&client, ask("/a")).await.unwrap(), 200);
    running.store.fails.store(true, Ordering::Relaxed);
    for path in ["/b", "/c"] {
        assert!(status(&client, ask(path)).await.is_err());
    }
}

#[tokio::test]
async fn a_request_is_recorded_in_the_form_of_http_1() {
    let running = start(options());
    let client = client(&running).await;
    let built = request("/a?b")
        .header("X-One", "1")
        .header("cookie", "c")
        .body(())
        .unwrap();
    let mut ready = client.clone().ready().await.unwrap();
    let (response, mut body) = ready.send_request(built, false).unwrap();
    body.send_data(Bytes::from_static(b"abc"), true).unwrap();
    let mut response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-feserver"], "EX01");
    let answer = response.body_mut().data().await.unwrap().unwrap();
    assert_eq!(answer, "GET /a?b, 3 bytes\n");
    drop((ready, client, response, body));
    let (kinds, reason) = running.kinds().await;
    let expected = [
        Kind::ConnectionOpened,
        Kind::WebRequest,
        Kind::Command,
        Kind::WebResponse,
        Kind::ConnectionClosed,
    ];
    assert_eq!((&*kinds, reason), (&expected[..], CloseReason::Client));
    let events = running.events(1).await;
    let Saw::WebRequest(seen) = &events[1].saw else {
        panic!()
    };
    assert_eq!(
        seen.head.0.escape_ascii().to_string(),
        "GET /a?b HTTP/2\\r\\nhost: h:1\\r\\nx-one: 1\\r\\ncookie: c\\r\\n\\r\\n"
    );
    assert_eq!(
        (&*seen.body_start.0, seen.version.as_str()),
        (b"abc".as_slice(), "HTTP/2")
    );
    let Saw::WebResponse { head, .. } = &events[3].saw else {
        panic!()
    };
    let head = String::from_utf8_lossy(&head.0);
    assert!(
        head.starts_with("HTTP/2 200 OK\r\ncontent-type: text/plain\r\nserver: Microsoft-IIS/10.0\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\ndate: ") && head.ends_with("\r\ncontent-length: 18\r\n\r\n"),
        "{head}"
    );
}

#[test]
fn the_recorded_answer_has_its_headers_in_the_order_sent() {
    let headers = [
        ("WWW-Authenticate", "Negotiate"),
        ("X-Powered-By", "ASP.NET"),
        ("WWW-Authenticate", "Basic"),
    ];
    let response = Response {
        status: 401,
        reason: "Unauthorized",
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        substatus: 2,
        win32_status: 5,
        body: Bytes::new(),
        after: After::Keep,
    };
    let (sent, answer) = super::convert::response(&response, false, jiff::Timestamp::UNIX_EPOCH);
    let names: Vec<_> = sent.headers().iter().map(|(name, _)| name.as_str()).collect();
    let names_sent = [
        "www-authenticate",
        "www-authenticate",
        "x-powered-by",
        "date",
        "content-length",
    ];
    assert_eq!(names, names_sent);
    let recorded = String::from_utf8(answer.head).unwrap();
    assert_eq!(
        recorded,
        "HTTP/2 401 Unauthorized\r\nwww-authenticate: Negotiate\r\nwww-authenticate: Basic\r\nx-powered-by: ASP.NET\r\n\
         date: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n"
    );
}

#[tokio::test]
async fn what_http_sys_refuses_and_what_it_cannot_do() {
    let running = start(options());
    let client = client(&running).await;
    let bad = request("/%00").body(()).unwrap();
    assert_eq!(status(&client, bad).await.unwrap(), 400);
    let head = request("/%00").method("HEAD").body(()).unwrap();
    let mut ready = client.clone().ready().await.unwrap();
    let (response, _) = ready.send_request(head, true).unwrap();
    let mut response = response.await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-length"]),
        (400, &"324".parse().unwrap())
    );
    assert!(response.body_mut().data().await.is_none());
    for token in ["NTLM TlRM", "negotiate x"] {
        let windows = request("/").header("authorization", token).body(()).unwrap();
        let error = status(&client, windows).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::HTTP_1_1_REQUIRED));
    }
    let long = request("/")
        .method("RPC_IN_DATA")
        .header("content-length", "1073741824")
        .body(())
        .unwrap();
    let mut ready = client.clone().ready().await.unwrap();
    let (response, _body) = ready.send_request(long, false).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    let basic = request("/").header("authorization", "Basic x").body(()).unwrap();
    assert_eq!(status(&client, basic).await.unwrap(), 200);
}

/// Opens streams and resets them after a while, until the connection fails.
async fn reset_streams(running: &Running, wait: Duration) {
    let client = client(running).await;
    for _ in 0..2000 {
        let reset = async {
            let mut ready = client.clone().ready().await?;
            let (response, mut body) = ready.send_request(request("/").body(()).unwrap(), false)?;
            body.send_data(Bytes::from_static(b"a"), false)?;
            if wait.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(wait).await;
            }
            body.send_reset(Reason::CANCEL);
            // A reset stream has no answer.
            let _ = response.await;
            Ok::<_, h2::Error>(())
        };
        if reset.await.is_err() {
            return;
        }
    }
    panic!("the connection is still open");
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let limits = Limits {
        stream_resets: 10,
        ..Limits::default()
    };
    // Before streams are accepted, the crate counts; afterwards, we do.
    let running = start(options());
    reset_streams(&running, Duration::ZERO).await;
    let (kinds, reason) = running.kinds().await;
    assert_eq!(reason, CloseReason::Server);
    assert!(kinds.contains(&Kind::WebRequestRefused));
    let running = start(Options { limits, ..options() });
    reset_streams(&running, Duration::from_millis(5)).await;
    let (kinds, reason) = running.kinds().await;
    assert_eq!(reason, CloseReason::Server);
    let requests = kinds.iter().filter(|kind| **kind == Kind::WebRequest).count();
    assert!((10..13).contains(&requests), "{requests}");
}

#[tokio::test]
async fn what_is_no_http_2_is_recorded() {
    let running = start(options());
    running.exchange(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let (kinds, reason) = running.kinds().await;
    let expected = [
        Kind::ConnectionOpened,
        Kind::WebRequestRefused,
        Kind::ConnectionClosed,
    ];
    assert_eq!((&*kinds, reason), (&expected[..], CloseReason::Server));
}

#[tokio::test]
async fn the_last_request_is_answered_and_ends_the_connection() {
    let limits = Limits {
        requests: 2,
        ..Limits::default()
    };
    let running = start(Options { limits, ..options() });
    let client = client(&running).await;
    let ask = || status(&client, request("/").body(()).unwrap());
    assert_eq!(ask().await.unwrap(), 200);
    assert_eq!(ask().await.unwrap(), 200);
    let (kinds, reason) = running.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::WebRequest).count(), 2);
    assert_eq!(reason, CloseReason::Server);
    assert!(ask().await.is_err());
}

/// Lets time pass.
async fn later(seconds: u64) {
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_client_that_does_not_acknowledge_the_end_cannot_put_it_off() {
    for asks in [1, 2, 3, 4] {
        let limits = Limits {
            requests: 1,
            ..Limits::default()
        };
        let running = start(Options { limits, ..options() });
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, b"")].concat();
        stream.write_all(&preface).await.unwrap();
        for i in 0..asks {
            stream
                .write_all(&frame(1, 5, 2 * i + 1, &block(&GET)))
                .await
                .unwrap();
            later(4).await;
        }
        later(4).await;
        let (kinds, reason) = running.kinds().await;
        let count = |kind| kinds.iter().filter(|of| **of == kind).count();
        let answered = asks.min(2) as usize;
        let refused = usize::from(asks > 2);
        assert_eq!(
            (count(Kind::WebResponse), count(Kind::WebRequestRefused), reason),
            (answered, refused, CloseReason::Server),
            "{asks} {kinds:?}"
        );
    }
}

#[tokio::test]
async fn idle_and_stopping_connections_end() {
    let limits = Limits {
        idle: Duration::from_millis(200),
        ..Limits::default()
    };
    let running = start(Options { limits, ..options() });
    let idle = client(&running).await;
    assert_eq!(status(&idle, request("/").body(()).unwrap()).await.unwrap(), 200);
    assert_eq!(running.kinds().await.1, CloseReason::IdleTimeout);
    let running = start(options());
    let stopped = client(&running).await;
    assert_eq!(
        status(&stopped, request("/").body(()).unwrap()).await.unwrap(),
        200
    );
    running.stop.send(true).unwrap();
    running.served.await.unwrap();
}

/// A frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block without any coding.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let string = |text: &str| {
        let length = u8::try_from(text.len())
            .ok()
            .filter(|length| *length < 127)
            .unwrap();
        [&[length], text.as_bytes()].concat()
    };
    let field = |(name, value): &(&str, &str)| [vec![0], string(name), string(value)].concat();
    fields.iter().flat_map(field).collect()
}

const GET: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "h"),
    (":path", "/a?<b>|\u{e9}"),
];

/// Sends requests of these fields, and then bytes that are no frame, and returns refusals and requests.
async fn raw(options: Options, requests: &[Vec<u8>], then: &[u8]) -> (Vec<(String, String)>, CloseReason) {
    let running = start(options);
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let mut sent = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, b"")].concat();
    for (i, block) in requests.iter().enumerate() {
        sent.extend(frame(1, 5, 2 * i as u32 + 1, block));
    }
    sent.extend(then);
    stream.write_all(&sent).await.unwrap();
    if then.is_empty() {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.shutdown().await.unwrap();
    }
    let events = running.events(1).await;
    let seen = events.iter().filter_map(|event| match &event.saw {
        Saw::WebRequest(seen) => Some((
            format!("{:?}", seen.request.status),
            seen.head.0.escape_ascii().to_string(),
        )),
        Saw::WebRequestRefused { reason, received, .. } => {
            Some((reason.to_string(), received.0.escape_ascii().to_string()))
        }
        _ => None,
    });
    (seen.collect(), running.kinds().await.1)
}

#[tokio::test]
async fn fields_are_recorded_in_order_and_as_sent() {
    let ordinary = [&GET[..], &[("b", "1"), ("a", "2"), ("b", "\t3 ")]].concat();
    let (seen, reason) = raw(options(), &[block(&ordinary)], b"").await;
    let expected = r"GET /a?<b>|\xc3\xa9 HTTP/2\r\nhost: h\r\nb: 1\r\na: 2\r\nb: \t3 \r\n\r\n";
    assert_eq!(seen, [("Some(200)".to_owned(), expected.to_owned())]);
    assert_eq!(reason, CloseReason::Client);
}

#[tokio::test]
async fn what_http_2_does_not_allow_is_recorded_and_reset() {
    for (fields, why) in [
        (
            [&GET[..], &[("connection", "close")]].concat(),
            "HTTP/2: malformed",
        ),
        ([&GET[..], &[("A", "b")]].concat(), "HTTP/2: malformed"),
        ([&GET[..], &[("a", "b\r\nc: d")]].concat(), "HTTP/2: malformed"),
        (
            [&GET[..], &[("a", "b"), (":path", "/")]].concat(),
            "HTTP/2: malformed",
        ),
        (
            [&GET[..], &[(":path", "/two"), (":protocol", "websocket")]].concat(),
            "HTTP/2: malformed",
        ),
        (
            [&GET[..1], &[(":scheme", "https://h/?")], &GET[2..]].concat(),
            "HTTP/2: malformed",
        ),
        (GET[..3].to_vec(), "HTTP/2: malformed"),
        ([&GET[..], &[("content-length", "+1")]].concat(), "Number"),
        ([&GET[..3], &[(":path", "/a b")]].concat(), "URL"),
        ([&[(":method", "G T")], &GET[1..]].concat(), "Verb"),
        ([&GET[..], &[("host", "other"); 700]].concat(), "RequestLength"),
    ] {
        let (seen, reason) = raw(options(), &[block(&fields)], b"").await;
        assert_eq!(seen[0].0, why, "{seen:?}");
        assert!(
            !seen[0].1.contains("\\nc: d") || seen[0].1.contains("\\\\nc: d"),
            "{seen:?}"
        );
        // Whatever is no part of an ordinary request line is recorded.
        for (name, value) in &fields {
            let ordinary = GET.contains(&(name, value));
            let line = format!("{name}: {}", value.escape_default()).replace('\\', "\\\\");
            let cut = seen[0].0 == "RequestLength" || name.as_bytes() == b":method" || *value == "/a b";
            assert!(ordinary || cut || seen[0].1.contains(&line), "{line} {seen:?}");
        }
        assert_eq!((seen.len(), reason), (1, CloseReason::Client));
    }
}

/// Stands in for TLS that hands on all that came together with its end.
struct AtOnce;

impl Tls for AtOnce {
    fn establish<'t>(&'t self, mut socket: Socket, _: &'t ConnectionRecorder) -> Establishing<'t> {
        Box::pin(async {
            let mut all = Vec::new();
            socket.read_to_end(&mut all).await.unwrap();
            socket.give_back(all);
            Ok(Established {
                stream: Box::new(socket),
                http2: true,
            })
        })
    }
}

/// Statuses of requests, with how many bytes of their bodies came, and reasons of refusals.
async fn outcomes(sent: &[u8]) -> (Vec<String>, CloseReason) {
    let running = start(Options {
        tls: Some(Arc::new(AtOnce)),
        ..Options::default()
    });
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, b"")].concat();
    stream.write_all(&[&preface, sent].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut outcomes: Vec<_> = running
        .events(1)
        .await
        .iter()
        .filter_map(|event| match &event.saw {
            Saw::WebRequest(seen) => Some(format!(
                "{:?} {} {}",
                seen.request.status, seen.body.bytes, seen.body_complete
            )),
            Saw::WebRequestRefused { reason, .. } => Some(reason.to_string()),
            _ => None,
        })
        .collect();
    outcomes.sort();
    (outcomes, running.kinds().await.1)
}

#[tokio::test]
async fn requests_before_the_connections_end_are_recorded_whole() {
    let post = [&[(":method", "POST")], &GET[1..]].concat();
    let head = |flags, stream| frame(1, flags, stream, &block(&post));
    for (sent, expected) in [
        (head(5, 1), ["Some(200) 0 true"].as_slice()),
        (
            [head(4, 1), frame(0, 1, 1, b"abc")].concat(),
            &["Some(200) 3 true"],
        ),
        (
            [head(4, 1), frame(0, 0, 1, b"abc"), frame(0, 1, 1, b"")].concat(),
            &["Some(200) 3 true"],
        ),
        ([head(4, 1), frame(0, 0, 1, b"abc")].concat(), &["None 3 false"]),
        (
            [head(4, 1), frame(0, 1, 1, b"abc")[..11].to_vec()].concat(),
            &["None 0 false"],
        ),
        (
            [head(4, 1), head(5, 3), frame(0, 0, 1, b"a"), head(5, 1)].concat(),
            &["Some(200) 0 true", "Some(200) 1 true"],
        ),
    ] {
        assert_eq!(
            outcomes(&sent).await,
            (
                expected.iter().map(|text| (*text).to_owned()).collect(),
                CloseReason::Client
            )
        );
    }
    // More than may be open at once: what the crate refuses is told as such, and the rest is not held up by it.
    let many: Vec<u8> = (0..102).flat_map(|stream| head(4, 2 * stream + 1)).collect();
    let (seen, _) = outcomes(&many).await;
    let count = |what: &str| seen.iter().filter(|seen| *seen == what).count();
    assert_eq!((count("None 0 false"), seen.len()), (102, 102), "{seen:?}");
}

#[tokio::test]
async fn a_body_that_is_not_handed_out_whole_is_not_complete() {
    let running = start(options());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let post = [&[(":method", "POST")], &GET[1..]].concat();
    let begin = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, b""),
        frame(1, 4, 1, &block(&post)),
    ];
    stream.write_all(&begin.concat()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ping = frame(6, 0, 0, &[0; 7]);
    let rest = [frame(0, 0, 1, b"abc"), ping, frame(0, 1, 1, b"def")];
    stream.write_all(&rest.concat()).await.unwrap();
    let events = running.events(1).await;
    let seen = events.iter().find_map(|event| match &event.saw {
        Saw::WebRequest(seen) => Some((seen.body.bytes, seen.body_complete, seen.request.status)),
        _ => None,
    });
    assert_eq!(seen, Some((3, false, None)), "{events:#?}");
}

#[tokio::test]
async fn unfinished_heads_are_recorded() {
    let limits = Limits {
        head_wait: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        ..Limits::default()
    };
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let begun = [frame(1, 0, 1, b"\x82"), frame(9, 0, 1, b"\x87")[..10].to_vec()].concat();
    let whole = [preface.to_vec(), frame(4, 0, 0, b""), begun.clone()].concat();
    for (sent, held, slow) in [
        (&preface[..6], &preface[..6], CloseReason::SlowRequest),
        (&whole, &begun, CloseReason::SlowRequest),
        (b"", b"", CloseReason::IdleTimeout),
    ] {
        for (closes, why) in [(true, CloseReason::Client), (false, slow)] {
            let limits = limits.clone();
            let running = start(Options { limits, ..options() });
            let mut stream = TcpStream::connect(running.address).await.unwrap();
            stream.write_all(sent).await.unwrap();
            if closes {
                stream.shutdown().await.unwrap();
            }
            let (_, reason) = running.kinds().await;
            let events = running.events(1).await;
            let seen: Vec<_> = events
                .iter()
                .filter_map(|event| match &event.saw {
                    Saw::WebRequestRefused { reason, received, .. } => Some((reason.as_str(), &*received.0)),
                    _ => None,
                })
                .collect();
            let word = if closes {
                "Connection_Dropped"
            } else {
                "Timer_HeaderWait"
            };
            let expected = [(word, held)];
            assert_eq!(
                (&*seen, reason),
                (&expected[..usize::from(!held.is_empty())], why)
            );
        }
    }
}

#[tokio::test]
async fn requests_before_a_broken_frame_are_recorded() {
    let post = frame(1, 4, 1, &block(&[&[(":method", "POST")], &GET[1..]].concat()));
    let whole = [post, frame(0, 1, 1, b"abc"), frame(1, 5, 3, &block(&GET))].concat();
    let unfinished = frame(1, 0, 5, b"\x82");
    let broken = [&whole[..], &unfinished, &frame(0, 0, 5, b"")].concat();
    let (seen, reason) = outcomes(&broken).await;
    assert_eq!(
        seen,
        [
            "HTTP/2: malformed header block",
            "Some(200) 0 true",
            "Some(200) 3 true"
        ]
    );
    assert_eq!(reason, CloseReason::Server);
    // What the crate itself objects to, a window of 0 more, keeps it from handing out what came with it.
    let (seen, reason) = outcomes(&[&whole[..], &frame(8, 0, 0, &[0; 4])].concat()).await;
    assert_eq!(seen[1..], ["None 0 false", "None 0 false"], "{seen:?}");
    assert!(seen[0].starts_with("HTTP/2: "), "{seen:?}");
    assert_eq!(reason, CloseReason::Server);
    let (seen, _) = raw(options(), &[block(&GET)], &frame(8, 0, 0, &[0; 4])).await;
    let told = |(reason, bytes): &(String, String)| reason.starts_with("HTTP/2: ") && bytes.contains("\\x08");
    assert!(seen.len() == 2 && seen.iter().any(told), "{seen:?}");
}

#[tokio::test]
async fn streams_for_which_there_is_no_memory_are_recorded_and_refused() {
    let limits = Limits {
        http2_memory: 4,
        ..Limits::default()
    };
    let running = start(Options { limits, ..options() });
    let client = client(&running).await;
    let error = status(&client, request("/").body(()).unwrap()).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
    drop(client);
    assert!(running.kinds().await.0.contains(&Kind::WebRequestRefused));
    // Room for requests, but not for a large answer.
    let limits = Limits {
        http2_memory: 1024,
        ..Limits::default()
    };
    let running = start(Options { limits, ..options() });
    let client = self::client(&running).await;
    assert_eq!(
        status(&client, request("/").body(()).unwrap()).await.unwrap(),
        200
    );
    let error = status(&client, request("/big").body(()).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
    assert_eq!(
        status(&client, request("/").body(()).unwrap()).await.unwrap(),
        200
    );
}

#[tokio::test]
async fn curl_and_nghttp_are_served() {
    let running = start(options());
    let url = format!("http://{}/a", running.address);
    for arguments in [&[][..], &["-d", "abc"], &["-I"], &["-X", "FOO"]] {
        let arguments = [
            &["-sSi", "--max-time", "10", "--http2-prior-knowledge", &url],
            arguments,
        ]
        .concat();
        let Some(output) = Running::run("curl", &arguments).await else {
            break;
        };
        assert!(output.starts_with("HTTP/2 200"), "{arguments:?}\n{output}");
    }
    let waits = [
        "-sSi",
        "--http2-prior-knowledge",
        "-d",
        "abc",
        "-H",
        "Expect: 100-continue",
        &url,
    ];
    if let Some(output) = Running::run("curl", &waits).await {
        assert!(output.starts_with("HTTP/2 100 \r\n\r\nHTTP/2 200"), "{output}");
        let events = running.store.events.lock().unwrap();
        assert!(
            events
                .iter()
                .any(|event| event.kind() == Kind::WebRequestContinued)
        );
    }
    let arguments = ["-v", "--max-concurrent-streams=10", &url];
    let Some(output) = Running::run("nghttp", &arguments).await else {
        return;
    };
    assert!(
        output.contains("SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100"),
        "{output}"
    );
    let arguments = ["-n", "500", "-c", "2", "-m", "20", &url];
    let Some(output) = Running::run("h2load", &arguments).await else {
        return;
    };
    assert!(output.contains("500 succeeded"), "{output}");
}
