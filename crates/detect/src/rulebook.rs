//! What each rule stands for: a stage of a chain, reconnaissance, ordinary traffic or the user's indicator.

use std::cmp::Reverse;

use imker_sigma::{Level, Origin, Rule, RuleIndex};

use crate::attribution::{PROXYNOTSHELL, PROXYSHELL};
use crate::model::RuleNamed;
use crate::tables::{GENERIC, StageId, StageKind, Tables};

/// What a match of a rule counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A step of an attack.
    Attack(StageId),
    /// Noted, no attack.
    Reconnaissance,
    /// Known as ordinary.
    Normal,
    /// Seen because the user asked for it.
    Indicator,
    /// Feeds correlation rules only.
    Silent,
}

#[derive(Debug)]
pub(crate) struct RuleInfo {
    pub named: RuleNamed,
    pub role: Role,
    /// Whether `data/chains.csv` places it.
    pub placed: bool,
    pub cves: Vec<String>,
    pub techniques: Vec<String>,
    /// For ordinary traffic: what the tag says behind `imker.normal`, as in `mapi-nspi`.
    pub normal: Option<String>,
}

/// All rules, by index.
#[derive(Debug)]
pub(crate) struct RuleBook {
    rules: Vec<RuleInfo>,
    pub tables: Tables,
}

const NORMAL_TAG: &str = "imker.normal";

impl RuleBook {
    /// `generates` tells whether a rule's match counts for itself.
    pub fn new(rules: &[Rule], mut tables: Tables, generates: impl Fn(RuleIndex) -> bool) -> Self {
        tables.mirror(PROXYSHELL, PROXYNOTSHELL);
        let rules = rules
            .iter()
            .enumerate()
            .map(|(at, rule)| {
                let (role, placed) = match generates(RuleIndex(at as u32)) {
                    true => role(rule, &mut tables),
                    false => (Role::Silent, false),
                };
                let normal = rule.tags.iter().find_map(|tag| tag.strip_prefix(NORMAL_TAG));
                RuleInfo {
                    named: rule.into(),
                    role,
                    placed,
                    cves: rule.cves().collect(),
                    techniques: rule.techniques().collect(),
                    normal: normal.map(|rest| rest.trim_start_matches(['.', '-', '_']).to_owned()),
                }
            })
            .collect();
        Self { rules, tables }
    }

    pub fn get(&self, index: RuleIndex) -> Option<&RuleInfo> {
        self.rules.get(index.0 as usize)
    }

    /// Those of `rules` that have this role.
    pub fn with_role<'a>(
        &'a self,
        rules: &'a [RuleIndex],
        wanted: impl Fn(Role) -> bool + 'a,
    ) -> impl Iterator<Item = (RuleIndex, &'a RuleInfo)> + 'a {
        let known = rules.iter().filter_map(|index| Some((*index, self.get(*index)?)));
        known.filter(move |(_, info)| wanted(info.role))
    }

    /// The stage that a line with these matches belongs to, and whether a table places it: the furthest
    /// stage of a named chain, placed rules before others.
    pub fn stage(&self, rules: &[RuleIndex]) -> Option<(StageId, bool)> {
        self.with_role(rules, |role| matches!(role, Role::Attack(_)))
            .filter_map(|(_, info)| match info.role {
                Role::Attack(stage) => Some((stage, info)),
                _ => None,
            })
            .max_by_key(|(stage, info)| {
                let named = &**self.tables.chain_of(*stage) != GENERIC;
                let order = self.tables.stage(*stage).order;
                (
                    info.placed,
                    named,
                    self.tables.kind(*stage),
                    order,
                    info.named.level,
                    Reverse(*stage),
                )
            })
            .map(|(stage, info)| (stage, info.placed))
    }
}

/// Whether a rule knows ordinary traffic: level informational, a tag that begins with `imker.normal`, and none of the
/// user's indicators.
pub fn is_ordinary(rule: &Rule) -> bool {
    rule.origin != Origin::Indicator
        && rule.level == Level::Informational
        && rule.tags.iter().any(|tag| tag.starts_with(NORMAL_TAG))
}

fn role(rule: &Rule, tables: &mut Tables) -> (Role, bool) {
    if rule.origin == Origin::Indicator {
        return (Role::Indicator, false);
    }
    if is_ordinary(rule) {
        return (Role::Normal, false);
    }
    match tables.of_rule(&rule.id) {
        Some(stage) if tables.kind(stage) == StageKind::Other => (Role::Reconnaissance, true),
        Some(stage) => (Role::Attack(stage), true),
        None if rule.level <= Level::Low => (Role::Reconnaissance, false),
        None => {
            let chain = rule
                .cves()
                .find_map(|cve| imker_exchange::chain_of(&cve))
                .unwrap_or(GENERIC);
            (Role::Attack(tables.of_kind(chain, kind(rule))), false)
        }
    }
}

/// The kind of stage that a rule without a table row is for: T1505 is "Server Software Component" (web shells
/// are .003), T1595 "Active Scanning".
fn kind(rule: &Rule) -> StageKind {
    let has = |technique: &str| rule.techniques().any(|id| id.starts_with(technique));
    match () {
        () if has("T1505") => StageKind::Webshell,
        () if has("T1595") => StageKind::Probe,
        () => StageKind::Exploit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{book, rule};

    #[test]
    fn rules_are_placed_by_table_then_cve_and_technique() {
        let mut rules = vec![
            rule("powershell", Level::High, &[]),
            rule("scanner", Level::Low, &["attack.t1595.002"]),
            rule("user-shell", Level::High, &["attack.t1505.003"]),
            rule(
                "user-proxytoken",
                Level::High,
                &["cve.2021-33766", "attack.t1190"],
            ),
            rule("user-scan", Level::Medium, &["attack.t1595"]),
            rule("nspi", Level::Informational, &["imker.normal.mapi-nspi"]),
            rule("indicator", Level::Medium, &[]),
        ];
        rules[6].origin = Origin::Indicator;
        let book = book(&rules);
        let told = |at: u32| match book.get(RuleIndex(at)).map(|info| info.role) {
            Some(Role::Attack(stage)) => {
                format!(
                    "{} {}",
                    book.tables.chain_of(stage),
                    book.tables.stage(stage).name
                )
            }
            other => format!("{other:?}"),
        };
        let all: Vec<_> = (0..rules.len() as u32).map(told).collect();
        assert_eq!(
            all,
            [
                "ProxyShell powershell",
                "Some(Reconnaissance)",
                "Generic webshell",
                "ProxyToken exploit",
                "Generic probe",
                "Some(Normal)",
                "Some(Indicator)",
            ]
        );
        assert_eq!(
            book.get(RuleIndex(5)).and_then(|info| info.normal.as_deref()),
            Some("mapi-nspi")
        );
    }

    #[test]
    fn the_furthest_stage_of_a_placed_rule_names_a_line() {
        let rules = [
            rule("probe-owa", Level::Critical, &[]),
            rule("powershell", Level::Medium, &[]),
            rule("user-shell", Level::Critical, &["attack.t1505.003"]),
        ];
        let book = book(&rules);
        let (stage, placed) = book
            .stage(&[RuleIndex(0), RuleIndex(1), RuleIndex(2)])
            .unwrap_or_else(|| panic!());
        assert_eq!((&*book.tables.stage(stage).name, placed), ("powershell", true));
        assert!(book.stage(&[RuleIndex(77)]).is_none());
    }
}
