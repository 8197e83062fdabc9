//! Builds over time.

use std::collections::BTreeMap;

use imker_exchange::Build;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::days;
use crate::model::{BuildSeen, Span};

/// Pairs of day and build kept of one server: 40 years of one build.
const DAYS: usize = 16_384;

/// First and last request that a build served on each day.
#[derive(Debug, Default)]
pub(super) struct Builds(BTreeMap<(Date, String), Span>);

impl Builds {
    pub fn add(&mut self, seen: &BuildSeen) {
        let (first, last) = (days::of(seen.span.from), days::of(seen.span.to));
        let mut day = first;
        loop {
            let start = Offset::UTC
                .to_timestamp(day.at(0, 0, 0, 0))
                .unwrap_or(seen.span.from);
            let end = Offset::UTC
                .to_timestamp(day.at(23, 59, 59, 0))
                .unwrap_or(seen.span.to);
            let from = if day == first { seen.span.from } else { start };
            let to = if day == last { seen.span.to } else { end };
            if !self.insert((day, seen.build.clone()), Span { from, to }) || day >= last {
                return;
            }
            match day.tomorrow() {
                Ok(tomorrow) => day = tomorrow,
                Err(_) => return,
            }
        }
    }

    /// `false`: there is no room for this day or any later one.
    fn insert(&mut self, key: (Date, String), span: Span) -> bool {
        let day = key.0;
        let kept = self.0.entry(key).or_insert(span);
        kept.from = kept.from.min(span.from);
        kept.to = kept.to.max(span.to);
        if self.0.len() > DAYS {
            self.0.pop_last();
            return self.0.last_key_value().is_some_and(|((last, _), _)| day < *last);
        }
        true
    }

    pub fn merge(&mut self, other: Self) {
        for (key, span) in other.0 {
            self.insert(key, span);
        }
    }

    /// Builds in order of time; one that comes back stands again.
    pub fn timeline(&self) -> Vec<BuildSeen> {
        let mut days: Vec<(Span, &String)> = self.0.iter().map(|((_, build), span)| (*span, build)).collect();
        days.sort();
        let mut timeline: Vec<BuildSeen> = Vec::new();
        for (span, build) in days {
            match timeline.last_mut() {
                Some(last) if last.build == *build => last.span.to = last.span.to.max(span.to),
                _ => timeline.push(BuildSeen {
                    build: build.clone(),
                    name: name(build),
                    span,
                }),
            }
        }
        timeline
    }
}

fn name(build: &str) -> Option<String> {
    imker_exchange::build_name(build.parse::<Build>().ok()?)
}
