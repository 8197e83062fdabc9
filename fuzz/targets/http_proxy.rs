//! HttpProxy logs, from the first row on.
#![no_main]

use std::sync::LazyLock;

use imker_hunt::fuzzing::read_whole;
use imker_sigma::{Indicator, RuleSet, RuleSetBuilder};
use libfuzzer_sys::fuzz_target;

const HEAD: &[u8] = b"DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,Protocol,UrlStem,\
    ProxyAction,AnchorMailbox,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,Method,UrlQuery\r\n";

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let mut builder = RuleSetBuilder::new();
    builder.add_indicator(&Indicator::Path("/owa".to_owned()), "fuzz").expect("the indicator is valid");
    builder.build().expect("there are no correlations")
});

fuzz_target!(|bytes: &[u8]| {
    read_whole(&[HEAD, bytes].concat(), &RULES);
});
