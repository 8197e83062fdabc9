//! Correlation rules over matches in order of time.

mod model;
mod request;
mod window;

use std::collections::{BTreeMap, HashMap, hash_map::Entry};
use std::hash::{BuildHasher, RandomState};

use imker_event::WebRequest;
use jiff::Timestamp;

pub(crate) use self::model::Correlation;
use self::model::Measure;
use self::window::Window;
use crate::rule::RuleIndex;
use crate::ruleset::{Body, RuleSet};

/// Groups of which firings are kept.
const MAX_FIRED: usize = 10_000;

/// Entries that all windows hold together; about 16 bytes each.
const MAX_ENTRIES: usize = 1_000_000;

/// The longest value of a `group-by` field, in bytes; longer ones are cut.
const MAX_VALUE: usize = 256;

/// A correlation rule that fired for one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The correlation rule.
    pub rule: RuleIndex,
    /// Values of its `group-by` fields.
    pub group: BTreeMap<String, String>,
    /// Requests that took part, over all windows in which it fired. Of a window that had not fired yet
    /// the last 1024 requests are counted.
    pub count: u64,
    /// First request that took part.
    pub first: Timestamp,
    /// Last request that took part.
    pub last: Timestamp,
}

/// Values of `group-by` fields, in the rule's order.
type Group = Box<[String]>;

/// Evaluates correlation rules over matches in order of time.
///
/// Windows slide: a rule fires at a request when the requests of the timespan before it, itself included,
/// fulfil the condition. A request counts once, however many of the referenced rules it matches. A request
/// that lacks a `group-by` field takes no part. Where all windows together hold more than
/// a million entries, those that are out of date go first, then the quietest.
#[derive(Debug)]
pub struct Correlator<'r> {
    rules: &'r RuleSet,
    /// Correlations in an order in which each stands behind those that it refers to.
    order: Vec<(RuleIndex, &'r Correlation)>,
    /// For each rule the places in `order` of the correlations that refer to it.
    referrers: Vec<Vec<usize>>,
    windows: HashMap<(usize, Group), Window>,
    entries: usize,
    forgotten: u64,
    fired: HashMap<(usize, Group), Fired>,
    unlisted: u64,
    hasher: RandomState,
}

impl<'r> Correlator<'r> {
    /// A correlator for the correlation rules of `rules`.
    pub fn new(rules: &'r RuleSet) -> Self {
        let mut order = Vec::new();
        let mut placed = vec![false; rules.bodies.len()];
        // The builder has refused circles, so this ends with all placed.
        let mut before = usize::MAX;
        while before != order.len() {
            before = order.len();
            for (at, body) in rules.bodies.iter().enumerate() {
                let Body::Correlation(correlation) = body else {
                    placed[at] = true;
                    continue;
                };
                if !placed[at] && correlation.rules.iter().all(|rule| placed[rule.0 as usize]) {
                    placed[at] = true;
                    order.push((RuleIndex(at as u32), &**correlation));
                }
            }
            if before == 0 && order.is_empty() {
                break;
            }
        }
        let mut referrers = vec![Vec::new(); rules.bodies.len()];
        for (place, (_, correlation)) in order.iter().enumerate() {
            for rule in &correlation.rules {
                let list: &mut Vec<usize> = &mut referrers[rule.0 as usize];
                if !list.contains(&place) {
                    list.push(place);
                }
            }
        }
        Self {
            rules,
            order,
            referrers,
            windows: HashMap::new(),
            entries: 0,
            forgotten: 0,
            fired: HashMap::new(),
            unlisted: 0,
            hasher: RandomState::new(),
        }
    }

    /// Takes a request and the rules that it matched; requests come in ascending order of time.
    pub fn observe(&mut self, request: &WebRequest, matched: &[RuleIndex]) {
        // Rules hit by this request: those matched, and correlations that it makes fire.
        let mut hit: Vec<RuleIndex> = matched.to_vec();
        let mut due: Vec<usize> = matched
            .iter()
            .flat_map(|rule| &self.referrers[rule.0 as usize])
            .copied()
            .collect();
        while let Some(place) = due.iter().copied().min() {
            due.retain(|other| *other != place);
            if self.update(place, request, &hit) {
                let rule = self.order[place].0;
                hit.push(rule);
                due.extend(&self.referrers[rule.0 as usize]);
            }
        }
        if self.entries > MAX_ENTRIES {
            self.shrink(request.time.as_millisecond());
        }
    }

