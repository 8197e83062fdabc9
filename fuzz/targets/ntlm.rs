//! NTLM messages and the SPNEGO tokens around them: what is read can be written, and what was written is read alike.
#![no_main]

use imker_ntlm::{Authenticate, Challenge, Negotiate, spnego};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let message = match spnego::Token::parse(bytes) {
        Ok(token) => token.ntlm().unwrap_or(bytes),
        Err(_) => bytes,
    };
    if let Ok(read) = Negotiate::parse(message) {
        let written = Negotiate::parse(&read.encode()).expect("a message");
        assert_eq!((&written.domain, &written.workstation), (&read.domain, &read.workstation));
        assert_eq!(Negotiate::parse(&written.encode()), Ok(written));
    }
    if let Ok(read) = Challenge::parse(message) {
        let written = Challenge::parse(&read.encode()).expect("a message");
        assert_eq!(written.server_challenge, read.server_challenge);
        assert_eq!(Challenge::parse(&written.encode()), Ok(written));
    }
    if let Ok(read) = Authenticate::parse(message) {
        let line = read.hashcat([0; 8]).unwrap_or_default();
        assert!(!line.contains(['\r', '\n', '\0']));
        let written = Authenticate::parse(&read.encode()).expect("a message");
        assert_eq!((&written.user, &written.nt_response), (&read.user, &read.nt_response));
        assert_eq!(Authenticate::parse(&written.encode()), Ok(written));
    }
});
