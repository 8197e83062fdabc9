//! Payloads, byte for byte as they were received.

use std::io::{self, Cursor, Read};
use std::path::Path;

use imker_event::{Content, Saw};
use imker_honeypot::files_in;
use imker_honeypot::http::{Keep, KeepNothing, content_of};
use imker_honeypot::quarantine;
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::store::Store;
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};

/// Writes the payload that has the one SHA-256 that begins so to a new file; the status is 2 where not all of it was
/// kept.
pub fn extract(store: &Store, start: &str, path: &Path) -> Result<Exit> {
    if path.is_file() {
        return Err(miette!(
            help = "name a new file",
            "{} exists and would be overwritten",
            path.display()
        ));
    }
    let (sha256, mut item) = payload(store, start)?;
    let mut out = Output::open(Some(path))?;
    let written = copy(&mut item, &mut out).map_err(WriteError)?;
    out.close()?;
    if written.sha256.as_str() == sha256 {
        return Ok(Exit::Clean);
    }
    let all = bytes_of(store, &sha256)?.map_or_else(|| "more".to_owned(), |bytes| bytes.to_string());
    output::note(&format!(
        "incomplete: {} of {all} bytes were kept; the SHA-256 is that of all that came, not of {}\n",
        written.bytes,
        path.display()
    ));
    Ok(Exit::Failed)
}

/// Copies all, and says what it was.
fn copy(from: &mut dyn Read, to: &mut dyn io::Write) -> io::Result<Content> {
    let mut copied = KeepNothing.begin();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match from.read(&mut buffer)? {
            0 => return copied.finish(),
            read => {
                copied.write(&buffer[..read])?;
                to.write_all(&buffer[..read])?;
            }
        }
    }
}

/// How many bytes came of what has this SHA-256, as an event tells.
fn bytes_of(store: &Store, sha256: &str) -> Result<Option<u64>> {
    let mut events = store.events()?.quietly();
    while let Some(recorded) = events.next()? {
        let content = match &recorded.event.saw {
            Saw::WebRequest(received) => &received.body,
            Saw::Upload { content, .. } => content,
            _ => continue,
        };
        if content.sha256.as_str() == sha256 {
            return Ok(Some(content.bytes));
        }
    }
    Ok(None)
}

/// What has the one SHA-256 that begins so: from the quarantine or, where it is a short body or a file of one, from the
/// event that it came with.
fn payload(store: &Store, start: &str) -> Result<(String, Box<dyn Read>)> {
    let start = start.to_ascii_lowercase();
    if start.is_empty() || !start.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(miette!(
            help = "`imker honeypot payloads` lists them",
            "--extract {start}: not the beginning of a SHA-256"
        ));
    }
    let folder = store.quarantine();
    let failed = || format!("{}: no payload {start}", folder.display());
    let items = if folder.is_dir() {
        quarantine::list(&folder)
            .into_diagnostic()
            .wrap_err_with(failed)?
    } else {
        Vec::new()
    };
    let mut fitting = items.iter().filter(|item| item.sha256.starts_with(&start));
    match (fitting.next(), fitting.next()) {
        (Some(item), None) => {
            let file = quarantine::open_item(&folder, &item.sha256);
            let file = file.into_diagnostic().wrap_err_with(failed)?;
            Ok((item.sha256.clone(), Box::new(file)))
        }
        (Some(_), Some(_)) => Err(several(&start)),
        (None, _) => in_events(store, &start),
    }
}

fn several(start: &str) -> miette::Report {
    miette!(help = "give more digits", "several payloads begin with {start}")
}

fn in_events(store: &Store, start: &str) -> Result<(String, Box<dyn Read>)> {
    let mut events = store.events()?;
    let mut found: Option<(String, Vec<u8>)> = None;
    while let Some(recorded) = events.next()? {
        for (sha256, bytes) in short(&recorded.event.saw) {
            match &found {
                _ if !sha256.starts_with(start) => {}
                Some((other, _)) if *other != sha256 => return Err(several(start)),
                Some(_) => {}
                None => found = Some((sha256, bytes.to_vec())),
            }
        }
    }
    let (sha256, bytes) = found.ok_or_else(|| {
        miette!(
            help = "`imker honeypot payloads` lists them; what is too old or exceeded the limits is gone",
            "no payload {start} in quarantine, and none in an event"
        )
    })?;
    Ok((sha256, Box::new(Cursor::new(bytes))))
}

/// Payloads that are whole within an event, by hash.
fn short(saw: &Saw) -> Vec<(String, &[u8])> {
    let Saw::WebRequest(received) = saw else {
        return Vec::new();
    };
    let body = &received.body_start.0;
    if body.is_empty() {
        return Vec::new();
    }
    let content_type = received.head.0.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let is_it = line[..colon].trim_ascii().eq_ignore_ascii_case(b"content-type");
        is_it.then(|| line[colon + 1..].trim_ascii())
    });
    let files = content_type.map(|content_type| files_in(content_type, body));
    let whole = (body.len() as u64 == received.body.bytes).then_some(&body[..]);
    let payloads = whole.into_iter().chain(files.into_iter().flatten());
    payloads
        .map(|bytes| (content_of(bytes, 0).sha256.to_string(), bytes))
        .collect()
}
