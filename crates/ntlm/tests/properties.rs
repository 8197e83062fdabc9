//! For any bytes: nothing panics; for any message: what is written is read back.

#![allow(clippy::unwrap_used)]

use imker_ntlm::{
    Authenticate, AvId, AvPair, AvPairs, Challenge, Flags, Negotiate, NtResponse, Version, spnego,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Bytes, often with a message's beginning.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let starts = prop_oneof![
        Just(b"".to_vec()),
        Just(b"NTLMSSP\0\x01\0\0\0".to_vec()),
        Just(b"NTLMSSP\0\x02\0\0\0".to_vec()),
        Just(b"NTLMSSP\0\x03\0\0\0".to_vec()),
        Just(b"\x60\x30\x06\x06\x2b\x06\x01\x05\x05\x02\xa0".to_vec()),
        Just(b"\xa1\x20\x30\x1e".to_vec()),
    ];
    (starts, vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..300))
        .prop_map(|(start, rest)| [start, rest].concat())
}

fn version() -> impl Strategy<Value = Version> {
    (any::<u8>(), any::<u8>(), any::<u16>())
        .prop_map(|(major, minor, build)| Version::new(major, minor, build))
}

fn with_version(flags: u32, version: Option<Version>) -> Flags {
    match version {
        Some(_) => Flags(flags | Flags::VERSION.0),
        None => Flags(flags & !Flags::VERSION.0),
    }
}

fn pairs() -> impl Strategy<Value = AvPairs> {
    let pair = (1_u16..12, vec(any::<u8>(), 0..40)).prop_map(|(id, value)| AvPair { id: AvId(id), value });
    vec(pair, 0..12).prop_map(AvPairs)
}

proptest! {
    #[test]
    fn nothing_panics(bytes in hostile()) {
        let _ = Negotiate::parse(&bytes);
        let _ = Challenge::parse(&bytes);
        if let Ok(read) = Authenticate::parse(&bytes) {
            let _ = read.hashcat([0; 8]);
        }
        let _ = AvPairs::parse(&bytes);
        if let Ok(token) = spnego::Token::parse(&bytes) {
            let _ = token.ntlm();
        }
    }

    #[test]
    fn what_is_read_can_be_written_and_is_read_alike(bytes in hostile()) {
        if let Ok(read) = Negotiate::parse(&bytes) {
            let written = Negotiate::parse(&read.encode()).unwrap();
            prop_assert_eq!((&written.domain, &written.workstation), (&read.domain, &read.workstation));
            prop_assert_eq!(Negotiate::parse(&written.encode()), Ok(written));
        }
        if let Ok(read) = Challenge::parse(&bytes) {
            let written = Challenge::parse(&read.encode()).unwrap();
            prop_assert_eq!(written.server_challenge, read.server_challenge);
            prop_assert_eq!(Challenge::parse(&written.encode()), Ok(written));
        }
        if let Ok(read) = Authenticate::parse(&bytes) {
            let written = Authenticate::parse(&read.encode()).unwrap();
            prop_assert_eq!((&written.user, &written.nt_response), (&read.user, &read.nt_response));
            prop_assert_eq!(Authenticate::parse(&written.encode()), Ok(written));
        }
    }

    #[test]
    fn a_negotiate_is_read_back(
        flags: u32,
        domain in option::of("[A-Z0-9]{0,15}"),
        workstation in option::of("[A-Z0-9]{0,15}"),
        version in option::of(version()),
    ) {
        let written = Negotiate { flags: Flags(flags), domain, workstation, version };
        let read = Negotiate::parse(&written.encode());
        let flags = read.as_ref().map(|read| read.flags).unwrap_or_default();
        prop_assert_eq!(read, Ok(Negotiate { flags, ..written }));
    }

    #[test]
    fn a_challenge_is_read_back(
        flags: u32,
        target_name in "[A-Za-z]{0,20}",
        server_challenge: [u8; 8],
        pairs in pairs(),
        version in option::of(version()),
    ) {
        let flags = with_version(flags, version);
        let target_info = if flags.has(Flags::TARGET_INFO) { pairs } else { AvPairs::default() };
        let written = Challenge { flags, target_name, server_challenge, target_info, version };
        prop_assert_eq!(Challenge::parse(&written.encode()), Ok(written));
    }

    #[test]
    fn an_authenticate_is_read_back(
        flags: u32,
        names: [String; 3],
        lm_response in vec(any::<u8>(), 0..30),
        response in prop_oneof![vec(any::<u8>(), 0..30), vec(any::<u8>(), 44..200)],
        session_key in vec(any::<u8>(), 0..17),
        version in option::of(version()),
        mic in option::of(any::<[u8; 16]>()),
    ) {
        let flags = with_version(flags | Flags::UNICODE.0, version);
        let [domain, user, workstation] = names;
        // The only way to write the response: as one of the kinds that its bytes are.
        let nt_response = match response.len() {
            0 => NtResponse::None,
            24 => NtResponse::V1(response.try_into().unwrap_or([0; 24])),
            44.. => {
                let mut proof = [0; 16];
                proof.copy_from_slice(&response[..16]);
                NtResponse::V2 { proof, blob: response[16..].to_vec(), client: None }
            }
            _ => NtResponse::Other(response),
        };
        let empty = domain.is_empty() && user.is_empty() && workstation.is_empty()
            && lm_response.is_empty() && nt_response == NtResponse::None && session_key.is_empty();
        let written = Authenticate {
            flags, domain, user, workstation, lm_response, nt_response, session_key, version, mic,
        };
        let mut read = Authenticate::parse(&written.encode());
        if let Ok(Authenticate { nt_response: NtResponse::V2 { client, .. }, .. }) = &mut read {
            *client = None;
        }
        prop_assume!(!empty);
        prop_assert_eq!(read, Ok(written));
    }

    #[test]
    fn a_token_is_read_back(
        // Around the places where DER's length grows by a byte.
        length in prop_oneof![0_usize..300, 65_400_usize..65_600],
        fill: u8,
    ) {
        let message = vec![fill; length];
        let message = [b"NTLMSSP\0\x01\0\0\0".to_vec(), message].concat();
        for token in [spnego::init(&message), spnego::challenge(Some(&message)), spnego::authenticate(&message)] {
            let read = spnego::Token::parse(&token);
            prop_assert_eq!(read.as_ref().ok().and_then(spnego::Token::ntlm), Some(&*message));
        }
    }
}
