//! Putting the findings together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use imker_sigma::Correlator;

use crate::advice::{Grounds, advice};
use crate::attack::AttackBuilder;
use crate::client;
use crate::coverage::CoverageBook;
use crate::detector::{OwnScanner, Settings, SuspectTraffic};
use crate::group::AttackBook;
use crate::model::{Attack, BuildSeen, CorrelationFired, Findings, ServerFindings, ServerId, Span, Verdict};
use crate::names::Names;
use crate::overall::{Overall, overall};
use crate::rulebook::RuleBook;
use crate::side::Aside;
use crate::tally::Tallies;
use crate::verdict::{Case, judge};

/// What observing yields.
#[derive(Debug)]
pub(crate) struct Observed {
    pub book: RuleBook,
    pub settings: Settings,
    pub names: Names,
    pub attacks: AttackBook,
    pub tallies: Tallies,
    pub aside: Aside,
}

pub(crate) fn findings(
    observed: Observed,
    (correlations, correlations_not_listed): (Vec<CorrelationFired>, u64),
    coverage: &CoverageBook,
    traffic: &[SuspectTraffic],
    complete: bool,
) -> Findings {
    let Observed {
        book,
        settings,
        names,
        attacks,
        tallies,
        aside,
    } = observed;
    let label = |own: usize| settings.own_scanners.get(own).map(client::label);
    let mut builds: BTreeMap<ServerId, Vec<BuildSeen>> = BTreeMap::new();
    let mut servers = Vec::new();
    let (mut shells, mut chains) = (BTreeSet::new(), BTreeSet::new());
    for server in names.sorted() {
        let (coverage, seen) = coverage.of(server);
        let (name, tally) = (names.of(server), tallies.of(server));
        let case = Case {
            server: &name,
            tally: &tally,
            coverage: &coverage,
            builds: &seen,
            tables: &book.tables,
            complete,
        };
        let judgement = judge(&case);
        shells.extend(tally.shells.iter().cloned());
        chains.extend(
            tally
                .succeeded()
                .map(|stage| book.tables.chain_of(stage).to_string()),
        );
        builds.insert(server, seen.clone());
        servers.push(ServerFindings {
            name,
            judgement,
            coverage,
            builds: seen,
        });
    }
    let (attacks, attacks_not_listed) = attacks.finish();
    let reconnaissance = aside.reconnaissance(&book, &names, label);
    let judgement = overall(
        &servers,
        &Overall {
            complete,
            reconnaissance: reconnaissance.iter().map(|noted| noted.count).sum(),
            own_by_user_agent: settings
                .own_scanners
                .iter()
                .any(|own| matches!(own, OwnScanner::UserAgent(_))),
        },
    );
    let traffic: BTreeMap<IpAddr, &SuspectTraffic> = traffic.iter().map(|one| (one.client, one)).collect();
    let finish =
        |attack: &AttackBuilder| with_traffic(attack, attack.finish(&book, &names, label, &builds), &traffic);
    let mut findings = Findings {
        judgement,
        servers,
        attacks: numbered(attacks.iter().map(finish).collect()),
        attacks_not_listed,
        reconnaissance,
        indicators: aside.indicators(&book, &names),
        normal: aside.normal(&book),
        correlations,
        correlations_not_listed,
        advice: Vec::new(),
    };
    findings.advice = advice(
        &findings,
        &Grounds {
            complete,
            shells: &shells,
            chains: &chains,
        },
    );
    findings
}

/// Adds what the second reading counted of the attack's clients.
fn with_traffic(
    builder: &AttackBuilder,
    mut attack: Attack,
    traffic: &BTreeMap<IpAddr, &SuspectTraffic>,
) -> Attack {
    if builder.verdict() > Verdict::Attempted {
        let counted = || builder.clients().iter().filter_map(|client| traffic.get(client));
        attack.bytes_sent_after_success = counted()
            .filter_map(|one| one.bytes_sent)
            .reduce(|sum, bytes| sum.saturating_add(bytes));
        attack.requests_per_hour_max = counted().map(|one| one.requests_per_hour_max).max();
    }
    attack
}

/// The worst and then the earliest first, numbered from 1.
fn numbered(mut attacks: Vec<Attack>) -> Vec<Attack> {
    attacks.sort_by(|a, b| {
        let severity = |attack: &Attack| (attack.verdict, attack.outcome);
        let order = |attack: &Attack| (attack.first, attack.chain.clone(), attack.client.clone());
        severity(b)
            .cmp(&severity(a))
            .then_with(|| order(a).cmp(&order(b)))
    });
    for (attack, number) in attacks.iter_mut().zip(1..) {
        attack.number = number;
    }
    attacks
}

/// What the correlation rules made of the requests, and how many groups of them were left out.
pub(crate) fn correlations(correlator: Correlator<'_>, book: &RuleBook) -> (Vec<CorrelationFired>, u64) {
    let forgotten = correlator.forgotten();
    let (fired, not_listed) = correlator.finish();
    let entry = |fired: imker_sigma::Fired| {
        Some(CorrelationFired {
            rule: book.get(fired.rule)?.named.clone(),
            group: fired.group,
            count: fired.count,
            span: Span {
                from: fired.first,
                to: fired.last,
            },
        })
    };
    (
        fired.into_iter().filter_map(entry).collect(),
        not_listed + forgotten,
    )
}
