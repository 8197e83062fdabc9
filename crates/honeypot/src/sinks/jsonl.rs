use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imker_event::{Recorded, ecs};
use jiff::Timestamp;

use super::files::{Files, Keeping};
use super::{GeoIp, Sink, SinkError};

/// Where JSON lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonLinesSettings {
    /// The folder of the files `events-<sequence number of the first event>.jsonl`.
    pub folder: PathBuf,
    /// The file that keeps how far the sink came, as in `<data>/cursors/jsonl.json`.
    pub state: PathBuf,
    /// A file that is at least so long gets no further event.
    pub max_bytes: u64,
    /// Files kept; older ones are deleted.
    pub keep: usize,
    /// How long a line is kept at most, from when it was written. A file is ended when it spans a ninth of that.
    pub max_age: Option<Duration>,
    /// What becomes of secrets.
    pub secrets: ecs::Secrets,
}

/// Writes ECS documents, one a line.
#[derive(Debug)]
pub struct JsonLinesSink {
    settings: JsonLinesSettings,
    geo: Option<Arc<GeoIp>>,
    files: Files,
    /// Where the next event goes, unless it is full, and when it was begun.
    current: Option<(String, Timestamp)>,
}

impl JsonLinesSink {
    /// Goes on where it ended.
    ///
    /// # Errors
    /// The folder or the state cannot be read or written.
    pub fn open(settings: JsonLinesSettings, geo: Option<Arc<GeoIp>>) -> io::Result<Self> {
        let files = Files::open(settings.folder.clone(), settings.state.clone())?;
        let current = files.current();
        Ok(Self {
            settings,
            geo,
            files,
            current,
        })
    }

    /// The file for an event.
    fn file(&mut self, sequence: u64) -> String {
        match &self.current {
            Some((current, _)) if self.files.length(current) < self.settings.max_bytes => current.clone(),
            _ => {
                let next = format!("events-{sequence:020}.jsonl");
                self.current = Some((next.clone(), Timestamp::now()));
                next
            }
        }
    }

    fn write(&mut self, batch: &[Recorded]) -> io::Result<()> {
        self.files.discard()?;
        let before = self.current.clone();
        for recorded in batch {
            let source = recorded
                .event
                .connection
                .as_ref()
                .map(|connection| connection.source.ip());
            let place = self
                .geo
                .as_ref()
                .zip(source)
                .and_then(|(geo, source)| geo.place(source));
            let mut line = ecs::to_json(recorded, place.as_ref(), self.settings.secrets)?;
            line.push('\n');
            let file = self.file(recorded.sequence);
            self.files.append(&file, line.as_bytes());
        }
        let last = batch.last().map_or(self.files.position(), |last| last.sequence);
        let begun = self.current.as_ref().map(|(_, begun)| *begun);
        if let Err(error) = self.files.commit(last, begun) {
            self.current = before;
            return Err(error);
        }
        if self.current != before
            && let Err(error) = self.prune()
        {
            // The events are written: the batch must not come again.
            tracing::warn!(%error, "old files cannot be deleted");
        }
        Ok(())
    }

    /// Deletes files, and ends the current one, before they hold what is too old.
    fn expire(&mut self, now: Option<SystemTime>) -> io::Result<()> {
        let span = self.settings.max_age.map(|age| age / 9);
        let keeping = Keeping {
            max_age: span.map(|span| span * 8),
            max_bytes: u64::MAX,
        };
        let names = self.names();
        let deleted = names.and_then(|names| self.files.expire(&names, keeping, now));
        if let (Some(now), Some((_, begun)), Some(span)) = (now, &self.current, span)
            && let Ok(now) = Timestamp::try_from(now)
            // Begun by a clock that was ahead, it would never grow old.
            && (now < *begun || now.duration_since(*begun).unsigned_abs() > span)
        {
            self.files.end_current()?;
            self.current = None;
        }
        deleted
    }

    /// Deletes the oldest files.
    fn prune(&self) -> io::Result<()> {
        let names = self.names()?;
        let old = names.len().saturating_sub(self.settings.keep.max(1));
        names[..old]
            .iter()
            .try_for_each(|name| std::fs::remove_file(self.settings.folder.join(name)))
    }

    /// Names of our files, oldest first.
    fn names(&self) -> io::Result<Vec<String>> {
        self.files
            .names("", |name| name.starts_with("events-") && name.ends_with(".jsonl"))
    }
}

impl Sink for JsonLinesSink {
    fn name(&self) -> &str {
        "jsonl"
    }

    fn position(&self) -> Option<u64> {
        Some(self.files.position())
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.write(batch)
            .map_err(|error| SinkError::retry(format!("{error}; is the disk full?")))
    }

    fn tend(&mut self, now: Option<SystemTime>) -> Result<(), SinkError> {
        self.expire(now)
            .map_err(|error| SinkError::retry(format!("old files cannot be deleted: {error}")))
    }
}
