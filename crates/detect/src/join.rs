//! One request that several logs saw counts once.
//!
//! Rows wait for their fellows for [`HOLD`]; then the request leaves, in order of its first row. So many rows
//! wait at most that they fit [`OPEN_LIMIT`] and [`OPEN_BYTES`]; in a flood the oldest leave sooner.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use imker_event::Text;
use jiff::{SignedDuration, Timestamp};

use crate::classify::{Row, Step};
use crate::model::{Outcome, ServerId, Vantage};

/// How long a request waits for rows with its id.
const HOLD: SignedDuration = SignedDuration::from_secs(60);
/// How far apart rows without a common id may be: IIS logs whole seconds, and logs when it has answered.
const NEAR: SignedDuration = SignedDuration::from_secs(2);
/// Requests that wait at most.
const OPEN_LIMIT: usize = 4096;
/// Bytes that they hold at most, roughly.
const OPEN_BYTES: usize = 16 << 20;
/// Rows of one request at most; a forged id cannot make more.
const ROWS_LIMIT: usize = 8;

/// A request with all rows that tell of it: the front end's first.
#[derive(Debug)]
pub(crate) struct Request {
    pub rows: Vec<Row>,
    /// Time of the first row.
    pub time: Timestamp,
}

impl Request {
    fn new(row: Row) -> Self {
        Self {
            time: row.sighting.request.time,
            rows: vec![row],
        }
    }

    /// The row nearest to the client.
    pub fn primary(&self) -> &Row {
        &self.rows[0]
    }

    /// The client, as the row nearest to it tells; `None` where only back-end logs tell of the request.
    pub fn client(&self) -> Option<IpAddr> {
        self.rows.iter().find_map(|row| row.client)
    }

    /// The step, as the row nearest to the client has it; a person who logged on counts in any row.
    pub fn step(&self) -> Option<Step> {
        let steps = || self.rows.iter().filter_map(|row| Some((row, row.step?)));
        let (_, step) = steps().find(|(row, _)| row.user).or_else(|| steps().next())?;
        Some(Step {
            stage: step.stage,
            outcome: self.outcome(|_| true),
        })
    }

    /// What became of the request by the rows that `of` picks. What the client was told decides; a back end's
    /// own status counts only where nothing else is known.
    pub fn outcome(&self, of: impl Fn(&Row) -> bool) -> Outcome {
        let worst = |wanted: &[Vantage]| {
            let rows = self
                .rows
                .iter()
                .filter(|row| of(row) && wanted.contains(&row.sighting.vantage));
            rows.filter_map(|row| row.step).map(|step| step.outcome).max()
        };
        worst(&[Vantage::FrontEnd, Vantage::Proxy])
            .or_else(|| worst(&[Vantage::BackEnd]))
            .or_else(|| worst(&[Vantage::HttpErr]))
            .unwrap_or(Outcome::Unclear)
    }

    fn takes(&self, row: &Row) -> bool {
        self.rows.len() < ROWS_LIMIT
            && self.rows.iter().all(|have| {
                let (have, new) = (&have.sighting, &row.sighting);
                have.vantage != new.vantage || have.place.file != new.place.file
            })
    }

    fn add(&mut self, row: Row) {
        self.rows.push(row);
        self.rows.sort_by_key(|row| match row.sighting.vantage {
            Vantage::FrontEnd => 0,
            Vantage::Proxy => 1,
            Vantage::HttpErr => 2,
            Vantage::BackEnd => 3,
        });
    }
}

type PathKey = (ServerId, String);

#[derive(Debug)]
struct Open {
    request: Request,
    ids: Vec<Text>,
    key: PathKey,
    weight: usize,
}

/// Joins rows that come in ascending order of time.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    open: VecDeque<Open>,
    /// Number of the first request in `open`.
    first: u64,
    by_id: HashMap<Text, u64>,
    by_path: HashMap<PathKey, VecDeque<u64>>,
    /// Front ends by address, as their own logs tell it: a back end's `c-ip`.
    front_ends: HashMap<IpAddr, ServerId>,
    weight: usize,
}

/// Addresses of front ends kept at most.
const FRONT_ENDS_LIMIT: usize = 4096;

