#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn numbers_times_and_plurals_follow_the_language() {
    let (en, de) = (Texts::new(Language::En), Texts::new(Language::De));
    assert_eq!(en.number(1_234_567), "1,234,567");
    assert_eq!(de.number(1_234_567), "1.234.567");
    assert_eq!(de.bytes(1_250_000), "1,2 MB");
    assert_eq!(en.bytes(999_999), "1.0 MB");
    assert_eq!(
        en.say_with("chart-requests", [("count", 1u64.into())]),
        "1 request"
    );
    assert_eq!(
        de.say_with("chart-requests", [("count", 12_345u64.into())]),
        "12.345 Anfragen"
    );
    assert_eq!(de.duration(SignedDuration::from_hours(49)), "2 d 1 h");
}

#[test]
fn languages_are_read_from_tags_and_locales() {
    assert_eq!("de_DE.UTF-8".parse(), Ok(Language::De));
    assert_eq!("EN".parse(), Ok(Language::En));
    assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
}
