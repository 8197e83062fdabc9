use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use imker_event::Recorded;
use jiff::Timestamp;

use super::{GeoIp, Sink, SinkError};
use crate::view::{Retention, ViewError, ViewWriter};

/// Where the local view is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteSettings {
    /// The file, as in `<data>/view.sqlite`.
    pub path: PathBuf,
    /// How long classes of data stay.
    pub retention: Retention,
    /// How large it may grow, in bytes; then the oldest events go from it.
    pub max_bytes: u64,
}

/// Writes the local view.
#[derive(Debug)]
pub struct SqliteSink {
    settings: SqliteSettings,
    geo: Option<Arc<GeoIp>>,
    view: ViewWriter,
    position: u64,
    expired: Option<Instant>,
}

/// How often old data is taken out.
const EXPIRE: Duration = Duration::from_secs(60 * 60);

impl SqliteSink {
    /// Opens or makes the view.
    ///
    /// # Errors
    /// See [`ViewWriter::open`].
    pub fn open(settings: SqliteSettings, geo: Option<Arc<GeoIp>>) -> Result<Self, ViewError> {
        let view = ViewWriter::open(&settings.path)?;
        let position = view.position()?.unwrap_or(0);
        Ok(Self {
            settings,
            geo,
            view,
            position,
            expired: None,
        })
    }
}

impl Sink for SqliteSink {
    fn name(&self) -> &str {
        "sqlite"
    }

    fn position(&self) -> Option<u64> {
        Some(self.position)
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.view
            .append(batch, self.geo.as_deref())
            .map_err(|error| self.failed(&error))?;
        if let Some(last) = batch.last() {
            self.position = last.sequence;
        }
        if let Err(error) = self.view.shrink(self.settings.max_bytes) {
            // The batch is in the view: it must not come again.
            tracing::warn!(%error, "the view cannot be kept within its size");
        }
        Ok(())
    }

    fn tend(&mut self, now: Option<SystemTime>) -> Result<(), SinkError> {
        let due = self.expired.is_none_or(|expired| expired.elapsed() >= EXPIRE);
        let Some(now) = now.and_then(|now| Timestamp::try_from(now).ok()).filter(|_| due) else {
            return Ok(());
        };
        self.view
            .expire(&self.settings.retention, now)
            .map_err(|error| self.failed(&error))?;
        self.expired = Some(Instant::now());
        Ok(())
    }
}

impl SqliteSink {
    fn failed(&self, error: &ViewError) -> SinkError {
        let path = self.settings.path.display();
        SinkError::retry(format!(
            "{path}: {error}; is the disk full, or the file in use by another program?"
        ))
    }
}
