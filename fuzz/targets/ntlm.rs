//! NTLM messages and the SPNEGO tokens around them: what is read can be written, and is then read alike.
#![no_main]

use imker_ntlm::{Authenticate, Challenge, Negotiate, spnego};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let message = match spnego::Token::parse(bytes) {
        Ok(token) => {
            let _ = token.is_kerberos();
            token.ntlm().unwrap_or(bytes)
        }
        Err(_) => bytes,
    };
    if let Ok(read) = Negotiate::parse(message) {
        assert!(Negotiate::parse(&read.encode()).is_ok());
    }
    if let Ok(read) = Challenge::parse(message) {
        assert!(Challenge::parse(&read.encode()).is_ok());
    }
    if let Ok(read) = Authenticate::parse(message) {
        let line = read.hashcat([0; 8]).unwrap_or_default();
        assert!(!line.contains(['\r', '\n', '\0']));
        assert!(Authenticate::parse(&read.encode()).is_ok());
    }
});
