//! What a path tells: server, site, and the folder that holds one server's logs.
//!
//! A server is named by the folder above the usual ones of its logs, such as `LogFiles` or `W3SVC1`, or by the folder
//! that a log lies in below the given one. The name is always part of the path as the user wrote it or found below that,
//! never of the working directory; and a folder whose name is a common one, such as `logs` or `iis`, names no server:
//! `logs/W3SVC1/u.log` tells none, `EX01/W3SVC1/u.log` and `EX01/logs/W3SVC1/u.log` tell `EX01`.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Folders that logs lie in on a server, lower case; `W3SVC1` and its kin besides.
const STRUCTURE: [&str; 5] = ["logfiles", "httperr", "httpproxy", "logging", "inetpub"];

/// Folders around these that name no server either.
const AROUND: [&str; 14] = [
    "logs",
    "log",
    "iis",
    "iislogs",
    "exchange",
    "v14",
    "v15",
    "exchange server",
    "exchangeserver",
    "microsoft",
    "program files",
    "windows",
    "system32",
    "root",
];

/// What the place of a log tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LogPlace {
    /// The folder above the usual folders of one server's logs.
    pub(crate) root: Arc<str>,
    /// Whether such folders were there.
    pub(crate) structured: bool,
    /// The server, as that folder is named.
    pub(crate) name: Option<Arc<str>>,
    /// `W3SVC1`, upper case, or the folder below `HttpProxy`.
    pub(crate) source: Option<Arc<str>>,
}

/// A folder and the place of logs in it, which is the same for all of them.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    given: PathBuf,
    place: LogPlace,
}

impl Folder {
    /// The place of a file found below `given`; `last` is the folder of the file before.
    pub(crate) fn place(last: &mut Option<Self>, file: &Path, given: &Path) -> LogPlace {
        let path = file.parent().unwrap_or(file);
        match last {
            Some(known) if known.path == path && known.given == given => known.place.clone(),
            _ => {
                let place = LogPlace::of(file, None, given);
                *last = Some(Self {
                    path: path.to_owned(),
                    given: given.to_owned(),
                    place: place.clone(),
                });
                place
            }
        }
    }
}

impl LogPlace {
    /// Reads the place of a file found below `given`, or of `member` in it. A member whose own path tells nothing lies
    /// where its archive does.
    pub(crate) fn of(file: &Path, member: Option<&str>, given: &Path) -> Self {
        let place = Self::read(file, member, given);
        let Some(member) = member.filter(|_| !place.structured && place.name.is_none()) else {
            return place;
        };
        let around = Self::of(file, member.rsplit_once('!').map(|(around, _)| around), given);
        if around.structured || around.name.is_some() {
            Self {
                source: place.source.or(around.source),
                ..around
            }
        } else {
            place
        }
    }

    fn read(file: &Path, member: Option<&str>, given: &Path) -> Self {
        let mut parts = parts_of(file);
        let working_directory = parts.len().saturating_sub(named_parts(file).count());
        // The parts that are archives.
        let mut archives = Vec::new();
        for inner in member.into_iter().flat_map(|member| member.split('!')) {
            if let Some(archive) = parts.last_mut() {
                strip_extensions(archive);
                archives.push(parts.len());
            }
            let inner = inner
                .split(['/', '\\'])
                .filter(|part| !part.is_empty() && *part != ".");
            parts.extend(inner.map(str::to_owned));
        }
        parts.pop();
        let source = source(&parts);
        let mut structured = false;
        while let Some(last) = parts.last() {
            let lower = last.to_ascii_lowercase();
            let below_proxy = parts.len() >= 2 && parts[parts.len() - 2].eq_ignore_ascii_case("HttpProxy");
            if STRUCTURE.contains(&&*lower) || is_site(&lower) || below_proxy {
                structured = true;
            } else if !AROUND.contains(&&*lower) && !is_drive(&lower) {
                break;
            }
            parts.pop();
        }
        let below = parts.len() > parts_of(given).len();
        let is_archive = archives.contains(&parts.len());
        let name = parts
            .last()
            .filter(|name| {
                parts.len() > working_directory && (structured || (below && !is_archive)) && is_name(name)
            })
            .map(|name| Arc::from(&**name));
        Self {
            root: parts.join("/").into(),
            structured,
            name,
            source,
        }
    }
}

/// The components of a path made absolute.
fn parts_of(path: &Path) -> Vec<String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    named_parts(&path)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect()
}

/// The components of a path as written.
fn named_parts(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components()
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
}

fn source(parts: &[String]) -> Option<Arc<str>> {
    if let Some(site) = parts.iter().rev().find(|part| is_site(part)) {
        return Some(site.to_ascii_uppercase().into());
    }
    let proxy = parts
        .iter()
        .rposition(|part| part.eq_ignore_ascii_case("HttpProxy"))?;
    parts.get(proxy + 1).map(|part| Arc::from(&**part))
}

