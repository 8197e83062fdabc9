#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use super::*;

#[test]
fn numbers_times_and_plurals_follow_the_language() {
    let (en, de) = (Texts::new(Language::En), Texts::new(Language::De));
    assert_eq!(en.number(1_234_567), "1,234,567");
    assert_eq!(de.number(1_234_567), "1.234.567");
    assert_eq!(de.bytes(1_250_000), "1,2 MB");
    assert_eq!(en.bytes(999_999), "1.0 MB");
    assert_eq!(
        en.say_with("chart-requests", [("count", 1u64.into())]),
        "1 request"
    );
    assert_eq!(
        de.say_with("chart-requests", [("count", 12_345u64.into())]),
        "12.345 Anfragen"
    );
    assert_eq!(de.duration(SignedDuration::from_hours(49)), "2 d 1 h");
}

#[test]
fn languages_are_read_from_tags_and_locales() {
    assert_eq!("de_DE.UTF-8".parse(), Ok(Language::De));
    assert_eq!("EN".parse(), Ok(Language::En));
    assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
}

/// The ids of a file, each with the names of its arguments.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in language.messages().lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            current = line.split(" =").next().unwrap().to_owned();
            assert!(!messages.contains_key(&current), "{current} stands twice");
        }
        if line.starts_with('#') || current.is_empty() {
            continue;
        }
        let arguments = messages.entry(current.clone()).or_default();
        for part in line.split('$').skip(1) {
            arguments.insert(
                part.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                    .collect(),
            );
        }
    }
    messages
}

#[test]
fn the_files_have_no_errors_and_the_same_messages() {
    for language in Language::ALL {
        assert!(
            FluentResource::try_new(language.messages().to_owned()).is_ok(),
            "{language}"
        );
        assert!(language.tag().parse::<LanguageIdentifier>().is_ok());
    }
    let (en, de) = (messages(Language::En), messages(Language::De));
    assert_eq!(en, de);
    for (id, arguments) in en {
        for texts in [Texts::new(Language::En), Texts::new(Language::De)] {
            let args =
                FluentArgs::from_iter(arguments.iter().map(|name| (name.as_str(), FluentValue::from(2))));
            let text = texts.find(&id, Some(&args)).unwrap();
            assert!(!text.contains(['{', '}', '$']), "{id}: {text}");
            assert!(!text.contains(crate::escape::is_unsafe), "{id}: {text:?}");
        }
    }
}

#[test]
fn every_message_is_used_and_every_used_one_is_there() {
    let sources = [
        include_str!("because.rs"),
        include_str!("builds/answer.rs"),
        include_str!("builds/list.rs"),
        include_str!("builds/terminal.rs"),
        include_str!("charts.rs"),
        include_str!("coverage_text.rs"),
        include_str!("honeypot/charts.rs"),
        include_str!("honeypot/html.rs"),
        include_str!("honeypot/terminal.rs"),
        include_str!("honeypot/words.rs"),
        include_str!("html.rs"),
        include_str!("html/attacks.rs"),
        include_str!("html/scope.rs"),
        include_str!("html/verdict.rs"),
        include_str!("names.rs"),
        include_str!("sarif.rs"),
        include_str!("scan/charts.rs"),
        include_str!("scan/diff/text.rs"),
        include_str!("scan/html.rs"),
        include_str!("scan/services.rs"),
        include_str!("scan/terminal.rs"),
        include_str!("scan/terminal/single.rs"),
        include_str!("scan/terminal/single/brief.rs"),
        include_str!("scan/terminal/single/details.rs"),
        include_str!("scan/words.rs"),
        include_str!("terminal.rs"),
        include_str!("terminal/attacks.rs"),
        include_str!("terminal/observations.rs"),
        include_str!("terminal/scope.rs"),
        include_str!("terminal/verdict.rs"),
    ];
    let source = sources.concat();
    let quoted: BTreeSet<&str> = source.split('"').collect();
    let messages = messages(Language::En);
    let open = [
        "stage-",
        "aside-",
        "reason-",
        "against-",
        "cannot-show-",
        "advice-",
        "normal-",
        "needs-",
        "builds-column-",
        "host-",
        "check-",
        "cve-",
        "finding-",
        "install-",
        "fault-",
        "scan-verdict-",
        "scan-meaning-",
        "scan-cve-",
        "scan-why-",
        "scan-change-",
    ];
    let because: BTreeSet<&str> = imker_exchange::Because::ALL.iter().map(|(id, _)| *id).collect();
    for id in messages.keys() {
        let is_open = open.iter().any(|prefix| id.starts_with(prefix));
        let is_used = is_open || because.contains(id.as_str()) || quoted.contains(id.as_str());
        assert!(is_used, "{id} is not used");
    }
    let prefixes: BTreeSet<&str> = messages.keys().filter_map(|id| id.split('-').next()).collect();
    for id in quoted {
        let is_id = id.contains('-')
            && !id.ends_with('-')
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let known = id
            .split('-')
            .next()
            .is_some_and(|prefix| prefixes.contains(prefix));
        let class = ["no-trace", "no-referrer"].contains(&id);
        let is_prefix = open.iter().any(|prefix| prefix.strip_suffix('-') == Some(id));
        assert!(
            !is_id || !known || class || is_prefix || messages.contains_key(id),
            "{id} is not there"
        );
    }
}

