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
    /// It looks like CSV, and none of its columns is known.
    #[error("no column that is known in its first line; known are: {}", COLUMNS.join(", "))]
    Columns,
    /// An entry that looks like an address or network and is none.
    #[error("`{0}` is no address and no network in CIDR notation, such as 203.0.113.7 or 203.0.113.0/24")]
    Address(String),
    /// Nothing in it is an indicator that a web log could show.
    #[error(
        "no address, user agent or path in it; one a line, or CSV with a column `indicator`, or a STIX 2.1 bundle"
    )]
    Empty,
}

/// What a list holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// What web logs can show, each once.
    pub indicators: Vec<Indicator>,
    /// Entries of kinds that web logs do not show: domain names, hashes, mail addresses, paths of Windows.
    pub others: u64,
}

impl List {
    fn add_plain(&mut self, text: &str) -> Result<(), Error> {
        let indicator = plain(text);
        if matches!(indicator, Some(Indicator::UserAgent(_))) && is_address_like(&fanged(text)) {
            return Err(Error::Address(text.to_owned()));
        }
        self.add(indicator);
        Ok(())
    }

    fn add(&mut self, indicator: Option<Indicator>) {
        match indicator {
            Some(indicator) => self.indicators.push(indicator),
            None => self.others += 1,
        }
    }
}

/// Reads a list; its form is told from the content.
///
/// - STIX 2.1 (a JSON object): comparisons in `indicator` patterns and observed objects for `ipv4-addr`,
///   `ipv6-addr`, `url:value` and the user agent of `http-request-ext`.
/// - CSV, separated by commas, semicolons or tabs: columns named `indicator`, `value`, `ip`, `address`, `user_agent`, `path` or `url`.
/// - plain: one a line; empty lines and lines that start with `#` are left out.
///
/// An address or network is looked for in client addresses, a text that starts with `/` in URIs, a URL by its
/// path and query, anything else in user agents, unless it is of
/// a kind that web logs do not show: such entries are counted. Repeated entries count once; the order is that of the list.
pub fn parse(text: &str) -> Result<List, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = List::default();
    if text.trim_start().starts_with(['{', '[']) {
        let json: Value = serde_json::from_str(text).map_err(|error| Error::Json(error.to_string()))?;
        stix(&json, &mut found)?;
    } else if let Some(delimiter) = delimiter(text)? {
        csv(text, delimiter, &mut found)?;
    } else {
        entries(text).try_for_each(|line| found.add_plain(line))?;
    }
    let mut seen = std::collections::HashSet::new();
    found
        .indicators
        .retain(|indicator| seen.insert(indicator.clone()));
    if found.indicators.is_empty() {
        Err(Error::Empty)
    } else {
        Ok(found)
    }
}

const COLUMNS: &[&str] = &["indicator", "value", "ip", "address", "user_agent", "path", "url"];

/// The lines that are neither empty nor comments.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What separates the columns of CSV; `None`: a plain list.
fn delimiter(text: &str) -> Result<Option<u8>, Error> {
    let header = entries(text).next().unwrap_or_default();
    let cells = |delimiter: u8| {
        let cells = header.split(delimiter as char);
        cells.map(|cell| cell.trim().trim_matches('"'))
    };
    let separators = || {
        b",;\t"
            .iter()
            .copied()
            .filter(|one| header.contains(*one as char))
    };
    if let Some(delimiter) = separators().find(|one| cells(*one).any(|cell| column(cell).is_some())) {
        return Ok(Some(delimiter));
    }
    // User agents have separators too, but neither begin with an address nor consist of names alone.
    let name = |cell: &str| {
        cell.len() <= 40
            && cell
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
    };
    let is_table = |one: u8| {
        cells(one).all(name)
            || cells(one)
                .next()
                .is_some_and(|cell| address(&fanged(cell)).is_some())
    };
    if separators().any(is_table) {
        return Err(Error::Columns);
    }
    Ok(None)
}

fn column(name: &str) -> Option<&'static str> {
    COLUMNS
        .iter()
        .copied()
        .find(|column| column.eq_ignore_ascii_case(name.trim()))
}

fn csv(text: &str, delimiter: u8, found: &mut List) -> Result<(), Error> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .comment(Some(b'#'))
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
                Some("user_agent") => found.add(Some(Indicator::UserAgent(cell.to_owned()))),
                Some("path") => found.add(Some(Indicator::Path(cell.to_owned()))),
                Some(_) => found.add_plain(cell)?,
            }
        }
    }
    Ok(())
}

/// Lists are often written so that nobody follows a link by mistake: what such an entry means.
fn fanged(text: &str) -> String {
    text.replace("[.]", ".").replace("hxxp", "http")
}

fn address(fanged: &str) -> Option<Indicator> {
    let is_address = fanged.parse::<IpAddr>().is_ok() || fanged.parse::<IpNet>().is_ok();
    is_address.then(|| Indicator::Address(fanged.to_owned()))
}

/// Whether a text has nothing but what addresses and ranges of them have, and as many dots or colons.
fn is_address_like(text: &str) -> bool {
    let count = |wanted: char| text.chars().filter(|c| *c == wanted).count();
    let is_dotted = text.chars().all(|c| c.is_ascii_digit() || "./-: ".contains(c)) && count('.') >= 3;
    let is_grouped = text.chars().all(|c| c.is_ascii_hexdigit() || ".:/-".contains(c)) && count(':') >= 2;
    is_dotted || is_grouped
}

