//! Pages and headers in which builds, titles and signs of Exchange are looked for.
#![no_main]

use imker_posture::Check;
use imker_scan::ask::http::{Body, Head};
use imker_scan::ask::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<(u8, Vec<u8>)>, Vec<u8>)| {
    let (check, headers, content) = input;
    let names = ["Location", "X-OWA-Version", "X-ServerApplication", "WWW-Authenticate", "Set-Cookie", "Server", "X-Other"];
    let headers = headers
        .into_iter()
        .map(|(name, value)| (names[usize::from(name) % names.len()].to_owned(), value))
        .collect();
    let head = Head {
        status: 200,
        minor: 1,
        headers,
    };
    let body = Body {
        received: content.len() as u64,
        content,
    };
    let check = Check::ALL[usize::from(check) % Check::ALL.len()];
    let response = read(check, &head, &body);
    assert!(response.headers.len() <= 40 && response.builds.len() <= 8);
    assert!(response.headers.iter().all(|header| header.value.len() <= 512));
    assert!(response.title.is_none_or(|title| title.len() <= 256));
});
