use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use imker_event::ecs::Place;
use imker_event::{Clients, Connection, Content, Kind, Recorded, Saw, Scheme, Text};
use rusqlite::{Transaction, params};

use super::filter::{address, nanoseconds};
use super::{ViewError, position, schema};
use crate::private;
use crate::sinks::GeoIp;

/// The view, open for writing. One process at a time.
#[derive(Debug)]
pub struct ViewWriter {
    pub(super) database: rusqlite::Connection,
    clients: Clients,
    /// Connections that have their row.
    pub(super) known: HashSet<Arc<str>>,
}

/// Connections that are remembered to have their row.
const KNOWN: usize = 65_536;

impl ViewWriter {
    /// Opens the view in `path`, makes it where it is missing, readable by its owner alone, and brings it up to date
    /// where it is older.
    ///
    /// # Errors
    /// Where a newer program wrote it, and where SQLite fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ViewError> {
        // It holds passwords. SQLite gives the files beside it the same mode, and says where it cannot open this one.
        let _ = private::open(path.as_ref());
        let mut database = rusqlite::Connection::open(path)?;
        database.busy_timeout(std::time::Duration::from_secs(10))?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        // Each batch is on disk before the spool may forget it.
        database.pragma_update(None, "synchronous", "FULL")?;
        database.pragma_update(None, "secure_delete", "ON")?;
        database.set_prepared_statement_cache_capacity(64);
        schema::migrate(&mut database)?;
        Ok(Self {
            database,
            clients: Clients::default(),
            known: HashSet::new(),
        })
    }

    /// Sequence number of the last event taken over; none where there was none.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn position(&self) -> Result<Option<u64>, ViewError> {
        position(&self.database)
    }

    /// Takes events over, all or none, with the position. Events up to the position are passed over.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn append(&mut self, batch: &[Recorded], geo: Option<&GeoIp>) -> Result<(), ViewError> {
        let transaction = self
            .database
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let done = position(&transaction)?;
        let mut spans = Spans::default();
        // Given back once their rows are there for good.
        let mut known = std::mem::take(&mut self.known);
        for recorded in batch
            .iter()
            .filter(|recorded| done.is_none_or(|done| recorded.sequence > done))
        {
            let source = self.clients.source(&recorded.event);
            insert(&transaction, recorded, source, &mut known)?;
            spans.add(recorded, source);
        }
        spans.write(&transaction, geo)?;
        if let Some(last) = batch.last() {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO position VALUES (1, ?) ON CONFLICT DO UPDATE SET sequence = max(sequence, excluded.sequence)",
            )?;
            statement.execute([integer(last.sequence)])?;
        }
        transaction.commit()?;
        self.known = known;
        Ok(())
    }
}

/// First and last time and number of events.
type Span = (i64, i64, i64);

/// What a batch tells of sources and sessions, so that each is written once a batch.
#[derive(Debug, Default)]
struct Spans {
    sources: HashMap<IpAddr, Span>,
    sessions: HashMap<Arc<str>, (IpAddr, Span)>,
}

impl Spans {
    fn add(&mut self, recorded: &Recorded, source: Option<IpAddr>) {
        let Some((connection, source)) = recorded.event.connection.as_deref().zip(source) else {
            return;
        };
        let time = nanoseconds(recorded.event.time);
        let peer = connection.source.ip().to_canonical();
        let widen = |span: &mut Span| *span = (span.0.min(time), span.1.max(time), span.2 + 1);
        widen(self.sources.entry(source).or_insert((time, time, 0)));
        widen(
            &mut self
                .sessions
                .entry(connection.session.clone())
                .or_insert((peer, (time, time, 0)))
                .1,
        );
    }

    fn write(self, transaction: &Transaction<'_>, geo: Option<&GeoIp>) -> Result<(), ViewError> {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                 first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
                 events = events + excluded.events,
                 country_code = coalesce(excluded.country_code, country_code),
                 country = coalesce(excluded.country, country), city = coalesce(excluded.city, city),
                 latitude = coalesce(excluded.latitude, latitude),
                 longitude = coalesce(excluded.longitude, longitude),
                 as_number = coalesce(excluded.as_number, as_number),
                 as_organisation = coalesce(excluded.as_organisation, as_organisation)",
        )?;
        for (source, (first, last, events)) in self.sources {
            let place = geo.and_then(|geo| geo.place(source)).unwrap_or_default();
            let Place {
                country_code,
                country,
                city,
                location,
                as_number,
                as_organisation,
            } = place;
            statement.execute(params![
                address(source),
                first,
                last,
                events,
                country_code,
                country,
                city,
                location.map(|(latitude, _)| latitude),
                location.map(|(_, longitude)| longitude),
                as_number,
                as_organisation,
            ])?;
        }
        let mut statement = transaction.prepare_cached(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                 first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
                 events = events + excluded.events",
        )?;
        for (session, (source, (first, last, events))) in self.sessions {
            statement.execute(params![session, address(source), first, last, events])?;
        }
        Ok(())
    }
}

/// What all rows of one event have in common.
struct Common<'e> {
    sequence: i64,
    time: i64,
    /// The client, where a trusted proxy named one.
    source: Option<Vec<u8>>,
    session: Option<&'e str>,
    host: Option<&'e str>,
}

