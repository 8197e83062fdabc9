//! Each modifier and kind of value, on lines of an IIS log.
#![allow(clippy::unwrap_used)]

mod common;

use common::{matches, rule, rules, selection, selection_refusal};

/// Asserts which values of a column a selection matches.
fn on(column: &str, items: &str, matching: &[&str], others: &[&str]) {
    let rules = selection(items);
    for value in matching {
        assert!(matches(&rules, &[(column, value)]), "{items} must match {value}");
    }
    for value in others {
        assert!(
            !matches(&rules, &[(column, value)]),
            "{items} must not match {value}"
        );
    }
}

const AGENT: &str = "cs(User-Agent)";

#[test]
fn equality_folds_case_unless_cased() {
    on("cs-method", "cs-method: get", &["GET", "get"], &["GETS", "-"]);
    on("cs-method", "cs-method|cased: GET", &["GET"], &["get"]);
    on("cs-username", "cs-username: ÄRGER", &["ärger"], &["arger"]);
}

#[test]
fn contains_startswith_endswith() {
    on(
        AGENT,
        "cs-user-agent|contains: scan",
        &["a+Scanner", "scan"],
        &["sca", "-"],
    );
    on(AGENT, "cs-user-agent|startswith: scan", &["Scanner"], &["a+scan"]);
    on(AGENT, "cs-user-agent|endswith: scan", &["a+SCAN"], &["scanner"]);
    on(
        AGENT,
        "cs-user-agent|contains:\n  - one\n  - two",
        &["two", "xonex"],
        &["three"],
    );
    on(
        AGENT,
        "cs-user-agent|contains|all:\n  - one\n  - two",
        &["two+one"],
        &["two", "one"],
    );
    on(AGENT, "cs-user-agent|contains|cased: Scan", &["Scan"], &["scan"]);
}

#[test]
fn long_lists_match_like_short_ones() {
    let list: String = (0..40).map(|number| format!("\n  - Tool{number}x")).collect();
    on(
        AGENT,
        &format!("cs-user-agent|contains:{list}"),
        &["my+TOOL39x/1"],
        &["tool39", "tool40x"],
    );
    on(
        AGENT,
        &format!("cs-user-agent|contains|cased:{list}"),
        &["my+Tool39x/1"],
        &["TOOL39x"],
    );
}

#[test]
fn wildcards_and_escapes() {
    on(
        "cs-username",
        "cs-username: 'EXAMPLE\\\\*n'",
        &["example\\admin"],
        &["example\\admins", "other\\admin"],
    );
    on("cs-username", "cs-username: 'a?c'", &["abc"], &["ac", "abbc"]);
    on("cs-username", "cs-username: 'a\\*c'", &["a*c"], &["abc"]);
    on("cs-username", "cs-username: 'a\\?c'", &["a?c"], &["abc"]);
    on("cs-username", "cs-username|contains: 'b*d'", &["abxdx"], &["dxb"]);
    on(
        "cs-username",
        "cs-username|startswith: 'b*d'",
        &["bxdx"],
        &["abxd"],
    );
    on("cs-username", "cs-username|endswith: 'b*d'", &["abxd"], &["bxdx"]);
    on("cs-username", "cs-username: '*'", &["x"], &["-", ""]);
}

#[test]
fn regular_expressions_keep_case_unless_flagged() {
    on(
        AGENT,
        "cs-user-agent|re: '^scan[0-9]+$'",
        &["scan12"],
        &["Scan12", "scan"],
    );
    on(
        AGENT,
        "cs-user-agent|re|i: '^scan[0-9]+$'",
        &["SCAN12"],
        &["scan"],
    );
    on(AGENT, "cs-user-agent|re|i|m|s: 'a.c'", &["xAbC"], &["ac"]);
    let refusal = selection_refusal("cs-user-agent|re: '(?!a)b'");
    assert!(
        refusal.starts_with("test.yml: A rule: cs-user-agent|re: the regular expression"),
        "{refusal}"
    );
    assert!(selection_refusal(r"cs-user-agent|re: '(a)\1'").contains("backreference"));
    assert!(selection_refusal(r"cs-user-agent|re: '(\w{50}){50}\w{500}'").contains("size limit"));
}

#[test]
fn networks() {
    let net = "c-ip|cidr:\n  - 203.0.113.0/24\n  - 2001:db8::/32";
    on(
        "c-ip",
        net,
        &["203.0.113.200", "2001:db8::1", "::ffff:203.0.113.1"],
        &["203.0.114.1", "-", "x"],
    );
    on(
        "c-ip",
        "c-ip|cidr: 203.0.113.7",
        &["203.0.113.7"],
        &["203.0.113.8"],
    );
    on(
        "X-Forwarded-For",
        "X-Forwarded-For|cidr: 203.0.113.0/24",
        &["10.0.0.1,+203.0.113.7:99"],
        &["10.0.0.1"],
    );
    assert!(selection_refusal("c-ip|cidr: 203.0.113.0/33").contains("no network"));
}

