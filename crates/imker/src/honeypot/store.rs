//! Where a sensor's record is, and which part of it is asked for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use imker_event::{Kind, Recorded};
use imker_honeypot::config::Config;
use imker_honeypot::view::{Filter, View};
use imker_spool::{Entry, Reader};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::args::{FilterArguments, StoreArguments};
use crate::output;
use crate::values::{network, stretch};

/// How long lists wait for the view.
const PATIENCE: Duration = Duration::from_secs(2);

/// A sensor's data folder.
pub struct Store {
    data: PathBuf,
}

impl Store {
    /// The folder that the arguments or the configuration name.
    pub fn find(arguments: &StoreArguments) -> Result<Self> {
        let data = match &arguments.data {
            Some(data) => data.clone(),
            None => {
                let load = Config::load(&arguments.config);
                load.into_diagnostic()
                    .wrap_err("name the record with --config or --data")?
                    .data
            }
        };
        if data.is_dir() {
            return Ok(Self { data });
        }
        Err(miette!(
            help = "start the honeypot once, or name another folder with --data",
            "{}: no such folder: nothing was recorded there yet",
            data.display()
        ))
    }

    /// The folder of the spool.
    pub fn spool(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// The folder of the quarantine.
    pub fn quarantine(&self) -> PathBuf {
        self.data.join("quarantine")
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The local view, as soon as it has what is on record now; what it lacks after two seconds is noted.
    pub fn view(&self) -> Result<View> {
        let view = View::open(self.data.join("view.sqlite")).into_diagnostic()?;
        let position = || Ok::<_, miette::Report>(view.position().into_diagnostic()?.unwrap_or(0));
        let begin = Instant::now();
        let mut at = position()?;
        let mut last = at;
        // Without a spool there is nothing to wait for.
        if let Ok(mut reader) = imker_spool::read_only(&self.spool(), at + 1) {
            while begin.elapsed() < PATIENCE
                && let Some(entry) = reader.try_next().into_diagnostic()?
            {
                last = entry.sequence();
            }
        }
        while at < last {
            if begin.elapsed() >= PATIENCE {
                output::note(&format!(
                    "note: the view lags behind the record: events {} to {last} are not in this list yet\n",
                    at + 1
                ));
                break;
            }
            thread::sleep(Duration::from_millis(20));
            at = position()?;
        }
        Ok(view)
    }

    /// All recorded events, the oldest first.
    pub fn events(&self) -> Result<Events> {
        let dir = self.spool();
        let reader = imker_spool::read_only(&dir, 0)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read the record in {}", dir.display()))?;
        Ok(Events {
            reader,
            missing: 0,
            begun: false,
            quiet: false,
        })
    }
}

/// Reads events; what is missing or cannot be read is noted on standard error and counted. That the oldest are gone is
/// how a record is kept within its limits, and no loss.
pub struct Events {
    reader: Reader,
    /// Sequence numbers that are gone or hold no event.
    pub missing: u64,
    begun: bool,
    quiet: bool,
}

impl Events {
    /// Without notes, where they were made already.
    #[must_use]
    pub fn quietly(self) -> Self {
        Self { quiet: true, ..self }
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            output::note(text);
        }
    }

    /// The next event; none where there is no further one yet.
    pub fn next(&mut self) -> Result<Option<Recorded>> {
        while let Some(entry) = self.reader.try_next().into_diagnostic()? {
            match entry {
                Entry::Payload { sequence, bytes } => match serde_json::from_slice(&bytes) {
                    Ok(event) => {
                        self.begun = true;
                        return Ok(Some(Recorded { sequence, event }));
                    }
                    Err(error) => {
                        self.missing += 1;
                        self.note(&format!("note: event {sequence} cannot be read: {error}\n"));
                    }
                },
                Entry::Missing { first: 1, .. } if !self.begun => {}
                Entry::Missing { first, last } => {
                    self.missing += last - first + 1;
                    self.note(&format!("note: events {first} to {last} are gone\n"));
                }
            }
            self.begun = true;
        }
        Ok(None)
    }
}

/// What of the record is asked for; the limit aside.
pub fn filter(arguments: &FilterArguments, kinds: &[String]) -> Result<Filter> {
    let (since, until) = (arguments.since.as_deref(), arguments.until.as_deref());
    let (since, until) = stretch(since, until, Timestamp::now())?;
    let source = arguments.source.as_deref().map(|text| {
        network(text).ok_or_else(|| {
            miette!(
                help = "an address or a network, as in 192.0.2.0/24",
                "--source {text}: not a network"
            )
        })
    });
    Ok(Filter {
        since,
        until,
        sources: source.transpose()?.into_iter().collect(),
        host: arguments.host.clone(),
        kinds: kinds.iter().map(|text| kind(text)).collect::<Result<_>>()?,
        session: arguments.session.clone(),
        ..Filter::default()
    })
}

fn kind(text: &str) -> Result<Kind> {
    let known = Kind::ALL.iter().copied().find(|kind| kind.action() == text);
    known.ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.action()).collect();
        miette!(
            help = format!("one of {}", names.join(", ")),
            "--kind {text}: no such kind"
        )
    })
}

