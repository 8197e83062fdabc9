//! Every sentence that a finding can hold, by id, with the names of its arguments.
//!
//! The report translates each of them. `server` is a name, `count` a number, `time` an instant (RFC 3339, UTC),
//! `build` a build with its name where that is known; lists are joined by `, `.

use crate::model::Statement;

/// All ids with their arguments; nothing else is ever stated.
pub const ALL: &[(&str, &[&str])] = &[
    // Why a verdict was given.
    ("reason-no-logs", &["server"]),
    ("reason-no-request", &["server"]),
    ("reason-no-attack", &["server"]),
    ("reason-only-reconnaissance", &["count"]),
    ("reason-own-checks-only", &["count", "server"]),
    ("reason-none-succeeded", &["filtered", "refused", "server"]),
    ("reason-unclear", &["count", "server"]),
    ("reason-probe-succeeded", &["chain", "count", "server", "time"]),
    ("reason-own-check-succeeded", &["count", "server", "time"]),
    (
        "reason-mailbox-access-succeeded",
        &["chain", "count", "server", "time"],
    ),
    (
        "reason-powershell-succeeded",
        &["chain", "count", "server", "time"],
    ),
    (
        "reason-step-succeeded",
        &["chain", "count", "server", "stage", "time"],
    ),
    ("reason-webshell-answered", &["path", "server"]),
    ("reason-more-webshells", &["count", "server"]),
    ("reason-webshell-after-exploit", &["server"]),
    ("reason-several-stages", &["count", "server"]),
    ("reason-logs-agree", &["count", "server"]),
    ("reason-build-open", &["build", "cve", "server"]),
    ("reason-more-servers", &["count"]),
    // What speaks against it.
    ("against-build-fixed", &["build", "cve", "server"]),
    ("against-one-log", &["server"]),
    ("against-webshell-alone", &["server"]),
    ("against-back-end-status", &["count", "server"]),
    ("against-back-end-only", &["count", "server"]),
    ("against-nothing-followed", &["server"]),
    ("against-own-check-only", &["server"]),
    ("against-unclear", &["count", "server"]),
    // What the logs read cannot show.
    ("cannot-show-incomplete", &[]),
    ("cannot-show-before", &["server", "time"]),
    ("cannot-show-gaps", &["count", "server"]),
    ("cannot-show-front-end", &["server"]),
    ("cannot-show-back-end", &["server"]),
    ("cannot-show-proxy", &["server"]),
    ("cannot-show-origin", &["server"]),
    ("cannot-show-bodies", &[]),
    ("cannot-show-exports", &[]),
    ("cannot-show-shipped-files", &[]),
    ("cannot-show-own-check-by-user-agent", &[]),
    // What to do now.
    ("advice-isolate", &["servers"]),
    ("advice-preserve", &["servers"]),
    ("advice-mend-unread", &[]),
    ("advice-note-awareness", &[]),
    ("advice-remove-webshells", &["paths"]),
    ("advice-look-for-webshells", &["servers"]),
    ("advice-check-exports", &[]),
    ("advice-check-roles", &[]),
    ("advice-patch", &["cves", "kbs"]),
    ("advice-check-patch", &[]),
    ("advice-reinstall", &["servers"]),
    ("advice-reset-credentials", &[]),
    ("advice-rotate-keys", &[]),
    ("advice-restrict-access", &["servers"]),
    ("advice-read-unclear", &["count"]),
    ("advice-check-own-success", &["servers"]),
    ("advice-extend-logs", &[]),
    // Why ordinary traffic is ordinary.
    ("normal-mapi-nspi", &[]),
    ("normal-autodiscover-json", &[]),
    ("normal-powershell", &[]),
    ("normal-health-probe", &[]),
    ("normal-proxylogon", &[]),
    ("normal-other", &["rule"]),
];

/// Why traffic is ordinary, by what its rule's tag says behind `imker.normal`: `mapi-nspi`, `proxylogon-241`.
pub(crate) fn normal(tag: &str, rule: &str) -> Statement {
    let fits = |id: &&str| {
        let about = id.strip_prefix("normal-").filter(|about| *about != "other");
        about
            .and_then(|about| tag.strip_prefix(about))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    match ALL.iter().map(|(id, _)| *id).find(fits) {
        Some(id) => Statement::new(id),
        None => Statement::new("normal-other").with("rule", rule),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SOURCES: [&str; 4] = [
        include_str!("overall.rs"),
        include_str!("verdict.rs"),
        include_str!("advice.rs"),
        include_str!("statements.rs"),
    ];

    #[test]
    fn every_statement_made_is_listed_and_every_listed_one_is_made() {
        let listed: BTreeSet<&str> = ALL.iter().map(|(id, _)| *id).collect();
        assert_eq!(listed.len(), ALL.len(), "an id stands twice");
        let mut made = BTreeSet::new();
        for source in SOURCES {
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for prefix in ["\"reason-", "\"against-", "\"cannot-show-", "\"advice-"] {
                for (at, _) in code.match_indices(prefix) {
                    let id = code[at + 1..].split('"').next().unwrap_or_default();
                    assert!(listed.contains(id), "{id} is not listed");
                    if !source.contains("pub const ALL") {
                        made.insert(id);
                    }
                }
            }
        }
        let unmade: Vec<_> = listed
            .iter()
            .filter(|id| !id.starts_with("normal-") && !made.contains(*id))
            .collect();
        assert!(unmade.is_empty(), "{unmade:?}");
    }

    #[test]
    fn arguments_are_sorted_and_an_unknown_tag_names_its_rule() {
        for (id, arguments) in ALL {
            assert!(arguments.is_sorted(), "{id}");
        }
        assert_eq!(normal("mapi-nspi", "x").id, "normal-mapi-nspi");
        assert_eq!(normal("proxylogon-241", "x").id, "normal-proxylogon");
        assert_eq!(normal("mapi-nspix", "x").id, "normal-other");
        assert_eq!(normal("", "x").args["rule"], "x");
    }
}
