//! Pages with slots.

use std::borrow::Cow;

/// A page with slots (`{{name}}`), taken apart once: pages are filled in for every request.
#[derive(Debug)]
pub(super) struct Template {
    /// Text, and the slot behind it.
    parts: Vec<(String, String)>,
    rest: String,
}

impl Template {
    /// Takes a page apart.
    pub fn new(text: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{")
            && let Some((slot, behind)) = after.split_once("}}")
        {
            parts.push((before.to_owned(), slot.to_owned()));
            rest = behind;
        }
        Self {
            parts,
            rest: rest.to_owned(),
        }
    }

    /// The page with its slots filled. Nothing filled in is taken for a slot.
    pub fn fill<'v>(&self, mut value: impl FnMut(&str) -> Cow<'v, str>) -> String {
        let mut filled = String::with_capacity(32 * 1024);
        for (before, slot) in &self.parts {
            filled.push_str(before);
            filled.push_str(&value(slot));
        }
        filled.push_str(&self.rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_once_and_halves_of_slots_stay() {
        for (text, filled) in [
            ("", ""),
            ("a", "a"),
            ("{{x}}", "{{y}}"),
            ("a{{x}}b{{x}}", "a{{y}}b{{y}}"),
            ("a{{x", "a{{x"),
            ("a{{x}}b{{", "a{{y}}b{{"),
        ] {
            assert_eq!(Template::new(text).fill(|_| Cow::Borrowed("{{y}}")), filled);
        }
    }
}
