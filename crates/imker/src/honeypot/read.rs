//! Lists of what was recorded.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use imker_event::{Clients, Recorded, Secret, ecs};
use imker_honeypot::view::{Filter, Stream, View, ViewError};
use miette::{IntoDiagnostic, Result, miette};

use super::args::{CredentialsArguments, EventsArguments, PayloadsArguments, ReadArguments};
use super::event_line::EventRow;
use super::extract::extract;
use super::list::{List, Row};
use super::store::{Store, filter, is_asked_for, note_unknown_host};
use crate::exit::Exit;

/// How often `--follow` looks for events.
const LOOK: Duration = Duration::from_millis(200);

/// Events, from the record itself.
pub fn events(arguments: &EventsArguments) -> Result<Exit> {
    let store = Store::find(&arguments.read.store)?;
    let filter = filter(&arguments.read.filter, &arguments.kind)?;
    let mut list = List::new(arguments.read.format, arguments.read.filter.limit)?;
    let mut events = store.events()?;
    let secrets = secrets(arguments.reveal);
    let (mut clients, mut hosts) = (Clients::default(), BTreeSet::new());
    let mut take = |recorded: Recorded, list: &mut List<EventRow>| {
        let source = clients.source(&recorded.event);
        if is_asked_for(&filter, &recorded, source) {
            list.take(EventRow {
                recorded,
                source,
                secrets,
            })?;
        }
        Ok::<_, miette::Report>(())
    };
    while let Some(recorded) = events.next()? {
        if let Some(connection) = &recorded.event.connection
            && !hosts.contains(&*connection.host)
        {
            hosts.insert(connection.host.to_string());
        }
        take(recorded, &mut list)?;
    }
    list.flush()?;
    note_unknown_host(&filter, &hosts);
    if arguments.follow {
        loop {
            match events.next()? {
                Some(recorded) => take(recorded, &mut list)?,
                None => {
                    list.flush()?;
                    thread::sleep(LOOK);
                }
            }
        }
    }
    Ok(if events.missing == 0 {
        Exit::Clean
    } else {
        Exit::Failed
    })
}

/// What becomes of secrets.
pub fn secrets(reveal: bool) -> ecs::Secrets {
    if reveal {
        ecs::Secrets::Kept
    } else {
        ecs::Secrets::Masked
    }
}

/// Sessions, from the view.
pub fn sessions(arguments: &ReadArguments) -> Result<Exit> {
    list(arguments, |view, filter| view.sessions(filter), |_| {})
}

/// Sources, from the view.
pub fn attackers(arguments: &ReadArguments) -> Result<Exit> {
    // The view has those with the most events first.
    let limit = arguments.filter.limit.map(|limit| limit as u64);
    let ask = |view: &View, filter: &Filter| {
        view.attackers(&Filter {
            limit,
            ..filter.clone()
        })
    };
    list(arguments, ask, |_| {})
}

/// Attempts to log on, from the view.
pub fn credentials(arguments: &CredentialsArguments) -> Result<Exit> {
    let reveal = arguments.reveal;
    list(
        &arguments.read,
        |view, filter| view.credentials(filter),
        |credential| {
            if reveal {
                return;
            }
            credential.place = ecs::mask_query(&credential.place).into_owned();
            if let Some(secret) = &mut credential.secret {
                *secret = Secret(ecs::MASKED.into());
            }
        },
    )
}

/// Payloads, from the view; or one of them, from the quarantine.
pub fn payloads(arguments: &PayloadsArguments) -> Result<Exit> {
    match (&arguments.extract, &arguments.output) {
        (Some(sha256), Some(output)) => extract(&Store::find(&arguments.read.store)?, sha256, output),
        (Some(sha256), None) => Err(miette!(
            help = "add `--output FILE`",
            "--extract {sha256}: no file to write it to"
        )),
        (None, Some(output)) => Err(miette!(
            help = "name what to write with `--extract SHA256`; the list itself goes to standard output",
            "--output {}: nothing to write to it",
            output.display()
        )),
        (None, None) => list(&arguments.read, |view, filter| view.payloads(filter), |_| {}),
    }
}

fn list<R: Row>(
    arguments: &ReadArguments,
    ask: impl FnOnce(&View, &Filter) -> Result<Stream<R>, ViewError>,
    mut change: impl FnMut(&mut R),
) -> Result<Exit> {
    let store = Store::find(&arguments.store)?;
    let filter = filter(&arguments.filter, &[])?;
    let view = store.view()?;
    let rows = ask(&view, &filter).into_diagnostic()?;
    // What the view was asked to limit itself is no longer than that.
    let mut list = List::new(arguments.format, arguments.filter.limit)?;
    for row in rows {
        let mut row = row.into_diagnostic()?;
        change(&mut row);
        list.take(row)?;
    }
    list.flush()?;
    if filter.host.is_some() {
        let hosts = view.hosts().into_diagnostic()?;
        note_unknown_host(&filter, &hosts.into_iter().collect());
    }
    Ok(Exit::Clean)
}
