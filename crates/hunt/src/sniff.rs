//! What a file is, told from its first bytes.

use imker_detect::LogKind;

use crate::formats::{directive, field_list, fields_of, is_proxy_header, names_of_csv};

/// How many bytes of a file's start are looked at.
pub(crate) const HEAD: usize = 64 * 1024;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// A web log in UTF-8 or a single-byte encoding, behind so many bytes of byte-order mark.
    Log(LogKind, usize),
    /// Text in UTF-16, behind so many bytes of byte-order mark.
    Utf16 {
        /// Big endian.
        big: bool,
        /// Length of the byte-order mark.
        mark: usize,
    },
    /// A compressed stream or an archive.
    Packed(Packing),
    /// Something else, by name.
    Other(String),
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Zip,
    Tar,
}

/// Magic numbers of kinds that are set aside.
const MAGIC: &[(&[u8], &str)] = &[
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"ElfFile\0", "event log"),
    (b"%PDF", "PDF"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"\xfd7zXZ\0", "xz archive"),
    (b"BZh", "bzip2 archive"),
    (b"MSCF", "cabinet archive"),
    (b"!BDN", "Outlook data"),
    (b"regf", "registry hive"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"\xd0\xcf\x11\xe0", "Office document"),
];

/// Tells what `head`, the first [`HEAD`] bytes of a file, belongs to.
pub(crate) fn sniff(head: &[u8]) -> Sniffed {
    use Packing::{Gzip, Tar, Zip, Zstd};
    match head {
        [] => return other("empty"),
        [0x1f, 0x8b, 8, ..] => return Sniffed::Packed(Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return Sniffed::Packed(Zstd),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => return Sniffed::Packed(Zstd),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return Sniffed::Packed(Zip),
        [0xff, 0xfe, ..] => return Sniffed::Utf16 { big: false, mark: 2 },
        [0xfe, 0xff, ..] => return Sniffed::Utf16 { big: true, mark: 2 },
        _ => {}
    }
    if is_tar(head) {
        return Sniffed::Packed(Tar);
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return other(kind);
    }
    if head.get(4..8) == Some(b"\xef\xcd\xab\x89") {
        return other("database");
    }
    if head.iter().all(|byte| *byte == 0) {
        return other("empty");
    }
    // Text in UTF-16 without a mark: a log begins with `#` or a digit.
    match head {
        [first, 0, second, 0, ..] if first.is_ascii_graphic() && second.is_ascii_graphic() => {
            return Sniffed::Utf16 { big: false, mark: 0 };
        }
        [0, first, 0, second, ..] if first.is_ascii_graphic() && second.is_ascii_graphic() => {
            return Sniffed::Utf16 { big: true, mark: 0 };
        }
        _ => {}
    }
    let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    text(&head[mark..]).map_or_else(other, |kind| Sniffed::Log(kind, mark))
}

fn other(kind: impl AsRef<str>) -> Sniffed {
    Sniffed::Other(kind.as_ref().to_owned())
}

fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else {
        return false;
    };
    if &header[257..262] == b"ustar" {
        return true;
    }
    // Old archives have no magic number, but a checksum.
    let written = header[148..156]
        .iter()
        .skip_while(|byte| **byte == b' ')
        .take_while(|byte| byte.is_ascii_digit());
    let written = written.fold(0, |value, digit| value * 8 + u64::from(digit - b'0'));
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let blank = 8 * u64::from(b' ');
    written != 0 && header[0] != 0 && written == sum(header) - sum(&header[148..156]) + blank
}

/// The kind of web log that a text is, or the name of what else it is.
fn text(head: &[u8]) -> Result<LogKind, String> {
    let mut software = None;
    let mut log_type = None;
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', head).chain([head.len()]).take(2000) {
        let line = &head[start..end];
        start = end + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(name) = directive(line, b"#Software:") {
            software.get_or_insert(name);
        } else if let Some(name) = directive(line, b"#Log-type:") {
            log_type.get_or_insert(name);
        } else if directive(line, b"#Fields:").is_some() || is_proxy_header(line) {
            if let Some(kind) = by_columns(line) {
                return kind;
            }
        } else if !line.starts_with(b"#") && !trim(line).is_empty() {
            if let Some(kind) = by_software(software, log_type) {
                return kind;
            }
            return by_row(line).ok_or_else(|| name_of(head));
        }
    }
    by_software(software, log_type).unwrap_or_else(|| Err(name_of(head)))
}

fn by_software(software: Option<&[u8]>, log_type: Option<&[u8]>) -> Option<Result<LogKind, String>> {
    let software = software?;
    if starts_with(software, b"Microsoft Internet Information Services") {
        Some(Ok(LogKind::Iis))
    } else if starts_with(software, b"Microsoft HTTP API") {
        Some(Ok(LogKind::HttpErr))
    } else if starts_with(software, b"Microsoft Exchange") {
        let log_type = log_type.unwrap_or_default();
        if starts_with(log_type, b"HttpProxy") {
            return Some(Ok(LogKind::HttpProxy));
        }
        let name: String = String::from_utf8_lossy(log_type)
            .chars()
            .filter(|c| !c.is_control())
            .take(40)
            .collect();
        Some(Err(if name.is_empty() {
            "Exchange log".to_owned()
        } else {
            format!("Exchange log: {name}")
        }))
    } else {
        None
    }
}

