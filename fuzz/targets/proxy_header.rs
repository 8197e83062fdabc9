//! PROXY protocol headers, and `X-Forwarded-For`.
#![no_main]

use imker_honeypot::connection::{client_of, parse_proxy_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = parse_proxy_header(bytes);
    if let Ok(Some(header)) = whole {
        assert!(header.length <= bytes.len());
        // What follows the header has no part in it, and nothing less than it is enough.
        assert_eq!(parse_proxy_header(&bytes[..header.length]), whole);
        assert_eq!(parse_proxy_header(&bytes[..header.length - 1]), Ok(None));
    }
    for end in 0..bytes.len().min(300) {
        if parse_proxy_header(&bytes[..end]).is_err() {
            assert!(whole.is_err());
        }
    }
    let trusted = ["0.0.0.0/0".parse().expect("a network"), "::/0".parse().expect("a network")];
    let peer = [192, 0, 2, 1].into();
    client_of(peer, bytes.split(|byte| *byte == b'\n'), &trusted);
    assert_eq!(client_of(peer, [bytes].into_iter(), &[]), peer);
});
