//! What is answered and recorded, message by message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imker_event::{Credentials, Saw, Scheme, Secret};
use imker_ntlm::{Authenticate, AvId, Challenge, Flags, Negotiate, NtResponse, spnego};

use super::*;

const TYPE_1: &str = "TlRMTVNTUAABAAAAB4IIAAAAAAAAAAAAAAAAAAAAAAA=";

fn sent(decision: &Decision) -> Vec<&Credentials> {
    let credentials = decision.saw.iter().filter_map(|saw| match saw {
        Saw::Credentials(credentials) => Some(credentials),
        _ => None,
    });
    credentials.collect()
}

/// `name|domain|secret|own` of the only credentials recorded.
fn told(decision: &Decision) -> String {
    let [sent] = sent(decision)[..] else {
        panic!("{:?}", decision.saw);
    };
    let secret = sent.secret.as_ref().map_or("-", |Secret(text)| text.as_str());
    let domain = sent.domain.as_ref().map_or("-", |domain| domain.as_str());
    let own = if sent.own_domain { "own" } else { "" };
    format!("{}|{domain}|{secret}|{own}", sent.username)
}

#[test]
fn each_directory_offers_its_schemes_in_order() {
    for (schemes, expected) in [
        (Schemes::EWS, "Negotiate, NTLM"),
        (Schemes::RPC, "Negotiate, NTLM, Basic realm=\"mail.example.org\""),
        (Schemes::ACTIVE_SYNC, "Basic realm=\"mail.example.org\""),
        (Schemes::POWERSHELL, ""),
    ] {
        let decision = ask(schemes, &mut State::default(), &["Host: mail.example.org:443"]);
        assert_eq!(
            lines(&decision).join(", ").replace("WWW-Authenticate: ", ""),
            expected
        );
        assert_eq!((decision.step, decision.substatus), (Step::Asked, 2));
        assert!(decision.saw.is_empty());
    }
}

#[test]
fn the_realm_is_a_host_or_the_servers_address() {
    for host in ["Host: a\"b", "Host: ", "X: y"] {
        let decision = ask(Schemes::ACTIVE_SYNC, &mut State::default(), &[host]);
        assert_eq!(lines(&decision), ["WWW-Authenticate: Basic realm=\"10.20.0.11\""]);
    }
}

fn token_of(decision: &Decision, scheme: &str) -> Vec<u8> {
    let (_, value) = decision.windows.first().unwrap();
    let token = value.strip_prefix(scheme).unwrap().trim_start();
    STANDARD.decode(token).unwrap()
}

#[test]
fn a_type_1_gets_the_personas_challenge_and_a_type_3_is_captured() {
    let mut state = State::default();
    let decision = ask(
        Schemes::AUTODISCOVER,
        &mut state,
        &[&format!("Authorization: ntlm {TYPE_1}"), "Host: h"],
    );
    assert_eq!(decision.step, Step::Continue);
    let names: Vec<String> = lines(&decision)[1..].to_vec();
    assert_eq!(
        names,
        [
            "WWW-Authenticate: Negotiate",
            "WWW-Authenticate: Basic realm=\"h\""
        ]
    );
    let challenge = Challenge::parse(&token_of(&decision, "NTLM")).unwrap();
    assert_eq!(challenge.flags, Flags(0x0289_8205));
    assert_eq!(challenge.version.unwrap().to_string(), "10.0.14393");
    let pairs = &challenge.target_info;
    let text = |id| pairs.text(id).unwrap();
    assert_eq!(
        pairs.0.iter().map(|pair| pair.id.0).collect::<Vec<_>>(),
        [2, 1, 4, 3, 5, 7]
    );
    assert_eq!(text(AvId::DNS_COMPUTER_NAME), "EX01.corp.example.org");
    assert_eq!(text(AvId::DNS_TREE_NAME), "example.org");
    // 2021-08-12T10:15:00Z as FILETIME.
    assert_eq!(pairs.timestamp(), Some(132_732_369_000_000_000));
    assert!(matches!(
        &decision.saw[..],
        [Saw::NtlmNegotiate {
            flags: 0x0008_8207,
            ..
        }]
    ));

    let type_3 = Authenticate {
        flags: challenge.flags,
        domain: "EXAMPLE".into(),
        user: "anna".into(),
        workstation: "PC7".into(),
        lm_response: Vec::new(),
        nt_response: NtResponse::V1([0x11; 24]),
        session_key: Vec::new(),
        version: None,
        mic: None,
    };
    let header = format!("Authorization: NTLM {}", STANDARD.encode(type_3.encode()));
    let refused = ask(Schemes::AUTODISCOVER, &mut state, &[&header, "Host: h"]);
    assert_eq!(refused.step, Step::Refused);
    assert_eq!(
        lines(&refused),
        [
            "WWW-Authenticate: Negotiate",
            "WWW-Authenticate: NTLM",
            "WWW-Authenticate: Basic realm=\"h\""
        ]
    );
    let hex: String = challenge
        .server_challenge
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        told(&refused),
        format!("anna|EXAMPLE|anna::EXAMPLE::{}:{hex}|own", "11".repeat(24))
    );
    let Saw::NtlmAuthenticate(seen) = &refused.saw[0] else {
        panic!("{:?}", refused.saw)
    };
    assert_eq!(seen.challenge.as_ref().unwrap().as_str(), hex);

    // The challenge is used up: the same message again answers none.
    let again = ask(Schemes::AUTODISCOVER, &mut state, &[&header]);
    assert_eq!(told(&again), "anna|EXAMPLE|-|own");
}

