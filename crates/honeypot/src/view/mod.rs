//! The local view: who came, when, and how far, in one SQLite file, for the commands that ask about it.
//!
//! A sink writes it, in WAL mode, so that it may be read meanwhile. It is made of the spool, reaches back as far and can
//! be made anew of it; the events themselves are in the spool alone.

mod activity;
mod expire;
mod filter;
mod rows;
mod schema;
mod stream;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use imker_event::{Kind, Secret};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

pub use expire::{Expired, Retention};
pub use filter::Filter;
pub use rows::{Activity, Attacker, Credential, Payload, ReachedStage, Session};
pub use stream::Stream;
pub use write::ViewWriter;

use filter::{Condition, IS_HOST, host_names, instant, nanoseconds, stored_address};

/// Why the view cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// There is no file.
    #[error("{0}: there is no view yet; has the honeypot run, with [view] enabled?")]
    Missing(PathBuf),
    /// A newer program wrote the file.
    #[error("the view has version {found}, this program knows {known}: use a newer program")]
    Newer {
        /// The file's version.
        found: i64,
        /// The latest version known.
        known: i64,
    },
    /// An older program wrote the file, and it is open for reading only.
    #[error(
        "the view has version {found}, this program reads {known}: start the honeypot once to bring it up to date"
    )]
    Older {
        /// The file's version.
        found: i64,
        /// The version that is read.
        known: i64,
    },
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A thread could not be started.
    #[error("no thread for the query: {0}")]
    Thread(std::io::Error),
}

/// The view, open for reading.
#[derive(Debug)]
pub struct View {
    path: PathBuf,
    database: Connection,
}

