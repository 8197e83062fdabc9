use std::pin::Pin;
use std::sync::OnceLock;

use imker_posture::{Fault, FaultKind, Tls, TlsVersion};
use openssl::error::ErrorStack;
use openssl::provider::Provider;
use openssl::ssl::{
    self, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::certificate;
use super::fault;

/// Versions that OpenSSL speaks. SSL 3.0 is not among them: it is left out when OpenSSL is built.
pub(super) const VERSIONS: [TlsVersion; 4] = [
    TlsVersion::Tls10,
    TlsVersion::Tls11,
    TlsVersion::Tls12,
    TlsVersion::Tls13,
];

/// Suites up to TLS 1.2: all that a Windows since 2003 speaks, the better ones first. What no Exchange has, such as
/// pre-shared keys or Camellia, is left out to keep the ClientHello short.
const SUITES: &str = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:kRSA+AESGCM:ECDHE+AES:DHE+AES:kRSA+AES:ECDHE+3DES:\
                      DHE+3DES:kRSA+3DES:ECDHE+RC4:kRSA+RC4:!PSK:!SRP:!aNULL:!eNULL:!AESCCM";

/// Groups that every Windows since 2008 has one of, and that cost little: a server of Exchange 2019 that prefers P-384 makes
/// both sides calculate twenty times as long.
const CHEAP_GROUPS: &str = "P-256:X25519";
/// All that a Windows has. The first is the one whose key share is sent.
const GROUPS: &str = "P-256:X25519:P-384:P-521";

/// `SSL_OP_LEGACY_SERVER_CONNECT`, which the bindings do not name: servers that lack RFC 5746.
const LEGACY_SERVER_CONNECT: SslOptions = SslOptions::from_bits_retain(1 << 2);

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The provider of the old ciphers is not in this build.
    #[error(
        "OpenSSL's provider `{0}` is missing: build with openssl-src's features `legacy` and `weak-crypto`: {1}"
    )]
    Provider(&'static str, ErrorStack),
    /// OpenSSL lacks something else.
    #[error("OpenSSL cannot speak as old servers do: {0}")]
    Context(#[from] ErrorStack),
}

/// What a client offers of versions and groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Up to TLS 1.2, and the groups that cost little: what every Exchange server takes, for it cannot do without TLS 1.2
    /// (Microsoft, "Exchange Server TLS configuration best practices"), and nothing that an old one might stumble over.
    Common,
    /// All versions and all groups.
    All,
    /// One version alone.
    Only(TlsVersion),
}

/// What all handshakes share.
pub(super) struct Contexts {
    common: SslContext,
    all: SslContext,
    each: [SslContext; VERSIONS.len()],
}

impl Contexts {
    pub(super) fn new() -> Result<Self, TlsError> {
        load_providers()?;
        let [oldest, .., newest] = VERSIONS;
        let [tls10, tls11, tls12, tls13] = VERSIONS.map(|version| context(version, version, GROUPS));
        Ok(Self {
            common: context(oldest, TlsVersion::Tls12, CHEAP_GROUPS)?,
            all: context(oldest, newest, GROUPS)?,
            each: [tls10?, tls11?, tls12?, tls13?],
        })
    }
}

/// Any certificate is good enough: it is looked at, not believed. Sessions are not resumed, and buffers live only while
/// something is in them: there are thousands of connections.
fn context(oldest: TlsVersion, newest: TlsVersion, groups: &str) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
    builder.set_security_level(0);
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_min_proto_version(Some(number(oldest)))?;
    builder.set_max_proto_version(Some(number(newest)))?;
    builder.set_cipher_list(SUITES)?;
    builder.set_groups_list(groups)?;
    builder.set_options(
        SslOptions::NO_TICKET
            | SslOptions::NO_COMPRESSION
            // IIS renegotiates where a directory takes client certificates; there is nothing to protect here.
            | SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION
            // Schannel and most scripts close TCP alone.
            | SslOptions::IGNORE_UNEXPECTED_EOF
            | LEGACY_SERVER_CONNECT,
    );
    builder.set_mode(
        SslMode::RELEASE_BUFFERS | SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER,
    );
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    // One call to the system for whatever has come, not two for each record.
    builder.set_read_ahead(true);
    Ok(builder.build())
}

/// Why there is no TLS session.
pub(super) enum NoTls {
    /// What answered was no TLS: perhaps plain HTTP.
    NotTls(Fault),
    /// Anything else.
    Failed(Fault),
}

