//! From what happened to a server to a verdict with reasons.

use std::collections::BTreeSet;

use imker_exchange::Build;

use crate::attribution::{self, PATH_CONFUSION, PROXYSHELL};
use crate::model::{
    BuildSeen, Confidence, Coverage, Judgement, LogKind, Outcome, ServerFindings, Statement, Verdict, Window,
};
use crate::tables::{StageKind, Tables};
use crate::tally::Tally;

/// Webshell paths named among the reasons.
const SHELLS: usize = 5;
/// Servers whose reasons stand in the overall judgement.
const SERVERS: usize = 20;

/// All that is known of one server.
pub(crate) struct Case<'a> {
    pub server: &'a str,
    pub tally: &'a Tally,
    pub coverage: &'a [Coverage],
    pub builds: &'a [BuildSeen],
    pub tables: &'a Tables,
    pub complete: bool,
}

/// The judgement of one server.
pub(crate) fn judge(case: &Case<'_>) -> Judgement {
    let verdict = case.tally.verdict();
    let mut judgement = Judgement {
        verdict,
        confidence: Confidence::Low,
        reasons: case.reasons(verdict),
        against: case.against(verdict),
        cannot_show: case.cannot_show(),
        window: case.window(),
    };
    let builds = case.builds_speak(&mut judgement);
    judgement.confidence = case.confidence(verdict, builds);
    judgement
}

/// What the builds seen say of the chains that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Builds {
    Silent,
    For,
    Against,
}

