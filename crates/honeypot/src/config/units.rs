//! Sizes, spans of time, and peers.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// `16K`, `10G`, `512 MiB`: powers of 1024; a number alone is bytes.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Size;

    impl Visitor<'_> for Size {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a size such as 16K, 64M or 10G")
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<u64, E> {
            u64::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
            parse_size(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Size)
}

fn parse_size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let shift = match unit.trim_start() {
        "" | "B" => 0,
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        "T" | "TiB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// `120s`, `15m`, `90d`, `1h 30m`: above zero; a day is 24 hours.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    struct Time;

    impl Visitor<'_> for Time {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a span of time such as 120s, 15m or 90d")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
            parse_duration(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Time)
}

/// The same where the key may be missing.
pub(super) fn some_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| !duration.is_zero())
}

/// A value of its own of [`size`].
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Bytes(#[serde(deserialize_with = "size")] pub u64);

/// A value of its own of [`duration`].
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Time(#[serde(deserialize_with = "duration")] pub Duration);

/// A host and a port: `logs.example.org:6514`, `[2001:db8::5]:6514`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Endpoint {
    pub host: String,
    pub port: u16,
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let endpoint = match text.parse::<SocketAddr>() {
            Ok(socket) => Some((socket.ip().to_string(), socket.port())),
            Err(_) => text.rsplit_once(':').and_then(|(host, port)| {
                let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
                let is_name = !host.is_empty() && host.chars().all(good);
                Some((host.to_owned(), port.parse().ok()?)).filter(|_| is_name)
            }),
        };
        match endpoint {
            Some((host, port @ 1..)) => Ok(Self { host, port }),
            _ => Err(format!(
                "`{}` is not a host with a port, such as logs.example.org:6514",
                text.escape_debug()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("16K", 16 << 10),
            ("64 MiB", 64 << 20),
            ("10G", 10 << 30),
            ("1T", 1 << 40),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "G", "-1K", "1k", "1.5G", "99999999999T", "1 G B"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn spans_of_time_are_above_zero() {
        for (text, seconds) in [
            ("120s", 120),
            ("15m", 900),
            ("90d", 90 * 86_400),
            ("1h 30m", 5400),
            ("2w", 1_209_600),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0s", "-3h", "soon", "90", "1 month"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
