//! NTLM's challenge in `WWW-Authenticate`, bare or within SPNEGO: what it names is bounded.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imker_posture::Check;
use imker_scan::ask::http::{Body, Head};
use imker_scan::ask::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &[u8])| {
    let (negotiate, token) = input;
    let scheme = if negotiate { "Negotiate" } else { "NTLM" };
    let value = format!("{scheme} {}", STANDARD.encode(token));
    let head = Head {
        status: 401,
        minor: 1,
        headers: vec![("WWW-Authenticate".into(), value.into_bytes())],
    };
    if let Some(names) = read(Check::Ntlm, &head, &Body::default()).ntlm {
        let all = [names.netbios_domain, names.netbios_computer, names.dns_domain, names.dns_computer, names.dns_forest];
        assert!(all.into_iter().flatten().all(|name| !name.is_empty() && name.len() <= 255));
    }
});