    /// Feeds one correlation; tells whether it fired.
    fn update(&mut self, place: usize, request: &WebRequest, hit: &[RuleIndex]) -> bool {
        let (rule, correlation) = self.order[place];
        let mut groups: Vec<(Group, Vec<usize>)> = Vec::new();
        for (at, reference) in correlation.rules.iter().enumerate() {
            if !hit.contains(reference) {
                continue;
            }
            let Some(group) = group(correlation, at, request) else {
                continue;
            };
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, places)) => places.push(at),
                None => groups.push((group, vec![at])),
            }
        }
        let value = self.counted_value(correlation, request);
        let time = request.time.as_millisecond();
        let mut fires = false;
        for (group, places) in groups {
            let key = (place, group);
            let window = match self.windows.entry(key.clone()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let window = entry.insert(Window::new(correlation));
                    self.entries += window.size();
                    window
                }
            };
            let before = window.size();
            let firing = window.observe(correlation, time, &places, value);
            self.entries = self.entries + window.size() - before;
            if let Some(firing) = firing {
                fires = true;
                self.note(key, rule, firing, request.time);
            }
        }
        fires
    }

    fn counted_value(&self, correlation: &Correlation, request: &WebRequest) -> Option<u64> {
        let Measure::Values(fields, _) = &correlation.measure else {
            return None;
        };
        let values: Option<Vec<String>> = fields.iter().map(|field| field.of(request)).collect();
        values.map(|values| self.hasher.hash_one(values))
    }

    fn note(&mut self, key: (usize, Group), rule: RuleIndex, firing: window::Firing, last: Timestamp) {
        let full = self.fired.len() >= MAX_FIRED;
        let first = Timestamp::from_millisecond(firing.first).unwrap_or(last);
        match self.fired.entry(key) {
            Entry::Occupied(mut entry) => {
                let fired = entry.get_mut();
                fired.count += firing.count;
                fired.last = last;
            }
            Entry::Vacant(_) if full => self.unlisted += 1,
            Entry::Vacant(entry) => {
                let names = self.order[entry.key().0]
                    .1
                    .group_by
                    .iter()
                    .map(|field| field.name.clone());
                let group = names.zip(entry.key().1.iter().cloned()).collect();
                entry.insert(Fired {
                    rule,
                    group,
                    count: firing.count,
                    first,
                    last,
                });
            }
        }
    }

    /// Forgets windows until a good part of the bound is free.
    fn shrink(&mut self, now: i64) {
        let order = &self.order;
        self.windows
            .retain(|(place, _), window| window.last >= now.saturating_sub(order[*place].1.span));
        let mut ages: Vec<(i64, usize)> = self
            .windows
            .values()
            .map(|window| (window.last, window.size()))
            .collect();
        ages.sort_unstable();
        self.entries = ages.iter().map(|(_, size)| size).sum();
        let mut limit = i64::MIN;
        for (last, size) in ages {
            if self.entries <= MAX_ENTRIES / 4 * 3 {
                break;
            }
            self.entries -= size;
            limit = last.saturating_add(1);
        }
        let before = self.windows.len();
        self.windows.retain(|_, window| window.last >= limit);
        self.forgotten += (before - self.windows.len()) as u64;
        self.entries = self.windows.values().map(Window::size).sum();
    }

    /// Windows that were forgotten, though not out of date, to bound memory; correlations of them may be missing.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What fired, by rule and group; a bounded number, the rest counted. Correlations that only feed others
    /// are left out.
    pub fn finish(self) -> (Vec<Fired>, u64) {
        let rules = self.rules;
        let mut fired: Vec<Fired> = self
            .fired
            .into_values()
            .filter(|fired| rules.generates(fired.rule))
            .collect();
        fired.sort_by(|a, b| (a.rule, a.first, &a.group).cmp(&(b.rule, b.first, &b.group)));
        (fired, self.unlisted)
    }
}

/// The request's group, by the fields that the rule at `place` goes by.
fn group(correlation: &Correlation, place: usize, request: &WebRequest) -> Option<Group> {
    correlation
        .group_by
        .iter()
        .map(|field| {
            let mut value = field.fields[place].of(request)?;
            if value.len() > MAX_VALUE {
                value.truncate(value.floor_char_boundary(MAX_VALUE));
                value.push('…');
            }
            Some(value)
        })
        .collect()
}
