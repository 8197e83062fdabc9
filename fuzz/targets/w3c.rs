//! IIS logs, from the first row on.
#![no_main]

use std::sync::LazyLock;

use imker_hunt::fuzzing::read_whole;
use imker_sigma::{Indicator, RuleSet, RuleSetBuilder};
use libfuzzer_sys::fuzz_target;

const HEAD: &[u8] = b"#Software: Microsoft Internet Information Services 10.0\r\n\
    #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\r\n";

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let mut builder = RuleSetBuilder::new();
    builder.add_indicator(&Indicator::Path("/owa".to_owned()), "fuzz").expect("the indicator is valid");
    builder.build().expect("there are no correlations")
});

fuzz_target!(|bytes: &[u8]| {
    read_whole(&[HEAD, bytes].concat(), &RULES);
});