#[test]
fn every_statement_is_translated_with_its_arguments() {
    let messages = messages(Language::En);
    for (id, arguments) in imker_detect::statements::ALL {
        let Some(used) = messages.get(*id) else {
            panic!("{id} is not translated")
        };
        for argument in used {
            assert!(arguments.contains(&argument.as_str()), "{id} has no {argument}");
        }
    }
    let stated: BTreeSet<&str> = imker_detect::statements::ALL.iter().map(|(id, _)| *id).collect();
    let prefixes = ["reason-", "against-", "cannot-show-", "advice-", "normal-"];
    for id in messages
        .keys()
        .filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)))
    {
        assert!(
            stated.contains(id.as_str()) || id.ends_with("-none") || id.ends_with("-note"),
            "{id} is never stated"
        );
    }
}

#[test]
fn every_reason_why_a_build_does_not_tell_is_translated() {
    let messages = messages(Language::En);
    for (id, arguments) in imker_exchange::Because::ALL {
        let used: Vec<&str> = messages[id].iter().map(String::as_str).collect();
        let mut arguments = arguments.to_vec();
        arguments.sort_unstable();
        assert_eq!(used, arguments, "{id}");
    }
}

#[test]
fn every_reason_of_an_assessment_is_translated_with_its_arguments() {
    let messages = messages(Language::En);
    for (id, arguments) in imker_posture::reasons::ALL {
        let used = messages
            .get(*id)
            .unwrap_or_else(|| panic!("{id} is not translated"));
        let given: BTreeSet<String> = arguments.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(*used, given, "{id}");
    }
    let mut said: BTreeSet<&str> = imker_posture::reasons::ALL.iter().map(|(id, _)| *id).collect();
    said.insert("cve-unknown");
    let prefixes = ["host-", "check-", "cve-", "finding-", "install-"];
    let of_assessments = |id: &&String| prefixes.iter().any(|prefix| id.starts_with(prefix));
    for id in messages.keys().filter(of_assessments) {
        assert!(said.contains(id.as_str()), "{id} is never said");
    }
}

#[test]
fn names_in_results_of_scans_are_translated() {
    let messages = messages(Language::En);
    let verdicts = imker_posture::Verdict::ALL.iter();
    let names =
        verdicts.flat_map(|verdict| [("scan-verdict", verdict.name()), ("scan-meaning", verdict.name())]);
    let faults = imker_posture::FaultKind::ALL
        .iter()
        .map(|kind| ("fault", kind.name()));
    let why = crate::scan::WhyNot::ALL
        .iter()
        .map(|why| ("scan-why", why.name()));
    let changes = crate::scan::Change::ALL
        .iter()
        .map(|change| ("scan-change", change.name()));
    let cves = ["fixed", "guarded", "filtered", "unknown", "vulnerable"].map(|name| ("scan-cve", name));
    let ids: BTreeSet<String> = names
        .chain(faults)
        .chain(why)
        .chain(changes)
        .chain(cves)
        .map(|(prefix, name)| format!("{prefix}-{}", name.replace('_', "-")))
        .collect();
    let prefixes = [
        "scan-verdict-",
        "scan-meaning-",
        "fault-",
        "scan-why-",
        "scan-change-",
        "scan-cve-",
    ];
    let named = messages
        .keys()
        .filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)));
    assert_eq!(ids, named.cloned().collect());
}

#[test]
fn every_stage_has_a_short_name() {
    let table = include_str!("../../../data/stages.csv");
    for stage in table.lines().skip(1).filter_map(|row| row.split(',').nth(1)) {
        for texts in [Texts::new(Language::En), Texts::new(Language::De)] {
            let name = texts
                .find(&format!("stage-{}", stage.replace('_', "-")), None)
                .expect(stage);
            assert!(name.chars().count() <= 16, "{name}");
        }
    }
}
