//! What a client sent and what it was told, in order.

use std::io::Write;
use std::sync::Arc;

use imker_event::{Connection, Content, Recorded, Saw, ecs};
use imker_report::escape;
use miette::{Result, miette};

use super::args::ReplayArguments;
use super::event_line::what;
use super::list::time;
use super::read::secrets;
use super::store::Store;
use crate::exit::Exit;
use crate::output::{Output, WriteError};

/// Shows a session or a connection. The record is read twice, for a session may be larger than memory.
pub fn replay(arguments: &ReplayArguments) -> Result<Exit> {
    let store = Store::find(&arguments.store)?;
    let secrets = secrets(arguments.reveal);
    let (id, missing) = find(&store, &arguments.id)?;
    let mut out = Output::open(None)?;
    let mut connection = None;
    let mut events = store.events()?.quietly();
    while let Some(mut recorded) = events.next()? {
        let Some(of) = recorded.event.connection.clone() else {
            continue;
        };
        if ![&of.session, &of.id].into_iter().any(|known| **known == *id) {
            continue;
        }
        if connection.as_ref() != Some(&of.id) {
            heading(&mut out, &of).map_err(WriteError)?;
            connection = Some(Arc::clone(&of.id));
        }
        let summary = what(&recorded.event.saw, secrets);
        // Masking changes lengths.
        let more = not_shown(&recorded.event.saw);
        if secrets == ecs::Secrets::Masked {
            ecs::mask(&mut recorded.event);
        }
        event(&mut out, &recorded, &summary, more).map_err(WriteError)?;
    }
    out.close()?;
    Ok(if missing == 0 { Exit::Clean } else { Exit::Failed })
}

/// The one session or connection whose id begins so, and how many events could not be read on the way.
fn find(store: &Store, start: &str) -> Result<(Arc<str>, u64)> {
    let mut events = store.events()?;
    let mut found: Option<Arc<str>> = None;
    while let Some(recorded) = events.next()? {
        let Some(connection) = recorded.event.connection else {
            continue;
        };
        let id = [&connection.session, &connection.id]
            .into_iter()
            .find(|id| id.starts_with(start));
        match (id, &found) {
            (Some(id), Some(other)) if id != other => {
                return Err(miette!(
                    help = "give more of it",
                    "several sessions and connections begin with {start}"
                ));
            }
            (Some(id), None) => found = Some(Arc::clone(id)),
            _ => {}
        }
    }
    let found = found.ok_or_else(|| {
        miette!(
            help = "`imker honeypot sessions` lists them",
            "no session or connection begins with {start}"
        )
    })?;
    Ok((found, events.missing))
}

fn heading(out: &mut impl Write, connection: &Connection) -> std::io::Result<()> {
    writeln!(
        out,
        "=== {} -> {} {} ({}) connection {}",
        connection.source, connection.destination, connection.host, connection.persona, connection.id
    )
}

/// How many bytes of a body are not in its event.
fn not_shown(saw: &Saw) -> u64 {
    let (body, start) = match saw {
        Saw::WebRequest(received) => (&received.body, &received.body_start),
        Saw::WebResponse { body, body_start, .. } => (body, body_start),
        _ => return 0,
    };
    body.bytes.saturating_sub(start.0.len() as u64)
}

fn event(out: &mut impl Write, recorded: &Recorded, summary: &str, more: u64) -> std::io::Result<()> {
    let event = &recorded.event;
    writeln!(
        out,
        "--- {} {} {}",
        time(event.time),
        event.kind().action(),
        escape::visible(summary)
    )?;
    match &event.saw {
        Saw::WebRequest(received) => {
            bytes(out, '>', &received.head.0)?;
            bytes(out, '>', &received.body_start.0)?;
            rest(out, '>', &received.body, more)
        }
        Saw::WebRequestRefused { received, .. } | Saw::TlsFailed { received, .. } => {
            bytes(out, '>', &received.0)
        }
        Saw::WebRequestContinued { head } => bytes(out, '>', &head.0),
        Saw::WebResponse {
            head,
            body,
            body_start,
            ..
        } => {
            bytes(out, '<', &head.0)?;
            bytes(out, '<', &body_start.0)?;
            rest(out, '<', body, more)
        }
        _ => Ok(()),
    }
}

/// What is known of bytes that are not shown.
fn rest(out: &mut impl Write, side: char, content: &Content, more: u64) -> std::io::Result<()> {
    match (more, content.sha256.as_str()) {
        (0, _) => Ok(()),
        (more, "") => writeln!(out, "{side} [{more} more bytes]"),
        (more, sha256) => writeln!(
            out,
            "{side} [{more} more bytes, SHA-256 of all {}]",
            escape::visible(sha256)
        ),
    }
}

/// Bytes line by line, made harmless.
fn bytes(out: &mut impl Write, side: char, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(bytes);
    for line in text.trim_end_matches("\r\n").split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        writeln!(out, "{side} {}", escape::visible(line))?;
    }
    Ok(())
}
