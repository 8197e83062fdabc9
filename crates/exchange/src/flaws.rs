use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::Build;
use crate::product::{Product, products, same_cumulative_update};
use crate::release::{Releases, YesNo, published};
use crate::table::{self, Placed, TableError};

/// No file has this name, so that errors tell which one is meant.
pub(crate) const NAME: &str = "exchange_fixes.csv of the program";
pub(crate) const TEXT: &str = include_str!("../../../data/exchange_fixes.csv");

pub(crate) static TABLE: OnceLock<Flaws> = OnceLock::new();

#[derive(Deserialize)]
pub(crate) struct Row {
    cve: String,
    chain: String,
    product: String,
    cumulative_update: String,
    first_fixed_build: String,
    kb: String,
    also_needs: String,
    verified: YesNo,
}

/// The rows of a table of fixes.
pub(crate) struct Rows(Vec<Placed<Row>>);

impl Rows {
    /// Rows of one flaw agree on `chain` and `also_needs`; no row is there twice.
    pub fn read(table: &str, text: &str) -> Result<Self, TableError> {
        let all = table::placed::<Row>(table, text)?;
        let mut flaws = HashMap::new();
        let mut seen = HashSet::new();
        for placed in &all {
            let row = &placed.row;
            if !is_id(&row.cve) {
                return Err(placed.wrong(format!("`{}` is the id of no CVE or advisory", row.cve)));
            }
            if !seen.insert([
                &row.cve,
                &row.product,
                &row.cumulative_update,
                &row.first_fixed_build,
            ]) {
                return Err(placed.wrong(format!(
                    "{} {} {} is there twice",
                    row.cve, row.product, row.first_fixed_build
                )));
            }
            let told = [&row.chain, &row.also_needs];
            if *flaws.entry(&row.cve).or_insert(told) != told {
                return Err(placed.wrong(format!("rows of {} disagree on chain or also_needs", row.cve)));
            }
        }
        Ok(Self(all))
    }

    /// Takes the place of the rows of the same flaw and product line, and adds the rest: what newer rows do not name stays
    /// affected as it was. `chain` and `also_needs` become those of the newer rows, where these name any.
    pub fn replace(&mut self, mut newer: Self) {
        let named = |new: &String, old: &String| if new.is_empty() { old.clone() } else { new.clone() };
        let mut told = HashMap::new();
        for Placed { row: old, .. } in &self.0 {
            told.entry(old.cve.clone())
                .or_insert((old.chain.clone(), old.also_needs.clone()));
        }
        let mut lines = HashSet::new();
        for Placed { row: new, .. } in &mut newer.0 {
            if let Some((chain, also_needs)) = told.get_mut(&new.cve) {
                new.chain = named(&new.chain, chain);
                new.also_needs = named(&new.also_needs, also_needs);
                (*chain, *also_needs) = (new.chain.clone(), new.also_needs.clone());
            }
            lines.insert((new.cve.clone(), new.product.clone()));
        }
        self.0
            .retain(|Placed { row: old, .. }| !lines.contains(&(old.cve.clone(), old.product.clone())));
        for Placed { row: old, .. } in &mut self.0 {
            if let Some((chain, also_needs)) = told.get(&old.cve) {
                old.chain.clone_from(chain);
                old.also_needs.clone_from(also_needs);
            }
        }
        self.0.extend(newer.0);
    }
}

/// A CVE, or an advisory that has none, with the builds that fix it.
pub(crate) struct Flaw {
    /// `ProxyShell`; empty where it is part of no named chain.
    pub chain: String,
    /// What must be done besides installing the update; empty where nothing.
    pub also_needs: String,
    /// The day of the first release that fixes it; empty where no build does.
    pub fixed_on: String,
    lines: Vec<(String, Line)>,
}

/// What fixes a flaw in one product line.
pub(crate) enum Line {
    /// The line was never affected.
    NotAffected,
    /// No build fixes it by itself; see [`Flaw::also_needs`].
    NoBuild,
    /// Updates, one a cumulative update.
    Updates(Vec<Update>),
}

/// The update that fixes a flaw in one cumulative update.
pub(crate) struct Update {
    /// The lowest build that a source names as the first fixed one.
    pub first: Build,
    /// The highest; the same where the sources agree.
    pub last: Build,
    /// `KB5001779`.
    pub kb: String,
    /// Whether the row could be checked against a second source or stands in a Microsoft one.
    pub verified: bool,
}

impl Flaw {
    /// What fixes it in a product line; `None` where no row tells of that line.
    pub fn line(&self, product: &Product) -> Option<&Line> {
        self.lines
            .iter()
            .find(|(name, _)| *name == product.name)
            .map(|(_, line)| line)
    }

    /// What fixes it, by product line.
    pub fn lines(&self) -> &[(String, Line)] {
        &self.lines
    }
}

/// All flaws, by upper-case id.
pub(crate) struct Flaws(BTreeMap<String, Flaw>);

