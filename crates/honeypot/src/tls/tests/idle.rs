//! How much memory an idle connection takes: `cargo test -p imker-honeypot --release idle -- --ignored --nocapture`.

#![allow(clippy::disallowed_methods, reason = "reads a page that the kernel writes")]
#![allow(clippy::print_stderr, reason = "reports a figure")]

use std::pin::Pin;

use openssl::ssl::Ssl;
use tokio::io::AsyncReadExt;
use tokio_openssl::SslStream;

use super::peers::{LIMIT, client, host, rsa_key};
use crate::persona::{TlsVersion, Windows};
use crate::testing::socket_pair;
use crate::tls::{Accepted, TlsHost, read_hello};

const CONNECTIONS: usize = 300;

#[tokio::test]
#[ignore = "measures the memory of the whole process, so it must run alone"]
async fn an_idle_connection_takes_little_memory() {
    let key = rsa_key();
    let mut idle = Vec::with_capacity(4 * CONNECTIONS);
    for (windows, version, ciphers) in [
        ("2016", TlsVersion::Tls12, "ECDHE-RSA-AES256-GCM-SHA384"),
        ("2022", TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384"),
    ] {
        let host = host(Windows::named(windows).unwrap(), &key);
        for _ in 0..CONNECTIONS / 3 {
            idle.push(connect(&host, version, ciphers).await);
        }
        let before = resident();
        for _ in 0..CONNECTIONS {
            idle.push(connect(&host, version, ciphers).await);
        }
        let each = (resident() - before) / CONNECTIONS;
        eprintln!("{windows} {version:?}: {each} bytes for each idle connection");
        assert!(each < 25_000, "{each}");
    }
}

/// The server's side, and the client's socket without its TLS.
async fn connect(host: &TlsHost, version: TlsVersion, ciphers: &str) -> (Accepted, impl Sized + use<>) {
    let (near, far) = socket_pair().await;
    let far = far.into_std().unwrap();
    let kept = far.try_clone().unwrap();
    let ssl = Ssl::new(&client(version, ciphers).build()).unwrap();
    let mut far = SslStream::new(ssl, tokio::net::TcpStream::from_std(far).unwrap()).unwrap();
    let server = async {
        let hello = read_hello(near, LIMIT).await.unwrap();
        let mut accepted = hello.accept(host, LIMIT).await.unwrap();
        // As a connection that waits for a request: OpenSSL gives its buffer back when there is nothing to read.
        tokio::select! {
            biased;
            _ = accepted.stream.read_u8() => panic!("the client sends nothing"),
            () = std::future::ready(()) => accepted,
        }
    };
    let (server, connected) = tokio::join!(server, Pin::new(&mut far).connect());
    connected.unwrap();
    (server, kept)
}

/// The process's resident memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}
