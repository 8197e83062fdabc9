//! Stages of attacks that were reached.

use std::net::IpAddr;
use std::sync::Arc;

use imker_event::Stage;
use jiff::Timestamp;

use crate::distinct::Few;
use crate::model::{SourceStage, StageRow};
use crate::table::{Tally, cut};

/// The stages met so far; a source keeps their places as bits.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    known: Vec<Known>,
    /// Reached beyond the limit.
    pub(crate) not_listed: u64,
}

#[derive(Debug)]
struct Known {
    chain: Arc<str>,
    stage: Arc<str>,
    order: u32,
    succeeded: u64,
    tally: Tally,
    cves: Few<Arc<str>, 32>,
    techniques: Few<Arc<str>, 32>,
}

/// Stages that a source reached, by place.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reached {
    attempted: u128,
    succeeded: u128,
    further_attempted: bool,
    further_succeeded: bool,
}

impl Reached {
    pub(crate) fn score(self) -> u8 {
        match () {
            () if self.further_succeeded => 100,
            () if self.succeeded != 0 => 80,
            () if self.further_attempted => 60,
            () if self.attempted != 0 => 50,
            () => 0,
        }
    }
}

impl Stages {
    /// Different stages kept: as many as fit into [`Reached`].
    const MAX: usize = 128;

    pub(crate) fn add(&mut self, stage: &Stage, time: Timestamp, source: Option<IpAddr>) -> Reached {
        let mut reached = Reached {
            further_attempted: stage.order > 1,
            further_succeeded: stage.order > 1 && stage.succeeded,
            ..Reached::default()
        };
        let place = self
            .known
            .iter()
            .position(|known| known.chain == stage.chain && known.stage == stage.stage);
        let place = match place {
            Some(place) => place,
            None if self.known.len() >= Self::MAX => {
                self.not_listed += 1;
                return reached;
            }
            None => {
                self.known.push(Known {
                    chain: stage.chain.clone(),
                    stage: stage.stage.clone(),
                    order: stage.order,
                    succeeded: 0,
                    tally: Tally::at(time),
                    cves: Few::default(),
                    techniques: Few::default(),
                });
                self.known.len() - 1
            }
        };
        let known = &mut self.known[place];
        known.tally.add(time, source);
        known.order = known.order.min(stage.order);
        known.succeeded += u64::from(stage.succeeded);
        stage.cves.iter().for_each(|cve| known.cves.add(cve.clone()));
        stage
            .techniques
            .iter()
            .for_each(|technique| known.techniques.add(technique.clone()));
        reached.attempted = 1 << place;
        reached.succeeded = if stage.succeeded { 1 << place } else { 0 };
        reached
    }

    pub(crate) fn finish(self) -> Finished {
        let mut rows: Vec<(usize, StageRow)> = self
            .known
            .into_iter()
            .map(|known| StageRow {
                chain: cut(&known.chain),
                stage: cut(&known.stage),
                order: known.order,
                refused: known.tally.count - known.succeeded,
                succeeded: known.succeeded,
                sources: known.tally.sources(),
                first: known.tally.first,
                last: known.tally.last,
                cves: texts(known.cves),
                techniques: texts(known.techniques),
            })
            .enumerate()
            .collect();
        rows.sort_by(|(_, row), (_, other)| {
            (&row.chain, row.order, &row.stage).cmp(&(&other.chain, other.order, &other.stage))
        });
        Finished(rows)
    }
}

/// All stages in the order of the report, with the places that sources know them by.
pub(crate) struct Finished(Vec<(usize, StageRow)>);

impl Finished {
    /// What a source reached: stages, CVEs, techniques.
    pub(crate) fn of(&self, reached: Reached) -> (Vec<SourceStage>, Vec<String>, Vec<String>) {
        let has = |bits: u128, place: usize| bits >> place & 1 == 1;
        let rows = self.0.iter().filter(|(place, _)| has(reached.attempted, *place));
        let stages = rows.clone().map(|(place, row)| SourceStage {
            chain: row.chain.clone(),
            stage: row.stage.clone(),
            succeeded: has(reached.succeeded, *place),
        });
        let merged = |list: fn(&StageRow) -> &Vec<String>| {
            let mut merged: Vec<String> = rows.clone().flat_map(|(_, row)| list(row)).cloned().collect();
            merged.sort();
            merged.dedup();
            merged
        };
        (
            stages.collect(),
            merged(|row| &row.cves),
            merged(|row| &row.techniques),
        )
    }

    pub(crate) fn into_rows(self) -> Vec<StageRow> {
        self.0.into_iter().map(|(_, row)| row).collect()
    }
}

impl std::ops::BitOrAssign for Reached {
    fn bitor_assign(&mut self, other: Self) {
        self.attempted |= other.attempted;
        self.succeeded |= other.succeeded;
        self.further_attempted |= other.further_attempted;
        self.further_succeeded |= other.further_succeeded;
    }
}

fn texts<const KEPT: usize>(few: Few<Arc<str>, KEPT>) -> Vec<String> {
    few.into_vec().iter().map(|text| cut(text)).collect()
}