/// The embedded table, or what took its place.
pub(crate) fn flaws() -> &'static Flaws {
    TABLE.get_or_init(|| {
        let rows = Rows::read(NAME, TEXT);
        table::embedded(rows.and_then(|rows| Flaws::of(rows, products(), published())))
    })
}

/// The chain of a flaw, read from its first row as long as the table is not loaded: each start of the program asks for
/// some, and most need no more of it.
pub(crate) fn chain(cve: &str) -> Option<&'static str> {
    if let Some(flaws) = TABLE.get() {
        return flaws.get(cve).map(|flaw| flaw.chain.as_str());
    }
    TEXT.lines().skip(1).find_map(|row| {
        let (id, rest) = row.split_once(',')?;
        id.eq_ignore_ascii_case(cve).then(|| rest.split(',').next())?
    })
}

impl Flaws {
    /// The flaw with this id.
    pub fn get(&self, cve: &str) -> Option<&Flaw> {
        self.0.get(&cve.to_ascii_uppercase())
    }

    /// Ids of the flaws that are part of a chain, ascending, with its name.
    pub fn chained(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.iter().map(|(id, flaw)| (id, &*flaw.chain));
        all.filter(|(_, chain)| !chain.is_empty())
    }

    /// All flaws with their ids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Flaw)> {
        self.0.iter().map(|(id, flaw)| (id.as_str(), flaw))
    }

    /// Builds are published ones of the row's product and cumulative update.
    pub fn of(rows: Rows, products: &[Product], releases: &Releases) -> Result<Self, TableError> {
        let mut all = BTreeMap::<String, Flaw>::new();
        for placed in rows.0 {
            let row = &placed.row;
            if !products.iter().any(|product| product.name == row.product) {
                let known: Vec<&str> = products.iter().map(|product| &*product.name).collect();
                let known = known.join(", ");
                return Err(placed.wrong(format!("unknown product `{}`: there are {known}", row.product)));
            }
            let flaw = all.entry(row.cve.clone()).or_insert_with(|| Flaw {
                chain: row.chain.clone(),
                also_needs: row.also_needs.clone(),
                fixed_on: String::new(),
                lines: Vec::new(),
            });
            flaw.add(row, releases).map_err(|what| placed.wrong(what))?;
        }
        Ok(Self(all))
    }
}

impl Flaw {
    fn add(&mut self, row: &Row, releases: &Releases) -> Result<(), String> {
        let added = match row.first_fixed_build.as_str() {
            "not affected" => Line::NotAffected,
            "" if row.also_needs.is_empty() => return Err("neither first_fixed_build nor also_needs".into()),
            "" => Line::NoBuild,
            text => {
                let build: Build = text.parse().map_err(|error| format!("{error}"))?;
                let release = releases.get(build).ok_or_else(|| {
                    format!("{build} is no published build: it must stand in the table of builds")
                })?;
                if release.product != row.product || release.cumulative_update != row.cumulative_update {
                    return Err(format!(
                        "{build} is {release}, not of {} {}",
                        row.product, row.cumulative_update
                    ));
                }
                if self.fixed_on.is_empty() || release.date < self.fixed_on {
                    self.fixed_on.clone_from(&release.date);
                }
                let verified = row.verified == YesNo::Yes;
                Line::Updates(vec![Update {
                    first: build,
                    last: build,
                    kb: row.kb.clone(),
                    verified,
                }])
            }
        };
        match (
            self.lines.iter_mut().find(|(name, _)| *name == row.product),
            added,
        ) {
            (None, line) => self.lines.push((row.product.clone(), line)),
            (Some((_, Line::Updates(updates))), Line::Updates(more)) => updates.extend(more),
            // Where one cumulative update of a line has no fixed build, what else is needed decides for all.
            (Some((_, line @ (Line::NoBuild | Line::Updates(_)))), Line::NoBuild | Line::Updates(_)) => {
                *line = Line::NoBuild;
            }
            (Some(_), _) => return Err(format!("{} is both affected and not affected", row.product)),
        }
        if let Some((_, Line::Updates(updates))) =
            self.lines.iter_mut().find(|(name, _)| *name == row.product)
        {
            merge(updates);
        }
        Ok(())
    }
}

/// Joins the rows of one cumulative update, on whose build the sources disagree.
fn merge(updates: &mut Vec<Update>) {
    updates.sort_by_key(|update| update.last);
    updates.dedup_by(|later, earlier| {
        let same = same_cumulative_update(later.last, earlier.last);
        if same {
            earlier.last = later.last;
            earlier.kb.clone_from(&later.kb);
            earlier.verified |= later.verified;
        }
        same
    });
}

/// `CVE-2021-34473` or `ADV190018`.
fn is_id(id: &str) -> bool {
    let digits =
        |text: &str, least: usize| text.len() >= least && text.bytes().all(|byte| byte.is_ascii_digit());
    match (
        id.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')),
        id.strip_prefix("ADV"),
    ) {
        (Some((year, number)), _) => year.len() == 4 && digits(year, 4) && digits(number, 4),
        (None, Some(number)) => digits(number, 6),
        (None, None) => false,
    }
}
