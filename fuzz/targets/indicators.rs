//! Lists of indicators: plain, CSV, STIX; what is read becomes rules, as in a hunt.
#![no_main]

use imker_hunt::indicators::parse;
use imker_sigma::RuleSetBuilder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(list) = parse(text) else { return };
    let mut builder = RuleSetBuilder::new();
    for indicator in &list.indicators {
        let _ = builder.add_indicator(indicator, "fuzz");
    }
    builder.build().expect("there are no correlations");
});
