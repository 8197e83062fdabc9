//! Words that the terminal and the page share.

use imker_event::{GapReason, Scheme};
use imker_intel::{
    ComparedWith, Comparison, Distinct, Evaluation, Fresh, Gaps, Place, RuleRow, SourceRow, StageRow,
};

use crate::language::Texts;

/// The span that was evaluated.
pub(super) fn span(texts: &Texts, evaluation: &Evaluation) -> String {
    let from = evaluation.since.or(evaluation.first);
    let to = evaluation.until.or(evaluation.last);
    let (Some(from), Some(to)) = (from, to) else {
        return texts.say("pot-no-events");
    };
    let count = |listed: usize, further: u64| (listed as u64 + further).into();
    texts.say_with(
        "pot-span",
        [
            ("from", texts.time(from).into()),
            ("to", texts.time(to).into()),
            (
                "sensors",
                count(evaluation.sensors.entries.len(), evaluation.sensors.not_listed),
            ),
            (
                "hosts",
                count(evaluation.hosts.entries.len(), evaluation.hosts.not_listed),
            ),
        ],
    )
}

/// A count that may be an estimate.
pub(super) fn distinct(texts: &Texts, distinct: Distinct) -> String {
    let number = texts.number(distinct.count);
    if distinct.estimated {
        format!("≈ {number}")
    } else {
        number
    }
}

/// The sums, by name.
pub(super) fn totals(texts: &Texts, evaluation: &Evaluation) -> Vec<(String, String)> {
    let totals = &evaluation.totals;
    let number = |id, number| (texts.say(id), texts.number(number));
    vec![
        (texts.say("pot-sources"), distinct(texts, totals.sources)),
        number("pot-attackers", totals.attackers),
        number("pot-connections", totals.connections),
        number("pot-requests", totals.requests),
        number("pot-suspicious", totals.suspicious_requests),
        number("pot-stages", totals.stages),
        number("pot-credentials", totals.credentials),
        number("pot-uploads", totals.uploads),
        number("pot-commands", totals.commands),
        number("pot-events", totals.events),
        (texts.say("pot-received"), texts.bytes(totals.bytes_received)),
        (texts.say("pot-sent"), texts.bytes(totals.bytes_sent)),
    ]
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Good,
    Warning,
    Bad,
}

/// What matters most, in sentences.
pub(super) fn findings(texts: &Texts, evaluation: &Evaluation) -> Vec<(Weight, String)> {
    let totals = &evaluation.totals;
    let mut findings = Vec::new();
    let mut say = |weight, id, count: u64| {
        if count > 0 {
            findings.push((weight, texts.say_with(id, [("count", count.into())])));
        }
    };
    // Who only sent files or commands attempted no stage.
    let attempted = || {
        evaluation
            .sources
            .entries
            .iter()
            .filter(|source| !source.stages.is_empty())
    };
    let got_through = |source: &&SourceRow| source.stages.iter().any(|stage| stage.succeeded);
    let through = attempted().filter(got_through).count() as u64;
    let refused = attempted().count() as u64 - through;
    say(
        Weight::Bad,
        "pot-finding-own-domain",
        evaluation.credentials.own_domain,
    );
    say(Weight::Bad, "pot-finding-through", through);
    say(Weight::Warning, "pot-finding-refused", refused);
    if totals.events == 0 {
        say(Weight::Warning, "pot-finding-no-events", 1);
    } else if totals.attackers == 0 && evaluation.gaps.is_complete() {
        say(Weight::Good, "pot-finding-none", 1);
    } else if totals.attackers == 0 {
        say(Weight::Warning, "pot-finding-none-seen", 1);
    }
    if let Some(compared) = &evaluation.compared {
        say(Weight::Warning, "pot-finding-new-stages", compared.stages.count);
    }
    if !evaluation.gaps.is_complete() {
        say(Weight::Warning, "pot-finding-incomplete", 1);
    }
    findings
}

pub(super) fn place(place: &Place) -> String {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let number = place.as_number.map(|number| format!("AS{number}"));
    let parts = [text(&place.country_code), number, text(&place.as_organisation)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The stages that a source reached, chain by chain; those in brackets were refused.
pub(super) fn stages(texts: &Texts, source: &SourceRow) -> String {
    let mut words = String::new();
    let mut chain = "";
    for reached in &source.stages {
        let name = texts.name("stage", &reached.stage);
        if reached.chain != chain {
            chain = &reached.chain;
            words.push_str(if words.is_empty() { "" } else { "; " });
            if !chain.eq_ignore_ascii_case(&name) {
                words.push_str(chain);
                words.push_str(": ");
            }
        } else {
            words.push_str(", ");
        }
        words.push_str(&if reached.succeeded {
            name
        } else {
            format!("({name})")
        });
    }
    words
}

pub(super) fn stage(texts: &Texts, row: &StageRow) -> String {
    of_chain(&row.chain, &texts.name("stage", &row.stage))
}

/// A stage's name behind its chain's, where these differ.
fn of_chain(chain: &str, stage: &str) -> String {
    if chain.eq_ignore_ascii_case(stage) {
        chain.to_owned()
    } else {
        format!("{chain}: {stage}")
    }
}

/// Who wrote a rule.
pub(super) fn author(texts: &Texts, row: &RuleRow) -> String {
    match &row.author {
        Some(author) => texts.say_with("rule-by", [("author", author.as_str().into())]),
        None => texts.say("rule-author-unknown"),
    }
}

pub(super) const fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Forms => "OWA",
        Scheme::Basic => "Basic",
        Scheme::Ntlm => "NTLM",
        Scheme::Kerberos => "Kerberos",
        Scheme::Bearer => "Bearer",
        // The enumeration is open: a scheme that this list does not know is still told.
        _ => "?",
    }
}

