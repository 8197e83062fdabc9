//! What sslscan finds on loopback.

#![allow(
    clippy::disallowed_types,
    reason = "starts a scanner that is installed, with arguments of our own"
)]
#![allow(clippy::print_stderr, reason = "says what was not tested")]

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::{spawn, spawn_blocking};

use super::peers::{LIMIT, host, rsa_key};
use crate::connection::Socket;
use crate::persona::{TlsVersion, Windows};
use crate::tls::{TlsHost, read_hello};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sslscan_finds_versions_and_suites_of_the_table_in_its_order() {
    if Command::new("sslscan").arg("--version").output().is_err() {
        return imker_testing::not_installed("sslscan");
    }
    let key = rsa_key();
    for windows in [
        Windows::named("2012 R2").unwrap(),
        Windows::named("2022").unwrap(),
    ] {
        let address = serve(host(windows, &key)).await;
        let report = spawn_blocking(move || scan(address)).await.unwrap();
        for (version, name, needs_tls12) in [
            (TlsVersion::Tls10, "TLSv1.0", false),
            (TlsVersion::Tls11, "TLSv1.1", false),
            (TlsVersion::Tls12, "TLSv1.2", true),
        ] {
            let at = |cipher: &&str| {
                needs_tls12
                    || !["SHA256", "SHA384", "GCM"]
                        .iter()
                        .any(|part| cipher.contains(part))
            };
            let of_rsa = windows.ciphers.iter().filter(|cipher| !cipher.contains("ECDSA"));
            let expected: Vec<_> = if windows.tls.contains(&version) {
                of_rsa.copied().filter(at).collect()
            } else {
                Vec::new()
            };
            assert_eq!(
                found(&report, name),
                expected,
                "{} {name}\n{report}",
                windows.name
            );
        }
        let tls13: Vec<&str> = windows.ciphers_tls13.to_vec();
        assert_eq!(found(&report, "TLSv1.3"), tls13, "{}\n{report}", windows.name);
        for off in ["SSLv2", "SSLv3"] {
            let off = format!("<protocol type=\"ssl\" version=\"{}\" enabled=\"0\"", &off[4..]);
            assert!(report.contains(&off), "{}\n{report}", windows.name);
        }
        assert!(
            report.contains("<renegotiation supported=\"1\" secure=\"1\""),
            "{report}"
        );
    }
}

/// As the listener will: whatever fails is reset.
async fn serve(host: TlsHost) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let host = host.clone();
            spawn(async move {
                let socket = Socket::new(stream);
                let meter = Arc::clone(socket.meter());
                let failure = match read_hello(socket, LIMIT).await {
                    Ok(hello) => hello.accept(&host, LIMIT).await.err(),
                    Err(failure) => Some(failure),
                };
                if failure.is_some() {
                    meter.reset_on_drop();
                }
            });
        }
    });
    address
}

fn scan(address: SocketAddr) -> String {
    let arguments = ["--xml=-", "--no-colour", &address.to_string()].map(str::to_owned);
    let output = Command::new("sslscan").args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Suites in the order reported, which is the server's.
fn found<'r>(report: &'r str, version: &str) -> Vec<&'r str> {
    let of_version = format!("sslversion=\"{version}\"");
    let lines = report
        .lines()
        .filter(|line| line.trim_start().starts_with("<cipher ") && line.contains(&of_version));
    let name = |line: &'r str| line.split(" cipher=\"").nth(1)?.split('"').next();
    // sslscan's own OpenSSL does not know the old suites: it tries them by number and names them as IANA does.
    let by_openssl = |name| match name {
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA" => "DES-CBC3-SHA",
        "TLS_RSA_WITH_RC4_128_SHA" => "RC4-SHA",
        "TLS_RSA_WITH_RC4_128_MD5" => "RC4-MD5",
        name => name,
    };
    lines.filter_map(name).map(by_openssl).collect()
}
