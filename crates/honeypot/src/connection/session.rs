use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// Less than this between two connections of an address makes them one session.
const GAP: Duration = Duration::from_secs(30 * 60);
/// Addresses in one generation of the table.
const ADDRESSES: usize = 64 * 1024;

/// Sessions of source addresses: all connections of one with less than 30 minutes between them.
///
/// The table is bounded: it has two generations, and what was not seen during a whole one is forgotten. Where more
/// than 65,536 addresses come within 30 minutes, sessions may be split.
pub struct Sessions(Mutex<Generations>);

struct Generations {
    current: HashMap<IpAddr, Session>,
    previous: HashMap<IpAddr, Session>,
    since: Instant,
}

struct Session {
    id: Arc<str>,
    open: u32,
    last: Instant,
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(Generations {
            current: HashMap::new(),
            previous: HashMap::new(),
            since: Instant::now(),
        }))
    }
}

impl Sessions {
    /// The session of an address that connects now.
    pub fn enter(&self, source: IpAddr) -> Arc<str> {
        self.enter_at(source, Instant::now())
    }

    fn enter_at(&self, source: IpAddr, now: Instant) -> Arc<str> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.current.len() >= ADDRESSES || now.duration_since(table.since) >= GAP {
            table.previous = std::mem::take(&mut table.current);
            table.since = now;
        }
        let known = table
            .current
            .remove(&source)
            .or_else(|| table.previous.remove(&source));
        let mut session = known
            .filter(|session| session.open > 0 || now.duration_since(session.last) < GAP)
            .unwrap_or_else(|| Session {
                id: Uuid::now_v7().to_string().into(),
                open: 0,
                last: now,
            });
        session.open += 1;
        session.last = now;
        let id = Arc::clone(&session.id);
        table.current.insert(source, session);
        id
    }

    /// Goes on with the session that an address had so long ago, before this process; whether it is not over yet.
    pub(crate) fn resume(&self, source: IpAddr, session: &Arc<str>, ago: Duration) -> bool {
        let last = Instant::now().checked_sub(ago).filter(|_| ago < GAP);
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(last), true) = (last, table.current.len() < ADDRESSES) else {
            return false;
        };
        let session = Session {
            id: Arc::clone(session),
            open: 0,
            last,
        };
        table.current.insert(source, session);
        true
    }

    /// A connection of this address ended.
    pub fn leave(&self, source: IpAddr) {
        self.leave_at(source, Instant::now());
    }

    fn leave_at(&self, source: IpAddr, now: Instant) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = table
            .current
            .remove(&source)
            .or_else(|| table.previous.remove(&source));
        if let Some(mut session) = known {
            session.open = session.open.saturating_sub(1);
            session.last = now;
            table.current.insert(source, session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_minutes_of_silence_end_a_session() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let [one, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let at = |minutes: u64| start + Duration::from_secs(60 * minutes);
        let first = sessions.enter_at(one, at(0));
        assert_ne!(first, sessions.enter_at(other, at(0)));
        // Open for two hours, and less than 30 minutes after its end.
        sessions.leave_at(one, at(120));
        sessions.enter_at(other, at(121));
        assert_eq!(first, sessions.enter_at(one, at(149)));
        sessions.leave_at(one, at(150));
        assert_ne!(first, sessions.enter_at(one, at(180)));
    }

    #[test]
    fn a_restart_ends_no_session() {
        let sessions = Sessions::default();
        let [one, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let ids = ["1", "2", "3"].map(Arc::<str>::from);
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert!(!sessions.resume(one, &ids[0], minutes(30)));
        // A machine that has just started has no instant so long ago.
        if Instant::now().checked_sub(minutes(20)).is_some() {
            assert!(sessions.resume(one, &ids[1], minutes(20)));
            assert_eq!(sessions.enter(one), ids[1]);
        }
        assert!(sessions.resume(other, &ids[2], minutes(0)));
        assert_eq!(sessions.enter(other), ids[2]);
    }

    #[test]
    fn the_table_is_bounded() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        for address in 0..3 * ADDRESSES as u32 {
            sessions.enter_at(IpAddr::from(address.to_be_bytes()), now);
        }
        let table = sessions.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(table.current.len() + table.previous.len() <= 2 * ADDRESSES);
    }
}
