//! A log's columns and what each stands for.

use imker_detect::LogKind;
use imker_sigma::{Columns, Format};

use super::row::Cells;
use crate::time::{self, Millis};

/// The most columns that a log may have.
const COLUMNS_MAX: usize = 512;

/// The columns of a log and where those stand that Imker reads itself.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: LogKind,
    pub(crate) columns: Columns,
    pub(crate) at: Places,
}

/// Where a column stands; `None` where the log does not carry it.
type Place = Option<usize>;

/// The columns that Imker reads itself.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) date: Place,
    pub(crate) time: Place,
    pub(crate) client: Place,
    pub(crate) forwarded_for: Place,
    pub(crate) method: Place,
    pub(crate) uri_stem: Place,
    pub(crate) uri_query: Place,
    pub(crate) username: Place,
    pub(crate) user_agent: Place,
    pub(crate) referer: Place,
    pub(crate) host: Place,
    pub(crate) status: Place,
    pub(crate) substatus: Place,
    pub(crate) backend_status: Place,
    pub(crate) bytes_sent: Place,
    pub(crate) server_address: Place,
    pub(crate) server_port: Place,
    pub(crate) server_name: Place,
    pub(crate) site: Place,
    pub(crate) request_id: Place,
    pub(crate) anchor_mailbox: Place,
    pub(crate) protocol: Place,
    pub(crate) build: [Place; 4],
}

impl Shape {
    /// The shape of a log of `kind` with these columns. `None`: there are none, or too many.
    pub(crate) fn new<'a>(kind: LogKind, names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let format = match kind {
            LogKind::Iis => Format::W3c,
            LogKind::HttpErr => Format::HttpErr,
            LogKind::HttpProxy => Format::HttpProxy,
        };
        let columns = Columns::new(format, names.into_iter().take(COLUMNS_MAX + 1));
        if columns.names.is_empty() || columns.names.len() > COLUMNS_MAX {
            return None;
        }
        let find = |names: &[&str]| names.iter().find_map(|name| columns.find(name));
        let at = match kind {
            LogKind::Iis | LogKind::HttpErr => w3c(&find),
            LogKind::HttpProxy => http_proxy(&find),
        };
        Some(Self { kind, columns, at })
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.names.len()
    }

    /// When a line was logged; `day` stands in for a date column.
    pub(crate) fn time(&self, line: &[u8], cells: &Cells, day: Option<Millis>) -> Option<Millis> {
        let time = cells.get(line, self.at.time?);
        match self.kind {
            LogKind::HttpProxy => time::date_time(time),
            LogKind::Iis | LogKind::HttpErr => {
                let day = self
                    .at
                    .date
                    .map_or(day, |column| time::date(cells.get(line, column)))?;
                Some(day + time::time_of_day(time)?)
            }
        }
    }

    /// As [`Shape::time`], from the raw line where date and time stand first.
    pub(crate) fn time_of_line(&self, line: &[u8], cells: &mut Cells, day: Option<Millis>) -> Option<Millis> {
        match (self.kind, self.at.date, self.at.time) {
            (LogKind::HttpProxy, _, Some(0)) => {
                let end = memchr::memchr(b',', line.get(..40).unwrap_or(line))?;
                time::date_time(&line[..end])
            }
            (LogKind::Iis | LogKind::HttpErr, Some(0), Some(1)) => {
                let end = memchr::memchr(b' ', line.get(11..)?)? + 11;
                time::date_time(&line[..end])
            }
            _ => {
                cells.split(self.kind, self.width(), line);
                self.time(line, cells, day)
            }
        }
    }
}

/// Whether a line begins like the header of an HttpProxy log.
pub(crate) fn is_proxy_header(line: &[u8]) -> bool {
    line.len() > 9 && line[..9].eq_ignore_ascii_case(b"DateTime,")
}

/// The list of columns in a `#Fields:` directive or a CSV header; `None` where the line is another.
pub(crate) fn field_list(kind: LogKind, line: &[u8]) -> Option<&str> {
    let list = match directive(line, b"#Fields:") {
        Some(list) => list,
        None if kind == LogKind::HttpProxy && is_proxy_header(line) => line,
        None => return None,
    };
    std::str::from_utf8(list).ok()
}

/// The column names in a [`field_list`].
pub(crate) fn fields_of(kind: LogKind, line: &[u8]) -> Option<Vec<&str>> {
    let list = field_list(kind, line)?;
    let mut names = Vec::with_capacity(32);
    match kind {
        LogKind::HttpProxy => names.extend(names_of_csv(list)),
        LogKind::Iis | LogKind::HttpErr => names.extend(list.split_ascii_whitespace()),
    }
    Some(names)
}

/// The column names in a CSV header.
pub(crate) fn names_of_csv(list: &str) -> impl Iterator<Item = &str> + Clone {
    list.split(',').map(|name| name.trim().trim_matches('"'))
}

/// What follows a directive's name, letter case aside.
pub(crate) fn directive<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| rest.trim_ascii())
}

fn w3c(find: &impl Fn(&[&str]) -> Place) -> Places {
    Places {
        date: find(&["date"]),
        time: find(&["time"]),
        client: find(&["c-ip"]),
        forwarded_for: find(&[
            "X-Forwarded-For",
            "cs(X-Forwarded-For)",
            "cs-X-Forwarded-For",
            "XForwardedFor",
            "X_Forwarded_For",
            "X-Original-Forwarded-For",
            "X-Real-IP",
            "True-Client-IP",
            "CF-Connecting-IP",
            "X-Client-IP",
            "OriginalIP",
            "ClientIP",
        ]),
        method: find(&["cs-method"]),
        uri_stem: find(&["cs-uri-stem", "cs-uri"]),
        uri_query: find(&["cs-uri-query"]),
        username: find(&["cs-username"]),
        user_agent: find(&["cs(User-Agent)", "cs-user-agent"]),
        referer: find(&["cs(Referer)", "cs-referer"]),
        host: find(&["cs-host", "cs(Host)"]),
        status: find(&["sc-status"]),
        substatus: find(&["sc-substatus"]),
        bytes_sent: find(&["sc-bytes"]),
        server_address: find(&["s-ip"]),
        server_port: find(&["s-port"]),
        server_name: find(&["s-computername"]),
        site: find(&["s-sitename", "s-siteid"]),
        ..Places::default()
    }
}

fn http_proxy(find: &impl Fn(&[&str]) -> Place) -> Places {
    Places {
        time: find(&["DateTime"]),
        client: find(&["ClientIpAddress"]),
        method: find(&["Method"]),
        uri_stem: find(&["UrlStem"]),
        uri_query: find(&["UrlQuery"]),
        username: find(&["AuthenticatedUser"]),
        user_agent: find(&["UserAgent"]),
        host: find(&["UrlHost"]),
        status: find(&["HttpStatus"]),
        backend_status: find(&["BackEndStatus"]),
        bytes_sent: find(&["ResponseBytes"]),
        server_name: find(&["ServerHostName"]),
        request_id: find(&["RequestId"]),
        anchor_mailbox: find(&["AnchorMailbox"]),
        protocol: find(&["Protocol"]),
        build: [
            find(&["MajorVersion"]),
            find(&["MinorVersion"]),
            find(&["BuildVersion"]),
            find(&["RevisionVersion"]),
        ],
        ..Places::default()
    }
}
