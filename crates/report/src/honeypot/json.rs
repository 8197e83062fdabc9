//! The evaluation as JSON, and the schema that describes it.

use std::io;

use imker_intel::Evaluation;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;

use crate::json::Escaping;

/// Writes the evaluation as indented JSON, pure in the way of [`crate::json()`]. [`imker_intel::previous`] reads it back.
pub fn json(evaluation: &Evaluation, out: &mut dyn io::Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Escaping(PrettyFormatter::new()));
    evaluation.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// JSON schema of the evaluation (draft 2020-12), committed as `docs/schema/imker-evaluation-1.schema.json`.
pub fn schema() -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Evaluation>();
    schema.insert(
        "$id".to_owned(),
        "https://imker.invalid/schema/imker-evaluation-1.schema.json".into(),
    );
    schema
}
