use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::ViewError;

/// Rows that wait for their reader at most.
const WAITING: usize = 256;

/// Rows of a query, as SQLite finds them: a thread steps through them with a connection of its own, only as far ahead
/// as a short queue allows, and ends when this is dropped. All rows are of one instant.
#[derive(Debug)]
pub struct Stream<T> {
    rows: Option<Receiver<Result<T, ViewError>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Stream<T> {
    pub(super) fn start(
        database: Connection,
        sql: String,
        values: Vec<Value>,
        read: impl Fn(&Connection, &Row<'_>) -> Result<T, ViewError> + Send + 'static,
    ) -> Result<Self, ViewError> {
        let (sender, rows) = sync_channel(WAITING);
        let run = move || {
            if let Err(error) = step_through(&database, &sql, values, &read, &sender) {
                // Nobody to tell where the reader is gone.
                let _ = sender.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new()
            .name("view".into())
            .spawn(run)
            .map_err(ViewError::Thread)?;
        Ok(Self {
            rows: Some(rows),
            thread: Some(thread),
        })
    }
}

fn step_through<T>(
    database: &Connection,
    sql: &str,
    values: Vec<Value>,
    read: &impl Fn(&Connection, &Row<'_>) -> Result<T, ViewError>,
    sender: &SyncSender<Result<T, ViewError>>,
) -> Result<(), ViewError> {
    // One transaction, so that what is asked row by row is of the same instant as the rows.
    let transaction = database.unchecked_transaction()?;
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let row = read(&transaction, row);
        if sender.send(row).is_err() {
            break;
        }
    }
    Ok(())
}

impl<T> Iterator for Stream<T> {
    type Item = Result<T, ViewError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.as_ref()?.recv().ok()
    }
}

impl<T> Drop for Stream<T> {
    fn drop(&mut self) {
        self.rows = None;
        if let Some(thread) = self.thread.take() {
            // It panics only where SQLite's bindings do; there is nothing left to mend.
            let _ = thread.join();
        }
    }
}