impl Case<'_> {
    fn say(&self, id: &'static str) -> Statement {
        Statement::new(id).with("server", self.server)
    }

    fn reasons(&self, verdict: Verdict) -> Vec<Statement> {
        let tally = self.tally;
        let mut reasons = Vec::new();
        match verdict {
            Verdict::NoTrace => {
                let own: u64 = tally.own.values().flat_map(|steps| steps.outcomes.values()).sum();
                reasons.push(match () {
                    () if self.coverage.iter().all(|log| log.first.is_none()) => self.say("reason-no-logs"),
                    () if own > 0 => self.say("reason-own-checks-only").with("count", own),
                    () => self.say("reason-no-attack"),
                });
            }
            Verdict::Attempted => reasons.push(
                self.say("reason-none-succeeded")
                    .with("refused", tally.count(Outcome::Refused))
                    .with("filtered", tally.count(Outcome::Filtered)),
            ),
            Verdict::Vulnerable | Verdict::Exploited | Verdict::Compromised => self.successes(&mut reasons),
        }
        let unclear = tally.count(Outcome::Unclear);
        if unclear > 0 {
            reasons.push(self.say("reason-unclear").with("count", unclear));
        }
        reasons
    }

    fn successes(&self, reasons: &mut Vec<Statement>) {
        let tally = self.tally;
        for path in tally.shells.iter().take(SHELLS) {
            reasons.push(self.say("reason-webshell-answered").with("path", path));
        }
        if let more @ 1.. = tally.shells.len().saturating_sub(SHELLS) {
            reasons.push(self.say("reason-more-webshells").with("count", more));
        }
        if tally.shell_after_exploit {
            reasons.push(self.say("reason-webshell-after-exploit"));
        }
        self.steps(reasons);
        let own = || tally.own.values();
        if let Some(first) = own().filter_map(|steps| steps.first_success).min() {
            let count: u64 = own().map(|steps| steps.count(Outcome::Succeeded)).sum();
            reasons.push(
                self.say("reason-own-check-succeeded")
                    .with("count", count)
                    .with("time", first),
            );
        }
        if tally.stages.len() > 1 {
            reasons.push(
                self.say("reason-several-stages")
                    .with("count", tally.stages.len()),
            );
        }
        if tally.corroborated > 0 {
            reasons.push(self.say("reason-logs-agree").with("count", tally.corroborated));
        }
    }

    /// The stages that succeeded, the furthest first; looking up a mailbox takes several.
    fn steps(&self, reasons: &mut Vec<Statement>) {
        let mut told: Vec<(&'static str, &str, &str, u64, jiff::Timestamp)> = Vec::new();
        for (id, (count, first)) in self.tally.stages.iter().rev() {
            let stage = self.tables.stage(*id);
            let chain = &**self.tables.chain_name(stage.chain);
            let id = match (stage.kind, &*stage.name) {
                (StageKind::Probe, _) => "reason-probe-succeeded",
                (_, "powershell") => "reason-powershell-succeeded",
                (_, "mailbox_list" | "legacy_dn" | "sid") if chain == PROXYSHELL => {
                    "reason-mailbox-access-succeeded"
                }
                _ => "reason-step-succeeded",
            };
            let same = |one: &&mut (_, &str, &str, u64, _)| {
                (one.0, one.1) == (id, chain) && (id != "reason-step-succeeded" || one.2 == &*stage.name)
            };
            match told.iter_mut().find(same) {
                Some(one) => {
                    one.3 += count;
                    one.4 = one.4.min(*first);
                }
                None => told.push((id, chain, &stage.name, *count, *first)),
            }
        }
        for (id, chain, stage, count, first) in told {
            let reason = self
                .say(id)
                .with("chain", chain)
                .with("count", count)
                .with("time", first);
            reasons.push(match id {
                "reason-step-succeeded" => reason.with("stage", stage),
                _ => reason,
            });
        }
    }

    fn against(&self, verdict: Verdict) -> Vec<Statement> {
        let tally = self.tally;
        let mut against = Vec::new();
        let mut add = |holds: bool, statement: Statement| {
            if holds {
                against.push(statement);
            }
        };
        let succeeded = verdict >= Verdict::Vulnerable;
        let stranger = tally.first_success().is_some();
        let unclear = tally.count(Outcome::Unclear);
        let alone = verdict == Verdict::Compromised && !tally.shell_after_exploit;
        add(
            verdict == Verdict::Attempted && unclear > 0,
            self.say("against-unclear").with("count", unclear),
        );
        add(
            verdict == Verdict::Vulnerable,
            self.say("against-nothing-followed"),
        );
        add(succeeded && !stranger, self.say("against-own-check-only"));
        add(alone, self.say("against-webshell-alone"));
        add(stranger && tally.corroborated == 0, self.say("against-one-log"));
        let contradicted = tally.contradicted;
        add(
            contradicted > 0,
            self.say("against-back-end-status").with("count", contradicted),
        );
        let back_end_only = tally.back_end_only;
        add(
            back_end_only > 0,
            self.say("against-back-end-only").with("count", back_end_only),
        );
        against
    }

    /// Adds what the builds at the times of the successes say.
    fn builds_speak(&self, judgement: &mut Judgement) -> Builds {
        let mut speaks = Builds::Silent;
        let mut told = BTreeSet::new();
        for (id, (_, first)) in &self.tally.stages {
            let Some(cve) = attribution::opening_flaw(self.tables.chain_of(*id)) else {
                continue;
            };
            let Some((seen, Some(fixed))) = attribution::build_at(self.builds, *first, cve) else {
                continue;
            };
            speaks = match fixed {
                true => Builds::Against,
                false if speaks == Builds::Silent => Builds::For,
                false => speaks,
            };
            if told.insert((cve, &seen.build)) {
                let (id, list) = match fixed {
                    true => ("against-build-fixed", &mut judgement.against),
                    false => ("reason-build-open", &mut judgement.reasons),
                };
                list.push(self.say(id).with("build", build_name(seen)).with("cve", cve));
            }
        }
        speaks
    }

    fn gaps(&self) -> u64 {
        let of = |log: &Coverage| log.gaps.len().max(log.days_without_events.len()) as u64;
        self.coverage
            .iter()
            .filter(|log| log.kind != LogKind::HttpErr)
            .map(of)
            .sum()
    }

    fn has(&self, wanted: impl Fn(&Coverage) -> bool) -> bool {
        self.coverage.iter().any(|log| log.first.is_some() && wanted(log))
    }

    fn has_front_end(&self) -> bool {
        self.has(|log| log.kind == LogKind::Iis && !is_back_end(log))
    }

    fn cannot_show(&self) -> Vec<Statement> {
        let mut cannot = Vec::new();
        if let Some(first) = self.first_event() {
            cannot.push(self.say("cannot-show-before").with("time", first));
        }
        if let gaps @ 1.. = self.gaps() {
            cannot.push(self.say("cannot-show-gaps").with("count", gaps));
        }
        if !self.has_front_end() {
            cannot.push(self.say("cannot-show-front-end"));
        }
        if !self.has(|log| log.kind == LogKind::HttpProxy) {
            cannot.push(self.say("cannot-show-proxy"));
        }
        if !self.has(|log| log.kind == LogKind::Iis && is_back_end(log)) {
            cannot.push(self.say("cannot-show-back-end"));
        }
        if self.tally.back_end_only > 0 {
            cannot.push(self.say("cannot-show-origin"));
        }
        cannot
    }

    fn first_event(&self) -> Option<jiff::Timestamp> {
        self.coverage
            .iter()
            .filter(|log| log.kind != LogKind::HttpErr)
            .filter_map(|log| log.first)
            .min()
    }

    fn confidence(&self, verdict: Verdict, builds: Builds) -> Confidence {
        let tally = self.tally;
        let whole = self.complete && self.gaps() == 0;
        let seen = self.has_front_end() || self.has(|log| log.kind == LogKind::HttpProxy);
        let level = match verdict {
            Verdict::NoTrace | Verdict::Attempted if !self.complete || !seen => Confidence::Low,
            Verdict::NoTrace | Verdict::Attempted => {
                let doubt = !whole || tally.count(Outcome::Unclear) > 0;
                if doubt {
                    Confidence::Medium
                } else {
                    Confidence::High
                }
            }
            Verdict::Compromised if tally.shell_after_exploit => return Confidence::High,
            Verdict::Compromised => return Confidence::Medium,
            Verdict::Vulnerable | Verdict::Exploited => {
                let agree = tally.corroborated > 0 || tally.stages.len() > 1 || builds == Builds::For;
                if agree {
                    Confidence::High
                } else {
                    Confidence::Medium
                }
            }
        };
        let doubted = builds == Builds::Against || tally.contradicted > 0;
        match level {
            Confidence::High if doubted => Confidence::Medium,
            _ if doubted => Confidence::Low,
            level => level,
        }
    }

    fn window(&self) -> Window {
        let tally = self.tally;
        let vulnerable = tally.vulnerable();
        let with = |fixed: bool| {
            let state = |seen: &BuildSeen| {
                let build: Build = seen.build.parse().ok()?;
                attribution::has_fix(build, PATH_CONFUSION)
            };
            self.builds
                .iter()
                .find(|seen| state(seen) == Some(fixed))
                .cloned()
        };
        Window {
            vulnerable_from: vulnerable.map(|(from, _)| from),
            vulnerable_to: vulnerable.map(|(_, to)| to),
            build_without_fix: with(false),
            build_with_fix: with(true),
            first_attack: tally.first_attack,
            first_success: tally.first_success(),
            last_activity: tally.last_activity,
            no_data_before: self.first_event(),
        }
    }
}

