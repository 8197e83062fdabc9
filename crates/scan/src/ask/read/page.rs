use imker_posture::Mark;
use memchr::memmem;

use super::super::http::Head;
use super::text;

/// Bytes of a title that are kept.
const TITLE: usize = 256;
/// Bytes in which the end of a title is looked for.
const TITLE_SOURCE: usize = 2048;

/// The body of MAPI's page for browsers.
const MAPI_PAGE: &[u8] = b"Exchange MAPI/HTTP Connectivity Endpoint";
/// OWA's back end has no mailbox for the caller, who then is the front end itself.
const NO_SUCH_USER: &[u8] = b"OwaADUserNotFoundException";
/// A comment, a script and a sentence of OWA's logon page, from 2007 to today (OpenVAS, Metasploit).
const LOGON_PAGE: [&[u8]; 3] = [
    b"OwaPage = ASP.auth_logon_aspx",
    b"function IsOwaPremiumBrowser",
    b"To use Outlook, browser settings must allow scripts to run.",
];
/// The identity in the manifest (Metasploit, righel).
pub(super) const EXPORT_TOOL: &[u8] = b"name=\"microsoft.exchange.ediscovery.exporttool.application\"";

pub(super) fn marks(head: &Head, body: &[u8]) -> Vec<Mark> {
    let has = |needle| memmem::find(body, needle).is_some();
    let mut errors = head.values("location").chain(head.values("x-owa-error"));
    let found = [
        (Mark::MapiPage, has(MAPI_PAGE)),
        (
            Mark::NoSuchUser,
            has(NO_SUCH_USER) || errors.any(|value| memmem::find(value, NO_SUCH_USER).is_some()),
        ),
        (Mark::LogonPage, logon_page(body)),
        (Mark::ExportTool, has(EXPORT_TOOL)),
    ];
    found
        .into_iter()
        .filter(|(_, is_there)| *is_there)
        .map(|(mark, _)| mark)
        .collect()
}

pub(super) fn logon_page(body: &[u8]) -> bool {
    LOGON_PAGE
        .iter()
        .any(|needle| memmem::find(body, needle).is_some())
}

/// The first title, without line breaks.
pub(super) fn title(body: &[u8]) -> Option<String> {
    let mut rest = body;
    loop {
        let at = find_ignoring_case(rest, b"<title")?;
        rest = &rest[at + b"<title".len()..];
        // Not `<titlebar>`.
        if rest
            .first()
            .is_some_and(|byte| *byte == b'>' || byte.is_ascii_whitespace())
        {
            break;
        }
    }
    let rest = &rest[memchr::memchr(b'>', &rest[..rest.len().min(TITLE_SOURCE)])? + 1..];
    let rest = &rest[..rest.len().min(TITLE_SOURCE)];
    let title = text(&rest[..find_ignoring_case(rest, b"</title")?], TITLE_SOURCE);
    let words: Vec<_> = title.split_whitespace().collect();
    let title = text(words.join(" ").as_bytes(), TITLE);
    (!title.is_empty()).then_some(title)
}

fn find_ignoring_case(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', haystack).find(|at| {
        haystack[*at..]
            .get(..needle.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(needle))
    })
}
