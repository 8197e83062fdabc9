//! One request that several logs saw counts once.
//!
//! Rows wait for their fellows for [`HOLD`]; then the request leaves, in order of its first row. So many rows
//! wait at most that they fit [`OPEN_LIMIT`] and [`OPEN_BYTES`]; in a flood the oldest leave sooner.

mod copies;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use imker_event::Text;
use jiff::{SignedDuration, Timestamp};

use crate::classify::{Row, Step};
use crate::model::{Outcome, ServerId, Sighting, Vantage};
use copies::Copies;

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

    /// Whether there is room for the row and nothing in its way: a log has one row of a request.
    fn takes(&self, row: &Row) -> bool {
        self.rows.len() < ROWS_LIMIT
            && row.sighting.vantage != Vantage::HttpErr
            && self.rows.iter().all(|have| {
                let (have, new) = (&have.sighting, &row.sighting);
                have.vantage != new.vantage || have.place.file != new.place.file
            })
    }

    /// Whether the same line is there already, from another file.
    fn holds(&self, row: &Row) -> bool {
        let new = &row.sighting;
        self.rows.iter().map(|have| &have.sighting).any(|have| {
            (have.server, have.vantage) == (new.server, new.vantage)
                && have.line == new.line
                && have.place.file != new.place.file
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

/// Joins rows that come in ascending order of time.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    open: VecDeque<Open>,
    /// Number of the first request in `open`.
    first: u64,
    by_id: HashMap<Text, u64>,
    /// Requests by path that still lack a row of some vantage, in order.
    lacking: HashMap<(PathKey, Vantage), VecDeque<u64>>,
    copies: Copies,
    front_ends: FrontEnds,
    weight: usize,
}

type PathKey = (ServerId, Arc<str>);

#[derive(Debug)]
struct Open {
    request: Request,
    ids: Vec<Text>,
    key: PathKey,
    /// The lines of its rows, as [`Copies`] knows them.
    lines: Vec<u64>,
    weight: usize,
}

/// Vantages that can tell of one request. What HTTP.sys refuses no other log sees.
const JOINED: [Vantage; 3] = [Vantage::FrontEnd, Vantage::Proxy, Vantage::BackEnd];

impl Joiner {
    /// Takes a row; requests that need not wait any longer go to `ready`.
    pub fn push(&mut self, row: Row, ready: &mut Vec<Request>) {
        let now = row.sighting.request.time;
        let over = |open: &Open| now.duration_since(open.request.time) > HOLD;
        while self.open.front().is_some_and(over) {
            ready.extend(self.pop());
        }
        let line = copies::line(&row.sighting);
        let copied = self.copies.count(line, &row.sighting.place.file);
        if copied
            .and_then(|number| self.get(number))
            .is_some_and(|open| open.request.holds(&row))
        {
            return;
        }
        self.front_ends.learn(&row.sighting);
        let key = (
            self.front_ends.of(&row.sighting),
            Arc::from(row.target.path.as_str()),
        );
        let number = match self.fellow(&row, &key) {
            Some(number) => number,
            None => self.start(key, row.sighting.request.time),
        };
        self.copies.add(line, number);
        self.add(number, line, row);
        while self.open.len() > OPEN_LIMIT || self.weight > OPEN_BYTES {
            ready.extend(self.pop());
        }
    }

    /// Lets all waiting requests go.
    pub fn drain(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    /// The request that a row belongs to: by its id, else by path and time.
    fn fellow(&mut self, row: &Row, key: &PathKey) -> Option<u64> {
        let id = row.sighting.request.request_id.as_ref();
        let named = id.and_then(|id| self.by_id.get(id)).copied();
        if named
            .and_then(|number| self.get(number))
            .is_some_and(|open| open.request.takes(row))
        {
            return named;
        }
        let now = row.sighting.request.time;
        let lacking = self.lacking.get_mut(&(key.clone(), row.sighting.vantage))?;
        let open = |number: u64| self.open.get(number.checked_sub(self.first)? as usize);
        let far = |open: &Open| now.duration_since(open.request.time) > NEAR;
        while lacking
            .front()
            .is_some_and(|number| open(*number).is_none_or(far))
        {
            lacking.pop_front();
        }
        let at = lacking
            .iter()
            .position(|number| open(*number).is_some_and(|open| open.fits(row)))?;
        lacking.remove(at)
    }

    fn start(&mut self, key: PathKey, time: Timestamp) -> u64 {
        let number = self.first + self.open.len() as u64;
        let weight = size_of::<Open>() + key.1.len();
        self.weight += weight;
        let request = Request {
            rows: Vec::new(),
            time,
        };
        self.open.push_back(Open {
            request,
            ids: Vec::new(),
            key,
            lines: Vec::new(),
            weight,
        });
        number
    }

    fn add(&mut self, number: u64, line: u64, row: Row) {
        let Some(open) = self.open.get_mut((number - self.first) as usize) else {
            return;
        };
        let new = open.request.rows.is_empty();
        let vantage = row.sighting.vantage;
        open.weight += row.weight();
        self.weight += row.weight();
        open.lines.push(line);
        if let Some(id) = row.sighting.request.request_id.clone()
            && !open.ids.contains(&id)
        {
            self.by_id.entry(id.clone()).or_insert(number);
            open.ids.push(id);
        }
        open.request.add(row);
        if new && JOINED.contains(&vantage) {
            for other in JOINED.into_iter().filter(|other| *other != vantage) {
                self.lacking
                    .entry((open.key.clone(), other))
                    .or_default()
                    .push_back(number);
            }
        }
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
        for vantage in JOINED {
            let key = (open.key.clone(), vantage);
            if let Some(numbers) = self.lacking.get_mut(&key) {
                while numbers.front().is_some_and(|first| *first <= number) {
                    numbers.pop_front();
                }
                if numbers.is_empty() {
                    self.lacking.remove(&key);
                }
            }
        }
        open.lines.iter().for_each(|line| self.copies.forget(*line));
        Some(open.request)
    }

    fn get(&self, number: u64) -> Option<&Open> {
        self.open.get(number.checked_sub(self.first)? as usize)
    }
}

impl Open {
    /// Whether a row without the request's id tells of it.
    fn fits(&self, row: &Row) -> bool {
        let id = row.sighting.request.request_id.as_ref();
        let another = id.is_some_and(|id| !self.ids.is_empty() && !self.ids.contains(id));
        !another && self.request.takes(row) && self.request.rows.iter().all(|have| alike(have, row))
    }
}

/// Whether two rows of different vantages tell of one request.
fn alike(have: &Row, new: &Row) -> bool {
    let (a, b) = (&have.sighting, &new.sighting);
    let behind = a.vantage == Vantage::BackEnd || b.vantage == Vantage::BackEnd;
    let near = b.request.time.duration_since(a.request.time).abs() <= NEAR;
    a.vantage != b.vantage && near && (behind || have.target.whole == new.target.whole)
}

/// Front ends by address, as their own logs tell it: a back end's `c-ip`.
#[derive(Debug, Default)]
struct FrontEnds(HashMap<IpAddr, ServerId>);

impl FrontEnds {
    const LIMIT: usize = 4096;

    fn learn(&mut self, sighting: &Sighting) {
        if sighting.vantage == Vantage::FrontEnd
            && self.0.len() < Self::LIMIT
            && let Some(address) = sighting.request.server_address
            && !address.is_loopback()
        {
            self.0.entry(address.to_canonical()).or_insert(sighting.server);
        }
    }

    /// The server whose front end took the request.
    fn of(&self, sighting: &Sighting) -> ServerId {
        let from = sighting
            .request
            .client
            .filter(|_| sighting.vantage == Vantage::BackEnd);
        let known = from.and_then(|from| self.0.get(&from.to_canonical()));
        known.copied().unwrap_or(sighting.server)
    }
}

#[cfg(test)]
mod tests;
