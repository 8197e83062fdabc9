//! Files of any kind: archives, compressed streams, logs in any encoding.
#![no_main]

use std::sync::LazyLock;

use imker_hunt::fuzzing::read_whole;
use imker_sigma::{RuleSet, RuleSetBuilder};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<RuleSet> =
    LazyLock::new(|| RuleSetBuilder::new().build().expect("there are no rules"));

fuzz_target!(|bytes: &[u8]| {
    read_whole(bytes, &RULES);
});
