use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use imker_event::Recorded;

use super::{GeoIp, HpfeedsSink, JsonLinesSink, Sink, SinkError, SyslogSink, W3cSink, WebhookSink};
use crate::config::{Sink as Configured, SinkConfig};

/// Opens a sink as it was configured, under the name that it was given there: there may be several of a kind. One that
/// writes files leaves `min_free` bytes of their disk to the record, and an eighth of it more.
///
/// # Errors
/// Its files cannot be opened; the message names the sink.
pub fn open(configured: &Configured, geo: Option<Arc<GeoIp>>, min_free: u64) -> io::Result<Box<dyn Sink>> {
    let mut disk = None;
    let sink: io::Result<Box<dyn Sink>> = match configured.config.clone() {
        SinkConfig::Jsonl(settings) => {
            disk = Some(Disk::new(&settings.folder, min_free));
            JsonLinesSink::open(settings, geo).map(|sink| Box::new(sink) as _)
        }
        SinkConfig::W3c(settings) => {
            disk = Some(Disk::new(&settings.folder, min_free));
            W3cSink::open(settings).map(|sink| Box::new(sink) as _)
        }
        SinkConfig::Syslog(settings) => {
            let checked = settings.peer.check();
            checked.map(|()| Box::new(SyslogSink::new(settings, geo)) as _)
        }
        SinkConfig::Webhook(settings) => WebhookSink::open(settings, geo).map(|sink| Box::new(sink) as _),
        SinkConfig::Hpfeeds(settings) => {
            let checked = settings.peer.check();
            checked.map(|()| Box::new(HpfeedsSink::new(settings, geo)) as _)
        }
    };
    let name = Arc::clone(&configured.name);
    match sink {
        Ok(sink) => Ok(Box::new(Named { name, sink, disk })),
        Err(error) => Err(io::Error::new(error.kind(), format!("sink {name}: {error}"))),
    }
}

/// A sink under the name that its cursor has.
pub(super) struct Named {
    pub(super) name: Arc<str>,
    pub(super) sink: Box<dyn Sink>,
    /// Where it writes.
    pub(super) disk: Option<Disk>,
}

/// A disk that is not to be filled.
pub(super) struct Disk {
    folder: PathBuf,
    min_free: u64,
}

/// What others leave free of a disk of whose space the record needs `min_free` itself: they stand still before that.
pub(crate) const fn left_free(min_free: u64) -> u64 {
    min_free.saturating_add(min_free / 8)
}

impl Disk {
    pub(super) fn new(folder: &Path, min_free: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            min_free: left_free(min_free),
        }
    }

    fn has_room(&self) -> Result<(), SinkError> {
        match fs4::available_space(&self.folder) {
            Ok(free) if free < self.min_free => Err(SinkError::retry(format!(
                "{} has {free} bytes free, of which {} are to stay free; make room on this disk",
                self.folder.display(),
                self.min_free
            ))),
            // Whether it can be written to, writing tells.
            _ => Ok(()),
        }
    }
}

impl Sink for Named {
    fn name(&self) -> &str {
        &self.name
    }

    fn position(&self) -> Option<u64> {
        self.sink.position()
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.disk.as_ref().map_or(Ok(()), Disk::has_room)?;
        self.sink.deliver(batch)
    }

    fn arrived(&self) -> Option<u64> {
        self.sink.arrived()
    }

    fn confirm(&mut self) -> Result<(), SinkError> {
        self.sink.confirm()
    }

    fn tend(&mut self, now: Option<SystemTime>) -> Result<(), SinkError> {
        self.sink.tend(now)
    }
}
