//! Chains and stages (`data/stages.csv`), and which rule belongs to which (`data/chains.csv`).

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

/// The chain of rules that belong to no known one.
pub(crate) const GENERIC: &str = "Generic";

/// What a stage does; it decides how a status is read and what a success means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StageKind {
    /// Noted for context; never a step of an attack.
    Other,
    /// Asks whether the flaw is there.
    Probe,
    /// Uses it.
    Exploit,
    /// Uses what an attack left behind.
    Webshell,
}

impl StageKind {
    /// The stage name for rules that no table places.
    const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Probe => "probe",
            Self::Exploit => "exploit",
            Self::Webshell => "webshell",
        }
    }

    /// Where such a stage stands in a chain whose table lacks it.
    const fn order(self) -> u32 {
        match self {
            Self::Other => 0,
            Self::Probe => 10,
            Self::Exploit => 50,
            Self::Webshell => 90,
        }
    }
}

/// A stage's place in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StageId(u16);

/// A chain's place in its table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ChainId(u16);

#[derive(Debug)]
pub(crate) struct Stage {
    pub chain: ChainId,
    pub name: Arc<str>,
    pub order: u32,
    pub kind: StageKind,
}

/// Both tables.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    chains: Vec<Arc<str>>,
    stages: Vec<Stage>,
    rules: HashMap<String, StageId>,
}

#[derive(Deserialize)]
struct StageRow {
    chain: String,
    stage: String,
    order: u32,
    kind: StageKind,
}

#[derive(Deserialize)]
struct RuleRow {
    rule: String,
    chain: String,
    stage: String,
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error("rule {rule}: no stage {stage} in chain {chain}")]
    NoStage {
        rule: String,
        chain: String,
        stage: String,
    },
    #[error("rule {0} stands twice")]
    Twice(String),
}

impl Tables {
    /// The tables shipped with Imker.
    pub fn built_in() -> Self {
        let parsed = Self::parse(
            include_str!("../../../data/stages.csv"),
            include_str!("../../../data/chains.csv"),
        );
        debug_assert!(parsed.is_ok(), "{:?}", parsed.as_ref().err());
        parsed.unwrap_or_default()
    }

    pub fn parse(stages: &str, chains: &str) -> Result<Self, TableError> {
        let mut tables = Self::default();
        for row in csv::Reader::from_reader(stages.as_bytes()).deserialize() {
            let StageRow {
                chain,
                stage,
                order,
                kind,
            } = row?;
            let chain = tables.chain_or_new(&chain);
            tables.push(Stage {
                chain,
                name: stage.into(),
                order,
                kind,
            });
        }
        for row in csv::Reader::from_reader(chains.as_bytes()).deserialize() {
            let RuleRow { rule, chain, stage } = row?;
            let Some(found) = tables.chain(&chain).and_then(|id| tables.named(id, &stage)) else {
                return Err(TableError::NoStage { rule, chain, stage });
            };
            if tables.rules.insert(rule.to_ascii_lowercase(), found).is_some() {
                return Err(TableError::Twice(rule));
            }
        }
        Ok(tables)
    }

    /// The stage of a rule that the table names; ids are compared without regard to case.
    pub fn of_rule(&self, rule: &str) -> Option<StageId> {
        self.rules.get(&rule.to_ascii_lowercase()).copied()
    }

    pub fn stage(&self, id: StageId) -> &Stage {
        &self.stages[usize::from(id.0)]
    }

    pub fn kind(&self, id: StageId) -> StageKind {
        self.stage(id).kind
    }

    pub fn chain_name(&self, id: ChainId) -> &Arc<str> {
        &self.chains[usize::from(id.0)]
    }

    /// The name of the chain that a stage belongs to.
    pub fn chain_of(&self, id: StageId) -> &Arc<str> {
        self.chain_name(self.stage(id).chain)
    }

    /// The first stage of this kind in a chain, made where the tables have none.
    pub fn of_kind(&mut self, chain: &str, kind: StageKind) -> StageId {
        let chain = self.chain_or_new(chain);
        self.first_of(chain, kind).unwrap_or_else(|| {
            self.push(Stage {
                chain,
                name: kind.name().into(),
                order: kind.order(),
                kind,
            })
        })
    }

