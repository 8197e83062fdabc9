//! A server and a client of our own, which still knows the old ciphers.

use std::pin::Pin;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{Error, Ssl, SslContext, SslContextBuilder, SslMethod, SslSession, SslVersion};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::persona::{TlsVersion, Windows};
use crate::testing::socket_pair;
use crate::tls::{Accepted, TlsHost, read_hello};

/// Nothing takes that long.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn self_signed(key: &PKey<Private>) -> X509 {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "mail.example.org").unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    builder.sign(key, MessageDigest::sha256()).unwrap();
    builder.build()
}

pub(super) fn rsa_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

pub(super) fn host(windows: &Windows, key: &PKey<Private>) -> TlsHost {
    TlsHost::new(windows, &self_signed(key), key, &[]).unwrap()
}

pub(super) fn client(version: TlsVersion, ciphers: &str) -> SslContextBuilder {
    let mut client = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
    client.set_security_level(0);
    let version = match version {
        TlsVersion::Tls10 => SslVersion::TLS1,
        TlsVersion::Tls11 => SslVersion::TLS1_1,
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        TlsVersion::Tls13 => SslVersion::TLS1_3,
    };
    client.set_min_proto_version(Some(version)).unwrap();
    client.set_max_proto_version(Some(version)).unwrap();
    if version == SslVersion::TLS1_3 {
        client.set_ciphersuites(ciphers).unwrap();
    } else {
        client.set_cipher_list(&format!("{ciphers}:@SECLEVEL=0")).unwrap();
    }
    client
}

pub(super) type Server = Result<Accepted, String>;

/// Both sides of one connection; the client's is an error where its handshake failed.
pub(super) async fn meet(
    host: &TlsHost,
    client: &SslContext,
    session: Option<&SslSession>,
) -> (Server, Result<SslStream<TcpStream>, Error>) {
    let (near, far) = socket_pair().await;
    let server = async {
        let hello = read_hello(near, LIMIT).await?;
        hello.accept(host, LIMIT).await
    };
    let client = async {
        let mut ssl = Ssl::new(client).unwrap();
        if let Some(session) = session {
            #[expect(unsafe_code, reason = "a session of the same context")]
            // SAFETY: the session was made by the context that `ssl` is of.
            unsafe {
                ssl.set_session(session).unwrap();
            }
        }
        let mut stream = SslStream::new(ssl, far).unwrap();
        Pin::new(&mut stream).connect().await.map(|()| stream)
    };
    // Without its end, the client does not wait for a server that failed.
    let server = async { server.await.map_err(|failure| failure.reason.to_string()) };
    tokio::join!(server, client)
}
