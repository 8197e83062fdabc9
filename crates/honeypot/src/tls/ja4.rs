//! JA4 of TLS clients, as FoxIO's technical description has it (`technical_details/JA4.md` in
//! <https://github.com/FoxIO-LLC/ja4>). JA4 alone is under a free licence; the other kinds of JA4+ are not made here.

use imker_event::TlsHello;
use sha2::{Digest, Sha256};

use super::client_hello::extension;
use super::ja3::{hex, is_grease};

/// `t13d1516h2_8daaf6152771_e5627efa2ab1`. `first_alpn` are the bytes of the first protocol, where there is one.
pub(super) fn ja4(hello: &TlsHello, first_alpn: Option<&[u8]>) -> String {
    let ciphers = without_grease(&hello.ciphers);
    let mut extensions = without_grease(&hello.extensions);
    let named = extensions.contains(&extension::SERVER_NAME);
    let head = format!(
        "t{}{}{:02}{:02}{}",
        version(hello),
        if named { 'd' } else { 'i' },
        ciphers.len().min(99),
        extensions.len().min(99),
        alpn(first_alpn),
    );
    extensions.retain(|kind| !matches!(*kind, extension::SERVER_NAME | extension::ALPN));
    let mut extensions = sorted(extensions);
    let algorithms = without_grease(&hello.signature_algorithms);
    if !extensions.is_empty() && !algorithms.is_empty() {
        extensions = format!("{extensions}_{}", list(&algorithms));
    }
    format!(
        "{head}_{}_{}",
        truncated_hash(&sorted(ciphers)),
        truncated_hash(&extensions)
    )
}

/// The highest version offered, GREASE aside.
pub(super) fn highest_version(hello: &TlsHello) -> u16 {
    let highest = without_grease(&hello.supported_versions).into_iter().max();
    highest.unwrap_or(hello.legacy_version)
}

fn version(hello: &TlsHello) -> &'static str {
    match highest_version(hello) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character; where one of them is no letter or digit, of the hexadecimal form instead.
fn alpn(first: Option<&[u8]>) -> String {
    let Some((name, (start, end))) = first.and_then(|name| Some((name, (*name.first()?, *name.last()?))))
    else {
        return "00".to_owned();
    };
    if start.is_ascii_alphanumeric() && end.is_ascii_alphanumeric() {
        return [char::from(start), char::from(end)].iter().collect();
    }
    let hex = hex(name);
    hex[..1].to_owned() + &hex[hex.len() - 1..]
}

fn without_grease(values: &[u16]) -> Vec<u16> {
    values
        .iter()
        .copied()
        .filter(|value| !is_grease(*value))
        .collect()
}

fn sorted(mut values: Vec<u16>) -> String {
    values.sort_unstable();
    list(&values)
}

fn list(values: &[u16]) -> String {
    let values: Vec<_> = values.iter().map(|value| format!("{value:04x}")).collect();
    values.join(",")
}

fn truncated_hash(text: &str) -> String {
    match text {
        "" => "000000000000".to_owned(),
        text => hex(&Sha256::digest(text)[..6]),
    }
}
