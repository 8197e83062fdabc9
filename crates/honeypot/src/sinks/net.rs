//! Connections to receivers that the operator configured; nothing that an attacker sends chooses where they go.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslStream, SslVersion};

use crate::remedy;

#[expect(
    clippy::disallowed_types,
    reason = "outgoing connections that the operator configured"
)]
type Tcp = std::net::TcpStream;

/// A receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// DNS name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS; without it, whoever is on the way can read and change everything.
    pub tls: Option<TlsSettings>,
    /// How long connecting, and each reading and writing, may take.
    pub timeout: Duration,
}

/// TLS towards a receiver, at least 1.2. Its certificate must be valid and bear its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsSettings {
    /// PEM file of the authorities that are trusted; where none is given, those of the system.
    pub authorities: Option<PathBuf>,
    /// PEM files of our certificate (with its chain) and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// What is kept of a peer's last words, in bytes.
const LAST_WORDS: usize = 4096;

/// An open connection to a receiver.
#[derive(Debug)]
pub(super) enum Link {
    Plain(Tcp),
    Tls(Box<SslStream<Tcp>>),
}

impl Peer {
    /// `host:port`, for messages.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Reads the files that connecting needs.
    pub(super) fn check(&self) -> io::Result<()> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.connector().map(drop))
    }

    /// Connects to the first of its addresses that answers.
    #[expect(
        clippy::disallowed_methods,
        reason = "the name of a receiver that the operator configured"
    )]
    pub(super) fn connect(&self) -> io::Result<Link> {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs()?;
        let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match self.connect_to(&address) {
                Ok(link) => return Ok(link),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    #[expect(
        clippy::disallowed_types,
        reason = "outgoing connections that the operator configured"
    )]
    fn connect_to(&self, address: &SocketAddr) -> io::Result<Link> {
        let tcp = std::net::TcpStream::connect_timeout(address, self.timeout)?;
        tcp.set_read_timeout(Some(self.timeout))?;
        tcp.set_write_timeout(Some(self.timeout))?;
        tcp.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok(Link::Plain(tcp));
        };
        let stream = tls
            .connector()?
            .connect(&self.host, tcp)
            .map_err(|error| io::Error::other(format!("TLS: {error}")))?;
        Ok(Link::Tls(Box::new(stream)))
    }
}

impl TlsSettings {
    fn connector(&self) -> io::Result<SslConnector> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        if let Some(authorities) = &self.authorities {
            // A store of its own: the system's authorities count no more.
            builder.set_cert_store(openssl::x509::store::X509StoreBuilder::new()?.build());
            in_pem(authorities, builder.set_ca_file(authorities))?;
        } else {
            // An OpenSSL that was built along knows no place of this system's.
            let system = openssl_probe::probe();
            if let Some(file) = &system.cert_file {
                builder.load_verify_locations(Some(file), None)?;
            }
            for dir in &system.cert_dir {
                builder.load_verify_locations(None, Some(dir))?;
            }
        }
        if let Some((certificate, key)) = &self.client {
            in_pem(certificate, builder.set_certificate_chain_file(certificate))?;
            in_pem(key, builder.set_private_key_file(key, SslFiletype::PEM))?;
        }
        Ok(builder.build())
    }
}

/// Says which file could not be taken, and why.
fn in_pem(path: &Path, taken: Result<(), ErrorStack>) -> io::Result<()> {
    let Err(refused) = taken else { return Ok(()) };
    File::open(path).map_err(remedy::named(path))?;
    let what = format!(
        "{}: {refused} (give certificates, or a key without a password, in PEM)",
        path.display()
    );
    Err(io::Error::new(io::ErrorKind::InvalidData, what))
}

impl Link {
    fn tcp(&self) -> &Tcp {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// What the peer sent meanwhile, without waiting: none where it sent nothing, empty where it closed.
    pub(super) fn poll(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.tcp().set_nonblocking(true)?;
        let read = self.read(buffer);
        self.tcp().set_nonblocking(false)?;
        match read {
            Ok(length) => Ok(Some(length)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ends our side and waits until the peer ends its own, in order; gives what it said before.
    ///
    /// # Errors
    /// The peer reset the connection, as it does where it left something unread, or takes too long.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.tcp().read_timeout()?.unwrap_or(Duration::from_mins(1));
        if let Self::Tls(stream) = &mut self {
            stream
                .shutdown()
                .map_err(|error| error.into_io_error().unwrap_or_else(io::Error::other))?;
        }
        self.tcp().shutdown(Shutdown::Write)?;
        let mut said = Vec::new();
        let mut buffer = [0; 512];
        let mut in_clear = matches!(self, Self::Plain(_));
        while Instant::now() < deadline {
            let read = match &mut self {
                Self::Tls(stream) if !in_clear => match stream.read(&mut buffer) {
                    // TLS has ended, in order or not; the end of TCP is what counts.
                    Ok(0) => None,
                    Err(error) if error.raw_os_error().is_none() => None,
                    read => Some(read?),
                },
                link => Some(link.tcp().read(&mut buffer)?),
            };
            match read {
                Some(0) => return Ok(said),
                Some(length) if said.len() < LAST_WORDS => said.extend_from_slice(&buffer[..length]),
                Some(_) => {}
                None => in_clear = true,
            }
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "it does not close the connection at the end of what is sent: whether it arrived is not known",
        ))
    }

    /// Whether the peer closed the connection, as far as can be seen without sending. What it sends is passed over.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 512];
        for _ in 0..64 {
            match self.poll(&mut buffer) {
                Ok(None) => return false,
                Ok(Some(1..)) => {}
                Ok(Some(0)) | Err(_) => return true,
            }
        }
        false
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
