//! TLS on a listener, with real clients.

use std::sync::Arc;

use imker_event::{CloseReason, Kind, Saw};

use super::peers::{host, rsa_key};
use crate::persona::Windows;
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
            &["HTTP/2 200", "x-feserver: EX01", "GET /a?b from 127.0.0.1"][..],
        ),
        (
            &["--http1.1"],
            &["HTTP/1.1 200 OK", "X-FEServer: EX01", "GET /a?b from 127.0.0.1"],
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
