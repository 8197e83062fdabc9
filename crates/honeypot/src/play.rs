//! A sensor at work: everything opened in order, and stopped in order.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use imker_event::{Saw, SensorEvent, Service, Text};
use imker_sigma::RuleSet;
use imker_spool::SteadyClock;
use jiff::Timestamp;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::config::{Config, Host, ProxyProtocol};
use crate::descriptors;
use crate::detection::Engine;
use crate::exchange::{ExchangeSite, Resources, ResourcesError};
use crate::http::KeepAtMost;
use crate::listener;
use crate::persona::certificate::{self, CertificateError};
use crate::quarantine::{self, Quarantine};
use crate::recorder::Recorder;
use crate::remedy;
use crate::resume::resume;
use crate::sensor::{Endpoint, Sensor, Tls};
use crate::sinks::{self, SinkStatus, Sinks, StartError};
use crate::store::{NotRecorded, Store};
use crate::tls::{TlsHost, TlsHostError};

/// Why a sensor cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// A folder of the data folder cannot be used.
    #[error("cannot use the folder {}: {error} ({})", path.display(), remedy::of_file(error))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The disk has less free than the record is to leave.
    #[error(
        "{}: {free} bytes of its disk are free, and [spool] min_free is {min_free} (make room, or lower min_free)",
        data.display()
    )]
    NoRoom {
        /// The data folder.
        data: PathBuf,
        /// Bytes free.
        free: u64,
        /// Bytes that are to be left.
        min_free: u64,
    },
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] imker_spool::Error),
    /// A sink cannot be started.
    #[error(transparent)]
    Sinks(#[from] StartError),
    /// A host has no certificate.
    #[error("host {host}: {error}")]
    Certificate {
        /// The host.
        host: String,
        /// Why.
        error: CertificateError,
    },
    /// TLS of a host cannot be set up.
    #[error("host {host}: {error}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        error: TlsHostError,
    },
    /// A host's static files cannot be read.
    #[error(transparent)]
    Resources(#[from] ResourcesError),
    /// An address cannot be listened on.
    #[error(
        "{}, line {line}: {host} cannot listen on {address}: {error} ({})",
        file.display(),
        remedy::of_listening(*address, error)
    )]
    Listen {
        /// The configuration.
        file: PathBuf,
        /// The line in it.
        line: usize,
        /// The host.
        host: String,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The system gives no threads or signals.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not even the start could be recorded.
    #[error("nothing can be recorded: {0}; see what the log says of the spool")]
    NotRecorded(#[from] NotRecorded),
}

impl PlayError {
    pub(crate) fn listen(config: &Config, host: &Host, address: SocketAddr, error: io::Error) -> Self {
        Self::Listen {
            file: config.file.clone(),
            line: host.line,
            host: host.persona.fqdn(),
            address,
            error,
        }
    }
}

/// A sensor whose listeners are bound and whose sinks run.
pub struct Played {
    sensor: Arc<Sensor>,
    recorder: Arc<Recorder>,
    quarantine: Quarantine,
    listeners: Vec<(TcpListener, Arc<Endpoint>)>,
    sinks: Sinks,
    data: PathBuf,
}

/// How long connections get to finish what they are at when the sensor stops.
const GRACE: Duration = Duration::from_secs(10);
/// How often the quarantine is swept.
const SWEEP: Duration = Duration::from_secs(60);
/// How often the sinks' status is saved, where it changed.
const SAVE: Duration = Duration::from_secs(1);

impl Played {
    /// Opens the record, makes what hosts need, binds every address, starts sinks, and records that the sensor started.
    ///
    /// # Errors
    /// Whatever the configuration asks for cannot be had; nothing listens then.
    pub async fn begin(config: &Config, rules: RuleSet) -> Result<Self, PlayError> {
        let options = imker_spool::Options {
            given: sinks::position(config)?,
            ..config.spool_options()
        };
        let (recorder, recovery) = Recorder::open(&config.spool_folder(), options, config.sensor.clone())?;
        if recovery.truncated > 0 {
            tracing::warn!(
                bytes = recovery.truncated,
                "an unfinished batch was cut off; it was never acknowledged"
            );
        }
        let recorder = Arc::new(recorder);
        let folder = config.quarantine_folder();
        let quarantine = Quarantine::open(&folder, quarantine_limits(config));
        let quarantine = quarantine.map_err(|error| PlayError::Folder { path: folder, error })?;
        let builds = config
            .hosts
            .iter()
            .map(|host| (host.persona.name.clone(), host.persona.build));
        let detection = Arc::new(Engine::new(rules).knowing(builds));
        let places = config.hosts.iter().map(|host| host.listens.len()).sum();
        let share = descriptors::share(config.limits.admission(), places);
        // All hosts first: keys take their time, and clients should not wait for those of other hosts.
        let mut endpoints = Vec::new();
        for host in &config.hosts {
            let places = self::endpoints(config, host)?.into_iter();
            endpoints.extend(places.map(|place| (host, place)));
        }
        let sensor = Arc::new(Sensor::new(
            config.sensor.clone(),
            recorder.clone(),
            Arc::new(KeepAtMost::new(Arc::new(quarantine.clone()), share.bodies)),
            detection.clone(),
            config.limits.http(),
            share.admission,
        ));
        resume(recorder.spool(), &sensor.sessions, &detection);
        let mut listeners = Vec::new();
        for (host, (address, endpoint)) in endpoints {
            let listener = listener::bind(address);
            let listener = listener.map_err(|error| PlayError::listen(config, host, address, error))?;
            listeners.push((listener, endpoint));
        }
        let played = Self {
            sensor,
            quarantine,
            listeners,
            sinks: Sinks::start(config, recorder.spool())?,
            recorder,
            data: config.data.clone(),
        };
        let started = Saw::SensorStarted {
            version: env!("CARGO_PKG_VERSION").into(),
            listening: played.listening().map(|text| Text::from(&*text)).collect(),
        };
        played.record(started).await?;
        Ok(played)
    }

    /// Addresses listened on, with host, service and persona, as in `127.0.0.1:8443 EX01 https exchange-2016`.
    pub fn listening(&self) -> impl Iterator<Item = String> {
        self.listeners.iter().filter_map(|(listener, endpoint)| {
            let address = listener.local_addr().ok()?;
            let service = endpoint.service().name();
            Some(format!(
                "{address} {} {service} {}",
                endpoint.host, endpoint.persona
            ))
        })
    }

    /// How each sink fares.
    pub fn sinks(&self) -> Vec<SinkStatus> {
        self.sinks.status()
    }

    /// Serves until `stop` becomes true, gives connections a while to end, and lets sinks take what is recorded.
    pub async fn serve(mut self, stop: watch::Receiver<bool>) {
        let mut serving = JoinSet::new();
        for (listener, endpoint) in std::mem::take(&mut self.listeners) {
            serving.spawn(listener::serve(
                listener,
                self.sensor.clone(),
                endpoint,
                stop.clone(),
            ));
        }
        tokio::join!(self.sweep(stop.clone()), self.save_status(stop));
        if timeout(GRACE, async { while serving.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            // Each connection records its end as it is dropped.
            serving.shutdown().await;
        }
        // What cannot be recorded, the store counts.
        let _ = self.record(Saw::SensorStopped {}).await;
        let stopped = tokio::task::spawn_blocking(move || save(&self.data, &self.sinks.stop()));
        if timeout(GRACE, stopped).await.is_err() {
            tracing::warn!("a sink did not stop in time; it goes on from its cursor at the next start");
        }
    }

    /// Sweeps the quarantine now and then, until `stop` becomes true.
    async fn sweep(&self, mut stop: watch::Receiver<bool>) {
        let mut every = tokio::time::interval(SWEEP);
        let mut clock = SteadyClock::new((SystemTime::now(), Instant::now()));
        loop {
            tokio::select! {
                _ = every.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let quarantine = self.quarantine.clone();
            let now = SystemTime::now();
            let believed = clock.observe((now, Instant::now())).then_some(now);
            let swept = tokio::task::spawn_blocking(move || quarantine.sweep(believed)).await;
            if let Ok(Err(error)) = swept {
                tracing::warn!(%error, "the quarantine could not be swept");
            }
        }
    }

    /// Saves the sinks' status whenever it changed, until `stop` becomes true.
    async fn save_status(&self, mut stop: watch::Receiver<bool>) {
        let mut every = tokio::time::interval(SAVE);
        let mut saved = Vec::new();
        loop {
            tokio::select! {
                _ = every.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let status = self.sinks.status();
            if status == saved {
                continue;
            }
            saved.clone_from(&status);
            let data = self.data.clone();
            // What fails there is logged.
            let _ = tokio::task::spawn_blocking(move || save(&data, &status)).await;
        }
    }

    async fn record(&self, saw: Saw) -> Result<(), NotRecorded> {
        let event = SensorEvent {
            time: Timestamp::now(),
            sensor: self.sensor.name.clone(),
            connection: None,
            request: None,
            saw,
        };
        self.recorder.record(vec![event]).await
    }
}

fn save(data: &Path, status: &[SinkStatus]) {
    if let Err(error) = sinks::save_status(data, status) {
        tracing::warn!(%error, "the status of sinks could not be saved");
    }
}

/// What is played at each of a host's addresses; it makes the host's certificate where there is none yet.
///
/// # Errors
/// The certificate, TLS or the static files that the configuration asks for cannot be had.
pub fn endpoints(config: &Config, host: &Host) -> Result<Vec<(SocketAddr, Arc<Endpoint>)>, PlayError> {
    let persona = &host.persona;
    let resources = match &host.resources {
        Some(folder) => Resources::read(folder)?,
        None => Resources::default(),
    };
    let site = ExchangeSite::new(persona.clone())
        .with_own_domains(config.own_domains())
        .with_resources(resources);
    let site = Arc::new(site);
    let mut endpoints: HashMap<Service, Arc<Endpoint>> = HashMap::new();
    let mut places = Vec::new();
    for place in &host.listens {
        let endpoint = match endpoints.get(&place.service) {
            Some(endpoint) => endpoint.clone(),
            None => {
                let tls = match place.service {
                    Service::Https => Some(tls(config, host)?),
                    _ => None,
                };
                let endpoint = Arc::new(Endpoint {
                    host: persona.fqdn().into(),
                    persona: persona.name.clone(),
                    site: site.clone(),
                    tls,
                    trusted: host.trusted_proxies.clone(),
                    proxy_protocol: host.proxy_protocol == ProxyProtocol::Trusted,
                });
                endpoints.insert(place.service, endpoint.clone());
                endpoint
            }
        };
        places.push((place.address, endpoint));
    }
    Ok(places)
}

pub(crate) fn tls(config: &Config, host: &Host) -> Result<Arc<dyn Tls>, PlayError> {
    let persona = &host.persona;
    let certificate = certificate::load(&host.certificate, persona, &config.certificates());
    let certificate = certificate.map_err(|error| PlayError::Certificate {
        host: persona.fqdn(),
        error,
    })?;
    let tls = TlsHost::new(
        persona.windows,
        &certificate.certificate,
        &certificate.key,
        &certificate.chain,
    );
    let tls = tls.map_err(|error| PlayError::Tls {
        host: persona.fqdn(),
        error,
    })?;
    Ok(Arc::new(tls.with_handshake_limit(config.limits.handshake)))
}

fn quarantine_limits(config: &Config) -> quarantine::Limits {
    quarantine::Limits {
        max_item: config.quarantine.max_item,
        max_total: config.quarantine.max_total,
        max_age: config.quarantine.max_age,
        min_free: sinks::left_free(config.spool.min_free),
    }
}

/// Plays a sensor until it is interrupted (SIGINT, SIGTERM, or their kin on Windows). `ready` is called once it listens. A
/// second interruption ends it at once.
///
/// # Errors
/// As [`Played::begin`]; and where the system gives no threads or signals.
pub fn run(config: &Config, rules: RuleSet, ready: impl FnOnce(&Played)) -> Result<(), PlayError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let (interrupt, stop) = watch::channel(false);
        let mut interrupts = Interrupts::new()?;
        let played = Played::begin(config, rules).await?;
        ready(&played);
        let mut serving = std::pin::pin!(played.serve(stop));
        tokio::select! {
            () = interrupts.next() => {}
            () = &mut serving => return Ok(()),
        }
        tracing::info!("stopping");
        let _ = interrupt.send(true);
        tokio::select! {
            () = &mut serving => {}
            () = interrupts.next() => tracing::warn!("stopping at once: interrupted again"),
        }
        Ok(())
    });
    // A sink may wait for its receiver still: it goes on from its cursor at the next start.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// Signals that ask the process to end.
#[cfg(unix)]
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Interrupts {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