/// An entry by its form; `None`: web logs do not show such things.
fn plain(text: &str) -> Option<Indicator> {
    let fanged = fanged(text);
    if let Some(address) = address(&fanged) {
        return Some(address);
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
    if text.starts_with('/') {
        return Some(Indicator::Path(text.to_owned()));
    }
    (!is_elsewhere(&fanged)).then(|| Indicator::UserAgent(text.to_owned()))
}

/// Whether a text is a domain or file name, a mail address, a hash, or a path of Windows.
fn is_elsewhere(text: &str) -> bool {
    let is_hash =
        matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) && text.chars().all(|c| c.is_ascii_hexdigit());
    let is_mail = text.contains('@') && !text.contains(' ');
    let is_name = text.rsplit_once('.').is_some_and(|(rest, last)| {
        last.len() >= 2
            && last.chars().all(|c| c.is_ascii_alphabetic())
            && rest
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*'))
    });
    is_hash || is_mail || is_name || text.contains('\\')
}

fn stix(json: &Value, found: &mut List) -> Result<(), Error> {
    let objects = match json {
        Value::Array(objects) => objects.as_slice(),
        Value::Object(bundle) => match bundle.get("objects") {
            Some(Value::Array(objects)) => objects.as_slice(),
            _ => std::slice::from_ref(json),
        },
        _ => return Ok(()),
    };
    for object in objects {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        match text("type") {
            Some("indicator") => comparisons(text("pattern").unwrap_or_default(), found)?,
            Some("ipv4-addr" | "ipv6-addr" | "url") => {
                text("value")
                    .into_iter()
                    .try_for_each(|value| found.add_plain(value))?;
            }
            Some("domain-name" | "email-addr" | "file") => found.others += 1,
            _ => {}
        }
    }
    Ok(())
}

/// The comparisons of a STIX pattern that a web log can answer; how they are joined does not matter, since
/// each is looked for by itself.
fn comparisons(pattern: &str, found: &mut List) -> Result<(), Error> {
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
            found.add_plain(&value)?;
        } else if object
            .to_ascii_lowercase()
            .ends_with("request_header.'user-agent")
            || object.ends_with("User-Agent")
        {
            found.add(Some(Indicator::UserAgent(value)));
        } else if value.eq_ignore_ascii_case("user-agent") {
            // `http-request-ext.request_header.'User-Agent' = '...'`: the value is the next quoted text.
            let next = &after[1 + length..];
            if let Some(start) = next.find('\'')
                && let Some((agent, used)) = quoted(&next[start + 1..])
            {
                found.add(Some(Indicator::UserAgent(agent)));
                rest = &next[start + 1 + used..];
                continue;
            }
        } else if before.trim_end().ends_with(['=', 'E']) {
            // A comparison, `=` or `LIKE`, with something else; what is left are quoted parts of names.
            found.others += 1;
        }
        rest = &after[1 + length..];
    }
    Ok(())
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
            parse(list).unwrap().indicators,
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
            parse(list).unwrap().indicators,
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
            parse(list).unwrap().indicators,
            [
                address("203.0.113.7"),
                Indicator::Path("/x.aspx".into()),
                Indicator::UserAgent("it's me".into()),
                address("2001:db8::7"),
            ]
        );
    }

    #[test]
    fn semicolons_separate_too_and_unknown_columns_are_refused() {
        let list = "date;IP;note\n2021-08-12;203.0.113.7;seen, elsewhere\n";
        assert_eq!(parse(list).unwrap().indicators, [address("203.0.113.7")]);
        for list in ["type;what\nip;203.0.113.7\n", "203.0.113.7,seen\n"] {
            assert_eq!(parse(list), Err(Error::Columns), "{list}");
        }
        let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        assert_eq!(
            parse(agent).unwrap().indicators,
            [Indicator::UserAgent(agent.into())]
        );
    }

    #[test]
    fn what_web_logs_do_not_show_is_counted() {
        let list = "evil.example.org\nd41d8cd98f00b204e9800998ecf8427e\na@example.org\nC:\\x.aspx\nhttps://example.org/\n203.0.113.7\ncurl/7.1\nzgrab\n";
        let list = parse(list).unwrap();
        assert_eq!((list.indicators.len(), list.others), (3, 5));
        let list = r#"[{"type":"indicator","pattern":"[domain-name:value = 'a.example' OR file:hashes.'SHA-256' = 'ab' OR ipv4-addr:value = '203.0.113.7']"}]"#;
        let list = parse(list).unwrap();
        assert_eq!((list.indicators.len(), list.others), (1, 2));
    }

    #[test]
    fn what_holds_nothing_is_refused() {
        assert_eq!(parse("# nothing\n"), Err(Error::Empty));
        for wrong in [
            "203.0.113.999",
            "198.51.100.0/33",
            "198.51.100.1-198.51.100.9",
            "2001:db8::/129",
            "2001:db8::1::2",
        ] {
            let lists = [
                format!("203.0.113.7\n{wrong}\n"),
                format!("ip,note\n{wrong},seen\n"),
                format!(r#"{{"type":"ipv4-addr","value":"{wrong}"}}"#),
                format!(r#"{{"type":"indicator","pattern":"[ipv4-addr:value = '{wrong}']"}}"#),
            ];
            for list in lists {
                assert_eq!(parse(&list), Err(Error::Address(wrong.to_owned())), "{list}");
            }
        }
        assert!(parse("Mozilla/5.0 (X11; 1.2.3.4)\n1.2\n").is_ok());
        assert!(matches!(parse("{ not json"), Err(Error::Json(_))));
    }
}
