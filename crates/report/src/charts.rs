//! Pictures of time as inline SVG: attacks, their stages, and what the logs cover.
//!
//! Colours come from the page's style sheet, by class; nothing here needs a script.

use imker_detect::{Attack, Coverage, Outcome};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::escape::visible;
use crate::language::Texts;
use crate::model::HuntReport;
use crate::names;

pub(crate) const WIDTH: f64 = 960.0;
pub(crate) const LEFT: f64 = 230.0;
pub(crate) const RIGHT: f64 = 70.0;
pub(crate) const LANE: f64 = 22.0;
pub(crate) const BAR: f64 = 10.0;
pub(crate) const AXIS: f64 = 26.0;

/// Lanes drawn at most in one picture.
const LANES: usize = 40;

/// Attacks as lanes over the whole time that logs cover; a bar for each stage.
pub(crate) fn timeline(texts: &Texts, report: &HuntReport) -> Markup {
    let attacks = &report.findings.attacks;
    let covered = report.findings.servers.iter().flat_map(|server| &server.coverage);
    let times = covered
        .flat_map(|coverage| [coverage.first, coverage.last])
        .flatten();
    let times = times.chain(attacks.iter().flat_map(|attack| [attack.first, attack.last]));
    let Some(axis) = Axis::over(times) else {
        return html! {};
    };
    let drawn = &attacks[..attacks.len().min(LANES)];
    let height = drawn.len() as f64 * LANE;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", height + AXIS)) role="img" aria-label=(texts.say("chart-timeline")) {
            (axis.grid(height))
            @for (lane, attack) in drawn.iter().enumerate() {
                @let top = lane as f64 * LANE;
                @let client = attack.client.as_deref().unwrap_or("?");
                (label(top, &format!("{}  {}  {client}", attack.number, attack.chain)))
                rect.track x=(at(LEFT)) y=(at(top + LANE / 2.0 - 0.5)) width=(at(axis.width())) height="1" {}
                @for stage in &attack.stages {
                    @let text = format!("{}: {}", texts.name("stage", &stage.name), texts.say(names::outcome(stage.outcome)));
                    (axis.bar(top, stage.first, stage.last, outcome_class(stage.outcome), &text, texts))
                }
            }
        }
        @if attacks.len() > drawn.len() {
            p.note { (texts.say_with("chart-more", [("count", (attacks.len() - drawn.len()).into())])) }
        }
    }
}

/// The stages of one attack as lanes over its own time.
pub(crate) fn stages(texts: &Texts, attack: &Attack) -> Markup {
    let times = attack.stages.iter().flat_map(|stage| [stage.first, stage.last]);
    let Some(axis) = Axis::over(times) else {
        return html! {};
    };
    let height = attack.stages.len() as f64 * LANE;
    let name = texts.say_with("chart-stages", [("number", attack.number.to_string().into())]);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", height + AXIS)) role="img" aria-label=(name) {
            (axis.grid(height))
            @for (lane, stage) in attack.stages.iter().enumerate() {
                @let top = lane as f64 * LANE;
                @let text = texts.say(names::outcome(stage.outcome));
                (label(top, &texts.name("stage", &stage.name)))
                rect.track x=(at(LEFT)) y=(at(top + LANE / 2.0 - 0.5)) width=(at(axis.width())) height="1" {}
                (axis.bar(top, stage.first, stage.last, outcome_class(stage.outcome), &text, texts))
                text.soft x=(at(WIDTH)) y=(at(top + 15.0)) text-anchor="end" { (texts.number(stage.count)) }
            }
        }
    }
}

/// What the logs of each server cover, by kind and source, with gaps.
pub(crate) fn coverage(texts: &Texts, report: &HuntReport) -> Markup {
    let servers = &report.findings.servers;
    let times = servers
        .iter()
        .flat_map(|server| &server.coverage)
        .flat_map(|row| [row.first, row.last])
        .flatten();
    let Some(axis) = Axis::over(times) else {
        return html! {};
    };
    let rows: Vec<Row<'_>> = servers
        .iter()
        .flat_map(|server| {
            std::iter::once(Row::Server(&server.name)).chain(server.coverage.iter().map(Row::Log))
        })
        .collect();
    let (rows, others) = rows.split_at(rows.len().min(LANES * 2));
    let not_drawn = others.iter().filter(|row| matches!(row, Row::Log(_))).count();
    let height = rows.len() as f64 * LANE;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", height + AXIS)) role="img" aria-label=(texts.say("chart-coverage")) {
            (axis.grid(height))
            @for (lane, row) in rows.iter().enumerate() {
                @let top = lane as f64 * LANE;
                @match row {
                    Row::Server(name) => {
                        text x="0" y=(at(top + 15.0)) font-weight="600" { (cut(name)) }
                    }
                    Row::Log(coverage) => (covered(texts, &axis, top, coverage)),
                }
            }
        }
        @if not_drawn > 0 {
            p.note { (texts.say_with("chart-more-logs", [("count", not_drawn.into())])) }
        }
    }
}

