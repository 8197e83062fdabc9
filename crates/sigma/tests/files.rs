//! Rule files: what they add, what is set aside, what is refused; indicators; explanations.
#![allow(clippy::unwrap_used)]

mod common;

use common::{IIS, matches, matches_in, rule, rules};
use imker_sigma::{Columns, Format, Indicator, Level, Origin, RuleIndex, RuleSetBuilder};

fn named(title: &str, head: &str, source: &str, detection: &str) -> String {
    format!("title: {title}\n{head}logsource:\n  {source}\ndetection:\n{detection}\n")
}

const DETECTION: &str = "  s:\n    cs-username: a\n  condition: s";

#[test]
fn metadata_is_kept() {
    let head = "id: 11111111-2222-4333-8444-555555555555\nstatus: test\nauthor: Anna Example, Bert Example\nlevel: high\ndescription: What it is.\ntags:\n  - attack.t1190\n  - attack.initial-access\n  - cve.2021-34473\nreferences:\n  - https://example.org/a\nfalsepositives:\n  - Tests\nlicense: MIT\n";
    let rules = rules(&named("Named", head, "category: webserver", DETECTION));
    let rule = rules.rule(RuleIndex(0));
    assert_eq!(rule.id, "11111111-2222-4333-8444-555555555555");
    assert_eq!(rule.author.as_deref(), Some("Anna Example, Bert Example"));
    assert_eq!((rule.level, rule.status.as_deref()), (Level::High, Some("test")));
    assert_eq!(rule.cves().collect::<Vec<_>>(), ["CVE-2021-34473"]);
    assert_eq!(rule.techniques().collect::<Vec<_>>(), ["T1190"]);
    assert_eq!(rule.references, ["https://example.org/a"]);
    assert_eq!(
        (rule.false_positives.len(), rule.license.as_deref()),
        (1, Some("MIT"))
    );
    assert_eq!((rule.origin, &*rule.source), (Origin::User, "test.yml"));
}

#[test]
fn many_files_are_added_in_their_order() {
    let texts: Vec<_> = (0..20)
        .map(|number| {
            let source = format!("{number}.yml");
            let text = named(&source, "", "category: webserver", DETECTION);
            (source, text)
        })
        .collect();
    let files: Vec<_> = texts.iter().map(|(source, text)| (&**source, &**text)).collect();
    let mut builder = RuleSetBuilder::new();
    assert_eq!(builder.add_files(&files, Origin::BuiltIn).unwrap().rules, 20);
    let rules = builder.build().unwrap();
    assert!(
        rules
            .rules()
            .iter()
            .map(|rule| &*rule.title)
            .eq(files.iter().map(|file| file.0))
    );

    for (at, name) in [(3, "3.yml"), (17, "17.yml")] {
        let mut faulty = files.clone();
        faulty[at].1 = "title: [";
        let refused = RuleSetBuilder::new().add_files(&faulty, Origin::BuiltIn);
        assert_eq!(refused.unwrap_err().source_name, name);
    }
}

#[test]
fn rules_for_other_sources_are_set_aside_and_counted() {
    let mut builder = RuleSetBuilder::new();
    let mut add = |source: &str| {
        let head = format!("id: {source}\n");
        let yaml = named(
            "A rule",
            &head.replace(": ", "-").replace('\n', ""),
            source,
            DETECTION,
        );
        let yaml = yaml
            .replacen("id-", "id: x", 1)
            .replacen("logsource", "\nlogsource", 1);
        let report = builder.add_file(&yaml, "test.yml", Origin::User);
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        (
            report.added.rules,
            report.set_aside.first().map(|aside| aside.reason.clone()),
        )
    };
    assert_eq!(add("category: webserver"), (1, None));
    assert_eq!(add("product: iis"), (1, None));
    assert_eq!(add("service: iis"), (1, None));
    assert_eq!(add("product: linux").0, 0);
    let (_, reason) = add("{category: webserver, product: apache}");
    assert_eq!(
        reason.as_deref(),
        Some("log source: category webserver, product apache")
    );
    let (_, reason) = add("{product: windows, service: iis-configuration}");
    assert_eq!(
        reason.as_deref(),
        Some("log source: product windows, service iis-configuration")
    );
}

#[test]
fn filter_rules_are_set_aside_with_a_reason() {
    let yaml = "title: No tests\nlogsource:\n  category: webserver\nfilter:\n  rules: any\n  s:\n    cs-username: a\n  condition: not s\n";
    let report = RuleSetBuilder::new().add_file(yaml, "filter.yml", Origin::User);
    assert_eq!(report.added.set_aside, 1);
    assert!(report.set_aside[0].reason.contains("filter rules"));
}

