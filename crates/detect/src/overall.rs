//! From the servers' judgements to one over all of them.

use jiff::Timestamp;

use crate::model::{BuildSeen, Confidence, Judgement, ServerFindings, Statement, Verdict, Window};

/// Servers whose reasons stand in the overall judgement.
const SERVERS: usize = 20;

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
    let first = |time: fn(&Window) -> Option<Timestamp>| windows().filter_map(time).min();
    let last = |time: fn(&Window) -> Option<Timestamp>| windows().filter_map(time).max();
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
