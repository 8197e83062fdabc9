//! The published examples: [MS-NLMP] section 4.2 (user `User` of `Domain`, password `Password`) and the tokens of
//! RFC 4178's wrapping.
#![allow(clippy::unwrap_used)]

use imker_ntlm::{
    Authenticate, AvId, Challenge, Flags, MessageType, Negotiate, NtResponse, Version, message_type, spnego,
};

const SERVER_CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

/// 4.2.2.3, 4.2.3.3 and 4.2.4.3.
const CHALLENGES: [&str; 3] = [
    "4e544c4d53535000020000000c000c0038000000338202e20123456789abcdef0000000000000000000000000000000006007017\
     0000000f530065007200760065007200",
    "4e544c4d53535000020000000c000c003800000033820a820123456789abcdef0000000000000000000000000000000006007017\
     0000000f530065007200760065007200",
    "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef0000000000000000240024004400000006007017\
     0000000f53006500720076006500720002000c0044006f006d00610069006e0001000c0053006500720076006500720000000000",
];

const AUTHENTICATES: [&str; 3] = [
    "4e544c4d5353500003000000180018006c00000018001800840000000c000c00480000000800080054000000100010005c000000\
     100010009c000000358280e20501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400\
     4500520098def7b87f88aa5dafe2df779688a172def11c7d5ccdef1367c43011f30298a2ad35ece64f16331c44bdbed927841f94\
     518822b1b3f350c8958682ecbb3e3cb7",
    "4e544c4d5353500003000000180018006c00000018001800840000000c000c00480000000800080054000000100010005c000000\
     000000009c000000358208820501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400\
     45005200aaaaaaaaaaaaaaaa000000000000000000000000000000007537f803ae367128ca458204bde7caf81e97ed2683267232",
    "4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000100010005c000000\
     10001000d8000000358288e20501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400\
     4500520086c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa68cd0ab851e51c96aabc927bebef6a1c0101000000000000\
     0000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c00530065007200760065007200\
     0000000000000000c5dad2544fc9799094ce1ce90bc9d03e",
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn challenges_are_read_and_written_back() {
    for hex in CHALLENGES {
        let message = bytes(hex);
        assert_eq!(message_type(&message), Some(MessageType::Challenge));
        let challenge = Challenge::parse(&message).unwrap();
        assert_eq!(challenge.target_name, "Server");
        assert_eq!(challenge.server_challenge, SERVER_CHALLENGE);
        assert_eq!(challenge.version, Some(Version::new(6, 0, 6000)));
        assert_eq!(challenge.encode(), message, "{hex}");
    }
    let names = Challenge::parse(&bytes(CHALLENGES[2])).unwrap().target_info;
    assert_eq!(names.text(AvId::NB_DOMAIN_NAME).as_deref(), Some("Domain"));
    assert_eq!(names.text(AvId::NB_COMPUTER_NAME).as_deref(), Some("Server"));
}

#[test]
fn authenticates_are_read_and_written_back() {
    let read: Vec<Authenticate> = AUTHENTICATES
        .iter()
        .map(|hex| {
            let message = bytes(hex);
            let read = Authenticate::parse(&message).unwrap();
            assert_eq!(read.encode(), message, "{hex}");
            read
        })
        .collect();
    insta::assert_debug_snapshot!(read);
}

#[test]
fn responses_come_in_hashcats_forms() {
    let lines: Vec<String> = AUTHENTICATES
        .iter()
        .filter_map(|hex| {
            Authenticate::parse(&bytes(hex))
                .unwrap()
                .hashcat(SERVER_CHALLENGE)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_hostile_name_stays_on_its_line() {
    let mut read = Authenticate::parse(&bytes(AUTHENTICATES[2])).unwrap();
    read.user = "a\nb".into();
    let line = read.hashcat(SERVER_CHALLENGE).unwrap();
    assert!(line.starts_with("a\u{fffd}b::Domain:"), "{line}");
    read.nt_response = NtResponse::None;
    assert_eq!(read.hashcat(SERVER_CHALLENGE), None);
}

/// What curl and nmap's http-ntlm-info send first.
#[test]
fn negotiates_of_common_clients() {
    for (hex, flags) in [
        (
            "4e544c4d53535000010000000782080000000000000000000000000000000000",
            0x0008_8207,
        ),
        ("4e544c4d535350000100000007820800", 0x0008_8207),
        (
            "4e544c4d5353500001000000078208a000000000000000000000000000000000",
            0xa008_8207,
        ),
    ] {
        let read = Negotiate::parse(&bytes(hex)).unwrap();
        assert_eq!(
            read,
            Negotiate {
                flags: Flags(flags),
                domain: None,
                workstation: None,
                version: None
            },
            "{hex}"
        );
    }
    let named = Negotiate {
        flags: Flags(0x0008_b207 | Flags::VERSION.0),
        domain: Some("EXAMPLE".into()),
        workstation: Some("PC7".into()),
        version: Some(Version::new(10, 0, 19041)),
    };
    assert_eq!(Negotiate::parse(&named.encode()).unwrap(), named);
}

/// The tokens as Windows writes them, length by length.
#[test]
fn spnego_tokens() {
    let ntlm = bytes("4e544c4d535350000100000007820800");
    let init = spnego::init(&ntlm);
    assert_eq!(
        init,
        bytes(
            "6030 06062b0601050502 a026 3024 a00e300c060a2b06010401823702020a a212 0410
             4e544c4d535350000100000007820800"
        )
    );
    let token = spnego::Token::parse(&init).unwrap();
    assert_eq!(token.ntlm(), Some(&*ntlm));

    let challenge = bytes(CHALLENGES[0]);
    let response = spnego::challenge(Some(&challenge));
    assert!(response.starts_with(&bytes(
        "a15d 305b a0030a0101 a10c060a2b06010401823702020a a246 0444"
    )));
    let spnego::Token::Response {
        state,
        mechanism,
        message,
    } = spnego::Token::parse(&response).unwrap()
    else {
        panic!("no response");
    };
    assert_eq!(state, Some(spnego::State::AcceptIncomplete));
    assert_eq!(mechanism, Some(spnego::Mechanism::Ntlm));
    assert_eq!(message, Some(&*challenge));

    let bare = spnego::Token::parse(&ntlm).unwrap();
    assert_eq!(bare, spnego::Token::Bare(spnego::Mechanism::Ntlm, &ntlm));
    let kerberos = bytes("600f 06092a864886f712010202 0100 6e00");
    let token = spnego::Token::parse(&kerberos).unwrap();
    assert_eq!(token.ntlm(), None);
    assert!(matches!(
        token,
        spnego::Token::Bare(spnego::Mechanism::Kerberos, _)
    ));
}
