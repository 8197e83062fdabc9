//! TLS on a listener, with real clients.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use imker_event::{CloseReason, Kind, Saw};
use openssl::ssl::{Ssl, SslSession};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::build::{HelloBuilder, in_records};
use super::peers::{client, host, rsa_key};
use crate::persona::{TlsVersion, Windows};
use crate::testing::{Options, Running, start};

fn running(windows: &str) -> Running {
    let windows = Windows::named(windows).unwrap();
    start(Options {
        tls: Some(Arc::new(host(windows, &rsa_key()))),
        ..Options::default()
    })
}

#[tokio::test]
async fn curl_speaks_http_1_and_2_and_the_steps_are_recorded() {
    let running = running("Windows Server 2019");
    let url = format!("https://{}/a?b", running.address);
    for (arguments, parts) in [
        (
            &["--http2"][..],
            &["HTTP/2 200", "x-feserver: EX01", "GET /a?b, 0 bytes"][..],
        ),
        (
            &["--http1.1"],
            &["HTTP/1.1 200 OK", "X-FEServer: EX01", "GET /a?b, 0 bytes"],
        ),
        (&["--http1.1", "--data-binary", "@Cargo.toml"], &["POST /a?b"]),
        (&["--http2", "-d", "abc"], &["POST /a?b", ", 3 bytes"]),
        // Refused on HTTP/2, and tried again on HTTP/1.1.
        (
            &["--http2", "-H", "Authorization: NTLM TlRM"],
            &["HTTP/1.1 200 OK"],
        ),
    ] {
        let arguments = [&["-sSik", "--max-time", "10", &url], arguments].concat();
        let Some(output) = Running::run("curl", &arguments).await else {
            return;
        };
        assert!(
            parts.iter().all(|part| output.contains(part)),
            "{arguments:?}\n{output}"
        );
    }
    let events = running.events(5).await;
    let kinds: Vec<_> = events.iter().take(7).map(|event| event.kind()).collect();
    use Kind::*;
    assert_eq!(
        kinds,
        [
            ConnectionOpened,
            TlsHello,
            TlsEstablished,
            WebRequest,
            Command,
            WebResponse,
            ConnectionClosed
        ]
    );
    let closed = events.iter().rev().find_map(|event| match event.saw {
        Saw::ConnectionClosed {
            bytes_received,
            bytes_sent,
            ..
        } => Some((bytes_received, bytes_sent)),
        _ => None,
    });
    assert!(
        closed.is_some_and(|(received, sent)| received > 300 && sent > 300),
        "{closed:?}"
    );
}

#[tokio::test]
async fn nothing_is_answered_over_tls_that_is_not_recorded() {
    let running = running("Windows Server 2019");
    let context = client(TlsVersion::Tls12, "DEFAULT").build();
    let connect = async || {
        let far = TcpStream::connect(running.address).await.unwrap();
        let mut stream = SslStream::new(Ssl::new(&context).unwrap(), far).unwrap();
        Pin::new(&mut stream).connect().await.map(|()| stream)
    };
    let mut stream = connect().await.unwrap();
    running.store.fails.store(true, Ordering::Relaxed);
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
    assert!(connect().await.is_err());
}

#[tokio::test]
async fn what_is_no_tls_is_recorded_and_reset() {
    let running = running("Windows Server 2016");
    assert_eq!(running.exchange(b"GET / HTTP/1.0\r\n\r\n").await, "");
    let seen = running.kinds().await;
    let expected = vec![Kind::ConnectionOpened, Kind::TlsFailed, Kind::ConnectionClosed];
    assert_eq!(seen, (expected, CloseReason::Handshake));
}

#[tokio::test]
async fn nmap_sees_iis_behind_tls() {
    let running = running("Windows Server 2019");
    let port = running.address.port().to_string();
    let arguments = ["-Pn", "-n", "-sV", "-p", &port, "127.0.0.1"];
    let Some(output) = Running::run("nmap", &arguments).await else {
        return;
    };
    assert!(
        output.contains("ssl/http") && output.contains("Microsoft IIS httpd 10.0"),
        "{output}"
    );
}

/// A client that closes first, with close_notify or without, is a client that closed; with it, its session is kept.
#[tokio::test]
async fn clients_that_close_first_are_told_apart_from_resets() {
    let running = running("Windows Server 2016");
    let client = client(TlsVersion::Tls12, "ALL").build();
    let mut session: Option<SslSession> = None;
    for in_order in [true, false] {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let mut ssl = Ssl::new(&client).unwrap();
        if let Some(session) = &session {
            #[expect(unsafe_code, reason = "a session of the same context")]
            // SAFETY: the session was made by the context that `ssl` is of.
            unsafe {
                ssl.set_session(session).unwrap();
            }
        }
        let mut stream = SslStream::new(ssl, stream).unwrap();
        Pin::new(&mut stream).connect().await.unwrap();
        assert_eq!(stream.ssl().session_reused(), session.is_some());
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        session = stream.ssl().session().map(ToOwned::to_owned);
        if in_order {
            stream.shutdown().await.unwrap();
            let _ = stream.read(&mut [0; 16]).await;
        } else {
            stream.get_mut().shutdown().await.unwrap();
        }
        running.events(if in_order { 1 } else { 2 }).await;
    }
    let events = running.events(2).await;
    let reasons = events.iter().filter_map(|event| match event.saw {
        Saw::ConnectionClosed { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reasons.collect::<Vec<_>>(), [CloseReason::Client; 2]);
}

#[tokio::test]
async fn hello_and_handshake_share_one_limit() {
    let limit = Duration::from_secs(1);
    let host = host(Windows::named("Windows Server 2016").unwrap(), &rsa_key());
    let running = start(Options {
        tls: Some(Arc::new(host.with_handshake_limit(limit))),
        ..Options::default()
    });
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let begin = Instant::now();
    tokio::time::sleep(limit.mul_f64(0.8)).await;
    let hello = HelloBuilder {
        ciphers: vec![0x0035],
        ..HelloBuilder::default()
    };
    stream
        .write_all(&in_records(&hello.message(), 1 << 14))
        .await
        .unwrap();
    let (kinds, reason) = running.kinds().await;
    assert!(kinds.contains(&Kind::TlsHello), "{kinds:?}");
    assert_eq!(reason, CloseReason::SlowRequest);
    assert!(begin.elapsed() < limit.mul_f64(1.6));
}

#[tokio::test]
async fn stopping_ends_handshakes() {
    let running = running("Windows Server 2016");
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"\x16\x03\x01").await.unwrap();
    while running.store.events.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop.send(true).unwrap();
    assert_eq!(running.kinds().await.1, CloseReason::Stopping);
}