fn insert(
    transaction: &Transaction<'_>,
    recorded: &Recorded,
    source: Option<IpAddr>,
    known: &mut HashSet<Arc<str>>,
) -> Result<(), ViewError> {
    let event = &recorded.event;
    let connection = event.connection.as_deref();
    let common = Common {
        sequence: integer(recorded.sequence),
        time: nanoseconds(event.time),
        source: source.map(address),
        session: connection.map(|connection| &*connection.session),
        host: connection.map(|connection| &*connection.host),
    };
    let Common {
        sequence,
        time,
        source,
        session,
        host,
    } = &common;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO events (sequence, time, kind, host, source, session) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute(params![
        sequence,
        time,
        event.kind().action(),
        host,
        source,
        session
    ])?;
    if let Some(connection) = connection
        && !known.contains(&connection.id)
    {
        opened(transaction, connection, *time)?;
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(Arc::clone(&connection.id));
    }
    detail(transaction, &event.saw, connection, &common)
}

/// A connection, whichever of its events came first.
fn opened(transaction: &Transaction<'_>, connection: &Connection, time: i64) -> Result<(), ViewError> {
    let Connection {
        id,
        session,
        host,
        persona,
        service,
        source,
        destination,
        proxy,
    } = connection;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO connections (id, session, source, source_port, destination, destination_port, proxy, host,
             persona, service, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    statement.execute(params![
        id,
        session,
        address(source.ip()),
        source.port(),
        address(destination.ip()),
        destination.port(),
        proxy.map(|proxy| proxy.to_string()),
        host,
        persona,
        service.name(),
        time,
    ])?;
    Ok(())
}

fn detail(
    transaction: &Transaction<'_>,
    saw: &Saw,
    connection: Option<&Connection>,
    common: &Common<'_>,
) -> Result<(), ViewError> {
    let Common {
        sequence,
        time,
        source,
        session,
        host,
    } = common;
    let id = connection.map(|connection| &*connection.id);
    match saw {
        Saw::ConnectionClosed {
            bytes_received,
            bytes_sent,
            reason,
            ..
        } => {
            let reason = name_of(reason);
            transaction
                .prepare_cached(
                    "UPDATE connections SET closed = ?, close_reason = ?, bytes_received = ?, bytes_sent = ?
                     WHERE id = ?",
                )?
                .execute(params![
                    time,
                    reason,
                    integer(*bytes_received),
                    integer(*bytes_sent),
                    id
                ])?;
        }
        Saw::TlsHello(hello) => {
            let name = hello.server_name.as_ref().map(Text::as_str);
            transaction
                .prepare_cached("UPDATE connections SET server_name = ?, ja3 = ?, ja4 = ? WHERE id = ?")?
                .execute(params![name, hello.ja3.as_str(), hello.ja4.as_str(), id])?;
        }
        Saw::TlsEstablished { version, .. } => {
            transaction
                .prepare_cached("UPDATE connections SET tls_version = ? WHERE id = ?")?
                .execute(params![version.as_str(), id])?;
        }
        Saw::WebRequest(received) => {
            let request = &received.request;
            let attacks = received
                .detections
                .iter()
                .filter(|detection| !detection.ordinary)
                .count();
            transaction
                .prepare_cached("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    sequence,
                    time,
                    source,
                    session,
                    host,
                    request.user_agent.as_ref().map(Text::as_str),
                    integer(attacks as u64),
                ])?;
            if received.body.bytes > received.body_start.0.len() as u64 {
                let is_cut = !received.body_complete;
                payload(
                    transaction,
                    common,
                    Kind::WebRequest,
                    None,
                    &received.body,
                    is_cut,
                )?;
            }
        }
        Saw::Credentials(credentials) => {
            let scheme: &Scheme = &credentials.scheme;
            transaction
                .prepare_cached("INSERT INTO credentials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    sequence,
                    time,
                    source,
                    session,
                    host,
                    name_of(scheme),
                    credentials.place.as_str(),
                    credentials.username.as_str(),
                    credentials.domain.as_ref().map(Text::as_str),
                    credentials.secret.as_ref().map(|secret| secret.0.as_str()),
                    credentials.own_domain,
                ])?;
        }
        Saw::Upload { name, content, .. } => {
            let name = name.as_ref().map(Text::as_str);
            // Where it is the whole body, it has a row already.
            let named = transaction
                .prepare_cached(
                    "UPDATE payloads SET kind = ?, name = ?
                     WHERE sha256 = ? AND session IS ? AND time = ? AND kind = ?",
                )?
                .execute(params![
                    Kind::Upload.action(),
                    name,
                    content.sha256.as_str(),
                    session,
                    time,
                    Kind::WebRequest.action()
                ])?;
            if named == 0 {
                payload(transaction, common, Kind::Upload, name, content, false)?;
            }
        }
        Saw::StageReached(stage) => {
            transaction
                .prepare_cached("INSERT INTO stages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    sequence,
                    time,
                    source,
                    session,
                    host,
                    stage.chain,
                    stage.stage,
                    stage.order,
                    stage.succeeded,
                ])?;
        }
        _ => {}
    }
    Ok(())
}

fn payload(
    transaction: &Transaction<'_>,
    common: &Common<'_>,
    kind: Kind,
    name: Option<&str>,
    content: &Content,
    is_cut: bool,
) -> Result<(), ViewError> {
    let Common {
        sequence,
        time,
        source,
        session,
        host,
    } = common;
    let (sha256, bytes, kept) = (
        content.sha256.as_str(),
        integer(content.bytes),
        integer(content.kept),
    );
    transaction
        .prepare_cached("INSERT INTO payloads (sequence, time, source, session, host, kind, name, sha256, bytes, kept, cut)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            sequence,
            time,
            source,
            session,
            host,
            kind.action(),
            name,
            sha256,
            bytes,
            kept,
            is_cut
        ])?;
    Ok(())
}

/// The name of a unit variant in JSON.
fn name_of(value: &impl serde::Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

/// A number as SQLite holds it; what exceeds `i64` is brought to its end.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
