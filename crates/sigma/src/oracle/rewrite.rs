//! Where rsigma-eval 0.23 departs from the Sigma specification, or leaves open what we have decided: rules
//! are rewritten to what they mean before it sees them.

use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaRule, SigmaString, SigmaValue};

/// Why a rule is rewritten.
pub(super) const REASONS: [&str; 5] = [
    "a keyword that is a number never matches there: it is made a text",
    "a keyword with wildcards must be a whole value there, though keywords are searched for: `*` is added",
    "`startswith` leaves the start and `endswith` the end of a pattern with wildcards open there: `*` is written out",
    "`''` and `'-'` are an empty value in a web log, which is null in the event",
    "`*` alone asks for a value that is not empty: it is made `exists`",
];

/// Why a rule is left out; `None` if it is compared.
pub(super) fn left_out(rule: &SigmaRule) -> Option<&'static str> {
    let mut reason = None;
    for detection in rule.detection.named.values() {
        each_item(detection, &mut |item| {
            let has = |modifier| item.field.modifiers.contains(&modifier);
            if has(Modifier::Base64Offset) {
                reason = Some("base64offset keeps a last character there that depends on what follows");
            }
            if (has(Modifier::Wide) || has(Modifier::Utf16) || has(Modifier::Utf16be))
                && !has(Modifier::Base64)
            {
                reason = Some("UTF-16 without base64 is ignored there");
            }
        });
    }
    reason
}

fn each_item(detection: &Detection, visit: &mut impl FnMut(&DetectionItem)) {
    match detection {
        Detection::AllOf(items) => items.iter().for_each(visit),
        Detection::AnyOf(parts) | Detection::And(parts) => {
            parts.iter().for_each(|part| each_item(part, visit));
        }
        _ => {}
    }
}

/// The rule as rsigma-eval must read it; marks the reasons that it met.
pub(super) fn rewritten(rule: &SigmaRule, met: &mut [usize; REASONS.len()]) -> SigmaRule {
    let mut rule = rule.clone();
    rule.detection
        .named
        .values_mut()
        .for_each(|detection| rewrite(detection, met));
    rule
}

fn rewrite(detection: &mut Detection, met: &mut [usize; REASONS.len()]) {
    match detection {
        Detection::AllOf(items) => items.iter_mut().for_each(|item| rewrite_item(item, met)),
        Detection::AnyOf(parts) | Detection::And(parts) => {
            parts.iter_mut().for_each(|part| rewrite(part, met));
        }
        Detection::Keywords(values) => values.iter_mut().for_each(|value| keyword(value, met)),
        _ => {}
    }
}

fn keyword(value: &mut SigmaValue, met: &mut [usize; REASONS.len()]) {
    match value {
        SigmaValue::Integer(_) | SigmaValue::Float(_) => {
            *value = SigmaValue::String(SigmaString::from_raw(&value.to_string()));
            met[0] += 1;
        }
        SigmaValue::String(text) if text.contains_wildcards() => {
            *value = SigmaValue::String(SigmaString::new(&format!("*{}*", text.original)));
            met[1] += 1;
        }
        _ => {}
    }
}

fn rewrite_item(item: &mut DetectionItem, met: &mut [usize; REASONS.len()]) {
    if item.field.name.is_none() {
        item.values.iter_mut().for_each(|value| keyword(value, met));
        // Without `contains`, rsigma-eval asks for whole values.
        if !item.field.modifiers.contains(&Modifier::Re)
            && !item.field.modifiers.contains(&Modifier::Contains)
        {
            item.field.modifiers.push(Modifier::Contains);
        }
        return;
    }
    let has = |modifier| item.field.modifiers.contains(&modifier);
    let (start, end) = (has(Modifier::StartsWith), has(Modifier::EndsWith));
    let mixed = item
        .values
        .iter()
        .any(|value| matches!(value, SigmaValue::String(text) if text.contains_wildcards()));
    if (start || end) && mixed {
        for value in &mut item.values {
            if let SigmaValue::String(text) = value {
                let open = if start {
                    format!("{}*", text.original)
                } else {
                    format!("*{}", text.original)
                };
                *value = SigmaValue::String(SigmaString::new(&open));
            }
        }
        item.field
            .modifiers
            .retain(|modifier| !matches!(modifier, Modifier::StartsWith | Modifier::EndsWith));
        met[2] += 1;
    }
    if item.field.modifiers.is_empty() {
        for value in &mut item.values {
            if matches!(value, SigmaValue::String(text) if matches!(&*text.original, "" | "-")) {
                *value = SigmaValue::Null;
                met[3] += 1;
            }
        }
        if matches!(&item.values[..], [SigmaValue::String(text)] if text.original == "*") {
            item.field.modifiers.push(Modifier::Exists);
            item.values = vec![SigmaValue::Bool(true)];
            met[4] += 1;
        }
    }
}
