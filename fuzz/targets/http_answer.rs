//! Answers of servers, in whatever pieces they arrive, and what is read of them.
#![no_main]

use imker_posture::Check;
use imker_scan::ask::http::{Body, Head, Progress, ResponseReader};
use imker_scan::ask::read;
use libfuzzer_sys::fuzz_target;

const HEAD: usize = 512;
const BODY: usize = 2048;

/// Head and body of one answer, and whether another can follow; `None` where it is refused.
fn answer<'p>(pieces: impl Iterator<Item = &'p [u8]>) -> Option<(Option<(Head, Body)>, bool)> {
    let mut reader = ResponseReader::new(HEAD, BODY);
    let mut done = false;
    for piece in pieces {
        if reader.push(piece).ok()? == Progress::Done {
            done = true;
            break;
        }
    }
    if !done {
        reader.end().ok()?;
    }
    assert!(reader.received().len() <= BODY);
    let reusable = reader.is_reusable();
    Some((reader.finish().map(|(head, body, _)| (head, body)), reusable))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = answer([bytes].into_iter());
    let in_pieces = answer(bytes.chunks(usize::from(step) + 1));
    // A piece that ends with the answer keeps the connection; of one that goes on, more is known.
    if let (Some((one, _)), Some((other, _))) = (&whole, &in_pieces) {
        assert_eq!(one, other);
    }
    if let Some((Some((head, body)), _)) = &whole {
        assert!(body.content.len() <= BODY);
        let response = read(Check::Logon, head, body);
        assert!(response.headers.len() <= 40);
    }
});