    /// The stage of the same name in another chain.
    pub fn counterpart(&self, stage: StageId, chain: &str) -> Option<StageId> {
        self.named(self.chain(chain)?, &self.stage(stage).name)
    }

    /// Gives a chain the stages of another that it lacks, before its own exploit.
    pub fn mirror(&mut self, from: &str, to: &str) {
        let (Some(from), Some(to)) = (self.chain(from), self.chain(to)) else {
            return;
        };
        let exploit = self
            .first_of(to, StageKind::Exploit)
            .map(|id| self.stage(id).order);
        let lacking: Vec<Stage> = self
            .ids()
            .map(|id| self.stage(id))
            .filter(|stage| stage.chain == from && self.named(to, &stage.name).is_none())
            .map(|stage| Stage {
                chain: to,
                name: stage.name.clone(),
                order: exploit.map_or(stage.order, |exploit| stage.order.min(exploit.saturating_sub(1))),
                kind: stage.kind,
            })
            .collect();
        self.stages.extend(lacking);
    }

    pub fn chain(&self, name: &str) -> Option<ChainId> {
        self.chains
            .iter()
            .position(|chain| &**chain == name)
            .map(|at| ChainId(at as u16))
    }

    fn chain_or_new(&mut self, name: &str) -> ChainId {
        self.chain(name).unwrap_or_else(|| {
            self.chains.push(name.into());
            ChainId((self.chains.len() - 1) as u16)
        })
    }

    fn push(&mut self, stage: Stage) -> StageId {
        self.stages.push(stage);
        StageId((self.stages.len() - 1) as u16)
    }

    fn ids(&self) -> impl Iterator<Item = StageId> + '_ {
        (0..self.stages.len()).map(|at| StageId(at as u16))
    }

    fn named(&self, chain: ChainId, name: &str) -> Option<StageId> {
        self.ids()
            .find(|id| self.stage(*id).chain == chain && &*self.stage(*id).name == name)
    }

    fn first_of(&self, chain: ChainId, kind: StageKind) -> Option<StageId> {
        self.ids()
            .filter(|id| self.stage(*id).chain == chain && self.kind(*id) == kind)
            .min_by_key(|id| self.stage(*id).order)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn shipped_tables_are_sound() {
        let tables = Tables::parse(
            include_str!("../../../data/stages.csv"),
            include_str!("../../../data/chains.csv"),
        );
        assert!(tables.is_ok(), "{:?}", tables.err());
    }

    #[test]
    fn faulty_tables_are_refused() {
        let stages = "chain,stage,order,kind,title_en\nA,probe,1,probe,Probe\n";
        let parse = |chains: &str| Tables::parse(stages, chains).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            parse("rule,chain,stage\nr1,A,shell\n"),
            "rule r1: no stage shell in chain A"
        );
        assert_eq!(
            parse("rule,chain,stage\nr1,A,probe\nR1,A,probe\n"),
            "rule R1 stands twice"
        );
    }

    #[test]
    fn a_missing_stage_is_made_and_a_chain_mirrored() {
        let stages = "chain,stage,order,kind,t\nA,probe,1,probe,\nA,sid,4,exploit,\nB,probe,1,probe,\nB,run,2,exploit,\n";
        let mut tables = Tables::parse(stages, "rule,chain,stage\nr,A,sid\n").unwrap();
        let sid = tables.of_rule("R").unwrap();
        assert_eq!(tables.counterpart(sid, "B"), None);
        tables.mirror("A", "B");
        let mirrored = tables.counterpart(sid, "B").unwrap();
        let stage = tables.stage(mirrored);
        assert_eq!(
            (&**tables.chain_of(mirrored), &*stage.name, stage.order),
            ("B", "sid", 1)
        );
        let probe = tables.of_kind(GENERIC, StageKind::Probe);
        assert_eq!(tables.of_kind(GENERIC, StageKind::Probe), probe);
        assert_eq!(&*tables.stage(probe).name, "probe");
    }
}