/// The kind of log that has these columns.
fn by_columns(line: &[u8]) -> Option<Result<LogKind, String>> {
    let list = field_list(LogKind::HttpProxy, line)?;
    let has = |name: &str| names_of_csv(list).any(|column| column.eq_ignore_ascii_case(name));
    if has("DateTime") && has("UrlStem") {
        let is_proxy = has("ProtocolAction") || has("ProxyAction") || has("BackEndStatus");
        return Some(if is_proxy {
            Ok(LogKind::HttpProxy)
        } else {
            Err("Exchange log".to_owned())
        });
    }
    let names = fields_of(LogKind::Iis, line)?;
    let has = |name: &str| names.iter().any(|column| column.eq_ignore_ascii_case(name));
    if has("x-session") || has("x-fullpath") {
        return Some(Err("FTP log".to_owned()));
    }
    if has("s-reason") || has("s-queuename") {
        return Some(Ok(LogKind::HttpErr));
    }
    let of_the_web = [
        "cs-uri-stem",
        "cs-uri-query",
        "cs-uri",
        "sc-status",
        "cs(User-Agent)",
    ];
    of_the_web
        .iter()
        .any(|name| has(name))
        .then_some(Ok(LogKind::Iis))
}

/// The kind of log that a row without any directive before it must come from.
fn by_row(line: &[u8]) -> Option<LogKind> {
    const METHODS: [&[u8]; 9] = [
        b"GET",
        b"POST",
        b"HEAD",
        b"OPTIONS",
        b"PUT",
        b"DELETE",
        b"PROPFIND",
        b"RPC_IN_DATA",
        b"RPC_OUT_DATA",
    ];
    let line = line.get(..4096).unwrap_or(line);
    if let Some((day, rest)) = line.split_at_checked(11)
        && crate::time::date(&day[..10]).is_some()
    {
        if day[10] == b' ' && crate::time::time_of_day(rest.get(..8)?).is_some() {
            let mut values = rest.split(|byte| *byte == b' ');
            let count = values.clone().count();
            let path = values.clone().any(|value| value.starts_with(b"/"));
            return (count >= 7 && path && values.any(|value| METHODS.contains(&value)))
                .then_some(LogKind::Iis);
        }
        if day[10] == b'T' {
            let values: Vec<_> = rest.split(|byte| *byte == b',').take(60).collect();
            let path = values.iter().any(|value| value.starts_with(b"/"));
            let guid = values.get(1).is_some_and(|value| value.len() == 36);
            return (values.len() >= 20
                && path
                && guid
                && values.iter().any(|value| METHODS.contains(value)))
            .then_some(LogKind::HttpProxy);
        }
    }
    None
}

/// A name for a file that is no web log.
fn name_of(head: &[u8]) -> String {
    let start = trim(head);
    let name = match start.first() {
        None => "empty",
        _ if head.contains(&0) => "binary",
        Some(b'<') => "XML or HTML",
        Some(b'{' | b'[') => "JSON or settings",
        _ => "text",
    };
    name.to_owned()
}

fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && text[..start.len()].eq_ignore_ascii_case(start)
}

fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_logs_are_told_by_content() {
        let log = |kind| Sniffed::Log(kind, 0);
        let iis = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n";
        let row = "2021-08-12 10:15:00 192.0.2.1 GET /owa/ - 443 - 203.0.113.7 curl - 200 0 0 5";
        for (head, expected) in [
            (iis.to_owned(), log(LogKind::Iis)),
            (format!("#Date: 2021-08-12\n{iis}"), log(LogKind::Iis)),
            (
                "#Fields: date time cs-method cs-uri-stem sc-status\n".to_owned(),
                log(LogKind::Iis),
            ),
            (row.to_owned(), log(LogKind::Iis)),
            (
                "#Software: Microsoft HTTP API 2.0\n#Fields: date time\n".to_owned(),
                log(LogKind::HttpErr),
            ),
            (
                "#Fields: date time c-ip cs-uri s-reason s-queuename\n".to_owned(),
                log(LogKind::HttpErr),
            ),
            (
                "DateTime,RequestId,UrlStem,ProxyAction\r\n".to_owned(),
                log(LogKind::HttpProxy),
            ),
            (
                "#Software: Microsoft Exchange Server\n#Version: 15.01.2375.007\n#Log-type: HttpProxy Logs\n"
                    .to_owned(),
                log(LogKind::HttpProxy),
            ),
            (format!("\u{feff}{iis}"), Sniffed::Log(LogKind::Iis, 3)),
        ] {
            assert_eq!(sniff(head.as_bytes()), expected, "{head}");
        }
    }

    #[test]
    fn other_kinds_get_a_name() {
        for (head, expected) in [
            (&b""[..], "empty"),
            (b"\0\0\0\0", "empty"),
            (b"MZ\x90\0", "program"),
            (b"ElfFile\0\0", "event log"),
            (
                b"#Software: Microsoft Exchange Server\n#Log-type: OAB Request Log\n",
                "Exchange log: OAB Request Log",
            ),
            (
                b"DateTime,StartTime,RequestId,UrlStem,HttpStatus\n",
                "Exchange log",
            ),
            (
                b"#Fields: date time c-ip cs-method cs-uri-stem sc-status x-session x-fullpath\n",
                "FTP log",
            ),
            (
                b"2021-08-12 10:15:00 INFO the service has been started with 3 workers",
                "text",
            ),
            (b"<?xml version='1.0'?>", "XML or HTML"),
            (b"some \0 thing", "binary"),
        ] {
            assert_eq!(sniff(head), other(expected), "{}", String::from_utf8_lossy(head));
        }
    }
}
