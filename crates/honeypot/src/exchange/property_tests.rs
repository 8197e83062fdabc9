//! Whatever comes, the answer is whole and repeats nothing unescaped.

use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::{ask_over, site};
use crate::http::{Header, Request, Version, content_of};

/// Text that would show where it is repeated as it came.
const MARK: &str = "<zq>\"'\r\nSet-Cookie: zq=1";

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "/", "//", "..", "%2f", "%5c", "owa", "auth", "ecp", "Autodiscover", "autodiscover.json", "mapi", "nspi", "rpc",
            "ews", "oab", "powershell", "healthcheck.htm", "logon.aspx", "auth.owa", "aspnet_client", "x.aspx", "x.js",
            "15.1.2176", "themes/resources/", "?", "&", "=", "@example.org", "Email=", "url=", "Protocol=", "cmd=whoami",
            "%00", "%3F", "exporttool/", "a@b.org",
        ]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..8),
        1 => Just(MARK.as_bytes().to_vec()),
        1 => Just(b"%3Czq%3E%22%27%0d%0aSet-Cookie:%20zq=1".to_vec()),
    ]
}

fn pieces(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..most).prop_map(|pieces| pieces.concat())
}

fn headers() -> impl Strategy<Value = Vec<Header>> {
    let name = prop::sample::select(vec![
        "Host",
        "Cookie",
        "Accept-Language",
        "Content-Type",
        "Authorization",
        "If-None-Match",
        "X-Other",
    ]);
    let value = prop_oneof![
        pieces(6),
        prop::sample::select(vec![
            "mail.example.org",
            "X-AnonResource=true; X-AnonResource-Backend=<zq>/~3",
            "X-BEResource=a]@<zq>:444/~1",
            "Email=autodiscover/autodiscover.json?@example.org",
            "SecurityToken=x",
            "multipart/form-data; boundary=x",
            "de",
        ])
        .prop_map(|value| value.as_bytes().to_vec()),
    ];
    vec(
        (name, value).prop_map(|(name, value)| Header {
            name: name.into(),
            value,
        }),
        0..5,
    )
}

fn requests() -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec![
        "GET",
        "POST",
        "HEAD",
        "PUT",
        "OPTIONS",
        "RPC_IN_DATA",
        "get",
    ]);
    (
        method,
        pieces(8),
        proptest::option::of(pieces(8)),
        headers(),
        pieces(8),
    )
        .prop_map(|(method, path, query, headers, body)| Request {
            version: Version::Http11,
            method: method.into(),
            target: path.clone(),
            path: [b"/", &*path].concat(),
            query,
            headers,
            head: Vec::new(),
            content: content_of(&body, 0),
            body,
            complete: true,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn answers_are_whole(request in requests(), build in prop::sample::select(vec!["15.0.847.32", "15.1.2176.9", "15.2.2562.53"]), secure: bool) {
        let (response, _) = ask_over(&site(build), &request, secure);
        prop_assert!((200..=599).contains(&response.status));
        prop_assert!(!response.reason.is_empty());
        let servers = response.headers.iter().filter(|(name, _)| name == "Server").count();
        prop_assert_eq!(servers, 1);
        for (name, value) in &response.headers {
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{}", name);
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}: {:?}", name, value);
            prop_assert!(!value.contains("<zq>"), "{}: {:?}", name, value);
        }
        prop_assert!(memchr::memmem::find(&response.body, b"<zq>").is_none());
        let unique = |name: &&str| response.headers.iter().filter(|(known, _)| known == *name).count() <= 1;
        prop_assert!(["Location", "Content-Type", "X-FEServer", "request-id", "X-OWA-Version"].iter().all(unique));
    }
}
