//! What rule authors mean: the whole URI, decoded, in each log format; and fields that a log lacks.
#![allow(clippy::unwrap_used)]

mod common;

use common::{matches, matches_in, rule, rules, selection};
use imker_sigma::{Columns, Format};

fn uri(stem: &'static str, query: &'static str) -> [(&'static str, &'static str); 2] {
    [("cs-uri-stem", stem), ("cs-uri-query", query)]
}

#[test]
fn a_uri_field_means_path_query_and_both() {
    for field in ["cs-uri-query", "cs-uri", "c-uri"] {
        let rules = selection(&format!("{field}|contains: '/autodiscover.json?@'"));
        assert!(matches(
            &rules,
            &uri("/autodiscover/autodiscover.json", "@example.org/owa/")
        ));
        assert!(matches(
            &rules,
            &uri("/Autodiscover/Autodiscover.json", "%40example.org/owa/")
        ));
        assert!(!matches(
            &rules,
            &uri("/autodiscover/autodiscover.json", "a=@example.org")
        ));
        let ends = selection(&format!("{field}|endswith: '.aspx'"));
        assert!(
            matches(&ends, &uri("/aspnet_client/x.aspx", "a=b")),
            "the path ends so"
        );
        assert!(matches(&ends, &uri("/x", "b.aspx")), "the query ends so");
        let starts = selection(&format!("{field}|startswith: '/aspnet'"));
        assert!(matches(&starts, &uri("/aspnet_client/x.aspx", "a=b")));
        assert!(!matches(&starts, &uri("/x/aspnet", "-")));
    }
}

#[test]
fn the_stem_is_the_path_alone() {
    let rules = selection("cs-uri-stem|contains: '/owa/auth'");
    assert!(matches(&rules, &uri("/owa/auth/x", "-")));
    assert!(matches(&rules, &uri("/owa%2fauth/x", "-")));
    assert!(matches(&rules, &uri("/owa%252Fauth/x", "-")));
    assert!(
        !matches(&rules, &uri("/owa%25252Fauth/x", "-")),
        "three times is not decoded"
    );
    assert!(!matches(&rules, &uri("/", "/owa/auth")));
}

#[test]
fn escapes_with_u_are_decoded() {
    let rules = selection("cs-uri-query|contains: '/owa/'");
    assert!(matches(&rules, &uri("/x%u002fowa%2f", "-")));
}

#[test]
fn all_values_must_hold_on_one_variant() {
    let rules = selection("cs-uri-query|contains|all:\n  - autodiscover.json\n  - powershell");
    assert!(matches(
        &rules,
        &uri("/autodiscover/autodiscover.json", "@x/PowerShell/")
    ));
    assert!(!matches(&rules, &uri("/autodiscover/autodiscover.json", "@x/")));
}

#[test]
fn not_means_that_no_variant_holds() {
    let rules = rules(&rule(
        "s:\n  cs-method: GET\nf:\n  cs-uri-query|contains: '/ok/'\ncondition: s and not f",
    ));
    let get =
        |uri: [(&'static str, &'static str); 2]| matches(&rules, &[uri[0], uri[1], ("cs-method", "GET")]);
    assert!(get(uri("/a", "b")));
    assert!(!get(uri("/ok/", "b")));
    assert!(!get(uri("/a", "x=%2fok%2f")));
}

#[test]
fn user_agents_have_blanks() {
    let rules = selection("cs-user-agent|contains: 'Mozilla/5.0 (X11'");
    assert!(matches(&rules, &[("cs(User-Agent)", "Mozilla/5.0+(X11;+Linux)")]));
    let rules = selection("c-useragent|contains: 'Mozilla/5.0+(X11'");
    assert!(matches(&rules, &[("cs(User-Agent)", "Mozilla/5.0+(X11;+Linux)")]));
    let proxy = selection("cs(User-Agent): 'Mozilla/5.0 (X11)'");
    assert!(matches_in(
        &proxy,
        Format::HttpProxy,
        &[("UserAgent", "Mozilla/5.0 (X11)")]
    ));
}

