use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
        Ok(())
    }

    fn tend(&mut self) -> Result<(), SinkError> {
        if self.expired.is_some_and(|expired| expired.elapsed() < EXPIRE) {
            return Ok(());
        }
        self.view
            .expire(&self.settings.retention, Timestamp::now())
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
