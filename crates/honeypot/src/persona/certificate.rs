//! The certificate that a host shows: like the one that Exchange's setup makes, or the operator's own.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

use super::Persona;
use super::derive::Stream;
use crate::document::read_at_most;
use crate::{private, remedy};

/// The largest certificate or key file read, in bytes.
const MAX: u64 = 256 << 10;

/// How long Exchange's own certificates are valid: to the same day and time some years later.
const VALID_YEARS: i16 = 5;

/// The least that is left of a certificate's time when it is made here, in days.
const LEFT_DAYS: i32 = 183;

/// How long after a build servers are installed with it, in days.
const INSTALLED_DAYS: i32 = 180;

/// Where a host's certificate comes from.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum CertificateSource {
    /// Made at the first start and kept in the data folder.
    #[default]
    SelfSigned,
    /// Two files in PEM: the chain with the host's certificate first, and its key without a password.
    Pem {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A file in PKCS #12 (RFC 7292), as Windows exports it.
    Pkcs12 {
        /// The file.
        file: PathBuf,
        /// Its password.
        password: String,
    },
}

impl std::fmt::Debug for CertificateSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SelfSigned => f.write_str("SelfSigned"),
            Self::Pem { certificate, .. } => write!(f, "Pem({})", certificate.display()),
            Self::Pkcs12 { file, .. } => write!(f, "Pkcs12({})", file.display()),
        }
    }
}

/// What a host shows in a TLS handshake.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The private key.
    pub key: PKey<Private>,
    /// The host's certificate.
    pub certificate: X509,
    /// Certificates of authorities, in the order in which they are sent.
    pub chain: Vec<X509>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file could not be read or written.
    #[error("{}: {error} ({})", path.display(), remedy::of_file(error))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {what} ({remedy})", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// OpenSSL failed.
    #[error("no certificate could be made: {0}")]
    OpenSsl(#[from] ErrorStack),
}

/// The certificate that the configuration asks for. `folder` is `<data>/certificates`.
pub fn load(
    source: &CertificateSource,
    persona: &Persona,
    folder: &Path,
) -> Result<Certificate, CertificateError> {
    match source {
        CertificateSource::SelfSigned => {
            let (key, certificate) = load_or_create(persona, folder)?;
            let chain = Vec::new();
            Ok(Certificate {
                key,
                certificate,
                chain,
            })
        }
        CertificateSource::Pem { certificate, key } => pem(certificate, key),
        CertificateSource::Pkcs12 { file, password } => pkcs12(file, password),
    }
}

/// The host's self-signed certificate: the one kept in `folder`, else a new one, which is kept there from now on as
/// `<host>.<domain>.crt` and `<host>.<domain>.key` (PEM; the key readable for its owner alone). One that a host of the
/// same name with another build left, and that this build cannot have made, gives way.
pub fn load_or_create(persona: &Persona, folder: &Path) -> Result<(PKey<Private>, X509), CertificateError> {
    let (certificate_path, key_path) = paths(persona, folder);
    if let Some(kept) = kept(persona, folder)? {
        if fits(persona, &kept.certificate)? {
            return Ok((kept.key, kept.certificate));
        }
        // Or the next key might be left with it.
        fs::remove_file(&certificate_path).map_err(|error| CertificateError::File {
            path: certificate_path.clone(),
            error,
        })?;
    }
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let certificate = self_signed(persona, &key, Timestamp::now())?;
    fs::create_dir_all(folder).map_err(|error| CertificateError::File {
        path: folder.into(),
        error,
    })?;
    // The key first: a certificate without its key would stop the next start.
    write(&key_path, &key.private_key_to_pem_pkcs8()?)?;
    write(&certificate_path, &certificate.to_pem()?)?;
    Ok((key, certificate))
}

fn paths(persona: &Persona, folder: &Path) -> (PathBuf, PathBuf) {
    let name = persona.fqdn().to_ascii_lowercase();
    (
        folder.join(format!("{name}.crt")),
        folder.join(format!("{name}.key")),
    )
}

/// What an earlier start left in `folder`.
pub(crate) fn kept(persona: &Persona, folder: &Path) -> Result<Option<Certificate>, CertificateError> {
    let (certificate_path, key_path) = paths(persona, folder);
    if certificate_path.exists() && key_path.exists() {
        return pem(&certificate_path, &key_path).map(Some);
    }
    Ok(None)
}

/// Whether the certificate is no older than the build, and signed as the build signs.
fn fits(persona: &Persona, certificate: &X509) -> Result<bool, ErrorStack> {
    let released = Asn1Time::from_unix(released(persona).as_second())?;
    let signature = certificate
        .signature_algorithm()
        .object()
        .nid()
        .signature_algorithms();
    Ok(certificate.not_before() >= &*released
        && signature.is_some_and(|signature| signature.digest == digest(persona).type_()))
}

