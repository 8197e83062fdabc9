//! Rules' test files; each is run against a rule and a correlation.
#![no_main]

use std::sync::LazyLock;

use imker_sigma::{Origin, RuleIndex, RuleSet, RuleSetBuilder, RuleTest};
use libfuzzer_sys::fuzz_target;

const RULES: &str = "
title: Asked
name: asked
logsource: {category: webserver}
detection:
  asked: {cs-uri-query|contains: /owa}
  condition: asked
---
title: Asked often
correlation:
  type: event_count
  rules: asked
  group-by: [c-ip]
  timespan: 1m
  condition: {gte: 2}
";

static RULE_SET: LazyLock<RuleSet> = LazyLock::new(|| {
    let mut builder = RuleSetBuilder::new();
    builder.add_yaml(RULES, "fuzz.yml", Origin::User).expect("the rules are valid");
    builder.build().expect("the correlation names a rule that is there")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(test) = RuleTest::parse(text, "fuzz.test") else { return };
    for rule in 0..RULE_SET.rules().len() as u32 {
        let _ = test.run(&RULE_SET, RuleIndex(rule));
    }
});
