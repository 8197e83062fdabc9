//! Real clients against a listener on loopback; each test is skipped where its client is not installed.

use std::process::{Command, Output};
use std::sync::Mutex;

use imker_event::{NtlmAuthenticate, Saw, Secret};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Answers every request with a 401, like a directory that accepts all schemes.
async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Saw>>>) {
    let (mut state, mut read) = (State::default(), Vec::new());
    loop {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(length @ 1..) => read.extend_from_slice(&chunk[..length]),
            _ => return,
        }
        while let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            read.drain(..end + 4);
            let headers: Vec<&str> = head.lines().skip(1).collect();
            let decision = ask(Schemes::AUTODISCOVER, &mut state, &headers);
            let lines = lines(&decision).join("\r\n");
            seen.lock().unwrap().extend(decision.saw);
            let answer = format!("HTTP/1.1 401 Unauthorized\r\n{lines}\r\nContent-Length: 0\r\n\r\n");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Runs a program with the listener's port in its arguments; `None` where it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<(Output, Vec<Saw>)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let shared = seen.clone();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, shared.clone()));
        }
    });
    let arguments = arguments.iter().map(|argument| argument.replace("PORT", &port));
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            let seen = std::mem::take(&mut *seen.lock().unwrap());
            Some((output, seen))
        }
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{program}");
            None
        }
    }
}

fn curl(arguments: &[&str]) -> Option<(String, Vec<Saw>)> {
    let common = [
        "--silent",
        "--noproxy",
        "*",
        "--write-out",
        "%{http_code}",
        "http://127.0.0.1:PORT/EWS/",
    ];
    let (output, seen) = run("curl", &[arguments, &common].concat())?;
    Some((String::from_utf8(output.stdout).unwrap(), seen))
}

fn credentials_in(seen: &[Saw]) -> (String, String) {
    let found = seen.iter().find_map(|saw| match saw {
        Saw::Credentials(sent) => Some(sent),
        _ => None,
    });
    let sent = found.unwrap();
    let Secret(secret) = sent.secret.clone().unwrap();
    (sent.username.to_string(), secret.to_string())
}

fn hmac_md5(key: &[u8], data: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(key).unwrap();
    let mut signer = Signer::new(MessageDigest::md5(), &key).unwrap();
    signer.update(data).unwrap();
    signer.sign_to_vec().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// What curl answers is in a form from which the password can be tried: with the right one the proof comes out
/// ([MS-NLMP] 3.3.2).
#[test]
fn curl_answers_our_challenge() {
    let Some((status, seen)) = curl(&["--ntlm", "--user", "EXAMPLE\\User:Password"]) else {
        return;
    };
    assert_eq!(status, "401");
    assert!(matches!(seen[0], Saw::NtlmNegotiate { .. }), "{seen:?}");
    let Saw::NtlmAuthenticate(message) = &seen[1] else {
        panic!("{seen:?}")
    };
    let NtlmAuthenticate { domain, user, v2, .. } = &**message;
    assert_eq!((domain.as_str(), user.as_str(), *v2), ("EXAMPLE", "User", true));

    let (name, line) = credentials_in(&seen);
    assert_eq!(name, "User");
    let fields: Vec<&str> = line.split(':').collect();
    let ["User", "", "EXAMPLE", challenge, proof, blob] = fields[..] else {
        panic!("{line}")
    };
    // NTOWFv1("Password"), [MS-NLMP] 4.2.2.1.2.
    let hash = bytes("a4f49c406510bdcab6824ee7c30fd852");
    let key = hmac_md5(&hash, &utf16("USEREXAMPLE"));
    let expected = hmac_md5(&key, &[bytes(challenge), bytes(blob)].concat());
    assert_eq!(bytes(proof), expected);
}

#[test]
fn curl_sends_basic() {
    let Some((status, seen)) = curl(&["--basic", "--user", "anna@example.org:pass:word"]) else {
        return;
    };
    assert_eq!(status, "401");
    assert_eq!(
        credentials_in(&seen),
        ("anna@example.org".into(), "pass:word".into())
    );
}

/// Without a ticket curl has nothing to send; it must give up, not loop.
#[test]
fn curl_without_a_ticket_gives_up() {
    let Some((status, seen)) = curl(&["--negotiate", "--user", ":", "--max-time", "20"]) else {
        return;
    };
    assert_eq!((status.as_str(), seen.len()), ("401", 0));
}

#[test]
fn nmap_reads_all_names() {
    let arguments = [
        "-n",
        "-Pn",
        "-sT",
        "--unprivileged",
        "-p",
        "PORT",
        "--script",
        "+http-ntlm-info",
        "--script-args",
        "http-ntlm-info.root=/EWS/",
        "127.0.0.1",
    ];
    let Some((output, seen)) = run("nmap", &arguments) else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start_matches(['|', '_', ' ']).split_once(": "))
        .filter(|(name, _)| name.contains("_Name") || name.contains("_Version"))
        .map(|(_, value)| value)
        .collect();
    assert_eq!(
        told,
        [
            "EXAMPLE",
            "EXAMPLE",
            "EX01",
            "corp.example.org",
            "EX01.corp.example.org",
            "example.org",
            "10.0.14393"
        ],
        "{text}"
    );
    assert!(
        matches!(
            seen[..],
            [Saw::NtlmNegotiate {
                flags: 0xa008_8207,
                ..
            }]
        ),
        "{seen:?}"
    );
}
