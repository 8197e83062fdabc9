#![allow(clippy::unwrap_used)]

use imker_posture::Fault;
use proptest::prelude::*;

use super::*;

type Read = Result<(Option<(Head, Body, Option<Fault>)>, bool), Fault>;

/// Reads pieces up to the end of an answer, or of the pieces.
fn read<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Read {
    let mut reader = ResponseReader::new(2048, 4096);
    for piece in pieces {
        if reader.push(piece)? == Progress::Done {
            let reusable = reader.is_reusable();
            return Ok((reader.finish(), reusable));
        }
    }
    reader.end()?;
    Ok((reader.finish(), false))
}

fn bytes_of(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn connections_are_kept_where_both_ends_know_the_end() {
    for (head, reusable) in [
        ("HTTP/1.1 200 OK\nContent-Length: 1\n\n", true),
        ("HTTP/1.1 204 No Content\n\n", true),
        ("HTTP/1.1 304 Not Modified\nContent-Length: 99\n\n", false),
        ("HTTP/1.1 200 OK\nContent-Length: 1\nConnection: Close\n\n", false),
        ("HTTP/1.0 200 OK\nContent-Length: 1\n\n", false),
        (
            "HTTP/1.0 200 OK\nContent-Length: 1\nConnection: x, Keep-Alive\n\n",
            true,
        ),
        ("HTTP/1.1 200 OK\n\n", false),
        (
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 1\n\n1\n",
            false,
        ),
    ] {
        let mut bytes = bytes_of(head);
        if !head.contains("204") {
            bytes.push(b'x');
        }
        if head.contains("chunked") {
            bytes.extend(b"\r\n0\r\n\r\n");
        }
        assert_eq!(read([&*bytes]).unwrap().1, reusable, "{head}");
    }
}

#[test]
fn content_is_decoded_although_nobody_asked() {
    use std::io::Write as _;
    let page = b"<title>Outlook</title>".repeat(20);
    let level = flate2::Compression::default();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
    gzip.write_all(&page).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
    zlib.write_all(&page).unwrap();
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), level);
    raw.write_all(&page).unwrap();
    for (coding, body) in [
        ("gzip", gzip.finish().unwrap()),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", raw.finish().unwrap()),
        ("identity", page.clone()),
    ] {
        let head = format!(
            "HTTP/1.1 200 OK\nContent-Encoding: {coding}\nContent-Length: {}\n\n",
            body.len()
        );
        let (answer, _) = read([&*[bytes_of(&head), body.clone()].concat()]).unwrap();
        let (_, read, fault) = answer.unwrap();
        assert_eq!((fault, read.received), (None, body.len() as u64), "{coding}");
        assert_eq!(read.content, page, "{coding}");
    }
}

#[test]
fn a_body_is_cut_where_its_limit_is() {
    for head in ["HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\nContent-Length: 9999\n\n"] {
        let (answer, reusable) = read([&*[bytes_of(head), vec![b'x'; 5000]].concat()]).unwrap();
        let (_, body, fault) = answer.unwrap();
        assert_eq!(
            (body.content.len(), fault, reusable),
            (4096, None, false),
            "{head}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_way_it_is_cut_an_answer_is_the_same(
        interim in 0..3usize,
        body in prop::collection::vec(any::<u8>(), 0..300),
        framing in 0..3u8,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut bytes = bytes_of(&"HTTP/1.1 100 Continue\nX: y\n\n".repeat(interim));
        match framing {
            0 => bytes.extend(bytes_of(&format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n", body.len()))),
            1 => bytes.extend(bytes_of("HTTP/1.0 200 OK\n\n")),
            _ => bytes.extend(bytes_of(&format!("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n{:x}\n", body.len()))),
        }
        bytes.extend_from_slice(&body);
        if framing > 1 {
            bytes.extend(if body.is_empty() { &b"\r\n"[..] } else { b"\r\n0\r\n\r\n" });
        }
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        let (mut pieces, mut from) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        let whole = read([&*bytes]).unwrap();
        prop_assert_eq!(&whole.0.as_ref().unwrap().1.content, &body);
        prop_assert_eq!(read(pieces).unwrap(), whole);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), start in "(HTTP/1.1 200 OK\r\n)?(Content-Length: 5\r\n|Transfer-Encoding: chunked\r\n)?(\r\n)?") {
        let _ = read([&*[start.as_bytes(), &bytes].concat()]);
    }
}
