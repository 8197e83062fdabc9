//! ClientHellos, in reads of any size: the same is read, and nothing panics.
#![no_main]

use imker_honeypot::tls::HelloReader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], u8)| {
    let (bytes, size) = input;
    let whole = HelloReader::default().push(bytes);
    let mut reader = HelloReader::default();
    let mut last = Ok(None);
    for part in bytes.chunks(usize::from(size).max(1)) {
        last = reader.push(part);
        if !matches!(last, Ok(None)) {
            break;
        }
    }
    assert_eq!(last, whole);
});