impl NoTls {
    /// Whether a server that speaks TLS refused what it was offered: by an alert, or without a word.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::NotTls(_) => false,
            Self::Failed(fault) => {
                matches!(fault.kind, FaultKind::Tls | FaultKind::Reset | FaultKind::Closed)
            }
        }
    }

    pub(super) fn fault(self) -> Fault {
        match self {
            Self::NotTls(fault) | Self::Failed(fault) => fault,
        }
    }
}

impl Contexts {
    /// A session over a connection. Whoever calls limits its time.
    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        name: Option<&str>,
        offer: Offer,
    ) -> Result<SslStream<TcpStream>, NoTls> {
        let context = match offer {
            Offer::Common => &self.common,
            Offer::All => &self.all,
            Offer::Only(TlsVersion::Ssl30 | TlsVersion::Tls10) => &self.each[0],
            Offer::Only(TlsVersion::Tls11) => &self.each[1],
            Offer::Only(TlsVersion::Tls12) => &self.each[2],
            Offer::Only(TlsVersion::Tls13) => &self.each[3],
        };
        let set_up = |error: ErrorStack| NoTls::Failed(fault::with_detail(FaultKind::Other, &error));
        let mut ssl = Ssl::new(context).map_err(set_up)?;
        if let Some(name) = name {
            ssl.set_hostname(name).map_err(set_up)?;
        }
        let mut stream = SslStream::new(ssl, stream).map_err(set_up)?;
        match Pin::new(&mut stream).connect().await {
            Ok(()) => Ok(stream),
            Err(error) => Err(failure(&error)),
        }
    }
}

/// `SSL_R_WRONG_VERSION_NUMBER`: what came is no record of TLS.
const WRONG_VERSION_NUMBER: i32 = 267;
/// `SSL_R_PACKET_LENGTH_TOO_LONG`, the same where the first bytes look like a version by chance.
const PACKET_LENGTH_TOO_LONG: i32 = 198;

fn failure(error: &ssl::Error) -> NoTls {
    if let Some(error) = error.io_error() {
        return NoTls::Failed(fault::of_io(error));
    }
    let Some(stack) = error.ssl_error() else {
        // The end of the connection, without a word.
        return NoTls::Failed(fault::plain(FaultKind::Closed));
    };
    let not_tls = stack
        .errors()
        .iter()
        .any(|error| [WRONG_VERSION_NUMBER, PACKET_LENGTH_TOO_LONG].contains(&error.reason_code()));
    let fault = fault::of_tls(error);
    match not_tls {
        true => NoTls::NotTls(fault),
        false => NoTls::Failed(fault),
    }
}

/// What a session says of itself.
pub(super) fn describe(stream: &SslStream<TcpStream>) -> Tls {
    let ssl = stream.ssl();
    let version = match ssl.version2() {
        Some(SslVersion::TLS1_3) => TlsVersion::Tls13,
        Some(SslVersion::TLS1_1) => TlsVersion::Tls11,
        Some(SslVersion::TLS1) => TlsVersion::Tls10,
        Some(SslVersion::SSL3) => TlsVersion::Ssl30,
        _ => TlsVersion::Tls12,
    };
    Tls {
        version,
        cipher: ssl
            .current_cipher()
            .map_or_else(String::new, |cipher| cipher.name().into()),
        certificate: ssl
            .peer_certificate()
            .and_then(|found| certificate::describe(&found)),
    }
}

fn number(version: TlsVersion) -> SslVersion {
    match version {
        TlsVersion::Ssl30 => SslVersion::SSL3,
        TlsVersion::Tls10 => SslVersion::TLS1,
        TlsVersion::Tls11 => SslVersion::TLS1_1,
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        TlsVersion::Tls13 => SslVersion::TLS1_3,
    }
}

/// RC4 is in the provider `legacy`, which nothing loads by itself; and once one is loaded, the default one must be too.
/// Both stay loaded while the process lives.
fn load_providers() -> Result<(), TlsError> {
    static LOADED: OnceLock<[Provider; 2]> = OnceLock::new();
    if LOADED.get().is_none() {
        let load = |name| Provider::load(None, name).map_err(|error| TlsError::Provider(name, error));
        // Where two threads come here at once, the providers of one are unloaded, which only lowers a count.
        let _ = LOADED.set([load("default")?, load("legacy")?]);
    }
    Ok(())
}
