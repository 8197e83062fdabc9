//! Static files, at paths that name the build.
//!
//! Ours are drawn and written anew. So the icon cannot have the hash that scanners know of the product's (1768726119,
//! MurmurHash3 as Shodan has it): only a copy of that icon has it, which an operator may lend ([`Resources`]).

use std::fmt::Write as _;

use bytes::Bytes;
use flate2::Crc;
use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::date;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

use super::ask::Ask;
use super::reply::Reply;
use super::resources::content_type;
use super::{ExchangeSite, directory, errors, logon};
use crate::http::Response;
use crate::persona::{Persona, filetime};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("pages/resources/", $name)))),+]
    };
}

/// Ours, by name. The fonts draw nothing but blanks, so that a browser takes its own.
const FILES: &[(&str, &[u8])] = files![
    "olk_logo_white.png",
    "olk_logo_white_cropped.png",
    "segoeui-regular.eot",
    "segoeui-regular.ttf",
    "segoeui-semibold.eot",
    "segoeui-semibold.ttf",
    "segoeui-semilight.eot",
    "segoeui-semilight.ttf",
    "sign_in_arrow.png",
];

/// `below` is a path below `/owa/auth/`, in lower case: `15.1.2176/themes/resources/favicon.ico`. The directory has the
/// first three parts of the build; one with four is not there.
pub(super) fn of_owa(ask: &Ask<'_>, below: &str) -> Response {
    let Some((version, rest)) = below.split_once('/') else {
        return errors::not_found(ask);
    };
    if version != ask.persona().build_path() && version != "current" {
        return errors::not_found(ask);
    }
    match rest {
        "" | "themes" | "themes/" | "themes/resources" | "themes/resources/" | "scripts" | "scripts/" => {
            directory(ask)
        }
        _ => match rest.strip_prefix("themes/resources/") {
            Some(name) => file(ask, name),
            None => errors::not_found(ask),
        },
    }
}

/// `Last-Modified` and `ETag` of static files.
#[derive(Debug)]
pub(super) struct Marks {
    at: Timestamp,
    modified: String,
    etag: String,
}

