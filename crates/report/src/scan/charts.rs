//! Pictures of a fleet as inline SVG, coloured by the page's style sheet.

use imker_posture::{SeenBuild, Verdict};
use maud::{Markup, html};

use super::html::badge;
use super::summary::{ByRelease, Verdicts};
use super::words;
use crate::charts::{BAR, LANE, LEFT, RIGHT, WIDTH, at, label, legend};
use crate::html::Safe;
use crate::language::Texts;

/// Builds drawn at most: the others are counted below.
const BUILDS: usize = 60;

/// All hosts as one bar.
pub(super) fn verdicts(texts: &Texts, verdicts: &Verdicts) -> Markup {
    let sum = verdicts.sum().max(1) as f64;
    let mut before = 0.0;
    let parts: Vec<(Verdict, f64, f64, u64)> = verdicts
        .iter()
        .map(|(verdict, count)| {
            let width = WIDTH * count as f64 / sum;
            before += width;
            (verdict, before - width, width, count)
        })
        .collect();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 16")) role="img" aria-label=(texts.say("scan-chart-verdicts")) {
            @for (verdict, from, width, count) in parts {
                rect class=(badge(verdict)) x=(at(from)) y="1" width=(at((width - 1.0).max(1.0))) height="14" rx="2" {
                    title { (words::verdict(texts, verdict)) ": " (texts.number(count)) }
                }
            }
        }
    }
}

/// Builds in their order, the newest first, as many as fit, and the hosts of the others.
pub(super) fn drawn(releases: &[ByRelease]) -> (Vec<&ByRelease>, u64) {
    let mut drawn: Vec<&ByRelease> = releases.iter().collect();
    // Where there are more than fit, those with most hosts.
    drawn.sort_by_key(|row| std::cmp::Reverse(row.verdicts.sum()));
    let others = drawn.split_off(drawn.len().min(BUILDS));
    drawn.sort_by_key(|row| std::cmp::Reverse(row.build));
    (drawn, others.iter().map(|row| row.verdicts.sum()).sum())
}

/// Builds, each with its hosts by verdict.
pub(super) fn patches(texts: &Texts, drawn: &[&ByRelease]) -> Markup {
    let most = drawn
        .iter()
        .map(|row| row.verdicts.sum())
        .max()
        .unwrap_or(0)
        .max(1);
    let width = |count: u64| (WIDTH - LEFT - RIGHT) * count as f64 / most as f64;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", drawn.len() as f64 * LANE + 4.0)) role="img" aria-label=(texts.say("scan-chart-patches")) {
            @for (lane, row) in drawn.iter().enumerate() {
                @let top = lane as f64 * LANE;
                (label(top, &name(row)))
                @let parts: Vec<_> = row.verdicts.iter().collect();
                @for (place, (verdict, count)) in parts.iter().enumerate() {
                    @let before: u64 = parts[..place].iter().map(|(_, count)| count).sum();
                    rect class=(badge(*verdict)) x=(at(LEFT + width(before))) y=(at(top + 6.0)) width=(at(width(*count).max(1.5))) height=(at(BAR)) rx="2" {
                        title { (row.build) ": " (words::verdict(texts, *verdict)) ": " (texts.number(*count)) }
                    }
                }
                text.soft x=(at(LEFT + width(row.verdicts.sum()) + 8.0)) y=(at(top + 15.0)) { (texts.number(row.verdicts.sum())) }
            }
        }
    }
}

/// The same in numbers, for whoever does not see the picture.
pub(super) fn numbers(texts: &Texts, drawn: &[&ByRelease]) -> Markup {
    let occurs = |verdict: &Verdict| drawn.iter().any(|row| row.verdicts.of(*verdict) > 0);
    let verdicts: Vec<Verdict> = Verdict::ALL.into_iter().rev().filter(occurs).collect();
    html! {
        div.scroll { table.counted {
            thead { tr {
                th scope="col" { (texts.say("column-scan-build")) }
                @for verdict in &verdicts { th.n scope="col" { (words::verdict(texts, *verdict)) } }
            } }
            tbody { @for row in drawn { tr {
                th.name scope="row" { (Safe(&name(row))) }
                @for verdict in &verdicts { td.n { (texts.number(row.verdicts.of(*verdict))) } }
            } } }
        } }
    }
}

/// The release, with the build where that tells no more than the cumulative update.
fn name(row: &ByRelease) -> String {
    match (&row.release, row.build) {
        (Some(release), SeenBuild::Whole(_)) => release.clone(),
        (Some(release), SeenBuild::ThreeParts(_)) => format!("{release} · {}.?", row.build),
        (None, build) => build.to_string(),
    }
}

/// What the colours mean.
pub(super) fn key(texts: &Texts) -> Markup {
    let joined = |verdicts: &[Verdict]| {
        let names = verdicts.iter().map(|verdict| words::verdict(texts, *verdict));
        names.collect::<Vec<_>>().join(", ")
    };
    legend(&[
        ("succeeded", joined(&[Verdict::Vulnerable])),
        ("unpatched", joined(&[Verdict::Unpatched])),
        ("unclear", joined(&[Verdict::Unknown])),
        ("guarded", joined(&[Verdict::Guarded])),
        ("refused", joined(&[Verdict::Fixed])),
        ("filtered", joined(&[Verdict::Filtered, Verdict::Unreachable])),
    ])
}
