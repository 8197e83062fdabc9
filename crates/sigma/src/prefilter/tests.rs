#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::decode::percent_decode;

type Lines = Vec<(Range<usize>, Option<Vec<u32>>)>;

/// Directives (without rules) and candidate lines of a block.
fn pointed(filter: &Prefilter, block: &[u8]) -> (Lines, Seen) {
    let mut lines = Lines::new();
    let seen = filter.scan(block, &mut ScanScratch::default(), &mut |range, pointed| {
        let rules = match pointed {
            Pointed::Directive => None,
            Pointed::Candidate(bits) => Some(bits.iter().map(|rule| rule.0).collect()),
        };
        lines.push((range, rules));
    });
    (lines, seen)
}

fn literal(text: &str) -> Requirement {
    Requirement::Literal(text.as_bytes().into())
}

fn is_candidate(text: &str, line: &str) -> bool {
    !pointed(&Prefilter::new(&[literal(text)]), line.as_bytes())
        .0
        .is_empty()
}

/// What a rule may compare: letter case folded, blanks however they are written.
fn folded(text: &[u8]) -> String {
    let lower = String::from_utf8_lossy(text).to_lowercase();
    lower
        .chars()
        .map(|c| if matches!(c, '+' | '?') { ' ' } else { c })
        .collect::<String>()
        .replace('ſ', "s")
}

fn holds(requirement: &Requirement, texts: &[String]) -> bool {
    match requirement {
        Requirement::Nothing => true,
        Requirement::Literal(literal) => texts.iter().any(|text| text.contains(&folded(literal))),
        Requirement::All(children) => children.iter().all(|child| holds(child, texts)),
        Requirement::Any(children) => children.iter().any(|child| holds(child, texts)),
    }
}

/// The line as logged, decoded once and decoded twice.
fn readings(line: &[u8]) -> Vec<String> {
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    percent_decode(line, &mut once);
    percent_decode(&once, &mut twice);
    [line, &once, &twice].map(folded).to_vec()
}

fn words() -> impl Strategy<Value = String> {
    let known = [
        "autodiscover.json",
        "X-Rps-CAT=",
        "/powershell",
        "a=b",
        "${jndi:",
        "<script>",
        "e?&ma",
        "@",
        "=",
        "cmd.exe /c",
        "%2e%2e/",
        "%252f",
        "sk",
        "Ks",
        "_x",
        "..\\..",
        "ü",
        "{\"q\":1}",
        "union+select",
        "?x",
        "=@=@",
        "MailboxId",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[a-cK.@=_{ %/+]{1,6}",
    ]
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let leaf = prop_oneof![
        12 => words().prop_map(|word| literal(&word)),
        1 => Just(Requirement::Nothing),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Requirement::All),
            vec(inner, 1..4).prop_map(Requirement::Any),
        ]
    })
}

/// A byte as an attacker might write it.
fn written(byte: u8, how: u8) -> Vec<u8> {
    let text = match how {
        0 => return vec![byte.to_ascii_uppercase()],
        1 => format!("%{byte:02x}"),
        2 => format!("%{byte:02X}"),
        3 => format!("%25{byte:02x}"),
        4 if byte.is_ascii() => format!("%u{byte:04x}"),
        5 => format!("%%{:02x}%{:02x}", hex(byte >> 4), hex(byte & 15)),
        6 => format!("%{:x}%{:02X}", byte >> 4, hex(byte & 15)),
        7 if byte.eq_ignore_ascii_case(&b'k') => "\u{212a}".to_owned(),
        8 if byte.eq_ignore_ascii_case(&b'k') => "%e2\u{84}".to_owned(),
        9 if byte.eq_ignore_ascii_case(&b's') => "%C5%bf".to_owned(),
        10 if byte.eq_ignore_ascii_case(&b'k') => return b"\xe2%84\xaa".to_vec(),
        11 if byte == b'?' || byte == b'+' => " ".to_owned(),
        _ => return vec![byte],
    };
    text.into_bytes()
}

fn hex(half: u8) -> u8 {
    b"0123456789abcdef"[usize::from(half)]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let how = prop_oneof![Just(255), 0_u8..12, prop::sample::select(vec![1_u8, 2])];
    let disguised =
        (words(), vec((any::<prop::sample::Index>(), how), 0..4)).prop_map(|(word, disguises)| {
            let mut bytes: Vec<Vec<u8>> = word.bytes().map(|byte| vec![byte]).collect();
            for (at, how) in disguises {
                let at = at.index(bytes.len());
                bytes[at] = written(word.as_bytes()[at], how);
            }
            bytes.concat()
        });
    let piece = prop_oneof![
        3 => disguised,
        1 => words().prop_flat_map(|word| (0_u8..12).prop_map(move |how| {
            word.bytes().flat_map(|byte| written(byte, how)).collect()
        })),
        1 => Just(b" GET /owa/ - ".to_vec()),
        1 => "[ -~]{0,8}".prop_map(String::into_bytes),
        1 => Just(b"#".to_vec()),
    ];
    vec(piece, 0..5).prop_map(|pieces| {
        pieces
            .concat()
            .into_iter()
            .filter(|byte| *byte != b'\n')
            .collect()
    })
}

