//! From what a rule requires to what is searched for.

use std::collections::HashMap;

use super::Requirement;
use super::run::{forms, runs};
use super::sample::Sample;
use super::search::{Choice, WINDOW};

/// What a further window costs all others, in hits a line.
const WINDOW_COST: f32 = 1e-4;
/// What a candidate line costs, in hits.
const CANDIDATE_COST: f32 = 20.0;
/// What of that remains where the line is looked at for another rule anyway.
const KNOWN: f32 = 0.1;
/// A literal that stands in more than this share of ordinary lines tells nothing.
const TELLS_NOTHING: f32 = 0.5;
/// A part that ordinary lines hold more often than this makes the search slow.
const COMMON: f32 = 0.05;
/// The most parts of a run that are weighed against what is searched for anyway.
const MOST_PARTS: usize = 6;

/// A part of a run that may be searched for.
#[derive(Debug)]
pub(super) struct Part {
    pub start: usize,
    pub length: usize,
    /// What to search for so that no form of the part is missed.
    pub windows: Vec<Window>,
    /// Hits a line to be expected.
    pub rate: f32,
}

/// Bytes to search for, and where they stand in a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window {
    /// One to four, in lower case.
    pub bytes: Vec<u8>,
    /// A byte of the run.
    pub index: usize,
    /// Where this byte of the run starts, counted from the window's first byte.
    pub ahead: usize,
}

/// Weighs runs against each other, each once: rules share many.
pub(super) struct Chooser<'s> {
    sample: &'s Sample,
    /// By run; `None` where it tells nothing.
    weighed: HashMap<Box<[u8]>, Option<Weight>>,
    /// How many rules rely on a run.
    relied_on: HashMap<Box<[u8]>, usize>,
}

/// What a run costs, in hits a line.
#[derive(Debug, Clone, Copy)]
struct Weight {
    search: f32,
    candidates: f32,
}

impl<'s> Chooser<'s> {
    pub fn new(sample: &'s Sample) -> Self {
        Self {
            sample,
            weighed: HashMap::new(),
            relied_on: HashMap::new(),
        }
    }

    /// For each requirement the runs, in lower case, of which each match has one; `None` where no run tells anything.
    pub fn choose(mut self, requirements: &[Requirement]) -> Vec<Option<Vec<Box<[u8]>>>> {
        let mut chosen: Vec<_> = requirements
            .iter()
            .map(|requirement| self.runs(requirement))
            .collect();
        chosen.iter().flatten().for_each(|runs| self.rely(runs));
        // What others search for anyway is cheap, which shows only once all have chosen.
        for (chosen, requirement) in chosen.iter_mut().zip(requirements) {
            if let Some(runs) = chosen {
                for run in &*runs {
                    *self.relied_on.entry(run.clone()).or_default() -= 1;
                }
                *chosen = self.runs(requirement);
                chosen.iter().for_each(|runs| self.rely(runs));
            }
        }
        chosen
    }

    fn rely(&mut self, runs: &Vec<Box<[u8]>>) {
        for run in runs {
            *self.relied_on.entry(run.clone()).or_default() += 1;
        }
    }

    fn runs(&mut self, requirement: &Requirement) -> Option<Vec<Box<[u8]>>> {
        self.cheapest(requirement).map(|(_, runs)| runs)
    }

    /// The cheapest runs of which each match has one, and what they cost.
    fn cheapest(&mut self, requirement: &Requirement) -> Option<(f32, Vec<Box<[u8]>>)> {
        match requirement {
            Requirement::Nothing => None,
            Requirement::Literal(literal) => self.cheapest_run(literal),
            Requirement::All(children) => children
                .iter()
                .filter_map(|child| self.cheapest(child))
                .min_by(|a, b| a.0.total_cmp(&b.0)),
            Requirement::Any(children) => {
                let mut union = (0.0, Vec::new());
                for child in children {
                    let (cost, runs) = self.cheapest(child)?;
                    union.0 += cost;
                    union.1.extend(runs);
                }
                union.1.sort_unstable();
                union.1.dedup();
                Some(union)
            }
        }
    }

    fn cheapest_run(&mut self, literal: &[u8]) -> Option<(f32, Vec<Box<[u8]>>)> {
        let literal = literal.to_ascii_lowercase();
        let costs = runs(&literal).filter_map(|run| Some((self.cost(run)?, run)));
        costs
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(cost, run)| (cost, vec![run.into()]))
    }

    fn cost(&mut self, run: &[u8]) -> Option<f32> {
        if !self.weighed.contains_key(run) {
            self.weighed.insert(run.into(), weigh(run, self.sample));
        }
        let Weight { search, candidates } = self.weighed[run]?;
        if self.relied_on.get(run).is_some_and(|rules| *rules > 0) {
            Some(candidates * KNOWN)
        } else {
            Some(search + candidates)
        }
    }
}

fn weigh(run: &[u8], sample: &Sample) -> Option<Weight> {
    let rate = sample.text_rate(run, TELLS_NOTHING)?;
    Some(Weight {
        search: parts(run, sample).first()?.cost(),
        candidates: rate * CANDIDATE_COST,
    })
}

/// The cheapest parts of a run, the cheapest first.
pub(super) fn parts(run: &[u8], sample: &Sample) -> Vec<Part> {
    let length = run.len().min(WINDOW);
    let mut parts: Vec<Part> = (0..=run.len() - length)
        .map(|start| Part::new(run, start, length, sample))
        .collect();
    parts.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    let enough = parts
        .iter()
        .take(MOST_PARTS)
        .take_while(|part| part.cost() < parts[0].cost() * 8.0)
        .count();
    parts.truncate(enough.max(1));
    parts
}

impl Part {
    pub fn new(run: &[u8], start: usize, length: usize, sample: &Sample) -> Self {
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
        let rate = windows.iter().map(|window| sample.rate(&window.bytes)).sum();
        Self {
            start,
            length,
            windows,
            rate,
        }
    }

    /// The part as the searcher sees it.
    pub fn choice(&self, sample: &Sample) -> Choice {
        let windows = self.windows.iter().map(|window| window.bytes.clone()).collect();
        Choice {
            windows,
            rate: self.rate / sample.line_length(),
        }
    }

    fn cost(&self) -> f32 {
        self.rate + self.windows.len() as f32 * WINDOW_COST
    }

    /// The part of its run, with a warning where it is common.
    pub fn describe(&self, run: &[u8]) -> String {
        let part = String::from_utf8_lossy(&run[self.start..self.start + self.length]);
        let run = String::from_utf8_lossy(run);
        let of = if run == part {
            String::new()
        } else {
            format!(" of {run}")
        };
        if self.rate > COMMON {
            format!("{part}{of} (common: {:.2} a line of ordinary traffic)", self.rate)
        } else {
            format!("{part}{of}")
        }
    }
}
