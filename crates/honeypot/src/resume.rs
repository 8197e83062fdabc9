//! What an earlier run leaves to this one: sessions that are not over, and the stages told of in them.

use std::time::Duration;

use imker_event::{Clients, Saw, SensorEvent};
use imker_spool::{Entry, Spool};
use jiff::Timestamp;

use crate::connection::Sessions;
use crate::detection::{Engine, visit};

/// How many of the last events are looked at: what came before them may begin sessions anew.
const EVENTS: u64 = 20_000;

/// Goes on with the sessions in a record. What cannot be read is passed over: only sessions are split by it.
pub(crate) fn resume(spool: &Spool, sessions: &Sessions, detection: &Engine) {
    let now = Timestamp::now();
    let mut clients = Clients::default();
    let mut events = spool.follow(spool.last().saturating_sub(EVENTS) + 1);
    while let Ok(Some(entry)) = events.try_next() {
        let Entry::Payload { bytes, .. } = entry else {
            continue;
        };
        let Ok(event) = serde_json::from_slice::<SensorEvent>(&bytes) else {
            continue;
        };
        let (Some(connection), Some(client)) = (&event.connection, clients.source(&event)) else {
            continue;
        };
        let ago = Duration::try_from(now.duration_since(event.time)).unwrap_or_default();
        let (source, session) = (connection.source.ip(), &connection.session);
        if sessions.resume(source, session, ago)
            && let Saw::StageReached(stage) = &event.saw
        {
            detection.remember(&visit(connection, client), stage);
        }
    }
}
