//! A sensor at work: everything opened in order, and stopped in order.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use imker_event::{Saw, SensorEvent, Text};
use imker_sigma::RuleSet;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::config::{Config, Host, ProxyProtocol, Service};
use crate::connection::AdmissionLimits;
use crate::detection::Engine;
use crate::exchange::ExchangeSite;
use crate::http::KeepNothing;
use crate::http::Limits;
use crate::listener;
use crate::persona::certificate::{self, CertificateError};
use crate::recorder::Recorder;
use crate::sensor::{Endpoint, Sensor, Tls};
use crate::sinks::{self, GeoError, GeoIp, Pace, Running, Sink, SpoolSource, SqliteSink, Status, Stop};
use crate::store::{NotRecorded, Store};
use crate::tls::{RecordedTls, TlsHost, TlsHostError};
use crate::view::ViewError;

/// Why a sensor cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// A folder of the data folder cannot be made.
    #[error("cannot make the folder {}: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] imker_spool::Error),
    /// A GeoIP database cannot be used.
    #[error(transparent)]
    Geo(#[from] GeoError),
    /// The local view cannot be opened.
    #[error("the local view: {0}")]
    View(#[from] ViewError),
    /// A host has no certificate.
    #[error("host {host}: {error}")]
    Certificate {
        /// The host.
        host: Arc<str>,
        /// Why.
        error: CertificateError,
    },
    /// TLS of a host cannot be set up.
    #[error("host {host}: {error}")]
    Tls {
        /// The host.
        host: Arc<str>,
        /// Why.
        error: TlsHostError,
    },
    /// A sink cannot be opened, or an address cannot be listened on.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not even the start could be recorded.
    #[error("nothing can be recorded: {0}; see what the log says of the spool")]
    NotRecorded(#[from] NotRecorded),
}

/// A sensor whose listeners are bound and whose sinks run.
pub struct Played {
    sensor: Arc<Sensor>,
    recorder: Arc<Recorder>,
    listeners: Vec<(TcpListener, Arc<Endpoint>)>,
    sinks: Vec<Running>,
    stop_sinks: Stop,
}

/// How long connections get to finish what they are at when the sensor stops.
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);

impl Played {
    /// Opens the record, starts sinks, binds every address, and records that the sensor started.
    ///
    /// # Errors
    /// Whatever the configuration asks for cannot be had; nothing listens then.
    pub async fn begin(config: &Config, rules: RuleSet) -> Result<Self, PlayError> {
        std::fs::create_dir_all(&config.data).map_err(|error| PlayError::Folder {
            path: config.data.clone(),
            error,
        })?;
        let (recorder, recovery) = Recorder::open(
            &config.spool_folder(),
            config.spool_options(),
            config.sensor.clone(),
        )?;
        if recovery.truncated > 0 {
            tracing::warn!(
                bytes = recovery.truncated,
                "an unfinished batch was cut off; it was never acknowledged"
            );
        }
        let recorder = Arc::new(recorder);
        let geo = Arc::new(GeoIp::open(&config.geo_settings())?);
        let stop_sinks = Stop::default();
        let sinks = start_sinks(config, &recorder, &geo, &stop_sinks)?;

        let trusted = config
            .hosts
            .iter()
            .flat_map(|host| host.trusted_proxies.iter().copied());
        let sensor = Arc::new(Sensor::new(
            config.sensor.clone(),
            recorder.clone(),
            Arc::new(KeepNothing),
            Arc::new(Engine::new(rules)),
            trusted.collect(),
            limits(config),
            AdmissionLimits {
                connections: config.limits.connections,
                per_source: config.limits.connections_per_source,
            },
        ));
        let mut listeners = Vec::new();
        for host in &config.hosts {
            listen(config, host, &mut listeners)?;
        }
        let played = Self {
            sensor,
            recorder,
            listeners,
            sinks,
            stop_sinks,
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
    pub fn sinks(&self) -> impl Iterator<Item = &Status> {
        self.sinks.iter().map(|sink| &sink.status)
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
        let mut stopping = stop;
        let _ = stopping.wait_for(|stop| *stop).await;
        if timeout(GRACE, async { while serving.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            // Each connection records its end as it is dropped.
            serving.shutdown().await;
        }
        // What cannot be recorded, the store counts.
        let _ = self.record(Saw::SensorStopped {}).await;
        self.stop_sinks.stop();
        let sinks = std::mem::take(&mut self.sinks);
        let joined = tokio::task::spawn_blocking(|| sinks.into_iter().for_each(Running::join));
        if timeout(GRACE, joined).await.is_err() {
            tracing::warn!("a sink did not stop in time; it goes on from its cursor at the next start");
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

fn start_sinks(
    config: &Config,
    recorder: &Recorder,
    geo: &Arc<GeoIp>,
    stop: &Stop,
) -> Result<Vec<Running>, PlayError> {
    let mut sinks: Vec<(Box<dyn Sink>, Pace)> = Vec::new();
    if let Some(settings) = config.view_settings() {
        sinks.push((
            Box::new(SqliteSink::open(settings, Some(geo.clone()))?),
            Pace::default(),
        ));
    }
    for configured in &config.sinks {
        let mut pace = Pace::default();
        pace.batch = configured.batch.unwrap_or(pace.batch);
        sinks.push((sinks::open(configured, Some(geo.clone()))?, pace));
    }
    let mut running = Vec::new();
    for (sink, pace) in sinks {
        let source = SpoolSource::new(recorder.spool().clone(), sink.name())?;
        running.push(sinks::run(
            sink,
            Box::new(source),
            pace,
            Box::new(()),
            stop.clone(),
        )?);
    }
    Ok(running)
}

fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    let usize_of = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Limits {
        head: usize_of(limits.head),
        body: limits.body,
        idle: limits.idle,
        head_wait: limits.request,
        body_wait: limits.request,
        send_wait: limits.slow_reader,
        requests: match limits.requests_per_connection {
            0 => u32::MAX,
            most => u32::try_from(most).unwrap_or(u32::MAX),
        },
        ..Limits::default()
    }
}

fn listen(
    config: &Config,
    host: &Host,
    listeners: &mut Vec<(TcpListener, Arc<Endpoint>)>,
) -> Result<(), PlayError> {
    let persona = &host.persona;
    let name = &persona.netbios_name;
    let site = Arc::new(ExchangeSite::new(persona.clone()).with_own_domains(config.own_domains()));
    let mut endpoints: HashMap<Service, Arc<Endpoint>> = HashMap::new();
    for place in &host.listens {
        let endpoint = match endpoints.get(&place.service) {
            Some(endpoint) => endpoint.clone(),
            None => {
                let tls = match place.service {
                    Service::Https => Some(tls(config, host)?),
                    Service::Http => None,
                };
                let endpoint = Arc::new(Endpoint {
                    host: name.clone(),
                    persona: persona.name.clone(),
                    site: site.clone(),
                    tls,
                    proxy_protocol: host.proxy_protocol == ProxyProtocol::Required,
                });
                endpoints.insert(place.service, endpoint.clone());
                endpoint
            }
        };
        listeners.push((listener::bind(place.address)?, endpoint));
    }
    Ok(())
}

fn tls(config: &Config, host: &Host) -> Result<Arc<dyn Tls>, PlayError> {
    let persona = &host.persona;
    let name = &persona.netbios_name;
    let certificate =
        certificate::load(&host.certificate, persona, &config.certificates()).map_err(|error| {
            PlayError::Certificate {
                host: name.clone(),
                error,
            }
        })?;
    let tls = TlsHost::new(
        persona.windows,
        &certificate.certificate,
        &certificate.key,
        &certificate.chain,
    )
    .map_err(|error| PlayError::Tls {
        host: name.clone(),
        error,
    })?;
    Ok(Arc::new(RecordedTls::new(tls, config.limits.handshake)))
}

/// Plays a sensor until it is interrupted (SIGINT, SIGTERM, or their kin on Windows). `ready` is called once it listens.
///
/// # Errors
/// As [`Played::begin`]; and where the system gives no threads or signals.
pub fn run(config: &Config, rules: RuleSet, ready: impl FnOnce(&Played)) -> Result<(), PlayError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (interrupt, stop) = watch::channel(false);
        let mut interrupted = std::pin::pin!(interrupted()?);
        let played = Played::begin(config, rules).await?;
        ready(&played);
        let mut serving = std::pin::pin!(played.serve(stop));
        tokio::select! {
            () = &mut interrupted => {}
            () = &mut serving => return Ok(()),
        }
        tracing::info!("stopping");
        let _ = interrupt.send(true);
        serving.await;
        Ok(())
    })
}

#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
