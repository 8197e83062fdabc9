//! JSON lines of strangers' sensors: what is read can be written, and is then read alike; masked lines can be read too.
#![no_main]

use imker_event::ecs::{Reader, Secrets, from_json, to_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for document in Reader::new(bytes).flatten() {
        let written = |secrets| to_json(&document.recorded, document.place.as_ref(), secrets);
        let line = written(Secrets::Kept).expect("what was read can be written");
        assert!(!line.contains('\n'));
        let again = from_json(line.as_bytes()).expect("what was written can be read");
        assert_eq!(again.recorded, document.recorded);
        let masked = written(Secrets::Masked).expect("what was read can be masked");
        from_json(masked.as_bytes()).expect("what was masked can be read");
    }
});