impl Joiner {
    /// Takes a row; requests that need not wait any longer go to `ready`.
    pub fn push(&mut self, row: Row, ready: &mut Vec<Request>) {
        let now = row.sighting.request.time;
        while self
            .open
            .front()
            .is_some_and(|open| now.duration_since(open.request.time) > HOLD)
        {
            ready.extend(self.pop());
        }
        self.learn(&row);
        let key = (self.front_end(&row), row.target.path.clone());
        match self.fellow(&row, &key) {
            Some(number) => self.join(number, row),
            None => self.start(key, row),
        }
        while self.open.len() > OPEN_LIMIT || self.weight > OPEN_BYTES {
            ready.extend(self.pop());
        }
    }

    /// Lets all waiting requests go.
    pub fn drain(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    fn learn(&mut self, row: &Row) {
        if row.sighting.vantage == Vantage::FrontEnd
            && self.front_ends.len() < FRONT_ENDS_LIMIT
            && let Some(address) = row.sighting.request.server_address
            && !address.is_loopback()
        {
            self.front_ends
                .entry(address.to_canonical())
                .or_insert(row.sighting.server);
        }
    }

    /// The server whose front end took the request.
    fn front_end(&self, row: &Row) -> ServerId {
        let own = row.sighting.server;
        if row.sighting.vantage != Vantage::BackEnd {
            return own;
        }
        let from = row.sighting.request.client.map(|client| client.to_canonical());
        from.and_then(|from| self.front_ends.get(&from))
            .copied()
            .unwrap_or(own)
    }

    fn fellow(&self, row: &Row, key: &PathKey) -> Option<u64> {
        let id = row.sighting.request.request_id.as_ref();
        if let Some(number) = id.and_then(|id| self.by_id.get(id)).copied()
            && self.get(number).is_some_and(|open| open.request.takes(row))
        {
            return Some(number);
        }
        self.by_path.get(key)?.iter().copied().find(|number| {
            self.get(*number).is_some_and(|open| {
                let ids_differ = id.is_some_and(|id| !open.ids.is_empty() && !open.ids.contains(id));
                !ids_differ
                    && open.request.takes(row)
                    && open.request.rows.iter().all(|have| alike(have, row))
            })
        })
    }

    fn join(&mut self, number: u64, row: Row) {
        let at = (number - self.first) as usize;
        let Some(open) = self.open.get_mut(at) else { return };
        open.weight += row.weight();
        self.weight += row.weight();
        if let Some(id) = row.sighting.request.request_id.clone()
            && !open.ids.contains(&id)
        {
            self.by_id.entry(id.clone()).or_insert(number);
            open.ids.push(id);
        }
        open.request.add(row);
    }

    fn start(&mut self, key: PathKey, row: Row) {
        let number = self.first + self.open.len() as u64;
        let ids: Vec<Text> = row.sighting.request.request_id.iter().cloned().collect();
        for id in &ids {
            self.by_id.entry(id.clone()).or_insert(number);
        }
        self.by_path.entry(key.clone()).or_default().push_back(number);
        let weight = row.weight() + key.1.len();
        self.weight += weight;
        self.open.push_back(Open {
            request: Request::new(row),
            ids,
            key,
            weight,
        });
    }

    fn pop(&mut self) -> Option<Request> {
        let open = self.open.pop_front()?;
        let number = self.first;
        self.first += 1;
        self.weight -= open.weight;
        for id in &open.ids {
            if self.by_id.get(id) == Some(&number) {
                self.by_id.remove(id);
            }
        }
        if let Some(numbers) = self.by_path.get_mut(&open.key) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_path.remove(&open.key);
            }
        }
        Some(open.request)
    }

    fn get(&self, number: u64) -> Option<&Open> {
        self.open.get(number.checked_sub(self.first)? as usize)
    }
}

/// Whether two rows without a common id tell of one request.
fn alike(have: &Row, new: &Row) -> bool {
    let (a, b) = (&have.sighting, &new.sighting);
    if a.vantage == b.vantage {
        // A line that stands in two files is a copy.
        return a.server == b.server && a.request.time == b.request.time && a.line == b.line;
    }
    let near = b.request.time.duration_since(a.request.time).abs() <= NEAR;
    let behind = a.vantage == Vantage::BackEnd || b.vantage == Vantage::BackEnd;
    near && (behind || have.target.whole == new.target.whole)
}
