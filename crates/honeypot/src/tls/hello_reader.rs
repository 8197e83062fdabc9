//! From bytes of a socket to one handshake message.

use imker_event::TlsHello;

use super::client_hello;

/// Takes bytes as they come from the socket until they make a ClientHello, or cannot any more.
///
/// What it answers depends on the bytes alone, never on how they were split into reads.
#[derive(Debug, Default)]
pub struct HelloReader {
    received: Vec<u8>,
    message: Vec<u8>,
    /// Where in `received` the bytes begin that are not in `message` yet.
    next: usize,
    /// Bytes of the record begun that are still to come.
    record_left: usize,
}

/// Bytes that are no ClientHello which TLS could go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoHello {
    /// They begin like a request of HTTP/1.
    #[error("HTTP without TLS")]
    PlainHttp,
    /// A hello of SSL 2.0 that offers no later version.
    #[error("SSL 2.0")]
    Ssl2,
    /// They begin like nothing that TLS begins with.
    #[error("not TLS")]
    NotTls,
    /// A record of TLS, but another message or content.
    #[error("TLS without a ClientHello")]
    NotClientHello,
    /// A ClientHello over [`HelloReader::MAX_MESSAGE`], or in too many small records.
    #[error("ClientHello too long")]
    TooLong,
    /// Lengths inside the ClientHello contradict each other.
    #[error("malformed ClientHello")]
    Malformed,
}

#[derive(Clone, Copy)]
enum Format {
    Records,
    Ssl2,
}

impl HelloReader {
    /// The longest ClientHello read, in bytes. The longest ones of browsers (with a post-quantum key share) have about
    /// 2 KiB.
    pub const MAX_MESSAGE: usize = 16 * 1024;

    /// Where the last record of a ClientHello must begin.
    const MAX_RECORDS: usize = 32 * 1024;

    /// Takes the next bytes; `None` asks for more. After an answer other than that nothing more must be pushed.
    ///
    /// # Errors
    ///
    /// If the bytes cannot become a ClientHello.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<TlsHello>, NoHello> {
        self.received.extend_from_slice(bytes);
        let format = if self.next > 0 {
            Some(Format::Records)
        } else {
            format(&self.received)?
        };
        match format {
            None => Ok(None),
            Some(Format::Records) => self.records(),
            Some(Format::Ssl2) => self.ssl2(),
        }
    }

    /// All bytes pushed so far.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// All bytes pushed.
    pub fn into_received(self) -> Vec<u8> {
        self.received
    }

    /// RFC 8446, section 5.1: a message may span records.
    fn records(&mut self) -> Result<Option<TlsHello>, NoHello> {
        loop {
            let rest = &self.received[self.next..];
            if self.record_left == 0 {
                let Some(&[content, major, _, high, low]) = rest.first_chunk() else {
                    return Ok(None);
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                if content != HANDSHAKE || major != 3 || length == 0 {
                    return Err(NoHello::NotClientHello);
                }
                if self.next > Self::MAX_RECORDS || length > MAX_CIPHERTEXT {
                    return Err(NoHello::TooLong);
                }
                self.record_left = length;
                self.next += 5;
                continue;
            }
            let taken = rest.len().min(self.record_left);
            if taken == 0 {
                return Ok(None);
            }
            self.message.extend_from_slice(&rest[..taken]);
            self.next += taken;
            self.record_left -= taken;
            if self.message[0] != CLIENT_HELLO {
                return Err(NoHello::NotClientHello);
            }
            let Some(&[_, a, b, c]) = self.message.first_chunk() else {
                continue;
            };
            let whole = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
            if whole > Self::MAX_MESSAGE {
                return Err(NoHello::TooLong);
            }
            // OpenSSL handles whole records only.
            if self.record_left == 0 && self.message.len() >= whole {
                let hello = client_hello::parse(&self.message[..whole]);
                return hello.ok_or(NoHello::Malformed).map(Some);
            }
        }
    }

    /// RFC 5246, appendix E.2: length with the high bit set, then a CLIENT-HELLO of SSL 2.0 that names a later version.
    fn ssl2(&self) -> Result<Option<TlsHello>, NoHello> {
        let &[high, low, ..] = &*self.received else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high & 0x7f, low]));
        if length > Self::MAX_MESSAGE {
            return Err(NoHello::TooLong);
        }
        let Some(message) = self.received.get(2..2 + length) else {
            return Ok(None);
        };
        let hello = client_hello::parse_ssl2(message).ok_or(NoHello::Malformed)?;
        if hello.legacy_version < 0x0300 {
            Err(NoHello::Ssl2)
        } else {
            Ok(Some(hello))
        }
    }
}

const HANDSHAKE: u8 = 22;

const CLIENT_HELLO: u8 = 1;

/// The longest record that any version of TLS allows.
const MAX_CIPHERTEXT: usize = 16 * 1024 + 2048;

/// What the first bytes are; `None` where they are too few to tell.
fn format(bytes: &[u8]) -> Result<Option<Format>, NoHello> {
    match *bytes {
        [] | [20..=24] => Ok(None),
        [HANDSHAKE, 3, ..] => Ok(Some(Format::Records)),
        [20 | 21 | 23 | 24, 3, ..] => Err(NoHello::NotClientHello),
        [first, ..] if first & 0x80 != 0 => ssl2_format(bytes),
        [first, ..] if first.is_ascii_uppercase() => http(bytes),
        _ => Err(NoHello::NotTls),
    }
}

fn ssl2_format(bytes: &[u8]) -> Result<Option<Format>, NoHello> {
    match *bytes {
        [_] | [_, _] | [_, _, CLIENT_HELLO] => Ok(None),
        [_, _, CLIENT_HELLO, 0] => Ok(None),
        [_, _, CLIENT_HELLO, 3, ..] | [_, _, CLIENT_HELLO, 0, 2, ..] => Ok(Some(Format::Ssl2)),
        _ => Err(NoHello::NotTls),
    }
}

/// A method is followed by a blank. The longest that is registered is `UPDATEREDIRECTREF`.
fn http(bytes: &[u8]) -> Result<Option<Format>, NoHello> {
    const LONGEST: usize = 17;
    let in_method = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b'_';
    let length = bytes.iter().take(LONGEST + 1).take_while(in_method).count();
    match bytes.get(length) {
        _ if length > LONGEST => Err(NoHello::NotTls),
        None => Ok(None),
        Some(b' ') if length >= 3 => Err(NoHello::PlainHttp),
        Some(_) => Err(NoHello::NotTls),
    }
}
