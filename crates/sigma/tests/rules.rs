//! The shipped rules: each passes its own test, ordinary traffic fires none, escaping hides nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use imker_sigma::{Level, Origin, Pointed, Rule, RuleIndex, RuleSet, RuleSetBuilder, RuleTest, ScanScratch};

/// A shipped rule with its test.
struct Shipped {
    index: RuleIndex,
    test: RuleTest,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below `folder` with this extension, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    let below = path.strip_prefix(root().join("rules/sigma")).unwrap();
    below.with_extension("").to_str().unwrap().replace('\\', "/")
}

fn shipped() -> (RuleSet, BTreeMap<String, Shipped>) {
    let mut builder = RuleSetBuilder::new();
    for path in files(&root().join("rules/sigma"), "yml") {
        let name = name(&path);
        let added = builder
            .add_yaml(&fs::read_to_string(&path).unwrap(), &name, Origin::BuiltIn)
            .unwrap();
        assert_eq!(
            (added.rules + added.correlations, added.set_aside),
            (1, 0),
            "{name}: one rule a file"
        );
    }
    let rules = builder.build().unwrap();
    let places: BTreeMap<String, RuleIndex> = rules
        .rules()
        .iter()
        .zip(0..)
        .map(|(rule, at)| (rule.source.clone(), RuleIndex(at)))
        .collect();
    let shipped: BTreeMap<String, Shipped> = files(&root().join("rules/sigma"), "test")
        .into_iter()
        .map(|path| {
            let name = name(&path);
            let test = RuleTest::parse(&fs::read_to_string(&path).unwrap(), &name).unwrap();
            let index = places[&name];
            (name, Shipped { index, test })
        })
        .collect();
    assert!(places.keys().eq(shipped.keys()), "a test beside each rule");
    (rules, shipped)
}

/// Whether the prefilter points to the rule in a line.
fn points(rules: &RuleSet, rule: RuleIndex, line: &str, scratch: &mut ScanScratch) -> bool {
    let mut pointed = false;
    rules.prefilter().scan(line.as_bytes(), scratch, &mut |_, what| {
        pointed |= matches!(what, Pointed::Candidate(bits) if bits.contains(rule));
    });
    pointed
}

fn failures(correlations: bool) -> String {
    let (rules, shipped) = shipped();
    let mut failures = String::new();
    for (name, Shipped { index, test }) in &shipped {
        for expected in [true, false] {
            assert!(
                test.lines().any(|line| line.expected == expected),
                "{name}: lines of both kinds"
            );
        }
        if rules.is_correlation(*index) == correlations {
            for failure in test.run(&rules, *index) {
                failures += &format!("{name}.test: {failure}\n");
            }
        }
    }
    failures
}

#[test]
fn every_detection_rule_passes_its_own_test() {
    assert_eq!(failures(false), "");
}

#[test]
fn every_correlation_rule_passes_its_own_test() {
    assert_eq!(failures(true), "");
}

#[test]
fn every_rule_says_what_it_is() {
    let (rules, _) = shipped();
    let mut ids = BTreeSet::new();
    for rule in rules.rules() {
        let Rule {
            id,
            author,
            description,
            references,
            tags,
            false_positives,
            license,
            status,
            source,
            ..
        } = rule;
        assert!(ids.insert(id), "{source}: id stands twice");
        assert!(
            id.len() == 36 && id.as_bytes()[14] == b'4',
            "{source}: id is a UUID of version 4"
        );
        assert_eq!(author.as_deref(), Some("The Imker developers"), "{source}");
        assert_eq!(license.as_deref(), Some("MIT OR Apache-2.0"), "{source}");
        assert!(
            description.as_ref().is_some_and(|text| text.len() > 60),
            "{source}: description"
        );
        assert!(
            !references.is_empty() && references.iter().all(|link| link.starts_with("https://")),
            "{source}"
        );
        let known = |tag: &String| {
            ["attack.", "cve.", "imker."]
                .iter()
                .any(|space| tag.starts_with(space))
        };
        assert!(!tags.is_empty() && tags.iter().all(known), "{source}: tags");
        assert!(!false_positives.is_empty(), "{source}: false positives");
        assert!(
            matches!(status.as_deref(), Some("test" | "experimental" | "stable")),
            "{source}: status"
        );
    }
}

#[test]
fn ordinary_traffic_is_no_attack() {
    let (rules, _) = shipped();
    let path = root().join("rules/ordinary.test");
    let test = RuleTest::parse(&fs::read_to_string(path).unwrap(), "ordinary.test").unwrap();
    assert!(test.lines().all(|line| !line.expected));
    for (rule, at) in rules.rules().iter().zip(0..) {
        if rule.level > Level::Informational {
            assert_eq!(test.run(&rules, RuleIndex(at)), [], "{}", rule.source);
        }
    }
}

