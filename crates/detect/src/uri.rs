//! Reading paths and queries the way Exchange does, whatever their letter case and escapes.

use std::borrow::Cow;

use imker_event::WebRequest;

/// Lower case, percent-decoded twice; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn fold(text: &str) -> String {
    let once = decode(text);
    decode(&once).to_lowercase()
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| {
            bytes
                .get(at + offset)
                .and_then(|byte| (*byte as char).to_digit(16))
        };
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// Where a request was meant to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether `autodiscover.json` and an address lead to another path: the path confusion of
    /// CVE-2021-34473 and CVE-2022-41040.
    pub confused: bool,
    /// The path that Exchange's back end is asked for, folded, without a slash at the end.
    pub path: String,
    /// Path and query, folded, without what the front end appends.
    pub whole: String,
}

impl Target {
    pub fn of(request: &WebRequest) -> Self {
        let mut whole = fold(request.uri_stem.as_str());
        if let Some(query) = &request.uri_query {
            whole.push('?');
            whole.push_str(&fold(query.as_str()));
        }
        for appended in ["&correlationid=", "&cafereqid=", "?correlationid=", "?cafereqid="] {
            if let Some(at) = whole.find(appended) {
                whole.truncate(at);
            }
        }
        let confused = confused_path(&whole);
        let path = confused.unwrap_or_else(|| behind_mailbox(whole.split('?').next().unwrap_or_default()));
        Self {
            confused: confused.is_some(),
            path: path.trim_end_matches('/').to_owned(),
            whole,
        }
    }

    /// The first directory of the path, as in `mapi`.
    pub fn directory(&self) -> &str {
        self.path
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default()
    }
}

/// `/mapi/nspi/` in `/autodiscover/autodiscover.json?@example.org/mapi/nspi/?&Email=...`: what follows the
/// first address, where a slash follows it at once.
fn confused_path(whole: &str) -> Option<&str> {
    const FILE: &str = "autodiscover.json";
    let behind = &whole[whole.find(FILE)? + FILE.len()..];
    let address = &behind[behind.find('@')? + 1..];
    let end = address.find(['/', '?', '&', '='])?;
    let path = address[end..].starts_with('/').then(|| &address[end..])?;
    Some(&path[..path.find(['?', '&']).unwrap_or(path.len())])
}

/// `/powershell` in `/owa/user@example.org/powershell`, the shape of CVE-2022-41080.
fn behind_mailbox(path: &str) -> &str {
    let rest = path.strip_prefix("/owa/").and_then(|rest| rest.split_once('/'));
    match rest {
        Some((mailbox, rest)) if mailbox.contains('@') && rest.starts_with("powershell") => {
            &path[path.len() - rest.len() - 1..]
        }
        _ => path,
    }
}

/// The script that a path names, folded, without what stands behind it; `None`: no script.
pub(crate) fn script(uri_stem: &str) -> Option<String> {
    let folded = fold(uri_stem).replace('\\', "/");
    let mut path = String::new();
    for part in folded.split('/').filter(|part| !part.is_empty() && *part != ".") {
        path.push('/');
        path.push_str(part);
        if imker_exchange::is_script(part) {
            return Some(path);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(stem: &str, query: &str) -> Target {
        let mut request = WebRequest::new(jiff::Timestamp::UNIX_EPOCH, "GET", stem);
        request.uri_query = Some(query.into());
        Target::of(&request)
    }

    #[test]
    fn path_confusion_in_its_spellings() {
        for (query, path) in [
            (
                "@example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@example.org",
                "/mapi/nspi",
            ),
            ("%40example.org/PowerShell/?X-Rps-CAT=aW5lcnQ=", "/powershell"),
            ("%2540example.org%252fowa%252f%253f&Email=a", "/owa"),
            (
                "a@example.org/owa/?&Email=autodiscover/autodiscover.json?a@example.org&Protocol=XYZ",
                "/owa",
            ),
            ("@example.org:443/ews/exchange.asmx?&Email=", "/ews/exchange.asmx"),
        ] {
            let target = target("/Autodiscover/Autodiscover.json", query);
            assert!(target.confused, "{query}");
            assert_eq!(target.path, path, "{query}");
        }
    }

    #[test]
    fn ordinary_autodiscover_is_not_confused() {
        for (stem, query) in [
            (
                "/autodiscover/autodiscover.json",
                "Email=a%40example.org&Protocol=ActiveSync&RedirectCount=1",
            ),
            (
                "/autodiscover/autodiscover.json/v1.0/a@example.org",
                "Protocol=Ews",
            ),
            (
                "/mapi/nspi/",
                "MailboxId=00000000-0000-0000-0000-000000000000@example.org",
            ),
        ] {
            assert!(!target(stem, query).confused, "{query}");
        }
    }

    #[test]
    fn what_the_front_end_appends_is_no_part_of_the_request() {
        let logged = "@example.org/owa/?&Email=a&CorrelationID=<empty>;&cafeReqId=00000000;";
        assert_eq!(
            target("/autodiscover/autodiscover.json", logged),
            target("/autodiscover/autodiscover.json", "@example.org/owa/?&Email=a")
        );
    }

    #[test]
    fn scripts() {
        assert_eq!(
            script("/aspnet_client/Check.aspx").as_deref(),
            Some("/aspnet_client/check.aspx")
        );
        assert_eq!(
            script("//owa/./auth/%61.ashx/x").as_deref(),
            Some("/owa/auth/a.ashx")
        );
        assert_eq!(script("/owa/auth/logon.html"), None);
    }
}
