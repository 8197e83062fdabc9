//! Spreading entries over buckets, so that few positions of ordinary traffic pass by chance.

use std::collections::HashMap;

use super::entry::Entry;
use super::plan::Plan;
use super::traffic::Traffic;
use super::{Demand, Found};

/// Buckets whose passing windows are counted after the estimate has set the others aside.
const COUNTED: usize = 3;

/// Buckets being filled.
pub(super) struct Planner<'a> {
    traffic: &'a Traffic,
    plans: Vec<Plan>,
    /// What each bucket lets pass, estimated and counted.
    passing: Vec<(f32, f32)>,
    /// Buckets below this are not open to others.
    families: usize,
    entries: Vec<Entry>,
    ids: HashMap<Vec<u8>, u32>,
}

impl<'a> Planner<'a> {
    /// Each family has a bucket of its own and the id of its place.
    pub fn new(families: &[Vec<Vec<u8>>], buckets: usize, traffic: &'a Traffic) -> Self {
        let mut plans = vec![Plan::default(); buckets];
        let mut entries = Vec::new();
        for (id, (family, plan)) in families.iter().zip(&mut plans).enumerate() {
            for bytes in family {
                let entry = Entry::new(bytes, id as u32);
                *plan = plan.join(&Plan::of(entry));
                entries.push(entry);
            }
        }
        Self {
            traffic,
            plans,
            passing: vec![(0.0, 0.0); buckets],
            families: families.len(),
            entries,
            ids: HashMap::new(),
        }
    }

    /// Takes of each demand the option that adds least, and tells which, in the order of the demands.
    pub fn meet(&mut self, demands: &[Demand]) -> Vec<Found> {
        // Who has no choice comes first, so that others can choose what is there already.
        let mut order: Vec<usize> = (0..demands.len()).collect();
        order.sort_by_key(|demand| demands[*demand].len());
        let mut found = vec![Found::default(); demands.len()];
        for demand in order {
            let costs = demands[demand].iter().map(|option| {
                let added: f32 = option
                    .windows
                    .iter()
                    .map(|window| self.best_bucket(window).0)
                    .sum();
                added + option.rate
            });
            let cheapest = costs.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            let option = cheapest.map_or(0, |(option, _)| option);
            let windows = demands[demand]
                .get(option)
                .map_or(&[][..], |option| &option.windows);
            found[demand] = Found {
                option,
                ids: windows.iter().map(|window| self.place(window)).collect(),
            };
        }
        found
    }

    /// The buckets' plans, and all entries.
    pub fn finish(self) -> (Vec<Plan>, Vec<Entry>) {
        (self.plans, self.entries)
    }

    /// What a window adds to the positions that pass, and the bucket where it adds least.
    fn best_bucket(&self, window: &[u8]) -> (f32, usize) {
        if self.ids.contains_key(window) {
            return (0.0, 0);
        }
        let alone = Plan::of(Entry::new(window, 0));
        let mut estimates: Vec<(f32, usize)> = (self.families..self.plans.len())
            .map(|bucket| {
                (
                    self.traffic.estimate(&self.plans[bucket].join(&alone)) - self.passing[bucket].0,
                    bucket,
                )
            })
            .collect();
        estimates.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut best = (f32::INFINITY, self.families);
        for (estimate, bucket) in estimates.into_iter().take(COUNTED) {
            // Counting adds to the estimate.
            if estimate >= best.0 {
                break;
            }
            let joined = self.traffic.share(&self.plans[bucket].join(&alone));
            let counted = joined - self.passing[bucket].1 + estimate;
            if counted < best.0 {
                best = (counted, bucket);
            }
        }
        best
    }

    fn place(&mut self, window: &[u8]) -> u32 {
        if let Some(id) = self.ids.get(window) {
            return *id;
        }
        let (_, bucket) = self.best_bucket(window);
        let id = (self.families + self.ids.len()) as u32;
        let entry = Entry::new(window, id);
        self.plans[bucket] = self.plans[bucket].join(&Plan::of(entry));
        self.passing[bucket] = (
            self.traffic.estimate(&self.plans[bucket]),
            self.traffic.share(&self.plans[bucket]),
        );
        self.entries.push(entry);
        self.ids.insert(window.to_vec(), id);
        id
    }
}
