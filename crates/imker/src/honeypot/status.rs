//! Whether a sensor is at work, how much it stored, and how far each sink came.

use std::io::Write;

use imker_honeypot::sinks::saved_status;
use imker_report::escape;
use miette::{IntoDiagnostic, Result};

use super::args::StoreArguments;
use super::list::time;
use super::store::Store;
use crate::exit::Exit;
use crate::output::{Output, WriteError};

/// `imker honeypot status`; fails where not all is well.
pub fn status(arguments: &StoreArguments) -> Result<Exit> {
    let store = Store::find(arguments)?;
    let running = imker_spool::is_written(&store.spool()).into_diagnostic()?;
    let mut events = store.events()?;
    let (mut first, mut last, mut count, mut sequence) = (None, None, 0_u64, 0);
    while let Some(recorded) = events.next()? {
        first.get_or_insert(recorded.event.time);
        last = Some(recorded.event.time);
        count += 1;
        sequence = recorded.sequence;
    }
    // After the record, or what was delivered meanwhile would count as behind.
    let (sinks, unknown) = match saved_status(store.data()) {
        Ok(sinks) => (sinks, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let mut text = format!("sensor: {}\n", if running { "running" } else { "not running" });
    text += &match (first, last) {
        (Some(first), Some(last)) => format!("{count} events, {} to {} UTC\n", time(first), time(last)),
        _ => "no events\n".to_owned(),
    };
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
