//! Evidence lines: a bounded sample that does not depend on anything but the input.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use imker_event::Text;
use imker_sigma::RuleIndex;
use jiff::Timestamp;

use crate::classify::Row;
use crate::join::Request;
use crate::model::{Evidence, Outcome, Place, ServerId, Vantage};
use crate::names::Names;
use crate::rulebook::RuleBook;

/// Requests kept from the start of each stage and rule; the first success and the last are kept as well.
const EARLY: usize = 2;
/// Bytes of lines kept whole; beyond, lines are cut to [`CUT`].
const BUDGET: usize = 12 << 20;
/// Bytes kept of a line once the budget is spent.
const CUT: usize = 256;
/// Rows kept of one request.
const ROWS: usize = 3;

/// Counts the bytes that kept lines hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budget(Arc<AtomicUsize>);

/// A row kept as evidence.
#[derive(Debug)]
pub(crate) struct Kept {
    place: Place,
    time: Timestamp,
    server: ServerId,
    vantage: Vantage,
    client: Option<std::net::IpAddr>,
    stage: Arc<str>,
    outcome: Outcome,
    status: Option<u16>,
    rules: Vec<RuleIndex>,
    line: Text,
    budget: Budget,
}

impl Kept {
    pub fn new(row: &Row, stage: Arc<str>, outcome: Outcome, budget: &Budget) -> Arc<Self> {
        let sighting = &row.sighting;
        let line = match budget.0.load(Ordering::Relaxed) {
            spent if spent < BUDGET => sighting.line.clone(),
            _ => cut(&sighting.line),
        };
        budget.0.fetch_add(line.as_str().len(), Ordering::Relaxed);
        Arc::new(Self {
            place: sighting.place.clone(),
            time: sighting.request.time,
            server: sighting.server,
            vantage: sighting.vantage,
            client: row.client,
            stage,
            outcome,
            status: sighting.request.status,
            rules: sighting.rules.clone(),
            line,
            budget: budget.clone(),
        })
    }

    /// The rows of a request.
    pub fn request(request: &Request, stage: &Arc<str>, outcome: Outcome, budget: &Budget) -> Vec<Arc<Self>> {
        request
            .rows
            .iter()
            .take(ROWS)
            .map(|row| Self::new(row, stage.clone(), outcome, budget))
            .collect()
    }

    pub fn evidence(&self, book: &RuleBook, names: &Names) -> Evidence {
        let id = |index: &RuleIndex| book.get(*index).map(|info| info.named.id.clone());
        Evidence {
            place: self.place.clone(),
            time: self.time,
            server: names.of(self.server),
            vantage: self.vantage,
            client: self.client.map(|client| client.to_string()),
            stage: self.stage.to_string(),
            outcome: self.outcome,
            status: self.status,
            rules: self.rules.iter().filter_map(id).collect(),
            line: self.line.clone(),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.budget
            .0
            .fetch_sub(self.line.as_str().len(), Ordering::Relaxed);
    }
}

fn cut(line: &Text) -> Text {
    let line = line.as_str();
    if line.len() <= CUT {
        return line.into();
    }
    let end = (0..=CUT)
        .rev()
        .find(|end| line.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}…", &line[..end]).as_str().into()
}

/// The first requests of a rule, the first that succeeded, and the last.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    early: Vec<Vec<Arc<Kept>>>,
    success: Vec<Arc<Kept>>,
    last: Vec<Arc<Kept>>,
}

impl Sample {
    pub fn add(&mut self, rows: &[Arc<Kept>], outcome: Outcome) {
        if self.early.len() < EARLY {
            self.early.push(rows.to_vec());
        }
        if outcome == Outcome::Succeeded && self.success.is_empty() {
            self.success = rows.to_vec();
        }
        self.last = rows.to_vec();
    }

    /// Takes in another sample, of requests before and after.
    pub fn join(&mut self, other: Self) {
        let time = |rows: &Vec<Arc<Kept>>| rows.first().map(|row| row.time);
        self.early.extend(other.early);
        self.early.sort_by_key(time);
        self.early.truncate(EARLY);
        if self.success.is_empty()
            || (!other.success.is_empty() && time(&other.success) < time(&self.success))
        {
            self.success = other.success;
        }
        if time(&other.last) > time(&self.last) {
            self.last = other.last;
        }
    }

    pub fn rows(&self) -> impl Iterator<Item = &Arc<Kept>> {
        self.early.iter().flatten().chain(&self.success).chain(&self.last)
    }
}

/// Each row once, in order of time.
pub(crate) fn evidence<'a>(
    rows: impl Iterator<Item = &'a Arc<Kept>>,
    book: &RuleBook,
    names: &Names,
) -> Vec<Evidence> {
    let mut ordered = BTreeMap::new();
    for row in rows {
        ordered
            .entry((row.time, row.vantage, &row.place))
            .or_insert_with(|| row.evidence(book, names));
    }
    ordered.into_values().collect()
}
