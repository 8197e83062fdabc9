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

/// Ids that begin alike: none, one, or more.
#[derive(Default)]
struct Found {
    id: Option<Arc<str>>,
    more: bool,
}

impl Found {
    fn add(&mut self, id: &Arc<str>) {
        match &self.id {
            None => self.id = Some(Arc::clone(id)),
            Some(other) => self.more |= other != id,
        }
    }
}

/// The one session, or else the one connection, whose id begins so, and how many events could not be read on the way.
fn find(store: &Store, start: &str) -> Result<(Arc<str>, u64)> {
    let mut events = store.events()?;
    let (mut sessions, mut connections) = (Found::default(), Found::default());
    while let Some(recorded) = events.next()? {
        let Some(connection) = recorded.event.connection else {
            continue;
        };
        if connection.session.starts_with(start) {
            sessions.add(&connection.session);
        }
        if connection.id.starts_with(start) {
            connections.add(&connection.id);
        }
    }
    let (found, what) = if sessions.id.is_some() {
        (sessions, "sessions")
    } else {
        (connections, "connections")
    };
    if found.more {
        return Err(miette!(
            help = "give more of it",
            "several {what} begin with {start}"
        ));
    }
    let found = found.id.ok_or_else(|| {
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
            message(out, '>', &received.head.0, &received.body_start.0)?;
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
            message(out, '<', &head.0, &body_start.0)?;
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

/// A head and what there is of its body, with the empty line between.
fn message(out: &mut impl Write, side: char, head: &[u8], body: &[u8]) -> std::io::Result<()> {
    bytes(out, side, head)?;
    if !body.is_empty() {
        writeln!(out, "{side}")?;
    }
    bytes(out, side, body)
}

/// Bytes line by line, made harmless; of lines together that are no text, the first in hex.
fn bytes(out: &mut impl Write, side: char, mut bytes: &[u8]) -> std::io::Result<()> {
    while let Some(rest) = bytes.strip_suffix(b"\r\n") {
        bytes = rest;
    }
    let mut end = 0;
    let mut binary = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let begin = end;
        end += line.len();
        // Among other bytes, a few may look like text.
        if !is_text(line) || binary.is_some() && line.len() < 8 {
            binary.get_or_insert(begin);
            continue;
        }
        if let Some(from) = binary.take() {
            hex(out, side, &bytes[from..begin])?;
        }
        let line = String::from_utf8_lossy(line);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        writeln!(out, "{side} {}", escape::visible(line))?;
    }
    match binary {
        Some(from) => hex(out, side, &bytes[from..]),
        None => Ok(()),
    }
}

/// Whether no more than one character of a line, or an eighth of them, is none for reading.
fn is_text(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let odd = |char: &char| {
        *char == char::REPLACEMENT_CHARACTER || char.is_control() && !matches!(char, '\t' | '\r' | '\n')
    };
    text.chars().filter(odd).count() <= 1.max(text.chars().count() / 8)
}

/// The first of bytes that are no text, and how many there are.
fn hex(out: &mut impl Write, side: char, bytes: &[u8]) -> std::io::Result<()> {
    let first: Vec<String> = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > first.len() { " ..." } else { "" };
    writeln!(
        out,
        "{side} [no text, {} B: {}{more}]",
        bytes.len(),
        first.join(" ")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shown(head: &[u8], body: &[u8]) -> String {
        let mut out = Vec::new();
        message(&mut out, '>', head, body).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_body_stands_apart_and_bytes_that_are_no_text_are_few() {
        let head = b"PUT / HTTP/1.1\r\nA: \x00b\r\n\r\n";
        assert!(!shown(head, b"").contains(">\n"));
        let text = shown(head, "Stra\u{df}e\nb\x1b[31m".as_bytes());
        assert!(
            text.contains("\n>\n> Stra\u{df}e\n> b") && !text.contains('\x1b'),
            "{text}"
        );
        let mut body = b"--x\r\nContent-Type: y\r\n\r\n".to_vec();
        body.extend((0..=255_u8).cycle().skip(128).take(4000));
        body.extend(b"\r\n--x--end\r\n");
        let text = shown(head, &body);
        assert!(
            text.contains("> --x\n> Content-Type: y\n> \n> [no text, 4002 B: 80 81 "),
            "{text}"
        );
        assert!(text.ends_with("8f ...]\n> --x--end\n"), "{text}");
    }
}
