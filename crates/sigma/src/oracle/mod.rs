//! Our matcher against rsigma-eval, rule by rule, over generated and written events: events that carry
//! every field, one variant a field. And the prefilter against our matcher, over the same and encoded events.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod events;
mod rewrite;

use std::path::{Path, PathBuf};

use rsigma_eval::{CompiledRule, JsonEvent, compile_rule, evaluate_rule};
use rsigma_parser::SigmaRule;
use serde_json::{Map, Value};

use self::events::{KEYWORDS, Random, encoded, value, wanted};
use self::rewrite::{REASONS, left_out, rewritten};
use crate::parse::{Document, parse};
use crate::prefilter::{Pointed, RuleBits, ScanScratch};
use crate::{Bound, Columns, Format, Origin, Row, RuleIndex, RuleSet, RuleSetBuilder, Scratch};

/// Events generated for each rule.
const EVENTS: usize = 80;

/// Folders with rules: our own, and SigmaHQ's where they are at hand.
fn folders() -> Vec<PathBuf> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sigmahq = std::env::var_os("IMKER_SIGMAHQ").map(PathBuf::from);
    let sigmahq = sigmahq.unwrap_or_else(|| crate_folder.join("../../../shared/sigma"));
    if !sigmahq.is_dir() {
        println!(
            "left out: SigmaHQ's rules, which are not at {}",
            sigmahq.display()
        );
    }
    [crate_folder.join("../../rules/sigma"), sigmahq]
        .into_iter()
        .filter(|folder| folder.is_dir())
        .collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
    found.sort();
}

/// A rule in both engines.
struct Pair {
    title: String,
    rule: SigmaRule,
    own: RuleSet,
    theirs: CompiledRule,
    columns: Columns,
    /// Our rule with all variants, and with one a field.
    bound: [Bound; 2],
}

impl Pair {
    fn new(rule: &SigmaRule, met: &mut [usize; REASONS.len()]) -> Self {
        let mut builder = RuleSetBuilder::new();
        builder
            .add_rule(rule, "rule.yml".into(), "rule.yml", Origin::User)
            .unwrap();
        let own = builder.build().unwrap();
        let names: Vec<String> = own
            .fields
            .list()
            .iter()
            .map(|field| field.name.to_string())
            .collect();
        let columns = Columns::new(Format::W3c, names.iter().map(String::as_str).chain([KEYWORDS]));
        let theirs = compile_rule(&rewritten(rule, met)).unwrap();
        let bound = [own.bind(&columns), own.bind_plain(&columns)];
        Self {
            title: rule.title.clone(),
            rule: rule.clone(),
            own,
            theirs,
            columns,
            bound,
        }
    }

    /// Whether rsigma-eval matches; each field has the value of the column that our table gives it, and the
    /// event holds the whole line, in which keywords are searched for.
    fn theirs(&self, values: &[&[u8]], line: &[u8]) -> bool {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut event = Map::new();
        for field in self.own.fields.list() {
            let value = field.find(&self.columns).map_or(&b""[..], |part| part.of(values));
            let value = if value.is_empty() {
                Value::Null
            } else {
                Value::String(text(value))
            };
            event.insert(field.name.to_string(), value);
        }
        event.insert("line".into(), Value::String(text(line)));
        evaluate_rule(&self.theirs, &JsonEvent::owned(Value::Object(event))).is_some()
    }

    fn own(&self, row: Row<'_>, plain: bool) -> bool {
        let bound = &self.bound[usize::from(plain)];
        let mut candidates = RuleBits::none(1);
        candidates.insert(RuleIndex(0));
        let mut matched = Vec::new();
        bound.evaluate(&self.own, row, &candidates, &mut Scratch::default(), &mut matched);
        !matched.is_empty()
    }

    /// Asserts that both agree on a row, and that the prefilter points it out where a variant matches.
    fn check(&self, values: &[String]) -> bool {
        let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        let line = values
            .iter()
            .map(|value| if value.is_empty() { &b"-"[..] } else { value })
            .collect::<Vec<_>>();
        let line = line.join(&b' ');
        let row = Row {
            line: &line,
            values: &values,
        };
        let own = self.own(row, true);
        assert_eq!(
            own,
            self.theirs(&values, &line),
            "{}: {}",
            self.title,
            String::from_utf8_lossy(&line)
        );
        self.check_prefilter(row);
        own
    }

    fn check_prefilter(&self, row: Row<'_>) {
        if !self.own(row, false) {
            return;
        }
        let mut pointed = false;
        let mut note = |_, point: Pointed<'_>| {
            pointed |= matches!(point, Pointed::Candidate(rules) if rules.contains(RuleIndex(0)));
        };
        self.own
            .prefilter()
            .scan(row.line, &mut ScanScratch::default(), &mut note);
        let unfiltered = self.own.prefilter().unfiltered().contains(&RuleIndex(0));
        assert!(
            pointed || unfiltered,
            "the prefilter misses {}: {}",
            self.title,
            String::from_utf8_lossy(row.line)
        );
    }
}

