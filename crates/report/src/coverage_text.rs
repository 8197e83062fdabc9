//! What coverage lacks, in sentences; the terminal and the HTML report both show them.

use imker_detect::Coverage;
use jiff::civil::Date;

use crate::language::Texts;
use crate::model::HuntReport;

/// Days named before the rest is left to their number.
const DAYS: usize = 12;

/// The stretch of time that was asked for, where one was.
pub(crate) fn only(texts: &Texts, report: &HuntReport) -> Option<String> {
    let time = |time| texts.time(time).into();
    Some(match (report.since, report.until) {
        (None, None) => return None,
        (Some(since), None) => texts.say_with("only-since", [("from", time(since))]),
        (None, Some(until)) => texts.say_with("only-until", [("to", time(until))]),
        (Some(since), Some(until)) => {
            texts.say_with("only-between", [("from", time(since)), ("to", time(until))])
        }
    })
}

pub(crate) fn holes(texts: &Texts, coverage: &Coverage) -> Vec<String> {
    let mut holes = Vec::new();
    let days = &coverage.days_without_events;
    if !days.is_empty() {
        let args = [("count", days.len().into()), ("days", day_ranges(days).into())];
        holes.push(texts.say_with("coverage-days", args));
    }
    for gap in &coverage.gaps {
        let args = [
            ("duration", texts.duration(gap.to.duration_since(gap.from)).into()),
            ("from", texts.time(gap.from).into()),
            ("to", texts.time(gap.to).into()),
        ];
        holes.push(texts.say_with("coverage-gap", args));
    }
    for overlap in &coverage.overlaps {
        let args = [
            ("first", (*overlap.files[0]).into()),
            ("second", (*overlap.files[1]).into()),
            ("from", texts.time(overlap.span.from).into()),
            ("to", texts.time(overlap.span.to).into()),
        ];
        holes.push(texts.say_with("coverage-overlap", args));
    }
    for jump in &coverage.clock_back {
        let args = [
            ("from", texts.time(jump.from).into()),
            ("to", texts.time(jump.to).into()),
            ("place", format!("{}:{}", jump.place.file, jump.place.line).into()),
        ];
        holes.push(texts.say_with("coverage-clock", args));
    }
    if coverage.not_listed > 0 {
        holes.push(texts.say_with("coverage-not-listed", [("count", coverage.not_listed.into())]));
    }
    holes
}

/// Neighbouring days as ranges: `2021-08-03 – 2021-08-05, 2021-08-09`.
fn day_ranges(days: &[Date]) -> String {
    let mut ranges: Vec<(Date, Date)> = Vec::new();
    for &day in days {
        match ranges.last_mut() {
            Some((_, last)) if last.tomorrow().is_ok_and(|next| next == day) => *last = day,
            _ => ranges.push((day, day)),
        }
    }
    let mut named: Vec<String> = ranges
        .iter()
        .take(DAYS)
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first} – {last}")
            }
        })
        .collect();
    if ranges.len() > DAYS {
        named.push("…".to_owned());
    }
    named.join(", ")
}