enum Row<'a> {
    Server(&'a str),
    Log(&'a Coverage),
}

fn covered(texts: &Texts, axis: &Axis, top: f64, coverage: &Coverage) -> Markup {
    let name = format!("{} {}", texts.say(names::kind(coverage.kind)), coverage.source);
    let days = coverage.days_without_events.iter().filter_map(|day| {
        let from = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        Some((from, from + jiff::SignedDuration::from_hours(24)))
    });
    let gaps: Vec<(Timestamp, Timestamp)> = coverage
        .gaps
        .iter()
        .map(|gap| (gap.from, gap.to))
        .chain(days)
        .collect();
    html! {
        text x="14" y=(at(top + 15.0)) { (cut(name.trim_end())) }
        rect.track x=(at(LEFT)) y=(at(top + 6.0)) width=(at(axis.width())) height=(at(BAR)) rx="2" {}
        @if let (Some(first), Some(last)) = (coverage.first, coverage.last) {
            (axis.bar(top, first, last, "covered", &texts.say("chart-legend-covered"), texts))
        }
        @for (from, to) in gaps {
            (axis.bar(top, from, to, "track", "", texts))
            (axis.bar(top, from, to, "hole-bar", &texts.say("chart-legend-gap"), texts))
        }
        text.soft x=(at(WIDTH)) y=(at(top + 15.0)) text-anchor="end" {
            (texts.say_with("coverage-files", [("count", coverage.files.into())]))
        }
    }
}

/// A small square and what its colour means.
pub(crate) fn legend(entries: &[(&str, String)]) -> Markup {
    html! {
        div.legend {
            @for (class, text) in entries {
                span {
                    svg viewBox="0 0 10 10" aria-hidden="true" { rect class=(class) width="10" height="10" rx="2" {} }
                    (text)
                }
            }
        }
    }
}

pub(crate) const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Filtered => "filtered",
        Outcome::Refused => "refused",
        Outcome::Unclear => "unclear",
        Outcome::Succeeded => "succeeded",
    }
}

/// Time from left to right.
pub(crate) struct Axis {
    from: i64,
    to: i64,
    left: f64,
    right: f64,
}

/// Steps between ticks, in seconds: the first that gives few enough is taken.
const STEPS: [i64; 20] = [
    1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
    2_592_000, 7_776_000, 15_552_000, 31_536_000,
];

impl Axis {
    fn over(times: impl Iterator<Item = Timestamp>) -> Option<Self> {
        let mut span: Option<(i64, i64)> = None;
        for time in times.map(Timestamp::as_second) {
            let (from, to) = span.unwrap_or((time, time));
            span = Some((from.min(time), to.max(time)));
        }
        let (from, to) = span?;
        // A margin keeps the first and the last mark off the edges, and a single instant has a width.
        let margin = ((to - from) / 50).max(2);
        Some(Self {
            from: from - margin,
            to: to + margin,
            left: LEFT,
            right: RIGHT,
        })
    }

    /// From one second to another, over nearly the whole width.
    pub(crate) fn wide(from: i64, to: i64) -> Self {
        Self {
            from,
            to: to.max(from.saturating_add(1)),
            left: 48.0,
            right: 36.0,
        }
    }

    pub(crate) fn width(&self) -> f64 {
        WIDTH - self.left - self.right
    }

    pub(crate) fn x(&self, second: i64) -> f64 {
        let part = (second - self.from) as f64 / (self.to - self.from) as f64;
        self.left + part.clamp(0.0, 1.0) * self.width()
    }

    fn bar(
        &self,
        top: f64,
        from: Timestamp,
        to: Timestamp,
        class: &str,
        title: &str,
        texts: &Texts,
    ) -> Markup {
        let start = self.x(from.as_second());
        let width = (self.x(to.as_second()) - start).max(4.0);
        html! {
            rect class=(class) x=(at(start)) y=(at(top + 6.0)) width=(at(width)) height=(at(BAR)) rx="2" {
                title { (visible(title)) " " (texts.time(from)) " – " (texts.time(to)) }
            }
        }
    }

    pub(crate) fn grid(&self, height: f64) -> Markup {
        let span = self.to - self.from;
        let step = STEPS
            .into_iter()
            .find(|step| span / step <= 7)
            .unwrap_or(span / 7 + 1);
        let first = self.from.div_euclid(step) * step + step;
        let ticks: Vec<i64> = (0..8)
            .map(|tick| first + tick * step)
            .take_while(|tick| *tick <= self.to)
            .collect();
        html! {
            @for tick in &ticks {
                line.grid x1=(at(self.x(*tick))) x2=(at(self.x(*tick))) y1="0" y2=(at(height + 4.0)) {}
                text.soft x=(at(self.x(*tick))) y=(at(height + 18.0)) text-anchor="middle" { (tick_label(*tick, step)) }
            }
            @if step < 86_400 {
                text.soft x="0" y=(at(height + 18.0)) { (date(self.from, self.to)) }
            }
        }
    }
}

fn tick_label(second: i64, step: i64) -> String {
    let format = match step {
        ..60 => "%H:%M:%S",
        60..43_200 => "%H:%M",
        43_200..86_400 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.strftime(format).to_string())
}

fn date(from: i64, to: i64) -> String {
    let (from, to) = (tick_label(from, 86_400), tick_label(to, 86_400));
    if from == to {
        from
    } else {
        format!("{from} – {to}")
    }
}

pub(crate) fn label(top: f64, text: &str) -> Markup {
    html! { text x="0" y=(at(top + 15.0)) { (cut(text)) } }
}

pub(crate) fn cut(text: &str) -> String {
    let shown = visible(text);
    if shown.chars().count() <= 34 {
        shown.into_owned()
    } else {
        shown.chars().take(33).chain(['…']).collect()
    }
}

pub(crate) fn at(place: f64) -> String {
    format!("{place:.1}")
}
