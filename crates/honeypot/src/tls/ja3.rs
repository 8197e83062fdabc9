//! JA3, as <https://github.com/salesforce/ja3> describes it.

use std::fmt::{Display, Write};

use imker_event::TlsHello;
use openssl::hash::{MessageDigest, hash as digest};

/// `SSLVersion,Cipher,SSLExtension,EllipticCurve,EllipticCurvePointFormat` in decimal numbers, GREASE left out.
pub(super) fn text(hello: &TlsHello) -> String {
    let mut text = hello.legacy_version.to_string();
    for list in [&hello.ciphers, &hello.extensions, &hello.groups] {
        text.push(',');
        append(&mut text, list.iter().filter(|value| !is_grease(**value)));
    }
    text.push(',');
    append(&mut text, &hello.point_formats);
    text
}

/// MD5 of the text in hex.
pub(super) fn hash(text: &str) -> String {
    // MD5 fails only where OpenSSL runs without its default provider.
    digest(MessageDigest::md5(), text.as_bytes())
        .map(|md5| hex(&md5))
        .unwrap_or_default()
}

/// Values that clients make up so that servers learn to ignore what they do not know (RFC 8701).
pub(super) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn append(text: &mut String, values: impl IntoIterator<Item = impl Display>) {
    for (i, value) in values.into_iter().enumerate() {
        if i > 0 {
            text.push('-');
        }
        let _ = write!(text, "{value}");
    }
}
