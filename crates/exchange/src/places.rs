use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::table::{self, TableError};

const NAME: &str = "virtual_directories.csv";

/// Where public incident reports found webshells: directories below which only the listed files belong.
///
/// `aspnet_client` holds no script at all. `owa/auth` includes `Current/themes/resources` and the versioned
/// directories beside it. A script directly in the web root (`/x.aspx`) counts too. Sources: Microsoft,
/// "HAFNIUM targeting Exchange Servers" (2021-03-02); CERT.LV on ProxyShell (2021-08).
const WRITABLE: [&[&str]; 3] = [&["aspnet_client"], &["owa", "auth"], &["ecp", "auth"]];

#[derive(Deserialize)]
struct Row {
    name: String,
}

fn directories() -> &'static BTreeMap<String, String> {
    static TABLE: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    TABLE.get_or_init(|| table::embedded(parse(include_str!("../../../data/virtual_directories.csv"))))
}

/// Names by their lower-case form.
fn parse(text: &str) -> Result<BTreeMap<String, String>, TableError> {
    let mut all = BTreeMap::new();
    for (line, row) in table::rows::<Row>(NAME, text)? {
        let wrong = |what: String| TableError::new(NAME, line, what);
        if row.name.is_empty() || row.name.contains('/') {
            return Err(wrong(format!("`{}` is no first path segment", row.name)));
        }
        if let Some(twice) = all.insert(row.name.to_ascii_lowercase(), row.name) {
            return Err(wrong(format!("{twice} is there twice")));
        }
    }
    Ok(all)
}

/// The virtual directory that a path lies in, as Exchange writes it: `Autodiscover`, `ecp`, `EWS`,
/// `mapi`, `Microsoft-Server-ActiveSync`, `OAB`, `owa`, `PowerShell`, `Rpc`, `aspnet_client`, ...; `/` for the
/// root itself. Letter case does not count. `None` where the path lies in none of them.
pub fn virtual_directory(uri_stem: &str) -> Option<&'static str> {
    let stem = decoded(uri_stem);
    let Some(first) = segments(&stem).next() else {
        return stem.starts_with('/').then_some("/");
    };
    directories().get(&first.to_ascii_lowercase()).map(String::as_str)
}

/// Whether a path lies where attackers have put webshells: below `aspnet_client`, `owa/auth` or `ecp/auth`, or
/// directly in the web root.
pub fn is_writable_place(uri_stem: &str) -> bool {
    let stem = decoded(uri_stem);
    let begins = |place: &&[&str]| {
        let mut path = segments(&stem);
        place.iter().all(|part| {
            path.next()
                .is_some_and(|segment| segment.eq_ignore_ascii_case(part))
        })
    };
    let in_root = segments(&stem).nth(1).is_none() && segments(&stem).any(|name| name.contains('.'));
    in_root || WRITABLE.iter().any(begins)
}

/// The segments of a path; empty ones, as in `//owa///auth`, do not count.
pub(crate) fn segments(uri_stem: &str) -> impl Iterator<Item = &str> {
    uri_stem.split(['/', '\\']).filter(|segment| !segment.is_empty())
}

/// The path with percent-encoding undone once, and without the query that some log columns append.
pub(crate) fn decoded(uri_stem: &str) -> String {
    let path = uri_stem.split('?').next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = if let [high, low, ..] = tail {
            hex(*high).zip(hex(*low))
        } else {
            None
        };
        match (first, escape) {
            (b'%', Some((high, low))) => {
                bytes.push(high << 4 | low);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn finds_virtual_directories() {
        assert_eq!(
            virtual_directory("/autodiscover/autodiscover.json"),
            Some("Autodiscover")
        );
        assert_eq!(virtual_directory("/OWA"), Some("owa"));
        assert_eq!(virtual_directory("//ews/exchange.asmx"), Some("EWS"));
        assert_eq!(
            virtual_directory("/Microsoft-Server-ActiveSync/default.eas"),
            Some("Microsoft-Server-ActiveSync")
        );
        assert_eq!(
            virtual_directory("/aspnet_client/system_web/"),
            Some("aspnet_client")
        );
        assert_eq!(virtual_directory("/%45WS/x"), Some("EWS"));
        assert_eq!(virtual_directory("/"), Some("/"));
        assert_eq!(virtual_directory(""), None);
        assert_eq!(virtual_directory("*"), None);
        assert_eq!(virtual_directory("/owaa/"), None);
    }

    #[test]
    fn knows_writable_places() {
        for path in [
            "/aspnet_client/x.aspx",
            "/OWA/auth/x.aspx",
            "/owa/auth/Current/themes/resources/x.aspx",
            "/ecp//auth/x.aspx",
            "/%6fwa%2Fauth/x.aspx",
            "/x.aspx",
        ] {
            assert!(is_writable_place(path), "{path}");
        }
        for path in ["/", "/owa/", "/owa/default.aspx", "/ecp/authx/y.aspx", "/owa", ""] {
            assert!(!is_writable_place(path), "{path}");
        }
    }

    #[test]
    fn refuses_a_table_with_faults() {
        assert!(parse("name\nowa\nOWA\n").is_err());
        assert!(parse("name\nowa/auth\n").is_err());
    }
}
