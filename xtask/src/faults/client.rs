//! Clients that number their requests and remember which were answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};

/// A body that goes to the quarantine.
const BODY: usize = 10_000;

/// Asks with one number after the other until the connection is cut, over TLS or in clear; tells the numbers whose
/// answers began.
pub fn ask_until_cut(server: SocketAddr, tls: bool, next: &AtomicU64) -> Vec<u64> {
    let Ok(socket) = TcpStream::connect(server) else {
        return Vec::new();
    };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(10)));
    if !tls {
        return ask(socket, next);
    }
    match secured(socket) {
        Some(stream) => ask(stream, next),
        None => Vec::new(),
    }
}

fn secured(socket: TcpStream) -> Option<impl Read + Write> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).ok()?;
    // The certificate is made anew with each folder.
    builder.set_verify(SslVerifyMode::NONE);
    builder.build().connect("mail.example.org", socket).ok()
}

fn ask(mut stream: impl Read + Write, next: &AtomicU64) -> Vec<u64> {
    let mut answered = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if stream.write_all(&request(number)).is_err() || !is_answered(&mut stream, &mut answered, number) {
            return answered;
        }
    }
}

/// Most ask for a page, some post a body that is kept apart, some wait for leave to send theirs.
fn request(number: u64) -> Vec<u8> {
    let path = format!("/owa/healthcheck.htm?n={number}");
    match number % 8 {
        3 => {
            let head = format!("POST {path} HTTP/1.1\r\nHost: mail.example.org\r\nContent-Length: {BODY}\r\n\r\n");
            let mut request = head.into_bytes();
            // Each its own content: so each is stored.
            request.extend(number.to_le_bytes().iter().cycle().take(BODY));
            request
        }
        5 => format!(
            "POST {path} HTTP/1.1\r\nHost: mail.example.org\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"
        )
        .into_bytes(),
        _ => format!("GET {path} HTTP/1.1\r\nHost: mail.example.org\r\n\r\n").into_bytes(),
    }
}

/// Whether the whole answer came. A part of one counts as answered, too; leave to go on is no answer.
fn is_answered(stream: &mut impl Read, answered: &mut Vec<u64>, number: u64) -> bool {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let (mut answer, mut block) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut block) {
            Ok(read) if read > 0 => answer.extend_from_slice(&block[..read]),
            _ => return false,
        }
        if answer.starts_with(CONTINUE) {
            answer.drain(..CONTINUE.len());
        }
        if !answer.is_empty() && !CONTINUE.starts_with(&answer) && answered.last() != Some(&number) {
            answered.push(number);
        }
        if is_whole(&answer) {
            return true;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}
