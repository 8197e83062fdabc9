//! Exports of a made-up week, which holds hostile text wherever clients can put some.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests hand outputs to the programs that they are made for"
)]

#[path = "../../intel/tests/week/mod.rs"]
mod week;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use imker_intel::{Evaluation, Policy, Selection, evaluate, select};
use imker_report::escape::is_unsafe;
use imker_report::export::{Producer, SetName, Tlp, blocklist, csv, ipset, misp, nftables, stix};
use imker_testing::{left_out, not_installed};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::Value;

fn producer() -> Producer {
    Producer {
        name: "Example CERT".to_owned(),
        tlp: Tlp::Amber,
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn export(write: impl FnOnce(&Selection<'_>, &mut Vec<u8>) -> std::io::Result<()>) -> String {
    let evaluation = week::evaluation();
    let selection = select(&evaluation, &week::policy());
    written(|out| write(&selection, out))
}

/// Every export of an evaluation.
fn all(evaluation: &Evaluation) -> [(&'static str, String); 6] {
    let selection = &select(evaluation, &week::policy());
    let name = &SetName::default();
    [
        ("stix", written(|out| stix(selection, &producer(), out))),
        ("misp", written(|out| misp(selection, &producer(), out))),
        ("csv", written(|out| csv(selection, out))),
        ("blocklist", written(|out| blocklist(selection, out))),
        ("ipset", written(|out| ipset(selection, name, out))),
        ("nftables", written(|out| nftables(selection, name, out))),
    ]
}

#[test]
fn golden_stix() {
    insta::assert_snapshot!(export(|selection, out| stix(selection, &producer(), out)));
}

#[test]
fn golden_misp() {
    insta::assert_snapshot!(export(|selection, out| misp(selection, &producer(), out)));
}

#[test]
fn golden_csv() {
    insta::assert_snapshot!(export(|selection, out| csv(selection, out)));
}

#[test]
fn golden_lists() {
    insta::assert_snapshot!(export(|selection, out| blocklist(selection, out)));
    insta::assert_snapshot!(export(|selection, out| ipset(
        selection,
        &SetName::default(),
        out
    )));
    insta::assert_snapshot!(export(|selection, out| nftables(
        selection,
        &SetName::default(),
        out
    )));
}

#[test]
fn entries_that_end_early_are_told() {
    let evaluation = week::evaluation();
    for (days, told) in [(24, false), (40, true)] {
        let policy = Policy {
            age: SignedDuration::from_hours(24 * days),
            ..week::policy()
        };
        let selection = select(&evaluation, &policy);
        let list = written(|out| ipset(&selection, &SetName::default(), out));
        assert_eq!(
            list.contains("2147483 seconds (24 days): entries"),
            told,
            "{list}"
        );
        assert_eq!(list.contains(" timeout 2147483 "), told, "{list}");
    }
}

#[test]
fn nothing_secret_and_nothing_of_the_honeypot_leaves() {
    for (name, text) in all(&week::evaluation()) {
        // Passwords, accounts, sensors, hosts, personas, the honeypot's address, private sources.
        for secret in [
            week::PASSWORD,
            "anna",
            "administrator",
            "CONTOSO",
            "north",
            "mail-",
            "exchange-2016",
            "192.0.2.10",
            "10.0.0.5",
        ] {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }
}

#[test]
fn names_of_sets_are_checked() {
    for good in ["imker", "a", "Block_list-1", &"x".repeat(28)] {
        assert!(good.parse::<SetName>().is_ok(), "{good}");
    }
    for bad in ["", "1a", "a b", "a;b", "a\n", "ä", "-a", &"x".repeat(29)] {
        assert!(bad.parse::<SetName>().is_err(), "{bad}");
    }
}

#[test]
fn identifiers_do_not_change_and_all_references_lead_somewhere() {
    let ids = |text: &str| -> BTreeSet<String> {
        let bundle: Value = serde_json::from_str(text).unwrap();
        let objects = bundle["objects"].as_array().unwrap().clone();
        let ids: BTreeSet<String> = objects
            .iter()
            .map(|object| object["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), objects.len(), "an identifier comes twice");
        for object in &objects {
            for (key, value) in object.as_object().unwrap() {
                let list = if key.ends_with("_refs") {
                    value.as_array().cloned().unwrap()
                } else {
                    vec![value.clone()]
                };
                if key.ends_with("_ref") || key.ends_with("_refs") {
                    assert!(
                        list.iter().all(|id| ids.contains(id.as_str().unwrap())),
                        "{key}: {value}"
                    );
                }
            }
        }
        ids
    };
    let [(_, first), ..] = all(&week::evaluation());
    // An hour later, with one more event.
    let mut events = week::events();
    let mut more = events[events.len() - 1].clone();
    more.sequence += 1;
    events.push(more);
    let mut options = week::options();
    options.created += SignedDuration::from_hours(1);
    let later = evaluate(week::documents(events), &options, &mut week::place);
    let [(_, second), ..] = all(&later);
    assert_eq!(ids(&first), ids(&second));
    assert_ne!(first, second);
}

/// The week with `text` wherever a client or a file can put text that an export could take up.
fn evaluation_with(text: &str) -> Evaluation {
    let mut evaluation = week::evaluation();
    let own = || text.to_owned();
    for source in &mut evaluation.sources.entries {
        source.place.country_code = Some(own().into());
        source.place.as_organisation = Some(own().into());
        for list in [
            &mut source.cves,
            &mut source.techniques,
            &mut source.ja3,
            &mut source.ja4,
            &mut source.user_agents,
        ] {
            list.push(own());
        }
        for stage in &mut source.stages {
            (stage.chain, stage.stage) = (own(), own());
        }
        for sample in &mut source.samples {
            (sample.method, sample.target, sample.version) = (own(), own(), own());
            sample.user_agent = Some(own());
        }
    }
    for upload in &mut evaluation.uploads.entries {
        upload.names = vec![own()];
    }
    let mut odd = evaluation.uploads.entries[0].clone();
    odd.sha256 = own();
    evaluation.uploads.entries.push(odd);
    evaluation
}

/// What is left of a list for a firewall without all that may be in it.
fn foreign(text: &str) -> Vec<&str> {
    let known = |word: &str| {
        let word = word.trim_end_matches([',', ';', 's']);
        word.parse::<IpAddr>().is_ok() || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter(|word| !known(word))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_reaches_no_pattern_and_no_rule(text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f\u{202e}<>'\"=+@;{}\\[\\]]){0,40}") {
        let text = format!("{text}'] OR [url:value = 'x}}\n=cmd\u{1b}\u{202e}");
        let before = all(&week::evaluation());
        let after = all(&evaluation_with(&text));
        let patterns = |json: &str| -> Vec<String> {
            let bundle: Value = serde_json::from_str(json).unwrap();
            let objects = bundle["objects"].as_array().unwrap();
            objects.iter().filter_map(|object| object["pattern"].as_str()).map(str::to_owned).collect()
        };
        prop_assert_eq!(patterns(&before[0].1), patterns(&after[0].1));
        for list in 3..6 {
            prop_assert_eq!(&before[list].1, &after[list].1);
            prop_assert_eq!(foreign(&before[list].1), foreign(&after[list].1));
        }
        for (name, text) in &after {
            prop_assert!(!text.replace(['\r', '\n', '\t'], "").contains(is_unsafe), "{}", name);
        }
        let mut table = ::csv::Reader::from_reader(after[2].1.as_bytes());
        for record in table.records() {
            for cell in record.unwrap().iter() {
                prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{}", cell);
            }
        }
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// `stix2-validator` of OASIS holds the schemas: `pip install stix2-validator`.
#[test]
fn stix_keeps_to_the_schemas_of_oasis() {
    let validator = std::env::var_os("IMKER_STIX_VALIDATOR").map(PathBuf::from);
    let Some(validator) = validator.or_else(|| on_path("stix2_validator")) else {
        return not_installed("stix2_validator");
    };
    let validate = |name: &str, text: &str| {
        // 103: identifiers need not be random where they are meant to be the same again.
        // 302: pages of ATT&CK change, a hash of them would not hold.
        let output = Command::new(&validator)
            .args([
                "--version",
                "2.1",
                "--no-cache",
                "--ignore",
                "103,302",
                "--strict",
            ])
            .arg(file(name, text))
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    for (name, evaluation) in [
        ("week.stix.json", week::evaluation()),
        ("odd.stix.json", evaluation_with(week::HOSTILE)),
    ] {
        let [(_, bundle), ..] = all(&evaluation);
        let (valid, said) = validate(name, &bundle);
        assert!(valid, "{said}");
    }
    let (valid, _) = validate(
        "bad.stix.json",
        r#"{"type":"bundle","id":"bundle--1","objects":[]}"#,
    );
    assert!(!valid, "the validator finds nothing wrong with a bad bundle");
}

/// PyMISP holds the types, categories and object templates of MISP: `pip install pymisp`.
#[test]
fn misp_keeps_to_the_templates_of_misp() {
    let Some(python) = std::env::var_os("IMKER_MISP_PYTHON").map(PathBuf::from) else {
        return not_installed("PyMISP, which IMKER_MISP_PYTHON names the Python of,");
    };
    let check = |name: &str, text: &str| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/misp.py");
        let output = Command::new(&python)
            .arg(script)
            .arg(file(name, text))
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    for (name, evaluation) in [
        ("week.misp.json", week::evaluation()),
        ("odd.misp.json", evaluation_with(week::HOSTILE)),
        ("empty.misp.json", evaluation_with(" ")),
    ] {
        let [_, (_, event), ..] = all(&evaluation);
        let (valid, said) = check(name, &event);
        assert!(valid, "{said}");
        if name != "week.misp.json" {
            continue;
        }
        for (right, wrong) in [
            ("\"type\": \"ip-src\"", "\"type\": \"no-type\""),
            (
                "\"object_relation\": \"uri\"",
                "\"object_relation\": \"no-relation\"",
            ),
            ("\"template_version\": \"4\"", "\"template_version\": \"999\""),
        ] {
            assert!(event.contains(right));
            assert!(
                !check("bad.misp.json", &event.replace(right, wrong)).0,
                "{wrong} is taken"
            );
        }
    }
}

/// Runs a program in a user and network namespace of its own, so that no rule of this machine changes.
/// `None`: not possible here.
fn apart(program: &str, args: &[&str], input: &Path) -> Option<(bool, String)> {
    let (unshare, program) = (on_path("unshare")?, on_path(program)?);
    let works = Command::new(&unshare)
        .args(["-rn", "true"])
        .stderr(Stdio::null())
        .status();
    if !works.is_ok_and(|status| status.success()) {
        return None;
    }
    let output = Command::new(unshare)
        .arg("-rn")
        .arg(program)
        .args(args)
        .stdin(std::fs::File::open(input).unwrap())
        .output()
        .unwrap();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

#[test]
fn nft_takes_the_set() {
    if on_path("nft").is_none() {
        return not_installed("nft");
    }
    let evaluation = week::evaluation();
    for age in [SignedDuration::from_hours(24 * 7), SignedDuration::MAX] {
        let policy = Policy {
            age,
            ..week::policy()
        };
        let selection = select(&evaluation, &policy);
        let rules = written(|out| nftables(&selection, &SetName::default(), out));
        let rules = file("week.nft", &rules);
        let Some((valid, said)) = apart("nft", &["-c", "-f", rules.to_str().unwrap()], &rules) else {
            return left_out("no namespaces can be made");
        };
        if said.contains("Operation not supported") || said.contains("Unable to initialize Netlink") {
            return left_out(format_args!("the kernel has no nftables: {said}"));
        }
        assert!(valid, "{said}");
    }
    let bad = file("bad.nft", "add table inet imker { nonsense }\n");
    let (valid, _) = apart("nft", &["-c", "-f", bad.to_str().unwrap()], &bad).unwrap();
    assert!(!valid);
}

#[test]
fn ipset_takes_the_sets() {
    let [.., (_, commands), _] = all(&week::evaluation());
    let commands = file("week.ipset", &commands);
    // Twice: what is there already must not be in the way.
    let args = [
        "-c",
        "ipset restore < \"$0\" && ipset restore < \"$0\"",
        commands.to_str().unwrap(),
    ];
    if on_path("ipset").is_none() {
        return not_installed("ipset");
    }
    let Some((valid, said)) = apart("sh", &args, &commands) else {
        return left_out("no namespaces can be made");
    };
    if said.contains("Kernel error") || said.contains("Cannot open session to kernel") {
        return left_out(format_args!("the kernel has no IP sets: {said}"));
    }
    assert!(valid, "{said}");
}
