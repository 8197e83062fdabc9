//! A set of days, 64 to a word.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

const EPOCH: Date = Date::constant(1970, 1, 1);
const SECONDS: i64 = 86_400;

/// The UTC day of an instant.
pub(super) fn of(time: Timestamp) -> Date {
    Offset::UTC.to_datetime(time).date()
}

fn number(day: Date) -> i64 {
    day.duration_since(EPOCH).as_secs().div_euclid(SECONDS)
}

fn day(number: i64) -> Option<Date> {
    EPOCH
        .checked_add(SignedDuration::from_secs(number * SECONDS))
        .ok()
}

/// Days with events.
#[derive(Debug, Default)]
pub(super) struct Days(BTreeMap<i64, u64>);

impl Days {
    pub fn extend(&mut self, days: &[Date]) {
        for day in days {
            let number = number(*day);
            *self.0.entry(number.div_euclid(64)).or_default() |= 1 << number.rem_euclid(64);
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (word, bits) in other.0 {
            *self.0.entry(word).or_default() |= bits;
        }
    }

    fn bounds(&self) -> Option<(i64, i64)> {
        let (first, first_bits) = self.0.first_key_value()?;
        let (last, last_bits) = self.0.last_key_value()?;
        let from = first * 64 + i64::from(first_bits.trailing_zeros());
        Some((from, last * 64 + 63 - i64::from(last_bits.leading_zeros())))
    }

    /// Days between the first and the last that are not in the set: the first `limit`, and how many more.
    pub fn missing(&self, limit: usize) -> (Vec<Date>, u64) {
        let Some((from, to)) = self.bounds() else {
            return (Vec::new(), 0);
        };
        let present: u64 = self.0.values().map(|bits| u64::from(bits.count_ones())).sum();
        let missing = (to - from + 1) as u64 - present;
        let has = |number: i64| {
            self.0
                .get(&number.div_euclid(64))
                .is_some_and(|bits| bits >> number.rem_euclid(64) & 1 == 1)
        };
        let listed: Vec<Date> = (from..=to)
            .filter(|number| !has(*number))
            .take(limit)
            .filter_map(day)
            .collect();
        let left_out = missing - listed.len() as u64;
        (listed, left_out)
    }
}
