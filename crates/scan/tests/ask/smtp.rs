//! Mail services: what they offer, their certificates, and how broken ones end.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::time::{Duration, Instant};

use imker_posture::{Checks, FaultKind, Service, SmtpVisit};
use imker_scan::ask::{Asker, Plan, Scheme, SmtpPorts};
use openssl::ssl::{Ssl, SslAcceptor, SslFiletype, SslMethod};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::peer::{certificate, destination, plan, serve};

const BANNER: &str =
    "220 mail.example.org Microsoft ESMTP MAIL Service ready at Wed, 1 Sep 2021 08:00:00 +0200\r\n";

/// Asks both services of a host that has no other.
async fn visits(smtp: SocketAddr, submission: SocketAddr) -> Vec<SmtpVisit> {
    let plan = Plan {
        smtp: Some(SmtpPorts {
            smtp: smtp.port(),
            submission: submission.port(),
        }),
        ..plan(Checks::Quick)
    };
    let web = serve(|_| async { Ok(()) }).await;
    let began = Instant::now();
    let seen = Asker::new(plan)
        .unwrap()
        .ask(&destination(web, Some(Scheme::Http)))
        .await;
    assert!(began.elapsed() < Duration::from_secs(25));
    assert_eq!(
        seen.smtp.iter().map(|visit| visit.service).collect::<Vec<_>>(),
        [Service::Smtp, Service::Submission]
    );
    seen.smtp
}

/// Answers each line with the reply that `reply` has for it, until there is none.
async fn talk(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    reply: impl Fn(&str) -> Option<&'static str>,
) -> std::io::Result<String> {
    let mut line = Vec::new();
    loop {
        line.clear();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await?);
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        match reply(&line) {
            Some(reply) => stream.write_all(reply.as_bytes()).await?,
            None => return Ok(line),
        }
    }
}

pub fn acceptor(folder: &Path) -> SslAcceptor {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    builder
        .set_private_key_file(folder.join("key.pem"), SslFiletype::PEM)
        .unwrap();
    builder
        .set_certificate_file(folder.join("cert.pem"), SslFiletype::PEM)
        .unwrap();
    builder.build()
}

#[tokio::test]
async fn banner_extensions_and_certificate() {
    let folder = tempfile::tempdir().unwrap();
    if !certificate(folder.path()).await {
        return;
    }
    let acceptor = acceptor(folder.path());
    let with_tls = serve(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            stream.write_all(BANNER.as_bytes()).await?;
            let offer = |line: &str| {
                (line == "EHLO imker.invalid")
                    .then_some("250-mail.example.org Hello\r\n250-SIZE 37748736\r\n250 STARTTLS\r\n")
            };
            assert_eq!(talk(&mut stream, offer).await?, "STARTTLS");
            stream.write_all(b"220 2.0.0 SMTP server ready\r\n").await?;
            let ssl = Ssl::new(acceptor.context()).unwrap();
            let mut stream = tokio_openssl::SslStream::new(ssl, stream).unwrap();
            Pin::new(&mut stream).accept().await.unwrap();
            let offer = |line: &str| {
                (line == "EHLO imker.invalid")
                    .then_some("250-mail.example.org Hello\r\n250-SIZE 37748736\r\n250 AUTH NTLM LOGIN\r\n")
            };
            assert_eq!(talk(&mut stream, offer).await?, "QUIT");
            Ok(())
        }
    })
    .await;
    let without = serve(|mut stream| async move {
        stream.write_all(BANNER.as_bytes()).await?;
        let offer = |line: &str| {
            line.starts_with("EHLO")
                .then_some("250 mail.example.org Hello\r\n")
        };
        assert_eq!(talk(&mut stream, offer).await?, "QUIT");
        Ok(())
    })
    .await;
    let seen = visits(with_tls, without).await;
    assert_eq!(seen[0].banner.as_deref(), Some(BANNER[4..].trim_end()));
    assert_eq!(
        seen[0].extensions,
        ["STARTTLS", "SIZE 37748736", "AUTH NTLM LOGIN"]
    );
    let certificate = seen[0].tls.as_ref().unwrap().certificate.as_ref().unwrap();
    assert_eq!(certificate.subject, "mail.example.org");
    assert_eq!((&seen[0].fault, &seen[1].fault), (&None, &None));
    assert_eq!((seen[1].address, &seen[1].tls), (Some(without), &None));
    assert!(seen[1].banner.is_some() && seen[1].extensions.is_empty());
}

