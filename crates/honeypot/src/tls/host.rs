use std::sync::OnceLock;
use std::time::Duration;

use openssl::bn::BigNum;
use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::pkey::{PKeyRef, Private};
use openssl::provider::Provider;
use openssl::ssl::{
    AlpnError, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef, SslSessionCacheMode,
    SslVersion, select_next_proto,
};
use openssl::x509::{X509, X509Ref};

use crate::persona::{TlsVersion, Windows};

/// TLS as a Windows plays it, with one certificate.
#[derive(Clone)]
pub struct TlsHost {
    pub(super) context: SslContext,
    pub(super) handshake: Duration,
}

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsHostError {
    /// The provider of the old ciphers is not in this build.
    #[error(
        "OpenSSL's provider `{0}` is missing: build with openssl-src's features `legacy` and `weak-crypto`: {1}"
    )]
    Provider(&'static str, ErrorStack),
    /// Certificate and key do not belong together, or OpenSSL refuses them.
    #[error("the certificate cannot be used: {0}; give a certificate and its key in PEM form")]
    Certificate(ErrorStack),
    /// OpenSSL does not know what the Windows demands.
    #[error("{0} cannot be played: {1}")]
    Windows(&'static str, ErrorStack),
}

/// How long a handshake may take where nothing else is said: as long as HTTP.sys gives a silent connection
/// (`connectionTimeout`).
const HANDSHAKE: Duration = Duration::from_secs(120);

/// Sessions that are kept for resumption, for each host. OpenSSL's own default, and Schannel's for all of a server, is 20
/// times 1024; a sensor plays hundreds of hosts, and whoever shakes hands often enough fills them all.
const SESSIONS: i32 = 256;

/// `SSL_OP_NO_ENCRYPT_THEN_MAC`, which the bindings do not name.
const NO_ENCRYPT_THEN_MAC: SslOptions = SslOptions::from_bits_retain(1 << 19);

impl TlsHost {
    /// TLS as `windows` plays it. `chain` are the certificates between the host's and a root, which is not sent.
    ///
    /// Assumptions about Schannel and HTTP.sys:
    /// - Sessions up to TLS 1.2 are resumed by their ID; session tickets (RFC 5077), in Server 2012 R2 and later, need a
    ///   key that an administrator made. TLS 1.3 sends one ticket.
    /// - DHE primes are those of RFC 2409 and RFC 3526.
    /// - encrypt-then-MAC (RFC 7366) is not answered; a client cannot renegotiate.
    /// - Without HTTP/2, HTTP.sys does not answer ALPN.
    ///
    /// # Errors
    ///
    /// If OpenSSL lacks a cipher suite or refuses the certificate.
    pub fn new(
        windows: &Windows,
        certificate: &X509Ref,
        key: &PKeyRef<Private>,
        chain: &[X509],
    ) -> Result<Self, TlsHostError> {
        load_providers()?;
        let played = |error| TlsHostError::Windows(windows.name, error);
        let mut builder = SslContextBuilder::new(SslMethod::tls_server()).map_err(played)?;
        play(&mut builder, windows).map_err(played)?;
        present(&mut builder, certificate, key, chain).map_err(TlsHostError::Certificate)?;
        Ok(Self {
            context: builder.build(),
            handshake: HANDSHAKE,
        })
    }

    /// The same with another limit on the handshake, ClientHello included.
    #[must_use]
    pub fn with_handshake_limit(mut self, limit: Duration) -> Self {
        self.handshake = limit;
        self
    }
}

fn play(builder: &mut SslContextBuilder, windows: &Windows) -> Result<(), ErrorStack> {
    builder.set_security_level(0);
    builder.set_min_proto_version(windows.tls.first().copied().map(version))?;
    builder.set_max_proto_version(windows.tls.last().copied().map(version))?;
    builder.set_cipher_list(&windows.ciphers.join(":"))?;
    if !windows.ciphers_tls13.is_empty() {
        builder.set_ciphersuites(&windows.ciphers_tls13.join(":"))?;
    }
    builder.set_groups_list(&windows.groups.join(":"))?;
    let prime = match windows.dhe_bits {
        0..2048 => BigNum::get_rfc2409_prime_1024()?,
        _ => BigNum::get_rfc3526_prime_2048()?,
    };
    builder.set_tmp_dh(&*Dh::from_pqg(prime, None, BigNum::from_u32(2)?)?)?;
    builder.set_options(
        SslOptions::CIPHER_SERVER_PREFERENCE
            | SslOptions::NO_COMPRESSION
            | SslOptions::NO_TICKET
            | SslOptions::NO_RENEGOTIATION
            | NO_ENCRYPT_THEN_MAC
            // Most scripts close TCP alone: no more than the end of a client.
            | SslOptions::IGNORE_UNEXPECTED_EOF,
    );
    builder.set_mode(
        SslMode::RELEASE_BUFFERS | SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER,
    );
    builder.set_session_cache_mode(SslSessionCacheMode::SERVER);
    builder.set_session_cache_size(SESSIONS);
    builder.set_session_id_context(b"https")?;
    builder.set_num_tickets(1)?;
    if windows.http2 {
        builder.set_alpn_select_callback(|ssl, offered| select_alpn(ssl, offered).ok_or(AlpnError::NOACK));
    }
    Ok(())
}

fn present(
    builder: &mut SslContextBuilder,
    certificate: &X509Ref,
    key: &PKeyRef<Private>,
    chain: &[X509],
) -> Result<(), ErrorStack> {
    builder.set_certificate(certificate)?;
    builder.set_private_key(key)?;
    builder.check_private_key()?;
    for above in chain {
        builder.add_extra_chain_cert(above.clone())?;
    }
    Ok(())
}

/// HTTP/2 needs TLS 1.2 (RFC 9113, section 9.2).
fn select_alpn<'o>(ssl: &SslRef, offered: &'o [u8]) -> Option<&'o [u8]> {
    let old = matches!(ssl.version2(), Some(SslVersion::TLS1 | SslVersion::TLS1_1));
    let known: &[u8] = if old {
        b"\x08http/1.1"
    } else {
        b"\x02h2\x08http/1.1"
    };
    select_next_proto(known, offered)
}

fn version(version: TlsVersion) -> SslVersion {
    match version {
        TlsVersion::Tls10 => SslVersion::TLS1,
        TlsVersion::Tls11 => SslVersion::TLS1_1,
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        TlsVersion::Tls13 => SslVersion::TLS1_3,
    }
}

/// RC4 is in the provider `legacy`, which nothing loads by itself; and once one is loaded, the default one must be too.
/// Both stay loaded while the process lives.
fn load_providers() -> Result<(), TlsHostError> {
    static LOADED: OnceLock<[Provider; 2]> = OnceLock::new();
    if LOADED.get().is_none() {
        let load = |name| Provider::load(None, name).map_err(|error| TlsHostError::Provider(name, error));
        // Where two threads come here at once, the providers of one are unloaded, which only lowers a count.
        let _ = LOADED.set([load("default")?, load("legacy")?]);
    }
    Ok(())
}
