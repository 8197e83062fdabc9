//! Whether a sensor is at work, how much it stored, and how far each sink came.

use std::fs;
use std::io::Write;

use imker_event::Saw;
use imker_honeypot::quarantine;
use imker_honeypot::sinks::saved_status;
use imker_report::escape;
use miette::{IntoDiagnostic, Result};

use super::args::StoreArguments;
use super::list::time;
use super::store::Store;
use crate::exit::Exit;
use crate::output::{Output, WriteError};

/// Whether a body is not there in full.
fn is_cut(saw: &Saw) -> bool {
    match saw {
        Saw::WebRequest(received) => {
            let there = received.body.kept.max(received.body_start.0.len() as u64);
            !received.body_complete || there < received.body.bytes
        }
        _ => false,
    }
}

/// Bytes in the largest unit of which there is one.
fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} B"),
    }
}

/// `imker honeypot status`; fails where not all is well.
pub fn status(arguments: &StoreArguments) -> Result<Exit> {
    let store = Store::find(arguments)?;
    let running = imker_spool::is_written(&store.spool()).into_diagnostic()?;
    let mut events = store.events()?;
    let (mut first, mut last, mut count, mut sequence) = (None, None, 0_u64, 0);
    let mut cut = 0_u64;
    while let Some(recorded) = events.next()? {
        first.get_or_insert(recorded.event.time);
        last = Some(recorded.event.time);
        count += 1;
        cut += u64::from(is_cut(&recorded.event.saw));
        sequence = recorded.sequence;
    }
    // After the record, or what was delivered meanwhile would count as behind.
    let (sinks, unknown) = match saved_status(store.data()) {
        Ok(sinks) => (sinks, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let mut text = format!("sensor: {}\n", if running { "running" } else { "not running" });
    text += &match (first, last) {
        (Some(first), Some(last)) => format!("{count} events, {} to {} UTC", time(first), time(last)),
        _ => "no events".to_owned(),
    };
    let segments = fs::read_dir(store.spool()).into_diagnostic()?.flatten();
    let stored = segments.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    text += &format!(", {}\n", size(stored.sum()));
    // Without uploads there is no such folder.
    let kept = quarantine::list(&store.quarantine()).unwrap_or_default();
    text += &format!(
        "quarantine: {} kept, {}; {cut} bodies not kept whole\n",
        kept.len(),
        size(kept.iter().map(|item| item.kept).sum())
    );
    for sink in &sinks {
        text += &format!(
            "{}: {} events behind, {} refused, {} unreadable\n",
            escape::visible(sink.name.trim_start_matches('_')),
            sink.lag(sequence),
            sink.refused,
            sink.unreadable
        );
        if let Some(trouble) = &sink.trouble {
            text += &format!(
                "  in trouble since {} UTC, {} tries: {}\n",
                time(trouble.since),
                trouble.tries,
                escape::visible(&trouble.error)
            );
        }
    }
    if let Some(error) = &unknown {
        text += &format!(
            "how sinks fare is not known: {}\n",
            escape::visible(&error.to_string())
        );
    }
    let mut out = Output::open(None)?;
    out.write_all(text.as_bytes()).map_err(WriteError)?;
    out.close()?;
    let troubled = sinks.iter().any(|sink| sink.trouble.is_some());
    Ok(
        if !running || troubled || unknown.is_some() || events.missing > 0 {
            Exit::Failed
        } else {
            Exit::Clean
        },
    )
}
