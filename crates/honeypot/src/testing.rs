//! A sensor on loopback, with a site that tells what it was asked and a store in memory.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use imker_event::{CloseReason, Kind, Saw, SensorEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::connection::{AdmissionLimits, ConnectionRecorder, Socket};
use crate::http::{After, KeepNothing, Limits, Request, Response};
use crate::listener;
use crate::sensor::{Endpoint, Established, Establishing, Sensor, Tls};
use crate::site::{NoDetection, Site, Visit};
use crate::store::{NotRecorded, Recording, Store};

/// Keeps events in memory, or fails.
#[derive(Default)]
pub struct MemoryStore {
    pub events: Mutex<Vec<SensorEvent>>,
    pub fails: AtomicBool,
}

impl Store for MemoryStore {
    fn record(&self, events: Vec<SensorEvent>) -> Recording<'_> {
        Box::pin(async {
            if self.fails.load(Ordering::Relaxed) {
                return Err(NotRecorded);
            }
            self.events.lock().unwrap().extend(events);
            Ok(())
        })
    }
}

/// Answers with what it was asked; some paths have effects.
pub struct EchoSite;

impl Site for EchoSite {
    fn answer(&self, visit: &mut Visit<'_>, request: &Request) -> Response {
        assert!(request.path != b"/panic", "as asked");
        let body = format!(
            "{} {}, {} bytes{}\n",
            request.method.escape_ascii(),
            request.target.escape_ascii(),
            request.content.bytes,
            if request.complete { "" } else { ", incomplete" },
        );
        visit.observed.push(Saw::Command {
            script: "/echo".into(),
            parameter: "path".into(),
            command: imker_event::Text::from_bytes(&request.path),
        });
        Response {
            status: 200,
            reason: "OK",
            headers: vec![
                ("Content-Type".into(), "text/plain".into()),
                ("Server".into(), "Microsoft-IIS/10.0".into()),
                ("X-FEServer".into(), "EX01".into()),
            ],
            substatus: 0,
            win32_status: 0,
            body: if request.path == b"/big" {
                vec![b'x'; 8 << 20].into()
            } else {
                body.into()
            },
            after: match &*request.path {
                b"/reset" => After::Reset,
                b"/close" => After::Close,
                _ => After::Keep,
            },
        }
    }
}

/// Two ends of a connection over loopback.
pub async fn socket_pair() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (far, near) = tokio::join!(TcpStream::connect(address), listener.accept());
    (Socket::new(near.unwrap().0), far.unwrap())
}

/// A running sensor with one endpoint.
pub struct Running {
    pub address: SocketAddr,
    pub store: Arc<MemoryStore>,
    pub stop: watch::Sender<bool>,
    pub served: JoinHandle<()>,
}

/// What may differ from test to test.
#[derive(Default)]
pub struct Options {
    pub limits: Limits,
    pub admission: AdmissionLimits,
    pub trusted: Vec<&'static str>,
    pub proxy_protocol: bool,
    /// Speak HTTP/2, as if TLS had chosen it.
    pub http2: bool,
    /// Instead of [`EchoSite`].
    pub site: Option<Arc<dyn Site>>,
    /// Speak TLS.
    pub tls: Option<Arc<dyn Tls>>,
}

/// Stands in for TLS: hands the socket through.
struct Http2WithoutTls;

impl Tls for Http2WithoutTls {
    fn establish<'t>(&'t self, socket: Socket, _: &'t ConnectionRecorder) -> Establishing<'t> {
        Box::pin(async {
            Ok(Established {
                stream: Box::new(socket),
                http2: true,
            })
        })
    }
}

pub fn sensor(options: Options) -> (Arc<Sensor>, Arc<Endpoint>, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    let sensor = Sensor::new(
        "sensor".into(),
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::new(KeepNothing),
        Arc::new(NoDetection),
        options.limits,
        options.admission,
    );
    let tls = if options.http2 {
        Some(Arc::new(Http2WithoutTls) as Arc<dyn Tls>)
    } else {
        options.tls
    };
    let endpoint = Endpoint {
        host: "host".into(),
        persona: "persona".into(),
        site: options.site.unwrap_or_else(|| Arc::new(EchoSite)),
        tls,
        trusted: options.trusted.iter().map(|net| net.parse().unwrap()).collect(),
        proxy_protocol: options.proxy_protocol,
    };
    (Arc::new(sensor), Arc::new(endpoint), store)
}

pub fn start(options: Options) -> Running {
    let listener = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let (sensor, endpoint, store) = sensor(options);
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(listener::serve(listener, sensor, endpoint, stopped));
    Running {
        address,
        store,
        stop,
        served,
    }
}

impl Running {
    /// Sends bytes, and returns all that comes back until the end.
    pub async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is an end, too.
        let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_buf(&mut answer)).await;
        while stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {}
        String::from_utf8(answer).unwrap()
    }

    /// Waits until that many connections have ended, and returns all events.
    pub async fn events(&self, ended: usize) -> Vec<SensorEvent> {
        for _ in 0..2000 {
            let events = self.store.events.lock().unwrap().clone();
            let closed = events
                .iter()
                .filter(|event| event.kind() == Kind::ConnectionClosed)
                .count();
            if closed >= ended {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:#?}", self.store.events.lock().unwrap());
    }

    /// Kinds of all events once one connection has ended, and why it did.
    pub async fn kinds(&self) -> (Vec<Kind>, CloseReason) {
        let events = self.events(1).await;
        let mut reasons = events.iter().rev().filter_map(|event| match event.saw {
            Saw::ConnectionClosed { reason, .. } => Some(reason),
            _ => None,
        });
        let reason = reasons.next().unwrap();
        (events.iter().map(SensorEvent::kind).collect(), reason)
    }

    /// Runs a program; what it printed, or `None` where it is not installed.
    pub async fn run(program: &str, arguments: &[&str]) -> Option<String> {
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        match command.output().await {
            Ok(output) => {
                Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                imker_testing::not_installed(program);
                None
            }
            Err(error) => panic!("{program}: {error}"),
        }
    }
}