fn block() -> impl Strategy<Value = Vec<(Vec<u8>, &'static [u8])>> {
    let end = prop_oneof![Just(&b"\r\n"[..]), Just(&b"\n"[..])];
    vec((line(), end), 0..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_line_is_left_out(
        requirements in vec(requirement(), 1..6),
        lines in block(),
        unfinished in any::<bool>(),
    ) {
        let filter = Prefilter::new(&requirements);
        let mut block = Vec::new();
        let mut expected = Vec::new();
        for (at, (text, end)) in lines.iter().enumerate() {
            let start = block.len();
            block.extend_from_slice(text);
            let last = unfinished && at + 1 == lines.len();
            if last && text.is_empty() {
                break;
            }
            let mut stop = block.len();
            if !last {
                block.extend_from_slice(end);
                stop -= usize::from(*end == b"\n" && text.ends_with(b"\r"));
            }
            expected.push(start..stop);
        }
        let (found, seen) = pointed(&filter, &block);
        prop_assert_eq!(seen.newlines, block.iter().filter(|byte| **byte == b'\n').count() as u64);
        prop_assert_eq!(seen.lowest, block.iter().copied().min().unwrap_or(255));
        prop_assert!(found.is_sorted_by(|a, b| a.0.start < b.0.start), "ascending, each once");
        for (range, _) in &found {
            prop_assert!(expected.contains(range), "{range:?} is a line");
        }
        for range in expected {
            let text = &block[range.clone()];
            let pointed = found.iter().find(|(line, _)| *line == range).map(|(_, rules)| rules);
            if text.starts_with(b"#") {
                prop_assert_eq!(pointed, Some(&None));
                continue;
            }
            let readings = readings(text);
            for (rule, requirement) in requirements.iter().enumerate() {
                let named = pointed.is_some_and(|rules| rules.as_ref().unwrap().contains(&(rule as u32)));
                prop_assert!(
                    named || !holds(requirement, &readings),
                    "{requirement:?} holds in {}", text.escape_ascii(),
                );
            }
        }
    }

    #[test]
    fn borders_between_blocks_change_nothing(
        requirements in vec(requirement(), 1..6),
        lines in block(),
    ) {
        let filter = Prefilter::new(&requirements);
        let whole: Vec<u8> = lines.iter().flat_map(|(text, end)| [text.as_slice(), *end].concat()).collect();
        let mut pieces = Lines::new();
        let mut start = 0;
        for (text, end) in &lines {
            let piece = [text.as_slice(), *end].concat();
            let found = pointed(&filter, &piece).0;
            pieces.extend(found.into_iter().map(|(range, rules)| (start + range.start..start + range.end, rules)));
            start += piece.len();
        }
        prop_assert_eq!(pointed(&filter, &whole).0, pieces);
    }
}

#[test]
fn the_run_around_a_fragment_is_verified() {
    assert!(is_candidate("/autodiscover.json", "GET /Autodiscover.JSON - 200"));
    assert!(!is_candidate(
        "/autodiscover.json",
        "GET /autodiscover.jsox - 200"
    ));
    assert!(!is_candidate(
        "/autodiscover.json",
        "GET /autodiscove_.json - 200"
    ));
}

#[test]
fn escapes_hide_nothing() {
    for line in [
        "GET /x-rps-cat= -",
        "GET /x-rps-cat%3D -",
        "GET /x-rps-cat%253d -",
        "GET /x%2drps-cat%3d -",
        "GET /%58-rps-cat= -",
        "GET /x-rps%u002dcat= -",
        "GET /x-rps-%u0063at%u003d -",
        "GET /%25%37%38-rps-cat= -",
    ] {
        assert!(is_candidate("X-Rps-CAT=", line), "{line}");
    }
    assert!(!is_candidate("X-Rps-CAT=", "GET /x-rps-cat%3a -"));
    assert!(!is_candidate("X-Rps-CAT=", "GET /a%2fb%3dc%25 -"));
}

#[test]
fn only_an_escape_in_the_literal_itself_makes_a_candidate() {
    assert!(is_candidate("zq=@", "GET /?zq%3d@ -"));
    assert!(is_candidate("zq=@", "GET /?zq=%40 -"));
    assert!(!is_candidate(
        "zq=@",
        "GET /?User=EXAMPLE%5Cuser&a=b%40c&zq%3a%40 -"
    ));
}

#[test]
fn letters_from_elsewhere_fold_to_ascii() {
    assert!(is_candidate("task", "GET /tas\u{212a} -"));
    assert!(is_candidate("task", "GET /ta%C5%bfk -"));
    assert!(is_candidate("init", "GET /%u0130nit -"));
    assert!(!is_candidate("task", "GET /tas\u{212b}/%c5%be -"));
}

#[test]
fn the_cheapest_child_stands_for_all() {
    let rule = Requirement::All(vec![literal("/owa/"), literal("zzqx"), Requirement::Nothing]);
    let filter = Prefilter::new(&[rule]);
    assert_eq!(filter.fragments(RuleIndex(0)), ["zzqx"]);
    assert!(pointed(&filter, b"GET /owa/ -").0.is_empty());
    let line = b"GET /owa/zzqx -\r\n";
    assert_eq!(pointed(&filter, line).0, [(0..15, Some(vec![0]))]);
}

#[test]
fn the_other_children_are_asked_for_in_the_line() {
    let either = Requirement::Any(vec![literal("/owa/"), literal("/ecp/x y")]);
    let rule = Requirement::All(vec![literal("zzqx=@"), either]);
    let filter = Prefilter::new(&[rule, literal("zzqx=@")]);
    let named = |line: &str| {
        pointed(&filter, line.as_bytes())
            .0
            .pop()
            .and_then(|(_, rules)| rules)
    };
    assert_eq!(named("GET /zzqx=@ -"), Some(vec![1]));
    for line in [
        "GET /OWA/ zzqx=%40 -",
        "GET /ecp/x+y?ZZQX=@ -",
        "GET /ow%61/ zzqx=@ -",
        "GET /ow%2561/ zzqx%3d@ -",
        "GET /o%u0077a/?zzqx%3d@ -",
        "GET zzqx=@ tas\u{212a} -",
        "GET zzqx=@ ta%c5%bfk -",
    ] {
        assert_eq!(named(line), Some(vec![0, 1]), "{line}");
    }
    assert_eq!(named("GET /ow%62/ zzqx=@ -"), Some(vec![1]));
}

#[test]
fn rules_without_a_literal_have_every_line() {
    let any = Requirement::Any(vec![literal("zzqx"), Requirement::Nothing]);
    let never = Requirement::Any(Vec::new());
    let filter = Prefilter::new(&[any, literal(" + "), never, literal("zzqx")]);
    assert_eq!(filter.unfiltered(), [RuleIndex(0), RuleIndex(1)]);
    let (lines, _) = pointed(&filter, b"#Fields: a\na\n\nzzqx\r\nb");
    let base = || Some(vec![0, 1]);
    let expected = [
        (0..10, None),
        (11..12, base()),
        (13..13, base()),
        (14..18, Some(vec![0, 1, 3])),
        (20..21, base()),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn directives_are_pointed_out_at_line_starts_only() {
    let filter = Prefilter::new(&[literal("zzqx")]);
    let (lines, seen) = pointed(&filter, b"#Version: 1.0 zzqx\r\na#b\n#\n#Fields: a");
    assert_eq!(lines, [(0..18, None), (24..25, None), (26..36, None)]);
    assert_eq!(
        seen,
        Seen {
            newlines: 3,
            lowest: b'\n'
        }
    );
}

#[test]
fn ordinary_traffic_is_passed_over() {
    let sample = include_bytes!("../../../../data/traffic-sample.log");
    let rules = [
        "/powershell?x-rps-cat",
        "autodiscover.json?@",
        "${jndi:",
        "../..",
        "<script",
        "cmd.exe",
        "union select",
    ];
    let filter = Prefilter::new(&rules.map(literal));
    let (lines, _) = pointed(&filter, sample);
    let directives = lines.iter().filter(|(_, rules)| rules.is_none()).count();
    assert_eq!(directives, 4);
    let candidates = lines.len() - directives;
    assert!(candidates < 16, "{candidates} candidates");
}

#[test]
fn a_common_fragment_is_told() {
    let filter = Prefilter::new(&[literal("/autodiscover/autodiscover.json"), literal("/ews")]);
    assert_eq!(filter.fragments(RuleIndex(0)).len(), 1);
    let common = filter.fragments(RuleIndex(1));
    assert!(common[0].contains("common"), "{common:?}");
}
