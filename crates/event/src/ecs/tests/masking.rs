use super::examples::example;
use crate::ecs::{Secrets, from_json, mask, to_json};
use crate::{Blob, Kind, Saw, Text};

/// The head and the body of a request, masked, and whether the body's hash is still there.
fn masked(head: &str, body: &str) -> (String, String, bool) {
    let mut event = example(Kind::WebRequest).event;
    let Saw::WebRequest(received) = &mut event.saw else {
        panic!()
    };
    (received.head, received.body_start) = (head.as_bytes().into(), body.as_bytes().into());
    mask(&mut event);
    let Saw::WebRequest(received) = event.saw else {
        panic!()
    };
    let text = |blob: Blob| String::from_utf8(blob.0).unwrap();
    (
        text(received.head),
        text(received.body_start),
        !received.body.sha256.as_str().is_empty(),
    )
}

#[test]
fn headers_with_credentials() {
    let (head, body, hash) = masked(
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAUTHORIZATION : Basic c2VjcmV0\r\n  c2VjcmV0\r\n\tc2VjcmV0\r\nProxy-Authorization:c2VjcmV0\r\nX: y\r\n\r\n",
        "no form",
    );
    assert_eq!(
        head,
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAUTHORIZATION : Basic [masked]\r\nProxy-Authorization:[masked]\r\nX: y\r\n\r\n"
    );
    assert_eq!((body.as_str(), hash), ("no form", true));
}

#[test]
fn form_parameters() {
    let (head, body, hash) = masked(
        "POST /owa/auth.owa?Password=a%26b&x=1 HTTP/1.1\r\nReferer: https://x/?pwd=abc#top\r\n\r\n",
        "destination=x&username=j.doe&p%61ssword=Summer2026!&access_token=t&flags=4",
    );
    assert_eq!(
        head,
        "POST /owa/auth.owa?Password=[masked]&x=1 HTTP/1.1\r\nReferer: https://x/?pwd=[masked]#top\r\n\r\n"
    );
    assert_eq!(
        body,
        "destination=x&username=j.doe&p%61ssword=[masked]&access_token=[masked]&flags=4"
    );
    assert!(
        !hash,
        "whoever knows the form could try passwords against the hash"
    );
}

#[test]
fn no_secret_of_any_kind_leaves() {
    let mut lines = String::new();
    for kind in Kind::ALL {
        let mut recorded = example(*kind);
        if let Saw::TlsFailed { received, .. }
        | Saw::WebRequestRefused { received, .. }
        | Saw::WebRequestContinued { head: received } = &mut recorded.event.saw
        {
            *received = Blob::from(&b"GET / HTTP/1.1\r\nAuthorization: Bearer Summer2026!\r\n\r\n"[..]);
        }
        if let Saw::WebRequest(received) = &mut recorded.event.saw {
            received.request.uri_query = Some(Text::from("password=Summer2026!"));
            received.body_start = Blob::from(&b"password=Summer2026!"[..]);
        }
        let line = to_json(&recorded, None, Secrets::Masked).unwrap();
        let read = from_json(line.as_bytes()).unwrap().recorded;
        assert_eq!((read.id(), read.event.kind()), (recorded.id(), *kind));
        lines += &line;
        // Base64 of heads and bodies, decoded.
        lines += &format!("{:?}", read.event.saw);
    }
    assert!(!lines.contains("Summer2026!"));
    assert!(!lines.contains("NTLMSSP"));
}
