use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use imker_event::ecs::{Secrets, from_json};
use openssl::hash::{MessageDigest, hash};

use super::events::opened;
use super::peers::{listen, peer};
use crate::sinks::{HpfeedsSettings, HpfeedsSink, Sink};

fn read_message(stream: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 5];
    stream.read_exact(&mut header).ok()?;
    let length = u32::from_be_bytes(header[..4].try_into().unwrap());
    let mut body = vec![0; length as usize - 5];
    stream.read_exact(&mut body).ok()?;
    Some((header[4], body))
}

fn write_message(stream: &mut impl Write, opcode: u8, body: &[u8]) {
    let length = u32::try_from(body.len() + 5).unwrap().to_be_bytes();
    // Byte by byte: no reader may count on whole messages.
    for byte in [&length[..], &[opcode], body].concat() {
        stream.write_all(&[byte]).unwrap();
    }
}

fn split(body: &[u8]) -> (String, &[u8]) {
    let (text, rest) = body[1..].split_at(usize::from(body[0]));
    (String::from_utf8(text.to_vec()).unwrap(), rest)
}

/// A broker, written after the protocol's description: it takes so many publications on each connection in turn.
fn broker(listener: TcpListener, takes: Vec<usize>) -> Receiver<u64> {
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for takes in takes {
            let (mut stream, _) = listener.accept().unwrap();
            write_message(&mut stream, 1, b"\x06brokern\x00nce");
            let (opcode, body) = read_message(&mut stream).unwrap();
            let (ident, digest) = split(&body);
            let expected = hash(MessageDigest::sha1(), b"n\x00ncesecret").unwrap();
            if (opcode, ident.as_str(), digest) != (2, "ident", &*expected) {
                write_message(&mut stream, 0, b"accessfail");
                std::thread::sleep(Duration::from_millis(300));
                continue;
            }
            for _ in 0..takes {
                let Some((opcode, body)) = read_message(&mut stream) else {
                    break;
                };
                let (ident, rest) = split(&body);
                let (channel, document) = split(rest);
                assert_eq!(
                    (opcode, ident.as_str(), channel.as_str()),
                    (3, "ident", "imker.events")
                );
                sender
                    .send(from_json(document).unwrap().recorded.sequence)
                    .unwrap();
            }
        }
    });
    received
}

fn settings(port: u16, secret: &str) -> HpfeedsSettings {
    HpfeedsSettings {
        peer: peer(port, None),
        ident: "ident".into(),
        secret: secret.into(),
        channel: "imker.events".into(),
        secrets: Secrets::Masked,
    }
}

#[test]
fn documents_are_published_and_again_after_a_broken_connection() {
    let (listener, port) = listen();
    let received = broker(listener, vec![2, usize::MAX]);
    let mut sink = HpfeedsSink::new(settings(port, "secret"), None);
    let events = opened(6);
    sink.deliver(&events[..2]).unwrap();
    assert_eq!([received.recv().unwrap(), received.recv().unwrap()], [1, 2]);
    std::thread::sleep(Duration::from_millis(100));
    sink.deliver(&events[2..4]).unwrap();
    sink.deliver(&events[4..]).unwrap();
    drop(sink);
    assert_eq!(received.iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_wrong_secret_is_told_with_the_next_batch_and_nothing_is_lost_by_it() {
    let (listener, port) = listen();
    let received = broker(listener, vec![0, usize::MAX]);
    let mut sink = HpfeedsSink::new(settings(port, "wrong"), None);
    // The broker has not answered yet: hpfeeds has no word for "accepted".
    sink.deliver(&opened(1)).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let error = sink.deliver(&opened(2)[1..]).unwrap_err();
    assert!(error.retryable && error.message.contains("accessfail"), "{error}");
    sink.change_secret("secret");
    sink.deliver(&opened(2)[1..]).unwrap();
    drop(sink);
    assert_eq!(received.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn whoever_does_not_speak_hpfeeds_is_told() {
    for greeting in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\0\0\0\x06\x03\0",
        b"\0\0\0\x06\x01\x09",
        b"\xff\xff\xff\xff\x01",
        b"",
    ] {
        let (listener, port) = listen();
        let answer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(greeting).unwrap();
        });
        let error = HpfeedsSink::new(settings(port, "secret"), None)
            .deliver(&opened(1))
            .unwrap_err();
        assert!(error.retryable, "{error}");
        answer.join().unwrap();
    }
}
