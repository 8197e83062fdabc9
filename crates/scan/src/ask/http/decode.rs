use std::io::Read;

use imker_posture::{Fault, FaultKind};

use super::{Head, fault};

/// The body without its content coding (RFC 9110, section 8.4): some servers compress although nobody asked. At most
/// `limit` bytes; the rest is not decoded.
///
/// # Errors
/// With what could be decoded up to there.
pub(super) fn decode(
    head: &Head,
    body: Vec<u8>,
    limit: usize,
    cut: bool,
) -> Result<Vec<u8>, (Vec<u8>, Fault)> {
    let mut codings = head
        .elements("content-encoding")
        .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    let Some(coding) = codings.next().filter(|_| !body.is_empty()) else {
        return Ok(body);
    };
    if codings.next().is_some() {
        return Err((Vec::new(), fault(FaultKind::BadBody, "encoded more than once")));
    }
    let (decoded, error) = match coding.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => inflate(flate2_of::gzip(&body), limit),
        // Some send what RFC 1950 frames, others RFC 1951 alone.
        b"deflate" if is_zlib(&body) => inflate(flate2_of::zlib(&body), limit),
        b"deflate" => inflate(flate2_of::raw(&body), limit),
        _ => {
            return Err((
                Vec::new(),
                fault(FaultKind::BadBody, "a coding that nobody asked for"),
            ));
        }
    };
    match error {
        // What was cut cannot end well.
        Some(error) if !cut => Err((decoded, fault(FaultKind::BadBody, &error.to_string()))),
        _ => Ok(decoded),
    }
}

fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

fn inflate(decoder: impl Read, limit: usize) -> (Vec<u8>, Option<std::io::Error>) {
    let mut decoded = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    let read = decoder.take(limit as u64).read_to_end(&mut decoded);
    (decoded, read.err())
}

#[expect(
    clippy::disallowed_methods,
    reason = "`inflate` reads `limit` bytes of them at most"
)]
mod flate2_of {
    use std::io::Read;

    use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

    pub(super) fn gzip(body: &[u8]) -> impl Read {
        GzDecoder::new(body)
    }

    pub(super) fn zlib(body: &[u8]) -> impl Read {
        ZlibDecoder::new(body)
    }

    pub(super) fn raw(body: &[u8]) -> impl Read {
        DeflateDecoder::new(body)
    }
}
