//! From what happened to a server to a verdict with reasons.

use std::collections::BTreeSet;

use imker_exchange::Build;

use crate::attribution::{self, PATH_CONFUSION, PROXYSHELL};
use crate::model::{
    BuildSeen, Confidence, Coverage, Judgement, LogKind, Outcome, Span, Statement, Verdict, Window,
};
use crate::tables::{StageKind, Tables};
use crate::tally::Tally;

/// Webshell paths named among the reasons.
const SHELLS: usize = 5;

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
                    () if !self.has(|_| true) => self.say("reason-no-request"),
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

    /// Stretches for which no log shows what clients asked. A protocol of its own may rest for days: so the front
    /// end's log decides, and without one, what all proxy logs lack.
    fn gaps(&self) -> u64 {
        let (front, proxy): (Vec<_>, Vec<_>) = self
            .coverage
            .iter()
            .filter(|log| log.first.is_some() && log.kind != LogKind::HttpErr && !is_back_end(log))
            .partition(|log| log.kind == LogKind::Iis);
        let logs = if front.is_empty() { proxy } else { front };
        let lacks = |log: &Coverage, gap: &Span| {
            let outside = log.last < Some(gap.to) || log.first > Some(gap.from);
            outside
                || log
                    .gaps
                    .iter()
                    .any(|other| other.from < gap.to && gap.from < other.to)
        };
        let Some((one, others)) = logs.split_first() else {
            return 0;
        };
        let common = one
            .gaps
            .iter()
            .filter(|gap| others.iter().all(|log| lacks(log, gap)));
        common.count() as u64
    }

    fn has(&self, wanted: impl Fn(&Coverage) -> bool) -> bool {
        self.coverage
            .iter()
            .any(|log| log.files_in_window > 0 && wanted(log))
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

#[cfg(test)]
mod tests;
