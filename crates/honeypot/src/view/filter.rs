use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use imker_event::Kind;
use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::types::Value;

/// Which rows are asked for; the default asks for all.
///
/// A row must satisfy all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Source addresses: any of these networks, or any at all where empty.
    pub sources: Vec<IpNet>,
    /// Simulated host: its DNS name, or the first part of it; letter case aside.
    pub host: Option<String>,
    /// Kinds: any of these, or any at all where empty. Only asked of events.
    pub kinds: Vec<Kind>,
    /// Of sessions whose id begins so.
    pub session: Option<String>,
    /// At most so many rows.
    pub limit: Option<u64>,
}

/// A condition in SQL and what it is asked with.
#[derive(Debug, Default)]
pub(super) struct Condition {
    sql: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Condition {
    /// What `filter` asks of a table with the columns `time`, `source`, `host` and `session`.
    pub(super) fn of(filter: &Filter) -> Self {
        let mut condition = Self::default();
        if let Some(since) = filter.since {
            condition.and("time >= ?", [nanoseconds(since).into()]);
        }
        if let Some(until) = filter.until {
            condition.and("time < ?", [nanoseconds(until).into()]);
        }
        if !filter.sources.is_empty() {
            let ranges = vec!["source BETWEEN ? AND ?"; filter.sources.len()].join(" OR ");
            let ends = filter.sources.iter().map(range);
            condition.and(
                &format!("({ranges})"),
                ends.flat_map(|range| {
                    [
                        Value::Blob(range.start().clone()),
                        Value::Blob(range.end().clone()),
                    ]
                }),
            );
        }
        if let Some(host) = &filter.host {
            condition.and(IS_HOST, host_names(host));
        }
        if let Some(session) = &filter.session {
            // Whatever begins with it: an id has no character above `~`.
            let last = format!("{session}~");
            condition.and("session BETWEEN ? AND ?", [session.clone().into(), last.into()]);
        }
        condition
    }

    /// The same, and what is asked of events alone.
    pub(super) fn of_events(filter: &Filter) -> Self {
        let mut condition = Self::of(filter);
        if !filter.kinds.is_empty() {
            let marks = vec!["?"; filter.kinds.len()].join(", ");
            let kinds = filter
                .kinds
                .iter()
                .map(|kind| Value::from(kind.action().to_owned()));
            condition.and(&format!("kind IN ({marks})"), kinds);
        }
        condition
    }

    /// Asks for this, too.
    pub(super) fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.to_owned());
        self.values.extend(values);
    }

    /// Conditions for `WHERE`.
    pub(super) fn sql(&self) -> String {
        if self.sql.is_empty() {
            "1".to_owned()
        } else {
            self.sql.join(" AND ")
        }
    }
}

/// The condition that a column `host` is a host, letter case aside; takes [`host_names`].
pub(super) const IS_HOST: &str = "(host = ? COLLATE NOCASE OR host COLLATE NOCASE BETWEEN ? AND ?)";

/// A host's name, and the ends of the DNS names that begin with it: `/` is what follows `.`.
pub(super) fn host_names(host: &str) -> [Value; 3] {
    [host.to_owned(), format!("{host}."), format!("{host}/")].map(Value::from)
}

/// The addresses of a network, as the view stores them.
fn range(network: &IpNet) -> RangeInclusive<Vec<u8>> {
    address(network.network())..=address(network.broadcast())
}

/// An address as the view stores it.
pub(super) fn address(address: IpAddr) -> Vec<u8> {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.octets().to_vec()
}

/// An address that [`address`] stored.
pub(super) fn stored_address(bytes: &[u8]) -> Option<IpAddr> {
    let octets: [u8; 16] = bytes.try_into().ok()?;
    Some(Ipv6Addr::from(octets).to_canonical())
}

/// An instant as the view stores it; what lies beyond the years 1677 and 2262 is brought to their ends.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(time.as_nanosecond().clamp(limits.0, limits.1)).unwrap_or(i64::MAX)
}

/// An instant that [`nanoseconds`] stored.
pub(super) fn instant(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default()
}
