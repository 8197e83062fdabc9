//! nmap's XML, and the forms of targets.
#![no_main]

use imker_scan::target::{Entry, Target, read_nmap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for target in read_nmap(bytes).unwrap_or_default() {
        assert_eq!(target.to_string().parse(), Ok(target));
    }
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(Entry::Target(target)) = text.parse()
    {
        assert_eq!(target.to_string().parse::<Target>(), Ok(target));
    }
});