#[test]
fn numbers_and_texts_are_alike() {
    on("sc-status", "sc-status: 200", &["200"], &["2000", "-", "404"]);
    on("sc-status", "sc-status: '200'", &["200"], &["2000", "-"]);
    on("sc-status", "sc-status: '20*'", &["200", "204"], &["302"]);
    on(
        "sc-status",
        "sc-status:\n  - 200\n  - '30?'",
        &["200", "302"],
        &["404"],
    );
    on("sc-status", "sc-status|contains: 5", &["500", "405"], &["200"]);
    on("sc-bytes", "sc-bytes|gt: 100", &["101"], &["100", "-"]);
    on("sc-bytes", "sc-bytes|gte: 100", &["100"], &["99"]);
    on("sc-bytes", "sc-bytes|lt: 100", &["99", "0"], &["100", "-"]);
    on("sc-bytes", "sc-bytes|lte: 100", &["100"], &["101"]);
    on("sc-bytes", "sc-bytes|gte: 1.5", &["2"], &["1"]);
    assert!(selection_refusal("sc-bytes|gt: many").contains("no number"));
}

#[test]
fn neq_holds_where_the_comparison_does_not() {
    on("sc-status", "sc-status|neq: 200", &["404", "-"], &["200"]);
    on(
        "cs-method",
        "cs-method|neq:\n  - GET\n  - POST",
        &["PUT"],
        &["get", "post"],
    );
}

#[test]
fn null_and_exists() {
    on("cs-username", "cs-username: null", &["-", ""], &["x"]);
    on("cs-username", "cs-username: ''", &["-", ""], &["x"]);
    on("cs-username", "cs-username: '-'", &["-", ""], &["x", "a-b"]);
    on("cs-username", "cs-username|exists: true", &["x"], &["-"]);
    on("cs-username", "cs-username|exists: false", &["-"], &["x"]);
    on(
        "cs-username",
        "cs-username:\n  - null\n  - admin",
        &["-", "Admin"],
        &["x"],
    );
    assert!(selection_refusal("cs-username|exists: maybe").contains("true or false"));
}

#[test]
fn truth_values() {
    let rules = selection("IsAuthenticated: true");
    let proxy = |value| {
        common::matches_in(
            &rules,
            imker_sigma::Format::HttpProxy,
            &[("IsAuthenticated", value)],
        )
    };
    assert!(proxy("True") && proxy("true") && !proxy("False") && !proxy(""));
}

#[test]
fn windash_spells_dashes() {
    on(
        AGENT,
        "cs-user-agent|windash|contains: ' -x'",
        &["a+-x", "a+/x", "a+\u{2013}x"],
        &["a+x"],
    );
    on(
        AGENT,
        "cs-user-agent|windash|contains|all:\n  - '-x'\n  - '-y'",
        &["/x+-y"],
        &["-x", "/y"],
    );
    assert!(selection_refusal("cs-user-agent|windash|contains: '-a -b -c -d -e'").contains("5 dashes"));
}

#[test]
fn base64_and_wide() {
    on(
        AGENT,
        "cs-user-agent|base64: inert text",
        &["aW5lcnQgdGV4dA=="],
        &["inert+text"],
    );
    // "xinert texty" and "xyinert textz"
    let offset = "cs-user-agent|base64offset|contains: inert text";
    on(
        AGENT,
        offset,
        &["aW5lcnQgdGV4dA==", "eGluZXJ0IHRleHR5", "eHlpbmVydCB0ZXh0eg=="],
        &["eGluZXJ0IFRleHR5"],
    );
    let all = "cs-user-agent|base64offset|contains|all:\n  - inert\n  - text";
    on(AGENT, all, &["eGluZXJ0IHRleHR5"], &["eGluZXJ0"]);
    // UTF-16LE of "ab"
    on(AGENT, "cs-user-agent|wide|base64: ab", &["YQBiAA=="], &["YWI="]);
    on(
        AGENT,
        "cs-user-agent|utf16be|base64: ab",
        &["AGEAYg=="],
        &["YWI="],
    );
    on(AGENT, "cs-user-agent|utf16|base64: ab", &["//5hAGIA"], &["YWI="]);
    on(
        "cs-uri-query",
        "cs-uri-query|wide|contains: ab",
        &["x=a%00b%00"],
        &["x=ab"],
    );
    assert!(selection_refusal("cs-user-agent|base64: 'a*b'").contains("wildcards"));
    assert!(selection_refusal("cs-user-agent|base64|wide: 'ab'").contains("before base64"));
}

