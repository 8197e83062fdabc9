//! Pictures of an evaluation as inline SVG, coloured by the page's style sheet.

use imker_intel::Evaluation;
use maud::{Markup, html};

use super::words;
use crate::charts::{AXIS, Axis, BAR, LANE, LEFT, RIGHT, WIDTH, at, label};
use crate::escape::visible;
use crate::language::Texts;

/// Bars drawn at most in one picture.
const BARS: usize = 15;

const HEIGHT: f64 = 130.0;

/// Requests by time as columns, and a mark above those in which a stage of an attack was reached.
pub(super) fn activity(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let activity = &evaluation.activity;
    let seconds = i64::try_from(activity.step_seconds).unwrap_or(i64::MAX);
    let (Some(first), Some(last)) = (activity.steps.first(), activity.steps.last()) else {
        return html! {};
    };
    let begin = evaluation.since.map_or(first.from, |since| since.min(first.from));
    let end = last.from.as_second().saturating_add(seconds);
    let end = evaluation.until.map_or(end, |until| end.max(until.as_second()));
    let axis = Axis::wide(begin.as_second(), end);
    let most = activity
        .steps
        .iter()
        .map(|step| step.requests)
        .max()
        .unwrap_or(0)
        .max(1);
    let top = |count: u64| 14.0 + HEIGHT * (1.0 - count as f64 / most as f64);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 14.0 + AXIS)) role="img" aria-label=(texts.say("pot-chart-activity")) {
            (axis.grid(HEIGHT + 14.0))
            @for part in [most, most / 2] {
                line.grid x1=(at(axis.x(begin.as_second()))) x2=(at(axis.x(end))) y1=(at(top(part))) y2=(at(top(part))) {}
                text.soft x="42" y=(at(top(part) + 4.0)) text-anchor="end" { (texts.number(part)) }
            }
            @for step in &activity.steps {
                @let from = step.from.as_second();
                @let x = axis.x(from);
                @let width = (axis.x(from.saturating_add(seconds)) - x - 0.6).max(0.8);
                rect.covered x=(at(x)) y=(at(top(step.requests))) width=(at(width)) height=(at(HEIGHT + 14.0 - top(step.requests))) {
                    title { (texts.time(step.from)) ": " (texts.say_with("chart-requests", [("count", step.requests.into())])) }
                }
                @if step.stages > 0 {
                    rect.succeeded x=(at(x)) y="2" width=(at(width.max(3.0))) height="6" rx="1" {
                        title { (texts.time(step.from)) ": " (texts.say_with("pot-chart-stages", [("count", step.stages.into())])) }
                    }
                }
            }
        }
    }
}

/// A bar: what it says, and how much of each class.
struct Bar {
    label: String,
    parts: Vec<(&'static str, u64)>,
}

/// The sources that went furthest, by requests.
pub(super) fn sources(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let bars = evaluation.sources.entries.iter().take(BARS).map(|source| Bar {
        label: match &source.place.country_code {
            Some(country) => format!("{} · {country}", source.address),
            None => source.address.to_string(),
        },
        parts: vec![(class(source.score), source.requests)],
    });
    draw(texts, &texts.say("pot-chart-sources"), &bars.collect::<Vec<_>>())
}

/// Sources by country.
pub(super) fn countries(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let bars = evaluation.countries.iter().take(BARS).map(|row| Bar {
        label: row
            .country
            .clone()
            .unwrap_or_else(|| texts.say("pot-country-unknown")),
        parts: vec![
            ("unclear", row.attackers),
            ("covered", row.sources.saturating_sub(row.attackers)),
        ],
    });
    draw(
        texts,
        &texts.say("pot-chart-countries"),
        &bars.collect::<Vec<_>>(),
    )
}

/// Stages by the sessions that reached them.
pub(super) fn stages(texts: &Texts, evaluation: &Evaluation) -> Markup {
    let bars = evaluation.stages.iter().take(2 * BARS).map(|row| Bar {
        label: words::stage(texts, row),
        parts: vec![("succeeded", row.succeeded), ("refused", row.refused)],
    });
    draw(
        texts,
        &texts.say("pot-chart-stages-reached"),
        &bars.collect::<Vec<_>>(),
    )
}

/// The colour of a score.
pub(super) const fn class(score: u8) -> &'static str {
    match score {
        80.. => "succeeded",
        50..80 => "unclear",
        _ => "covered",
    }
}

fn draw(texts: &Texts, name: &str, bars: &[Bar]) -> Markup {
    let sum = |bar: &Bar| bar.parts.iter().map(|(_, count)| count).sum::<u64>();
    let most = bars.iter().map(sum).max().unwrap_or(0).max(1);
    let width = |count: u64| (WIDTH - LEFT - RIGHT) * count as f64 / most as f64;
    html! {
        @if !bars.is_empty() {
            svg viewBox=(format!("0 0 {WIDTH} {}", bars.len() as f64 * LANE + 4.0)) role="img" aria-label=(visible(name)) {
                @for (lane, bar) in bars.iter().enumerate() {
                    @let top = lane as f64 * LANE;
                    (label(top, &bar.label))
                    @for (place, (class, count)) in bar.parts.iter().enumerate() {
                        @if *count > 0 {
                            @let before: u64 = bar.parts[..place].iter().map(|(_, count)| count).sum();
                            rect class=(class) x=(at(LEFT + width(before))) y=(at(top + 6.0)) width=(at(width(*count).max(1.5))) height=(at(BAR)) rx="2" {}
                        }
                    }
                    text.soft x=(at(LEFT + width(sum(bar)) + 8.0)) y=(at(top + 15.0)) { (texts.number(sum(bar))) }
                }
            }
        }
    }
}
