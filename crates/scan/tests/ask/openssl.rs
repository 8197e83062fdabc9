//! `openssl s_server`, in old versions of TLS and with old ciphers.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::process::Stdio;
use std::time::{Duration, Instant};

use imker_posture::{Checks, FaultKind, Observation, TlsVersion, TlsVersions};
use imker_scan::ask::{Asker, Scheme};
use openssl::ssl::{Ssl, SslContextBuilder, SslFiletype, SslMethod, SslVersion};
use tokio::io::AsyncWriteExt;
use tokio_openssl::SslStream;

use crate::peer::{ask, certificate, destination, faults, plan, request, serve, statuses};

struct Server {
    address: SocketAddr,
    _child: tokio::process::Child,
    _folder: tempfile::TempDir,
}

/// Starts a server that answers every path; `None` where there is no such program.
async fn server(arguments: &[&str]) -> Option<Server> {
    let folder = tempfile::tempdir().unwrap();
    if !certificate(folder.path()).await {
        return None;
    }
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = tokio::process::Command::new("openssl")
        .args([
            "s_server", "-www", "-quiet", "-cert", "cert.pem", "-key", "key.pem",
        ])
        .args(["-accept", &address.to_string()])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < patience, "openssl s_server does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Some(Server {
        address,
        _child: child,
        _folder: folder,
    })
}

fn spoken(seen: &Observation) -> (TlsVersion, &str) {
    let tls = seen.visits[0].tls.as_ref().unwrap();
    (tls.version, &tls.cipher)
}

#[tokio::test]
async fn old_versions_and_ciphers_are_spoken() {
    for (arguments, version, cipher) in [
        (
            &["-tls1", "-cipher", "ALL:@SECLEVEL=0"][..],
            TlsVersion::Tls10,
            None,
        ),
        (
            &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            TlsVersion::Tls11,
            None,
        ),
        (
            &["-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"],
            TlsVersion::Tls10,
            Some("AES128-SHA"),
        ),
        (
            &["-tls1_2", "-cipher", "AES256-SHA256"],
            TlsVersion::Tls12,
            Some("AES256-SHA256"),
        ),
        (&["-tls1_2", "-legacy_renegotiation"], TlsVersion::Tls12, None),
        (&["-tls1_3"], TlsVersion::Tls13, None),
        // Groups that the first offer lacks.
        (
            &["-tls1_2", "-curves", "P-384", "-cipher", "ECDHE"],
            TlsVersion::Tls12,
            None,
        ),
        (&["-tls1_3", "-curves", "P-384"], TlsVersion::Tls13, None),
    ] {
        let Some(server) = server(arguments).await else {
            return;
        };
        let seen = ask(Checks::Quick, server.address, None).await;
        assert_eq!(statuses(&seen), [200; 3], "{arguments:?} {seen:#?}");
        assert_eq!(faults(&seen), [], "{arguments:?}");
        let (spoken, suite) = spoken(&seen);
        assert_eq!(spoken, version);
        assert!(cipher.is_none_or(|cipher| cipher == suite), "{suite}");
    }
}

/// Suites that OpenSSL as distributions build it no longer has.
#[tokio::test]
async fn ciphers_of_windows_2003_are_spoken() {
    let folder = tempfile::tempdir().unwrap();
    if !certificate(folder.path()).await {
        return;
    }
    let asker = Asker::new(plan(Checks::Quick)).unwrap();
    for suite in ["RC4-MD5", "RC4-SHA", "DES-CBC3-SHA"] {
        let mut context = SslContextBuilder::new(SslMethod::tls_server()).unwrap();
        context.set_security_level(0);
        context.set_max_proto_version(Some(SslVersion::TLS1)).unwrap();
        context.set_cipher_list(suite).unwrap();
        context
            .set_private_key_file(folder.path().join("key.pem"), SslFiletype::PEM)
            .unwrap();
        context
            .set_certificate_file(folder.path().join("cert.pem"), SslFiletype::PEM)
            .unwrap();
        let context = context.build();
        let address = serve(move |stream| {
            let ssl = Ssl::new(&context).unwrap();
            async move {
                let mut stream = SslStream::new(ssl, stream).unwrap();
                Pin::new(&mut stream).accept().await.unwrap();
                while request(&mut stream).await.is_ok() {
                    stream
                        .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                        .await?;
                }
                Ok(())
            }
        })
        .await;
        let seen = asker.ask(&destination(address, None)).await;
        assert_eq!(
            (statuses(&seen), spoken(&seen)),
            (vec![403; 3], (TlsVersion::Tls10, suite)),
            "{seen:#?}"
        );
    }
}

/// In TLS 1.3, that the client has no certificate is told after the handshake.
#[tokio::test]
async fn who_asks_for_a_certificate_is_left() {
    for version in ["-tls1_2", "-tls1_3"] {
        let Some(server) = server(&["-Verify", "1", version]).await else {
            return;
        };
        let seen = ask(Checks::Quick, server.address, Some(Scheme::Https)).await;
        let faults = faults(&seen);
        assert!(statuses(&seen).is_empty() && !faults.is_empty(), "{seen:#?}");
        assert!(
            faults
                .iter()
                .all(|fault| matches!(fault, FaultKind::Tls | FaultKind::Reset)),
            "{seen:#?}"
        );
    }
}

#[tokio::test]
async fn each_version_is_tried_alone() {
    let Some(server) = server(&["-cipher", "ALL:@SECLEVEL=0", "-no_tls1_1"]).await else {
        return;
    };
    let seen = ask(Checks::Full, server.address, Some(Scheme::Https)).await;
    let expected = TlsVersions {
        address: server.address,
        spoken: vec![TlsVersion::Tls10, TlsVersion::Tls12, TlsVersion::Tls13],
        refused: vec![TlsVersion::Tls11],
    };
    assert_eq!(seen.tls_versions, [expected], "{seen:#?}");
}

#[tokio::test]
async fn certificates_are_looked_at_and_never_believed() {
    let Some(server) = server(&[]).await else {
        return;
    };
    let mut destination = destination(server.address, None);
    destination.name = Some("other.example.net".into());
    let seen = Asker::new(plan(Checks::Quick)).unwrap().ask(&destination).await;
    let certificate = seen.visits[0].tls.as_ref().unwrap().certificate.clone().unwrap();
    assert_eq!(
        (&*certificate.subject, &*certificate.issuer),
        ("mail.example.org", "mail.example.org")
    );
    assert_eq!(
        certificate.names,
        ["mail.example.org", "autodiscover.example.org", "192.0.2.7"]
    );
    assert!(certificate.self_signed);
    let (from, until) = (certificate.not_before.unwrap(), certificate.not_after.unwrap());
    assert_eq!((until - from).as_secs(), 30 * 86_400);
}
