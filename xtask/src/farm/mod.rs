//! `cargo xtask-honeypot farm`: the honeypot's personas on any number of addresses of 127.0.0.0/8, to be scanned. Nothing is
//! recorded here, and only here: a farm is no sensor. Linux only.

pub mod certificate;
mod listen;
pub mod plan;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use imker_event::{Connection, ReceivedRequest, Saw, SensorEvent};
use imker_honeypot::config::Config;
use imker_honeypot::http::{After, KeepNothing, Request, Response};
use imker_honeypot::listener::serve_accepted;
use imker_honeypot::play;
use imker_honeypot::sensor::{Endpoint, Sensor};
use imker_honeypot::site::{Detect, Site, Visit};
use imker_honeypot::store::{Recording, Store};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use self::certificate::Key;
use self::plan::Role;

/// What to be, or to list.
#[derive(Debug, Args)]
pub struct Options {
    /// TCP port of every address
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Keys of the certificates
    #[arg(long, value_enum, default_value_t = Key::Rsa2048)]
    key: Key,
    /// Print so many addresses with the truth about them (CSV), and end
    #[arg(long, value_name = "N")]
    list: Option<u32>,
    /// Of these, print so many more that do not answer: 127.128.0.0/10 accepts connections, 127.192.0.0/10 not even that
    #[arg(long, value_name = "N", default_value_t = 0, requires = "list")]
    silent: u32,
}

/// Records nothing.
struct Forget;

impl Store for Forget {
    fn record(&self, _: Vec<SensorEvent>) -> Recording<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Looks for nothing.
struct LookAway;

impl Detect for LookAway {
    fn look(&self, _: &Connection, _: &Request, _: &mut ReceivedRequest) -> Vec<Saw> {
        Vec::new()
    }
}

/// A web server without a page, as nginx is before anything is put there.
struct NotFound;

impl Site for NotFound {
    fn answer(&self, _: &mut Visit<'_>, _: &Request) -> Response {
        Response {
            status: 404,
            reason: "Not Found",
            headers: vec![
                ("Server".into(), "nginx".into()),
                ("Content-Type".into(), "text/html".into()),
            ],
            substatus: 0,
            win32_status: 0,
            body: "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n\
                   <center><h1>404 Not Found</h1></center>\r\n</body>\r\n</html>\r\n"
                .into(),
            after: After::Keep,
        }
    }
}

/// Serves until it is killed, or lists.
pub fn run(options: &Options) -> Result<()> {
    // For new certificates; once they are read, nothing of the farm is left on disk.
    let data = tempfile::tempdir().into_diagnostic()?;
    let mut config = plan::config(data.path())?;
    if let Some(count) = options.list {
        return list(&config, count, options.silent).into_diagnostic();
    }
    let certificate = options.key.source(data.path())?;
    for host in &mut config.hosts {
        host.certificate = certificate.clone();
    }
    let farm = Arc::new(Farm::new(&config)?);
    drop(data);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .into_diagnostic()?;
    runtime.block_on(async {
        let listener = listen::bind(options.port)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot listen on port {}", options.port))?;
        println!("{LISTENING} on port {} of 127.0.0.0/8", options.port);
        farm.serve(&listener).await;
        Ok(())
    })
}

/// The first word of the line that tells that it listens.
pub const LISTENING: &str = "listening";

/// `address,persona,build,proxyshell,verdict`; persona and build are empty where it is no Exchange.
fn list(config: &Config, count: u32, silent: u32) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "address,persona,build,proxyshell,verdict")?;
    for address in plan::servers(count).chain(plan::silent(silent)) {
        let truth = plan::truth(config, address);
        let (persona, build) = truth.exchange.unwrap_or_default();
        let (proxy_shell, verdict) = (truth.proxy_shell, truth.verdict.name());
        writeln!(out, "{address},{persona},{build},{proxy_shell},{verdict}")?;
    }
    out.flush()
}

struct Farm {
    /// By the place of their host in the configuration.
    exchange: Vec<Arc<Endpoint>>,
    other: Arc<Endpoint>,
    sensor: Arc<Sensor>,
}

/// How long nothing is accepted after the system had no room for a connection.
const NO_ROOM: Duration = Duration::from_millis(50);

impl Farm {
    fn new(config: &Config) -> Result<Self> {
        let mut exchange = Vec::new();
        for host in &config.hosts {
            let places = play::endpoints(config, host).into_diagnostic()?;
            exchange.extend(places.into_iter().map(|(_, endpoint)| endpoint));
        }
        let first = exchange.first().ok_or_else(|| miette!("there are no personas"))?;
        let other = Endpoint {
            host: "other".into(),
            persona: "other".into(),
            site: Arc::new(NotFound),
            tls: first.tls.clone(),
            trusted: Vec::new(),
            proxy_protocol: false,
        };
        let sensor = Sensor::new(
            config.sensor.clone(),
            Arc::new(Forget),
            Arc::new(KeepNothing),
            Arc::new(LookAway),
            config.limits.http(),
            config.limits.admission(),
        );
        Ok(Self {
            exchange,
            other: Arc::new(other),
            sensor: Arc::new(sensor),
        })
    }

    /// Never ends: a farm is killed.
    async fn serve(self: &Arc<Self>, listener: &TcpListener) {
        let (_stop, stopped) = watch::channel(false);
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    if let Some(local) = listen::local(&stream, peer) {
                        let (farm, stopped) = (Arc::clone(self), stopped.clone());
                        tokio::spawn(async move { farm.answer(stream, peer, local, stopped).await });
                    }
                }
                Err(_) => tokio::time::sleep(NO_ROOM).await,
            }
        }
    }

    async fn answer(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        local: Ipv4Addr,
        stopped: watch::Receiver<bool>,
    ) {
        let endpoint = match plan::role(local, self.exchange.len()) {
            Role::Exchange(host) => &self.exchange[host],
            Role::Other => &self.other,
            Role::Tarpit | Role::BlackHole => return swallow(stream).await,
        };
        serve_accepted(
            stream,
            peer,
            Arc::clone(&self.sensor),
            Arc::clone(endpoint),
            stopped,
        )
        .await;
    }
}

/// Reads until the client goes.
async fn swallow(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

#[cfg(test)]
mod judgement_tests;
#[cfg(test)]
mod tests;
