//! Reading paths and queries the way Exchange does, whatever their letter case and escapes.

use std::borrow::Cow;

use imker_event::WebRequest;

/// Lower case, percent-decoded twice (`%40` and, as IIS reads it, `%u0040`); bytes that are no UTF-8 become U+FFFD.
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
        match escaped(&bytes[at..]) {
            Some((character, length)) => {
                decoded.extend_from_slice(&character);
                at += length;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// What the escape at the start stands for, and its length; `None`: no escape is there.
fn escaped(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number: u32, digit| {
            Some(number * 16 + (*digit as char).to_digit(16)?)
        })
    };
    match text {
        [b'%', b'u' | b'U', digits @ ..] => {
            let unit = number(digits.get(..4)?)?;
            let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
            Some((character.to_string().into_bytes(), 6))
        }
        [b'%', digits @ ..] => Some((vec![number(digits.get(..2)?)? as u8], 3)),
        _ => None,
    }
}

/// Where a request was meant to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether `autodiscover.json` and an address lead to another path: the path confusion of
    /// CVE-2021-34473 and CVE-2022-41040.
    pub confused: bool,
    /// The path that Exchange's back end is asked for, folded, without a slash at the end.
    pub path: String,
    /// Path and query, folded, with `/` for `\`, without what the front end appends.
    pub whole: String,
}

impl Target {
    pub fn of(request: &WebRequest) -> Self {
        let mut whole = fold(request.uri_stem.as_str());
        if let Some(query) = &request.uri_query {
            whole.push('?');
            whole.push_str(&fold(query.as_str()));
        }
        let mut whole = whole.replace('\\', "/");
        if let Some(at) = appended(&whole) {
            whole.truncate(at);
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
            .split('/')
            .find(|part| !part.is_empty() && *part != ".")
            .unwrap_or_default()
    }
}

/// Where the front end's own words for its log begin, as in `&CorrelationID=<empty>;&cafeReqId=5b1d2a4c-...;`. A
/// client can send such words too: only the last ones count, and only where no path stands in them.
fn appended(whole: &str) -> Option<usize> {
    let last = |text: &str, name: &str| {
        let at = text.rfind(name)?.checked_sub(1)?;
        matches!(text.as_bytes()[at], b'?' | b'&').then_some(at)
    };
    let id = last(whole, "cafereqid=")?;
    let correlation = last(&whole[..id], "correlationid=");
    let at = correlation
        .filter(|at| !whole[*at..id].contains('/'))
        .unwrap_or(id);
    (!whole[id..].contains('/')).then_some(at)
}

/// `/mapi/nspi/` in `/autodiscover/autodiscover.json?@example.org/mapi/nspi/?&Email=...`: what follows the
/// first address that a slash follows at once. Elsewhere than below `/autodiscover/` the front end looks for none.
fn confused_path(whole: &str) -> Option<&str> {
    const FILE: &str = "autodiscover.json";
    if !whole.trim_start_matches('/').starts_with("autodiscover/") {
        return None;
    }
    let mut rest = &whole[whole.find(FILE)? + FILE.len()..];
    loop {
        let (word, behind) = rest.split_at(rest.find(['/', '?', '&', '='])?);
        if word.contains('@') && behind.starts_with('/') {
            return Some(&behind[..behind.find(['?', '&']).unwrap_or(behind.len())]);
        }
        rest = &behind[1..];
    }
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
            ("a=@&b@example.org/mapi/nspi/?&Email=a", "/mapi/nspi"),
            ("a=@?@=@&@example.org/mapi/nspi/", "/mapi/nspi"),
            (
                "%u0040example.org%u002fmapi%U002Fnspi%u002f?&Email=a",
                "/mapi/nspi",
            ),
            ("%25u0040example.org/mapi/nspi/", "/mapi/nspi"),
            ("@example.org\\mapi\\nspi\\?&Email=a", "/mapi/nspi"),
            ("%40example.org%5cmapi%5Cnspi", "/mapi/nspi"),
        ] {
            let target = target("/Autodiscover/Autodiscover.json", query);
            assert!(target.confused, "{query}");
            assert_eq!(target.path, path, "{query}");
        }
    }

    #[test]
    fn only_a_path_below_autodiscover_is_confused() {
        let query = "@example.org/powershell/?X-Rps-CAT=aW5lcnQ=";
        for stem in [
            "/autodiscover/autodiscover.json",
            "/AutoDiscover/Autodiscover.JSON",
            "/%61utodiscover%2fautodiscover.json",
            "/%2561utodiscover/autodiscover.json",
            "//autodiscover\\autodiscover.json",
        ] {
            assert!(target(stem, query).confused, "{stem}");
        }
        let within = "url=https://mail.example.org/autodiscover/autodiscover.json?@example.org/powershell/&X-Rps-CAT=a";
        for (stem, query) in [
            ("/owa/auth/logon.aspx", within),
            ("/owa/auth/logon.aspx/autodiscover/autodiscover.json", query),
            ("/autodiscover.json", query),
            ("/autodiscoverer/autodiscover.json", query),
        ] {
            let target = target(stem, query);
            assert!(!target.confused, "{stem}");
            assert_ne!(target.directory(), "powershell", "{stem}");
        }
    }

    #[test]
    fn the_directory_stands_behind_empty_and_dot_segments() {
        for query in ["@example.org//mapi/nspi/", "@example.org/./mapi/nspi/"] {
            assert_eq!(
                target("/autodiscover/autodiscover.json", query).directory(),
                "mapi"
            );
        }
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        for (text, folded) in [
            ("%u004", "%u004"),
            ("%u00", "%u00"),
            ("%zz%4", "%zz%4"),
            ("%", "%"),
            ("%ud800", "\u{fffd}"),
            ("%u00e9", "é"),
            ("%c3%A9", "é"),
            ("%+1", "%+1"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
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
    fn what_a_client_sends_in_the_front_ends_words_hides_nothing() {
        let appended = "&CorrelationID=<empty>;&cafeReqId=00000000-0000-4000-8000-000000000000;";
        for query in [
            "CorrelationID=1&@example.org/mapi/nspi/",
            "a=1&CorrelationID=1;&cafeReqId=2;&@example.org/mapi/nspi/",
            "cafeReqId=2;&@example.org/mapi/nspi/?&CorrelationID=3",
        ] {
            for end in ["", appended] {
                let logged = target("/autodiscover/autodiscover.json", &format!("{query}{end}"));
                assert_eq!(
                    (logged.confused, logged.path.as_str()),
                    (true, "/mapi/nspi"),
                    "{query}{end}"
                );
            }
        }
        let alone = target("/owa/", &appended[1..]);
        assert_eq!(alone.whole, "/owa/");
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
