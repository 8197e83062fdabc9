//! Colours of pages can be told apart: contrast as WCAG 2.2 measures it (1.4.3, 1.4.11).
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

const CSS: &str = include_str!("../src/html/report.css");

/// Text, and what it stands on: 4.5 at least.
const TEXT: [(&str, &str); 17] = [
    ("ink", "paper"),
    ("ink", "card"),
    ("soft", "paper"),
    ("soft", "card"),
    ("soft", "track"),
    ("cover", "paper"),
    ("warn", "paper"),
    ("warn", "card"),
    ("good", "good-bg"),
    ("warn", "warn-bg"),
    ("bad", "bad-bg"),
    ("unpatched", "unpatched-bg"),
    ("cover", "cover-bg"),
    ("good", "card"),
    ("bad", "card"),
    ("unpatched", "card"),
    ("cover", "card"),
];
/// What bars are filled with, on a card: 3 at least.
const BARS: [&str; 7] = ["good", "cover", "unclear", "warn", "bad", "unpatched", "filtered"];

/// Colours of the sheet: by day, in the dark, on paper. The later two take the place of the first's.
fn themes() -> [BTreeMap<&'static str, &'static str>; 3] {
    let mut themes = [(); 3].map(|()| BTreeMap::new());
    for (place, block) in CSS.split(":root{").skip(1).enumerate() {
        let colours = block.split('}').next().unwrap().split(';');
        let colours = colours.filter_map(|rule| rule.trim().strip_prefix("--")?.split_once(':'));
        for (name, colour) in colours {
            let theme = themes.iter_mut().enumerate();
            let takes = theme.filter(|(other, _)| *other == place || place == 0);
            takes.for_each(|(_, theme)| {
                theme.insert(name, colour);
            });
        }
    }
    themes
}

fn luminance(colour: &str) -> f64 {
    let digits: Vec<u32> = colour[1..]
        .chars()
        .map(|digit| digit.to_digit(16).unwrap())
        .collect();
    let linear = |part: usize| {
        let value = match digits.len() {
            3 => digits[part] * 17,
            _ => digits[2 * part] * 16 + digits[2 * part + 1],
        };
        let value = f64::from(value) / 255.0;
        match value <= 0.04045 {
            true => value / 12.92,
            false => ((value + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * linear(0) + 0.7152 * linear(1) + 0.0722 * linear(2)
}

fn contrast(one: &str, another: &str) -> f64 {
    let (one, another) = (luminance(one), luminance(another));
    (one.max(another) + 0.05) / (one.min(another) + 0.05)
}

#[test]
fn text_and_bars_stand_out() {
    for (place, theme) in themes().iter().enumerate() {
        let bars = BARS.iter().map(|bar| (*bar, "card", 3.0));
        for (on, ground, least) in TEXT.iter().map(|(on, ground)| (*on, *ground, 4.5)).chain(bars) {
            let contrast = contrast(theme[on], theme[ground]);
            assert!(
                contrast >= least,
                "theme {place}: {on} on {ground}: {contrast:.2}"
            );
        }
    }
}
