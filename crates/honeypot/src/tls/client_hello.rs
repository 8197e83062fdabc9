//! The fields of a ClientHello.

use imker_event::{Blob, Text, TlsHello};

use super::{ja3, ja4};

/// More protocols are not listed; `raw` has them.
const MAX_ALPN: usize = 64;

/// Reads a ClientHello (RFC 8446, section 4.1.2; the same since TLS 1.0) with its handshake header.
///
/// Strict about the frame, as every TLS library is; an extension whose content is malformed is listed by its type only,
/// for the library to judge.
pub(super) fn parse(message: &[u8]) -> Option<TlsHello> {
    let mut rest = Bytes(message.get(4..)?);
    let legacy_version = rest.u16()?;
    rest.take(32)?;
    rest.vector8()?;
    let ciphers = rest.vector16()?;
    if ciphers.0.len() % 2 != 0 {
        return None;
    }
    rest.vector8()?;
    let mut hello = TlsHello {
        legacy_version,
        ciphers: ciphers.u16s(),
        raw: Blob(message.to_vec()),
        ..TlsHello::default()
    };
    let mut first_alpn = None;
    if !rest.0.is_empty() {
        let mut extensions = rest.vector16()?;
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let content = extensions.vector16()?;
            hello.extensions.push(kind);
            if kind == extension::ALPN {
                first_alpn = first_alpn.or_else(|| alpn(content)?.next());
            }
            let _ = read_extension(&mut hello, kind, content);
        }
        if !rest.0.is_empty() {
            return None;
        }
    }
    Some(with_fingerprints(hello, first_alpn))
}

/// Reads a CLIENT-HELLO in the format of SSL 2.0 (RFC 6101, appendix E), without its length.
///
/// Cipher kinds of SSL 2.0 itself, three bytes long, have no place in the list; `raw` has them.
pub(super) fn parse_ssl2(message: &[u8]) -> Option<TlsHello> {
    let mut rest = Bytes(message.get(1..)?);
    let legacy_version = rest.u16()?;
    let (ciphers, session, challenge) = (rest.u16()?, rest.u16()?, rest.u16()?);
    let ciphers = rest.take(ciphers.into())?;
    rest.take(session.into())?;
    rest.take(challenge.into())?;
    if ciphers.0.len() % 3 != 0 {
        return None;
    }
    let of_tls = |kind: &[u8; 3]| (kind[0] == 0).then(|| u16::from_be_bytes([kind[1], kind[2]]));
    let (kinds, _) = ciphers.0.as_chunks();
    let hello = TlsHello {
        legacy_version,
        ciphers: kinds.iter().filter_map(of_tls).collect(),
        raw: Blob(message.to_vec()),
        ..TlsHello::default()
    };
    Some(with_fingerprints(hello, None))
}

fn with_fingerprints(mut hello: TlsHello, first_alpn: Option<&[u8]>) -> TlsHello {
    let ja3 = ja3::text(&hello);
    hello.ja3 = Text::from(&*ja3::hash(&ja3));
    hello.ja3_full = Text::from(&*ja3);
    hello.ja4 = Text::from(&*ja4::ja4(&hello, first_alpn));
    hello
}

/// Types of extensions by IANA's registry.
pub(super) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const SUPPORTED_GROUPS: u16 = 10;
    pub(crate) const EC_POINT_FORMATS: u16 = 11;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
}

fn read_extension(hello: &mut TlsHello, kind: u16, mut content: Bytes<'_>) -> Option<()> {
    match kind {
        extension::SERVER_NAME if hello.server_name.is_none() => hello.server_name = server_name(content),
        extension::SUPPORTED_GROUPS => hello.groups = content.vector16()?.u16s(),
        extension::EC_POINT_FORMATS => hello.point_formats = content.vector8()?.0.to_vec(),
        extension::SIGNATURE_ALGORITHMS => hello.signature_algorithms = content.vector16()?.u16s(),
        extension::SUPPORTED_VERSIONS => hello.supported_versions = content.vector8()?.u16s(),
        extension::ALPN => hello.alpn = alpn(content)?.take(MAX_ALPN).map(Text::from_bytes).collect(),
        _ => {}
    }
    Some(())
}

/// The first name of type `host_name` (RFC 6066, section 3).
fn server_name(mut content: Bytes<'_>) -> Option<Text> {
    let mut names = content.vector16()?;
    loop {
        let kind = names.u8()?;
        let name = names.vector16()?;
        if kind == 0 {
            return Some(Text::from_bytes(name.0));
        }
    }
}

/// Protocol names (RFC 7301, section 3.1), up to the first that is cut off.
fn alpn(mut content: Bytes<'_>) -> Option<impl Iterator<Item = &[u8]>> {
    let mut names = content.vector16()?;
    Some(std::iter::from_fn(move || names.vector8().map(|name| name.0)))
}

/// Bytes yet to be read, with TLS's presentation of vectors (RFC 8446, section 3.4).
#[derive(Clone, Copy)]
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, length: usize) -> Option<Self> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Self(taken))
    }

    fn u8(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn vector8(&mut self) -> Option<Self> {
        let length = self.u8()?;
        self.take(length.into())
    }

    fn vector16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.take(length.into())
    }

    fn u16s(self) -> Vec<u16> {
        let (pairs, _) = self.0.as_chunks();
        pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
    }
}