pub(super) fn schemes(schemes: &[Scheme]) -> String {
    schemes
        .iter()
        .map(|of| scheme(*of))
        .collect::<Vec<_>>()
        .join(", ")
}

/// An account, its domain before a backslash where the name does not say it.
pub fn account(username: &str, domain: Option<&str>) -> String {
    match domain {
        Some(domain) if !username.contains(['\\', '@']) => format!("{domain}\\{username}"),
        _ => username.to_owned(),
    }
}

/// What it was compared with.
pub(super) fn compared_with(texts: &Texts, compared: &Comparison) -> String {
    let id = match compared.with {
        ComparedWith::Evaluation => "pot-compared-evaluation",
        ComparedWith::SpanBefore => "pot-compared-span",
    };
    let time = |time: Option<jiff::Timestamp>| time.map_or_else(|| "?".to_owned(), |time| texts.time(time));
    texts.say_with(
        id,
        [
            ("from", time(compared.since).into()),
            ("to", time(compared.until).into()),
        ],
    )
}

/// A new value as it is shown: stages have names.
pub(super) fn fresh_value(texts: &Texts, id: &str, value: &str) -> String {
    match value.split_once('/') {
        Some((chain, stage)) if id == "pot-new-stages" => of_chain(chain, &texts.name("stage", stage)),
        _ => value.to_owned(),
    }
}

/// Everything that can be new: message id and values.
pub(super) fn fresh(compared: &Comparison) -> [(&'static str, &Fresh); 8] {
    [
        ("pot-new-sensors", &compared.sensors),
        ("pot-new-sources", &compared.sources),
        ("pot-new-stages", &compared.stages),
        ("pot-new-rules", &compared.rules),
        ("pot-new-user-agents", &compared.user_agents),
        ("pot-new-ja4", &compared.ja4),
        ("pot-new-ja3", &compared.ja3),
        ("pot-new-uploads", &compared.uploads),
    ]
}

/// What was not seen, in sentences.
pub(super) fn gaps(texts: &Texts, evaluation: &Evaluation) -> Vec<String> {
    let gaps: &Gaps = &evaluation.gaps;
    let mut lines = Vec::new();
    for gap in &gaps.recorded {
        let reason = match gap.reason {
            GapReason::StoreFull => "pot-gap-full",
            GapReason::Evicted => "pot-gap-evicted",
            GapReason::Damaged => "pot-gap-damaged",
            GapReason::TooMany => "pot-gap-too-many",
            _ => "pot-gap-other",
        };
        lines.push(texts.say_with(
            "pot-gap",
            [
                ("sensor", gap.sensor.as_str().into()),
                ("from", texts.time(gap.from.unwrap_or(gap.time)).into()),
                ("to", texts.time(gap.until.unwrap_or(gap.time)).into()),
                ("count", gap.lost.into()),
                ("reason", texts.say(reason).into()),
            ],
        ));
    }
    for stopped in &gaps.stopped {
        let sensor = stopped.sensor.as_str();
        lines.push(match stopped.until {
            Some(until) => texts.say_with(
                "pot-stopped",
                [
                    ("sensor", sensor.into()),
                    ("from", texts.time(stopped.from).into()),
                    ("to", texts.time(until).into()),
                ],
            ),
            None => texts.say_with(
                "pot-stopped-since",
                [
                    ("sensor", sensor.into()),
                    ("from", texts.time(stopped.from).into()),
                ],
            ),
        });
    }
    for row in &evaluation.sensors.entries {
        for (id, count) in [("pot-missing", row.missing), ("pot-killed", row.unclean_starts)] {
            if count > 0 {
                let args = [("sensor", row.sensor.as_str().into()), ("count", count.into())];
                lines.push(texts.say_with(id, args));
            }
        }
    }
    for sensor in &gaps.silent {
        lines.push(texts.say_with("pot-silent", [("sensor", sensor.as_str().into())]));
    }
    for bad in &gaps.bad_lines {
        if bad.line == 0 {
            let args = [
                ("file", bad.file.as_str().into()),
                ("reason", bad.reason.as_str().into()),
            ];
            lines.push(texts.say_with("pot-unread", args));
            continue;
        }
        lines.push(texts.say_with(
            "pot-bad-line",
            [
                ("file", bad.file.as_str().into()),
                ("line", bad.line.into()),
                ("reason", bad.reason.as_str().into()),
                ("count", (bad.further + 1).into()),
            ],
        ));
    }
    let mut counted = |id, count: u64| {
        if count > 0 {
            lines.push(texts.say_with(id, [("count", count.into())]));
        }
    };
    counted("pot-bad-lines-more", gaps.bad_lines_not_listed);
    counted(
        "pot-gaps-more",
        gaps.recorded_not_listed + gaps.stopped_not_listed,
    );
    let of_listed: u64 = evaluation.sensors.entries.iter().map(|row| row.missing).sum();
    counted("pot-missing-other", gaps.missing.saturating_sub(of_listed));
    counted("pot-duplicates", gaps.duplicates);
    counted("pot-conflicting", gaps.conflicting);
    counted("pot-duplicates-unchecked", gaps.duplicates_unchecked);
    counted("pot-outside", gaps.outside);
    counted("pot-stages-more", evaluation.stages_not_listed);
    if !evaluation.sources.exact {
        counted("pot-not-exact", 1);
    }
    lines
}