#[test]
fn several_documents_and_collections() {
    let two = format!(
        "{}---\n{}",
        rule("s:\n  cs-username: a\ncondition: s"),
        rule("s:\n  cs-username: b\ncondition: s")
    );
    let two = rules(&two);
    assert_eq!(
        two.rules().iter().map(|rule| &*rule.id).collect::<Vec<_>>(),
        ["test.yml#1", "test.yml#2"]
    );
    let global = "action: global\ntitle: Shared\nlogsource:\n  category: webserver\nlevel: low\n---\ndetection:\n  s:\n    cs-username: a\n  condition: s\n---\ndetection:\n  s:\n    cs-username: b\n  condition: s\n";
    let global = rules(global);
    assert_eq!(global.rules().len(), 2);
    assert!(
        global
            .rules()
            .iter()
            .all(|rule| rule.level == Level::Low && rule.title == "Shared")
    );
    assert!(matches(&global, &[("cs-username", "b")]));
}

#[test]
fn errors_are_collected_and_the_good_rules_kept() {
    let good = rule("s:\n  cs-username: a\ncondition: s");
    let bad = "title: Bad\nlogsource:\n  category: webserver\ndetection:\n  s:\n    cs-username|expand: '%a%'\n    cs-method|re: '(?=a)'\n  condition: s\n";
    let broken = "title: [\n";
    let yaml = format!(
        "{good}---\n{bad}---\n{broken}---\n{}",
        good.replace("A rule", "Another")
    );
    let mut builder = RuleSetBuilder::new();
    let report = builder.add_file(&yaml, "mixed.yml", Origin::User);
    assert_eq!(report.added.rules, 2);
    let errors: Vec<String> = report.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(
        errors[0].starts_with("mixed.yml: document at line 18: no valid YAML"),
        "{errors:?}"
    );
    assert!(
        errors[1].starts_with("mixed.yml: Bad: cs-username|expand: "),
        "{errors:?}"
    );
    assert!(
        errors[2].starts_with("mixed.yml: Bad: cs-method|re: "),
        "{errors:?}"
    );
    assert_eq!(builder.build().unwrap().rules().len(), 2);
    let mut builder = RuleSetBuilder::new();
    assert!(builder.add_yaml(&yaml, "mixed.yml", Origin::User).is_err());
    assert!(builder.build().unwrap().rules().is_empty(), "all or none");
}

#[test]
fn slips_leave_a_rule_usable() {
    let yaml = rule("s:\n  cs-username: a\ncondition: s") + "level: hihg\n";
    let report = RuleSetBuilder::new().add_file(&yaml, "slip.yml", Origin::User);
    assert_eq!((report.added.rules, report.errors.len()), (1, 0));
    assert_eq!(
        report.warnings[0].to_string(),
        "slip.yml: A rule: invalid level: 'hihg'"
    );
}

#[test]
fn a_field_that_no_log_carries_is_told() {
    let yaml = rule(
        "s:\n  cs-uri-stm|contains: a\n  c-ip|fieldref: c-pi\n  cs-method: GET\n  c-uri: b\n  s-reason: Hostname\n  \
         anchormailbox: c\n  cs(X-Custom): d\nn:\n  cs-uri-stm: e\ncondition: s and not n",
    );
    let mut builder = RuleSetBuilder::new();
    let report = builder.add_file(&yaml, "slip.yml", Origin::User);
    assert_eq!((report.added.rules, report.errors.len()), (1, 0));
    let warnings: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["c-pi", "cs-uri-stm"]
            .map(|field| format!("slip.yml: A rule: no web log carries the field `{field}`"))
    );
    let yaml = rule("s:\n  cs-uri-stm|contains: a\n  cs-method: GET\ncondition: s");
    let rules = rules(&yaml);
    for format in [Format::W3c, Format::HttpErr, Format::HttpProxy] {
        let columns = Columns::new(format, IIS);
        assert_eq!(rules.bind(&columns).unanswerable(), [RuleIndex(0)]);
    }
    // A log may have columns of its own.
    let own = Columns::new(Format::W3c, ["cs-method", "cs-uri-stm"]);
    assert!(rules.bind(&own).unanswerable().is_empty());
}

#[test]
fn an_id_names_one_rule() {
    let one = named("One", "id: abc\n", "category: webserver", DETECTION);
    let mut builder = RuleSetBuilder::new();
    builder.add_yaml(&one, "one.yml", Origin::BuiltIn).unwrap();
    let error = builder
        .add_yaml(
            &one.replace("One", "Two").replace("abc", "ABC"),
            "two.yml",
            Origin::User,
        )
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("two.yml: Two: `abc` already names the rule `One` of one.yml"),
        "{error}"
    );
}

