//! Servers written here, and how they are asked.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use imker_posture::{Checks, Fault, FaultKind, Observation};
use imker_scan::ask::{Asker, Destination, Limits, Plan, Scheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Limits that end a test soon. The wide ones leave room for a busy machine.
pub fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(10),
        handshake: Duration::from_secs(2),
        first_byte: Duration::from_secs(2),
        answer: Duration::from_secs(3),
        target: Duration::from_secs(30),
        ..Limits::for_checks(Checks::Quick)
    }
}

pub fn plan(checks: Checks) -> Plan {
    Plan {
        limits: limits(),
        ..Plan::new(checks)
    }
}

pub fn destination(address: SocketAddr, scheme: Option<Scheme>) -> Destination {
    Destination {
        target: address.to_string(),
        scheme,
        name: None,
        addresses: vec![address.ip()],
        port: Some(address.port()),
    }
}

pub async fn ask(checks: Checks, address: SocketAddr, scheme: Option<Scheme>) -> Observation {
    Asker::new(plan(checks))
        .unwrap()
        .ask(&destination(address, scheme))
        .await
}

/// A server that treats each connection as `serve` does.
pub async fn serve<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Reads one request's head.
pub async fn request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(String::from_utf8(bytes).unwrap())
}

/// Answers every request with these bytes, then closes.
pub async fn answering(bytes: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| async move {
        request(&mut stream).await?;
        stream.write_all(bytes).await
    })
    .await
}

/// Makes `cert.pem` and `key.pem`; `false` where there is no `openssl`.
pub async fn certificate(folder: &Path) -> bool {
    let made = tokio::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"])
        .args(["-subj", "/O=Example/CN=mail.example.org"])
        .args([
            "-addext",
            "subjectAltName=DNS:mail.example.org,DNS:autodiscover.example.org,IP:192.0.2.7",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .await;
    match made {
        Ok(made) => assert!(made.status.success(), "{made:?}"),
        Err(_) => {
            imker_testing::not_installed("openssl");
            return false;
        }
    }
    true
}

/// Faults of all answers, and of the whole.
pub fn faults(seen: &Observation) -> Vec<FaultKind> {
    let answers = seen.visits.iter().flat_map(|visit| &visit.answers);
    let faults = answers
        .filter_map(|answer| answer.fault.as_ref())
        .chain(&seen.fault);
    faults.map(|Fault { kind, .. }| *kind).collect()
}

/// Statuses of all answers.
pub fn statuses(seen: &Observation) -> Vec<u16> {
    let answers = seen.visits.iter().flat_map(|visit| &visit.answers);
    answers
        .filter_map(|answer| Some(answer.response.as_ref()?.status))
        .collect()
}
