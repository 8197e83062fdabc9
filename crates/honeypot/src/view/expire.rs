use imker_event::{Blob, Recorded, Saw, ecs};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::filter::nanoseconds;
use super::{ViewError, ViewWriter};

/// How long classes of data stay in the view; none means as long as the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Events with all that they brought; sources and sessions without events go, too.
    pub events_days: Option<u32>,
    /// Secrets: passwords and tokens, wherever [`ecs::mask`] finds them. The attempt stays, without its secret.
    pub credentials_days: Option<u32>,
    /// Bodies of requests, and the rows that point to the quarantine.
    pub bodies_days: Option<u32>,
}

/// What [`ViewWriter::expire`] took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Events deleted.
    pub events: u64,
    /// Events whose secrets were taken out.
    pub credentials: u64,
    /// Events whose bodies were taken out.
    pub bodies: u64,
}

/// Events handled in one transaction, so that the sink never waits for long.
const BATCH: usize = 1000;

/// In the column `clean`.
pub(super) const SECRETS: u8 = 1;
/// In the column `clean`.
pub(super) const BODIES: u8 = 2;

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
            expired.credentials = self.take_out(before, SECRETS)?;
        }
        if let Some(before) = before(retention.bodies_days) {
            expired.bodies = self.take_out(before, BODIES)?;
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
        transaction.commit()?;
        Ok(deleted as u64)
    }

    fn delete_events(&mut self, before: i64) -> Result<u64, ViewError> {
        let mut deleted = 0;
        for table in ["events", "requests", "credentials", "payloads", "stages"] {
            let sql = format!(
                "DELETE FROM {table} WHERE sequence IN (SELECT sequence FROM {table} WHERE time < ? LIMIT {BATCH})"
            );
            loop {
                let rows = self.database.execute(&sql, [before])?;
                deleted += if table == "events" { rows as u64 } else { 0 };
                if rows == 0 {
                    break;
                }
            }
        }
        let transaction = self.database.transaction()?;
        delete_ended(&transaction, before)?;
        transaction.commit()?;
        Ok(deleted)
    }

    /// Takes `class` out of the events before an instant that still have it.
    fn take_out(&mut self, before: i64, class: u8) -> Result<u64, ViewError> {
        let mut changed = 0;
        loop {
            let transaction = self.database.transaction()?;
            let events: Vec<(i64, String)> = {
                let mut statement = transaction.prepare_cached(&format!(
                    "SELECT sequence, json FROM events WHERE time < ? AND clean & {class} = 0 LIMIT {BATCH}"
                ))?;
                let rows = statement.query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<Result<_, _>>()?
            };
            if events.is_empty() {
                return Ok(changed);
            }
            for (sequence, json) in events {
                let shorter = without(&json, class).map_err(|error| ViewError::Event {
                    sequence: u64::try_from(sequence).unwrap_or(0),
                    error,
                })?;
                changed += u64::from(shorter.is_some());
                transaction
                    .prepare_cached(
                        "UPDATE events SET clean = clean | ?, json = coalesce(?, json) WHERE sequence = ?",
                    )?
                    .execute(params![class, shorter, sequence])?;
            }
            match class {
                SECRETS => transaction.execute(
                    "UPDATE credentials SET secret = NULL WHERE time < ? AND secret IS NOT NULL",
                    [before],
                )?,
                _ => transaction.execute("DELETE FROM payloads WHERE time < ?", [before])?,
            };
            transaction.commit()?;
        }
    }
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

/// The event without `class`; none where it had nothing of it.
fn without(json: &str, class: u8) -> serde_json::Result<Option<String>> {
    let recorded: Recorded = serde_json::from_str(json)?;
    let mut shorter = recorded.clone();
    if class == SECRETS {
        ecs::mask(&mut shorter.event);
    } else if let Saw::WebRequest(received) = &mut shorter.event.saw {
        received.body_start = Blob::default();
    }
    (shorter != recorded)
        .then(|| serde_json::to_string(&shorter))
        .transpose()
}
