//! Keys of the farm's certificates.

use std::fs;
use std::path::Path;

use clap::ValueEnum;
use imker_honeypot::persona::certificate::CertificateSource;
use miette::{IntoDiagnostic, Result};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509Name};

/// With what handshakes are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Key {
    /// As Exchange's setup makes it: the farm signs for most of its time
    Rsa2048,
    /// At a small part of that price, so that more of the machine is left to what asks
    EcdsaP256,
}

impl Key {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa2048",
            Self::EcdsaP256 => "ecdsa-p256",
        }
    }

    /// Where all hosts have their certificates from; what there is to keep is kept in the folder.
    pub fn source(self, folder: &Path) -> Result<CertificateSource> {
        match self {
            Self::Rsa2048 => Ok(CertificateSource::SelfSigned),
            Self::EcdsaP256 => {
                let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
                let (certificate_pem, key_pem) = ecdsa().into_diagnostic()?;
                fs::write(&certificate, certificate_pem).into_diagnostic()?;
                fs::write(&key, key_pem).into_diagnostic()?;
                Ok(CertificateSource::Pem { certificate, key })
            }
        }
    }
}

/// A certificate that signed itself, and its key, in PEM.
fn ecdsa() -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", "mail.example.org")?;
    let name = name.build();
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    certificate.set_subject_name(&name)?;
    certificate.set_issuer_name(&name)?;
    certificate.set_pubkey(&key)?;
    certificate.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    certificate.set_not_after(&*Asn1Time::days_from_now(365)?)?;
    certificate.sign(&key, MessageDigest::sha256())?;
    Ok((certificate.build().to_pem()?, key.private_key_to_pem_pkcs8()?))
}
