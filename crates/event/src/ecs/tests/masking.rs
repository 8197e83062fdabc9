use proptest::prelude::*;

use super::examples::example;
use crate::ecs::{MASKED, Secrets, from_json, holds_secrets, mask, to_json};
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
fn what_follows_a_head() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (rest, expected) in [
        (
            "Authorization: Basic c2VjcmV0\r\n",
            "Authorization: Basic [masked]\r\n",
        ),
        ("user=a&password=b c\r\n", "user=a&password=[masked]\r\n"),
        (
            r#"{"user":"a","password":"b"}"#,
            r#"{"user":"a","password":"[masked]"}"#,
        ),
    ] {
        let (seen, ..) = masked(&[head, rest].concat(), "");
        assert_eq!(seen, [head, expected].concat());
    }
}

#[test]
fn form_parameters() {
    let (head, body, hash) = masked(
        "POST /owa/auth.owa?Password=a%26b&x=1 HTTP/1.1\r\nReferer: https://x/?pwd=abc#top\r\n\r\n",
        "destination=x&username=j.doe&p%61ssword=Summer2026!&access_token=t&flags=4",
    );
    assert_eq!(
        head,
        "POST /owa/auth.owa?Password=[masked]&x=1 HTTP/1.1\r\nReferer: https://x/?pwd=[masked]\r\n\r\n"
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
fn nothing_of_a_password_is_left_whatever_it_holds() {
    let (head, body, _) = masked(
        "GET /owa/?a=?password=Su;mm?er#20 26 HTTP/1.1\r\nCookie: a=1; cadataKey=Summer; b=2\r\n\
         X-Auth-Token: Summer 2026\r\nReferer: https://x/logon.aspx?url=https%3a%2f%2fx%2f%3fpwd%3dSummer%26c=1\r\n\r\n",
        "username=a&password=Su;mm?er#20 26&flags=4",
    );
    assert_eq!(
        head,
        "GET /owa/?a=?password=[masked] HTTP/1.1\r\nCookie: a=1; cadataKey=[masked]; b=2\r\n\
         X-Auth-Token: [masked]\r\nReferer: https://x/logon.aspx?url=https%3a%2f%2fx%2f%3fpwd%3d[masked]%26c=1\r\n\r\n"
    );
    assert_eq!(body, "username=a&password=[masked]&flags=4");
}

#[test]
fn bodies_of_other_forms() {
    for (body, expected) in [
        // EWS and Autodiscover over SOAP, with WS-Security.
        (
            "<s:Envelope><wsse:UsernameToken><wsse:Username>anna</wsse:Username>\
             <wsse:Password Type=\"http://x/#PasswordText\"><![CDATA[Su<mm>er]]></wsse:Password></wsse:UsernameToken></s:Envelope>",
            "<s:Envelope><wsse:UsernameToken><wsse:Username>anna</wsse:Username>\
             <wsse:Password Type=\"http://x/#PasswordText\">[masked]</wsse:Password></wsse:UsernameToken></s:Envelope>",
        ),
        (
            "<a><Password Type=\"a<b>c'\">Summer</Password></a>",
            "<a><Password Type=\"a<b>c'\">[masked]</Password></a>",
        ),
        (
            "<?xml version='1.0'?><Request><Add password='Sum mer' n=\"1\"/><DevicePassword>Summer",
            "<?xml version='1.0'?><Request><Add password='[masked]' n=\"1\"/><DevicePassword>[masked]",
        ),
        (
            r#"{"user":"anna","password": "Su\"mm\\","n":1,"passwords":["Su]m","mer"],"pwd":20260714,"p\u0061ss":"Summer"}"#,
            r#"{"user":"anna","password": "[masked]","n":1,"passwords":[masked],"pwd":[masked],"p\u0061ss":"[masked]"}"#,
        ),
        (
            r#"{"inner":"{\"password\":\"Sum\\\"mer\",\"n\":1}","to":"/x?token=Summer"}"#,
            r#"{"inner":"{\"password\":\"[masked]\",\"n\":1}","to":"/x?token=[masked]"}"#,
        ),
        (r#"{"password":"Sum"#, r#"{"password":"[masked]"#),
        ("{'Password' : 'Summer'}", "{'Password' : '[masked]'}"),
        (
            "user: anna\npassword: Sum mer\nn: 1",
            "user: anna\npassword: [masked]\nn: 1",
        ),
        (
            "--x\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nanna\r\n--x\r\n\
             content-disposition: form-data; name=\"Password\"\r\nContent-Type: text/plain\r\n\r\nSum\r\nmer\r\n--x--\r\n",
            "--x\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nanna\r\n--x\r\n\
             content-disposition: form-data; name=\"Password\"\r\nContent-Type: text/plain\r\n\r\n[masked]\r\n--x--\r\n",
        ),
    ] {
        let (_, masked, hash) = masked("POST / HTTP/1.1\r\n\r\n", body);
        assert_eq!(masked, expected);
        assert!(!hash);
    }
    for body in [
        "<t:Mailbox><t:EmailAddress>anna@example.org</t:EmailAddress></t:Mailbox>",
        "{\"user\":\"anna\",\"compact\":true}",
        "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"passwords.txt\"\r\n\r\ntext\r\n--x--",
        "a=1&b=2",
    ] {
        assert_eq!(masked("POST / HTTP/1.1\r\n\r\n", body).1, body);
    }
    let utf16: Vec<u8> = "\u{feff}<Password>Summer</Password>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut event = example(Kind::TlsFailed).event;
    let Saw::TlsFailed { received, .. } = &mut event.saw else {
        panic!()
    };
    *received = Blob([b"POST / HTTP/1.1\r\n\r\n", &*utf16].concat());
    mask(&mut event);
    let Saw::TlsFailed { received, .. } = event.saw else {
        panic!()
    };
    assert_eq!(
        String::from_utf8(received.0).unwrap(),
        "POST / HTTP/1.1\r\n\r\n<Password>[masked]</Password>"
    );
}

#[test]
fn activesync_commands() {
    let settings = |password: &[u8]| {
        let head = [&[3, 1, 0x6a, 0, 0, 18, 0x45, 0x54, 0x48, 0x55, 3][..], password].concat();
        Blob([&head[..], &[0, 1, 0x16, 3], b"model\0", &[1, 1, 1]].concat())
    };
    let mut event = example(Kind::WebRequest).event;
    let Saw::WebRequest(received) = &mut event.saw else {
        panic!()
    };
    received.body_start = settings(b"Summer2026!");
    mask(&mut event);
    let Saw::WebRequest(received) = event.saw else {
        panic!()
    };
    assert_eq!(received.body_start, settings(MASKED.as_bytes()));
}

#[test]
fn an_upload_that_is_a_masked_body() {
    for secret in [false, true] {
        let mut event = example(Kind::Upload).event;
        let Saw::Upload { secrets, .. } = &mut event.saw else {
            panic!()
        };
        *secrets = secret;
        mask(&mut event);
        let Saw::Upload { content, .. } = event.saw else {
            panic!()
        };
        assert_eq!(content.sha256.as_str().is_empty(), secret);
    }
    assert!(holds_secrets(b"a=1&password=Summer") && !holds_secrets(b"a=1&password="));
}

#[test]
fn an_answer_that_repeats_a_query() {
    let mut event = example(Kind::WebResponse).event;
    let Saw::WebResponse { head, body_start, .. } = &mut event.saw else {
        panic!()
    };
    *head = Blob::from(&b"HTTP/1.1 302 Found\r\nLocation: https://x/?password=Summer\r\n\r\n"[..]);
    *body_start = Blob::from(&b"<a href=\"https://x/?password=Summer\">here</a>"[..]);
    mask(&mut event);
    let Saw::WebResponse { head, body_start, .. } = event.saw else {
        panic!()
    };
    for blob in [head, body_start] {
        let text = String::from_utf8(blob.0).unwrap();
        assert!(text.contains(MASKED) && !text.contains("Summer"), "{text}");
    }
}

/// What the forms of bodies are made of.
const PIECES: [&[u8]; 22] = [
    b"password",
    b"<",
    b">",
    b"</",
    b"\"",
    b"'",
    b"\\",
    b"=",
    b":",
    b"{",
    b"}",
    b"[",
    b"&",
    b"\r\n",
    b"--",
    b" ",
    b"%3d",
    b"%",
    b"content-disposition:",
    b"name=",
    b"\xff\xfe",
    b"\x03\x01\x6a\x00\xc3",
];

proptest! {
    #[test]
    fn any_bytes_can_be_masked(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let bytes = pieces.iter().map(|piece| PIECES[*piece]).collect::<Vec<_>>().concat();
        let mut event = example(Kind::TlsFailed).event;
        event.saw = Saw::TlsFailed { reason: "none".into(), received: Blob(bytes.clone()) };
        mask(&mut event);
        let mut event = example(Kind::WebRequest).event;
        if let Saw::WebRequest(received) = &mut event.saw {
            (received.head, received.body_start) = (Blob(bytes.clone()), Blob(bytes));
        }
        mask(&mut event);
    }
}

#[test]
fn a_long_body_takes_no_longer_than_its_length() {
    for piece in [
        "content-disposition: name=\"password\"\r\n\r\n",
        "<pass",
        "<pass\"'",
        "\"pass\":{",
        "pass=",
    ] {
        let mut event = example(Kind::TlsFailed).event;
        event.saw = Saw::TlsFailed {
            reason: "none".into(),
            received: Blob(format!("A\n\n{}", piece.repeat((1 << 20) / piece.len())).into_bytes()),
        };
        let since = std::time::Instant::now();
        mask(&mut event);
        assert!(since.elapsed().as_secs() < 15, "{piece}");
    }
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
        let path = Text::from("/ews/;password=Summer2026!");
        match &mut recorded.event.saw {
            Saw::WebRequest(received) => {
                received.request.uri_stem = path;
                received.request.uri_query = Some(Text::from("password=Summer2026!"));
                received.body_start = Blob::from(&b"password=Summer2026!"[..]);
            }
            Saw::Credentials(credentials) => credentials.place = path,
            Saw::Command { script, .. } => *script = path,
            Saw::Upload { name, .. } => *name = Some(path),
            _ => {}
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