#[test]
fn challenges_differ() {
    let header = format!("Authorization: NTLM {TYPE_1}");
    let mut seen = std::collections::BTreeSet::new();
    let mut state = State::default();
    for _ in 0..100 {
        let decision = ask(Schemes::EWS, &mut state, &[&header]);
        seen.insert(
            Challenge::parse(&token_of(&decision, "NTLM"))
                .unwrap()
                .server_challenge,
        );
    }
    assert_eq!(seen.len(), 100);
    // No bit is the same in all of them.
    let all = seen.iter().map(|nonce| u64::from_le_bytes(*nonce));
    let (ones, zeros) = all.fold((0, 0), |(ones, zeros), nonce| (ones | nonce, zeros | !nonce));
    assert_eq!((ones, zeros), (u64::MAX, u64::MAX));
}

#[test]
fn negotiate_is_answered_as_it_is_wrapped() {
    let bare = ask(
        Schemes::EWS,
        &mut State::default(),
        &[&format!("Authorization: Negotiate {TYPE_1}")],
    );
    assert!(Challenge::parse(&token_of(&bare, "Negotiate")).is_ok());
    assert_eq!(bare.windows[1].1, "NTLM");

    let type_1 = STANDARD.decode(TYPE_1).unwrap();
    let init = STANDARD.encode(spnego::init(&type_1));
    let wrapped = ask(
        Schemes::EWS,
        &mut State::default(),
        &[&format!("Authorization: Negotiate {init}")],
    );
    let token = token_of(&wrapped, "Negotiate");
    let spnego::Token::Response { state, message, .. } = spnego::Token::parse(&token).unwrap() else {
        panic!("no response");
    };
    assert_eq!(state, Some(spnego::State::AcceptIncomplete));
    assert!(Challenge::parse(message.unwrap()).is_ok());
}

#[test]
fn kerberos_and_garbage_are_kept_as_sent() {
    // An AP-REQ's frame with nothing in it.
    let kerberos = STANDARD.encode(b"\x60\x0d\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00");
    for (header, scheme, expected) in [
        (
            format!("Negotiate {kerberos}"),
            Scheme::Kerberos,
            kerberos.clone(),
        ),
        ("Negotiate !!".into(), Scheme::Kerberos, "!!".into()),
        ("Negotiate AAAA".into(), Scheme::Kerberos, "AAAA".into()),
        ("NTLM AAAA".into(), Scheme::Ntlm, "AAAA".into()),
        (
            "NTLM TlRMTVNTUAADAAAA".into(),
            Scheme::Ntlm,
            "TlRMTVNTUAADAAAA".into(),
        ),
    ] {
        let decision = ask(
            Schemes::EWS,
            &mut State::default(),
            &[&format!("Authorization: {header}")],
        );
        assert_eq!(decision.step, Step::Refused, "{header}");
        assert_eq!(sent(&decision)[0].scheme, scheme, "{header}");
        assert_eq!(
            told(&decision),
            format!("||{expected}|").replacen("||", "|-|", 1),
            "{header}"
        );
    }
}