/// IIS names the site `Exchange Back End` by its number, 2.
fn is_back_end(log: &Coverage) -> bool {
    log.source.to_ascii_uppercase().ends_with("W3SVC2")
}

fn build_name(seen: &BuildSeen) -> String {
    match &seen.name {
        Some(name) => format!("{} ({name})", seen.build),
        None => seen.build.clone(),
    }
}

/// What the report as a whole adds to the servers' judgements.
pub(crate) struct Overall {
    pub complete: bool,
    /// Requests that were reconnaissance only.
    pub reconnaissance: u64,
    /// Whether an own check is known by its user agent, which anyone can send.
    pub own_by_user_agent: bool,
}

/// The judgement over all servers: the worst verdict, with the reasons of the servers that have it.
pub(crate) fn overall(servers: &[ServerFindings], overall: &Overall) -> Judgement {
    let judgements = || servers.iter().map(|server| &server.judgement);
    let verdict = judgements()
        .map(|one| one.verdict)
        .max()
        .unwrap_or(Verdict::NoTrace);
    let worst: Vec<&Judgement> = judgements().filter(|one| one.verdict == verdict).collect();
    // One certain success makes the whole certain; that nothing succeeded must hold on every server.
    let confidence = match verdict {
        Verdict::NoTrace | Verdict::Attempted => judgements().map(|one| one.confidence).min(),
        _ => worst.iter().map(|one| one.confidence).max(),
    };
    let listed = worst.iter().take(SERVERS);
    let gather = |list: fn(&Judgement) -> &Vec<Statement>| {
        listed
            .clone()
            .flat_map(|one| list(one).iter().cloned())
            .collect::<Vec<_>>()
    };
    let mut reasons = gather(|one| &one.reasons);
    if let more @ 1.. = worst.len().saturating_sub(SERVERS) {
        reasons.push(Statement::new("reason-more-servers").with("count", more));
    }
    if verdict == Verdict::NoTrace && overall.reconnaissance > 0 {
        reasons.push(Statement::new("reason-only-reconnaissance").with("count", overall.reconnaissance));
    }
    let mut cannot_show = Vec::new();
    if !overall.complete {
        cannot_show.push(Statement::new("cannot-show-incomplete"));
    }
    cannot_show.extend(gather(|one| &one.cannot_show));
    if overall.own_by_user_agent {
        cannot_show.push(Statement::new("cannot-show-own-check-by-user-agent"));
    }
    cannot_show.extend(
        [
            "cannot-show-bodies",
            "cannot-show-exports",
            "cannot-show-shipped-files",
        ]
        .map(Statement::new),
    );
    Judgement {
        verdict,
        confidence: confidence.unwrap_or(Confidence::Low),
        reasons,
        against: gather(|one| &one.against),
        cannot_show,
        window: window(servers),
    }
}

/// The times that matter over all servers.
fn window(servers: &[ServerFindings]) -> Window {
    let windows = || servers.iter().map(|server| &server.judgement.window);
    let first = |time: fn(&Window) -> Option<jiff::Timestamp>| windows().filter_map(time).min();
    let last = |time: fn(&Window) -> Option<jiff::Timestamp>| windows().filter_map(time).max();
    let build = |seen: fn(&Window) -> &Option<BuildSeen>| {
        windows()
            .filter_map(|window| seen(window).as_ref())
            .min_by_key(|seen| seen.span)
            .cloned()
    };
    Window {
        vulnerable_from: first(|window| window.vulnerable_from),
        vulnerable_to: last(|window| window.vulnerable_to),
        build_without_fix: build(|window| &window.build_without_fix),
        build_with_fix: build(|window| &window.build_with_fix),
        first_attack: first(|window| window.first_attack),
        first_success: first(|window| window.first_success),
        last_activity: last(|window| window.last_activity),
        no_data_before: first(|window| window.no_data_before),
    }
}