impl View {
    /// Opens the view in `path`.
    ///
    /// # Errors
    /// Where there is none, where it is of another version, and where SQLite fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ViewError> {
        let path = path.as_ref().to_owned();
        if !path.exists() {
            return Err(ViewError::Missing(path));
        }
        let database = read_only(&path)?;
        match schema::version(&database)? {
            schema::VERSION => Ok(Self { path, database }),
            found if found < schema::VERSION => Err(ViewError::Older {
                found,
                known: schema::VERSION,
            }),
            found => Err(ViewError::Newer {
                found,
                known: schema::VERSION,
            }),
        }
    }

    /// Sequence number of the last event in the view; none where it is empty.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn position(&self) -> Result<Option<u64>, ViewError> {
        position(&self.database)
    }

    /// Sessions that lie, if only in part, in the time asked for; in order of their beginning, each whole.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn sessions(&self, filter: &Filter) -> Result<Stream<Session>, ViewError> {
        let plain = Filter {
            since: None,
            until: None,
            host: None,
            sources: Vec::new(),
            ..filter.clone()
        };
        let mut condition = Condition::of(&plain);
        if !filter.sources.is_empty() {
            // Behind a proxy, many clients share one.
            let clients = Condition::of(&Filter {
                sources: filter.sources.clone(),
                ..Filter::default()
            });
            let sql = format!("session IN (SELECT session FROM events WHERE {})", clients.sql());
            condition.and(&sql, clients.values);
        }
        if let Some(since) = filter.since {
            condition.and("last_seen >= ?", [nanoseconds(since).into()]);
        }
        if let Some(until) = filter.until {
            condition.and("first_seen < ?", [nanoseconds(until).into()]);
        }
        if let Some(host) = &filter.host {
            let sql = format!("session IN (SELECT session FROM connections WHERE {IS_HOST})");
            condition.and(&sql, host_names(host));
        }
        let sql = format!(
            "SELECT session, source, first_seen, last_seen, events
             FROM (SELECT id AS session, * FROM sessions) WHERE {} ORDER BY first_seen, session LIMIT ?",
            condition.sql()
        );
        self.stream(sql, condition, filter.limit, |database, row| {
            let id: String = row.get(0)?;
            let source = source(row, 1)?;
            let scope = Filter {
                session: Some(id.clone()),
                ..Filter::default()
            };
            let activity = activity::of(database, &scope, count(row, 4)?)?;
            let clients = activity::clients(database, &id, source)?;
            let (first_seen, last_seen) = (instant(row.get(2)?), instant(row.get(3)?));
            let place = activity::place(database, source)?;
            Ok(Session {
                id,
                source,
                clients,
                place,
                first_seen,
                last_seen,
                activity,
            })
        })
    }

    /// Source addresses with what they did among the events asked for; those with the most events first.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn attackers(&self, filter: &Filter) -> Result<Stream<Attacker>, ViewError> {
        let mut condition = Condition::of_events(filter);
        condition.and("source IS NOT NULL", []);
        let sql = format!(
            "SELECT asked.source, sources.first_seen, sources.last_seen, asked.sessions, asked.events
             FROM (SELECT source, count(*) AS events, count(DISTINCT session) AS sessions
                   FROM events WHERE {} GROUP BY source) AS asked
             JOIN sources ON sources.address = asked.source
             ORDER BY asked.events DESC, asked.source LIMIT ?",
            condition.sql()
        );
        let scope = filter.clone();
        self.stream(sql, condition, filter.limit, move |database, row| {
            let source = source(row, 0)?;
            let scope = Filter {
                sources: vec![source.into()],
                ..scope.clone()
            };
            Ok(Attacker {
                source,
                place: activity::place(database, source)?,
                first_seen: instant(row.get(1)?),
                last_seen: instant(row.get(2)?),
                sessions: count(row, 3)?,
                activity: activity::of(database, &scope, count(row, 4)?)?,
            })
        })
    }

    /// Simulated hosts that somebody connected to, by name.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn hosts(&self) -> Result<Vec<String>, ViewError> {
        let mut statement = self
            .database
            .prepare("SELECT DISTINCT host FROM connections ORDER BY host")?;
        let hosts = statement.query_map([], |row| row.get(0))?;
        Ok(hosts.collect::<Result<_, _>>()?)
    }

    /// Attempts to log on, in order.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn credentials(&self, filter: &Filter) -> Result<Stream<Credential>, ViewError> {
        let condition = Condition::of(filter);
        let sql = format!(
            "SELECT sequence, time, source, session, host, scheme, place, username, domain, secret, own_domain
             FROM credentials WHERE {} ORDER BY sequence LIMIT ?",
            condition.sql()
        );
        self.stream(sql, condition, filter.limit, |_, row| {
            Ok(Credential {
                sequence: count(row, 0)?,
                time: instant(row.get(1)?),
                source: row
                    .get::<_, Option<Vec<u8>>>(2)?
                    .as_deref()
                    .and_then(stored_address),
                session: row.get(3)?,
                host: row.get(4)?,
                scheme: row.get(5)?,
                place: row.get(6)?,
                username: row.get(7)?,
                domain: row.get(8)?,
                secret: row
                    .get::<_, Option<String>>(9)?
                    .map(|secret| Secret(secret.as_str().into())),
                own_domain: row.get(10)?,
            })
        })
    }

    /// Uploads and bodies with a place in the quarantine, in order; one row each time they came.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn payloads(&self, filter: &Filter) -> Result<Stream<Payload>, ViewError> {
        let condition = Condition::of(filter);
        let sql = format!(
            "SELECT sequence, time, source, session, host, kind, name, sha256, bytes, kept, cut
             FROM payloads WHERE {} ORDER BY sequence LIMIT ?",
            condition.sql()
        );
        self.stream(sql, condition, filter.limit, |_, row| {
            let kind: String = row.get(5)?;
            Ok(Payload {
                sequence: count(row, 0)?,
                time: instant(row.get(1)?),
                source: row
                    .get::<_, Option<Vec<u8>>>(2)?
                    .as_deref()
                    .and_then(stored_address),
                session: row.get(3)?,
                host: row.get(4)?,
                kind: if kind == Kind::Upload.action() {
                    Kind::Upload
                } else {
                    Kind::WebRequest
                },
                name: row.get(6)?,
                sha256: row.get(7)?,
                bytes: count(row, 8)?,
                kept: count(row, 9)?,
                cut: row.get(10)?,
            })
        })
    }

    /// Streams the rows of `sql`, whose last parameter is the limit.
    fn stream<T: Send + 'static>(
        &self,
        sql: String,
        mut condition: Condition,
        limit: Option<u64>,
        read: impl Fn(&Connection, &Row<'_>) -> Result<T, ViewError> + Send + 'static,
    ) -> Result<Stream<T>, ViewError> {
        let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        condition.values.push(Value::Integer(limit));
        Stream::start(read_only(&self.path)?, sql, condition.values, read)
    }
}

fn read_only(path: &Path) -> Result<Connection, ViewError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(database)
}

/// [`View::position`] of the view in `path`, of whatever version; 0 where there is none.
pub(crate) fn position_in(path: &Path) -> Result<u64, ViewError> {
    if !path.exists() {
        return Ok(0);
    }
    let database = read_only(path)?;
    if schema::version(&database)? == 0 {
        return Ok(0);
    }
    Ok(position(&database)?.unwrap_or(0))
}

/// Sequence number of the last event taken over.
fn position(database: &Connection) -> Result<Option<u64>, ViewError> {
    let found: Option<i64> = database
        .query_row("SELECT sequence FROM position", [], |row| row.get(0))
        .optional()?;
    Ok(found.and_then(|sequence| u64::try_from(sequence).ok()))
}

fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or(0))
}

fn source(row: &Row<'_>, index: usize) -> rusqlite::Result<std::net::IpAddr> {
    let bytes: Vec<u8> = row.get(index)?;
    Ok(stored_address(&bytes).unwrap_or(std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)))
}