#[test]
fn basic_is_captured_in_every_form() {
    for (token, expected) in [
        (
            STANDARD.encode("EXAMPLE\\anna:s3:cret"),
            "EXAMPLE\\anna|EXAMPLE|s3:cret|own",
        ),
        (
            STANDARD.encode("anna@Mail.Example.org:x"),
            "anna@Mail.Example.org|Mail.Example.org|x|own",
        ),
        (
            STANDARD.encode("anna@notexample.org:x"),
            "anna@notexample.org|notexample.org|x|",
        ),
        (STANDARD.encode(b"j\xf6rg:\xe4"), "jörg|-|ä|"),
        (STANDARD.encode("jörg:ä"), "jörg|-|ä|"),
        (STANDARD.encode("anna"), "|-|anna|"),
        (STANDARD.encode("anna:").replace('=', ""), "anna|-||"),
        ("no base64!".into(), "|-|no base64!|"),
        (
            "anna@example.org:Passw0rd!".into(),
            "anna@example.org|example.org|Passw0rd!|own",
        ),
        ("YTpi*".into(), "|-|YTpi*|"),
        ("YTpi:".into(), "|-|YTpi:|"),
    ] {
        let decision = ask(
            Schemes::ACTIVE_SYNC,
            &mut State::default(),
            &[&format!("Authorization: Basic {token}"), "Host: h"],
        );
        assert_eq!(told(&decision), expected);
        assert_eq!((decision.step, decision.substatus), (Step::Refused, 1));
        assert_eq!(lines(&decision), ["WWW-Authenticate: Basic realm=\"h\""]);
    }
}

#[test]
fn what_is_not_accepted_is_recorded_but_not_answered() {
    let mut state = State::default();
    let basic = ask(Schemes::EWS, &mut state, &["Authorization: Basic YTpi"]);
    assert_eq!((basic.step, told(&basic).as_str()), (Step::Asked, "a|-|b|"));
    let ntlm = ask(
        Schemes::ACTIVE_SYNC,
        &mut state,
        &[&format!("Authorization: NTLM {TYPE_1}"), "Host: h"],
    );
    assert_eq!(lines(&ntlm), ["WWW-Authenticate: Basic realm=\"h\""]);
    assert!(state.challenge.is_none(), "a challenge that was never sent");
    let read = Negotiate::parse(&STANDARD.decode(TYPE_1).unwrap()).unwrap();
    assert!(matches!(&ntlm.saw[..], [Saw::NtlmNegotiate { flags, .. }] if *flags == read.flags.0));
    let other = ask(
        Schemes::EWS,
        &mut state,
        &["Authorization: Digest username=\"a\""],
    );
    assert_eq!((other.step, other.saw.len()), (Step::Asked, 0));
}

#[test]
fn oauth_is_explained_to_who_tries_it() {
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"{"upn":"anna@example.org"}"#);
    let jwt = format!("e30.{payload}.");
    let answers: Vec<_> = [
        (Schemes::ACTIVE_SYNC, "Bearer".to_owned()),
        (Schemes::EWS, "Bearer".to_owned()),
        (Schemes::EWS, "Bearer abc".to_owned()),
        (Schemes::EWS, format!("Bearer {jwt}")),
        (Schemes::RPC, "Bearer abc".to_owned()),
    ]
    .into_iter()
    .map(|(schemes, header)| {
        let header = format!("Authorization: {header}");
        let decision = ask(schemes, &mut State::default(), &[&header, "Host: h"]);
        let sent = decision.saw.first().map(|_| told(&decision));
        (header, decision.step, sent, lines(&decision))
    })
    .collect();
    insta::assert_debug_snapshot!(answers);
}
