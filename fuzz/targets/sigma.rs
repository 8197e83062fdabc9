//! Sigma rules.
#![no_main]

use imker_sigma::{Origin, RuleSetBuilder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(yaml) = std::str::from_utf8(bytes) else { return };
    let mut builder = RuleSetBuilder::new();
    if builder.add_yaml(yaml, "fuzz.yml", Origin::User).is_ok() {
        let _ = builder.build();
    }
});
