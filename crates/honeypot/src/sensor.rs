//! What listeners share, and what is played behind one of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use imker_event::{CloseReason, Service};
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::connection::{Admission, AdmissionLimits, ConnectionRecorder, Sessions, Socket, TurnedAway};
use crate::http::{Keep, Limits};
use crate::site::{Detect, Site};
use crate::store::Store;

/// What all listeners of a sensor share.
pub struct Sensor {
    /// The sensor's name, as configured.
    pub name: Arc<str>,
    /// Where events go.
    pub store: Arc<dyn Store>,
    /// Where bodies go.
    pub keep: Arc<dyn Keep>,
    /// What looks at requests before they are recorded.
    pub detect: Arc<dyn Detect>,
    /// What HTTP may cost.
    pub limits: Limits,
    /// What answers of HTTP/1 may still hold, in KiB.
    pub(crate) http1_memory: Arc<Semaphore>,
    /// What HTTP/2 streams may still hold, in KiB.
    pub(crate) http2_memory: Arc<Semaphore>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) turned_away: TurnedAway,
}

impl Sensor {
    /// A sensor without connections.
    pub fn new(
        name: Arc<str>,
        store: Arc<dyn Store>,
        keep: Arc<dyn Keep>,
        detect: Arc<dyn Detect>,
        limits: Limits,
        admission: AdmissionLimits,
    ) -> Self {
        Self {
            name,
            store,
            keep,
            detect,
            http1_memory: Arc::new(Semaphore::new(limits.http1_memory as usize)),
            http2_memory: Arc::new(Semaphore::new(limits.http2_memory as usize)),
            limits,
            admission: Admission::new(admission),
            sessions: Arc::default(),
            turned_away: TurnedAway::default(),
        }
    }
}

/// What is played at one address and port.
pub struct Endpoint {
    /// The simulated host, as configured.
    pub host: Arc<str>,
    /// Its persona.
    pub persona: Arc<str>,
    /// Its web sites.
    pub site: Arc<dyn Site>,
    /// TLS, where it is HTTPS.
    pub tls: Option<Arc<dyn Tls>>,
    /// Proxies whose PROXY headers and `X-Forwarded-For` are believed.
    pub trusted: Vec<IpNet>,
    /// Whether trusted proxies begin each connection with a PROXY header. Others are served as if it were not so.
    pub proxy_protocol: bool,
}

impl Endpoint {
    /// Which service it is.
    pub fn service(&self) -> Service {
        if self.tls.is_some() {
            Service::Https
        } else {
            Service::Http
        }
    }
}

/// A stream that HTTP is spoken on.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The server's side of TLS.
pub trait Tls: Send + Sync {
    /// Reads the ClientHello, records it, and goes through the handshake.
    ///
    /// What it saw ([`imker_event::Saw::TlsHello`] and the like) it records before it answers. On failure it has
    /// recorded why, and says how the connection ended.
    fn establish<'t>(&'t self, socket: Socket, recorder: &'t ConnectionRecorder) -> Establishing<'t>;
}

/// Ends when a handshake does.
pub type Establishing<'t> = Pin<Box<dyn Future<Output = Result<Established, CloseReason>> + Send + 't>>;

/// A TLS connection after its handshake.
pub struct Established {
    /// The plain text.
    pub stream: Box<dyn Stream>,
    /// Whether ALPN chose HTTP/2.
    pub http2: bool,
}