/// Whether this names a site of IIS, letter case aside.
pub(crate) fn is_site(name: &str) -> bool {
    name.split_at_checked(5).is_some_and(|(kind, number)| {
        kind.eq_ignore_ascii_case("w3svc")
            && (1..=9).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_drive(lower: &str) -> bool {
    let letter = lower.trim_end_matches(['$', ':', '\\', '_']);
    // `a` and `b` were floppy disks'.
    letter.len() == 1 && letter.bytes().all(|byte| matches!(byte, b'c'..=b'z'))
}

fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.len() <= 100
        && !name.starts_with('.')
        && name.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !["u_ex", "httperr", "httpproxy"]
            .iter()
            .any(|start| lower.starts_with(start))
}

fn strip_extensions(name: &mut String) {
    for extension in [".gz", ".zst", ".tar", ".tgz", ".zip"] {
        if name.to_ascii_lowercase().ends_with(extension) {
            name.truncate(name.len() - extension.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, member: Option<&str>, given: &str) -> (Option<Arc<str>>, Option<Arc<str>>, bool) {
        let place = LogPlace::of(Path::new(file), member, Path::new(given));
        (place.name, place.source, place.structured)
    }

    #[test]
    fn the_folder_above_the_usual_ones_names_the_server() {
        let some = |text: &str| Some(Arc::from(text));
        for (file, member, given, expected) in [
            (
                "/e/EX01/W3SVC1/u_ex210812.log",
                None,
                "/e",
                (some("EX01"), some("W3SVC1"), true),
            ),
            (
                "/e/EX01/C/inetpub/logs/LogFiles/w3svc2/u.log",
                None,
                "/e",
                (some("EX01"), some("W3SVC2"), true),
            ),
            (
                "/e/EX01/V15/Logging/HttpProxy/Autodiscover/HttpProxy_2021081210-1.LOG",
                None,
                "/e",
                (some("EX01"), some("Autodiscover"), true),
            ),
            (
                "/e/EX01/LogFiles/HTTPERR/httperr1.log",
                None,
                "/e/EX01",
                (some("EX01"), None, true),
            ),
            ("/e/EX01/u_ex210812.log", None, "/e", (some("EX01"), None, false)),
            ("/e/x.log", None, "/e", (None, None, false)),
            ("/e/2021-08/x.log", None, "/e", (None, None, false)),
            (
                "/e/EX02.zip",
                Some("C/inetpub/logs/LogFiles/W3SVC1/u.log"),
                "/e/EX02.zip",
                (some("EX02"), some("W3SVC1"), true),
            ),
            ("/e/u_ex21.zip", Some("u_ex21.log"), "/e", (None, None, false)),
            (
                "/e/EX02/inetpub/logs/LogFiles/W3SVC1/u_ex21.zip",
                Some("u_ex21.log"),
                "/e",
                (some("EX02"), some("W3SVC1"), true),
            ),
            (
                "/e/EX02/LogFiles/W3SVC2/old.zip",
                Some("2021.tar.gz!u_ex21.log"),
                "/e",
                (some("EX02"), some("W3SVC2"), true),
            ),
            (
                "/e/EX02/u_ex21.zip",
                Some("u_ex21.log"),
                "/e",
                (some("EX02"), None, false),
            ),
            (
                "/e/all.zip",
                Some("inner.tar.gz!u.log"),
                "/e",
                (None, None, false),
            ),
            (
                "/e/all.zip",
                Some("EX04.tar.gz!W3SVC1/u.log"),
                "/e",
                (some("EX04"), some("W3SVC1"), true),
            ),
            (
                "/e/all.tar.gz",
                Some("EX03\\W3SVC1\\u.log"),
                "/e",
                (some("EX03"), some("W3SVC1"), true),
            ),
        ] {
            assert_eq!(place(file, member, given), expected, "{file}");
        }
    }

    #[test]
    fn the_working_directory_names_no_server() {
        for (file, given, expected) in [
            ("logs/W3SVC1/u.log", "logs", None),
            ("Elogs/W3SVC1/u.log", "Elogs", Some("Elogs")),
            ("logs/u.log", "logs", None),
            ("Elogs/u.log", "Elogs", None),
            ("logs/EX01/u.log", "logs", Some("EX01")),
            ("./W3SVC1/u.log", ".", None),
            ("W3SVC1/u.log", "W3SVC1", None),
            ("u.log", "", None),
            ("../W3SVC1/u.log", "..", None),
            ("./EX01/u.log", ".", Some("EX01")),
        ] {
            let (name, ..) = place(file, None, given);
            assert_eq!(name.as_deref(), expected, "{file}");
        }
    }
}
