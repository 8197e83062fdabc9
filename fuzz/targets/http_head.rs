//! Heads of requests, and chunked bodies, in whatever pieces they arrive.
#![no_main]

use imker_honeypot::http::{Chunked, Limits, Refusal, Step, parse};
use imker_honeypot::http::parse::Framing;
use libfuzzer_sys::fuzz_target;

/// What a decoder made of a body: its bytes, whether it ended, and what remained unread.
type Decoded = Result<(Vec<u8>, bool, Vec<u8>), Refusal>;

fn decode(bytes: &[u8], step: usize) -> Decoded {
    let (mut chunked, mut buffer, mut body) = (Chunked::default(), Vec::new(), Vec::new());
    let mut pieces = bytes.chunks(step);
    loop {
        let (used, decoded) = chunked.decode(&buffer)?;
        match decoded {
            Step::Data(data) => body.extend_from_slice(data),
            Step::End => {
                buffer.drain(..used);
                buffer.extend(pieces.flatten());
                return Ok((body, true, buffer));
            }
            Step::More => {
                buffer.drain(..used);
                let Some(piece) = pieces.next() else {
                    return Ok((body, false, Vec::new()));
                };
                buffer.extend_from_slice(piece);
                continue;
            }
        }
        buffer.drain(..used);
    }
}

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let limits = Limits {
        head: 512,
        field: 200,
        ..Limits::default()
    };
    let whole = parse::head(bytes, &limits);
    // More bytes never take a refusal back, nor a complete head.
    let mut first = None;
    for end in (0..=bytes.len()).step_by(usize::from(step) + 1) {
        match parse::head(&bytes[..end], &limits) {
            Ok(None) => {}
            other => {
                first = Some(other);
                break;
            }
        }
    }
    if let Some(first) = first {
        match (&first, &whole) {
            (Ok(Some(_)), _) => assert_eq!(first, whole),
            (_, whole) => assert!(whole.is_err(), "{first:?} {whole:?}"),
        }
    }
    if let Ok(Some(head)) = &whole {
        assert!(head.length <= bytes.len());
        let rest = &bytes[head.length..];
        if head.framing == Framing::Chunked {
            let at_once = decode(rest, rest.len().max(1));
            let in_pieces = decode(rest, usize::from(step) + 1);
            match (at_once, in_pieces) {
                (Ok(one), Ok(other)) => assert_eq!(one, other),
                // Which limit is met first depends on the pieces, whether one is does not.
                (one, other) => assert_eq!(one.is_err(), other.is_err(), "{one:?} {other:?}"),
            }
        }
    }
});