#[test]
fn what_the_product_ships_is_no_webshell() {
    let (rules, shipped) = shipped();
    let mut text = format!("{FIELDS}\n## no match\n");
    for row in csv::Reader::from_path(root().join("data/shipped_files.csv"))
        .unwrap()
        .records()
    {
        let path = row.unwrap()[0].to_owned();
        text += &format!("2021-08-12 03:00:00 192.0.2.10 GET {path} - 443 - 198.51.100.20 - - 200 0 0 31\n");
    }
    let test = RuleTest::parse(&text, "shipped_files.csv").unwrap();
    for (name, Shipped { index, .. }) in &shipped {
        if name.starts_with("webshell/") {
            assert_eq!(test.run(&rules, *index), [], "{name}");
        }
    }
}

#[test]
fn the_prefilter_points_out_every_line_that_matches() {
    let (rules, shipped) = shipped();
    assert_eq!(rules.prefilter().unfiltered(), [], "every rule has a literal");
    let mut scratch = ScanScratch::default();
    for (name, Shipped { index, test }) in shipped.iter().filter(|(_, it)| !rules.is_correlation(it.index)) {
        for line in test.lines().filter(|line| line.expected) {
            let pointed = points(&rules, *index, line.text, &mut scratch);
            assert!(pointed, "{name}.test:{}: {}", line.number, line.text);
        }
    }
}

/// The columns that the shipped tests use for IIS.
const FIELDS: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
                      cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";

/// Percent-encodes the bytes for which `which` holds.
fn escape(text: &str, which: impl Fn(usize, u8) -> bool) -> String {
    let escaped = |(at, byte)| {
        if which(at, byte) {
            format!("%{byte:02x}")
        } else {
            char::from(byte).to_string()
        }
    };
    text.bytes().enumerate().map(escaped).collect()
}

/// An IIS line with its URI in other spellings; none for a URI that is escaped already.
fn spellings(line: &str) -> Vec<String> {
    let values: Vec<&str> = line.split(' ').collect();
    let (stem, query) = (values[4], values[5]);
    if stem.contains('%') || query.contains('%') {
        return Vec::new();
    }
    let swap_case = |text: &str| {
        let swap = |letter: char| {
            if letter.is_ascii_lowercase() {
                letter.to_ascii_uppercase()
            } else {
                letter.to_ascii_lowercase()
            }
        };
        text.chars().map(swap).collect::<String>()
    };
    let changes: [&dyn Fn(&str) -> String; 6] = [
        &swap_case,
        &|text| escape(text, |at, _| at > 0),
        &|text| escape(&escape(text, |at, _| at > 0), |_, byte| byte == b'%'),
        &|text| escape(text, |at, byte| at > 0 && !byte.is_ascii_alphanumeric()),
        &|text| escape(text, |at, byte| at % 3 == 1 && byte.is_ascii_alphabetic()),
        &|text| escape(&escape(text, |at, _| at % 4 == 1), |at, _| at % 5 == 2),
    ];
    let spell = |change: &dyn Fn(&str) -> String| {
        let query = if query == "-" {
            "-".to_owned()
        } else {
            change(query)
        };
        let mut changed: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        (changed[4], changed[5]) = (change(stem), query);
        changed.join(" ")
    };
    changes.into_iter().map(spell).collect()
}

#[test]
fn escaping_hides_no_attack() {
    let (rules, shipped) = shipped();
    let mut scratch = ScanScratch::default();
    let mut tried = 0;
    for (name, Shipped { index, test }) in &shipped {
        if rules.is_correlation(*index) || rules.rule(*index).level == Level::Informational {
            continue;
        }
        for line in test
            .lines()
            .filter(|line| line.expected && line.text.split(' ').count() == 15)
        {
            for spelling in spellings(line.text) {
                let spelt = RuleTest::parse(&format!("{FIELDS}\n## match\n{spelling}\n"), name).unwrap();
                assert_eq!(spelt.run(&rules, *index), [], "{name}.test:{}", line.number);
                assert!(
                    points(&rules, *index, &spelling, &mut scratch),
                    "{name}: {spelling}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn the_table_of_chains_names_every_attack_rule() {
    let (rules, shipped) = shipped();
    let mut table = csv::Reader::from_path(root().join("data/chains.csv")).unwrap();
    assert_eq!(table.headers().unwrap(), vec!["rule", "chain", "stage"]);
    let placed: BTreeSet<String> = table.records().map(|row| row.unwrap()[0].to_owned()).collect();
    let attacks: BTreeSet<String> = shipped
        .values()
        .filter(|shipped| !rules.is_correlation(shipped.index))
        .map(|shipped| rules.rule(shipped.index))
        .filter(|rule| rule.level > Level::Low)
        .map(|rule| rule.id.clone())
        .collect();
    assert_eq!(placed, attacks);
}
