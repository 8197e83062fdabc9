//! The report as JSON, and the schema that describes it.

use std::io;

use imker_detect::{Judgement, Statement};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::escape;
use crate::language::{Language, Texts};
use crate::model::HuntReport;

/// Writes the report as indented JSON, its statements filled with sentences in `language`.
///
/// The text is pure in two ways: what [`escape::is_unsafe`] names and the brackets of HTML are
/// written as `\u` escapes, so that neither a terminal nor a web page acts on it.
pub fn json(report: &HuntReport, language: Language, out: &mut dyn io::Write) -> io::Result<()> {
    let report = with_sentences(report, &Texts::new(language));
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Escaping(PrettyFormatter::new()));
    report.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// JSON schema of the report (draft 2020-12), committed as `docs/schema/imker-hunt-1.schema.json`.
pub fn schema() -> Schema {
    schema_of::<HuntReport>("imker-hunt-1")
}

/// JSON schema (draft 2020-12) of what a type is written as, under the name of its file in `docs/schema`.
pub(crate) fn schema_of<T: JsonSchema>(name: &str) -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>();
    let id = format!("https://imker.invalid/schema/{name}.schema.json");
    schema.insert("$id".to_owned(), id.into());
    schema
}

fn with_sentences(report: &HuntReport, texts: &Texts) -> HuntReport {
    let mut report = report.clone();
    let findings = &mut report.findings;
    judgement(&mut findings.judgement, texts);
    findings
        .servers
        .iter_mut()
        .for_each(|server| judgement(&mut server.judgement, texts));
    findings
        .normal
        .iter_mut()
        .for_each(|seen| statement(&mut seen.why, texts));
    findings
        .advice
        .iter_mut()
        .for_each(|advice| statement(advice, texts));
    report
}

fn judgement(judgement: &mut Judgement, texts: &Texts) {
    let lists = [
        &mut judgement.reasons,
        &mut judgement.against,
        &mut judgement.cannot_show,
    ];
    lists
        .into_iter()
        .flatten()
        .for_each(|sentence| statement(sentence, texts));
}

fn statement(statement: &mut Statement, texts: &Texts) {
    statement.text = Some(texts.statement(statement));
}

/// Writes what serde_json leaves as it is (DEL, C1 controls, bidirectional and invisible characters)
/// and `<` and `>` as `\u` escapes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Escaping<F>(pub(crate) F);

/// Printable ASCII that is written as it is; most text is nothing else.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>')
}

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let escaped = |c: char| matches!(c, '<' | '>') || escape::is_unsafe(c);
        let mut rest = fragment;
        if fragment.bytes().all(is_plain) {
            return writer.write_all(fragment.as_bytes());
        }
        while let Some(place) = rest.find(escaped) {
            let (clean, tail) = rest.split_at(place);
            writer.write_all(clean.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
