//! The tables of the local view, and how an older file becomes a newer one.

use rusqlite::Connection;

use super::ViewError;

/// The version that this program writes, in SQLite's `user_version`.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What makes version `n + 1` of version `n`. Add to the end; never change one that was released.
///
/// Times are nanoseconds since 1970 UTC. Addresses are 16 bytes in network order, IPv4 mapped into IPv6, so that a
/// network is a range. The events themselves are in the spool alone.
pub(super) const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE events (
    sequence   INTEGER PRIMARY KEY,
    time       INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    host       TEXT,
    source     BLOB,
    session    TEXT
);
CREATE INDEX events_time ON events (time);
CREATE INDEX events_kind ON events (kind, sequence);
CREATE INDEX events_session ON events (session, sequence) WHERE session IS NOT NULL;
CREATE INDEX events_source ON events (source, sequence) WHERE source IS NOT NULL;

CREATE TABLE sources (
    address         BLOB PRIMARY KEY,
    first_seen      INTEGER NOT NULL,
    last_seen       INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    country_code    TEXT,
    country         TEXT,
    city            TEXT,
    latitude        REAL,
    longitude       REAL,
    as_number       INTEGER,
    as_organisation TEXT
) WITHOUT ROWID;
CREATE INDEX sources_last_seen ON sources (last_seen);

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    source     BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    events     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_source ON sessions (source);
CREATE INDEX sessions_last_seen ON sessions (last_seen);

CREATE TABLE connections (
    id             TEXT PRIMARY KEY,
    session        TEXT NOT NULL,
    source         BLOB NOT NULL,
    source_port    INTEGER NOT NULL,
    destination    BLOB NOT NULL,
    destination_port INTEGER NOT NULL,
    proxy          TEXT,
    host           TEXT NOT NULL,
    persona        TEXT NOT NULL,
    service        TEXT NOT NULL,
    time           INTEGER NOT NULL, -- when it was opened
    closed         INTEGER,
    close_reason   TEXT,
    bytes_received INTEGER,
    bytes_sent     INTEGER,
    tls_version    TEXT,
    server_name    TEXT,
    ja3            TEXT,
    ja4            TEXT
) WITHOUT ROWID;
CREATE INDEX connections_session ON connections (session);
CREATE INDEX connections_source ON connections (source, time);
CREATE INDEX connections_time ON connections (time);

CREATE TABLE requests (
    sequence    INTEGER PRIMARY KEY,
    time        INTEGER NOT NULL,
    source      BLOB,
    session     TEXT,
    host        TEXT,
    user_agent  TEXT,
    attacks     INTEGER NOT NULL -- rules matched that do not know ordinary traffic
);
CREATE INDEX requests_session ON requests (session, sequence);
CREATE INDEX requests_source ON requests (source, sequence);
CREATE INDEX requests_time ON requests (time);

CREATE TABLE credentials (
    sequence   INTEGER PRIMARY KEY,
    time       INTEGER NOT NULL,
    source     BLOB,
    session    TEXT,
    host       TEXT,
    scheme     TEXT NOT NULL,
    place      TEXT NOT NULL,
    username   TEXT NOT NULL,
    domain     TEXT,
    secret     TEXT,
    own_domain INTEGER NOT NULL
);
CREATE INDEX credentials_source ON credentials (source, sequence);
CREATE INDEX credentials_session ON credentials (session, sequence);
CREATE INDEX credentials_time ON credentials (time);

CREATE TABLE payloads (
    sequence INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    source   BLOB,
    session  TEXT,
    host     TEXT,
    kind     TEXT NOT NULL, -- upload, or web-request for its body
    name     TEXT,
    sha256   TEXT NOT NULL,
    bytes    INTEGER NOT NULL,
    kept     INTEGER NOT NULL
);
CREATE INDEX payloads_sha256 ON payloads (sha256);
CREATE INDEX payloads_source ON payloads (source, sequence);
CREATE INDEX payloads_session ON payloads (session, sequence);
CREATE INDEX payloads_time ON payloads (time);

CREATE TABLE stages (
    sequence  INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    source    BLOB,
    session   TEXT,
    host      TEXT,
    chain     TEXT NOT NULL,
    stage     TEXT NOT NULL,
    place     INTEGER NOT NULL,
    succeeded INTEGER NOT NULL
);
CREATE INDEX stages_session ON stages (session, chain, place);
CREATE INDEX stages_source ON stages (source, sequence);
CREATE INDEX stages_chain ON stages (chain, stage, session);
CREATE INDEX stages_time ON stages (time);

-- The last event taken over; in the same transaction as what it brought.
CREATE TABLE position (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), sequence INTEGER NOT NULL);
",
    "
-- Whether it is the beginning of a body whose end did not come.
ALTER TABLE payloads ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
",
];

/// Brings a file to this program's version.
pub(super) fn migrate(database: &mut Connection) -> Result<(), ViewError> {
    let found = version(database)?;
    if found > VERSION {
        return Err(ViewError::Newer {
            found,
            known: VERSION,
        });
    }
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// The version of a file; 0 where it is new.
pub(super) fn version(database: &Connection) -> Result<i64, ViewError> {
    Ok(database.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
