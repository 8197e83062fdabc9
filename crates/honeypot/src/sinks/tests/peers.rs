//! Receivers on loopback.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};

use crate::sinks::{Peer, TlsSettings};

/// A certificate for `localhost`, its own authority, and its key.
pub(super) fn certificate() -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "localhost").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    builder
        .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
        .unwrap();
    let names = SubjectAlternativeName::new()
        .dns("localhost")
        .build(&builder.x509v3_context(None, None))
        .unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (builder.build(), key)
}

/// Writes certificate and key as PEM.
pub(super) fn write_pem(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (certificate, key) = certificate();
    let paths = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&paths.0, certificate.to_pem().unwrap()).unwrap();
    std::fs::write(&paths.1, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    paths
}

pub(super) fn peer(port: u16, tls: Option<TlsSettings>) -> Peer {
    Peer {
        host: "localhost".into(),
        port,
        tls,
        timeout: Duration::from_secs(5),
    }
}

/// Passes on what each connection in turn brings: as many bytes as asked for, or all up to its end; then closes it.
pub(super) fn collect(
    listener: TcpListener,
    tls: Option<SslAcceptor>,
    bytes: Vec<Option<usize>>,
) -> Receiver<Vec<u8>> {
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for bytes in bytes {
            let (tcp, _) = listener.accept().unwrap();
            let collected = match &tls {
                None => read(tcp, bytes),
                Some(acceptor) => match acceptor.accept(tcp) {
                    Ok(stream) => read(stream, bytes),
                    Err(_) => Vec::new(),
                },
            };
            sender.send(collected).unwrap();
        }
    });
    received
}

fn read(mut stream: impl Read, bytes: Option<usize>) -> Vec<u8> {
    let mut collected = vec![0; bytes.unwrap_or_default()];
    match bytes {
        Some(_) => stream.read_exact(&mut collected).unwrap(),
        None => drop(stream.read_to_end(&mut collected)),
    }
    collected
}

pub(super) fn acceptor(certificate: &Path, key: &Path) -> SslAcceptor {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder.set_certificate_chain_file(certificate).unwrap();
    builder
        .set_private_key_file(key, openssl::ssl::SslFiletype::PEM)
        .unwrap();
    builder.build()
}

pub(super) fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}
