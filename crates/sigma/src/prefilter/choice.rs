//! From what a rule requires to what is searched for.

use super::Requirement;
use super::run::{forms, runs};
use super::sample::Sample;
use super::search::WINDOW;

/// What a further entry costs all others, in hits a line: it widens their buckets.
const ENTRY_COST: f32 = 1e-4;
/// What a candidate line costs, in hits.
const CANDIDATE_COST: f32 = 20.0;
/// A literal that stands in more than this share of ordinary lines tells nothing.
const TELLS_NOTHING: f32 = 0.5;

/// A part that ordinary lines hold more often than this makes the search slow.
const COMMON: f32 = 0.05;

/// A run that points to a rule, and the part of it that is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Needle {
    /// In lower case.
    pub run: Box<[u8]>,
    /// Where the part starts in the run, and its length.
    pub part: (usize, usize),
}

impl Needle {
    /// The part, and where it is from; with a warning where it is common.
    pub fn describe(&self, sample: &Sample) -> String {
        let (start, length) = self.part;
        let run = String::from_utf8_lossy(&self.run);
        let part = String::from_utf8_lossy(&self.run[start..start + length]);
        let rate = part_rate(&self.run, self.part, sample);
        match (rate > COMMON, run == part) {
            (false, true) => part.into_owned(),
            (false, false) => format!("{part} of {run}"),
            (true, true) => format!("{part} (common: {rate:.2} a line of ordinary traffic)"),
            (true, false) => format!("{part} of {run} (common: {rate:.2} a line of ordinary traffic)"),
        }
    }
}

/// Bytes to search for, and where they stand in a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Window {
    /// One to four, in lower case.
    pub bytes: Vec<u8>,
    /// A byte of the run.
    pub index: usize,
    /// Where this byte of the run starts, counted from the window's first byte.
    pub ahead: usize,
}

/// The needles of which each match has one, and what they cost; `None` where no needle tells anything.
pub(super) fn choose(requirement: &Requirement, sample: &Sample) -> Option<(f32, Vec<Needle>)> {
    match requirement {
        Requirement::Nothing => None,
        Requirement::Literal(literal) => {
            let (cost, needle) = choose_run(literal, sample)?;
            Some((cost, vec![needle]))
        }
        Requirement::All(children) => children
            .iter()
            .filter_map(|child| choose(child, sample))
            .min_by(|a, b| a.0.total_cmp(&b.0)),
        Requirement::Any(children) => {
            let mut union = (0.0, Vec::new());
            for child in children {
                let (cost, needles) = choose(child, sample)?;
                union.0 += cost;
                union.1.extend(needles);
            }
            union.1.sort_unstable();
            union.1.dedup();
            Some(union)
        }
    }
}

/// The cheapest run of a literal, and the cheapest part of it.
fn choose_run(literal: &[u8], sample: &Sample) -> Option<(f32, Needle)> {
    let mut best: Option<(f32, Needle)> = None;
    let literal = literal.to_ascii_lowercase();
    for run in runs(&literal) {
        let length = run.len().min(WINDOW);
        let part = (0..=run.len() - length).map(|start| (part_cost(run, (start, length), sample), start));
        let Some((cost, start)) = part.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            continue;
        };
        let rate = sample.text_rate(run);
        let cost = cost + rate * CANDIDATE_COST;
        if rate < TELLS_NOTHING && best.as_ref().is_none_or(|best| cost < best.0) {
            best = Some((
                cost,
                Needle {
                    run: run.into(),
                    part: (start, length),
                },
            ));
        }
    }
    best
}

fn part_cost(run: &[u8], part: (usize, usize), sample: &Sample) -> f32 {
    windows(run, part, sample)
        .iter()
        .map(|window| sample.rate(&window.bytes) + ENTRY_COST)
        .sum()
}

fn part_rate(run: &[u8], part: (usize, usize), sample: &Sample) -> f32 {
    windows(run, part, sample)
        .iter()
        .map(|window| sample.rate(&window.bytes))
        .sum()
}

/// What to search for so that no form of a run's part is missed: of each form its rarest window.
pub(super) fn windows(run: &[u8], (start, length): (usize, usize), sample: &Sample) -> Vec<Window> {
    let mut windows: Vec<Window> = forms(&run[start..start + length])
        .iter()
        .filter_map(|form| {
            let size = form.bytes.len().min(WINDOW);
            let rarest = (0..=form.bytes.len() - size)
                .map(|at| (sample.rate(&form.bytes[at..at + size]), at))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let (_, at) = rarest?;
            // An escape has three bytes, so that one of the run's bytes starts in every window of three.
            let (index, byte_at) = form
                .starts
                .iter()
                .enumerate()
                .find(|(_, byte_at)| **byte_at >= at)?;
            Some(Window {
                bytes: form.bytes[at..at + size].to_vec(),
                index: start + index,
                ahead: byte_at - at,
            })
        })
        .collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}
