use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imker_spool::Spool;

use super::named::{Disk, Named};
use super::{
    GeoError, GeoIp, JsonLinesSettings, Pace, Running, Sink, SinkStatus, SpoolSource, SqliteSink, Stop,
    W3cSettings, files, open, run,
};
use crate::config::{Config, SinkConfig};
use crate::view::{self, ViewError};
use crate::{private, remedy};

/// The local view's cursor; no configured sink can have this name.
const VIEW: &str = "_view";

/// A sink cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A database of `[geoip]` cannot be used.
    #[error(transparent)]
    Geo(#[from] GeoError),
    /// The local view cannot be opened.
    #[error("the local view {path}: {error}")]
    View {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ViewError,
    },
    /// Files that it needs cannot be read or written, or its thread cannot be started.
    #[error("{0}")]
    Sink(io::Error),
    /// Its cursor cannot be kept.
    #[error("sink {name}: {error}")]
    Cursor {
        /// The sink's name.
        name: String,
        /// Why.
        error: imker_spool::Error,
    },
}

/// The file in the data folder that the status is saved in.
const STATUS: &str = "sinks.json";
/// The largest status that is read, in bytes.
const STATUS_MAX: u64 = 1 << 20;

/// The status that a sensor saved last in its data folder; empty where there is none yet.
///
/// # Errors
/// The file cannot be read or holds something else.
pub fn saved_status(data: &Path) -> io::Result<Vec<SinkStatus>> {
    let path = data.join(STATUS);
    match File::open(&path) {
        Ok(file) => serde_json::from_reader(file.take(STATUS_MAX)).map_err(|error| {
            let remedy = "a sensor that runs writes it anew; else delete it";
            io::Error::other(format!("{}: {error} ({remedy})", path.display()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(remedy::named(&path)(error)),
    }
}

/// Keeps `statuses` in a data folder, for whoever asks from another process.
///
/// # Errors
/// The file cannot be written.
pub fn save_status(data: &Path, statuses: &[SinkStatus]) -> io::Result<()> {
    let path = data.join(STATUS);
    let new = path.with_extension("new");
    let save = || {
        // Errors may name addresses that hold a secret.
        let mut file = private::open(&new)?;
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec_pretty(statuses)?)?;
        file.sync_data()?;
        std::fs::rename(&new, &path)
    };
    save().map_err(remedy::named(&path))
}

/// The highest position among sinks that keep their own; 0 where there is none. Whatever became of the spool, numbers
/// up to it must not be given again: the sink would pass over the events that bear them.
///
/// # Errors
/// A position cannot be read.
pub fn position(config: &Config) -> Result<u64, StartError> {
    let mut position = 0;
    if let Some(settings) = config.view_settings() {
        let path = settings.path;
        position = view::position_in(&path).map_err(|error| StartError::View { path, error })?;
    }
    for sink in &config.sinks {
        if let SinkConfig::Jsonl(JsonLinesSettings { state, .. })
        | SinkConfig::W3c(W3cSettings { state, .. }) = &sink.config
        {
            position = position.max(files::position(state).map_err(StartError::Sink)?);
        }
    }
    Ok(position)
}

/// All sinks of a sensor, at work.
#[derive(Debug)]
pub struct Sinks {
    running: Vec<Running>,
    stop: Stop,
}

impl Sinks {
    /// Starts the local view and the configured sinks behind `spool`. Cursors of sinks that are no longer configured
    /// are dropped, so that they hold back nothing.
    ///
    /// # Errors
    /// A sink cannot be opened, see [`StartError`]; none runs then.
    pub fn start(config: &Config, spool: &Spool) -> Result<Self, StartError> {
        let geo = Some(Arc::new(GeoIp::open(&config.geo_settings())?));
        let mut sinks = Vec::new();
        if let Some(settings) = config.view_settings() {
            let path = settings.path.clone();
            let view =
                SqliteSink::open(settings, geo.clone()).map_err(|error| StartError::View { path, error })?;
            let view: Box<dyn Sink> = Box::new(Named {
                name: VIEW.into(),
                sink: Box::new(view),
                disk: Some(Disk::new(&config.data, config.spool.min_free)),
            });
            sinks.push((view, Pace::default()));
        }
        for sink in &config.sinks {
            let mut pace = Pace::default();
            pace.batch = sink.batch.unwrap_or(pace.batch).max(1);
            sinks.push((
                open(sink, geo.clone(), config.spool.min_free).map_err(StartError::Sink)?,
                pace,
            ));
        }
        forget_others(spool, &config.data.join("cursors"), &sinks)?;

        let mut started = Self {
            running: Vec::new(),
            stop: Stop::default(),
        };
        for (sink, pace) in sinks {
            match start(sink, pace, spool, &started.stop) {
                Ok(running) => started.running.push(running),
                Err(error) => {
                    started.stop();
                    return Err(error);
                }
            }
        }
        Ok(started)
    }

    /// How they fare.
    pub fn status(&self) -> Vec<SinkStatus> {
        self.running.iter().map(|running| running.status.get()).collect()
    }

    /// Stops them, after what is recorded by now and can be delivered at once; blocks until they ended. Gives how they
    /// fared.
    pub fn stop(self) -> Vec<SinkStatus> {
        self.stop.stop();
        self.running.into_iter().map(Running::join).collect()
    }
}

fn start(sink: Box<dyn Sink>, pace: Pace, spool: &Spool, stop: &Stop) -> Result<Running, StartError> {
    let name = sink.name().to_owned();
    let source = SpoolSource::open(spool, &name);
    let source = source.map_err(|error| StartError::Cursor { name, error })?;
    run(sink, Box::new(source), pace, Box::new(()), stop.clone()).map_err(StartError::Sink)
}

/// Drops cursors that none of `sinks` has.
fn forget_others(spool: &Spool, cursors: &Path, sinks: &[(Box<dyn Sink>, Pace)]) -> Result<(), StartError> {
    let Ok(entries) = std::fs::read_dir(cursors) else {
        return Ok(());
    };
    for name in entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
    {
        // Files with a dot are states of sinks that keep their own.
        if name.contains('.') || sinks.iter().any(|(sink, _)| sink.name() == name) {
            continue;
        }
        tracing::info!(sink = name, "no longer configured: its cursor is dropped");
        spool
            .forget(&name)
            .map_err(|error| StartError::Cursor { name, error })?;
    }
    Ok(())
}
