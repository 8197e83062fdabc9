//! Events made from a rule's own values: such that fit, such that nearly fit, and others.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex_syntax::hir::{Class, Hir, HirKind};
use rsigma_parser::{
    Detection, DetectionItem, Modifier, SigmaRule, SigmaString, SigmaValue, SpecialChar, StringPart,
};

/// The column that keywords are put in.
pub(super) const KEYWORDS: &str = "note";

/// A small generator of numbers, the same on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Values by field that a rule's items ask for.
pub(super) type Wanted = BTreeMap<String, Vec<String>>;

/// Collects for each field values that fit one of the rule's items.
pub(super) fn wanted(rule: &SigmaRule, random: &mut Random) -> Wanted {
    let mut wanted = Wanted::new();
    wanted.entry(KEYWORDS.to_owned()).or_default();
    let mut names: Vec<&String> = rule.detection.named.keys().collect();
    names.sort();
    for name in names {
        collect(&rule.detection.named[name], &mut wanted, random);
    }
    wanted
}

fn collect(detection: &Detection, wanted: &mut Wanted, random: &mut Random) {
    match detection {
        Detection::AllOf(items) => items.iter().for_each(|item| collect_item(item, wanted, random)),
        Detection::AnyOf(parts) | Detection::And(parts) => {
            parts.iter().for_each(|part| collect(part, wanted, random));
        }
        Detection::Keywords(values) => {
            let texts = values.iter().map(|value| fill(value, random));
            wanted.entry(KEYWORDS.to_owned()).or_default().extend(texts);
        }
        _ => {}
    }
}

fn collect_item(item: &DetectionItem, wanted: &mut Wanted, random: &mut Random) {
    let has = |modifier| item.field.modifiers.contains(&modifier);
    let field = item.field.name.clone().unwrap_or_else(|| KEYWORDS.to_owned());
    let mut texts: Vec<String> = item.values.iter().map(|value| fill(value, random)).collect();
    if has(Modifier::Re) {
        texts = texts.iter().filter_map(|text| of_regex(text)).collect();
    }
    if has(Modifier::Cidr) {
        texts = texts
            .iter()
            .map(|text| text.split('/').next().unwrap_or_default().to_owned())
            .collect();
    }
    if has(Modifier::Exists) {
        texts = vec![String::new(), "x".to_owned()];
    }
    if has(Modifier::FieldRef) {
        for other in texts {
            wanted.entry(other).or_default().push("GET".to_owned());
        }
        texts = vec!["GET".to_owned(), "xGET".to_owned(), "Get".to_owned()];
    }
    if has(Modifier::Base64) {
        let little = |text: &String| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>()
        };
        let big = |text: &String| {
            text.encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect::<Vec<u8>>()
        };
        let bytes = |text| match () {
            () if has(Modifier::Wide) => little(text),
            () if has(Modifier::Utf16be) => big(text),
            () if has(Modifier::Utf16) => [vec![0xff, 0xfe], little(text)].concat(),
            () => text.as_bytes().to_vec(),
        };
        texts = texts.iter().map(|text| STANDARD.encode(bytes(text))).collect();
    }
    if has(Modifier::All) {
        texts.push(texts.concat());
        texts.push(
            texts[..texts.len() - 1]
                .iter()
                .rev()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join("~"),
        );
    }
    wanted.entry(field).or_default().extend(texts);
}

/// A text that the value matches.
fn fill(value: &SigmaValue, random: &mut Random) -> String {
    match value {
        SigmaValue::String(text) => fill_text(text, random),
        SigmaValue::Null => String::new(),
        other => other.to_string(),
    }
}

fn fill_text(text: &SigmaString, random: &mut Random) -> String {
    let parts = text.parts.iter().map(|part| match part {
        StringPart::Plain(plain) => plain.clone(),
        StringPart::Special(SpecialChar::WildcardSingle) => (*random.pick(&["x", "ä", "?"])).to_owned(),
        StringPart::Special(SpecialChar::WildcardMulti) => (*random.pick(&["", "mid", "a*b"])).to_owned(),
    });
    parts.collect()
}

/// A text that the expression matches, anchors aside.
fn of_regex(expression: &str) -> Option<String> {
    let mut text = Vec::new();
    write_hir(&regex_syntax::Parser::new().parse(expression).ok()?, &mut text);
    String::from_utf8(text).ok()
}

fn write_hir(hir: &Hir, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(Class::Unicode(class)) => {
            let start = class
                .ranges()
                .iter()
                .map(|range| range.start())
                .find(|start| *start > ' ');
            out.extend_from_slice(start.unwrap_or('a').encode_utf8(&mut [0; 4]).as_bytes());
        }
        HirKind::Class(Class::Bytes(_)) => out.push(b'a'),
        HirKind::Repetition(repetition) => (0..repetition.min).for_each(|_| write_hir(&repetition.sub, out)),
        HirKind::Capture(capture) => write_hir(&capture.sub, out),
        HirKind::Concat(subs) => subs.iter().for_each(|sub| write_hir(sub, out)),
        HirKind::Alternation(subs) => write_hir(&subs[0], out),
    }
}

/// A value for a field: one that fits, changed more or less.
pub(super) fn value(wanted: &[String], random: &mut Random) -> String {
    const OTHERS: [&str; 9] = [
        "",
        "GET",
        "POST",
        "200",
        "404",
        "/owa/auth/logon.aspx",
        "Straße",
        "203.0.113.9",
        "x=1",
    ];
    if wanted.is_empty() || random.below(8) == 0 {
        return (*random.pick(&OTHERS)).to_owned();
    }
    let text = random.pick(wanted).clone();
    match random.below(12) {
        0..5 => text,
        5 => swap_case(&text),
        6 => format!("zz{text}yy"),
        7 => text.chars().skip(1).collect(),
        8 => {
            let mut text = text;
            text.pop();
            text
        }
        // Several items may ask for the same field.
        _ => (0..random.below(4)).fold(text, |text, _| format!("{text}{}", random.pick(wanted))),
    }
}

fn swap_case(text: &str) -> String {
    let swap = |char: char| {
        if char.is_ascii_lowercase() {
            char.to_ascii_uppercase()
        } else {
            char.to_ascii_lowercase()
        }
    };
    text.chars().map(swap).collect()
}

/// The text with some of its characters percent-encoded, once or twice.
pub(super) fn encoded(text: &str, random: &mut Random) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match random.below(12) {
            0 => out.push_str(&format!("%{byte:02x}")),
            1 => out.push_str(&format!("%25{byte:02X}")),
            2 if byte.is_ascii() => out.push_str(&format!("%u{byte:04x}")),
            _ if byte.is_ascii() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
