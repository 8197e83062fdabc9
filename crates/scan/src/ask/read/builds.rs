use imker_posture::{Disclosure, Mark, Place, SeenBuild};
use memchr::memmem;

use super::super::http::Head;
use super::{has_mark, page};

/// Builds of one answer that are kept.
const KEPT: usize = 8;

/// Builds that an answer discloses, without repetition.
pub(super) fn disclosed(head: &Head, body: &[u8], marks: &[Mark]) -> Vec<Disclosure> {
    let mut seen: Vec<Disclosure> = Vec::new();
    let mut add = |place, build: Option<SeenBuild>| {
        let disclosure = build.map(|build| Disclosure { place, build });
        if let Some(disclosure) = disclosure.filter(|found| seen.len() < KEPT && !seen.contains(found)) {
            seen.push(disclosure);
        }
    };
    for value in head.values("x-owa-version") {
        add(Place::OwaVersion, build(value.trim_ascii()));
    }
    for value in head.values("x-serverapplication") {
        add(
            Place::ServerApplication,
            value.strip_prefix(b"Exchange/").and_then(at_start),
        );
    }
    // The body of a redirect repeats its target; in other pages it is anybody's text.
    let repeated = (300..400).contains(&head.status).then_some(body);
    for source in head.values("location").chain(repeated) {
        add(Place::ErrorPage, after(source, b"owaVer=").and_then(at_start));
    }
    if has_mark(marks, Mark::LogonPage) {
        add(Place::LogonPage, in_logon_page(body));
    }
    if has_mark(marks, Mark::ExportTool) {
        add(Place::ExportTool, in_manifest(body));
    }
    if has_mark(marks, Mark::MapiPage) {
        let version = after(body, b"Version:").map(|rest| rest.trim_ascii_start());
        add(Place::MapiPage, version.and_then(at_start));
    }
    seen
}

/// `/owa/auth/15.0.1365/themes/` since 2013, `/owa/14.3.169.1/themes/` before: what stands between `/owa/` and a
/// directory.
pub(super) fn in_logon_page(body: &[u8]) -> Option<SeenBuild> {
    memmem::find_iter(body, b"/owa/").find_map(|at| {
        let rest = &body[at + b"/owa/".len()..];
        let rest = rest.strip_prefix(b"auth/").unwrap_or(rest);
        let end = rest.iter().take(24).position(|byte| *byte == b'/')?;
        build(&rest[..end])
    })
}

/// `<assemblyIdentity name="..." version="15.2.986.5" .../>`: the version in the same element.
fn in_manifest(body: &[u8]) -> Option<SeenBuild> {
    let rest = after(body, page::EXPORT_TOOL)?;
    let element = &rest[..memchr::memchr(b'>', rest)?];
    after(element, b"version=\"").and_then(at_start)
}

fn after<'t>(text: &'t [u8], mark: &[u8]) -> Option<&'t [u8]> {
    memmem::find(text, mark).map(|at| &text[at + mark.len()..])
}

/// The build at the start of a text, whatever follows.
fn at_start(text: &[u8]) -> Option<SeenBuild> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let end = text
        .iter()
        .take(32)
        .position(|byte| !is_part(byte))
        .unwrap_or(text.len().min(32));
    build(&text[..end])
}

/// A text that is a build, of three parts or four.
fn build(text: &[u8]) -> Option<SeenBuild> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
