//! What is typed as a time, a duration, a size, a network or a language.

use std::net::IpAddr;

use imker_report::Language;
use ipnet::IpNet;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use crate::args::Lang;

/// `--lang`, else the language of the environment (POSIX locale variables), else English.
pub fn language(lang: Option<Lang>) -> Language {
    match lang {
        Some(Lang::De) => return Language::De,
        Some(Lang::En) => return Language::En,
        None => {}
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    locale.and_then(|locale| locale.parse().ok()).unwrap_or_default()
}

/// A date (midnight UTC), a time with offset, a time without one (UTC), or a span back from now.
pub fn time(option: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    // A date alone is its midnight.
    if let Ok(time) = text.parse::<DateTime>() {
        return TimeZone::UTC
            .to_timestamp(time)
            .into_diagnostic()
            .wrap_err_with(|| format!("{option} {text}"));
    }
    if let Ok(span) = text.parse::<Span>() {
        let zoned = now.to_zoned_datetime(TimeZone::UTC);
        return zoned
            .checked_sub(span.abs())
            .map(|zoned| zoned.timestamp())
            .into_diagnostic()
            .wrap_err_with(|| format!("{option} {text}"));
    }
    Err(miette!(
        help = "a date (2021-08-12), a time (2021-08-12T10:00Z) or a span up to now (7d, 12h)",
        "{option} {text}: not a time"
    ))
}

/// `--since` and `--until`; a stretch of time that can hold nothing is refused.
pub fn stretch(
    since: Option<&str>,
    until: Option<&str>,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let since = since.map(|text| time("--since", text, now)).transpose()?;
    let until = until.map(|text| time("--until", text, now)).transpose()?;
    match (since, until) {
        (Some(since), Some(until)) if since >= until => Err(miette!(
            help = "both are times, or spans back from now: --since 14d --until 7d is the week before last",
            "--since {since} is not before --until {until}"
        )),
        _ => Ok((since, until)),
    }
}

/// A duration above zero, as in `24h`.
pub fn duration(option: &str, text: &str) -> Result<SignedDuration> {
    let wrong = || {
        miette!(
            help = "as in 24h or 90m",
            "{option} {text}: not a duration above zero"
        )
    };
    let span: Span = text.parse().map_err(|_| wrong())?;
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(day).map_err(|_| wrong())?;
    if duration.is_positive() {
        Ok(duration)
    } else {
        Err(wrong())
    }
}

/// `64G`: powers of 1024.
pub fn size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let shift = match unit
        .to_ascii_uppercase()
        .trim_end_matches("IB")
        .trim_end_matches('B')
    {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A network in CIDR notation, or an address.
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| {
        text.parse::<IpAddr>()
            .ok()
            .map(|address| address.to_canonical().into())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn times_are_dates_instants_or_spans() {
        let now: Timestamp = "2021-08-12T10:00:00Z".parse().unwrap();
        let read = |text| time("--since", text, now).unwrap().to_string();
        assert_eq!(read("2021-08-01"), "2021-08-01T00:00:00Z");
        assert_eq!(read("2021-08-01T12:30"), "2021-08-01T12:30:00Z");
        assert_eq!(read("2021-08-01T12:30+02:00"), "2021-08-01T10:30:00Z");
        assert_eq!(read("7d"), "2021-08-05T10:00:00Z");
        assert!(time("--since", "yesterday", now).is_err());
    }

    #[test]
    fn a_stretch_that_holds_nothing_is_refused() {
        let now: Timestamp = "2021-08-12T10:00:00Z".parse().unwrap();
        let told = |since, until| stretch(Some(since), until, now).map_err(|error| error.to_string());
        assert!(told("14d", Some("7d")).is_ok());
        assert!(told("7d", None).is_ok());
        for (since, until, expected) in [
            ("7d", Some("7d"), "not before"),
            ("7d", Some("14d"), "not before"),
        ] {
            assert!(told(since, until).unwrap_err().contains(expected));
        }
        assert!(told("19000y", None).unwrap_err().contains("--since"));
    }

    #[test]
    fn durations_are_positive() {
        assert_eq!(duration("--gap", "24h").unwrap(), SignedDuration::from_hours(24));
        assert_eq!(duration("--gap", "2d").unwrap(), SignedDuration::from_hours(48));
        assert!(duration("--gap", "0h").is_err());
        assert!(duration("--gap", "-3h").is_err());
        assert!(duration("--gap", "soon").is_err());
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("12"), Some(12));
        assert_eq!(size("64G"), Some(64 << 30));
        assert_eq!(size("1KiB"), Some(1024));
        assert_eq!(size("many"), None);
        assert_eq!(size("99999999999T"), None);
    }
}