/// A certificate as setup or `New-ExchangeCertificate` makes it: CN = host, SAN = host and FQDN, RSA-2048, five years
/// (as seen by scanners of lab servers). Signed with SHA-1 up to Exchange 2013 CU12 and 2016 CU1, with SHA-256 later
/// (blog.rmilne.ca, "Exchange Self Signed SHA2 Certificates", 2016-07-20). Assumed: the extensions' order and
/// criticality, and the length of the serial number (16 bytes, as CertEnroll makes them).
fn self_signed(persona: &Persona, key: &PKey<Private>, now: Timestamp) -> Result<X509, ErrorStack> {
    let not_before = installed(persona, now);
    let seconds = not_before.as_second();
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", &persona.netbios_name)?;
    let name = name.build();
    let mut serial = [0; 16];
    openssl::rand::rand_bytes(&mut serial)?;
    // A positive number of full length.
    serial[0] = serial[0] & 0x7f | 0x10;
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(Asn1Integer::from_bn(BigNum::from_slice(&serial)?.as_ref())?.as_ref())?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_not_before(Asn1Time::from_unix(seconds)?.as_ref())?;
    builder.set_not_after(Asn1Time::from_unix(years_after(not_before, VALID_YEARS).as_second())?.as_ref())?;
    builder.set_pubkey(key)?;
    builder.append_extension(
        KeyUsage::new()
            .critical()
            .digital_signature()
            .key_encipherment()
            .build()?,
    )?;
    let alternatives = SubjectAlternativeName::new()
        .dns(&persona.netbios_name)
        .dns(&persona.fqdn())
        .build(&builder.x509v3_context(None, None))?;
    builder.append_extension(alternatives)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.sign(key, digest(persona))?;
    Ok(builder.build())
}

fn digest(persona: &Persona) -> MessageDigest {
    let [major, minor, build, _] = persona.build.0;
    let first_with_sha256 = match (major, minor) {
        (15, 0) => 1210,
        (15, 1) => 466,
        _ => 0,
    };
    if build < first_with_sha256 {
        MessageDigest::sha1()
    } else {
        MessageDigest::sha256()
    }
}

/// When the certificate was made: within half a year after the build came out, for it is what setup left on a server that
/// was installed then, or that many years later, when it had to be renewed; always so that it is valid for half a year more
/// at least. Where the one is too old by now and the other yet to come, the server was installed somewhat later.
fn installed(persona: &Persona, now: Timestamp) -> Timestamp {
    let days = |from: Timestamp, days: i32| {
        let span = SignedDuration::from_hours(24) * days;
        from.checked_add(span).unwrap_or(from)
    };
    let oldest = days(years_after(now, -VALID_YEARS), LEFT_DAYS);
    let last = days(now, -30);
    let mut made = released(persona);
    while days(made, INSTALLED_DAYS) < oldest {
        made = years_after(made, VALID_YEARS);
    }
    if made >= last && made > released(persona) {
        made = oldest;
    }
    let earliest = made.max(oldest);
    let latest = days(made, INSTALLED_DAYS).min(last).max(earliest);
    let span = latest.as_second().saturating_sub(earliest.as_second());
    let mut stream = Stream::new(&persona.derive("certificate"), "not before");
    let after = stream.below(u64::try_from(span).unwrap_or(0).max(1));
    let after = SignedDuration::from_secs(i64::try_from(after).unwrap_or(0));
    earliest.checked_add(after).unwrap_or(earliest).min(now)
}

fn released(persona: &Persona) -> Timestamp {
    let released = persona.released();
    released
        .and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The same time of the same day in another year, in UTC.
fn years_after(at: Timestamp, years: i16) -> Timestamp {
    let moved = TimeZone::UTC.to_datetime(at).checked_add(years.years());
    moved
        .and_then(|then| TimeZone::UTC.to_timestamp(then))
        .unwrap_or(at)
}

fn pem(certificate_path: &Path, key_path: &Path) -> Result<Certificate, CertificateError> {
    let wrong = |path: &Path, error: &ErrorStack, remedy: &'static str| CertificateError::Content {
        path: path.into(),
        what: format!("is not what it should be: {error}"),
        remedy,
    };
    let certificates = X509::stack_from_pem(&read(certificate_path)?)
        .map_err(|error| wrong(certificate_path, &error, "give certificates in PEM"))?;
    let key = PKey::private_key_from_pem_callback(&read(key_path)?, |_| Ok(0))
        .map_err(|error| wrong(key_path, &error, "give a key in PEM without a password"))?;
    let mut certificates = certificates.into_iter();
    let Some(certificate) = certificates.next() else {
        return Err(CertificateError::Content {
            path: certificate_path.into(),
            what: "holds no certificate".into(),
            remedy: "give certificates in PEM, the host's first",
        });
    };
    matching(key, certificate, certificates.collect(), key_path)
}

fn pkcs12(path: &Path, password: &str) -> Result<Certificate, CertificateError> {
    let wrong = |what: String| CertificateError::Content {
        path: path.into(),
        what,
        remedy: "give a PKCS #12 file with a certificate, its key and the right password",
    };
    let parsed = Pkcs12::from_der(&read(path)?)
        .and_then(|file| file.parse2(password))
        .map_err(|error| wrong(format!("cannot be opened: {error}")))?;
    let (Some(key), Some(certificate)) = (parsed.pkey, parsed.cert) else {
        return Err(wrong("lacks a certificate or a key".into()));
    };
    let chain = parsed
        .ca
        .map_or_else(Vec::new, |chain| chain.into_iter().collect());
    matching(key, certificate, chain, path)
}

fn matching(
    key: PKey<Private>,
    certificate: X509,
    chain: Vec<X509>,
    path: &Path,
) -> Result<Certificate, CertificateError> {
    if certificate.public_key()?.public_eq(&key) {
        return Ok(Certificate {
            key,
            certificate,
            chain,
        });
    }
    Err(CertificateError::Content {
        path: path.into(),
        what: "the key is not the certificate's".into(),
        remedy: "give the two that belong together",
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    read_at_most(path, MAX).map_err(|error| CertificateError::File {
        path: path.into(),
        error,
    })
}

/// Writes a file that its owner alone may read, whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), CertificateError> {
    let unfinished = path.with_extension("unfinished");
    let result = (|| {
        if unfinished.exists() {
            fs::remove_file(&unfinished)?;
        }
        let mut file = private::create_new(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    result.map_err(|error| CertificateError::File {
        path: path.into(),
        error,
    })
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