impl Marks {
    /// Setup leaves files as old as they were made: some days before the cumulative update came out, whatever security
    /// update followed, and to the two seconds that cabinets keep. Hosts of a domain with the same cumulative update
    /// agree. How many days is an assumption.
    pub fn new(persona: &Persona) -> Self {
        let [a, b, days, ..] = persona.derive_for_domain(&format!("static files {}", persona.build_path()));
        let second = i64::from(u16::from_be_bytes([a, b])) & !1;
        let released = persona.cumulative_update_released().unwrap_or(date(2021, 3, 2));
        let made = released
            .saturating_sub((5 + i64::from(days % 16)).days())
            .at(0, 0, 0, 0)
            .saturating_add(second.seconds());
        Self::at(TimeZone::UTC.to_timestamp(made).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    fn at(at: Timestamp) -> Self {
        Self {
            at,
            modified: at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            etag: etag(at),
        }
    }
}

/// As IIS writes it: the bytes of the FILETIME ([MS-DTYP] 2.3.3), lowest first, each in hexadecimal without leading zero,
/// then a change number.
fn etag(modified: Timestamp) -> String {
    let mut etag = String::from("\"");
    for byte in filetime(modified).to_le_bytes() {
        let _ = write!(etag, "{byte:x}");
    }
    etag.push_str(":0\"");
    etag
}

/// The icon, whose picture says when it was last changed (PNG's chunk `tIME`). So it has another hash in each domain:
/// search engines keep hashes of icons, and one that all share would list them all.
pub(super) fn icon(marks: &Marks) -> Vec<u8> {
    /// Where in the directory of icons the length of the picture stands, and how long directory, signature and first
    /// chunk are together.
    const LENGTH: std::ops::Range<usize> = 14..18;
    const HEAD: usize = 22 + 8 + 25;
    let at = TimeZone::UTC.to_datetime(marks.at);
    let mut chunk = b"tIME".to_vec();
    chunk.extend(at.year().to_be_bytes());
    chunk.extend([at.month(), at.day(), at.hour(), at.minute(), at.second()].map(i8::unsigned_abs));
    let mut sum = Crc::new();
    sum.update(&chunk);
    let mut icon = include_bytes!("pages/resources/favicon.ico").to_vec();
    let added = [&7_u32.to_be_bytes()[..], &chunk, &sum.sum().to_be_bytes()].concat();
    let length = u32::try_from(icon.len() - 22 + added.len()).unwrap_or_default();
    icon[LENGTH].copy_from_slice(&length.to_le_bytes());
    icon.splice(HEAD..HEAD, added);
    icon
}

fn ours(site: &ExchangeSite, name: &str) -> Option<Bytes> {
    match name {
        "favicon.ico" => Some(site.icon.clone()),
        "logon.css" => Some(Bytes::from_static(logon::CSS.as_bytes())),
        _ => {
            let (_, bytes) = FILES.iter().find(|(known, _)| *known == name)?;
            Some(Bytes::from_static(bytes))
        }
    }
}

fn file(ask: &Ask<'_>, name: &str) -> Response {
    let lent = ask.site.resources.get(name);
    let bytes = match lent {
        Some(lent) => Some(lent.bytes.clone()),
        None => ours(ask.site, name),
    };
    let Some((bytes, content_type)) = bytes.zip(content_type(name)) else {
        return errors::not_found(ask);
    };
    if !ask.reads() {
        return errors::unreadable(ask);
    }
    // A copy may have lost its date.
    let lent = lent.and_then(|lent| lent.modified).map(Marks::at);
    let lent = lent.filter(|lent| lent.at <= ask.site.released);
    let marks = lent.as_ref().unwrap_or(&ask.site.marks);
    let (status, part) = match is_current(ask, marks) {
        true => (304, Part::None),
        false => match range(ask, marks, bytes.len()) {
            Some(Some((from, to))) => (206, Part::Of(from, to)),
            Some(None) => (416, Part::None),
            None => (200, Part::Whole),
        },
    };
    let mut reply = Reply::iis(ask, status);
    let length = bytes.len();
    match part {
        Part::Whole => reply = reply.body(content_type, bytes),
        Part::Of(from, to) => {
            reply = reply.body(content_type, bytes.slice(from..=to));
            reply.entity("Content-Range", format!("bytes {from}-{to}/{length}"));
        }
        Part::None if status == 416 => reply.entity("Content-Range", format!("bytes */{length}")),
        Part::None => {}
    }
    reply.cache_control = Some("public,max-age=2592000");
    reply.entity("Last-Modified", marks.modified.clone());
    reply.entity("Accept-Ranges", "bytes");
    reply.entity("ETag", marks.etag.clone());
    reply.build()
}

/// What is sent of a file.
enum Part {
    Whole,
    /// From one byte to another, both included.
    Of(usize, usize),
    None,
}

/// Whether the client has the file as it is (RFC 9110, section 13.2.2).
fn is_current(ask: &Ask<'_>, marks: &Marks) -> bool {
    if let Some(tag) = ask.request.header("If-None-Match") {
        return tag == marks.etag.as_bytes();
    }
    let since = ask.request.header("If-Modified-Since");
    let since = since.and_then(|since| DateTimeParser::new().parse_timestamp(since).ok());
    since.is_some_and(|since| since >= marks.at)
}

/// The first and last byte that a single range names (RFC 9110, section 14); `None` where the whole file is asked for,
/// `Some(None)` where there is no such part.
fn range(ask: &Ask<'_>, marks: &Marks, length: usize) -> Option<Option<(usize, usize)>> {
    let range = std::str::from_utf8(ask.request.header("Range")?).ok()?;
    let condition = ask.request.header("If-Range");
    if ask.method() != b"GET"
        || condition.is_some_and(|mark| mark != marks.etag.as_bytes() && mark != marks.modified.as_bytes())
    {
        return None;
    }
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    if first.is_empty() {
        let count: usize = last.parse().ok()?;
        return Some((count > 0).then(|| (length.saturating_sub(count), end)));
    }
    let first: usize = first.parse().ok()?;
    let last = match last {
        "" => end,
        last => last.parse::<usize>().ok()?.min(end),
    };
    if last < first && first <= end {
        return None;
    }
    Some((first <= end).then_some((first, last)))
}

/// The manifest of the export tool, which names the build in full, under `current` and under the build.
///
/// That each security update raises the version in it is an assumption.
pub(super) fn export_tool(ask: &Ask<'_>, version: &str, file: &str) -> Response {
    let build = ask.persona().build_short();
    let known = (version == "current" || version == build)
        && file == "microsoft.exchange.ediscovery.exporttool.application";
    if !known {
        return errors::not_found(ask);
    }
    let manifest = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n\
         <asmv1:assembly manifestVersion=\"1.0\" xmlns=\"urn:schemas-microsoft-com:asm.v2\" \
         xmlns:asmv1=\"urn:schemas-microsoft-com:asm.v1\" xmlns:asmv2=\"urn:schemas-microsoft-com:asm.v2\">\r\n  \
         <assemblyIdentity name=\"microsoft.exchange.ediscovery.exporttool.application\" version=\"{build}\" \
         publicKeyToken=\"b1d1a6c45aa418ce\" language=\"neutral\" processorArchitecture=\"msil\" \
         xmlns=\"urn:schemas-microsoft-com:asm.v1\" />\r\n  \
         <deployment install=\"false\" mapFileExtensions=\"true\" trustURLParameters=\"true\" />\r\n  \
         <dependency>\r\n    <dependentAssembly dependencyType=\"install\" \
         codebase=\"microsoft.exchange.ediscovery.exporttool.exe.manifest\">\r\n      \
         <assemblyIdentity name=\"microsoft.exchange.ediscovery.exporttool.exe\" version=\"{build}\" \
         publicKeyToken=\"b1d1a6c45aa418ce\" language=\"neutral\" processorArchitecture=\"msil\" type=\"win32\" />\r\n    \
         </dependentAssembly>\r\n  </dependency>\r\n</asmv1:assembly>\r\n"
    );
    Reply::front(ask, 200)
        .body("application/x-ms-application", manifest.into_bytes())
        .build()
}
