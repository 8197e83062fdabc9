//! `imker rules` and the pages made from the list of arguments.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start the program and write small files of their own"
)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn imker(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("imker")
        .unwrap()
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn shipped() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../rules/sigma")
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_shipped_rule_is_built_in_and_passes_its_tests() {
    let (status, listed, _) = imker(&["rules", "list"]);
    assert_eq!(status, 0);
    let files = walk(Path::new(&shipped()));
    assert!(
        files >= 20 && listed.lines().count() >= files,
        "{files} files, {} rules",
        listed.lines().count()
    );
    let (status, tested, _) = imker(&["rules", "test", &shipped()]);
    assert_eq!(status, 0, "{tested}");
    assert!(tested.trim_end().ends_with(" 0 not"), "{tested}");
}

fn walk(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                usize::from(path.extension().is_some_and(|found| found == "yml"))
            }
        })
        .sum()
}

#[test]
fn a_rule_beyond_the_regex_engine_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "title: Look-ahead\nid: 5f0d4f3e-6e5b-4b0e-9d0c-0a4a8b1c2d3e\nlogsource:\n  category: webserver\n\
                detection:\n  selection:\n    cs-uri-query|re: 'a(?=b)'\n  condition: selection\n";
    fs::write(folder.path().join("lookahead.yml"), rule).unwrap();
    let (status, _, errors) = imker(&["rules", "check", folder.path().to_str().unwrap()]);
    assert_eq!(status, 2);
    assert!(
        errors.contains("lookahead.yml") && errors.contains("Look-ahead"),
        "{errors}"
    );
    let file = folder.path().join("lookahead.yml");
    assert_eq!(imker(&["hunt", ".", "--rules", file.to_str().unwrap()]).0, 2);
}

#[test]
fn check_names_rules_that_slow_a_hunt_down() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "title: Any Refusal\nlogsource:\n  category: webserver\ndetection:\n  selection:\n    \
                sc-status|gte: 400\n  condition: selection\n";
    fs::write(folder.path().join("any.yml"), rule).unwrap();
    let (status, text, _) = imker(&["rules", "check", folder.path().to_str().unwrap()]);
    assert_eq!(status, 0);
    assert!(text.contains("slow") && text.contains("Any Refusal"), "{text}");
}

#[test]
fn explain_names_the_fragments() {
    let (status, text, _) = imker(&["rules", "explain", "powershell"]);
    assert_eq!(status, 0);
    assert!(
        text.to_lowercase().contains("power") || text.to_lowercase().contains("shell"),
        "{text}"
    );
}

#[test]
fn pages_and_completions_are_made() {
    assert!(imker(&["man"]).1.contains(".TH imker"));
    assert!(imker(&["man", "hunt"]).1.contains("trust"));
    assert!(imker(&["completions", "bash"]).1.contains("imker"));
    assert_eq!(imker(&["man", "nonsense"]).0, 2);
    assert_eq!(imker(&["man", "hunt", "list"]).0, 2);
}

#[test]
fn every_page_that_a_page_names_can_be_printed() {
    let mut pages = vec!["imker".to_owned()];
    let mut printed = 0;
    while let Some(page) = pages.pop() {
        let (status, text, errors) = imker(&["man", &page]);
        assert_eq!(status, 0, "{page}: {errors}");
        let text = text.replace("\\-", "-");
        assert!(text.contains(&format!(".TH {page} 1")), "{page}: {text}");
        pages.extend(
            text.lines()
                .filter_map(|line| line.strip_suffix("(1)"))
                .map(str::to_owned),
        );
        printed += 1;
    }
    assert_eq!(
        printed, 24,
        "the program, its seven commands, the four of `rules`, the one of `builds` and the eleven of `honeypot`"
    );
    assert_eq!(
        imker(&["man", "rules", "list"]),
        imker(&["man", "imker-rules-list"])
    );
}

#[test]
fn a_rule_file_named_twice_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "title: Twice\nid: 5f0d4f3e-6e5b-4b0e-9d0c-0a4a8b1c2d3f\nlogsource:\n  category: webserver\n\
                detection:\n  selection:\n    cs-uri-query|contains: '/owa'\n  condition: selection\n";
    let file = folder.path().join("twice.yml");
    fs::write(&file, rule).unwrap();
    let (folder, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
    for paths in [[file, file], [folder, file], [file, folder], [folder, folder]] {
        let (status, listed, errors) = imker(&["rules", "list", paths[0], paths[1]]);
        assert_eq!((status, listed.lines().count()), (0, 1), "{paths:?}: {errors}");
    }
}

#[test]
fn explain_tells_what_a_rule_says_of_itself() {
    let (status, text, _) = imker(&["rules", "explain", "ProxyShell"]);
    assert_eq!(status, 0);
    for part in ["  level ", "  tags attack.", "  false positive: "] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
}

#[test]
fn a_reader_that_goes_away_leaves_the_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "title: broken\nlogsource:\n  category: webserver\ndetection:\n  a:\n    cs-uri-stem: /x\n  condition: a and\n";
    fs::write(folder.path().join("broken.yml"), broken).unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("imker"))
        .args(["rules", "check"])
        .arg(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
