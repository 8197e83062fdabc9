//! Lists of indicators: plain, CSV, STIX 2.1.

use std::net::IpAddr;

use imker_sigma::Indicator;
use ipnet::IpNet;
use serde_json::Value;

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It looks like JSON and is none.
    #[error("not valid JSON: {0}")]
    Json(String),
    /// It looks like CSV and is none.
    #[error("not valid CSV: {0}")]
    Csv(String),
    /// Nothing in it is an indicator that a web log could show.
    #[error(
        "no address, user agent or path in it; one a line, or CSV with a column `indicator`, or a STIX 2.1 bundle"
    )]
    Empty,
}

/// Reads a list; its form is told from the content.
///
/// - STIX 2.1 (a JSON object): comparisons in `indicator` patterns and observed objects for `ipv4-addr`,
///   `ipv6-addr`, `url:value` and the user agent of `http-request-ext`.
/// - CSV: columns named `indicator`, `value`, `ip`, `address`, `user_agent`, `path` or `url`.
/// - plain: one a line; empty lines and lines that start with `#` are left out.
///
/// An address or network is looked for in client addresses, a text that starts with `/` in URIs, a URL by its
/// path and query, anything else in user agents. Repeated entries count once; the order is that of the list.
pub fn parse(text: &str) -> Result<Vec<Indicator>, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Vec::new();
    if text.trim_start().starts_with(['{', '[']) {
        let json: Value = serde_json::from_str(text).map_err(|error| Error::Json(error.to_string()))?;
        stix(&json, &mut found);
    } else if is_csv(text) {
        csv(text, &mut found)?;
    } else {
        found.extend(text.lines().filter_map(plain));
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|indicator| seen.insert(indicator.clone()));
    if found.is_empty() {
        Err(Error::Empty)
    } else {
        Ok(found)
    }
}

const COLUMNS: &[&str] = &["indicator", "value", "ip", "address", "user_agent", "path", "url"];

fn is_csv(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    header.contains(',')
        && header
            .split(',')
            .any(|name| column(name.trim_matches('"')).is_some())
}

fn column(name: &str) -> Option<&'static str> {
    COLUMNS
        .iter()
        .copied()
        .find(|column| column.eq_ignore_ascii_case(name.trim()))
}

fn csv(text: &str, found: &mut Vec<Indicator>) -> Result<(), Error> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let wrong = |error: csv::Error| Error::Csv(error.to_string());
    let header = reader.headers().map_err(wrong)?.clone();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        for (name, cell) in header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            match column(name) {
                None => {}
                Some("user_agent") => found.push(Indicator::UserAgent(cell.to_owned())),
                Some("path") => found.push(Indicator::Path(cell.to_owned())),
                Some(_) => found.extend(plain(cell)),
            }
        }
    }
    Ok(())
}

fn plain(line: &str) -> Option<Indicator> {
    let text = line.trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    // Lists are often written so that nobody follows a link by mistake.
    let fanged = text.replace("[.]", ".").replace("hxxp", "http");
    if fanged.parse::<IpAddr>().is_ok() || fanged.parse::<IpNet>().is_ok() {
        return Some(Indicator::Address(fanged));
    }
    for scheme in ["http://", "https://"] {
        if let Some(rest) = fanged.strip_prefix(scheme) {
            let path = rest
                .find('/')
                .map(|at| &rest[at..])
                .filter(|path| path.len() > 1)?;
            return Some(Indicator::Path(path.to_owned()));
        }
    }
    Some(if text.starts_with('/') {
        Indicator::Path(text.to_owned())
    } else {
        Indicator::UserAgent(text.to_owned())
    })
}

fn stix(json: &Value, found: &mut Vec<Indicator>) {
    let objects = match json {
        Value::Array(objects) => objects.as_slice(),
        Value::Object(bundle) => match bundle.get("objects") {
            Some(Value::Array(objects)) => objects.as_slice(),
            _ => std::slice::from_ref(json),
        },
        _ => return,
    };
    for object in objects {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        match text("type") {
            Some("indicator") => found.extend(text("pattern").into_iter().flat_map(comparisons)),
            Some("ipv4-addr" | "ipv6-addr" | "url") => found.extend(text("value").and_then(plain)),
            _ => {}
        }
    }
}

/// The comparisons of a STIX pattern that a web log can answer; how they are joined does not matter, since
/// each is looked for by itself.
fn comparisons(pattern: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut rest = pattern;
    while let Some(open) = rest.find('\'') {
        let (before, after) = rest.split_at(open);
        let Some((value, length)) = quoted(&after[1..]) else {
            break;
        };
        let object = before
            .trim_end()
            .trim_end_matches(['=', ' '])
            .trim_end_matches("LIKE")
            .trim_end();
        if object.ends_with("addr:value") || object.ends_with("url:value") {
            found.extend(plain(&value));
        } else if object
            .to_ascii_lowercase()
            .ends_with("request_header.'user-agent")
            || object.ends_with("User-Agent")
        {
            found.push(Indicator::UserAgent(value));
        } else if value.eq_ignore_ascii_case("user-agent") {
            // `http-request-ext.request_header.'User-Agent' = '...'`: the value is the next quoted text.
            let next = &after[1 + length..];
            if let Some(start) = next.find('\'')
                && let Some((agent, used)) = quoted(&next[start + 1..])
            {
                found.push(Indicator::UserAgent(agent));
                rest = &next[start + 1 + used..];
                continue;
            }
        }
        rest = &after[1 + length..];
    }
    found
}

/// The text up to the closing quote, backslash escapes resolved, and how many bytes it and the quote take.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return Some((value, at + 1)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn address(text: &str) -> Indicator {
        Indicator::Address(text.into())
    }

    #[test]
    fn a_plain_list_is_told_apart_by_form() {
        let list = "# seen elsewhere\n203.0.113.7\n203.0.113[.]7\n\n198.51.100.0/24\n/aspnet_client/x.aspx\r\n\
                    hxxps://mail.example.org/owa/auth/y.aspx\npython-requests/2.25\n";
        assert_eq!(
            parse(list).unwrap(),
            [
                address("203.0.113.7"),
                address("198.51.100.0/24"),
                Indicator::Path("/aspnet_client/x.aspx".into()),
                Indicator::Path("/owa/auth/y.aspx".into()),
                Indicator::UserAgent("python-requests/2.25".into()),
            ]
        );
    }

    #[test]
    fn csv_columns_are_found_by_name() {
        let list = "first_seen,ip,user_agent\n2021-08-12,203.0.113.7,\"agent, with \"\"comma\"\"\"\n";
        assert_eq!(
            parse(list).unwrap(),
            [
                address("203.0.113.7"),
                Indicator::UserAgent("agent, with \"comma\"".into())
            ]
        );
    }

    #[test]
    fn stix_patterns_and_objects_are_read() {
        let list = r#"{"type":"bundle","objects":[
            {"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.7' OR url:value = 'https://a.example/x.aspx']"},
            {"type":"indicator","pattern":"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'it\\'s me']"},
            {"type":"ipv6-addr","value":"2001:db8::7"}]}"#;
        assert_eq!(
            parse(list).unwrap(),
            [
                address("203.0.113.7"),
                Indicator::Path("/x.aspx".into()),
                Indicator::UserAgent("it's me".into()),
                address("2001:db8::7"),
            ]
        );
    }

    #[test]
    fn what_holds_nothing_is_refused() {
        assert_eq!(parse("# nothing\n"), Err(Error::Empty));
        assert!(matches!(parse("{ not json"), Err(Error::Json(_))));
    }
}
