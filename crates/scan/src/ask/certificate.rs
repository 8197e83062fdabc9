use std::fmt::Write as _;
use std::net::IpAddr;

use imker_posture::Certificate;
use jiff::Timestamp;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::{GeneralNameRef, X509NameRef, X509Ref};

use super::read::text;

/// Alternative names that are kept.
const NAMES: usize = 32;
/// Bytes of a name that are kept.
const NAME: usize = 255;

/// What a certificate says.
pub(super) fn describe(certificate: &X509Ref) -> Option<Certificate> {
    let digest = certificate.digest(MessageDigest::sha256()).ok()?;
    let alternative = certificate.subject_alt_names();
    let (subject, issuer) = (certificate.subject_name(), certificate.issuer_name());
    Some(Certificate {
        subject: common_name(subject),
        issuer: common_name(issuer),
        names: alternative
            .iter()
            .flatten()
            .filter_map(general_name)
            .take(NAMES)
            .collect(),
        not_before: time(certificate.not_before()),
        not_after: time(certificate.not_after()),
        self_signed: subject.try_cmp(issuer).is_ok_and(|order| order.is_eq()),
        sha256: digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
    })
}

/// The common name, or the whole name where there is none.
fn common_name(name: &X509NameRef) -> String {
    if let Some(entry) = name.entries_by_nid(Nid::COMMONNAME).next() {
        return value(entry);
    }
    let mut whole = String::new();
    for entry in name.entries().take(NAMES) {
        let kind = entry.object().nid().short_name().unwrap_or("?");
        let separator = if whole.is_empty() { "" } else { ", " };
        let _ = write!(whole, "{separator}{kind}={}", value(entry));
    }
    text(whole.as_bytes(), NAME)
}

fn value(entry: &openssl::x509::X509NameEntryRef) -> String {
    let data = entry.data();
    match data.to_string() {
        Ok(value) => text(value.as_bytes(), NAME),
        Err(_) => text(data.as_slice(), NAME),
    }
}

fn general_name(name: &GeneralNameRef) -> Option<String> {
    let address = |bytes: &[u8]| {
        let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
    };
    match (name.dnsname(), name.ipaddress()) {
        (Some(name), _) => Some(text(name.as_bytes(), NAME)),
        (None, Some(bytes)) => address(bytes).map(|address| address.to_string()),
        (None, None) => None,
    }
}

fn time(time: &Asn1TimeRef) -> Option<Timestamp> {
    let since = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    Timestamp::from_second(i64::from(since.days) * 86_400 + i64::from(since.secs)).ok()
}