/// Calls `test` for every rule that is compared, with its place.
fn for_each_pair(mut test: impl FnMut(usize, &Pair)) {
    let mut met = [0; REASONS.len()];
    let mut count = 0;
    let mut texts = vec![include_str!("modifiers.yml").to_owned()];
    for folder in folders() {
        let mut found = Vec::new();
        files(&folder, &mut found);
        texts.extend(found.iter().map(|file| std::fs::read_to_string(file).unwrap()));
    }
    for yaml in texts {
        let parsed = parse(&yaml);
        assert_eq!(parsed.errors, [], "{yaml}");
        for document in parsed.documents {
            let Document::Rule(rule) = document else { continue };
            if let Some(reason) = left_out(&rule) {
                println!("left out: {}: {reason}", rule.title);
                continue;
            }
            test(count, &Pair::new(&rule, &mut met));
            count += 1;
        }
    }
    for (reason, times) in REASONS.iter().zip(met).filter(|(_, times)| *times > 0) {
        println!("rewritten {times} times: {reason}");
    }
    println!("{count} rules");
}

#[test]
fn agrees_with_rsigma_on_generated_events() {
    let mut silent = Vec::new();
    let mut total = 0;
    for_each_pair(|count, pair| {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (count as u64 + 1));
        let wanted = wanted(&pair.rule, &mut random);
        let mut matched = 0;
        for _ in 0..EVENTS {
            let values: Vec<String> = pair
                .columns
                .names
                .iter()
                .map(|name| value(wanted.get(&**name).map_or(&[], Vec::as_slice), &mut random))
                .collect();
            matched += usize::from(pair.check(&values));
            let values: Vec<String> = values.iter().map(|value| encoded(value, &mut random)).collect();
            let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
            pair.check_prefilter(Row {
                line: &values.join(&b' '),
                values: &values,
            });
        }
        total += 1;
        if matched == 0 {
            silent.push(pair.title.clone());
        }
    });
    assert!(
        silent.len() * 20 <= total,
        "generated events match too few rules: {silent:?} of {total}"
    );
}

/// Fields of one event; the others are empty.
type Written = &'static [(&'static str, &'static str)];

/// Lines in the shapes of public write-ups, with inert text, and ordinary ones.
const WRITTEN: [Written; 9] = [
    &[
        ("cs-method", "GET"),
        ("cs-uri-stem", "/autodiscover/autodiscover.json"),
        (
            "cs-uri-query",
            "/autodiscover/autodiscover.json?@example.org/owa/?&Email=autodiscover/autodiscover.json%3F@example.org",
        ),
        ("sc-status", "302"),
    ],
    &[
        ("cs-method", "POST"),
        (
            "cs-uri-query",
            "/autodiscover/autodiscover.json?@example.org/powershell/?X-Rps-CAT=aW5lcnQ=&Email=autodiscover/autodiscover.json%3F@example.org",
        ),
        ("sc-status", "401"),
    ],
    &[
        ("cs-method", "POST"),
        ("cs-uri-query", "/ecp/proxyLogon.ecp"),
        ("cs-user-agent", "python-requests/2.25.1"),
        ("sc-status", "241"),
    ],
    &[
        ("cs-method", "GET"),
        ("cs-uri-query", "/aspnet_client/inert.aspx"),
        ("cs-uri-stem", "/aspnet_client/inert.aspx"),
        ("sc-status", "200"),
    ],
    &[
        ("cs-method", "GET"),
        ("cs-uri-query", "/x?a=../../../../etc/passwd"),
        ("sc-status", "404"),
    ],
    &[
        ("cs-method", "GET"),
        ("cs-uri-query", "/x?a=%24%7Bjndi:ldap://example.com/inert%7D"),
        ("sc-status", "200"),
    ],
    &[
        ("cs-method", "POST"),
        ("cs-uri-query", "/owa/auth.owa"),
        ("cs-username", "EXAMPLE\\anna"),
        ("sc-status", "302"),
    ],
    &[
        ("cs-method", "POST"),
        (
            "cs-uri-query",
            "/Microsoft-Server-ActiveSync/default.eas?User=anna&DeviceId=INERT&Cmd=Ping",
        ),
        ("cs-user-agent", "Apple-iPhone/1806.72"),
        ("sc-status", "200"),
    ],
    &[("cs-method", "OPTIONS")],
];

#[test]
fn agrees_with_rsigma_on_written_events() {
    for_each_pair(|_, pair| {
        for event in WRITTEN {
            let value = |name: &str| {
                let known = event.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
                known.map_or_else(String::new, |(_, value)| (*value).to_owned())
            };
            let values: Vec<String> = pair.columns.names.iter().map(|name| value(name)).collect();
            pair.check(&values);
        }
    });
}