#[test]
fn the_same_rule_reads_each_format() {
    let rules = rules(&rule(
        "s:\n  cs-uri-query|contains: '/mapi/nspi'\n  cs-method: POST\n  sc-status: 200\n  c-ip|cidr: 203.0.113.0/24\ncondition: s",
    ));
    assert!(matches_in(
        &rules,
        Format::HttpProxy,
        &[
            ("Method", "POST"),
            ("UrlStem", "/autodiscover/autodiscover.json"),
            ("UrlQuery", "@x/mapi/nspi/"),
            ("HttpStatus", "200"),
            ("ClientIpAddress", "203.0.113.4"),
        ]
    ));
    assert!(matches_in(
        &rules,
        Format::HttpErr,
        &[
            ("c-ip", "203.0.113.4"),
            ("cs-method", "POST"),
            ("cs-uri", "/a?@x/mapi/nspi/"),
            ("sc-status", "200")
        ]
    ));
}

#[test]
fn columns_outside_the_table_go_by_their_own_name() {
    let rules = selection("anchormailbox|contains: '@example.org'");
    assert!(matches_in(
        &rules,
        Format::HttpProxy,
        &[("AnchorMailbox", "Smtp~a@example.org")]
    ));
    assert!(!matches_in(&rules, Format::W3c, &[("cs-method", "GET")]));
}

#[test]
fn a_missing_column_is_unknown_and_an_empty_one_is_empty() {
    let negative = rules(&rule(
        "s:\n  cs-method: GET\nf:\n  cs-username: admin\ncondition: s and not f",
    ));
    assert!(matches_in(
        &negative,
        Format::W3c,
        &[("cs-method", "GET"), ("cs-username", "-")]
    ));
    assert!(!matches_in(&negative, Format::W3c, &[("cs-method", "GET")]));
    for items in [
        "cs-username: null",
        "cs-username|exists: false",
        "cs-username|exists: true",
        "cs-username|neq: x",
    ] {
        assert!(
            !matches_in(&selection(items), Format::W3c, &[("cs-method", "GET")]),
            "{items}"
        );
    }
    let either = rules(&rule(
        "s:\n  cs-method: GET\nt:\n  cs-username: admin\ncondition: s or t",
    ));
    assert!(matches_in(&either, Format::W3c, &[("cs-method", "GET")]));
    let short = rules(&rule("s:\n  b: null\ncondition: s"));
    let columns = Columns::new(Format::W3c, ["a", "b"]);
    assert_eq!(
        short
            .matches(
                &columns,
                imker_sigma::Row {
                    line: b"x",
                    values: &[b"x"]
                }
            )
            .len(),
        1,
        "a short row"
    );
}

#[test]
fn half_a_uri_can_affirm_but_not_deny() {
    let positive = selection("cs-uri-query|contains: '/ok/'");
    assert!(matches_in(&positive, Format::W3c, &[("cs-uri-stem", "/ok/")]));
    let negative = rules(&rule(
        "s:\n  cs-uri-stem|contains: '/'\nf:\n  cs-uri-query|contains: '/ok/'\ncondition: s and not f",
    ));
    assert!(!matches_in(&negative, Format::W3c, &[("cs-uri-stem", "/a")]));
    assert!(matches_in(
        &negative,
        Format::W3c,
        &[("cs-uri-stem", "/a"), ("cs-uri-query", "-")]
    ));
}

#[test]
fn rules_that_a_log_cannot_answer_are_named() {
    let unanswerable = |detection: &str, columns: &[&str]| {
        let rules = rules(&rule(detection));
        let columns = Columns::new(Format::W3c, columns.iter().copied());
        !rules.bind(&columns).unanswerable().is_empty()
    };
    let user = "s:\n  cs-username: admin\ncondition: s";
    assert!(unanswerable(user, &["cs-method"]));
    assert!(!unanswerable(user, &["cs-username"]));
    let both = "s:\n  cs-method: GET\nf:\n  cs-username: admin\ncondition: s and not f";
    assert!(unanswerable(both, &["cs-method"]));
    let either = "s:\n  cs-method: GET\nt:\n  cs-username: admin\ncondition: 1 of them";
    assert!(!unanswerable(either, &["cs-method"]));
    let uri = "s:\n  cs-uri-query|contains: x\ncondition: s";
    assert!(!unanswerable(uri, &["cs-uri-stem"]));
    assert!(unanswerable(uri, &["cs-method"]));
    assert!(unanswerable(
        "s:\n  cs-uri-query: null\ncondition: s",
        &["cs-uri-stem"]
    ));
}
