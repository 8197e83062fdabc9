#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    head(bytes, &Limits::default())
}

fn whole(bytes: &[u8]) -> Head {
    read(bytes).unwrap().unwrap()
}

#[test]
fn order_case_and_repetition_of_headers_are_kept() {
    let bytes = b"\r\nGet /Owa/?a=%zz HTTP/1.1\r\nhOST: ex\r\nX-b:  1 \r\nx-B:2\r\nCookie: a;b\r\n\r\nrest";
    let head = whole(bytes);
    assert_eq!(head.length, bytes.len() - 4);
    let request = head.request;
    assert_eq!(
        (&*request.method, &*request.path),
        (b"Get".as_slice(), b"/Owa/".as_slice())
    );
    assert_eq!(request.query.as_deref(), Some(b"a=%zz".as_slice()));
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|header| (&*header.name, &*header.value))
        .collect();
    let expected: [(&[u8], &[u8]); 4] = [
        (b"hOST", b"ex"),
        (b"X-b", b"1"),
        (b"x-B", b"2"),
        (b"Cookie", b"a;b"),
    ];
    assert_eq!(headers, expected);
}

#[test]
fn refusals() {
    let long = "a".repeat(300);
    for (refusal, text) in [
        (Refusal::Verb, "JRMI\0\x02K"),
        (Refusal::Verb, "\x16\x03\x01"),
        (Refusal::Verb, "HELP\r\n"),
        (Refusal::Verb, " GET / HTTP/1.1\r\n"),
        (Refusal::Verb, &long),
        (Refusal::Url, "GET owa HTTP/1.1\r\n"),
        (Refusal::Url, "CONNECT example.org:443 HTTP/1.1\r\n"),
        (Refusal::Url, "GET /\x01 HTTP/1.1\r\n"),
        (Refusal::Url, "GET /% HTTP/1.1\r\nHost: a\r\n\r\n"),
        (Refusal::Url, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
        (Refusal::Url, "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"),
        (Refusal::Url, "GET /%u0000 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (Refusal::Url, "GET /%u004 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (Refusal::Url, &format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")),
        (Refusal::BadRequest, "GET /\r\n"),
        (Refusal::BadRequest, "OPTIONS / RTSP/1.0\r\n\r\n"),
        (Refusal::BadRequest, "GET / HTTP/1\r\n"),
        (Refusal::BadRequest, "GET / HTTP/0.9\r\n"),
        (Refusal::Version, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (Refusal::Header, "GET / HTTP/1.1\r\nA b: c\r\n"),
        (Refusal::Header, "GET / HTTP/1.1\r\n: c\r\n"),
        (Refusal::Header, "GET / HTTP/1.1\r\nA: \0\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\n\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        (Refusal::Hostname, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        (Refusal::LengthRequired, "POST / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            Refusal::Number,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        ),
        (
            Refusal::Number,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ),
        (
            Refusal::Number,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ),
        (
            Refusal::NotImplemented,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        ),
        (
            Refusal::BadRequest,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
    ] {
        assert_eq!(read(text.as_bytes()), Err(refusal), "{}", text.escape_debug());
    }
}

#[test]
fn accepted() {
    for (path, text) in [
        ("*", "OPTIONS * HTTP/1.0\r\n\r\n"),
        ("/", "GET http://a HTTP/1.1\r\n\r\n"),
        ("/b", "GET HTTPS://a:1/b?c HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
        ("/%u0041", "GET /%u0041 HTTP/1.1\nhost: a\n\n"),
        ("/\u{e4}", "MKCOL  /\u{e4}  HTTP/1.7\r\nhost: a.b-c_d:\r\n\r\n"),
    ] {
        let head = whole(text.as_bytes());
        assert_eq!(
            (head.request.path.as_slice(), head.length),
            (path.as_bytes(), text.len())
        );
    }
}

#[test]
fn more_is_asked_for_until_the_empty_line() {
    let text = b"POST /a?b HTTP/1.1\r\nHost: c\r\nContent-Length: 3\r\n\r\n";
    for end in 0..text.len() {
        assert_eq!(read(&text[..end]), Ok(None), "{end}");
    }
    assert_eq!(whole(text).framing, Framing::Length(3));
}

#[test]
fn what_is_too_long() {
    let url = [b"GET /?".as_slice(), &vec![b'a'; 16 * 1024]].concat();
    assert_eq!(read(&url), Err(Refusal::UrlLength));
    let many = [
        b"GET / HTTP/1.1\r\nHost: a\r\n".as_slice(),
        &b"X: y\r\n".repeat(4000),
    ]
    .concat();
    assert_eq!(read(&many), Err(Refusal::RequestLength));
    let breaks = b"\r\n".repeat(10_000);
    assert_eq!(read(&breaks), Err(Refusal::UrlLength));
    let fits = [
        b"GET / HTTP/1.1\r\nHost: a\r\n".as_slice(),
        &b"X: y\r\n".repeat(2000),
        b"\r\n",
    ]
    .concat();
    assert_eq!(whole(&fits).request.headers.len(), 2001);
    let small = Limits {
        field: 10,
        ..Limits::default()
    };
    assert_eq!(
        head(b"GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789\r\n\r\n", &small),
        Err(Refusal::FieldLength)
    );
}

#[test]
fn when_the_connection_stays_and_when_the_client_waits() {
    for (keeps, waits, text) in [
        (true, false, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            false,
            false,
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n",
        ),
        (false, false, "GET / HTTP/1.0\r\n\r\n"),
        (true, false, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        (
            true,
            true,
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n",
        ),
        (
            true,
            false,
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
        ),
    ] {
        let head = whole(text.as_bytes());
        assert_eq!((head.keep_alive, head.expects_continue), (keeps, waits), "{text}");
    }
}

proptest! {
    #[test]
    fn where_a_head_goes_on_nothing_is_to_be_read(bytes in "\r?\n?GET /[a%20?]{0,4} HTTP/1\\.1\r?\n?([:aX \t\u{0}\u{7f}\u{e4}]{0,6}\r?\n?){0,4}", limit in 20..60_usize) {
        let limits = Limits { head: limit, ..Limits::default() };
        let bytes = bytes.as_bytes();
        for seen in 1..bytes.len() {
            if head(&bytes[..seen], &limits) != Ok(None) {
                break;
            }
            for end in seen + 1..=bytes.len() {
                if goes_on(&bytes[..end], seen, &limits) {
                    prop_assert_eq!(head(&bytes[..end], &limits), Ok(None));
                }
            }
        }
    }

    #[test]
    fn a_prefix_is_never_refused_if_the_whole_is_not(bytes in "(GET|P\u{0}?OST) /[a%20?]{0,4} HTTP/1\\.[01]\r\n(Host: [a:1]{0,3}\r\n){0,2}(X ?: b\r\n)?\r\n") {
        if read(bytes.as_bytes()).is_ok() {
            for end in 0..bytes.len() {
                prop_assert!(read(&bytes.as_bytes()[..end]).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }
}
