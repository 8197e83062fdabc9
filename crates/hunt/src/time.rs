//! Times as logs write them, fast: `2021-08-12`, `10:15:00`, `2021-08-12T10:15:00.123Z`, always UTC.

use jiff::Timestamp;
use jiff::civil::Date;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) type Millis = i64;

/// A day in milliseconds.
pub(crate) const DAY: Millis = 86_400_000;
/// An hour in milliseconds.
pub(crate) const HOUR: Millis = 3_600_000;

/// The start of the day in `2021-08-12`.
pub(crate) fn date(text: &[u8]) -> Option<Millis> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else {
        return None;
    };
    let year = digits(&[y1, y2, y3, y4])?;
    let month = digits(&[m1, m2])?;
    let day = digits(&[d1, d2])?;
    if !(1..=9998).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=month_length(year, month)).contains(&day)
    {
        return None;
    }
    Some(days_from_civil(year, month, day) * DAY)
}

/// The time since midnight in `10:15:00` or `10:15:00.123`.
pub(crate) fn time_of_day(text: &[u8]) -> Option<Millis> {
    let (whole, fraction) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *whole else {
        return None;
    };
    let (hours, minutes, seconds) = (digits(&[h1, h2])?, digits(&[m1, m2])?, digits(&[s1, s2])?);
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let millis = match fraction {
        [] => 0,
        [b'.', rest @ ..] if !rest.is_empty() && rest.len() <= 9 => {
            digits(rest)?;
            let mut three = [b'0'; 3];
            let kept = rest.len().min(3);
            three[..kept].copy_from_slice(&rest[..kept]);
            digits(&three)?
        }
        _ => return None,
    };
    Some(((hours * 60 + minutes) * 60 + seconds.min(59)) * 1000 + millis)
}

/// The instant in `2021-08-12T10:15:00.123Z`; a blank may stand for `T`, and `Z` may be missing.
pub(crate) fn date_time(text: &[u8]) -> Option<Millis> {
    let (day, rest) = text.split_at_checked(10)?;
    let (b'T' | b' ', rest) = rest.split_first()? else {
        return None;
    };
    let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
    Some(date(day)? + time_of_day(rest)?)
}

/// As the records carry it.
pub(crate) fn timestamp(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The UTC day with this number since 1970-01-01.
pub(crate) fn day(number: i32) -> Date {
    jiff::tz::Offset::UTC
        .to_datetime(timestamp(i64::from(number) * DAY))
        .date()
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, years counted from March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_forms_that_logs_use() {
        let expected: Timestamp = "2021-08-12T10:15:00.120Z".parse().unwrap();
        for text in [
            "2021-08-12T10:15:00.120Z",
            "2021-08-12T10:15:00.12Z",
            "2021-08-12 10:15:00.1200",
        ] {
            assert_eq!(
                date_time(text.as_bytes()),
                Some(expected.as_millisecond()),
                "{text}"
            );
        }
        for text in [
            "",
            "2021-13-12T10:15:00Z",
            "2021-02-29T10:15:00Z",
            "2021-08-12T24:15:00Z",
            "2021-08-12",
            "DateTime",
        ] {
            assert_eq!(date_time(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(seconds in -60_000_000_000_i64..250_000_000_000) {
            let expected = Timestamp::from_second(seconds).unwrap();
            prop_assert_eq!(date_time(expected.to_string().as_bytes()), Some(seconds * 1000));
            prop_assert_eq!(timestamp(seconds * 1000), expected);
        }
    }
}