#[test]
fn hostile_files_are_refused() {
    let report = |yaml: &str| RuleSetBuilder::new().add_file(yaml, "x.yml", Origin::User);
    let deep = format!("webserver logsource: {}", "[".repeat(100_000));
    assert!(!report(&deep).errors.is_empty());
    assert!(
        !report(&format!("# webserver\n{}", "x".repeat(5 << 20)))
            .errors
            .is_empty()
    );
    let bomb = format!(
        "webserver: &a [x, x, x, x, x, x, x, x, x]\n{}logsource: z\n",
        (b'b'..b'j')
            .map(|c| {
                let (new, old) = (char::from(c), char::from(c - 1));
                format!(
                    "{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
                )
            })
            .collect::<String>()
    );
    assert!(!report(&bomb).errors.is_empty());
    assert!(report("").errors.is_empty());
    for (open, close) in [
        ("(", ")"),
        ("\\x28", "\\x29"),
        ("\\u0028", ")"),
        ("not ", ""),
        ("\\x6eot ", ""),
    ] {
        let condition = format!("{}s{}", open.repeat(70), close.repeat(70));
        let nested = format!(
            "title: Nested\nlogsource:\n  category: webserver\ndetection:\n  s:\n    cs-method: GET\n  condition: \"{condition}\"\n"
        );
        let errors = report(&nested).errors;
        assert!(
            errors.iter().any(|error| error.message.contains("deeper")),
            "{open}: {errors:?}"
        );
    }
}

#[test]
fn indicators_are_rules_of_their_own() {
    let mut builder = RuleSetBuilder::new();
    let mut add = |indicator| builder.add_indicator(&indicator, "list.csv");
    let one = add(Indicator::Address("203.0.113.7".into())).unwrap();
    assert_eq!(
        add(Indicator::Address(" 203.0.113.7".into())).unwrap(),
        one,
        "the same indicator is one rule"
    );
    let net = add(Indicator::Address("2001:db8:5::/48".into())).unwrap();
    let agent = add(Indicator::UserAgent("Inert (scanner)".into())).unwrap();
    let path = add(Indicator::Path("/aspnet_client/inert.aspx".into())).unwrap();
    assert!(
        add(Indicator::Address("example.org".into()))
            .unwrap_err()
            .to_string()
            .contains("neither an address")
    );
    assert!(
        add(Indicator::Path("/".into()))
            .unwrap_err()
            .to_string()
            .contains("too short")
    );
    let rules = builder.build().unwrap();
    assert!(
        rules
            .rules()
            .iter()
            .all(|rule| rule.origin == Origin::Indicator && rule.source == "list.csv")
    );
    let columns = Columns::new(Format::W3c, IIS);
    let found = |field: &str, value: &str| {
        let values: Vec<&[u8]> = IIS
            .iter()
            .map(|name| if *name == field { value.as_bytes() } else { b"-" })
            .collect();
        rules.matches(
            &columns,
            imker_sigma::Row {
                line: &values.join(&b' '),
                values: &values,
            },
        )
    };
    assert_eq!(found("c-ip", "203.0.113.7"), [one]);
    assert_eq!(found("X-Forwarded-For", "10.0.0.1,+203.0.113.7:4711"), [one]);
    assert_eq!(found("c-ip", "203.0.113.70"), []);
    assert_eq!(found("c-ip", "2001:DB8:5:0::1"), [net]);
    assert_eq!(found("cs(User-Agent)", "x+INERT+(scanner)/1"), [agent]);
    assert_eq!(found("cs-uri-query", "a=%2Faspnet_client/Inert.aspx"), [path]);
    assert!(matches_in(
        &rules,
        Format::HttpProxy,
        &[("ClientIpAddress", "203.0.113.7")]
    ));
}

#[test]
fn rules_are_explained() {
    let rules = rules(&rule(
        "s:\n  cs-uri-query|contains|all:\n    - inertmarker\n    - '?x='\n  c-useragent|startswith: probe\nk:\n  - somewhere\ncondition: s or k",
    ));
    let explanation = rules.explain(RuleIndex(0));
    assert_eq!(explanation.fields, ["cs-uri-query", "cs-user-agent", "line"]);
    assert_eq!(explanation.items.len(), 3);
    assert!(explanation.generates && !explanation.unfiltered);
    assert!(!explanation.fragments.is_empty());
    let numbers = common::selection("sc-status: 200");
    assert!(numbers.explain(RuleIndex(0)).unfiltered);
}

#[test]
fn correlations_over_other_log_sources_are_never_answered() {
    let correlation = "title: Elsewhere\ncorrelation:\n  type: event_count\n  rules: ABC\n  timespan: 1h\n  condition:\n    gte: 3\n";
    for source in ["product: linux", "{category: webserver, product: apache}"] {
        let source_key = if source.starts_with('{') {
            "logsource: "
        } else {
            "logsource:\n  "
        };
        let one = format!("title: One\nid: abc\n{source_key}{source}\ndetection:\n{DETECTION}\n");
        let mut builder = RuleSetBuilder::new();
        builder
            .add_yaml(correlation, "together.yml", Origin::User)
            .unwrap();
        builder.add_yaml(&one, "one.yml", Origin::User).unwrap();
        let rules = builder.build().unwrap();
        assert!(rules.is_correlation(RuleIndex(0)));
        assert_eq!(
            rules.bind(&Columns::new(Format::W3c, IIS)).unanswerable(),
            [RuleIndex(0)]
        );
    }
    let mut builder = RuleSetBuilder::new();
    builder
        .add_yaml(correlation, "together.yml", Origin::User)
        .unwrap();
    assert!(builder.build().is_err(), "a reference to nothing is an error");
}
