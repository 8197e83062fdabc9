//! Handshakes: ALPN, resumption, failures, and what is told of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use imker_event::{CloseReason, Saw, Text};
use openssl::ssl::{SslOptions, SslSession, SslSessionCacheMode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::build::{HelloBuilder, in_records};
use super::peers::{LIMIT, client, host, meet, rsa_key};
use crate::persona::{TlsVersion, Windows};
use crate::testing::socket_pair;
use crate::tls::read_hello;

#[tokio::test]
async fn alpn_is_answered_where_http_sys_has_http2() {
    let key = rsa_key();
    for windows in Windows::ALL {
        let host = host(windows, &key);
        let newest = TlsVersion::Tls12;
        for (version, offer, with_http2) in [
            (newest, &b"\x02h2\x08http/1.1"[..], Some(&b"h2"[..])),
            (newest, b"\x08http/1.1\x02h2", Some(b"h2")),
            (newest, b"\x08http/1.1", Some(b"http/1.1")),
            (newest, b"\x06spdy/3", None),
            (TlsVersion::Tls10, b"\x02h2\x08http/1.1", Some(b"http/1.1")),
        ] {
            if !windows.tls.contains(&version) {
                continue;
            }
            let mut client = client(version, "ALL");
            client.set_alpn_protos(offer).unwrap();
            let (server, client) = meet(&host, &client.build(), None).await;
            let expected = with_http2.filter(|_| windows.http2);
            assert_eq!(server.unwrap().alpn.as_deref(), expected, "{}", windows.name);
            assert_eq!(
                client.unwrap().ssl().selected_alpn_protocol(),
                expected,
                "{}",
                windows.name
            );
        }
    }
}

#[tokio::test]
async fn sessions_of_tls12_are_resumed_by_id() {
    let key = rsa_key();
    for windows in Windows::ALL {
        let host = host(windows, &key);
        let mut client = client(TlsVersion::Tls12, "ALL");
        client.set_options(SslOptions::NO_TICKET);
        let client = client.build();
        let (server, first) = meet(&host, &client, None).await;
        let mut server = server.unwrap();
        assert!(!server.resumed);
        server.stream.shutdown().await.unwrap();
        let first = first.unwrap();
        let session = first.ssl().session().unwrap();
        assert_eq!(session.id().len(), 32, "{}", windows.name);
        let text = session.to_der().unwrap();
        let (server, second) = meet(&host, &client, Some(&SslSession::from_der(&text).unwrap())).await;
        assert!(server.unwrap().resumed, "{}", windows.name);
        assert!(second.unwrap().ssl().session_reused());
    }
}

#[tokio::test]
async fn sessions_of_tls13_are_resumed_by_a_ticket() {
    let key = rsa_key();
    let host = host(Windows::named("2022").unwrap(), &key);
    let tickets = Arc::new(Mutex::new(Vec::new()));
    let mut client = client(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384");
    client.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
    let received = Arc::clone(&tickets);
    client.set_new_session_callback(move |_, session| received.lock().unwrap().push(session));
    let client = client.build();

    let (server, first) = meet(&host, &client, None).await;
    let (mut server, mut first) = (server.unwrap(), first.unwrap());
    server.stream.write_all(b"x").await.unwrap();
    server.stream.shutdown().await.unwrap();
    first.read_exact(&mut [0]).await.unwrap();
    let tickets = std::mem::take(&mut *tickets.lock().unwrap());
    assert_eq!(tickets.len(), 1);
    let (server, _) = meet(&host, &client, tickets.first()).await;
    assert!(server.unwrap().resumed);
}

#[tokio::test]
async fn nothing_is_sent_before_the_hello_is_accepted_nor_when_it_fails() {
    let key = rsa_key();
    let host = host(Windows::named("2019").unwrap(), &key);
    let unacceptable = HelloBuilder {
        ciphers: vec![0x0001],
        ..HelloBuilder::default()
    };
    let bytes = in_records(&unacceptable.message(), 20);
    let (near, mut far) = socket_pair().await;
    far.write_all(&bytes).await.unwrap();
    let meter = near.meter().clone();
    let hello = read_hello(near, LIMIT).await.unwrap();
    assert_eq!(hello.client.ciphers, [0x0001]);
    assert_eq!((meter.received(), meter.sent()), (bytes.len() as u64, 0));

    let failure = hello.accept(&host, LIMIT).await.unwrap_err();
    assert_eq!(failure.reason, Text::from("no shared cipher"));
    assert_eq!(failure.close, CloseReason::Handshake);
    assert!(matches!(failure.event(), Saw::TlsFailed { .. }));
    assert_eq!((meter.received(), meter.sent()), (bytes.len() as u64, 0));
    drop(failure);
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn a_hello_in_the_format_of_ssl2_is_answered() {
    let key = rsa_key();
    let host = host(Windows::named("2008 R2").unwrap(), &key);
    let mut message = vec![1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x35];
    message.extend([7; 16]);
    let (near, mut far) = socket_pair().await;
    far.write_all(&[0x80, message.len() as u8]).await.unwrap();
    far.write_all(&message).await.unwrap();
    let server = async {
        let hello = read_hello(near, LIMIT).await.unwrap();
        assert_eq!(hello.client.ciphers, [0x35]);
        hello
            .accept(&host, LIMIT)
            .await
            .map(drop)
            .map_err(|failure| failure.reason.to_string())
    };
    let client = async {
        let mut head = [0; 6];
        far.read_exact(&mut head).await.unwrap();
        far.shutdown().await.unwrap();
        far.read_to_end(&mut Vec::new()).await.unwrap();
        head
    };
    let (server, head) = tokio::join!(server, client);
    assert_eq!(
        (head[..3].to_vec(), head[5]),
        (vec![22, 3, 1], 2),
        "a ServerHello of TLS 1.0"
    );
    assert_eq!(server, Err("closed during the handshake".to_owned()));
}

#[tokio::test]
async fn what_is_no_hello_is_kept_and_the_end_is_named() {
    let failed = async |sent: &[u8], limit| {
        let (near, mut far) = socket_pair().await;
        far.write_all(sent).await.unwrap();
        let stays = (limit != LIMIT).then_some(far);
        let failure = read_hello(near, limit).await.unwrap_err();
        drop(stays);
        (failure.reason.to_string(), failure.received.0, failure.close)
    };
    let soon = Duration::from_millis(20);
    let plain = b"GET /owa/ HTTP/1.1\r\nHost: mail.example.org\r\n\r\n";
    assert_eq!(
        failed(plain, LIMIT).await,
        (
            "HTTP without TLS".to_owned(),
            plain.to_vec(),
            CloseReason::Handshake
        )
    );
    assert_eq!(
        failed(b"\x16\x03", LIMIT).await,
        (
            "closed before a ClientHello".to_owned(),
            b"\x16\x03".to_vec(),
            CloseReason::Client
        )
    );
    assert_eq!(
        failed(b"\x16\x03", soon).await,
        (
            "no whole ClientHello in time".to_owned(),
            b"\x16\x03".to_vec(),
            CloseReason::SlowRequest
        )
    );
    assert_eq!(
        failed(b"", soon).await,
        (
            "no ClientHello in time".to_owned(),
            Vec::new(),
            CloseReason::IdleTimeout
        )
    );
}

#[tokio::test]
async fn a_client_cannot_go_on_without_the_handshake() {
    let key = rsa_key();
    let host = host(Windows::named("2016").unwrap(), &key);
    let (near, mut far) = socket_pair().await;
    let hello = HelloBuilder {
        ciphers: vec![0x0035],
        ..HelloBuilder::default()
    };
    far.write_all(&in_records(&hello.message(), 1 << 14))
        .await
        .unwrap();
    let hello = read_hello(near, LIMIT).await.unwrap();
    let failure = hello.accept(&host, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(failure.reason, Text::from("the handshake took too long"));
    assert_eq!(failure.close, CloseReason::SlowRequest);
}

#[tokio::test]
async fn what_is_established_is_told() {
    let key = rsa_key();
    let host = host(Windows::named("2016").unwrap(), &key);
    let mut client = client(TlsVersion::Tls12, "ALL");
    client.set_options(SslOptions::NO_TICKET);
    let (server, client) = meet(&host, &client.build(), None).await;
    let (mut server, mut client) = (server.unwrap(), client.unwrap());
    assert_eq!(
        server.event(),
        Saw::TlsEstablished {
            version: Text::from("TLSv1.2"),
            cipher: Text::from("ECDHE-RSA-AES256-GCM-SHA384"),
            alpn: None,
            resumed: false,
        }
    );
    client.write_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    server.stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"ping");
}
