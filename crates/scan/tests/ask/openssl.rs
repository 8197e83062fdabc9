//! `openssl s_server`, in old versions of TLS and with old ciphers.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use imker_posture::{Checks, Observation, TlsVersion, TlsVersions};
use imker_scan::ask::{Asker, Scheme};

use crate::peer::{ask, destination, faults, plan, statuses};

struct Server {
    address: SocketAddr,
    _child: tokio::process::Child,
    _folder: tempfile::TempDir,
}

/// Starts a server that answers every path; `None` where there is no such program.
async fn server(arguments: &[&str]) -> Option<Server> {
    let folder = tempfile::tempdir().unwrap();
    let made = tokio::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/O=Example/CN=mail.example.org",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:mail.example.org,DNS:autodiscover.example.org,IP:192.0.2.7",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder.path())
        .output()
        .await;
    match made {
        Ok(made) => assert!(made.status.success(), "{made:?}"),
        Err(_) => {
            imker_testing::not_installed("openssl");
            return None;
        }
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
