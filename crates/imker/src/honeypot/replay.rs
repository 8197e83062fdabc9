//! What a client sent and what it was told, in order.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use imker_event::{Connection, Content, Recorded, Saw, ecs};
use imker_honeypot::quarantine;
use imker_report::escape;
use miette::{Result, miette};

use super::args::ReplayArguments;
use super::event_line::what;
use super::list::time;
use super::read::secrets;
use super::store::Store;
use crate::exit::Exit;
use crate::output::{Output, WriteError};

/// Bytes of a body that are shown.
const SHOWN: u64 = 8 * 1024;

/// Shows a session or a connection.
pub fn replay(arguments: &ReplayArguments) -> Result<Exit> {
    let store = Store::find(&arguments.store)?;
    let secrets = secrets(arguments.reveal);
    let mut events = store.events()?;
    let mut fitting: BTreeMap<String, ()> = BTreeMap::new();
    let mut shown = Vec::new();
    while let Some(recorded) = events.next()? {
        let Some(connection) = recorded.event.connection.clone() else {
            continue;
        };
        let id = [&connection.session, &connection.id]
            .into_iter()
            .find(|id| id.starts_with(&arguments.id));
        if let Some(id) = id {
            fitting.insert(id.to_string(), ());
            shown.push(recorded);
        }
    }
    if fitting.len() > 1 {
        return Err(miette!(
            help = "give more of it",
            "{} sessions and connections begin with {}",
            fitting.len(),
            arguments.id
        ));
    }
    if shown.is_empty() {
        return Err(miette!(
            help = "`imker honeypot sessions` lists them",
            "no session or connection begins with {}",
            arguments.id
        ));
    }
    let mut out = Output::open(None)?;
    let mut connection = None;
    for mut recorded in shown {
        if secrets == ecs::Secrets::Masked {
            ecs::mask(&mut recorded.event);
        }
        let of = recorded.event.connection.clone();
        if of.as_ref().map(|of| &of.id) != connection.as_ref() {
            if let Some(of) = &of {
                heading(&mut out, of).map_err(WriteError)?;
            }
            connection = of.map(|of| of.id.clone());
        }
        event(&mut out, &recorded, secrets, &store.quarantine()).map_err(WriteError)?;
    }
    out.close()?;
    Ok(if events.missing == 0 {
        Exit::Clean
    } else {
        Exit::Failed
    })
}

fn heading(out: &mut impl Write, connection: &Connection) -> std::io::Result<()> {
    writeln!(
        out,
        "=== {} -> {} {} ({}) connection {}",
        connection.source, connection.destination, connection.host, connection.persona, connection.id
    )
}

fn event(
    out: &mut impl Write,
    recorded: &Recorded,
    secrets: ecs::Secrets,
    quarantine: &Path,
) -> std::io::Result<()> {
    let event = &recorded.event;
    let summary = what(&event.saw, secrets);
    writeln!(
        out,
        "--- {} {} {}",
        time(event.time),
        event.kind().action(),
        escape::visible(&summary)
    )?;
    match &event.saw {
        Saw::WebRequest(received) => {
            bytes(out, '>', &received.head.0)?;
            if received.body.bytes > received.body_start.0.len() as u64 {
                content(out, '>', &received.body, quarantine)
            } else {
                bytes(out, '>', &received.body_start.0)
            }
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
            rest(out, '<', body, body_start.0.len())
        }
        _ => Ok(()),
    }
}

/// Kept bytes, or what is known of them.
fn content(out: &mut impl Write, side: char, content: &Content, quarantine: &Path) -> std::io::Result<()> {
    if content.bytes == 0 {
        return Ok(());
    }
    let Ok(item) = quarantine::open_item(quarantine, content.sha256.as_str()) else {
        return rest(out, side, content, 0);
    };
    let mut start = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    item.take(SHOWN).read_to_end(&mut start)?;
    bytes(out, side, &start)?;
    rest(out, side, content, start.len())
}

/// What is known of bytes that are not shown.
fn rest(out: &mut impl Write, side: char, content: &Content, shown: usize) -> std::io::Result<()> {
    match content.bytes.saturating_sub(shown as u64) {
        0 => Ok(()),
        more => writeln!(out, "{side} [{more} more bytes, SHA-256 {}]", content.sha256),
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
