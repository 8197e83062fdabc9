//! Frames of HTTP/2 with their header blocks, in whatever pieces they arrive: the same is passed on and the same is read.
#![no_main]

use imker_honeypot::http::{Broken, Fields, Frames};
use libfuzzer_sys::fuzz_target;

/// What is passed on, and the fields of all streams.
fn read(bytes: &[u8], step: usize) -> Result<(Vec<u8>, Vec<Fields>), Broken> {
    let (mut frames, mut out) = (Frames::new(1024), Vec::new());
    frames.push(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &mut out)?;
    for piece in bytes.chunks(step) {
        frames.push(piece, &mut out)?;
    }
    Ok((out, frames.passed_over(None)))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(read(bytes, usize::from(step) + 1), whole);
    if let Ok((out, fields)) = whole {
        assert!(out.len() <= 24 + 2 * bytes.len());
        for fields in fields {
            let size: usize = fields.list.iter().map(|field| field.name.len() + field.value.len()).sum();
            assert!(size <= 1024);
        }
    }
});
