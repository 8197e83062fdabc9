use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction};

use super::filter::nanoseconds;
use super::{ViewError, ViewWriter};

/// How long classes of data stay in the view; none means as long as the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Events with all that they brought; sources and sessions without events go, too.
    pub events_days: Option<u32>,
    /// Secrets: passwords and tokens. The attempt stays, without its secret.
    pub credentials_days: Option<u32>,
    /// Rows that point to the quarantine.
    pub payloads_days: Option<u32>,
}

/// What [`ViewWriter::expire`] took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Events deleted.
    pub events: u64,
    /// Secrets taken out.
    pub credentials: u64,
    /// Rows that pointed to the quarantine.
    pub payloads: u64,
}

/// Events handled in one transaction, so that the sink never waits for long.
const BATCH: usize = 1000;

impl ViewWriter {
    /// Takes out what is older than `retention` allows at `now`. What it deletes is overwritten in the file.
    ///
    /// # Errors
    /// Where SQLite fails. What was taken out before stays so.
    pub fn expire(&mut self, retention: &Retention, now: Timestamp) -> Result<Expired, ViewError> {
        let before = |days: Option<u32>| {
            let age = SignedDuration::from_hours(i64::from(days?) * 24);
            now.checked_sub(age).ok().map(nanoseconds)
        };
        let mut expired = Expired::default();
        if let Some(before) = before(retention.events_days) {
            expired.events = self.delete_events(before)?;
        }
        if let Some(before) = before(retention.credentials_days) {
            let sql = format!(
                "UPDATE credentials SET secret = NULL WHERE sequence IN
                 (SELECT sequence FROM credentials WHERE time < ? AND secret IS NOT NULL LIMIT {BATCH})"
            );
            expired.credentials = self.repeat(&sql, before)?;
        }
        if let Some(before) = before(retention.payloads_days) {
            expired.payloads = self.repeat(&delete_from("payloads"), before)?;
        }
        if expired != Expired::default() {
            // The log still holds the old pages.
            self.database
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(expired)
    }

    /// Deletes the oldest events, a batch of them at a time, while the view is larger than `max` bytes. Returns how many
    /// went. What is free in the file is written to again; it does not become smaller.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn shrink(&mut self, max: u64) -> Result<u64, ViewError> {
        let pragma = |name: &str| -> Result<u64, ViewError> {
            let number: i64 = self.database.pragma_query_value(None, name, |row| row.get(0))?;
            Ok(number.cast_unsigned())
        };
        let used = (pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?;
        if used <= max {
            return Ok(0);
        }
        let transaction = self.database.transaction()?;
        let oldest = format!(
            "SELECT max(sequence) FROM (SELECT sequence FROM events ORDER BY sequence LIMIT {BATCH})"
        );
        let last: Option<i64> = transaction.query_row(&oldest, [], |row| row.get(0))?;
        let mut deleted = 0;
        for table in ["requests", "credentials", "payloads", "stages", "events"] {
            deleted = transaction.execute(&format!("DELETE FROM {table} WHERE sequence <= ?"), [last])?;
        }
        let left = "SELECT time FROM events ORDER BY sequence LIMIT 1";
        if let Some(before) = transaction.query_row(left, [], |row| row.get(0)).optional()? {
            delete_ended(&transaction, before)?;
        }
        self.known.clear();
        transaction.commit()?;
        Ok(deleted as u64)
    }

    fn delete_events(&mut self, before: i64) -> Result<u64, ViewError> {
        let mut deleted = 0;
        for table in ["requests", "credentials", "payloads", "stages", "events"] {
            deleted = self.repeat(&delete_from(table), before)?;
        }
        let transaction = self.database.transaction()?;
        delete_ended(&transaction, before)?;
        self.known.clear();
        transaction.commit()?;
        Ok(deleted)
    }

    /// Executes `sql` until it finds nothing more to change.
    fn repeat(&self, sql: &str, before: i64) -> Result<u64, ViewError> {
        let mut changed = 0;
        loop {
            match self.database.execute(sql, [before])? {
                0 => return Ok(changed),
                rows => changed += rows as u64,
            }
        }
    }
}

/// Deletes a batch of rows that are older than its one parameter.
fn delete_from(table: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE sequence IN (SELECT sequence FROM {table} WHERE time < ? LIMIT {BATCH})"
    )
}

/// Deletes connections, sessions and sources that ended before an instant.
fn delete_ended(transaction: &Transaction<'_>, before: i64) -> Result<(), ViewError> {
    // An index finds those that began before it.
    let ended = "DELETE FROM connections WHERE time < ?1 AND coalesce(closed, time) < ?1";
    transaction.execute(ended, [before])?;
    transaction.execute("DELETE FROM sessions WHERE last_seen < ?", [before])?;
    transaction.execute("DELETE FROM sources WHERE last_seen < ?", [before])?;
    Ok(())
}