/// Notes that no simulated host is meant by `--host`, and which there are.
pub fn note_unknown_host(filter: &Filter, hosts: &BTreeSet<String>) {
    if let Some(asked) = &filter.host
        && !hosts.iter().any(|host| is_host(host, asked))
    {
        let known: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        output::note(&format!(
            "note: --host {asked}: no such host on record; there are {known}\n"
        ));
    }
}

/// Whether an event of `source` is asked for.
pub fn is_asked_for(filter: &Filter, recorded: &Recorded, source: Option<IpAddr>) -> bool {
    let event = &recorded.event;
    let connection = event.connection.as_deref();
    filter.since.is_none_or(|since| event.time >= since)
        && filter.until.is_none_or(|until| event.time < until)
        && (filter.kinds.is_empty() || filter.kinds.contains(&event.kind()))
        && (filter.sources.is_empty()
            || source.is_some_and(|source| filter.sources.iter().any(|net| net.contains(&source))))
        && filter
            .host
            .as_deref()
            .is_none_or(|host| connection.is_some_and(|connection| is_host(&connection.host, host)))
        && filter.session.as_deref().is_none_or(|session| {
            connection.is_some_and(|connection| connection.session.starts_with(session))
        })
}

/// Whether a host's DNS name is `asked`, or `asked` the first part of it; letter case aside.
fn is_host(name: &str, asked: &str) -> bool {
    name.split_at_checked(asked.len()).is_some_and(|(begin, rest)| {
        begin.eq_ignore_ascii_case(asked) && (rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use imker_spool::{Options, Spool};

    use super::*;

    fn wait<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::yield_now(),
            }
        }
    }

    #[test]
    fn that_the_oldest_are_gone_is_no_loss_and_a_hole_is() {
        let folder = tempfile::tempdir().unwrap();
        let event = format!(
            r#"{{"time":"2026-03-02T08:00:00Z","sensor":"{}","saw":{{"kind":"sensor-stopped"}}}}"#,
            "x".repeat(1000)
        );
        let options = Options {
            segment_size: 16 << 10,
            max_size: 64 << 10,
            min_free: 0,
            ..Options::default()
        };
        let loss = event.clone();
        let dir = folder.path().join("spool");
        let (spool, _) = Spool::open(&dir, options, move |_| loss.clone().into_bytes()).unwrap();
        for _ in 0..200 {
            wait(spool.append(vec![event.clone().into_bytes()])).unwrap();
        }
        drop(spool);
        let store = Store {
            data: folder.path().to_owned(),
        };
        let read = || {
            let mut events = store.events().unwrap().quietly();
            let mut sequences = Vec::new();
            while let Some(recorded) = events.next().unwrap() {
                sequences.push(recorded.sequence);
            }
            (sequences, events.missing)
        };
        let (sequences, missing) = read();
        assert!(sequences[0] > 1 && missing == 0, "{} {missing}", sequences[0]);
        let mut segments: Vec<_> = std::fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        segments.sort();
        std::fs::remove_file(&segments[1]).unwrap();
        let (rest, missing) = read();
        assert_eq!(rest.len() as u64 + missing, sequences.len() as u64);
        assert!(missing > 0);
    }
}