/// aiosmtpd, with STARTTLS and without.
#[tokio::test]
async fn a_mail_server_that_is_not_ours_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    if !certificate(folder.path()).await {
        return;
    }
    let server = |tls: &[&str]| {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = tokio::process::Command::new("/usr/bin/python3")
            .args(["-m", "aiosmtpd", "-n", "-l", &address.to_string()])
            .args(tls)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        child.map(|child| (address, child))
    };
    let (Ok((with, mut first)), Ok((without, _second))) = (
        server(&["--tlscert", "cert.pem", "--tlskey", "key.pem"]),
        server(&[]),
    ) else {
        return imker_testing::not_installed("python3");
    };
    let patience = Instant::now() + Duration::from_secs(30);
    while [with, without]
        .iter()
        .any(|server| TcpStream::connect(server).is_err())
    {
        if let Some(status) = first.try_wait().unwrap() {
            assert!(!status.success());
            return imker_testing::not_installed("aiosmtpd");
        }
        assert!(Instant::now() < patience, "aiosmtpd does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = visits(with, without).await;
    for visit in &seen {
        assert_eq!(visit.fault, None, "{seen:#?}");
        assert!(
            visit.banner.as_ref().unwrap().contains("Python SMTP"),
            "{seen:#?}"
        );
        assert!(visit.extensions.iter().any(|offer| offer == "8BITMIME"));
    }
    let certificate = seen[0].tls.as_ref().unwrap().certificate.as_ref().unwrap();
    assert_eq!(certificate.subject, "mail.example.org");
    assert_eq!(seen[0].extensions[0], "STARTTLS");
    assert_eq!(seen[1].tls, None);
}

#[tokio::test]
async fn broken_services_end_with_a_reason() {
    let table: &[(&str, String, FaultKind)] = &[
        ("nothing", String::new(), FaultKind::Closed),
        ("no service", "554 no\r\n".into(), FaultKind::Other),
        ("HTTP", "HTTP/1.1 400 Bad Request\r\n".into(), FaultKind::Other),
        ("a reply without end", "220-x\r\n".repeat(1000), FaultKind::Other),
        (
            "a line without end",
            format!("220 {}", "x".repeat(100_000)),
            FaultKind::HeadTooLarge,
        ),
        ("half a reply", "220-x\r\n220".into(), FaultKind::Closed),
        ("no EHLO", "220 x\r\n502 no\r\n".into(), FaultKind::Other),
        (
            "no STARTTLS",
            "220 x\r\n250-x\r\n250 STARTTLS\r\n454 no\r\n".into(),
            FaultKind::Other,
        ),
        (
            "an injected reply",
            "220 x\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n250 believed\r\n".into(),
            FaultKind::Other,
        ),
        (
            "no TLS",
            "220 x\r\n250-x\r\n250 starttls\r\n220 go\r\n".into(),
            FaultKind::Closed,
        ),
    ];
    for (name, bytes, expected) in table {
        let bytes: &'static str = bytes.clone().leak();
        let address = serve(move |mut stream| async move {
            stream.write_all(bytes.as_bytes()).await?;
            stream.shutdown().await?;
            let _ = stream.read_to_end(&mut Vec::new()).await;
            Ok(())
        })
        .await;
        let seen = visits(address, address).await;
        for visit in seen {
            assert_eq!(
                visit.fault.as_ref().map(|fault| fault.kind),
                Some(*expected),
                "{name}: {visit:#?}"
            );
        }
    }
}

#[tokio::test]
async fn a_silent_service_is_left() {
    let address = serve(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
        Ok(())
    })
    .await;
    let seen = visits(address, address).await;
    assert_eq!(seen[0].fault.as_ref().unwrap().kind, FaultKind::Timeout);
}