#[test]
fn fields_are_compared_with_each_other() {
    let rules = selection("cs-username|fieldref|startswith: cs-method");
    assert!(matches(
        &rules,
        &[("cs-username", "Getter"), ("cs-method", "GET")]
    ));
    assert!(!matches(&rules, &[("cs-username", "x"), ("cs-method", "GET")]));
    assert!(
        !matches(&rules, &[("cs-username", "x")]),
        "an empty value starts nothing"
    );
    let rules = selection("c-ip|fieldref: s-ip");
    assert!(matches(&rules, &[("c-ip", "192.0.2.1"), ("s-ip", "192.0.2.1")]));
    assert!(!matches(&rules, &[("c-ip", "192.0.2.1"), ("s-ip", "192.0.2.2")]));
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let refused = |items: &str, why: &str| {
        let refusal = selection_refusal(items);
        assert!(
            refusal.starts_with("test.yml: A rule: ") && refusal.contains(why),
            "{items}: {refusal}"
        );
    };
    refused("cs-username|expand: '%admins%'", "placeholders");
    refused("time|hour: 3", "timestamp part `hour`");
    refused("c-ip|cidr|contains: 203.0.113.0/24", "another comparison");
    refused("c-ip|re|windash: x", "comparison of texts");
    refused("c-ip|i: x", "flag of `re`");
    refused("c-ip|wide|utf16: x", "once");
    refused("cs-username: []", "no value");
    on("cs-username", "cs-username|expand: admin", &["admin"], &["x"]);
}

#[test]
fn keywords_are_searched_in_the_line() {
    let rules = rules(&rule(
        "keywords:\n  - 'X-Rps-CAT'\n  - 'a*z'\n  - 4711\ncondition: keywords",
    ));
    assert!(matches(&rules, &[("cs-uri-query", "x-rps-cat=1")]));
    assert!(
        matches(&rules, &[("cs-uri-query", "x%2Drps%252dcat=1")]),
        "decoded twice"
    );
    assert!(matches(&rules, &[("cs-uri-query", "a"), ("cs-username", "xyz")]));
    assert!(matches(&rules, &[("cs(Referer)", "4711")]));
    assert!(!matches(&rules, &[("cs-uri-query", "x-rps")]));
}

#[test]
fn keywords_linked_by_all() {
    let rules = rules(&rule(
        "keywords:\n  '|all':\n    - one\n    - two\ncondition: keywords",
    ));
    assert!(matches(
        &rules,
        &[("cs-uri-query", "two"), ("cs-username", "one")]
    ));
    assert!(!matches(&rules, &[("cs-uri-query", "two")]));
}

#[test]
fn conditions() {
    let matching = |detection: &str| {
        let rules = rules(&rule(detection));
        ["a", "b", "c", "abc"]
            .into_iter()
            .filter(|user| matches(&rules, &[("cs-username", user), ("cs-method", "GET")]))
            .collect::<Vec<_>>()
    };
    let named = "s_a:\n  cs-username|contains: a\ns_b:\n  cs-username|contains: b\nf_c:\n  cs-username|contains: c\n_x:\n  cs-username: x\n";
    let condition = |text: &str| matching(&format!("{named}condition: {text}"));
    assert_eq!(condition("s_a"), ["a", "abc"]);
    assert_eq!(condition("1 of s_*"), ["a", "b", "abc"]);
    assert_eq!(condition("all of s_*"), ["abc"]);
    assert_eq!(condition("1 of s_* and not f_c"), ["a", "b"]);
    assert_eq!(condition("2 of them"), ["abc"]);
    assert_eq!(
        condition("all of them"),
        ["abc"],
        "names that start with `_` are no part of `them`"
    );
    assert_eq!(condition("(s_a or s_b) and not (s_a and s_b)"), ["a", "b"]);
    assert_eq!(condition("not (s_a or s_b)"), ["c"]);
    assert_eq!(condition("\n  - s_a and f_c\n  - s_b and not f_c"), ["b", "abc"]);
    assert_eq!(
        matching(
            "s:\n  - cs-username: a\n  - cs-username: b\n    cs-method: GET\n  - cs-username: c\n    cs-method: PUT\ncondition: s"
        ),
        ["a", "b"]
    );
}

#[test]
fn conditions_that_cannot_hold_are_refused() {
    let refused =
        |condition: &str| common::refusal(&rule(&format!("s:\n  cs-username: a\ncondition: {condition}")));
    assert!(refused("s and t").contains("no detection named `t`"));
    assert!(refused("1 of t*").contains("0 detections fit"));
    assert!(refused("2 of s*").contains("1 detections fit"));
    assert!(refused(&format!("{}s{}", "(".repeat(100), ")".repeat(100))).contains("nested deeper"));
    assert!(refused(&format!("{}s", "not ".repeat(100))).contains("nested deeper"));
    assert!(
        common::refusal(&rule("s:\n  cs-username: a\ntimeframe: 5m\ncondition: s"))
            .contains("correlation rule")
    );
}
