//! Payloads, byte for byte as they were received.

use std::io::{Cursor, Read};

use imker_event::Saw;
use imker_honeypot::files_in;
use imker_honeypot::http::content_of;
use imker_honeypot::quarantine;
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::store::Store;

/// What has the one SHA-256 that begins so: from the quarantine or, where it is a short body or a file of one, from the
/// event that it came with.
pub fn payload(store: &Store, start: &str) -> Result<Box<dyn Read>> {
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
            let item = quarantine::open_item(&folder, &item.sha256);
            Ok(Box::new(item.into_diagnostic().wrap_err_with(failed)?))
        }
        (Some(_), Some(_)) => Err(several(&start)),
        (None, _) => in_events(store, &start),
    }
}

fn several(start: &str) -> miette::Report {
    miette!(help = "give more digits", "several payloads begin with {start}")
}

fn in_events(store: &Store, start: &str) -> Result<Box<dyn Read>> {
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
    let (_, bytes) = found.ok_or_else(|| {
        miette!(
            help = "`imker honeypot payloads` lists them; what is too old or exceeded the limits is gone",
            "no payload {start} in quarantine, and none in an event"
        )
    })?;
    Ok(Box::new(Cursor::new(bytes)))
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
