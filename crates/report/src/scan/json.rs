//! One JSON document whose hosts are written as they come, or one row a host.

use std::collections::HashMap;
use std::io;

use imker_posture::{Assessment, Observation, Reason};
use schemars::Schema;
use serde::Serialize;
use serde_json::ser::CompactFormatter;

use super::model::{HostRow, SCHEMA, ScanEnd, ScanHead, ScanResult};
use super::{ScanWriter, words};
use crate::json::{Escaping, schema_of};
use crate::jsonl::json_line;
use crate::language::{Language, Texts};

/// Sentences that are remembered: most hosts share theirs.
const REMEMBERED: usize = 4096;

/// JSON schema of a result (draft 2020-12), committed as `docs/schema/imker-scan-1.schema.json`. Its definition `HostRow`
/// is that of a row of JSON lines.
pub fn schema() -> Schema {
    schema_of::<ScanResult<'_>>("imker-scan-1")
}

/// Writes a [`ScanResult`], each host on a line of its own.
pub struct Json<W> {
    out: W,
    sentences: Sentences,
    is_first: bool,
}

impl<W: io::Write> Json<W> {
    /// Begins the document. Sentences in it are in `language`.
    pub fn new(head: &ScanHead, language: Language, mut out: W) -> io::Result<Self> {
        write!(out, "{{\n\"schema\": \"{SCHEMA}\",\n\"scan\": ")?;
        fragment(head, &mut out)?;
        out.write_all(b",\n\"hosts\": [")?;
        Ok(Self {
            out,
            sentences: Sentences::new(language),
            is_first: true,
        })
    }
}

impl<W: io::Write> ScanWriter for Json<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let assessment = self.sentences.fill(assessment);
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        fragment(&HostRow::of(observation, &assessment), &mut self.out)
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        self.out.write_all(b"\n],\n\"end\": ")?;
        fragment(end, &mut self.out)?;
        self.out.write_all(b"\n}\n")?;
        self.out.flush()
    }
}

/// Writes a [`HostRow`] a line, and nothing else.
pub struct JsonRows<W> {
    out: W,
    sentences: Sentences,
}

impl<W: io::Write> JsonRows<W> {
    /// Lines into `out`, sentences in `language`.
    pub fn new(language: Language, out: W) -> Self {
        Self {
            out,
            sentences: Sentences::new(language),
        }
    }
}

impl<W: io::Write> ScanWriter for JsonRows<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let assessment = self.sentences.fill(assessment);
        json_line(&HostRow::of(observation, &assessment), &mut self.out)
    }

    fn end(&mut self, _: &ScanEnd) -> io::Result<()> {
        self.out.flush()
    }
}

fn fragment(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Escaping(CompactFormatter));
    value.serialize(&mut serializer)?;
    Ok(())
}

/// Fills reasons with their sentences.
struct Sentences {
    texts: Texts,
    said: HashMap<Reason, String>,
}

impl Sentences {
    fn new(language: Language) -> Self {
        Self {
            texts: Texts::new(language),
            said: HashMap::new(),
        }
    }

    fn fill(&mut self, assessment: &Assessment) -> Assessment {
        let mut filled = assessment.clone();
        words::reasons_mut(&mut filled).for_each(|reason| reason.text = Some(self.say(reason)));
        filled
    }

    fn say(&mut self, reason: &Reason) -> String {
        if let Some(text) = self.said.get(reason) {
            return text.clone();
        }
        let text = self.texts.reason(reason);
        if self.said.len() < REMEMBERED {
            self.said.insert(reason.clone(), text.clone());
        }
        text
    }
}
